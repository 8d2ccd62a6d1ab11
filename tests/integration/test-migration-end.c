/* The virtual machine moves to another host in ways that end what is under way: cleanly, and the
 * share goes on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "migration-rig.h"
#include "transport/channel-migration.h"

static guint64
count_sent (gpointer channel)
{
  guint64 bytes;

  g_object_get (channel, "wire-bytes-out", &bytes, NULL);
  return bytes;
}

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
  rig_wait_until (share_test_has_files (rig->share, n_files), MIGRATION_SECONDS);
}

/* A viewer, of which the guest makes a download that it hardly reads, and an upload that has said
 * how much more will come.
 *
 * @down, @up: (out) (transfer full)
 *
 * Returns: (transfer full) */
static ShareViewer *
start_both (Rig *rig, SpiceShareCompression compression, RigExchange **down, RigExchange **up)
{
  guint64 written = rig_peer_get_bytes_written (rig->peer);
  ShareViewer *viewer;

  rig_write_file (rig, "old", "old", 3);
  rig_make_file (rig, "down", RIG_CONTENT_RANDOM, G_GUINT64_CONSTANT (1) << 33);
  viewer = migration_viewer_new (rig, compression);
  *down = migration_start_download (rig, 1, "/down");
  *up = rig_peer_start (rig->peer, 2, "PUT", "/up", "Content-Length: 100000000\r\n", NULL, 0);
  rig_peer_write (rig->peer, 2, rig_content_get (RIG_CONTENT_RANDOM), RIG_CONTENT_BLOCK);
  rig_wait_until (rig_peer_get_bytes_read (rig->peer) > RIG_CONTENT_BLOCK
                      && rig_peer_get_bytes_written (rig->peer) - written > RIG_CONTENT_BLOCK,
                  MIGRATION_SECONDS);
  return viewer;
}

/* Semi-seamless: the viewer notices nothing, the guest sees its port close and open. */
static void
test_semi_seamless (Rig *rig)
{
  g_auto (Destination) dest = destination_new (rig);
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) down = NULL, up = NULL;

  viewer = start_both (rig, SPICE_SHARE_COMPRESSION_AUTO, &down, &up);
  migration_announce (rig, &dest, FALSE);
  migration_wait_calm (rig);
  migration_move (rig, &dest, "migrate");
  rig_child_wait (rig->server, "client 0", 1, MIGRATION_SECONDS);
  rig_child_wait (rig->server, "client 1", 2, MIGRATION_SECONDS);
  restart_daemon (rig, down, up, 3);
  assert_works (rig, 3, 2);
  migration_assert_undisturbed (viewer);
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

  viewer = start_both (rig, SPICE_SHARE_COMPRESSION_AUTO, &down, &up);
  migration_move (rig, &dest, command);
  rig_wait_until (share_viewer_count (viewer, started) == 2, MIGRATION_SECONDS);
  share_viewer_wait_sharing (viewer);
  restart_daemon (rig, down, up, 3);
  assert_works (rig, 3, 2);
  g_assert_cmpuint (viewer->events->len, ==, G_N_ELEMENTS (events));
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    g_assert_cmpstr (viewer->events->pdata[i], ==, events[i]);
}

static void
write_block (Rig *rig, RigExchange *up)
{
  rig_peer_write (rig->peer, up->id, rig_content_get (RIG_CONTENT_RANDOM), RIG_CONTENT_BLOCK);
}

/* Whether the viewer closed the port for the @n-th time; until then there is always more to come.
 */
static gboolean
has_closed (Rig *rig, RigExchange *up, guint n)
{
  if (rig_peer_get_queued (rig->peer) == 0)
    write_block (rig, up);
  return rig_child_count (rig->server, "client 0") == n;
}

/* An upload goes on of which the viewer does not know the beginning: for the @n-th time it closes
 * the port and opens it. */
static void
go_on (Rig *rig, RigExchange *up, guint n)
{
  rig_wait_until (has_closed (rig, up, n), MIGRATION_SECONDS);
  rig_child_wait (rig->server, "client 1", n + 1, MIGRATION_SECONDS);
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

  viewer = start_both (rig, SPICE_SHARE_COMPRESSION_AUTO, &down, &up);
  migration_move (rig, &dest, command);
  for (guint i = 1; i <= 2; i++)
    go_on (rig, up, i);
  share_viewer_wait_sharing (viewer);
  restart_daemon (rig, down, up, 3);
  assert_works (rig, 3, 2);
  g_assert_cmpuint (share_viewer_count (viewer, "ready"), ==, 2);
  g_assert_cmpuint (share_viewer_count (viewer, "sharing-stopped"), ==, 1);
  g_assert_cmpuint (share_viewer_count (viewer, "share-error"), ==, 0);
}

static gboolean
has_read (ShareViewer *viewer, guint64 bytes)
{
  guint64 in;

  g_object_get (viewer->viewer->webdav, "bytes-in", &in, NULL);
  return in >= bytes;
}

/* What somebody before had left in the device, much of it, and then a request. */
static void
test_left_over (Rig *rig)
{
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) up = NULL;

  rig_write_file (rig, "old", "old", 3);
  viewer = migration_viewer_new (rig, SPICE_SHARE_COMPRESSION_AUTO);
  up = rig_peer_await (rig->peer, 2);
  write_block (rig, up);
  rig_wait_until (has_read (viewer, RIG_CONTENT_BLOCK), MIGRATION_SECONDS);
  share_test_get (rig, 3, "/old", "old", 3);
  g_assert_cmpuint (rig_child_count (rig->server, "client 0"), ==, 0);
}

/* The rest of an upload, so fast that nothing of it comes later. */
static void
test_daemon_goes_on_fast (Rig *rig)
{
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) up = NULL;

  viewer = migration_viewer_new (rig, SPICE_SHARE_COMPRESSION_AUTO);
  up = rig_peer_await (rig->peer, 2);
  for (guint i = 0; i < 64; i++)
    write_block (rig, up);
  rig_child_wait (rig->server, "client 0", 1, MIGRATION_SECONDS);
  rig_child_wait (rig->server, "client 1", 2, MIGRATION_SECONDS);
  share_viewer_wait_sharing (viewer);
  g_assert_cmpuint (share_viewer_count (viewer, "sharing-stopped"), ==, 0);
}

/* A guest whose daemon never notices does not have the channel connect for ever; a request that
 * comes nevertheless is answered. */
static void
test_daemon_never_stops (Rig *rig)
{
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) up = NULL;
  guint64 before;

  rig_write_file (rig, "old", "old", 3);
  viewer = migration_viewer_new (rig, SPICE_SHARE_COMPRESSION_AUTO);
  up = rig_peer_await (rig->peer, 2);
  for (guint i = 1; i <= CHANNEL_MIGRATION_GOES_ON_MAX; i++)
    go_on (rig, up, i);
  share_viewer_wait_sharing (viewer);
  g_object_get (viewer->viewer->webdav, "bytes-in", &before, NULL);
  write_block (rig, up);
  rig_wait_until (has_read (viewer, before + RIG_CONTENT_BLOCK), MIGRATION_SECONDS);
  share_test_get (rig, 3, "/old", "old", 3);
  g_assert_cmpuint (rig_child_count (rig->server, "client 0"), ==, CHANNEL_MIGRATION_GOES_ON_MAX);
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

  viewer = start_both (rig, SPICE_SHARE_COMPRESSION_NEVER, &down, &up);
  rig_peer_set_reading (rig->peer, FALSE);
  migration_wait_still (count_sent, viewer->viewer->webdav);
  migration_announce (rig, &dest, TRUE);
  rig_child_send (rig->server, command);
  rig_wait_until (share_viewer_count (viewer, "share-error") == 1, MIGRATION_SECONDS);
  /* The guest is told, by its port. */
  rig_child_wait (dest.server, "client 0", 1, MIGRATION_SECONDS);
  g_object_get (viewer->viewer->webdav, "ready", &ready, "sharing", &sharing, NULL);
  g_assert_false (ready);
  g_assert_false (sharing);
  g_assert_cmpuint (share_viewer_count (viewer, "sharing-stopped"), ==, 1);
  rig_wait_until (share_test_has_files (rig->share, 2), MIGRATION_SECONDS);
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  /* The destination introduces its port, which spice-gtk knows from the source. */
  rig_test_allow_warning ("port_handle_init: assertion 'c->name == NULL' failed");
  /* spice-gtk writes what is queued after a channel has left its session, with the stock channel,
   * too. */
  rig_test_allow_warning ("spice_session_get_read_only: assertion 'SPICE_IS_SESSION(self)' failed");
  /* What it says when the source gives up. */
  rig_test_allow_warning ("expected SPICE_MSG_MIGRATE_DATA, got empty message");
  rig_test_add ("/migration-end/semi-seamless", RIG_TCP, 60, test_semi_seamless);
  rig_test_add ("/migration-end/switch-host", RIG_TCP, 60, test_switch_host);
  rig_test_add ("/migration-end/daemon-goes-on", RIG_TCP, 60, test_daemon_goes_on);
  rig_test_add ("/migration-end/daemon-goes-on-fast", RIG_TCP, 60, test_daemon_goes_on_fast);
  rig_test_add ("/migration-end/left-over", RIG_TCP, 60, test_left_over);
  rig_test_add ("/migration-end/daemon-never-stops", RIG_TCP, 60, test_daemon_never_stops);
  rig_test_add ("/migration-end/stuck-guest", RIG_TCP, 60, test_stuck_guest);
  return rig_test_run ();
}
