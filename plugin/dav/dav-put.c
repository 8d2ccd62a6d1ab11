/* PUT: the content of a file, in place when it is answered (RFC 9110 section 9.3.4).
 *
 * Before the body is read a job checks what can be checked and opens a temporary file. Pieces of
 * the body gather in one buffer while another one is being written; when more than
 * DAV_PUT_HOLD bytes wait, reading stops. The last job writes what is left, and moves the file into
 * place. A small body is read first, and all is one job.
 *
 * A lock that somebody takes while the body comes in holds: it is asked for again before that job;
 * which fails if the path leads elsewhere by then, where another lock may be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>

#include "dav/dav-etag.h"
#include "dav/dav-guard.h"
#include "dav/dav-limits.h"
#include "dav/dav-request.h"
#include "share/upload.h"

/* Bytes worth a job of their own while more are to come; a body of less is written in one. */
#define DAV_PUT_BATCH (64 * 1024)

/* The state of an upload: of the job while one runs, else of the worker. */
typedef struct
{
  guint refs;
  DavGuard *guard;
  char *path;
  gboolean exists;
  ShareStat old;
  ShareUpload *upload;
  GByteArray *writing;   /* by the job */
  gboolean commit;       /* the job is the last one */
  gboolean only_replace; /* a lock of the folder forbids to make the file */
  guint status;          /* refused by the guard */
  int error;
  ShareStat result;
  gboolean created;

  /* of the worker alone */
  GByteArray *waiting;
  gboolean busy;
  gboolean complete; /* all of the body is here */
} DavPut;

static void
dav_put_unref (gpointer data)
{
  DavPut *self = data;

  if (--self->refs > 0)
    return;

  g_clear_pointer (&self->upload, share_upload_free);
  g_clear_pointer (&self->guard, dav_guard_free);
  g_byte_array_unref (self->writing);
  g_byte_array_unref (self->waiting);
  g_free (self->path);
  g_free (self);
}

static void
dav_put_fail (DavRequest *request, int error)
{
  switch (error)
    {
    case -ENOENT:
    case -ENOTDIR:
      dav_request_fail (request, SOUP_STATUS_CONFLICT);
      break;
    case -EISDIR:
    case -EBUSY:
      dav_request_fail (request, SOUP_STATUS_METHOD_NOT_ALLOWED);
      break;
    case -EINVAL:
    case -ENAMETOOLONG:
      dav_request_fail (request, SOUP_STATUS_FORBIDDEN);
      break;
    default:
      dav_request_fail_errno (request, error);
    }
}

/* Before the body */

static void
dav_put_open_job (Share *share, gpointer data)
{
  DavPut *self = data;
  int error = share_stat (share, self->path, &self->old);

  self->exists = error == 0;
  if (error < 0 && error != -ENOENT)
    {
      self->error = error;
      return;
    }

  self->status = dav_guard_evaluate (self->guard, share, self->exists ? &self->old : NULL);
  if (self->status == 0)
    self->error = share_upload_begin (share, self->path, &self->upload);
}

static void
dav_put_expect_body (DavRequest *request)
{
  request->transfer.direction = DAV_TRANSFER_UPLOAD;
  request->transfer.total = dav_request_get_content_length (request);
  dav_request_hold_body (request, FALSE);
}

static void dav_put_go_on (DavRequest *request, DavPut *self);

static void
dav_put_opened (DavRequest *request, gpointer data)
{
  DavPut *self = data;

  self->busy = FALSE;
  if (self->status != 0)
    {
      dav_request_fail (request, self->status);
    }
  else if (self->error < 0)
    {
      dav_put_fail (request, self->error);
    }
  else if (dav_guard_check_lock (self->guard, request, self->path,
                                 self->exists ? DAV_LOCK_CHECK_CONTENT : DAV_LOCK_CHECK_MEMBER))
    {
      if (self->complete)
        dav_put_go_on (request, self);
      else
        dav_put_expect_body (request);
    }
}

static void
dav_put_open (DavRequest *request, DavPut *self)
{
  self->busy = TRUE;
  self->refs++;
  dav_request_run (request, dav_put_open_job, dav_put_opened, self, dav_put_unref);
}

void
dav_put_begin (DavRequest *request)
{
  g_autoptr (DavGuard) guard = dav_guard_new (request);
  DavPut *self;

  if (guard == NULL)
    return;
  if (request->slash)
    {
      dav_request_fail (request, SOUP_STATUS_METHOD_NOT_ALLOWED);
      return;
    }

  self = g_new0 (DavPut, 1);
  self->refs = 1;
  self->guard = g_steal_pointer (&guard);
  self->path = g_strdup (request->path);
  self->writing = g_byte_array_new ();
  self->waiting = g_byte_array_new ();
  dav_request_set_data (request, self, dav_put_unref);
  if (dav_request_get_content_length (request) < DAV_PUT_BATCH
      && !dav_request_expects_continue (request))
    dav_put_expect_body (request);
  else
    dav_put_open (request, self);
}

/* The body */

static void
dav_put_write_job (Share *share, gpointer data)
{
  DavPut *self = data;

  if (self->upload == NULL)
    dav_put_open_job (share, self);
  if (self->status != 0)
    return;
  if (self->error == 0 && self->writing->len > 0)
    self->error = share_upload_write (self->upload, self->writing->data, self->writing->len);
  if (self->error == 0 && self->commit)
    {
      gboolean fixed = self->exists && dav_guard_depends_on_content (self->guard);
      ShareUploadFlags flags = SHARE_UPLOAD_DEFAULT;

      if (dav_guard_wants_no_file (self->guard))
        flags |= SHARE_UPLOAD_NO_REPLACE;
      if (self->only_replace)
        flags |= SHARE_UPLOAD_ONLY_REPLACE;
      self->error = share_upload_commit (self->upload, flags, fixed ? &self->old : NULL,
                                         &self->result, &self->created);
    }
  /* Here it costs no job of its own. */
  if (self->error < 0 || self->commit)
    g_clear_pointer (&self->upload, share_upload_free);
}

static void
dav_put_wrote (DavRequest *request, gpointer data)
{
  DavPut *self = data;
  char etag[DAV_ETAG_SIZE];
  gboolean is_locked;

  self->busy = FALSE;
  /* It is gone, and to make it takes the lock of the folder, if that is still there. */
  is_locked = self->only_replace && self->error == -ENOENT
              && !dav_guard_check_lock (self->guard, request, self->path, DAV_LOCK_CHECK_MEMBER);
  if (self->commit)
    g_clear_pointer (&self->guard, dav_guard_free);
  if (is_locked)
    return;
  if (self->status != 0)
    {
      dav_request_fail (request, self->status);
    }
  else if (self->error < 0)
    {
      dav_put_fail (request, self->error);
    }
  else if (self->commit)
    {
      dav_stat_format_etag (&self->result, etag);
      dav_request_set_header (request, "ETag", etag);
      dav_request_answer (request, self->created ? SOUP_STATUS_CREATED : SOUP_STATUS_NO_CONTENT,
                          NULL, NULL);
    }
  else
    {
      dav_put_go_on (request, self);
    }
}

/* What was there when the upload began may be gone by now. So it may make the file wherever locks
 * allow that, and else only replace one.
 *
 * Returns: %FALSE if locks forbid both: then @request is answered */
static gboolean
dav_put_begin_commit (DavRequest *request, DavPut *self)
{
  self->only_replace = self->exists && !dav_guard_may_make (self->guard, request, self->path);
  return dav_guard_begin_change (self->guard, request, self->path,
                                 self->only_replace ? DAV_LOCK_CHECK_CONTENT
                                                    : DAV_LOCK_CHECK_MEMBER);
}

/* Gives the pool all that waits, unless it is at work. */
static void
dav_put_go_on (DavRequest *request, DavPut *self)
{
  GByteArray *empty;

  if (!self->busy && (self->waiting->len >= DAV_PUT_BATCH || self->complete))
    {
      if (self->complete && !dav_put_begin_commit (request, self))
        return;

      empty = self->writing;
      g_byte_array_set_size (empty, 0);
      self->writing = self->waiting;
      self->waiting = empty;
      self->commit = self->complete;
      self->busy = TRUE;
      self->refs++;
      dav_request_run (request, dav_put_write_job, dav_put_wrote, self, dav_put_unref);
    }

  if (!self->complete)
    {
      if (self->waiting->len >= DAV_PUT_HOLD)
        dav_request_hold_body (request, TRUE);
      else if (self->waiting->len <= DAV_PUT_GO_ON)
        dav_request_hold_body (request, FALSE);
    }
}

void
dav_put_chunk (DavRequest *request, GBytes *bytes)
{
  DavPut *self = request->data;

  g_byte_array_append (self->waiting, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  dav_put_go_on (request, self);
}

void
dav_put_run (DavRequest *request)
{
  DavPut *self = request->data;

  self->complete = TRUE;
  /* Which lock would matter depends on what is there: that is asked first only if one could. */
  if (!self->busy && self->upload == NULL && !dav_guard_may_make (self->guard, request, self->path))
    dav_put_open (request, self);
  else
    dav_put_go_on (request, self);
}
