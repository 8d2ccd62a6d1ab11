/* A mux with a real SoupServer behind it and a guest of the test's own before it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux-fixture.h"

#include <stdlib.h>
#include <string.h>

#include "../../lib/patience.h"
#include "mux-server.h"
#include "mux/mux-frame.h"

#define WATCHDOG_SECONDS (120 * patience ())

static gboolean
watchdog_bites (gpointer user_data)
{
  g_error ("the test does not come to an end");
  return G_SOURCE_REMOVE;
}

static void
accepted (GIOStream *stream, gint64 client, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (GSocketAddress) local = g_inet_socket_address_new_from_string ("127.0.0.1", 80);
  g_autoptr (GSocketAddress) remote = g_inet_socket_address_new_from_string ("127.0.0.1", 1);
  g_autoptr (GError) error = NULL;

  f->n_accepted++;
  if (f->turn_away)
    {
      const char *response = "HTTP/1.1 503 Full\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

      g_pollable_output_stream_write_nonblocking (
          G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream)), response,
          strlen (response), NULL, &error);
      g_assert_no_error (error);
      g_io_stream_close (stream, NULL, NULL);
      return;
    }
  /* The one thing of ours that libsoup hands out again with a message. */
  g_object_set_data (G_OBJECT (remote), "stream", stream);
  soup_server_accept_iostream (f->server, stream, local, remote, &error);
  g_assert_no_error (error);
}

static void
count_hang_up (GIOStream *stream, gpointer user_data)
{
  Fixture *f = user_data;

  f->n_hang_ups++;
}

static void
stream_gone (gpointer user_data, GObject *where_the_object_was)
{
  Fixture *f = user_data;

  f->n_streams--;
}

static void
accepted_watched (GIOStream *stream, gint64 client, gpointer user_data)
{
  Fixture *f = user_data;

  f->n_streams++;
  g_object_weak_ref (G_OBJECT (stream), stream_gone, f);
  g_signal_connect (stream, "hang-up", G_CALLBACK (count_hang_up), user_data);
  accepted (stream, client, user_data);
}

static void
split_frames (Fixture *f, GBytes *bytes)
{
  MuxFrameReader reader = { 0 };
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  while (size > 0)
    {
      gsize used;
      GByteArray *to;

      g_assert_true (mux_frame_reader_read_header (&reader, data, size, &used));
      data += used;
      size -= used;
      /* mux_pull () returns whole frames. */
      g_assert_cmpuint (reader.left, <=, size);

      if (f->keep_frames)
        {
          Frame *frame = g_new (Frame, 1);

          frame->client = reader.client;
          frame->size = reader.left;
          g_queue_push_tail (&f->frames, frame);
        }

      if (reader.left == 0)
        {
          gint64 *key = g_memdup2 (&reader.client, sizeof (gint64));
          guint n = GPOINTER_TO_UINT (g_hash_table_lookup (f->closed, key));

          g_hash_table_insert (f->closed, key, GUINT_TO_POINTER (n + 1));
          continue;
        }

      to = g_hash_table_lookup (f->received, &reader.client);
      if (to == NULL && !f->discard)
        {
          to = g_byte_array_new ();
          g_hash_table_insert (f->received, g_memdup2 (&reader.client, sizeof (gint64)), to);
        }
      if (!f->discard)
        g_byte_array_append (to, data, reader.left);
      data += reader.left;
      size -= reader.left;
      reader.left = 0;
    }
}

gboolean
fixture_pull (Fixture *f, gsize max)
{
  g_autoptr (GBytes) bytes = mux_pull (f->mux, max);

  if (bytes == NULL)
    return FALSE;

  g_assert_cmpuint (g_bytes_get_size (bytes), <=, max);
  split_frames (f, bytes);
  return TRUE;
}

static void
output_ready (gpointer user_data)
{
  Fixture *f = user_data;

  f->output_ready = TRUE;
  if (f->manual)
    return;
  while (fixture_pull (f, 128 * 1024))
    ;
}

static void
feed_on (Fixture *f)
{
  while (f->unfed.length > 0)
    {
      GBytes *bytes = f->unfed.head->data;

      f->unfed_offset += mux_feed (f->mux, bytes, f->unfed_offset);
      if (f->unfed_offset < g_bytes_get_size (bytes))
        return;
      g_bytes_unref (g_queue_pop_head (&f->unfed));
      f->unfed_offset = 0;
    }
}

static void
input_ready (gpointer user_data)
{
  Fixture *f = user_data;

  f->n_input_ready++;
  feed_on (f);
}

void
fixture_set_up (Fixture *f, gconstpointer data)
{
  MuxOps ops = { accepted_watched, output_ready, input_ready };

  f->context = g_main_context_new ();
  g_main_context_push_thread_default (f->context);
  f->watchdog = g_timeout_source_new_seconds (WATCHDOG_SECONDS);
  g_source_set_callback (f->watchdog, watchdog_bites, NULL, NULL);
  g_source_attach (f->watchdog, f->context);

  f->server = mux_server_new (f);
  f->mux = mux_new (&ops, f);
  f->requests = g_ptr_array_new_with_free_func (g_free);
  g_queue_init (&f->unfed);
  g_queue_init (&f->frames);
  f->received = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
                                       (GDestroyNotify)g_byte_array_unref);
  f->closed = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
}

void
fixture_tear_down (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->paused);
  mux_free (f->mux);
  fixture_settle (f);
  soup_server_disconnect (f->server);
  fixture_settle (f);
  g_object_unref (f->server);
  fixture_settle (f);
  g_assert_cmpuint (f->n_streams, ==, 0);

  g_queue_clear_full (&f->unfed, (GDestroyNotify)g_bytes_unref);
  g_queue_clear_full (&f->frames, g_free);
  g_hash_table_unref (f->received);
  g_hash_table_unref (f->closed);
  g_ptr_array_unref (f->requests);
  g_source_destroy (f->watchdog);
  g_source_unref (f->watchdog);
  g_main_context_pop_thread_default (f->context);
  g_main_context_unref (f->context);
}

void
fixture_settle (Fixture *f)
{
  while (g_main_context_iteration (f->context, FALSE))
    ;
}

void
fixture_feed_bytes (Fixture *f, GBytes *bytes)
{
  g_queue_push_tail (&f->unfed, bytes);
  if (f->unfed.length == 1)
    feed_on (f);
}

void
fixture_feed (Fixture *f, const void *data, gsize size)
{
  fixture_feed_bytes (f, g_bytes_new (data, size));
}

void
fixture_send_data (Fixture *f, gint64 client, const void *data, gsize size)
{
  const guint8 *p = data;

  while (size > 0)
    {
      gsize n = MIN (size, MUX_MAX_DATA);
      g_autofree guint8 *frame = g_malloc (MUX_HEADER_SIZE + n);

      mux_frame_write_header (frame, client, n);
      memcpy (frame + MUX_HEADER_SIZE, p, n);
      fixture_feed (f, frame, MUX_HEADER_SIZE + n);
      p += n;
      size -= n;
    }
}

void
fixture_send (Fixture *f, gint64 client, const char *text)
{
  fixture_send_data (f, client, text, strlen (text));
}

void
fixture_close (Fixture *f, gint64 client)
{
  guint8 frame[MUX_HEADER_SIZE];

  mux_frame_write_header (frame, client, 0);
  fixture_feed (f, frame, sizeof frame);
}

const char *
fixture_received (Fixture *f, gint64 client)
{
  GByteArray *received = g_hash_table_lookup (f->received, &client);

  if (received == NULL)
    return "";

  /* A terminator that is not counted. */
  g_byte_array_append (received, (const guint8 *)"", 1);
  g_byte_array_set_size (received, received->len - 1);
  return (const char *)received->data;
}

gsize
fixture_received_size (Fixture *f, gint64 client)
{
  GByteArray *received = g_hash_table_lookup (f->received, &client);

  return received != NULL ? received->len : 0;
}

guint
fixture_n_closed (Fixture *f, gint64 client)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (f->closed, &client));
}

void
fixture_forget (Fixture *f, gint64 client)
{
  g_hash_table_remove (f->received, &client);
  g_hash_table_remove (f->closed, &client);
}

/* How many whole responses @data begins with; the status of the last. Fails on anything else. */
static guint
count_responses (const char *data, gsize size, guint *status)
{
  guint n = 0;

  while (size > 0)
    {
      const char *end = g_strstr_len (data, size, "\r\n\r\n");
      const char *length;
      gsize head, body = 0;
      guint this_status;

      if (end == NULL)
        break;
      g_assert_true (g_str_has_prefix (data, "HTTP/1."));
      this_status = atoi (data + strlen ("HTTP/1.1 "));
      head = end + 4 - data;
      length = g_strstr_len (data, head, "Content-Length: ");
      if (length != NULL)
        body = g_ascii_strtoull (length + strlen ("Content-Length: "), NULL, 10);
      if (body > size - head)
        break;

      data += head + body;
      size -= head + body;
      if (this_status >= 200)
        {
          *status = this_status;
          n++;
        }
    }

  return n;
}

gboolean
fixture_has_responses (Fixture *f, gint64 client, guint n)
{
  guint status;

  return count_responses (fixture_received (f, client), fixture_received_size (f, client), &status)
         >= n;
}

guint
fixture_wait_status (Fixture *f, gint64 client, guint n)
{
  guint status = 0;
  guint have;

  fixture_wait (f, fixture_has_responses (f, client, n));
  have = count_responses (fixture_received (f, client), fixture_received_size (f, client), &status);
  g_assert_cmpuint (have, ==, n);
  return status;
}

void
fixture_resume (Fixture *f)
{
  g_autoptr (SoupServerMessage) msg = g_steal_pointer (&f->paused);

  soup_server_message_unpause (msg);
}

char *
fixture_requests (Fixture *f)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < f->requests->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", (const char *)f->requests->pdata[i]);

  return g_string_free (g_steal_pointer (&text), FALSE);
}
