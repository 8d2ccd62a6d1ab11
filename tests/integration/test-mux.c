/* Many guest programs on one port, and what they do to each other (DESIGN P11).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-test.h"

#include "mux/mux.h"
#include "share/share.h"

#include <string.h>

#define SECONDS 20
#define BIG_SIZE (G_GUINT64_CONSTANT (1) << 34)

static gboolean
has_clients (ShareViewer *viewer, guint expected)
{
  guint clients;

  g_object_get (viewer->viewer->webdav, "clients", &clients, NULL);
  return clients == expected;
}

/* A guest program vanished without a size-0 frame, and a new one got its id: not a byte of the old
 * download may follow the head of the new response. */
static void
test_reused_id (Rig *rig)
{
  g_autoptr (ShareViewer) viewer = NULL;

  rig_make_file (rig, "big.txt", RIG_CONTENT_TEXT, BIG_SIZE);
  rig_make_file (rig, "other.bin", RIG_CONTENT_RANDOM, RIG_CONTENT_BLOCK);
  viewer = share_test_viewer (rig, SPICE_SHARE_COMPRESSION_AUTO);
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (RigExchange) old = rig_peer_start_download (rig->peer, 7, "/big.txt");
      g_autoptr (RigExchange) fresh = NULL;

      rig_wait_until (old->reader->body_bytes > (i + 1) * 100000, SECONDS);
      rig_peer_forget_client (rig->peer, 7);
      fresh = rig_peer_start (rig->peer, 7, "GET", "/other.bin", NULL, NULL, 0);
      fresh->skip_old = TRUE;
      rig_exchange_wait (fresh);
      rig_assert_status (fresh, 200);
      g_assert_cmpmem (fresh->reader->body->data, fresh->reader->body->len,
                       rig_content_get (RIG_CONTENT_RANDOM), RIG_CONTENT_BLOCK);
      rig_peer_close_client (rig->peer, 7);
    }
  rig_wait_until (has_clients (viewer, 0), SECONDS);
}

/* A viewer in a process of its own, for what takes both processors. */
static RigChild *
start_viewer (Rig *rig)
{
  g_autofree char *program = rig_program ("test-viewer");
  const char *const argv[] = { program, "--share", rig->share, rig->uri, NULL };
  RigChild *viewer = rig_child_new (argv, NULL);

  rig_child_wait (viewer, "sharing-started", 1, SECONDS);
  rig_child_wait (viewer, "open", 1, SECONDS);
  return viewer;
}

/* What may come before the answer to a small request: what our queue, the server's and the kernel's
 * hold, some 30 MiB, and what passes while a busy machine finds time for each step. Behind sixteen
 * downloads of 16 GiB the wait would have no end. */
#define AHEAD_MAX (128 * RIG_CONTENT_BLOCK)

/* Small requests beside large downloads: each is answered soon, not behind what is queued. Counted
 * in bytes, which other jobs on the machine do not change. */
static void
test_fairness (Rig *rig)
{
  g_autoptr (RigChild) viewer = NULL;
  g_autoptr (GPtrArray) downloads
      = g_ptr_array_new_with_free_func ((GDestroyNotify)rig_exchange_free);
  guint64 longest = 0;

  rig_make_file (rig, "big.bin", RIG_CONTENT_RANDOM, BIG_SIZE);
  rig_write_file (rig, "small.txt", "hello", 5);
  viewer = start_viewer (rig);
  /* A guest that always takes whatever comes keeps spice-server reading from the viewer for ever;
   * it looks for what the guest says only between two such runs. */
  rig_peer_set_read_rate (rig->peer, 100 * RIG_CONTENT_BLOCK);
  for (guint i = 0; i < 16; i++)
    g_ptr_array_add (downloads, rig_peer_start_download (rig->peer, 100 + i, "/big.bin"));
  rig_wait_until (rig_peer_get_bytes_read (rig->peer) > 64 * RIG_CONTENT_BLOCK, SECONDS);
  for (guint i = 0; i < 20; i++)
    {
      guint64 before = rig_peer_get_bytes_read (rig->peer);
      g_autoptr (RigExchange) small
          = rig_peer_request (rig->peer, 1, "GET", "/small.txt", NULL, NULL, 0);

      rig_assert_status (small, 200);
      longest = MAX (longest, rig_peer_get_bytes_read (rig->peer) - before);
    }
  g_test_message ("%" G_GUINT64_FORMAT " bytes came before an answer", longest);
  g_assert_cmpuint (longest, <, AHEAD_MAX);
  /* The sixteen have shared what went over the wire. */
  for (guint i = 0; i < downloads->len; i++)
    {
      RigExchange *download = downloads->pdata[i];

      g_assert_cmpuint (download->reader->body_bytes, >, rig_peer_get_bytes_read (rig->peer) / 64);
    }
}

/* The longest idle client goes when there are too many; if none is idle the newcomer is told. */
static void
test_limit (Rig *rig)
{
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (GPtrArray) downloads
      = g_ptr_array_new_with_free_func ((GDestroyNotify)rig_exchange_free);
  g_autoptr (RigExchange) newcomer = NULL;
  guint closed;

  rig_write_file (rig, "small.txt", "hello", 5);
  rig_make_file (rig, "big.bin", RIG_CONTENT_RANDOM, BIG_SIZE);
  viewer = share_test_viewer (rig, SPICE_SHARE_COMPRESSION_AUTO);
  for (guint i = 0; i < MUX_MAX_CLIENTS; i++)
    share_test_get (rig, 100 + i, "/small.txt", "hello", 5);
  rig_wait_until (has_clients (viewer, MUX_MAX_CLIENTS), SECONDS);
  g_assert_cmpuint (rig_peer_get_n_closed (rig->peer), ==, 0);
  share_test_get (rig, 500, "/small.txt", "hello", 5);
  rig_wait_until (rig_peer_get_n_closed (rig->peer) == 1, SECONDS);
  /* The evicted one, the oldest, may come again: a new client, and the next one goes. */
  share_test_get (rig, 100, "/small.txt", "hello", 5);
  rig_wait_until (rig_peer_get_n_closed (rig->peer) == 2, SECONDS);
  closed = rig_peer_get_n_closed (rig->peer);

  rig_peer_set_read_rate (rig->peer, 50 * RIG_CONTENT_BLOCK);
  for (guint i = 0; i < MUX_MAX_CLIENTS; i++)
    g_ptr_array_add (downloads, rig_peer_start_download (rig->peer, 1000 + i, "/big.bin"));
  rig_wait_until (rig_peer_get_n_closed (rig->peer) == closed + MUX_MAX_CLIENTS, SECONDS);
  newcomer = rig_peer_request (rig->peer, 2000, "GET", "/small.txt", NULL, NULL, 0);
  rig_assert_status (newcomer, 503);
  g_assert_cmpstr (http_reader_header (newcomer->reader, "connection"), ==, "close");
  for (guint i = 0; i < downloads->len; i++)
    {
      RigExchange *download = downloads->pdata[i];

      g_assert_false (download->closed);
    }
}

/* The rest of a body that was refused never runs as a request. */
static void
test_refused_body (Rig *rig)
{
  static const char evil[] = "DELETE /keep.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
  static const char head[]
      = "PUT /new.txt HTTP/1.1\r\nHost: evil.example.com\r\nContent-Length: 4600\r\n\r\n";
  g_autoptr (ShareViewer) viewer = NULL;
  ViewerSetup setup = { 0 };

  rig_write_file (rig, "keep.txt", "keep", 4);
  viewer = share_viewer_new (rig->uri, &setup, rig->share, SHARE_READ_ONLY,
                             SPICE_SHARE_COMPRESSION_AUTO);
  share_viewer_wait_sharing (viewer);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (RigExchange) put
          = rig_peer_start (rig->peer, 1, "PUT", "/new.txt", "Content-Length: 46000\r\n", NULL, 0);

      g_assert_cmpuint (strlen (evil), ==, 46);
      for (guint j = 0; j < 1000; j++)
        rig_peer_write (rig->peer, 1, evil, strlen (evil));
      rig_exchange_wait (put);
      rig_assert_status (put, 403);
      g_assert_cmpstr (http_reader_header (put->reader, "connection"), ==, "close");
      rig_peer_close_client (rig->peer, 1);
    }
  share_test_get (rig, 2, "/keep.txt", "keep", 4);
  g_assert_cmpuint (rig_peer_get_stray_bytes (rig->peer), ==, 0);

  /* The same where it may write: refused by an unknown host. */
  spice_share_channel_share (share_viewer_get_channel (viewer), rig->share, 0);
  rig_wait_until (share_viewer_count (viewer, "sharing-started") == 2, SECONDS);
  for (guint i = 0; i < 20; i++)
    {
      rig_peer_write (rig->peer, 3 + i, head, strlen (head));
      for (guint j = 0; j < 100; j++)
        rig_peer_write (rig->peer, 3 + i, evil, strlen (evil));
      rig_peer_close_client (rig->peer, 3 + i);
    }
  share_test_get (rig, 50, "/keep.txt", "keep", 4);
  share_test_request (rig, 50, "GET", "/new.txt", 404);
}

static void
test_expect (Rig *rig)
{
  g_autoptr (ShareViewer) viewer = share_test_viewer (rig, SPICE_SHARE_COMPRESSION_AUTO);
  g_autoptr (RigExchange) put = rig_peer_start (
      rig->peer, 1, "PUT", "/up.txt", "Content-Length: 5\r\nExpect: 100-continue\r\n", NULL, 0);

  rig_wait_until (put->reader->n_interim == 1, SECONDS);
  g_assert_cmpuint (put->reader->last_interim, ==, 100);
  rig_peer_write (rig->peer, 1, "hello", 5);
  rig_exchange_wait (put);
  rig_assert_status (put, 201);
  share_test_assert_file (rig, "up.txt", "hello", 5);
}

/* Frames cut into single bytes, clients interleaved byte by byte, and pipelined requests. */
static void
test_torture (Rig *rig)
{
  static const char get[] = "GET /small.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (GPtrArray) exchanges
      = g_ptr_array_new_with_free_func ((GDestroyNotify)rig_exchange_free);

  rig_write_file (rig, "small.txt", "hello", 5);
  viewer = share_test_viewer (rig, SPICE_SHARE_COMPRESSION_AUTO);
  for (guint id = 0; id < 8; id++)
    for (guint i = 0; i < 4; i++)
      g_ptr_array_add (exchanges, rig_peer_start (rig->peer, -5 - (gint64)id, "GET", "/small.txt",
                                                  NULL, NULL, 0));
  for (guint i = 0; i < exchanges->len; i++)
    {
      rig_exchange_wait (exchanges->pdata[i]);
      rig_assert_status (exchanges->pdata[i], 200);
    }
  g_ptr_array_set_size (exchanges, 0);

  for (guint id = 0; id < 8; id++)
    g_ptr_array_add (exchanges, rig_peer_await (rig->peer, 100 + id));
  for (guint at = 0; at < strlen (get); at++)
    for (guint id = 0; id < 8; id++)
      rig_peer_write (rig->peer, 100 + id, get + at, 1);
  for (guint i = 0; i < exchanges->len; i++)
    {
      rig_exchange_wait (exchanges->pdata[i]);
      rig_assert_status (exchanges->pdata[i], 200);
    }
  g_assert_cmpuint (rig_peer_get_stray_bytes (rig->peer), ==, 0);
}

/* A guest that comes and goes: memory of the viewer does not follow. */
static void
test_many_connections (Rig *rig)
{
  g_autoptr (RigChild) viewer = NULL;
  guint64 before = 0, after;

  rig_write_file (rig, "small.txt", "hello", 5);
  viewer = start_viewer (rig);
  for (guint i = 0; i < 3000; i++)
    {
      share_test_get (rig, 10 + i, "/small.txt", "hello", 5);
      rig_peer_close_client (rig->peer, 10 + i);
      if (i == 1000)
        before = rig_process_get_rss_kib (rig_child_get_pid (viewer));
    }
  after = rig_process_get_rss_kib (rig_child_get_pid (viewer));
  g_test_message ("%" G_GUINT64_FORMAT " KiB after 1,000 connections, %" G_GUINT64_FORMAT
                  " KiB after 3,000",
                  before, after);
  g_assert_cmpuint (after, <, before + 2048 + PATIENCE_KIB);
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  rig_test_add ("/mux/reused-id", RIG_TCP, 60, test_reused_id);
  rig_test_add ("/mux/fairness", RIG_TCP, 60, test_fairness);
  rig_test_add ("/mux/limit", RIG_TCP, 90, test_limit);
  rig_test_add ("/mux/refused-body", RIG_TCP, 60, test_refused_body);
  rig_test_add ("/mux/expect", RIG_TCP, 60, test_expect);
  rig_test_add ("/mux/torture", RIG_TCP, 60, test_torture);
  rig_test_add ("/mux/many-connections", RIG_TCP, 90, test_many_connections);
  return rig_test_run ();
}
