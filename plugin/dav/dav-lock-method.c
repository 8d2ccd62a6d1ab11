/* LOCK and UNLOCK (RFC 4918 sections 9.10 and 9.11).
 *
 * A new lock is in the table before the file it may have to make is, so that nobody comes between;
 * if the file cannot be made, or nobody is there any more to be told of the lock, it goes again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <string.h>

#include "dav/dav-guard.h"
#include "dav/dav-headers.h"
#include "dav/dav-request.h"
#include "dav/dav-xml-write.h"
#include "share/upload.h"

/* Of the job while it runs, then of the worker. */
typedef struct
{
  guint refs;
  DavMount *mount;
  DavGuard *guard;
  char *path;        /* in the share */
  DavLockInfo *info; /* (nullable): %NULL: a refresh */
  gboolean is_infinite;
  guint timeout; /* seconds */
  char *token;   /* (nullable): the new lock, until the client was told of it */

  int error;
  guint status; /* refused by the guard */
  gboolean exists;
  ShareStat stat;
  gboolean created;
} DavLocking;

/* A lock that the client was not told of goes again. */
static void
dav_locking_revoke (DavLocking *self)
{
  if (self->token == NULL)
    return;

  dav_lock_table_unlock (self->mount->locks, self->path, self->token, g_get_monotonic_time ());
  g_clear_pointer (&self->token, g_free);
}

static void
dav_locking_unref (gpointer data)
{
  DavLocking *self = data;

  if (--self->refs > 0)
    return;

  dav_locking_revoke (self);
  g_clear_pointer (&self->info, dav_lock_info_free);
  g_clear_pointer (&self->guard, dav_guard_free);
  dav_mount_unref (self->mount);
  g_free (self->path);
  g_free (self);
}

/* All of the answer has been written: now the lock is the client's. */
static void
dav_locking_told (SoupServerMessage *msg, gpointer user_data)
{
  DavLocking *self = user_data;

  g_clear_pointer (&self->token, g_free);
}

static void
dav_locking_disconnected (gpointer data, GClosure *closure)
{
  dav_locking_unref (data);
}

/* The request is over: who was not told by now never is. The message may live on for a while. */
static void
dav_locking_over (gpointer data)
{
  dav_locking_revoke (data);
  dav_locking_unref (data);
}

/* The answer to a LOCK that was granted. */
static void
dav_locking_answer (DavLocking *self, DavRequest *request, const DavLock *lock, guint status)
{
  GString *xml = g_string_new (NULL);
  g_autoptr (GBytes) body = NULL;

  if (self->token != NULL)
    {
      g_autofree char *value = g_strconcat ("<", self->token, ">", NULL);

      dav_request_set_header (request, "Lock-Token", value);
      self->refs += 2;
      dav_request_set_data (request, self, dav_locking_over);
      g_signal_connect_data (request->msg, "wrote-body", G_CALLBACK (dav_locking_told), self,
                             dav_locking_disconnected, 0);
    }
  dav_xml_append_lock_body (xml, lock, g_get_monotonic_time ());
  body = g_string_free_to_bytes (xml);
  dav_request_answer (request, status, DAV_XML_CONTENT_TYPE, body);
}

static void
dav_locking_fail_conflict (DavLocking *self, DavRequest *request, const DavLock *other)
{
  GString *xml;
  g_autoptr (GBytes) body = NULL;

  if (dav_path_is_within (self->path, other->root))
    {
      dav_request_fail_condition (request, SOUP_STATUS_LOCKED, "no-conflicting-lock", other);
      return;
    }

  /* It is a member that is in the way. */
  xml = g_string_new (NULL);
  dav_xml_begin_multistatus (xml);
  dav_xml_append_status (xml, other->root, other->root_is_folder, SOUP_STATUS_LOCKED,
                         "no-conflicting-lock", other);
  dav_xml_append_status (xml, self->path, TRUE, SOUP_STATUS_FAILED_DEPENDENCY, NULL, NULL);
  dav_xml_end_multistatus (xml);
  body = g_string_free_to_bytes (xml);
  dav_request_answer (request, SOUP_STATUS_MULTI_STATUS, DAV_XML_CONTENT_TYPE, body);
}

/* The file that is locked before it exists (RFC 4918 section 7.3) */

static void
dav_locking_create_job (Share *share, gpointer data)
{
  DavLocking *self = data;
  g_autoptr (ShareUpload) upload = NULL;

  self->error = share_upload_begin (share, self->path, &upload);
  if (self->error == 0)
    self->error = share_upload_commit (upload, SHARE_UPLOAD_NO_REPLACE, NULL, NULL, NULL);
  self->created = self->error == 0;
  /* Somebody on the host was faster: then there is something to lock. */
  if (self->error == -EEXIST)
    self->error = 0;
}

static void
dav_locking_created (DavRequest *request, gpointer data)
{
  DavLocking *self = data;
  g_autoptr (GPtrArray) locks = g_ptr_array_new ();

  g_clear_pointer (&self->guard, dav_guard_free);
  if (self->error == -ENOENT || self->error == -ENOTDIR)
    {
      dav_request_fail (request, SOUP_STATUS_CONFLICT);
      return;
    }
  if (self->error < 0)
    {
      dav_request_fail_errno (request, self->error);
      return;
    }

  /* A lock of a second may be over by now. */
  dav_lock_table_discover (self->mount->locks, self->path, locks, g_get_monotonic_time ());
  for (guint i = 0; i < locks->len; i++)
    {
      const DavLock *lock = g_ptr_array_index (locks, i);

      if (strcmp (lock->token, self->token) == 0)
        {
          dav_locking_answer (self, request, lock,
                              self->created ? SOUP_STATUS_CREATED : SOUP_STATUS_OK);
          return;
        }
    }
  dav_request_fail (request, SOUP_STATUS_CONFLICT);
}

/* A new lock */

static void
dav_locking_grant (DavLocking *self, DavRequest *request)
{
  gboolean is_folder = self->exists && self->stat.type == SHARE_TYPE_FOLDER;
  const DavLock *lock;

  /* What was allowed while there was no lock is not undone by one. */
  if (dav_lock_table_is_changing (self->mount->locks, self->path, self->is_infinite,
                                  g_get_monotonic_time ()))
    {
      dav_request_fail (request, SOUP_STATUS_LOCKED);
      return;
    }
  if (!self->exists
      && !dav_guard_begin_change (self->guard, request, self->path, DAV_LOCK_CHECK_MEMBER))
    return;

  switch (dav_lock_table_add (self->mount->locks, self->path, is_folder, self->info->is_exclusive,
                              self->is_infinite, self->info->owner, self->timeout,
                              g_get_monotonic_time (), &lock))
    {
    case DAV_LOCK_CONFLICT:
      dav_locking_fail_conflict (self, request, lock);
      return;
    case DAV_LOCK_FULL:
      dav_request_fail (request, SOUP_STATUS_SERVICE_UNAVAILABLE);
      return;
    case DAV_LOCK_OK:
    default:
      break;
    }

  self->token = g_strdup (lock->token);
  if (self->exists)
    {
      dav_locking_answer (self, request, lock, SOUP_STATUS_OK);
      return;
    }
  self->refs++;
  dav_request_run (request, dav_locking_create_job, dav_locking_created, self, dav_locking_unref);
}

/* The lock that is there already */

static void
dav_locking_refresh (DavLocking *self, DavRequest *request)
{
  const DavLock *lock
      = dav_lock_table_refresh (self->mount->locks, self->path, dav_guard_get_tokens (self->guard),
                                self->timeout, g_get_monotonic_time ());

  if (lock != NULL)
    dav_locking_answer (self, request, lock, SOUP_STATUS_OK);
  else
    dav_request_fail_condition (request, SOUP_STATUS_PRECONDITION_FAILED,
                                "lock-token-matches-request-uri", NULL);
}

static void
dav_locking_stat_job (Share *share, gpointer data)
{
  DavLocking *self = data;

  self->error = share_stat (share, self->path, &self->stat);
  self->exists = self->error == 0;
  /* That a parent is missing, or a file, is found out when the file is made. */
  if (self->error == -ENOENT || self->error == -ENOTDIR)
    self->error = 0;
  if (self->error == 0)
    self->status = dav_guard_evaluate (self->guard, share, self->exists ? &self->stat : NULL);
}

static void
dav_locking_found (DavRequest *request, gpointer data)
{
  DavLocking *self = data;

  if (self->error < 0)
    dav_request_fail_errno (request, self->error);
  else if (self->status != 0)
    dav_request_fail (request, self->status);
  else if (self->info == NULL)
    dav_locking_refresh (self, request);
  else if (!self->exists && request->slash)
    dav_request_fail (request, SOUP_STATUS_CONFLICT);
  else
    dav_locking_grant (self, request);
}

void
dav_lock_run (DavRequest *request)
{
  DavDepth depth = dav_depth_parse (dav_request_get_header (request, "Depth"));
  g_autoptr (DavLockInfo) info = NULL;
  g_autoptr (DavGuard) guard = NULL;
  DavLocking *self;

  if (depth == DAV_DEPTH_INVALID || depth == DAV_DEPTH_1)
    {
      dav_request_fail (request, SOUP_STATUS_BAD_REQUEST);
      return;
    }
  if (request->body != NULL && request->body->len > 0)
    {
      DavXmlResult result
          = dav_lock_info_parse ((const char *)request->body->data, request->body->len, &info);

      if (result != DAV_XML_OK)
        {
          dav_request_fail (request, dav_xml_result_get_status (result));
          return;
        }
    }
  guard = dav_guard_new (request);
  if (guard == NULL)
    return;
  if (info == NULL && dav_guard_get_tokens (guard)[0] == NULL)
    {
      /* Neither a new lock nor which one to refresh. */
      dav_request_fail (request, SOUP_STATUS_BAD_REQUEST);
      return;
    }

  self = g_new0 (DavLocking, 1);
  self->refs = 1;
  self->mount = dav_mount_ref (request->mount);
  self->guard = g_steal_pointer (&guard);
  self->path = g_strdup (request->path);
  self->info = g_steal_pointer (&info);
  self->is_infinite = depth == DAV_DEPTH_INFINITY;
  self->timeout = dav_timeout_parse (dav_request_get_header (request, "Timeout"));
  dav_request_run (request, dav_locking_stat_job, dav_locking_found, self, dav_locking_unref);
}

/* UNLOCK */

static void
dav_unlocking_job (Share *share, gpointer data)
{
  DavLocking *self = data;

  /* A lock outlives what it locked if that was removed on the host. */
  self->exists = share_stat (share, self->path, &self->stat) == 0;
  self->status = dav_guard_evaluate (self->guard, share, self->exists ? &self->stat : NULL);
}

static void
dav_unlocking_done (DavRequest *request, gpointer data)
{
  DavLocking *self = data;
  g_autofree char *token = dav_lock_token_parse (dav_request_get_header (request, "Lock-Token"));

  if (self->status != 0)
    dav_request_fail (request, self->status);
  else if (token == NULL)
    dav_request_fail (request, SOUP_STATUS_BAD_REQUEST);
  else if (dav_lock_table_unlock (self->mount->locks, self->path, token, g_get_monotonic_time ()))
    dav_request_answer (request, SOUP_STATUS_NO_CONTENT, NULL, NULL);
  else
    dav_request_fail_condition (request, SOUP_STATUS_CONFLICT, "lock-token-matches-request-uri",
                                NULL);
}

void
dav_unlock_run (DavRequest *request)
{
  g_autoptr (DavGuard) guard = dav_guard_new (request);
  DavLocking *self;

  if (guard == NULL)
    return;

  self = g_new0 (DavLocking, 1);
  self->refs = 1;
  self->mount = dav_mount_ref (request->mount);
  self->guard = g_steal_pointer (&guard);
  self->path = g_strdup (request->path);
  dav_request_run (request, dav_unlocking_job, dav_unlocking_done, self, dav_locking_unref);
}
