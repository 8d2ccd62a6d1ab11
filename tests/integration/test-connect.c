/* The life of the channel: the ways to connect, what it says and in which order, coming and going.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-test.h"

#include "relay.h"
#include "share/share.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define EVENT_SECONDS 30

static const char put_head[]
    = "PUT /old.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n";

static void
test_get_put (Rig *rig)
{
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) put = NULL;
  g_autoptr (RigExchange) upload = NULL;
  g_autoptr (RigExchange) list = NULL;

  rig_make_file (rig, "down.bin", RIG_CONTENT_RANDOM, RIG_CONTENT_BLOCK);
  viewer = share_test_viewer (rig, SPICE_SHARE_COMPRESSION_AUTO);
  share_test_get (rig, 1, "/down.bin", rig_content_get (RIG_CONTENT_RANDOM), RIG_CONTENT_BLOCK);
  put = rig_peer_request (rig->peer, 2, "PUT", "/up.txt", NULL, "hello", 5);
  rig_assert_status (put, 201);
  share_test_assert_file (rig, "up.txt", "hello", 5);
  upload = rig_peer_start_upload (rig->peer, 3, "/up.bin", NULL, RIG_CONTENT_RANDOM,
                                  RIG_CONTENT_BLOCK);
  rig_exchange_wait (upload);
  rig_assert_status (upload, 201);
  share_test_assert_file (rig, "up.bin", rig_content_get (RIG_CONTENT_RANDOM), RIG_CONTENT_BLOCK);
  list = rig_peer_request (rig->peer, 3, "PROPFIND", "/", "Depth: 1\r\n", NULL, 0);
  rig_assert_status (list, 207);
  g_byte_array_append (list->reader->body, (const guint8 *)"", 1);
  g_assert_nonnull (strstr ((const char *)list->reader->body->data, "/up.bin"));
  share_test_request (rig, 1, "GET", "/missing", 404);
  share_test_request (rig, 1, "DELETE", "/up.bin", 204);
  g_assert_cmpuint (rig_peer_get_stray_bytes (rig->peer), ==, 0);
  g_assert_cmpuint (rig_count_channel (rig, RIG_CHANNEL_WEBDAV), ==, 1);
}

static void
test_events (Rig *rig)
{
  gint64 before = g_get_real_time ();
  g_autoptr (ShareViewer) viewer = share_test_viewer (rig, SPICE_SHARE_COMPRESSION_AUTO);
  g_autofree char *started = g_strdup_printf ("sharing-started %s 0", rig->share);
  SpiceShareChannel *channel = share_viewer_get_channel (viewer);
  g_autofree char *dir = NULL;
  gboolean is_ready, sharing, read_only;
  gint64 connected_at, error_at;
  guint64 in, out, wire_in, wire_out, requests;
  guint clients;

  g_assert_cmpuint (viewer->events->len, ==, 2);
  g_assert_cmpstr (viewer->events->pdata[0], ==, "ready");
  g_assert_cmpstr (viewer->events->pdata[1], ==, started);
  share_test_request (rig, 1, "OPTIONS", "/", 200);
  rig_wait_until ((g_object_get (channel, "requests", &requests, NULL), requests == 1),
                  EVENT_SECONDS);
  g_object_get (channel, "ready", &is_ready, "sharing", &sharing, "shared-dir", &dir, "read-only",
                &read_only, "connected-at", &connected_at, "last-error-at", &error_at, "bytes-in",
                &in, "bytes-out", &out, "wire-bytes-in", &wire_in, "wire-bytes-out", &wire_out,
                "clients", &clients, NULL);
  g_assert_true (is_ready);
  g_assert_true (sharing);
  g_assert_false (read_only);
  g_assert_cmpstr (dir, ==, rig->share);
  g_assert_cmpint (connected_at, >=, before);
  g_assert_cmpint (connected_at, <=, g_get_real_time ());
  g_assert_cmpint (error_at, ==, 0);
  g_assert_cmpuint (clients, ==, 1);
  g_assert_cmpuint (in, ==, rig_peer_get_bytes_written (rig->peer));
  g_assert_cmpuint (out, ==, rig_peer_get_bytes_read (rig->peer));
  g_assert_cmpuint (wire_in, ==, in);
  g_assert_cmpuint (wire_out, ==, out);

  spice_channel_disconnect (SPICE_CHANNEL (channel), SPICE_CHANNEL_NONE);
  rig_wait_until ((g_object_get (channel, "ready", &is_ready, NULL), !is_ready), EVENT_SECONDS);
  g_object_get (channel, "sharing", &sharing, "connected-at", &connected_at, "clients", &clients,
                NULL);
  g_assert_false (sharing);
  g_assert_cmpint (connected_at, ==, 0);
  g_assert_cmpuint (clients, ==, 0);
  g_assert_cmpstr (viewer->events->pdata[2], ==, "sharing-stopped");
  g_assert_cmpuint (viewer->events->len, ==, 3);
}

static void
test_actions (Rig *rig)
{
  ViewerSetup setup = { 0 };
  g_autoptr (ShareViewer) viewer
      = share_viewer_new (rig->uri, &setup, NULL, 0, SPICE_SHARE_COMPRESSION_AUTO);
  g_autoptr (RigExchange) refused = NULL;
  g_autofree char *started = g_strdup_printf ("sharing-started %s 1", rig->share);
  g_autofree char *missing = g_build_filename (rig->dir, "missing", NULL);

  viewer_wait_open (viewer->viewer);
  rig_wait_until (share_viewer_count (viewer, "ready") == 1, EVENT_SECONDS);
  /* Nothing is shared: never an empty folder. */
  share_test_request (rig, 1, "PROPFIND", "/", 503);
  share_test_request (rig, 1, "GET", "/small.txt", 503);

  rig_write_file (rig, "small.txt", "hello", 5);
  g_signal_emit_by_name (viewer->viewer->webdav, "share-directory", rig->share, TRUE);
  rig_wait_until (share_viewer_count (viewer, started) == 1, EVENT_SECONDS);
  share_test_get (rig, 2, "/small.txt", "hello", 5);
  refused = rig_peer_request (rig->peer, 3, "PUT", "/up.txt", NULL, "hello", 5);
  rig_assert_status (refused, 403);

  g_signal_emit_by_name (viewer->viewer->webdav, "stop-sharing");
  rig_wait_until (share_viewer_count (viewer, "sharing-stopped") == 1, EVENT_SECONDS);
  share_test_request (rig, 4, "GET", "/small.txt", 503);

  g_signal_emit_by_name (viewer->viewer->webdav, "share-directory", missing, FALSE);
  rig_wait_until (share_viewer_count (viewer, "share-error") == 1, EVENT_SECONDS);
  g_assert_nonnull (strstr (viewer->events->pdata[viewer->events->len - 1], missing));
  share_test_request (rig, 5, "GET", "/small.txt", 503);
}

static void
test_reconnect (Rig *rig)
{
  g_autoptr (ShareViewer) viewer = NULL;

  rig_write_file (rig, "small.txt", "hello", 5);
  viewer = share_test_viewer (rig, SPICE_SHARE_COMPRESSION_AUTO);
  for (guint i = 1; i <= 3; i++)
    {
      SpiceChannel *channel = viewer->viewer->webdav;

      share_test_get (rig, i, "/small.txt", "hello", 5);
      /* Cut off in the middle of a head: what is half read must not meet the next connection. */
      rig_peer_write (rig->peer, 100 + i, "GET /half", 9);
      spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
      rig_wait_until (share_viewer_count (viewer, "sharing-stopped") == i, EVENT_SECONDS);
      rig_child_wait (rig->server, "client 0", i, EVENT_SECONDS);
      g_assert_true (spice_channel_connect (channel));
      rig_wait_until (share_viewer_count (viewer, "ready") == i + 1, EVENT_SECONDS);
      spice_share_channel_share (share_viewer_get_channel (viewer), rig->share, 0);
      share_viewer_wait_sharing (viewer);
    }
  share_test_get (rig, 1, "/small.txt", "hello", 5);
}

/* The guest's program closes the device and opens it again: every client is gone, ids are new. */
static void
test_port_close_open (Rig *rig)
{
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) put = NULL;
  SpiceShareChannel *channel;
  guint clients;

  rig_write_file (rig, "small.txt", "hello", 5);
  viewer = share_test_viewer (rig, SPICE_SHARE_COMPRESSION_AUTO);
  channel = share_viewer_get_channel (viewer);
  share_test_get (rig, 1, "/small.txt", "hello", 5);
  put = rig_peer_start (rig->peer, 2, "PUT", "/cut.txt", "Content-Length: 100\r\n", NULL, 0);
  rig_wait_until ((g_object_get (channel, "clients", &clients, NULL), clients == 2), EVENT_SECONDS);

  rig_child_ask (rig->server, "close", "done close");
  rig_wait_until ((g_object_get (channel, "clients", &clients, NULL), clients == 0), EVENT_SECONDS);
  rig_child_ask (rig->server, "open", "done open");
  viewer_wait_open (viewer->viewer);

  rig_peer_forget_client (rig->peer, 2);
  share_test_get (rig, 2, "/small.txt", "hello", 5);
  share_test_request (rig, 1, "GET", "/cut.txt", 404);

  rig_reconnect_guest (rig);
  viewer_wait_open (viewer->viewer);
  share_test_get (rig, 2, "/small.txt", "hello", 5);
}

/* The folder changes while it is being read and written. */
static void
test_change_under_load (Rig *rig)
{
  g_autofree char *other = g_build_filename (rig->dir, "other", NULL);
  g_autofree char *other_file = g_build_filename (other, "small.txt", NULL);
  g_autofree char *started = g_strdup_printf ("sharing-started %s 0", other);
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (GPtrArray) loads = g_ptr_array_new_with_free_func ((GDestroyNotify)rig_exchange_free);
  g_autoptr (GDir) left = NULL;

  g_mkdir (other, 0755);
  g_assert_true (g_file_set_contents (other_file, "other", 5, NULL));
  rig_write_file (rig, "small.txt", "hello", 5);
  rig_make_file (rig, "big.bin", RIG_CONTENT_RANDOM, G_GUINT64_CONSTANT (1) << 33);
  viewer = share_test_viewer (rig, SPICE_SHARE_COMPRESSION_AUTO);
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *up = g_strdup_printf ("/up%u.bin", i);

      g_ptr_array_add (loads, rig_peer_start_download (rig->peer, 10 + i, "/big.bin"));
      g_ptr_array_add (loads,
                       rig_peer_start_upload (rig->peer, 20 + i, up, NULL, RIG_CONTENT_RANDOM,
                                              G_GUINT64_CONSTANT (1) << 33));
    }
  rig_wait_until (rig_peer_get_bytes_read (rig->peer) > 8 * RIG_CONTENT_BLOCK
                      && rig_peer_get_bytes_written (rig->peer) > 8 * RIG_CONTENT_BLOCK,
                  EVENT_SECONDS);
  spice_share_channel_share (share_viewer_get_channel (viewer), other, 0);
  rig_wait_until (share_viewer_count (viewer, started) == 1, EVENT_SECONDS);
  g_assert_cmpuint (share_viewer_count (viewer, "sharing-stopped"), ==, 1);
  for (guint i = 0; i < loads->len; i++)
    {
      RigExchange *load = loads->pdata[i];

      /* Cut off, or refused: but over, and never whole. */
      rig_exchange_wait (load);
      g_assert_true (load->closed || load->reader->status >= 400);
      rig_peer_close_client (rig->peer, load->id);
    }
  share_test_get (rig, 30, "/small.txt", "other", 5);
  share_test_request (rig, 30, "GET", "/big.bin", 404);

  /* Neither the uploads nor their temporary files are left. */
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *up = g_strdup_printf ("%s/up%u.bin", rig->share, i);

      g_assert_false (g_file_test (up, G_FILE_TEST_EXISTS));
    }
}

/* An upload that is cut off leaves what was there before, and nothing beside it. */
static void
test_aborted_upload (Rig *rig)
{
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) put = NULL;

  rig_write_file (rig, "old.txt", "old", 3);
  viewer = share_test_viewer (rig, SPICE_SHARE_COMPRESSION_AUTO);
  put = rig_peer_start (rig->peer, 1, "PUT", "/old.txt", "Content-Length: 1000000\r\n", NULL, 0);
  rig_peer_write (rig->peer, 1, rig_content_get (RIG_CONTENT_TEXT), 500000);
  share_test_get (rig, 2, "/old.txt", "old", 3);
  rig_peer_close_client (rig->peer, 1);
  share_test_get (rig, 2, "/old.txt", "old", 3);
  rig_wait_until (share_test_has_files (rig->share, 1), EVENT_SECONDS);
  share_test_assert_file (rig, "old.txt", "old", 3);
}

/* The network fails in the middle of transfers: all of it ends, a new session works, and the
 * guest's daemon, which knows nothing of this, still finds where frames begin. */
static void
network_cut (Rig *rig, RigContent content)
{
  g_autoptr (Relay) relay = relay_new (rig->tcp_port, 0, 0);
  g_autofree char *uri = g_strdup_printf ("spice://127.0.0.1:%u", relay_get_port (relay));
  ViewerSetup setup = { 0 };

  rig_write_file (rig, "old.txt", "old", 3);
  rig_make_file (rig, "big", content, G_GUINT64_CONSTANT (1) << 33);
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (ShareViewer) viewer
          = share_viewer_new (uri, &setup, rig->share, 0, SPICE_SHARE_COMPRESSION_ALWAYS);
      g_autoptr (RigExchange) download = NULL;
      guint64 read_before, written_before;

      share_viewer_wait_sharing (viewer);
      share_test_get (rig, 100 + i, "/old.txt", "old", 3);
      read_before = rig_peer_get_bytes_read (rig->peer);
      written_before = rig_peer_get_bytes_written (rig->peer);
      download = rig_peer_start_download (rig->peer, 200 + i, "/big");
      /* Whole frames, so that what the server passes on later is what the guest really said. */
      rig_peer_write (rig->peer, 300 + i, put_head, strlen (put_head));
      rig_peer_write (rig->peer, 300 + i, rig_content_get (content), RIG_CONTENT_BLOCK);
      rig_wait_until (rig_peer_get_bytes_read (rig->peer) - read_before > 32 * RIG_CONTENT_BLOCK
                          && rig_peer_get_queued (rig->peer) == 0,
                      EVENT_SECONDS);
      g_assert_cmpuint (rig_peer_get_bytes_written (rig->peer), >, written_before);
      g_test_message ("%" G_GUINT64_FORMAT " compressed messages",
                      relay_get_messages (relay, RIG_CHANNEL_WEBDAV, SPICE_WIRE_TO_SERVER, 102));
      relay_cut (relay);
      rig_wait_until (share_viewer_count (viewer, "sharing-stopped") == 1, EVENT_SECONDS);
      share_test_assert_file (rig, "old.txt", "old", 3);
      rig_wait_until (share_test_has_files (rig->share, 2), EVENT_SECONDS);
      rig_child_wait (rig->server, "client 0", i + 1, EVENT_SECONDS);
      rig_peer_close_client (rig->peer, 200 + i);
      rig_peer_close_client (rig->peer, 300 + i);
    }
}

static void
test_network_cut (Rig *rig)
{
  network_cut (rig, RIG_CONTENT_RANDOM);
}

static void
test_network_cut_compressed (Rig *rig)
{
  network_cut (rig, RIG_CONTENT_TEXT);
}

/* The viewer quits while everything is under way. spice-gtk writes what is queued after the session
 * is gone, and complains of each message, with the stock channel too. */
static void
test_quit_under_load (Rig *rig)
{
  rig_test_allow_warning ("spice_session_get_read_only: assertion 'SPICE_IS_SESSION(self)' failed");
  rig_make_file (rig, "big.txt", RIG_CONTENT_TEXT, G_GUINT64_CONSTANT (1) << 33);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (Relay) relay = relay_new (rig->tcp_port, 0, 0);
      g_autofree char *uri = g_strdup_printf ("spice://127.0.0.1:%u", relay_get_port (relay));
      ViewerSetup setup = { 0 };
      g_autoptr (ShareViewer) viewer
          = share_viewer_new (uri, &setup, rig->share, 0, SPICE_SHARE_COMPRESSION_ALWAYS);
      guint64 before;

      share_viewer_wait_sharing (viewer);
      g_test_message ("round %u", i);
      before = rig_peer_get_bytes_read (rig->peer);
      for (guint j = 0; j < 4; j++)
        rig_exchange_free (rig_peer_start_download (rig->peer, 100 * (i + 1) + j, "/big.txt"));
      rig_wait_until (rig_peer_get_bytes_read (rig->peer) > before + (1 + i % 4) * 10000000,
                      EVENT_SECONDS);
      if (i % 2 == 1)
        relay_cut (relay);
      g_clear_pointer (&viewer, share_viewer_free);
      rig_child_wait (rig->server, "client 0", i + 1, EVENT_SECONDS);
      for (guint j = 0; j < 4; j++)
        rig_peer_close_client (rig->peer, 100 * (i + 1) + j);
    }
}

static gboolean
is_gone (gpointer object)
{
  return object == NULL;
}

/* The guest asks for copied files, which are looked for in the session, while the session lets go
 * of the channel: what was asked meanwhile is asked of nobody. */
static void
test_leave_while_asked (Rig *rig)
{
  g_autoptr (GString) requests = g_string_new (NULL);
  gint64 id = 1000;

  for (guint i = 0; i < 20; i++)
    g_string_append_printf (requests,
                            "GET /.spice-clipboard/a/%u HTTP/1.1\r\nHost: localhost\r\n\r\n", i);
  for (guint round = 0; round < 12; round++)
    {
      ViewerSetup setup = { 0 };
      g_autoptr (ShareViewer) viewer
          = share_viewer_new (rig->uri, &setup, rig->share, 0, SPICE_SHARE_COMPRESSION_NEVER);
      gpointer channel;
      guint64 before;

      share_viewer_wait_sharing (viewer);
      channel = share_viewer_get_channel (viewer);
      g_object_add_weak_pointer (channel, &channel);
      before = rig_peer_get_bytes_read (rig->peer);
      for (guint i = 0; i < 60; i++)
        rig_peer_write (rig->peer, ++id, requests->str, requests->len);
      rig_wait_until (rig_peer_get_bytes_read (rig->peer) > before, 10);
      /* The worker goes on asking, and this thread does not answer before the session is gone. */
      g_usleep (20000);
      spice_session_disconnect (viewer->viewer->session);
      rig_wait_until (is_gone (channel), 10);
    }
}

static void
test_other_port (Rig *rig)
{
  ViewerSetup setup = { 0 };
  g_autoptr (ShareViewer) viewer
      = share_viewer_new (rig->uri, &setup, rig->share, 0, SPICE_SHARE_COMPRESSION_AUTO);

  rig_wait_until (viewer->viewer->port != NULL, EVENT_SECONDS);
  g_assert_null (viewer->viewer->webdav);
  g_assert_false (SPICE_IS_SHARE_CHANNEL (viewer->viewer->port));
}

static void
stop (SpiceShareChannel *channel)
{
  spice_share_channel_stop (channel);
}

/* Whoever hears that a folder is shared may end that at once. */
static void
test_stop_in_handler (Rig *rig)
{
  g_autofree char *other = g_build_filename (rig->dir, "other", NULL);
  g_autoptr (ShareViewer) viewer = NULL;
  SpiceShareChannel *channel;

  g_mkdir (other, 0755);
  viewer = share_test_viewer (rig, SPICE_SHARE_COMPRESSION_AUTO);
  channel = share_viewer_get_channel (viewer);
  g_signal_connect (channel, "notify::shared-dir", G_CALLBACK (stop), NULL);
  spice_share_channel_share (channel, other, 0);
  rig_wait_until (share_viewer_count (viewer, "sharing-stopped") == 2, EVENT_SECONDS);
  g_assert_cmpuint (share_viewer_count (viewer, "sharing-started"), ==, 1);
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  /* spice-gtk's bio_gio_write() warns of a TLS socket that is full, where it only has to wait,
   * which it does. We leave the socket's queue alone there, but a slow reader fills any. */
  rig_test_allow_warning (g_strerror (EAGAIN));
  rig_test_add ("/connect/tcp", RIG_TCP, 60, test_get_put);
  rig_test_add ("/connect/tls-ticket", RIG_TLS, 60, test_get_put);
  rig_test_add ("/connect/unix", RIG_UNIX, 60, test_get_put);
  rig_test_add ("/connect/events", RIG_TCP, 60, test_events);
  rig_test_add ("/connect/actions", RIG_TCP, 60, test_actions);
  rig_test_add ("/connect/reconnect", RIG_TCP, 60, test_reconnect);
  rig_test_add ("/connect/port-close-open", RIG_TCP, 60, test_port_close_open);
  rig_test_add ("/connect/change-under-load", RIG_TCP, 60, test_change_under_load);
  rig_test_add ("/connect/aborted-upload", RIG_TCP, 60, test_aborted_upload);
  rig_test_add ("/connect/network-cut", RIG_TCP, 60, test_network_cut);
  rig_test_add ("/connect/network-cut-compressed", RIG_TCP, 60, test_network_cut_compressed);
  rig_test_add ("/connect/quit-under-load", RIG_TCP, 60, test_quit_under_load);
  rig_test_add ("/connect/leave-while-asked", RIG_TCP, 60, test_leave_while_asked);
  rig_test_add ("/connect/stop-in-handler", RIG_TCP, 60, test_stop_in_handler);
  rig_test_add ("/connect/type-10", RIG_OTHER_PORT, 60, test_other_port);
  return rig_test_run ();
}
