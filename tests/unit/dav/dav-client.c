/* A client that speaks HTTP byte by byte; see dav-rig.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <sys/socket.h>

#include "dav-rig.h"

/* Clients */

DavClient *
dav_client_new (DavRig *rig)
{
  DavClient *self = g_new0 (DavClient, 1);
  g_autoptr (GSocket) theirs = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  int pair[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
  self->rig = rig;
  self->in = g_byte_array_new ();
  self->socket = g_socket_new_from_fd (pair[0], &error);
  g_assert_no_error (error);
  g_socket_set_blocking (self->socket, FALSE);
  theirs = g_socket_new_from_fd (pair[1], &error);
  g_assert_no_error (error);
  connection = g_socket_connection_factory_create_connection (theirs);
  g_weak_ref_init (&self->server_end, connection);
  dav_server_accept (rig->server, G_IO_STREAM (connection), 1);
  return self;
}

void
dav_client_free (DavClient *self)
{
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_byte_array_unref (self->in);
  g_weak_ref_clear (&self->server_end);
  g_free (self);
}

/* Reads what there is. */
static gboolean
client_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  DavClient *self = user_data;
  guint8 buffer[65536];
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_receive (socket, (char *)buffer, sizeof buffer, NULL, &error);

  if (n > 0)
    g_byte_array_append (self->in, buffer, n);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    self->eof = TRUE;
  return !self->eof;
}

typedef struct
{
  DavClient *client;
  gboolean (*done) (gpointer data);
  gpointer data;
} ClientWait;

static gboolean
client_wait_done (gpointer data)
{
  ClientWait *wait = data;

  return wait->client->eof || wait->done (wait->data);
}

/* Reads until @done or the end of the connection. */
static void
client_wait (DavClient *self, gboolean (*done) (gpointer data), gpointer data)
{
  ClientWait wait = { self, done, data };
  g_autoptr (GSource) source = g_socket_create_source (self->socket, G_IO_IN, NULL);

  g_source_set_callback (source, G_SOURCE_FUNC (client_readable), self, NULL);
  g_source_attach (source, self->rig->context);
  dav_rig_wait (self->rig, client_wait_done, &wait);
  g_source_destroy (source);
}

static gboolean
client_writable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
client_flag (gpointer data)
{
  return *(gboolean *)data;
}

void
dav_client_send (DavClient *self, const void *data, gssize length)
{
  const char *next = data;

  if (length < 0)
    length = strlen (data);
  while (length > 0)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_socket_send (self->socket, next, length, NULL, &error);

      if (n >= 0)
        {
          next += n;
          length -= n;
        }
      else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_autoptr (GSource) source = g_socket_create_source (self->socket, G_IO_OUT, NULL);
          gboolean writable = FALSE;

          g_source_set_callback (source, G_SOURCE_FUNC (client_writable), &writable, NULL);
          g_source_attach (source, self->rig->context);
          dav_rig_wait (self->rig, client_flag, &writable);
          g_source_destroy (source);
        }
      else
        return; /* the server has closed: its answer says why */
    }
}

void
dav_client_shutdown (DavClient *self)
{
  g_socket_shutdown (self->socket, FALSE, TRUE, NULL);
}

static gboolean
client_never (gpointer data)
{
  return FALSE;
}

void
dav_client_wait_eof (DavClient *self)
{
  client_wait (self, client_never, NULL);
}

static gboolean
client_forgotten (gpointer data)
{
  DavClient *self = data;
  g_autoptr (GObject) object = g_weak_ref_get (&self->server_end);

  return object == NULL;
}

gboolean
dav_client_is_forgotten (DavClient *self)
{
  dav_rig_wait (self->rig, client_forgotten, self);
  return TRUE;
}

/* Responses */

char *
dav_response_get (DavResponse *self, const char *name)
{
  g_auto (GStrv) lines = g_strsplit (self->head, "\r\n", -1);
  gsize length = strlen (name);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_ascii_strncasecmp (lines[i], name, length) == 0 && lines[i][length] == ':')
      return g_strdup (g_strstrip (lines[i] + length + 1));
  return NULL;
}

const char *
dav_response_text (DavResponse *self)
{
  g_byte_array_append (self->body, (const guint8 *)"", 1);
  self->body->len--;
  return (const char *)self->body->data;
}

/* Takes chunks apart, from @from on, which is moved behind what was complete; whether the last one
 * is there. */
static gboolean
client_unchunk (const GByteArray *in, gsize *from, GByteArray *out)
{
  for (;;)
    {
      const char *line = (const char *)in->data + *from;
      const char *crlf = memmem (line, in->len - *from, "\r\n", 2);
      gsize start;
      gsize size;

      if (crlf == NULL)
        return FALSE;
      size = g_ascii_strtoull (line, NULL, 16);
      start = crlf + 2 - (const char *)in->data;
      if (in->len - start < size + 2)
        return FALSE;
      if (out != NULL)
        g_byte_array_append (out, in->data + start, size);
      *from = start + size + 2;
      if (size == 0)
        return TRUE;
    }
}

static DavResponse *
client_parse (DavClient *self, gboolean is_head)
{
  const char *data = (const char *)self->in->data;
  const char *end = data != NULL ? memmem (data, self->in->len, "\r\n\r\n", 4) : NULL;
  g_autoptr (DavResponse) response = g_new0 (DavResponse, 1);
  g_autofree char *length = NULL;
  g_autofree char *encoding = NULL;
  gsize from;
  gsize to;

  response->body = g_byte_array_new ();
  if (end == NULL)
    return NULL;
  response->head = g_strndup (data, end + 2 - data);
  g_assert_true (g_str_has_prefix (response->head, "HTTP/1."));
  response->status = g_ascii_strtoull (response->head + 9, NULL, 10);
  from = end + 4 - data;

  length = dav_response_get (response, "Content-Length");
  encoding = dav_response_get (response, "Transfer-Encoding");
  if (is_head || response->status == 204 || response->status == 304 || response->status / 100 == 1)
    {
      to = from;
    }
  else if (g_strcmp0 (encoding, "chunked") == 0)
    {
      self->scanned = MAX (self->scanned, from);
      if (!client_unchunk (self->in, &self->scanned, NULL))
        return NULL;
      to = from;
      client_unchunk (self->in, &to, response->body);
      self->scanned = 0;
    }
  else if (length != NULL)
    {
      guint64 n = g_ascii_strtoull (length, NULL, 10);

      if (self->in->len - from < n)
        return NULL;
      g_byte_array_append (response->body, self->in->data + from, n);
      to = from + n;
    }
  else
    {
      if (!self->eof)
        return NULL;
      g_byte_array_append (response->body, self->in->data + from, self->in->len - from);
      to = self->in->len;
    }
  g_byte_array_remove_range (self->in, 0, to);
  return g_steal_pointer (&response);
}

typedef struct
{
  DavClient *client;
  gboolean is_head;
  DavResponse *response;
} ClientReceive;

static gboolean
client_received (gpointer data)
{
  ClientReceive *receive = data;

  receive->response = client_parse (receive->client, receive->is_head);
  return receive->response != NULL;
}

DavResponse *
dav_client_receive (DavClient *self, gboolean is_head)
{
  ClientReceive receive = { self, is_head, NULL };

  client_wait (self, client_received, &receive);
  if (receive.response == NULL)
    receive.response = client_parse (self, is_head);
  return receive.response;
}

void
dav_response_free (DavResponse *self)
{
  g_free (self->head);
  g_byte_array_unref (self->body);
  g_free (self);
}

DavResponse *
dav_client_request (DavClient *self,
                    const char *method,
                    const char *path,
                    const char *headers,
                    const char *body)
{
  g_autoptr (GString) out = g_string_new (NULL);

  g_string_append_printf (out, "%s %s HTTP/1.1\r\n", method, path);
  if (headers == NULL || strstr (headers, "Host:") == NULL)
    g_string_append (out, "Host: localhost:9843\r\n");
  if (headers != NULL)
    g_string_append (out, headers);
  if (body != NULL)
    g_string_append_printf (out, "Content-Length: %" G_GSIZE_FORMAT "\r\n", strlen (body));
  g_string_append (out, "\r\n");
  if (body != NULL)
    g_string_append (out, body);
  dav_client_send (self, out->str, out->len);
  return dav_client_receive (self, g_str_equal (method, "HEAD"));
}

DavResponse *
dav_rig_request (DavRig *self,
                 const char *method,
                 const char *path,
                 const char *headers,
                 const char *body)
{
  g_autoptr (DavClient) client = dav_client_new (self);
  DavResponse *response = dav_client_request (client, method, path, headers, body);

  g_assert_nonnull (response);
  return response;
}

guint
dav_rig_status (DavRig *self,
                const char *method,
                const char *path,
                const char *headers,
                const char *body)
{
  g_autoptr (DavResponse) response = dav_rig_request (self, method, path, headers, body);

  return response->status;
}
