/* The SoupServer of the mux's tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux-server.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>

#define CHUNK (1024 * 1024)

typedef struct
{
  Fixture *f;
  GIOStream *stream;
  goffset left;
  guint64 read;
  guint32 sum;
} Request;

static void
got_chunk (SoupServerMessage *msg, GBytes *chunk, gpointer user_data)
{
  Request *request = g_object_get_data (G_OBJECT (msg), "request");
  gsize size;
  const guint8 *data = g_bytes_get_data (chunk, &size);

  if (request->read == 0
      && g_str_has_prefix (g_uri_get_path (soup_server_message_get_uri (msg)), "/pause-upload"))
    {
      soup_server_message_pause (msg);
      request->f->paused = g_object_ref (msg);
    }
  request->read += size;
  if (g_str_has_suffix (g_uri_get_path (soup_server_message_get_uri (msg)), "/count"))
    return;
  for (gsize i = 0; i < size; i++)
    request->sum = request->sum * 31 + data[i];
}

static void
request_started (SoupServer *server, SoupServerMessage *msg, gpointer user_data)
{
  Fixture *f = user_data;
  Request *request = g_new0 (Request, 1);

  request->f = f;
  g_object_set_data_full (G_OBJECT (msg), "request", request, g_free);
  soup_message_body_set_accumulate (soup_server_message_get_request_body (msg), FALSE);
  g_signal_connect (msg, "got-chunk", G_CALLBACK (got_chunk), NULL);
}

static void
request_ended (SoupServer *server, SoupServerMessage *msg, gpointer user_data)
{
  Fixture *f = user_data;
  GSocketAddress *remote = soup_server_message_get_remote_address (msg);

  mux_request_done (f->mux, g_object_get_data (G_OBJECT (remote), "stream"));
}

static void
request_aborted (SoupServer *server, SoupServerMessage *msg, gpointer user_data)
{
  Fixture *f = user_data;

  f->n_aborted++;
  request_ended (server, msg, user_data);
}

guint8
fixture_pattern (gsize i)
{
  i %= CHUNK;
  return i * 7 + i / 251;
}

guint32
fixture_sum (const guint8 *data, gsize size)
{
  guint32 sum = 0;

  for (gsize i = 0; i < size; i++)
    sum = sum * 31 + data[i];
  return sum;
}

static void
append_some (SoupServerMessage *msg)
{
  static guint8 pattern[CHUNK];
  Request *request = g_object_get_data (G_OBJECT (msg), "request");
  SoupMessageBody *body = soup_server_message_get_response_body (msg);
  gsize n = MIN (request->left, CHUNK);

  if (pattern[1] == 0)
    for (gsize i = 0; i < CHUNK; i++)
      pattern[i] = fixture_pattern (i);

  if (n > 0)
    soup_message_body_append (body, SOUP_MEMORY_STATIC, pattern, n);
  request->left -= n;
  if (request->left == 0)
    soup_message_body_complete (body);
}

static void
wrote_chunk (SoupServerMessage *msg, gpointer user_data)
{
  Request *request = g_object_get_data (G_OBJECT (msg), "request");

  if (request->left > 0)
    append_some (msg);
}

static void
answer_size (SoupServerMessage *msg, goffset size)
{
  Request *request = g_object_get_data (G_OBJECT (msg), "request");

  request->left = size;
  soup_server_message_set_status (msg, 200, NULL);
  soup_message_body_set_accumulate (soup_server_message_get_response_body (msg), FALSE);
  soup_message_headers_set_content_length (soup_server_message_get_response_headers (msg), size);
  g_signal_connect (msg, "wrote-chunk", G_CALLBACK (wrote_chunk), NULL);
  append_some (msg);
}

static void
abort_in_mid_response (SoupServerMessage *msg, gpointer user_data)
{
  GIOStream *stream
      = g_object_get_data (G_OBJECT (soup_server_message_get_remote_address (msg)), "stream");

  g_io_stream_close (stream, NULL, NULL);
}

static void
early (SoupServer *server,
       SoupServerMessage *msg,
       const char *path,
       GHashTable *query,
       gpointer user_data)
{
  if (g_str_has_prefix (path, "/refuse"))
    {
      soup_server_message_set_status (msg, 403, NULL);
      soup_message_headers_set_content_length (soup_server_message_get_response_headers (msg), 0);
      if (!g_str_equal (path, "/refuse-open"))
        soup_message_headers_append (soup_server_message_get_response_headers (msg), "Connection",
                                     "close");
    }
}

static void
handle (SoupServer *server,
        SoupServerMessage *msg,
        const char *path,
        GHashTable *query,
        gpointer user_data)
{
  Fixture *f = user_data;
  Request *request = g_object_get_data (G_OBJECT (msg), "request");
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (msg);

  g_ptr_array_add (f->requests,
                   g_strdup_printf ("%s %s %" G_GUINT64_FORMAT,
                                    soup_server_message_get_method (msg), path, request->read));

  if (g_str_has_prefix (path, "/size/"))
    {
      answer_size (msg, g_ascii_strtoll (path + strlen ("/size/"), NULL, 10));
    }
  else if (g_str_has_prefix (path, "/close/"))
    {
      soup_message_headers_append (headers, "Connection", "close");
      answer_size (msg, g_ascii_strtoll (path + strlen ("/close/"), NULL, 10));
    }
  else if (g_str_has_prefix (path, "/abort"))
    {
      answer_size (msg, 8 * CHUNK);
      g_signal_connect (msg, g_str_has_suffix (path, "early") ? "got-body" : "wrote-headers",
                        G_CALLBACK (abort_in_mid_response), NULL);
    }
  else if (g_str_equal (path, "/pause"))
    {
      answer_size (msg, 5);
      soup_server_message_pause (msg);
      f->paused = g_object_ref (msg);
    }
  else
    {
      g_autofree char *text
          = g_strdup_printf ("%u %" G_GUINT64_FORMAT, request->sum, request->read);

      soup_server_message_set_status (msg, 200, NULL);
      soup_server_message_set_response (msg, "text/plain", SOUP_MEMORY_COPY, text, strlen (text));
    }
}

/* SoupServer keeps connections alive only if it listens somewhere (P7): where nobody can reach it.
 */
static void
listen_nowhere (SoupServer *server)
{
  g_autofree char *folder = g_dir_make_tmp ("mux-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "socket", NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_DEFAULT, &error);

  g_assert_no_error (error);
  g_socket_bind (socket, address, TRUE, &error);
  g_assert_no_error (error);
  g_socket_listen (socket, &error);
  g_assert_no_error (error);
  soup_server_listen_socket (server, socket, 0, &error);
  g_assert_no_error (error);
  g_unlink (path);
  g_rmdir (folder);
}

SoupServer *
mux_server_new (Fixture *f)
{
  SoupServer *server = soup_server_new (NULL, NULL);

  listen_nowhere (server);
  soup_server_add_early_handler (server, NULL, early, f, NULL);
  soup_server_add_handler (server, NULL, handle, f, NULL);
  g_signal_connect (server, "request-started", G_CALLBACK (request_started), f);
  g_signal_connect (server, "request-finished", G_CALLBACK (request_ended), f);
  g_signal_connect (server, "request-aborted", G_CALLBACK (request_aborted), f);

  return server;
}
