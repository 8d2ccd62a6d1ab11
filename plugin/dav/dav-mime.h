/* Media types by the ending of a name, remembered.
 *
 * Worker thread: asking GIO reads the MIME database, which a confined thread must never do
 * (DESIGN P9).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Endings remembered at one time; the next one forgets them all. */
#define DAV_MIME_CACHE_MAX 256

typedef struct _DavMime DavMime;

/**
 * dav_mime_new:
 *
 * Returns: (transfer full): nothing is remembered yet
 */
DavMime *dav_mime_new (void);
void dav_mime_free (DavMime *self);

/**
 * dav_mime_guess:
 * @name: a file name, or a path
 *
 * Returns: (transfer none): its media type, application/octet-stream if unknown; valid until the
 *   next call
 */
const char *dav_mime_guess (DavMime *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavMime, dav_mime_free)

G_END_DECLS
