/* The virtual machine moves to another host while its guest reads and writes the share.
 *
 * Each host is a spice-rig of its own; what moves between them is the guest's end of the port.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "process-counters.h"
#include "share/file-pool.h"
#include "share-test.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define EVENT_SECONDS 30

/* A guest is idle that got no more than this in CALM_US: what the channel sends during a migration
 * (send-pace.h), in trains of 128 KiB at most. */
#define CALM_US 500000
#define CALM_BYTES (4 * 128 * 1024)

/* What the process may gain in eight migrations, in KiB. */
#define GROWTH_KIB (4096 + PATIENCE_KIB)

/* One file of a transfer under way while the machine moves. */
#define FILE_SIZE (48 * RIG_CONTENT_BLOCK)

/* Of the certificate that all hosts share (RIG_TLS). */
#define CERTIFICATE_SUBJECT "CN=localhost"

/* ---- hosts ---- */

/* Where the machine will be: another host, where it does not run yet. */
typedef struct
{
  RigChild *server;
  char *incoming; /* where the guest comes in */
  char *port;
} Destination;

static void
destination_clear (Destination *self)
{
  g_clear_pointer (&self->server, rig_child_free);
  g_free (self->incoming);
  g_free (self->port);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Destination, destination_clear)

static Destination
destination_new (Rig *rig)
{
  static guint n;
  g_autofree char *program = rig_program ("spice-rig/spice-rig");
  g_autofree char *name = g_strdup_printf ("incoming-%u.sock", n++);
  g_autofree char *key_file = g_build_filename (rig->dir, "server.key", NULL);
  Destination self = { .incoming = g_build_filename (rig->dir, name, NULL) };
  const char *const argv[] = { program, "--incoming", self.incoming, "--tcp", "0", NULL };
  const char *const tls_argv[]
      = { program,     "--incoming", self.incoming, "--tls-cert", rig->ca_file,
          "--tls-key", key_file,     "--ticket",    RIG_TICKET,   NULL };
  const char *const environ[] = { "G_DEBUG=", NULL };
  gboolean tls = rig->ca_file != NULL;

  self.server = rig_child_new (tls ? tls_argv : argv, environ);
  rig_child_wait (self.server, "ready", 1, 10);
  self.port = g_strdup (rig_child_wait (self.server, tls ? "tls-port " : "port ", 1, 1));
  return self;
}

/* As `client_migrate_info`: the viewer connects to the other host, too. */
static void
announce (Rig *rig, Destination *dest, gboolean seamless)
{
  g_autofree char *command
      = g_strdup_printf ("migrate-connect%s %s%s", seamless ? "-seamless" : "", dest->port,
                         rig->ca_file != NULL ? " " CERTIFICATE_SUBJECT : "");

  rig_child_send (rig->server, command);
  rig_child_wait (rig->server, "migrate-connected", 1, EVENT_SECONDS);
}

/* Waits until a counter hardly moves any more. */
static void
wait_still (guint64 (*count) (gpointer data), gpointer data)
{
  guint64 before = count (data);
  gint64 since = g_get_monotonic_time ();

  rig_wait_until (({
                    guint64 now = count (data);

                    if (now - before > CALM_BYTES)
                      {
                        before = now;
                        since = g_get_monotonic_time ();
                      }
                    g_get_monotonic_time () - since > CALM_US;
                  }),
                  EVENT_SECONDS);
}

static guint64
count_read (gpointer rig)
{
  return rig_peer_get_bytes_read (((Rig *)rig)->peer);
}

static guint64
count_written (gpointer rig)
{
  return rig_peer_get_bytes_written (((Rig *)rig)->peer);
}

static guint64
count_sent (gpointer channel)
{
  guint64 bytes;

  g_object_get (channel, "wire-bytes-out", &bytes, NULL);
  return bytes;
}

/* The machine has run on while it was copied: its guest has taken what was on its way. */
static void
wait_calm (Rig *rig)
{
  wait_still (count_read, rig);
}

/* The machine stops here and runs there; the rig's server is the other one from now on. */
static void
move (Rig *rig, Destination *dest, const char *command)
{
  g_autofree char *line = g_strdup_printf ("%s %s", command, dest->incoming);

  rig_child_send (rig->server, line);
  rig_child_wait (dest->server, "migrated-in", 1, EVENT_SECONDS);
  if (g_str_equal (command, "migrate"))
    rig_child_wait (rig->server, "migrate-ended", 1, EVENT_SECONDS);
  rig_child_wait (rig->server, "client 0", 1, EVENT_SECONDS);
  rig_child_free (rig->server);
  rig->server = g_steal_pointer (&dest->server);
  rig_child_wait (rig->server, "client 1", 1, EVENT_SECONDS);
}

static ShareViewer *
viewer_new_sharing (Rig *rig, SpiceShareCompression compression)
{
  ViewerSetup setup = { .all_channels = TRUE, .ca_file = rig->ca_file, .password = rig->password };
  ShareViewer *viewer = share_viewer_new (rig->uri, &setup, rig->share, 0, compression);

  share_viewer_wait_sharing (viewer);
  return viewer;
}

/* Nothing has happened, as far as anybody can see. */
static void
assert_undisturbed (ShareViewer *viewer)
{
  gboolean ready, sharing;

  g_object_get (viewer->viewer->webdav, "ready", &ready, "sharing", &sharing, NULL);
  g_assert_true (ready);
  g_assert_true (sharing);
  g_assert_cmpuint (viewer->events->len, ==, 2);
  g_assert_cmpuint (viewer->viewer->n_closed, ==, 0);
}

/* ---- transfers ---- */

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

static RigExchange *
start_download (Rig *rig, gint64 id, const char *path)
{
  RigExchange *exchange = rig_peer_start_download (rig->peer, id, path);

  exchange->reader->checksum = g_checksum_new (G_CHECKSUM_SHA256);
  return exchange;
}

static void
assert_downloaded (RigExchange *exchange, const char *wanted)
{
  rig_exchange_wait (exchange);
  rig_assert_status (exchange, 200);
  g_assert_cmpstr (g_checksum_get_string (exchange->reader->checksum), ==, wanted);
}

/* ---- seamless ---- */

/* Two downloads and two uploads at once, and the machine moves in the middle, at another moment
 * each time. The uploads begin late: nothing slows them down while the machine is copied. */
static void
seamless (Rig *rig, RigContent content, SpiceShareCompression compression)
{
  g_autofree char *sum = content_sum (content, FILE_SIZE);
  g_autoptr (ShareViewer) viewer = NULL;

  rig_make_file (rig, "down", content, FILE_SIZE);
  viewer = viewer_new_sharing (rig, compression);
  for (guint i = 0; i < 3; i++)
    {
      guint64 moment = g_test_rand_int_range (1, FILE_SIZE / 4);
      guint64 read = rig_peer_get_bytes_read (rig->peer);
      g_auto (Destination) dest = destination_new (rig);
      g_autoptr (RigExchange) down = start_download (rig, 10 * i + 1, "/down");
      g_autoptr (RigExchange) down2 = start_download (rig, 10 * i + 2, "/down");
      g_autoptr (RigExchange) up = NULL, up2 = NULL;
      guint64 written;

      rig_wait_until (rig_peer_get_bytes_read (rig->peer) - read > moment, EVENT_SECONDS);
      /* Or a fast machine has all of it before the other host is there. */
      rig_peer_set_reading (rig->peer, FALSE);
      announce (rig, &dest, TRUE);
      rig_peer_set_reading (rig->peer, TRUE);
      wait_calm (rig);
      written = rig_peer_get_bytes_written (rig->peer);
      up = rig_peer_start_upload (rig->peer, 10 * i + 3, "/up", NULL, content, FILE_SIZE);
      up2 = rig_peer_start_upload (rig->peer, 10 * i + 4, "/up2", NULL, content, FILE_SIZE);
      rig_wait_until (rig_peer_get_bytes_written (rig->peer) - written > moment, EVENT_SECONDS);
      g_test_message ("it moves when %" G_GUINT64_FORMAT " bytes are down and %" G_GUINT64_FORMAT
                      " up",
                      down->reader->body_bytes, rig_peer_get_bytes_written (rig->peer) - written);
      g_assert_false (rig_exchange_is_over (down));
      g_assert_cmpuint (rig_peer_get_bytes_written (rig->peer) - written, <, FILE_SIZE);
      move (rig, &dest, "migrate");

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
  assert_undisturbed (viewer);
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
  g_autoptr (ShareViewer) viewer = viewer_new_sharing (rig, SPICE_SHARE_COMPRESSION_NEVER);

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
                      EVENT_SECONDS);
      announce (rig, &dest, TRUE);
      move (rig, &dest, "migrate");
      rig_peer_write_raw (rig->peer, frame->data + cuts[i], frame->len - cuts[i]);
      rig_exchange_wait (put);
      rig_assert_status (put, 201);
      share_test_assert_file (rig, name, "hello", 5);
    }
  assert_undisturbed (viewer);
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
  viewer = viewer_new_sharing (rig, SPICE_SHARE_COMPRESSION_NEVER);
  down = start_download (rig, 1, "/down");
  rig_wait_until (rig_peer_get_bytes_read (rig->peer) > 0, EVENT_SECONDS);
  rig_peer_set_reading (rig->peer, FALSE);
  rig_wait_until ((g_object_get (viewer->viewer->webdav, "bytes-out", &out, NULL), out > size),
                  EVENT_SECONDS);
  announce (rig, &dest, TRUE);
  move (rig, &dest, "migrate");
  read = rig_peer_get_bytes_read (rig->peer);
  g_assert_cmpuint (read, <, size);
  rig_peer_set_reading (rig->peer, TRUE);
  assert_downloaded (down, sum);
  assert_undisturbed (viewer);
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

  rig_child_wait (viewer, "sharing-started", 1, EVENT_SECONDS);
  rig_child_wait (viewer, "open", 1, EVENT_SECONDS);
  up = rig_peer_start_upload (rig->peer, 1, "/up", NULL, RIG_CONTENT_RANDOM, FILE_SIZE);
  /* The viewer lets the guest write no more. */
  wait_still (count_written, rig);
  announce (rig, &dest, TRUE);
  move (rig, &dest, "migrate");
  written = rig_peer_get_bytes_written (rig->peer);
  rig_wait_until (rig_peer_get_bytes_written (rig->peer) > written, EVENT_SECONDS);
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
  viewer = viewer_new_sharing (rig, SPICE_SHARE_COMPRESSION_ALWAYS);
  for (guint i = 0; i < 16; i++)
    {
      g_auto (Destination) dest = destination_new (rig);

      announce (rig, &dest, TRUE);
      move (rig, &dest, "migrate");
      share_test_get (rig, 100 + i, "/down", rig_content_get (RIG_CONTENT_RANDOM),
                      RIG_CONTENT_BLOCK);
      rig_peer_close_client (rig->peer, 100 + i);
      if (i == 7)
        process_counters_read (&first, getpid ());
    }
  /* The file of the last request is closed by another thread. */
  rig_wait_until ((process_counters_read (&now, getpid ()), now.fds <= first.fds), EVENT_SECONDS);
  g_test_message ("memory %" G_GUINT64_FORMAT " then %" G_GUINT64_FORMAT
                  " KiB, descriptors %u then %u, threads %u then %u",
                  first.rss_kib, now.rss_kib, first.fds, now.fds, first.threads, now.threads);
  g_assert_cmpuint (now.rss_kib, <, first.rss_kib + GROWTH_KIB);
  /* Those of the share stay, and not all have been needed before. */
  g_assert_cmpuint (now.threads, <=, first.threads + FILE_POOL_THREADS);
  assert_undisturbed (viewer);
}

/* ---- what ends transfers ---- */

/* The guest's port was closed and opened: the daemon drops all connections, and what it had of a
 * frame. The next client is @next. */
static void
restart_daemon (Rig *rig, RigExchange *down, RigExchange *up, gint64 next)
{
  g_assert_false (rig_exchange_is_over (down));
  rig_peer_forget_client (rig->peer, down->id);
  rig_peer_forget_client (rig->peer, up->id);
  rig_peer_resync (rig->peer, next);
}

/* The next requests, and what is left of those that were cut off. */
static void
assert_works (Rig *rig, gint64 id, guint n_files)
{
  share_test_get (rig, id, "/old", "old", 3);
  share_test_request (rig, id, "GET", "/up", 404);
  rig_wait_until (share_test_has_files (rig->share, n_files), EVENT_SECONDS);
}

/* A download that the guest hardly reads, and an upload that has said how much more will come. */
static void
start_both (Rig *rig, RigExchange **down, RigExchange **up)
{
  guint64 written = rig_peer_get_bytes_written (rig->peer);

  *down = start_download (rig, 1, "/down");
  *up = rig_peer_start (rig->peer, 2, "PUT", "/up", "Content-Length: 100000000\r\n", NULL, 0);
  rig_peer_write (rig->peer, 2, rig_content_get (RIG_CONTENT_RANDOM), RIG_CONTENT_BLOCK);
  rig_wait_until (rig_peer_get_bytes_read (rig->peer) > RIG_CONTENT_BLOCK
                      && rig_peer_get_bytes_written (rig->peer) - written > RIG_CONTENT_BLOCK,
                  EVENT_SECONDS);
}

/* Semi-seamless: the viewer notices nothing, the guest sees its port close and open. */
static void
test_semi_seamless (Rig *rig)
{
  g_auto (Destination) dest = destination_new (rig);
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) down = NULL, up = NULL;

  rig_write_file (rig, "old", "old", 3);
  rig_make_file (rig, "down", RIG_CONTENT_RANDOM, G_GUINT64_CONSTANT (1) << 33);
  viewer = viewer_new_sharing (rig, SPICE_SHARE_COMPRESSION_AUTO);
  start_both (rig, &down, &up);
  announce (rig, &dest, FALSE);
  wait_calm (rig);
  move (rig, &dest, "migrate");
  rig_child_wait (rig->server, "client 0", 1, EVENT_SECONDS);
  rig_child_wait (rig->server, "client 1", 2, EVENT_SECONDS);
  restart_daemon (rig, down, up, 3);
  assert_works (rig, 3, 2);
  assert_undisturbed (viewer);
}

/* Switch-host: the session connects to the other host, as if it were new. */
static void
test_switch_host (Rig *rig)
{
  g_auto (Destination) dest = destination_new (rig);
  g_autofree char *started = g_strdup_printf ("sharing-started %s 0", rig->share);
  g_autofree char *command = g_strdup_printf ("migrate-switch %s", dest.port);
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) down = NULL, up = NULL;
  const char *const events[] = { "ready", started, "sharing-stopped", "ready", started };

  rig_write_file (rig, "old", "old", 3);
  rig_make_file (rig, "down", RIG_CONTENT_RANDOM, G_GUINT64_CONSTANT (1) << 33);
  viewer = viewer_new_sharing (rig, SPICE_SHARE_COMPRESSION_AUTO);
  start_both (rig, &down, &up);
  move (rig, &dest, command);
  rig_wait_until (share_viewer_count (viewer, started) == 2, EVENT_SECONDS);
  share_viewer_wait_sharing (viewer);
  restart_daemon (rig, down, up, 3);
  assert_works (rig, 3, 2);
  g_assert_cmpuint (viewer->events->len, ==, G_N_ELEMENTS (events));
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    g_assert_cmpstr (viewer->events->pdata[i], ==, events[i]);
}

/* The same, and the guest's daemon has not seen that its port was closed: it goes on with an upload
 * of which the viewer does not know the beginning any more. */
static void
test_daemon_goes_on (Rig *rig)
{
  g_auto (Destination) dest = destination_new (rig);
  g_autofree char *command = g_strdup_printf ("migrate-switch %s", dest.port);
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) down = NULL, up = NULL;

  rig_write_file (rig, "old", "old", 3);
  rig_make_file (rig, "down", RIG_CONTENT_RANDOM, G_GUINT64_CONSTANT (1) << 33);
  viewer = viewer_new_sharing (rig, SPICE_SHARE_COMPRESSION_AUTO);
  start_both (rig, &down, &up);
  move (rig, &dest, command);
  for (guint i = 0; i < 2; i++)
    {
      rig_peer_write (rig->peer, up->id, rig_content_get (RIG_CONTENT_RANDOM), RIG_CONTENT_BLOCK);
      /* Closed, and open again. */
      rig_child_wait (rig->server, "client 0", i + 1, EVENT_SECONDS);
      rig_child_wait (rig->server, "client 1", i + 2, EVENT_SECONDS);
    }
  share_viewer_wait_sharing (viewer);
  restart_daemon (rig, down, up, 3);
  assert_works (rig, 3, 2);
  g_assert_cmpuint (share_viewer_count (viewer, "ready"), ==, 2);
  g_assert_cmpuint (share_viewer_count (viewer, "sharing-stopped"), ==, 1);
  g_assert_cmpuint (share_viewer_count (viewer, "share-error"), ==, 0);
}

/* A guest that takes nothing while it moves seamlessly, with more on its way than spice-server
 * takes in: the source gives up after 10 s, and all that can be had is a clean end. */
static void
test_stuck_guest (Rig *rig)
{
  g_auto (Destination) dest = destination_new (rig);
  g_autofree char *command = g_strdup_printf ("migrate %s", dest.incoming);
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) down = NULL, up = NULL;
  gboolean ready, sharing;

  rig_write_file (rig, "old", "old", 3);
  rig_make_file (rig, "down", RIG_CONTENT_RANDOM, G_GUINT64_CONSTANT (1) << 33);
  viewer = viewer_new_sharing (rig, SPICE_SHARE_COMPRESSION_NEVER);
  start_both (rig, &down, &up);
  rig_peer_set_reading (rig->peer, FALSE);
  wait_still (count_sent, viewer->viewer->webdav);
  announce (rig, &dest, TRUE);
  rig_child_send (rig->server, command);
  rig_wait_until (share_viewer_count (viewer, "share-error") == 1, EVENT_SECONDS);
  /* The guest is told, by its port. */
  rig_child_wait (dest.server, "client 0", 1, EVENT_SECONDS);
  g_object_get (viewer->viewer->webdav, "ready", &ready, "sharing", &sharing, NULL);
  g_assert_false (ready);
  g_assert_false (sharing);
  g_assert_cmpuint (share_viewer_count (viewer, "sharing-stopped"), ==, 1);
  rig_wait_until (share_test_has_files (rig->share, 2), EVENT_SECONDS);
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
  /* What it says when the source gives up. */
  rig_test_allow_warning ("expected SPICE_MSG_MIGRATE_DATA, got empty message");
  rig_test_add ("/migration/half-frame", RIG_TCP, 60, test_half_frame);
  rig_test_add ("/migration/unread", RIG_TCP, 60, test_unread);
  rig_test_add ("/migration/slow-disk", RIG_TCP, 90, test_slow_disk);
  rig_test_add ("/migration/to-and-fro", RIG_TCP, 90, test_to_and_fro);
  rig_test_add ("/migration/semi-seamless", RIG_TCP, 60, test_semi_seamless);
  rig_test_add ("/migration/switch-host", RIG_TCP, 60, test_switch_host);
  rig_test_add ("/migration/daemon-goes-on", RIG_TCP, 60, test_daemon_goes_on);
  rig_test_add ("/migration/stuck-guest", RIG_TCP, 60, test_stuck_guest);
  return rig_test_run ();
}
