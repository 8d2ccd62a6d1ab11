/* The virtual machine moves to another host while its guest reads and writes the share.
 *
 * Each host is a spice-rig of its own; what moves between them is the guest's end of the port.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "process-counters.h"
#include "share-test.h"

#include <string.h>
#include <unistd.h>

#define EVENT_SECONDS 30

/* A guest is idle that got no more than this in CALM_US: what the channel sends during a migration
 * (send-pace.h), in trains of 128 KiB at most. */
#define CALM_US 500000
#define CALM_BYTES (4 * 128 * 1024)

/* One file of a transfer under way while the machine moves. */
#define FILE_SIZE (48 * RIG_CONTENT_BLOCK)

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
  Destination self = { .incoming = g_build_filename (rig->dir, name, NULL) };
  const char *const argv[] = { program, "--tcp", "0", "--incoming", self.incoming, NULL };
  const char *const environ[] = { "G_DEBUG=", NULL };

  self.server = rig_child_new (argv, environ);
  rig_child_wait (self.server, "ready", 1, 10);
  self.port = g_strdup (rig_child_wait (self.server, "port ", 1, 1));
  return self;
}

/* As `client_migrate_info`: the viewer connects to the other host, too. */
static void
announce (Rig *rig, Destination *dest, gboolean seamless)
{
  g_autofree char *command
      = g_strdup_printf ("migrate-connect%s %s", seamless ? "-seamless" : "", dest->port);

  rig_child_send (rig->server, command);
  rig_child_wait (rig->server, "migrate-connected", 1, EVENT_SECONDS);
}

/* The machine has run on while it was copied: its guest has taken what was on its way. */
static void
wait_calm (Rig *rig)
{
  guint64 before = rig_peer_get_bytes_read (rig->peer);
  gint64 since = g_get_monotonic_time ();

  rig_wait_until (({
                    guint64 now = rig_peer_get_bytes_read (rig->peer);

                    if (now - before > CALM_BYTES)
                      {
                        before = now;
                        since = g_get_monotonic_time ();
                      }
                    g_get_monotonic_time () - since > CALM_US;
                  }),
                  EVENT_SECONDS);
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
  ViewerSetup setup = { .all_channels = TRUE };
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
  for (guint i = 0; i < 5; i++)
    {
      guint64 moment = g_test_rand_int_range (1, FILE_SIZE / 4);
      guint64 read = rig_peer_get_bytes_read (rig->peer);
      g_auto (Destination) dest = destination_new (rig);
      g_autoptr (RigExchange) down = start_download (rig, 10 * i + 1, "/down");
      g_autoptr (RigExchange) down2 = start_download (rig, 10 * i + 2, "/down");
      g_autoptr (RigExchange) up = NULL, up2 = NULL;
      guint64 written;

      rig_wait_until (rig_peer_get_bytes_read (rig->peer) - read > moment, EVENT_SECONDS);
      announce (rig, &dest, TRUE);
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

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  /* The destination introduces its port, which spice-gtk knows from the source. */
  rig_test_allow_warning ("port_handle_init: assertion 'c->name == NULL' failed");
  rig_test_add ("/migration/seamless", RIG_TCP, 90, test_seamless);
  rig_test_add ("/migration/seamless-compressed", RIG_TCP, 90, test_seamless_compressed);
  return rig_test_run ();
}
