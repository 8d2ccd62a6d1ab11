/* Flow control both ways, with the viewer in a process of its own: what a guest that does not read,
 * or a disk that does not keep up, may cost (DESIGN P5, P6).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rig.h"

#include <stdio.h>

#define N_DOWNLOADS 16
#define DOWNLOAD_SIZE (G_GUINT64_CONSTANT (1) << 30)

/* Growth that 16 downloads nobody reads may cause. */
#define VIEWER_GROWTH_MAX_KIB (48 * 1024 + PATIENCE_KIB)
#define SERVER_GROWTH_MAX_KIB (24 * 1024 + PATIENCE_KIB)

/* No byte moved for this long: everything that can fill up is full. */
#define QUIET_US (1000 * 1000)

/* What memory is counted in meanwhile: a sanitizer keeps what each look at it has freed. */
#define STILL_KIB (1 + PATIENCE_KIB / 32)

/* A sink of this speed is much slower than the wire. */
#define SLOW_SINK 2000000
#define SLOW_SINK_TEXT "2000000"

/* The longest time the viewer's main loop may be busy with us, in us: the screen still moves.
 * Measured: 3 to 21 ms with ten other jobs on two processors. */
#define GAP_MAX_US (60 * 1000 * patience ())

static RigChild *
start_viewer (Rig *rig, const char *compression, const char *sink_rate)
{
  g_autofree char *program = rig_program ("test-viewer");
  const char *const argv[]
      = { program,       "--share", rig->share, "--compression", compression, rig->uri,
          "--sink-rate", sink_rate, NULL };
  RigChild *viewer = rig_child_new (argv, NULL);

  rig_child_wait (viewer, "sharing-started", 1, 20);
  rig_child_wait (viewer, "open", 1, 20);
  return viewer;
}

static guint64
server_bytes_to_guest (Rig *rig)
{
  guint64 from, to, rss;

  g_assert_cmpint (sscanf (rig_child_ask (rig->server, "stats", "done stats "),
                           "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &from,
                           &to, &rss),
                   ==, 3);
  return to;
}

static gint64
get_gap (RigChild *viewer)
{
  guint64 rss;
  gint64 gap;

  g_assert_cmpint (sscanf (rig_child_ask (viewer, "stats", "stats "),
                           "%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT, &rss, &gap),
                   ==, 2);
  return gap;
}

/* Until memory of neither process has changed for a while, nor bytes moved. */
static void
wait_for_standstill (Rig *rig, RigChild *viewer)
{
  guint64 last = 0;
  gint64 since = g_get_monotonic_time ();

  rig_wait_until (({
                    guint64 now
                        = server_bytes_to_guest (rig) + rig_get_server_rss_kib (rig) / STILL_KIB
                          + rig_process_get_rss_kib (rig_child_get_pid (viewer)) / STILL_KIB
                          + rig_process_get_ticks (rig_child_get_pid (viewer)) / (5 * patience ());

                    if (now != last)
                      since = g_get_monotonic_time ();
                    last = now;
                    g_get_monotonic_time () - since > QUIET_US;
                  }),
                  30);
}

static void
stalled_guest (Rig *rig, const char *compression)
{
  g_autoptr (RigChild) viewer = NULL;
  g_autoptr (GPtrArray) downloads
      = g_ptr_array_new_with_free_func ((GDestroyNotify)rig_exchange_free);
  g_autoptr (RigExchange) warm_up = NULL;
  guint64 viewer_before, viewer_after, server_before, server_after, resumed_at;

  rig_make_file (rig, "small.txt", RIG_CONTENT_TEXT, RIG_CONTENT_BLOCK);
  rig_make_file (rig, "big.txt", RIG_CONTENT_TEXT, DOWNLOAD_SIZE);
  viewer = start_viewer (rig, compression, "0");
  warm_up = rig_peer_request (rig->peer, 1, "GET", "/small.txt", NULL, NULL, 0);
  rig_assert_status (warm_up, 200);
  viewer_before = rig_process_get_rss_kib (rig_child_get_pid (viewer));
  server_before = rig_get_server_rss_kib (rig);

  rig_peer_set_reading (rig->peer, FALSE);
  for (guint i = 0; i < N_DOWNLOADS; i++)
    g_ptr_array_add (downloads, rig_peer_start_download (rig->peer, 100 + i, "/big.txt"));
  wait_for_standstill (rig, viewer);
  viewer_after = rig_process_get_rss_kib (rig_child_get_pid (viewer));
  server_after = rig_get_server_rss_kib (rig);
  g_test_message ("viewer %" G_GUINT64_FORMAT " + %" G_GINT64_FORMAT
                  " KiB, server %" G_GUINT64_FORMAT " + %" G_GINT64_FORMAT " KiB",
                  viewer_before, (gint64)(viewer_after - viewer_before), server_before,
                  (gint64)(server_after - server_before));
  g_assert_cmpint ((gint64)(viewer_after - viewer_before), <=, VIEWER_GROWTH_MAX_KIB);
  g_assert_cmpint ((gint64)(server_after - server_before), <=, SERVER_GROWTH_MAX_KIB);

  /* The guest reads again, and all of them go on. */
  resumed_at = rig_peer_get_bytes_read (rig->peer);
  rig_peer_set_reading (rig->peer, TRUE);
  rig_wait_until (rig_peer_get_bytes_read (rig->peer) > resumed_at + 128 * RIG_CONTENT_BLOCK, 30);
  for (guint i = 0; i < N_DOWNLOADS; i++)
    {
      RigExchange *download = downloads->pdata[i];

      rig_wait_until (download->reader->body_bytes > RIG_CONTENT_BLOCK, 10);
      g_assert_false (download->closed);
    }
  viewer_after = rig_process_get_rss_kib (rig_child_get_pid (viewer));
  g_assert_cmpint ((gint64)(viewer_after - viewer_before), <=, VIEWER_GROWTH_MAX_KIB);
}

static void
test_stalled_guest_compressed (Rig *rig)
{
  stalled_guest (rig, "always");
}

static void
test_stalled_guest_plain (Rig *rig)
{
  stalled_guest (rig, "never");
}

/* DESIGN P6: while an upload is throttled by its sink, memory is flat, what others download keeps
 * flowing, the main loop has its turns, and a disconnect works at once. */
static void
test_throttled_upload (Rig *rig)
{
  g_autoptr (RigChild) viewer = NULL;
  g_autoptr (RigExchange) warm_up = NULL;
  g_autoptr (RigExchange) download = NULL;
  g_autoptr (RigExchange) upload = NULL;
  guint64 viewer_before, read_before, written_before;
  gint64 begun, elapsed;

  rig_make_file (rig, "small.txt", RIG_CONTENT_TEXT, RIG_CONTENT_BLOCK);
  rig_make_file (rig, "big.bin", RIG_CONTENT_RANDOM, 64 * DOWNLOAD_SIZE);
  viewer = start_viewer (rig, "always", SLOW_SINK_TEXT);
  warm_up = rig_peer_request (rig->peer, 1, "GET", "/small.txt", NULL, NULL, 0);
  rig_assert_status (warm_up, 200);

  download = rig_peer_start_download (rig->peer, 2, "/big.bin");
  rig_wait_until (download->reader->body_bytes > 64 * RIG_CONTENT_BLOCK, 20);
  viewer_before = rig_process_get_rss_kib (rig_child_get_pid (viewer));
  upload = rig_peer_start_upload (rig->peer, 3, "/up.bin", NULL, RIG_CONTENT_RANDOM, DOWNLOAD_SIZE);
  /* All buffers on the way fill up, and from then on only what the sink takes moves. */
  rig_wait_until (({
                    static guint64 last;
                    static gint64 since;
                    guint64 now = rig_peer_get_bytes_written (rig->peer);
                    gboolean slow;

                    if (since == 0)
                      since = g_get_monotonic_time ();
                    slow = g_get_monotonic_time () - since > QUIET_US / 2 && now - last < SLOW_SINK;
                    if (g_get_monotonic_time () - since > QUIET_US / 2)
                      {
                        last = now;
                        since = g_get_monotonic_time ();
                      }
                    slow;
                  }),
                  30);

  rig_child_send (viewer, "reset-gap");
  read_before = rig_peer_get_bytes_read (rig->peer);
  written_before = rig_peer_get_bytes_written (rig->peer);
  begun = g_get_monotonic_time ();
  rig_wait_until (rig_peer_get_bytes_read (rig->peer) > read_before + 256 * RIG_CONTENT_BLOCK, 30);
  elapsed = g_get_monotonic_time () - begun;
  g_test_message ("download of 256 MiB beside it: %" G_GINT64_FORMAT
                  " ms; uploaded meanwhile: %" G_GUINT64_FORMAT
                  " bytes; longest gap %" G_GINT64_FORMAT " us; viewer + %" G_GINT64_FORMAT " KiB",
                  elapsed / 1000, rig_peer_get_bytes_written (rig->peer) - written_before,
                  get_gap (viewer),
                  (gint64)(rig_process_get_rss_kib (rig_child_get_pid (viewer)) - viewer_before));
  g_assert_cmpint (get_gap (viewer), <, GAP_MAX_US);
  g_assert_cmpuint (rig_process_get_rss_kib (rig_child_get_pid (viewer)), <,
                    viewer_before + VIEWER_GROWTH_MAX_KIB);
  g_assert_false (rig_exchange_is_over (upload));

  begun = g_get_monotonic_time ();
  rig_child_send (viewer, "disconnect");
  rig_child_wait (viewer, "closed", 1, 10);
  elapsed = g_get_monotonic_time () - begun;
  g_test_message ("disconnected in %" G_GINT64_FORMAT " ms", elapsed / 1000);
  g_assert_cmpint (elapsed, <, G_USEC_PER_SEC * patience ());
}

/* What is asked for beside downloads that take all there is: little may wait before its answer. */
static void
test_beside_downloads (Rig *rig)
{
  g_autoptr (RigChild) viewer = NULL;
  g_autoptr (GPtrArray) downloads
      = g_ptr_array_new_with_free_func ((GDestroyNotify)rig_exchange_free);
  gint64 longest = 0, sum = 0;
  const guint n = 300;

  rig_make_file (rig, "small.txt", RIG_CONTENT_TEXT, 4096);
  rig_make_file (rig, "big.bin", RIG_CONTENT_RANDOM, 64 * DOWNLOAD_SIZE);
  viewer = start_viewer (rig, "auto", "0");
  for (guint i = 0; i < N_DOWNLOADS; i++)
    g_ptr_array_add (downloads, rig_peer_start_download (rig->peer, 1 + i, "/big.bin"));
  for (guint i = 0; i < N_DOWNLOADS; i++)
    {
      RigExchange *download = downloads->pdata[i];

      rig_wait_until (download->reader->body_bytes > 64 * RIG_CONTENT_BLOCK / 16, 30);
    }
  for (guint i = 0; i < n; i++)
    {
      gint64 begun = g_get_monotonic_time (), elapsed;
      g_autoptr (RigExchange) exchange
          = rig_peer_request (rig->peer, 100, "GET", "/small.txt", NULL, NULL, 0);

      rig_assert_status (exchange, 200);
      elapsed = g_get_monotonic_time () - begun;
      longest = MAX (longest, elapsed);
      sum += elapsed;
    }
  for (guint i = 0; i < N_DOWNLOADS; i++)
    g_assert_false (rig_exchange_is_over (downloads->pdata[i]));
  g_test_message ("beside downloads a small request took %" G_GINT64_FORMAT
                  " us, the longest %" G_GINT64_FORMAT,
                  sum / n, longest);
  g_assert_cmpint (sum / n, <, 20000 * patience ());
  g_assert_cmpint (longest, <, 3 * G_USEC_PER_SEC * patience ());
}

/* The main loop during plain bulk work, both ways. */
static void
test_gap (Rig *rig)
{
  g_autoptr (RigChild) viewer = NULL;
  g_autoptr (RigExchange) download = NULL;
  g_autoptr (RigExchange) upload = NULL;

  rig_make_file (rig, "big.txt", RIG_CONTENT_TEXT, 256 * RIG_CONTENT_BLOCK);
  viewer = start_viewer (rig, "auto", "0");
  rig_child_send (viewer, "reset-gap");
  download = rig_peer_start_download (rig->peer, 2, "/big.txt");
  upload = rig_peer_start_upload (rig->peer, 3, "/up.bin", NULL, RIG_CONTENT_RANDOM,
                                  128 * RIG_CONTENT_BLOCK);
  rig_wait_until (rig_exchange_is_over (download) && rig_exchange_is_over (upload), 60);
  rig_assert_status (download, 200);
  rig_assert_status (upload, 201);
  g_test_message ("longest gap %" G_GINT64_FORMAT " us", get_gap (viewer));
  g_assert_cmpint (get_gap (viewer), <, GAP_MAX_US);
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  rig_test_add ("/flow/stalled-guest-compressed", RIG_TCP, 120, test_stalled_guest_compressed);
  rig_test_add ("/flow/stalled-guest-plain", RIG_TCP, 120, test_stalled_guest_plain);
  rig_test_add ("/flow/throttled-upload", RIG_TCP, 120, test_throttled_upload);
  rig_test_add ("/flow/beside-downloads", RIG_TCP, 120, test_beside_downloads);
  rig_test_add ("/flow/gap", RIG_TCP, 120, test_gap);
  return rig_test_run ();
}
