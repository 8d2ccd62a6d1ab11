/* The server behind the mux: its streams are in memory and belong to one thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "dav-rig.h"
#include "mux/mux.h"

typedef struct
{
  DavServer *server;
  DavRig *rig;
  Mux *mux;
  GQueue unfed;       /* GBytes */
  gsize offset;       /* in the first of them */
  GByteArray *out[4]; /* what each client got */
  guint n_closed[4];
  gboolean deaf; /* the guest reads nothing */
} Guest;

static void
guest_accepted (GIOStream *stream, gint64 client, gpointer user_data)
{
  Guest *self = user_data;

  dav_server_accept (self->server, stream, client);
}

static void
guest_feed (Guest *self)
{
  while (self->unfed.length > 0)
    {
      GBytes *bytes = g_queue_peek_head (&self->unfed);

      self->offset += mux_feed (self->mux, bytes, self->offset);
      if (self->offset < g_bytes_get_size (bytes))
        return;
      g_bytes_unref (g_queue_pop_head (&self->unfed));
      self->offset = 0;
    }
}

static void
guest_pull (Guest *self)
{
  GBytes *train;

  while (!self->deaf && (train = mux_pull (self->mux, 128 * 1024)) != NULL)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (train, &size);

      while (size > 0)
        {
          gint64 client;
          guint16 length;

          memcpy (&client, data, 8);
          memcpy (&length, data + 8, 2);
          client = GINT64_FROM_LE (client);
          length = GUINT16_FROM_LE (length);
          g_assert_cmpint (client, <, 4);
          if (length == 0)
            self->n_closed[client]++;
          g_byte_array_append (self->out[client], data + 10, length);
          data += 10 + length;
          size -= 10 + length;
        }
      g_bytes_unref (train);
    }
}

static void
guest_output_ready (gpointer user_data)
{
  guest_pull (user_data);
}

static void
guest_input_ready (gpointer user_data)
{
  guest_feed (user_data);
}

static const MuxOps guest_mux_ops = {
  .accepted = guest_accepted,
  .output_ready = guest_output_ready,
  .input_ready = guest_input_ready,
};

static void
guest_request_done (GIOStream *stream, gpointer user_data)
{
  Guest *self = user_data;

  mux_request_done (self->mux, stream);
}

static const DavServerOps guest_dav_ops = { .request_done = guest_request_done };

static Guest *
guest_new (void)
{
  Guest *self = g_new0 (Guest, 1);

  self->rig = dav_rig_new (0);
  self->server = dav_server_new (&guest_dav_ops, self);
  dav_server_set_share (self->server, self->rig->share);
  self->mux = mux_new (&guest_mux_ops, self);
  g_queue_init (&self->unfed);
  for (guint i = 0; i < 4; i++)
    self->out[i] = g_byte_array_new ();
  return self;
}

static void
guest_free (Guest *self)
{
  dav_server_free (self->server);
  mux_free (self->mux);
  for (guint i = 0; i < 4; i++)
    g_byte_array_unref (self->out[i]);
  g_queue_clear_full (&self->unfed, (GDestroyNotify)g_bytes_unref);
  dav_rig_free (self->rig);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Guest, guest_free)

static void
guest_send (Guest *self, gint64 client, const char *data, gsize size)
{
  gint64 id = GINT64_TO_LE (client);

  while (size > 0)
    {
      guint16 length = MIN (size, 65535);
      guint16 length_le = GUINT16_TO_LE (length);
      GByteArray *frame = g_byte_array_new ();

      g_byte_array_append (frame, (guint8 *)&id, 8);
      g_byte_array_append (frame, (guint8 *)&length_le, 2);
      g_byte_array_append (frame, (const guint8 *)data, length);
      g_queue_push_tail (&self->unfed, g_byte_array_free_to_bytes (frame));
      data += length;
      size -= length;
    }
  guest_feed (self);
}

static void
guest_say (Guest *self, gint64 client, const char *text)
{
  guest_send (self, client, text, strlen (text));
}

typedef struct
{
  Guest *guest;
  gint64 client;
  const char *end;
} Expected;

static gboolean
ends_with (gpointer data)
{
  Expected *expected = data;
  GByteArray *out = expected->guest->out[expected->client];
  gsize length = strlen (expected->end);

  return out->len >= length && memcmp (out->data + out->len - length, expected->end, length) == 0;
}

/* Waits until what @client got ends in @end, and forgets it. */
static void
guest_expect (Guest *self, gint64 client, const char *start, const char *end)
{
  Expected expected = { self, client, end };

  dav_rig_wait (self->rig, ends_with, &expected);
  g_assert_true (g_strstr_len ((const char *)self->out[client]->data, self->out[client]->len, start)
                 == (const char *)self->out[client]->data);
  g_byte_array_set_size (self->out[client], 0);
}

static void
test_keep_alive (void)
{
  g_autoptr (Guest) guest = guest_new ();

  dav_rig_write (guest->rig, "share/a", "content");
  for (guint i = 0; i < 100; i++)
    {
      guest_say (guest, 1, "GET /a HTTP/1.1\r\nHost: localhost:9843\r\n\r\n");
      guest_expect (guest, 1, "HTTP/1.1 200 ", "\r\n\r\ncontent");
    }
  g_assert_cmpuint (guest->n_closed[1], ==, 0);
  g_assert_cmpuint (mux_get_n_clients (guest->mux), ==, 1);
}

static gboolean
is_closed (gpointer data)
{
  return *(guint *)data > 0;
}

/* The end of a chunked answer comes from another thread, in its turn, and before the client's own
 * end. */
static void
test_chunked (void)
{
  g_autoptr (Guest) guest = guest_new ();

  for (guint i = 0; i < 2000; i++)
    {
      g_autofree char *name = g_strdup_printf ("share/f%04u", i);

      dav_rig_write (guest->rig, name, "");
    }
  dav_rig_write (guest->rig, "share/a", "content");
  for (guint i = 0; i < 20; i++)
    {
      guest_say (guest, 2, "PROPFIND / HTTP/1.1\r\nHost: localhost:9843\r\nDepth: 1\r\n\r\n");
      guest_expect (guest, 2, "HTTP/1.1 207 ", "</D:multistatus>\n\r\n0\r\n\r\n");
      guest_say (guest, 2, "GET /a HTTP/1.1\r\nHost: localhost:9843\r\n\r\n");
      guest_expect (guest, 2, "HTTP/1.1 200 ", "\r\n\r\ncontent");
    }
  g_assert_cmpuint (guest->n_closed[2], ==, 0);

  guest_say (guest, 2,
             "PROPFIND / HTTP/1.1\r\nHost: localhost:9843\r\nDepth: 1\r\n"
             "Connection: close\r\n\r\n");
  dav_rig_wait (guest->rig, is_closed, &guest->n_closed[2]);
  guest_expect (guest, 2, "HTTP/1.1 207 ", "</D:multistatus>\n\r\n0\r\n\r\n");
  guest_say (guest, 2, "GET /a HTTP/1.1\r\nHost: localhost:9843\r\n\r\n");
  guest_expect (guest, 2, "HTTP/1.1 200 ", "\r\n\r\ncontent");
}

typedef struct
{
  GByteArray *out;
  gsize size;
} Download;

/* Head and body. */
static gboolean
download_is_complete (gpointer data)
{
  Download *download = data;
  const char *start = (const char *)download->out->data;
  const char *end = start != NULL ? memmem (start, download->out->len, "\r\n\r\n", 4) : NULL;

  return end != NULL && download->out->len == (gsize)(end + 4 - start) + download->size;
}

static gboolean
has_no_transfers (gpointer data)
{
  g_autoptr (GVariant) transfers
      = g_variant_ref_sink (dav_server_get_transfers (((Guest *)data)->server));

  return g_variant_n_children (transfers) == 0;
}

/* More than the mux holds for one client: it holds the guest back, and loses nothing. */
static void
test_upload (void)
{
  const gsize size = 20 * 1024 * 1024 + 3;
  g_autoptr (Guest) guest = guest_new ();
  g_autofree char *data = g_malloc (size);
  g_autofree char *path = dav_rig_path (guest->rig, "share/big");
  g_autofree char *content = NULL;
  gsize length;

  for (gsize i = 0; i < size; i++)
    data[i] = (i * 2654435761u) >> 13;
  {
    g_autofree char *head = g_strdup_printf (
        "PUT /big HTTP/1.1\r\nHost: localhost:9843\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
        size);

    guest_say (guest, 1, head);
  }
  guest_send (guest, 1, data, size);
  guest_expect (guest, 1, "HTTP/1.1 201 ", "\r\n\r\n");
  g_assert_true (g_file_get_contents (path, &content, &length, NULL));
  g_assert_cmpmem (content, length, data, size);

  guest_say (guest, 1, "GET /big HTTP/1.1\r\nHost: localhost:9843\r\n\r\n");
  {
    Download download = { guest->out[1], size };

    dav_rig_wait (guest->rig, download_is_complete, &download);
    g_assert_cmpint (memcmp (guest->out[1]->data + guest->out[1]->len - size, data, size), ==, 0);
  }
}

/* A refused upload ends with its answer, and its body goes nowhere. */
static void
test_refused_upload (void)
{
  g_autoptr (Guest) guest = guest_new ();
  g_autofree char *body = g_strnfill (1024 * 1024, 'x');

  dav_rig_mkdir (guest->rig, "share/folder");
  guest_say (guest, 1,
             "PUT /folder HTTP/1.1\r\nHost: localhost:9843\r\nContent-Length: 1048576\r\n\r\n");
  guest_send (guest, 1, body, 1024 * 1024);
  dav_rig_wait (guest->rig, is_closed, &guest->n_closed[1]);
  guest_expect (guest, 1, "HTTP/1.1 405 ", "Method Not Allowed\n");
  guest_say (guest, 1, "DELETE /folder HTTP/1.1\r\nHost: localhost:9843\r\n\r\n");
  guest_say (guest, 2, "OPTIONS / HTTP/1.1\r\nHost: localhost:9843\r\n\r\n");
  guest_expect (guest, 2, "HTTP/1.1 200 ", "\r\n\r\n");
  g_assert_true (dav_rig_exists (guest->rig, "share/folder"));
  g_assert_cmpuint (guest->out[1]->len, ==, 0);
}

/* The port closes in the middle of everything, twice. */
static void
test_reset (void)
{
  g_autoptr (Guest) guest = guest_new ();
  g_autofree char *data = g_strnfill (10 * 1024 * 1024, 'x');

  dav_rig_write (guest->rig, "share/big", data);
  for (guint i = 0; i < 2; i++)
    {
      guest->deaf = TRUE;
      guest_say (guest, 1, "GET /big HTTP/1.1\r\nHost: localhost:9843\r\n\r\n");
      guest_say (guest, 2,
                 "PUT /new HTTP/1.1\r\nHost: localhost:9843\r\nContent-Length: 100\r\n\r\nx");
      guest_say (guest, 3, "PROPFIND / HTTP/1.1\r\nHost: localhost:9843\r\nDepth: 1\r\n\r\n");
      for (guint j = 0; j < 20; j++)
        g_main_context_iteration (guest->rig->context, FALSE);
      mux_reset (guest->mux);
      guest->deaf = FALSE;
      guest_pull (guest);
      g_assert_cmpuint (guest->out[1]->len, ==, 0);
      guest_say (guest, 1, "OPTIONS / HTTP/1.1\r\nHost: localhost:9843\r\n\r\n");
      guest_expect (guest, 1, "HTTP/1.1 200 ", "\r\n\r\n");
    }
  dav_rig_wait (guest->rig, has_no_transfers, guest);
  g_assert_false (dav_rig_exists (guest->rig, "share/new"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/mux/keep-alive", test_keep_alive);
  g_test_add_func ("/dav/mux/chunked", test_chunked);
  g_test_add_func ("/dav/mux/upload", test_upload);
  g_test_add_func ("/dav/mux/refused-upload", test_refused_upload);
  g_test_add_func ("/dav/mux/reset", test_reset);
  return g_test_run ();
}
