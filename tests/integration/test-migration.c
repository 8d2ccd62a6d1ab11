/* The virtual machine moves to another host while its guest reads and writes the share, and nobody
 * notices.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "migration-rig.h"
#include "process-counters.h"
#include "share/file-pool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What the process may gain in eight migrations, in KiB. */
#define GROWTH_KIB (4096 + PATIENCE_KIB)

/* One file of a transfer under way while the machine moves. */
#define FILE_SIZE (48 * RIG_CONTENT_BLOCK)

static guint64
count_written (gpointer rig)
{
  return rig_peer_get_bytes_written (((Rig *)rig)->peer);
}

static char *
content_sum (RigContent content, gsize size)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  for (gsize done = 0; done < size; done += RIG_CONTENT_BLOCK)
    g_checksum_update (sum, rig_content_get (content), MIN (RIG_CONTENT_BLOCK, size - done));
  return g_strdup (g_checksum_get_string (sum));
}

static void
assert_file_sum (Rig *rig, const char *name, const char *wanted)
{
  g_autofree char *path = g_build_filename (rig->share, name, NULL);
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *sum = NULL;

  g_assert_nonnull (file);
  bytes = g_mapped_file_get_bytes (file);
  sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  g_assert_cmpstr (sum, ==, wanted);
}

static void
assert_downloaded (RigExchange *exchange, const char *wanted)
{
  rig_exchange_wait (exchange);
  rig_assert_status (exchange, 200);
  g_assert_cmpstr (g_checksum_get_string (exchange->reader->checksum), ==, wanted);
}

/* Two downloads and two uploads at once, and the machine moves in the middle, at another moment
 * each time. The uploads begin late: nothing slows them down while the machine is copied. */
static void
seamless (Rig *rig, RigContent content, SpiceShareCompression compression)
{
  g_autofree char *sum = content_sum (content, FILE_SIZE);
  g_autoptr (ShareViewer) viewer = NULL;

  rig_make_file (rig, "down", content, FILE_SIZE);
  viewer = migration_viewer_new (rig, compression);
  for (guint i = 0; i < 3; i++)
    {
      guint64 moment = g_test_rand_int_range (1, FILE_SIZE / 4);
      guint64 read = rig_peer_get_bytes_read (rig->peer);
      g_auto (Destination) dest = destination_new (rig);
      g_autoptr (RigExchange) down = migration_start_download (rig, 10 * i + 1, "/down");
      g_autoptr (RigExchange) down2 = migration_start_download (rig, 10 * i + 2, "/down");
      g_autoptr (RigExchange) up = NULL, up2 = NULL;
      guint64 written;

      rig_wait_until (rig_peer_get_bytes_read (rig->peer) - read > moment, MIGRATION_SECONDS);
      /* Or a fast machine has all of it before the other host is there. */
      rig_peer_set_reading (rig->peer, FALSE);
      migration_announce (rig, &dest, TRUE);
      rig_peer_set_reading (rig->peer, TRUE);
      migration_wait_calm (rig);
      written = rig_peer_get_bytes_written (rig->peer);
      up = rig_peer_start_upload (rig->peer, 10 * i + 3, "/up", NULL, content, FILE_SIZE);
      up2 = rig_peer_start_upload (rig->peer, 10 * i + 4, "/up2", NULL, content, FILE_SIZE);
      rig_wait_until (rig_peer_get_bytes_written (rig->peer) - written > moment, MIGRATION_SECONDS);
      g_test_message ("it moves when %" G_GUINT64_FORMAT " bytes are down and %" G_GUINT64_FORMAT
                      " up",
                      down->reader->body_bytes, rig_peer_get_bytes_written (rig->peer) - written);
      g_assert_false (rig_exchange_is_over (down));
      g_assert_cmpuint (rig_peer_get_bytes_written (rig->peer) - written, <, FILE_SIZE);
      migration_move (rig, &dest, "migrate");

      assert_downloaded (down, sum);
      assert_downloaded (down2, sum);
      rig_exchange_wait (up);
      rig_exchange_wait (up2);
      rig_assert_status (up, i == 0 ? 201 : 204);
      rig_assert_status (up2, i == 0 ? 201 : 204);
      assert_file_sum (rig, "up", sum);
      assert_file_sum (rig, "up2", sum);
    }
  g_assert_cmpuint (rig_peer_get_stray_bytes (rig->peer), ==, 0);
  migration_assert_undisturbed (viewer);
}

static void
test_seamless (Rig *rig)
{
  seamless (rig, RIG_CONTENT_RANDOM, SPICE_SHARE_COMPRESSION_NEVER);
}

static void
test_seamless_compressed (Rig *rig)
{
  seamless (rig, RIG_CONTENT_TEXT, SPICE_SHARE_COMPRESSION_ALWAYS);
}

/* A frame of the guest's, cut in its header and in its data, is whole again at the other host. */
static void
test_half_frame (Rig *rig)
{
  static const guint cuts[] = { 1, 8, 9, 10, 45 };
  g_autoptr (ShareViewer) viewer = migration_viewer_new (rig, SPICE_SHARE_COMPRESSION_NEVER);

  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++)
    {
      g_auto (Destination) dest = destination_new (rig);
      g_autofree char *name = g_strdup_printf ("half-%u", i);
      g_autofree char *head = g_strdup_printf ("PUT /%s HTTP/1.1\r\nHost: localhost\r\n"
                                               "Content-Length: 5\r\n\r\nhello",
                                               name);
      g_autoptr (GByteArray) frame = g_byte_array_new ();
      g_autoptr (RigExchange) put = rig_peer_await (rig->peer, 7 + i);
      gint64 id = GINT64_TO_LE (7 + i);
      guint16 size = GUINT16_TO_LE (strlen (head));
      guint64 written, in;

      g_byte_array_append (frame, (const guint8 *)&id, sizeof id);
      g_byte_array_append (frame, (const guint8 *)&size, sizeof size);
      g_byte_array_append (frame, (const guint8 *)head, strlen (head));
      rig_peer_write_raw (rig->peer, frame->data, cuts[i]);
      rig_wait_until ((g_object_get (viewer->viewer->webdav, "bytes-in", &in, NULL),
                       written = rig_peer_get_bytes_written (rig->peer), in == written),
                      MIGRATION_SECONDS);
      migration_announce (rig, &dest, TRUE);
      migration_move (rig, &dest, "migrate");
      rig_peer_write_raw (rig->peer, frame->data + cuts[i], frame->len - cuts[i]);
      rig_exchange_wait (put);
      rig_assert_status (put, 201);
      share_test_assert_file (rig, name, "hello", 5);
    }
  migration_assert_undisturbed (viewer);
}

/* What the guest has not taken yet moves from the one server to the other. */
static void
test_unread (Rig *rig)
{
  const gsize size = 4 * RIG_CONTENT_BLOCK;
  g_autofree char *sum = content_sum (RIG_CONTENT_RANDOM, size);
  g_auto (Destination) dest = destination_new (rig);
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) down = NULL;
  guint64 out, read;

  rig_make_file (rig, "down", RIG_CONTENT_RANDOM, size);
  viewer = migration_viewer_new (rig, SPICE_SHARE_COMPRESSION_NEVER);
  down = migration_start_download (rig, 1, "/down");
  rig_wait_until (rig_peer_get_bytes_read (rig->peer) > 0, MIGRATION_SECONDS);
  rig_peer_set_reading (rig->peer, FALSE);
  rig_wait_until ((g_object_get (viewer->viewer->webdav, "bytes-out", &out, NULL), out > size),
                  MIGRATION_SECONDS);
  migration_announce (rig, &dest, TRUE);
  migration_move (rig, &dest, "migrate");
  read = rig_peer_get_bytes_read (rig->peer);
  g_assert_cmpuint (read, <, size);
  rig_peer_set_reading (rig->peer, TRUE);
  assert_downloaded (down, sum);
  migration_assert_undisturbed (viewer);
}

/* The host's disk is slower than the guest uploads, so that much waits on the way to the viewer
 * when the machine moves: the source waits 10 s for the viewer to have taken it. */
static void
test_slow_disk (Rig *rig)
{
  g_autofree char *program = rig_program ("test-viewer");
  const char *const argv[] = { program,  "--all-channels", "--compression", "never",  "--sink-rate",
                               "300000", "--share",        rig->share,      rig->uri, NULL };
  const char *const environ[] = { "G_DEBUG=", NULL };
  g_auto (Destination) dest = destination_new (rig);
  g_autoptr (RigChild) viewer = rig_child_new (argv, environ);
  g_autoptr (RigExchange) up = NULL;
  guint64 written;

  rig_child_wait (viewer, "sharing-started", 1, MIGRATION_SECONDS);
  rig_child_wait (viewer, "open", 1, MIGRATION_SECONDS);
  up = rig_peer_start_upload (rig->peer, 1, "/up", NULL, RIG_CONTENT_RANDOM, FILE_SIZE);
  /* The viewer lets the guest write no more. */
  migration_wait_still (count_written, rig);
  migration_announce (rig, &dest, TRUE);
  migration_move (rig, &dest, "migrate");
  written = rig_peer_get_bytes_written (rig->peer);
  rig_wait_until (rig_peer_get_bytes_written (rig->peer) > written, MIGRATION_SECONDS);
  g_assert_false (rig_exchange_is_over (up));
  g_assert_cmpuint (rig_child_count (viewer, "closed"), ==, 0);
}

/* To and fro, with a request at every stop: nothing is left behind each time. */
static void
test_to_and_fro (Rig *rig)
{
  g_autoptr (ShareViewer) viewer = NULL;
  ProcessCounters first, now;

  rig_make_file (rig, "down", RIG_CONTENT_RANDOM, RIG_CONTENT_BLOCK);
  viewer = migration_viewer_new (rig, SPICE_SHARE_COMPRESSION_ALWAYS);
  for (guint i = 0; i < 16; i++)
    {
      g_auto (Destination) dest = destination_new (rig);

      migration_announce (rig, &dest, TRUE);
      migration_move (rig, &dest, "migrate");
      share_test_get (rig, 100 + i, "/down", rig_content_get (RIG_CONTENT_RANDOM),
                      RIG_CONTENT_BLOCK);
      rig_peer_close_client (rig->peer, 100 + i);
      if (i == 7)
        process_counters_read (&first, getpid ());
    }
  /* The file of the last request is closed by another thread. */
  rig_wait_until ((process_counters_read (&now, getpid ()), now.fds <= first.fds),
                  MIGRATION_SECONDS);
  g_test_message ("memory %" G_GUINT64_FORMAT " then %" G_GUINT64_FORMAT
                  " KiB, descriptors %u then %u, threads %u then %u",
                  first.rss_kib, now.rss_kib, first.fds, now.fds, first.threads, now.threads);
  g_assert_cmpuint (now.rss_kib, <, first.rss_kib + GROWTH_KIB);
  /* Those of the share stay, and not all have been needed before. */
  g_assert_cmpuint (now.threads, <=, first.threads + FILE_POOL_THREADS);
  migration_assert_undisturbed (viewer);
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  /* The destination introduces its port, which spice-gtk knows from the source. */
  rig_test_allow_warning ("port_handle_init: assertion 'c->name == NULL' failed");
  rig_test_add ("/migration/seamless", RIG_TCP, 90, test_seamless);
  rig_test_add ("/migration/seamless-compressed", RIG_TCP, 90, test_seamless_compressed);
  /* bio_gio_write() of a full TLS socket, where it only has to wait (test-connect.c). */
  rig_test_allow_warning (g_strerror (EAGAIN));
  rig_test_add ("/migration/seamless-tls", RIG_TLS, 90, test_seamless);
  /* spice-gtk writes what is queued after a channel has left its session, with the stock channel,
   * too. */
  rig_test_allow_warning ("spice_session_get_read_only: assertion 'SPICE_IS_SESSION(self)' failed");
  rig_test_add ("/migration/half-frame", RIG_TCP, 60, test_half_frame);
  rig_test_add ("/migration/unread", RIG_TCP, 60, test_unread);
  rig_test_add ("/migration/slow-disk", RIG_TCP, 90, test_slow_disk);
  rig_test_add ("/migration/to-and-fro", RIG_TCP, 90, test_to_and_fro);
  return rig_test_run ();
}
