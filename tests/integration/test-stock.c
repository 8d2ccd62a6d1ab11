/* The rig itself, proven with the stock channel: what fails here is the rig, not spice-share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rig.h"
#include "viewer.h"

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

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  rig_test_add ("/stock/tcp", RIG_TCP, 30, test_get_put);
  rig_test_add ("/stock/tls", RIG_TLS, 30, test_get_put);
  rig_test_add ("/stock/unix", RIG_UNIX, 30, test_get_put);
  rig_test_add ("/stock/type-10", RIG_OTHER_PORT, 30, test_other_port);
  return rig_test_run ();
}
