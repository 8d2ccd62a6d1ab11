/* What the head of a request demands of the state of the share before anything is done.
 *
 * The conditions of RFC 9110 section 13 and the If header of RFC 4918 section 10.4. What concerns
 * locks is settled in the worker, which owns them; what concerns files is evaluated in the job that
 * also acts on the outcome, so that nothing lies between the two but that job.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-if.h"
#include "dav/dav-request.h"
#include "share/stat.h"

G_BEGIN_DECLS

typedef struct _DavGuard DavGuard;

/**
 * dav_guard_new:
 *
 * Reads the head of @request. Worker.
 *
 * Returns: (transfer full) (nullable): %NULL if it was malformed: then @request is answered
 */
DavGuard *dav_guard_new (DavRequest *request);

/**
 * dav_guard_free:
 *
 * What dav_guard_begin_change() began is done. Worker.
 */
void dav_guard_free (DavGuard *self);

/**
 * dav_guard_may_make:
 *
 * Whether @request may make or remove @path as far as locks go; answers nothing. Worker.
 */
gboolean dav_guard_may_make (const DavGuard *self, DavRequest *request, const char *path);

/**
 * dav_guard_check_lock:
 *
 * Whether @request may do @check to @path as far as locks go. Worker.
 *
 * Returns: %FALSE if not: then @request is answered (423)
 */
gboolean dav_guard_check_lock (const DavGuard *self,
                               DavRequest *request,
                               const char *path,
                               DavLockCheck check);

/**
 * dav_guard_begin_change:
 *
 * As dav_guard_check_lock(); and as long as @self lives it stays so, since no lock is granted that
 * forbids it. For the job that does it: other jobs may come before.
 *
 * Returns: %FALSE if not: then @request is answered (423)
 */
gboolean
dav_guard_begin_change (DavGuard *self, DavRequest *request, const char *path, DavLockCheck check);

/**
 * dav_guard_get_tokens:
 *
 * Returns: (transfer none) (array zero-terminated=1): the lock tokens the If header submits
 */
const char *const *dav_guard_get_tokens (const DavGuard *self);

/**
 * dav_guard_evaluate:
 * @stat: (nullable): the file or folder of the request; %NULL if there is none
 *
 * A path that ends in a slash does not name a file. In a ShareJob.
 *
 * Returns: 0 if the request may go on, else the status to answer with (304, 404, 412)
 */
guint dav_guard_evaluate (const DavGuard *self, Share *share, const ShareStat *stat);

/**
 * dav_guard_depends_on_content:
 *
 * Whether what was decided holds only for this version of the file: to be checked again when it is
 * replaced.
 */
gboolean dav_guard_depends_on_content (const DavGuard *self);

/**
 * dav_guard_wants_no_file:
 *
 * Whether the request is to go on only where there is no file yet (`If-None-Match: *`).
 */
gboolean dav_guard_wants_no_file (const DavGuard *self);

/**
 * dav_guard_range_applies:
 *
 * Whether the Range header counts for this version, by If-Range. Any thread.
 */
gboolean dav_guard_range_applies (const DavGuard *self, const ShareStat *stat);

/**
 * dav_stat_format_etag:
 *
 * The etag of a file. Any thread.
 */
void dav_stat_format_etag (const ShareStat *stat, char *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavGuard, dav_guard_free)

G_END_DECLS
