/* Conditional requests: which of the If-* fields holds, in the order of RFC 9110 section 13.2.2.
 *
 * Pure functions, any thread: a PUT evaluates them in its job, right before the rename.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DavConditions:
 *
 * The fields as they came, each list joined by commas; %NULL: absent. Owned, so that it can travel
 * to another thread.
 */
typedef struct
{
  char *if_match;
  char *if_none_match;
  char *if_modified_since;
  char *if_unmodified_since;
  char *if_range;
} DavConditions;

/**
 * DavConditionsState:
 * @exists: the resource has a current representation
 * @etag: (nullable): its strong etag (files); %NULL if it has none (folders, missing)
 * @mtime: its modification time, whole seconds since 1970, as Last-Modified said
 * @now: seconds since 1970
 */
typedef struct
{
  gboolean exists;
  const char *etag;
  gint64 mtime;
  gint64 now;
} DavConditionsState;

typedef enum
{
  DAV_CONDITIONS_PROCEED,
  DAV_CONDITIONS_NOT_MODIFIED, /* 304 */
  DAV_CONDITIONS_FAILED,       /* 412 */
} DavConditionsResult;

/**
 * dav_conditions_evaluate:
 * @is_get: the method is GET or HEAD
 *
 * A list of etags that cannot be read never lets a writing method through (412); for GET and HEAD
 * it is as if it were absent.
 */
DavConditionsResult dav_conditions_evaluate (const DavConditions *self,
                                             const DavConditionsState *state,
                                             gboolean is_get);

/**
 * dav_conditions_range_applies:
 *
 * Returns: whether a Range header counts, by If-Range; if not, the whole is sent
 */
gboolean dav_conditions_range_applies (const DavConditions *self, const DavConditionsState *state);

void dav_conditions_clear (DavConditions *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DavConditions, dav_conditions_clear)

G_END_DECLS
