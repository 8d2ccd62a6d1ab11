/* Conditions, and locks; see dav-guard.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-guard.h"

#include <string.h>

#include "dav/dav-conditions.h"
#include "dav/dav-etag.h"

struct _DavGuard
{
  DavIf *condition; /* NULL: no If header */
  DavConditions conditions;
  gboolean is_get;
  gboolean wants_folder;
  DavMount *mount;
  GPtrArray *changes; /* DavLockChange, in the table of @mount */
};

static gboolean
dav_guard_has_token (const char *path, const char *token, gpointer user_data)
{
  DavRequest *request = user_data;

  return dav_lock_table_has_token (request->mount->locks, path, token, g_get_monotonic_time ());
}

DavGuard *
dav_guard_new (DavRequest *request)
{
  g_autoptr (DavGuard) self = g_new0 (DavGuard, 1);
  const char *condition = dav_request_get_header (request, "If");

  self->mount = dav_mount_ref (request->mount);
  self->changes = g_ptr_array_new ();
  self->is_get = request->method->run == dav_get_run;
  /* RFC 4918 section 9.3.1 has something to say of its own. */
  self->wants_folder = request->slash && request->method->run != dav_mkcol_run;
  self->conditions.if_match = g_strdup (dav_request_get_header (request, "If-Match"));
  self->conditions.if_none_match = g_strdup (dav_request_get_header (request, "If-None-Match"));
  self->conditions.if_modified_since
      = g_strdup (dav_request_get_header (request, "If-Modified-Since"));
  self->conditions.if_unmodified_since
      = g_strdup (dav_request_get_header (request, "If-Unmodified-Since"));
  self->conditions.if_range = g_strdup (dav_request_get_header (request, "If-Range"));

  if (condition != NULL)
    {
      if (dav_if_parse (condition, request->path, dav_request_get_header (request, "Host"),
                        &self->condition)
          != DAV_IF_OK)
        {
          dav_request_fail (request, SOUP_STATUS_BAD_REQUEST);
          return NULL;
        }
      dav_if_settle_tokens (self->condition, dav_guard_has_token, request);
    }

  return g_steal_pointer (&self);
}

void
dav_guard_free (DavGuard *self)
{
  for (guint i = 0; i < self->changes->len; i++)
    dav_lock_table_end_change (self->mount->locks, g_ptr_array_index (self->changes, i));
  g_ptr_array_unref (self->changes);
  dav_mount_unref (self->mount);
  g_clear_pointer (&self->condition, dav_if_free);
  dav_conditions_clear (&self->conditions);
  g_free (self);
}

const char *const *
dav_guard_get_tokens (const DavGuard *self)
{
  static const char *const none[] = { NULL };

  return self->condition != NULL ? dav_if_get_tokens (self->condition) : none;
}

static const DavLock *
dav_guard_find_lock (const DavGuard *self,
                     DavRequest *request,
                     const char *path,
                     DavLockCheck check)
{
  return dav_lock_table_check (request->mount->locks, path, check, dav_guard_get_tokens (self),
                               g_get_monotonic_time ());
}

gboolean
dav_guard_may_make (const DavGuard *self, DavRequest *request, const char *path)
{
  return dav_guard_find_lock (self, request, path, DAV_LOCK_CHECK_MEMBER) == NULL;
}

gboolean
dav_guard_check_lock (const DavGuard *self,
                      DavRequest *request,
                      const char *path,
                      DavLockCheck check)
{
  const DavLock *lock = dav_guard_find_lock (self, request, path, check);

  if (lock == NULL)
    return TRUE;

  dav_request_fail_condition (request, SOUP_STATUS_LOCKED, "lock-token-submitted", lock);
  return FALSE;
}

gboolean
dav_guard_begin_change (DavGuard *self, DavRequest *request, const char *path, DavLockCheck check)
{
  if (!dav_guard_check_lock (self, request, path, check))
    return FALSE;

  g_ptr_array_add (self->changes, dav_lock_table_begin_change (self->mount->locks, path, check,
                                                               dav_guard_get_tokens (self)));
  return TRUE;
}

static char *
dav_guard_get_etag (const char *path, gpointer user_data)
{
  Share *share = user_data;
  ShareStat stat;
  char etag[DAV_ETAG_SIZE];

  if (share_stat (share, path, &stat) < 0 || stat.type != SHARE_TYPE_FILE)
    return NULL;

  dav_stat_format_etag (&stat, etag);
  return g_strdup (etag);
}

static void
dav_guard_fill_state (DavConditionsState *state, const ShareStat *stat, char *etag)
{
  state->exists = stat != NULL;
  state->now = g_get_real_time () / G_USEC_PER_SEC;
  if (stat == NULL)
    return;

  state->mtime = stat->mtime;
  if (stat->type == SHARE_TYPE_FILE)
    {
      dav_stat_format_etag (stat, etag);
      state->etag = etag;
    }
}

guint
dav_guard_evaluate (const DavGuard *self, Share *share, const ShareStat *stat)
{
  DavConditionsState state = { 0 };
  char etag[DAV_ETAG_SIZE];

  if (self->wants_folder && stat != NULL && stat->type == SHARE_TYPE_FILE)
    return SOUP_STATUS_NOT_FOUND;
  if (self->condition != NULL && !dav_if_evaluate (self->condition, dav_guard_get_etag, share))
    return SOUP_STATUS_PRECONDITION_FAILED;

  dav_guard_fill_state (&state, stat, etag);
  switch (dav_conditions_evaluate (&self->conditions, &state, self->is_get))
    {
    case DAV_CONDITIONS_NOT_MODIFIED:
      return SOUP_STATUS_NOT_MODIFIED;
    case DAV_CONDITIONS_FAILED:
      return SOUP_STATUS_PRECONDITION_FAILED;
    case DAV_CONDITIONS_PROCEED:
    default:
      return 0;
    }
}

gboolean
dav_guard_depends_on_content (const DavGuard *self)
{
  return self->conditions.if_match != NULL || self->conditions.if_none_match != NULL
         || self->conditions.if_unmodified_since != NULL
         || (self->condition != NULL && dav_if_needs_etags (self->condition));
}

gboolean
dav_guard_wants_no_file (const DavGuard *self)
{
  return self->conditions.if_none_match != NULL
         && dav_etag_list_match (self->conditions.if_none_match, NULL, TRUE) == DAV_ETAG_MATCH;
}

gboolean
dav_guard_range_applies (const DavGuard *self, const ShareStat *stat)
{
  DavConditionsState state = { 0 };
  char etag[DAV_ETAG_SIZE];

  dav_guard_fill_state (&state, stat, etag);
  return dav_conditions_range_applies (&self->conditions, &state);
}

void
dav_stat_format_etag (const ShareStat *stat, char *out)
{
  dav_etag_format (stat->inode, stat->size, stat->mtime, stat->mtime_nsec, out);
}
