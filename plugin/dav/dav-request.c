/* One request; see dav-request.h. What libsoup wants done in which order is DESIGN P17.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-request.h"

#include "dav/dav-date.h"
#include "dav/dav-status.h"
#include "dav/dav-xml-read.h"
#include "dav/dav-xml-write.h"

typedef struct
{
  DavRequest *request;
  ShareJob job;
  DavJobDone done;
  gpointer data;
  GDestroyNotify free_data;
  gboolean to_answer; /* the request was not answered yet when it was begun */
} DavJob;

static void dav_request_got_chunk (SoupServerMessage *msg, GBytes *bytes, gpointer user_data);

/* Whether the head announces a body of at least one byte. */
static gboolean
dav_request_has_body (DavRequest *self)
{
  return dav_request_get_content_length (self) > 0;
}

DavRequest *
dav_request_new (SoupServerMessage *msg, const DavRequestOps *ops, gpointer connection)
{
  DavRequest *self = g_new0 (DavRequest, 1);

  self->refs = 1;
  self->ops = ops;
  self->connection = connection;
  self->msg = msg;
  self->started = g_get_monotonic_time ();
  self->started_real = g_get_real_time ();

  if (dav_request_has_body (self))
    g_signal_connect (msg, "got-chunk", G_CALLBACK (dav_request_got_chunk), self);

  return self;
}

DavRequest *
dav_request_ref (DavRequest *self)
{
  self->refs++;
  return self;
}

void
dav_request_unref (DavRequest *self)
{
  if (--self->refs > 0)
    return;

  g_assert (self->msg == NULL && self->data == NULL);
  g_clear_pointer (&self->mount, dav_mount_unref);
  g_clear_pointer (&self->body, g_byte_array_unref);
  g_free (self->path);
  g_free (self->prefix);
  g_free (self);
}

void
dav_request_end (DavRequest *self)
{
  if (self->state == DAV_REQUEST_OVER)
    return;

  g_signal_handlers_disconnect_by_data (self->msg, self);
  self->state = DAV_REQUEST_OVER;
  g_atomic_int_set (&self->unwanted, TRUE);
  self->msg = NULL;
  self->connection = NULL;
  dav_request_set_data (self, NULL, NULL);
}

gboolean
dav_request_is_live (DavRequest *self)
{
  return self->state < DAV_REQUEST_ANSWERED;
}

void
dav_request_set_data (DavRequest *self, gpointer data, GDestroyNotify free_data)
{
  gpointer old = g_steal_pointer (&self->data);
  GDestroyNotify free_old = self->free_data;

  self->data = data;
  self->free_data = free_data;
  if (old != NULL)
    free_old (old);
}

/* Jobs */

/* Of this thread: begun, and not come back yet. */
static __thread guint n_jobs;

guint
dav_request_count_jobs (void)
{
  return n_jobs;
}

static void
dav_job_run (Share *share, gpointer user_data)
{
  DavJob *call = user_data;

  call->job (share, call->data);
}

static void
dav_job_done (Share *share, gboolean ran, gpointer user_data)
{
  g_autofree DavJob *call = user_data;
  g_autoptr (DavRequest) request = call->request;

  n_jobs--;
  request->n_jobs--;
  request->job_back = g_get_monotonic_time ();
  if (call->to_answer ? dav_request_is_live (request) : request->state != DAV_REQUEST_OVER)
    {
      if (ran)
        call->done (request, call->data);
      else if (call->to_answer)
        dav_request_fail (request, SOUP_STATUS_SERVICE_UNAVAILABLE);
      else
        dav_request_abort (request);
    }
  if (call->free_data != NULL)
    call->free_data (call->data);
}

static void
dav_request_begin_job (DavRequest *self,
                       ShareRunFlags flags,
                       ShareJob job,
                       DavJobDone done,
                       gpointer data,
                       GDestroyNotify free_data)
{
  DavJob *call = g_new0 (DavJob, 1);

  call->request = dav_request_ref (self);
  call->job = job;
  call->done = done;
  call->data = data;
  call->free_data = free_data;
  call->to_answer = dav_request_is_live (self);
  n_jobs++;
  self->n_jobs++;
  share_run (self->mount->share, flags, &self->unwanted, dav_job_run, dav_job_done, call);
}

void
dav_request_run (DavRequest *self,
                 ShareJob job,
                 DavJobDone done,
                 gpointer data,
                 GDestroyNotify free_data)
{
  dav_request_begin_job (self, 0, job, done, data, free_data);
}

void
dav_request_run_long (DavRequest *self,
                      ShareJob job,
                      DavJobDone done,
                      gpointer data,
                      GDestroyNotify free_data)
{
  dav_request_begin_job (self, SHARE_RUN_LONG, job, done, data, free_data);
}

/* The request */

const char *
dav_request_get_header (DavRequest *self, const char *name)
{
  return soup_message_headers_get_list (soup_server_message_get_request_headers (self->msg), name);
}

guint64
dav_request_get_content_length (DavRequest *self)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (self->msg);

  if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CHUNKED)
    return G_MAXUINT64;
  return MAX (0, soup_message_headers_get_content_length (headers));
}

gboolean
dav_request_expects_continue (DavRequest *self)
{
  return (soup_message_headers_get_expectations (
              soup_server_message_get_request_headers (self->msg))
          & SOUP_EXPECTATION_CONTINUE)
         != 0;
}

static void
dav_request_got_chunk (SoupServerMessage *msg, GBytes *bytes, gpointer user_data)
{
  DavRequest *self = user_data;
  gsize size = g_bytes_get_size (bytes);

  self->received += size;
  if (!dav_request_is_live (self))
    return;

  if ((self->method->flags & DAV_METHOD_UPLOAD) != 0)
    {
      self->transfer.done += size;
      self->method->chunk (self, bytes);
    }
  else if ((self->method->flags & DAV_METHOD_XML) != 0)
    {
      if (self->body == NULL)
        self->body = g_byte_array_new ();
      if (self->body->len + size > DAV_XML_BODY_MAX)
        dav_request_fail (self, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE);
      else
        g_byte_array_append (self->body, g_bytes_get_data (bytes, NULL), size);
    }
  else if (self->received > DAV_MAX_DISCARD)
    {
      dav_request_fail (self, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE);
    }
}

void
dav_request_hold_body (DavRequest *self, gboolean hold)
{
  if (self->paused == hold)
    return;

  self->paused = hold;
  if (hold)
    {
      soup_server_message_pause (self->msg);
    }
  else
    {
      if (self->state == DAV_REQUEST_HEAD)
        self->state = DAV_REQUEST_BODY;
      soup_server_message_unpause (self->msg);
    }
}

/* The answer */

void
dav_request_set_header (DavRequest *self, const char *name, const char *value)
{
  soup_message_headers_replace (soup_server_message_get_response_headers (self->msg), name, value);
}

/* A 204 has no length, from which libsoup concludes that only the end of the connection ends it. */
static void
dav_request_wrote_no_content (SoupServerMessage *msg, gpointer user_data)
{
  soup_message_headers_set_encoding (soup_server_message_get_response_headers (msg),
                                     SOUP_ENCODING_CONTENT_LENGTH);
}

/* The response as libsoup would write it, for a request it will not read to its end. */
static GBytes *
dav_request_serialize (DavRequest *self, GBytes *body)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (self->msg);
  SoupMessageHeadersIter iter;
  const char *name;
  const char *value;
  GString *out = g_string_new (NULL);

  soup_message_headers_set_content_length (headers, body != NULL ? g_bytes_get_size (body) : 0);
  g_string_append_printf (out, "HTTP/1.1 %u %s\r\n", soup_server_message_get_status (self->msg),
                          soup_server_message_get_reason_phrase (self->msg));
  soup_message_headers_iter_init (&iter, headers);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    g_string_append_printf (out, "%s: %s\r\n", name, value);
  g_string_append (out, "\r\n");
  if (body != NULL)
    g_string_append_len (out, g_bytes_get_data (body, NULL), g_bytes_get_size (body));

  return g_string_free_to_bytes (out);
}

/* Whether the rest of the body is too much to be read for nothing. */
static gboolean
dav_request_must_cut (DavRequest *self)
{
  guint64 length = dav_request_get_content_length (self);

  if (self->state == DAV_REQUEST_HEAD && dav_request_expects_continue (self))
    return FALSE; /* it was never sent */
  if (length == G_MAXUINT64)
    return TRUE;
  return length - MIN (length, self->received) > DAV_MAX_DISCARD;
}

static void
dav_request_set_status (DavRequest *self, guint status)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (self->msg);
  char date[DAV_DATE_SIZE];

  /* libsoup's own went with a 100 that was sent before. */
  if (soup_message_headers_get_one (headers, "Date") == NULL)
    {
      dav_date_format_http (g_get_real_time () / G_USEC_PER_SEC, date);
      soup_message_headers_append (headers, "Date", date);
    }
  soup_server_message_set_status (self->msg, status, soup_status_get_phrase (status));
  if (status == SOUP_STATUS_NO_CONTENT)
    g_signal_connect (self->msg, "wrote-headers", G_CALLBACK (dav_request_wrote_no_content), self);
}

static void
dav_request_go_on (DavRequest *self)
{
  if (self->paused)
    {
      self->paused = FALSE;
      soup_server_message_unpause (self->msg);
    }
}

void
dav_request_answer (DavRequest *self, guint status, const char *content_type, GBytes *body)
{
  gboolean unread, cut;

  g_return_if_fail (dav_request_is_live (self));

  unread = self->state < DAV_REQUEST_WHOLE && dav_request_has_body (self);
  cut = unread && dav_request_must_cut (self);
  dav_request_set_status (self, status);
  if (content_type != NULL)
    dav_request_set_header (self, "Content-Type", content_type);
  if (unread)
    dav_request_set_header (self, "Connection", "close");
  self->state = DAV_REQUEST_ANSWERED;

  if (cut)
    {
      g_autoptr (GBytes) response = dav_request_serialize (self, body);

      if (!self->paused)
        soup_server_message_pause (self->msg);
      self->paused = TRUE;
      self->ops->close_with (self, response);
      return;
    }

  if (body != NULL && g_bytes_get_size (body) > 0)
    soup_message_body_append_bytes (soup_server_message_get_response_body (self->msg), body);
  dav_request_go_on (self);
}

void
dav_request_harden (DavRequest *self)
{
  dav_request_set_header (self, "X-Content-Type-Options", "nosniff");
  dav_request_set_header (self, "Content-Security-Policy", "sandbox");
}

void
dav_request_fail (DavRequest *self, guint status)
{
  g_autofree char *text = g_strdup_printf ("%u %s\n", status, soup_status_get_phrase (status));
  g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));

  dav_request_harden (self);
  if (status == SOUP_STATUS_SERVICE_UNAVAILABLE)
    dav_request_set_header (self, "Retry-After", "10");
  if (status == SOUP_STATUS_METHOD_NOT_ALLOWED)
    {
      g_autofree char *allow
          = dav_method_get_allow (self->mount != NULL && share_is_read_only (self->mount->share));

      dav_request_set_header (self, "Allow", allow);
    }
  dav_request_answer (self, status, "text/plain; charset=utf-8", body);
}

void
dav_request_refuse (DavRequest *self, guint status, DavRefusal refusal)
{
  self->refusal = refusal;
  dav_request_fail (self, status);
}

void
dav_request_fail_condition (DavRequest *self,
                            guint status,
                            const char *condition,
                            const DavLock *lock)
{
  g_autoptr (GBytes) body = NULL;
  GString *xml = g_string_new (NULL);

  dav_xml_append_error_body (xml, condition, lock);
  body = g_string_free_to_bytes (xml);
  dav_request_harden (self);
  dav_request_answer (self, status, DAV_XML_CONTENT_TYPE, body);
}

void
dav_request_fail_errno (DavRequest *self, int error)
{
  dav_request_refuse (self, dav_status_from_errno (error), dav_refusal_from_errno (error));
}

/* Answers in pieces */

void
dav_request_begin_stream (DavRequest *self,
                          guint status,
                          const char *content_type,
                          guint64 length,
                          void (*wrote) (DavRequest *self))
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (self->msg);

  g_return_if_fail (self->state == DAV_REQUEST_WHOLE);

  dav_request_set_status (self, status);
  if (content_type != NULL)
    dav_request_set_header (self, "Content-Type", content_type);
  self->state = DAV_REQUEST_ANSWERED;

  /* HTTP/1.0 knows no chunks: there the end of the connection is the end. */
  if (length != G_MAXUINT64)
    soup_message_headers_set_content_length (headers, length);
  else if (soup_server_message_get_http_version (self->msg) == SOUP_HTTP_1_0)
    soup_message_headers_set_encoding (headers, SOUP_ENCODING_EOF);
  else
    soup_message_headers_set_encoding (headers, SOUP_ENCODING_CHUNKED);

  soup_message_body_set_accumulate (soup_server_message_get_response_body (self->msg), FALSE);
  if (wrote != NULL)
    g_signal_connect_swapped (self->msg, "wrote-chunk", G_CALLBACK (wrote), self);
  dav_request_go_on (self);
}

void
dav_request_push (DavRequest *self, GBytes *bytes)
{
  soup_message_body_append_bytes (soup_server_message_get_response_body (self->msg), bytes);
  soup_server_message_unpause (self->msg);
}

void
dav_request_end_stream (DavRequest *self)
{
  soup_message_body_complete (soup_server_message_get_response_body (self->msg));
  soup_server_message_unpause (self->msg);
}

void
dav_request_abort (DavRequest *self)
{
  if (self->state != DAV_REQUEST_OVER)
    self->ops->abort (self);
}
