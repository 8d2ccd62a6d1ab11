/* The rig itself, proven with the stock channel: what fails here is the rig, not spice-share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "relay.h"
#include "rig.h"
#include "scripted-server.h"
#include "viewer.h"

#include <spice/enums.h>

static void
test_get_put (Rig *rig)
{
  ViewerSetup setup = {
    .shared_dir = rig->share,
    .ca_file = rig->ca_file,
    .password = rig->password,
  };
  g_autoptr (Viewer) viewer = NULL;
  g_autoptr (RigExchange) get = NULL;
  g_autoptr (RigExchange) put = NULL;
  g_autoptr (RigExchange) missing = NULL;
  g_autofree char *path = g_build_filename (rig->share, "up.txt", NULL);
  g_autofree char *written = NULL;
  gsize written_len;

  rig_make_file (rig, "down.bin", RIG_CONTENT_RANDOM, RIG_CONTENT_BLOCK);
  viewer = viewer_new (rig->uri, &setup);
  viewer_wait_open (viewer);

  get = rig_peer_request (rig->peer, 1, "GET", "/down.bin", NULL, NULL, 0);
  rig_assert_status (get, 200);
  g_assert_cmpmem (get->reader->body->data, get->reader->body->len,
                   rig_content_get (RIG_CONTENT_RANDOM), RIG_CONTENT_BLOCK);

  put = rig_peer_request (rig->peer, 2, "PUT", "/up.txt", NULL, "hello", 5);
  rig_assert_status (put, 201);
  g_assert_true (g_file_get_contents (path, &written, &written_len, NULL));
  g_assert_cmpmem (written, written_len, "hello", 5);

  missing = rig_peer_request (rig->peer, 3, "GET", "/missing", NULL, NULL, 0);
  rig_assert_status (missing, 404);
  g_assert_cmpuint (rig_peer_get_stray_bytes (rig->peer), ==, 0);
  g_assert_cmpuint (rig_count_channel (rig, RIG_CHANNEL_WEBDAV), ==, 1);
}

static void
test_other_port (Rig *rig)
{
  ViewerSetup setup = { .shared_dir = rig->share };
  g_autoptr (Viewer) viewer = viewer_new (rig->uri, &setup);

  rig_wait_until (viewer->port != NULL, 10);
  g_assert_null (viewer->webdav);
}

/* The relay sees the messages of a plain connection; stock never compresses. */
static void
test_relay (Rig *rig)
{
  g_autoptr (Relay) relay = relay_new (rig->tcp_port, 0, 0);
  g_autofree char *uri = g_strdup_printf ("spice://127.0.0.1:%u", relay_get_port (relay));
  ViewerSetup setup = { .shared_dir = rig->share };
  g_autoptr (Viewer) viewer = NULL;
  g_autoptr (RigExchange) get = NULL;
  g_autoptr (RigExchange) put = NULL;

  rig_make_file (rig, "down.txt", RIG_CONTENT_TEXT, RIG_CONTENT_BLOCK);
  viewer = viewer_new (uri, &setup);
  viewer_wait_open (viewer);
  get = rig_peer_request (rig->peer, 1, "GET", "/down.txt", NULL, NULL, 0);
  rig_assert_status (get, 200);
  put = rig_peer_start_upload (rig->peer, 2, "/up.txt", NULL, RIG_CONTENT_TEXT, RIG_CONTENT_BLOCK);
  rig_exchange_wait (put);
  rig_assert_status (put, 201);
  for (int direction = SPICE_WIRE_TO_SERVER; direction <= SPICE_WIRE_TO_CLIENT; direction++)
    {
      g_assert_cmpuint (relay_get_bytes (relay, direction), >, RIG_CONTENT_BLOCK);
      g_assert_cmpuint (
          relay_get_message_bytes (relay, RIG_CHANNEL_WEBDAV, direction, SPICE_MSG_SPICEVMC_DATA),
          >, RIG_CONTENT_BLOCK);
      g_assert_cmpuint (relay_get_messages (relay, RIG_CHANNEL_WEBDAV, direction,
                                            SPICE_MSG_SPICEVMC_COMPRESSED_DATA),
                        ==, 0);
    }
}

/* A link of 4 MB/s passes 1 MiB in a quarter of a second, not at once and not much later. */
static void
test_relay_rate (Rig *rig)
{
  g_autoptr (Relay) relay = relay_new (rig->tcp_port, 0, 4 * 1000 * 1000);
  g_autofree char *uri = g_strdup_printf ("spice://127.0.0.1:%u", relay_get_port (relay));
  ViewerSetup setup = { .shared_dir = rig->share };
  g_autoptr (Viewer) viewer = NULL;
  g_autoptr (RigExchange) get = NULL;

  rig_make_file (rig, "down.bin", RIG_CONTENT_RANDOM, RIG_CONTENT_BLOCK);
  viewer = viewer_new (uri, &setup);
  viewer_wait_open (viewer);
  get = rig_peer_request (rig->peer, 1, "GET", "/down.bin", NULL, NULL, 0);
  rig_assert_status (get, 200);
  g_assert_cmpint (get->finished_at - get->started_at, >, 200 * 1000);
  g_assert_cmpint (get->finished_at - get->started_at, <, 2000 * 1000);
}

static void
play (ScriptedConn *conn, gpointer user_data)
{
  static const char head[] = "GET /small.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
  static const guint32 set_ack[] = { GUINT32_TO_LE (77), GUINT32_TO_LE (2) };
  static const guint8 ping[12] = { 9 };
  g_autoptr (GBytes) sync = NULL;
  g_autoptr (GBytes) pong = NULL;
  g_autoptr (GBytes) ack = NULL;

  scripted_send (conn, SPICE_MSG_SET_ACK, set_ack, sizeof set_ack);
  sync = scripted_expect (conn, SPICE_MSGC_ACK_SYNC, 10);
  g_assert_cmpmem (g_bytes_get_data (sync, NULL), g_bytes_get_size (sync), set_ack, 4);
  scripted_send (conn, SPICE_MSG_PING, ping, sizeof ping);
  pong = scripted_expect (conn, SPICE_MSGC_PONG, 10);
  g_assert_cmpmem (g_bytes_get_data (pong, NULL), g_bytes_get_size (pong), ping, sizeof ping);
  g_assert_cmpuint (scripted_request (conn, 5, head, 10), ==, 200);
  g_assert_cmpuint (scripted_request (conn, 6, head, 10), ==, 200);
  /* A window of two, and three messages since: one acknowledgement; the fourth brings the next. */
  g_assert_cmpuint (scripted_conn_get_n_received (conn, SPICE_MSGC_ACK), ==, 1);
  scripted_send (conn, SPICE_MSG_PING, ping, sizeof ping);
  ack = scripted_expect (conn, SPICE_MSGC_ACK, 10);
  g_assert_false (scripted_conn_client_has_lz4 (conn));
}

static void
test_scripted (Rig *rig)
{
  for (int flags = 0; flags <= (SCRIPTED_MINI_HEADER | SCRIPTED_LZ4); flags++)
    {
      ViewerSetup setup = { .shared_dir = rig->share };
      g_autoptr (ScriptedServer) server = scripted_server_new (flags, play, NULL);
      g_autoptr (Viewer) viewer = NULL;

      rig_write_file (rig, "small.txt", "hello", 5);
      viewer = viewer_new (scripted_server_get_uri (server), &setup);
      rig_wait_until (scripted_server_get_n_done (server) == 1, 20);
    }
}

/* The distribution's daemon on the pty, and a guest's program on the daemon. */
static void
test_daemon (Rig *rig)
{
  ViewerSetup setup = { .shared_dir = rig->share };
  g_autoptr (Viewer) viewer = NULL;
  g_autofree char *url = g_strconcat (rig->url, "/small.txt", NULL);
  const char *const curl[] = { "curl", "-sS", "--fail", "-m", "20", url, NULL };
  g_autofree char *output = NULL;

  rig_write_file (rig, "small.txt", "hello", 5);
  viewer = viewer_new (rig->uri, &setup);
  viewer_wait_open (viewer);
  g_assert_cmpint (rig_run (curl, 30, &output), ==, 0);
  g_assert_cmpstr (output, ==, "hello\n");
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  /* The stock channel's own, now and then, when a client goes while it is written to. */
  rig_test_allow_warning ("g_task_return_error: assertion 'G_IS_TASK (task)' failed");
  rig_test_add ("/stock/tcp", RIG_TCP, 30, test_get_put);
  rig_test_add ("/stock/tls", RIG_TLS, 30, test_get_put);
  rig_test_add ("/stock/unix", RIG_UNIX, 30, test_get_put);
  rig_test_add ("/stock/type-10", RIG_OTHER_PORT, 30, test_other_port);
  rig_test_add ("/stock/relay", RIG_TCP, 30, test_relay);
  rig_test_add ("/stock/relay-rate", RIG_TCP, 30, test_relay_rate);
  rig_test_add ("/stock/scripted", RIG_TCP, 30, test_scripted);
  rig_test_add ("/stock/daemon", RIG_PTY, 60, test_daemon);
  return rig_test_run ();
}
