/* A session that is view-only: nothing is shared, and when it no longer is, everything is as
 * before.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-test.h"

#define EVENT_SECONDS 30

static void
test_view_only (Rig *rig)
{
  ViewerSetup setup = { .read_only = TRUE };
  g_autoptr (ShareViewer) viewer
      = share_viewer_new (rig->uri, &setup, rig->share, 0, SPICE_SHARE_COMPRESSION_AUTO);
  g_autoptr (RigExchange) put = NULL;
  g_autofree char *path = g_build_filename (rig->share, "up.txt", NULL);
  guint64 done = 0;

  rig_wait_until (share_viewer_count (viewer, "share-error") == 1, EVENT_SECONDS);
  viewer_wait_open (viewer->viewer);
  g_assert_cmpuint (share_viewer_count (viewer, "sharing-started"), ==, 0);
  put = rig_peer_start (rig->peer, 1, "PUT", "/up.txt", NULL, "hello", 5);
  rig_wait_until (
      (done = g_ascii_strtoull (rig_child_ask (rig->server, "stats", "done stats "), NULL, 10),
       done == rig_peer_get_bytes_written (rig->peer) && done > 0),
      EVENT_SECONDS);
  spice_session_disconnect (viewer->viewer->session);
  rig_child_wait (rig->server, "client 0", 1, EVENT_SECONDS);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (rig_peer_get_bytes_read (rig->peer), ==, 0);
}

typedef struct
{
  SpiceChannel *channel;
  guint64 sent;
  gint64 since; /* nothing more was, monotonic, in us */
} Sending;

static gboolean
has_stopped (Sending *self)
{
  gint64 now = g_get_monotonic_time ();
  guint64 sent;

  g_object_get (self->channel, "wire-bytes-out", &sent, NULL);
  if (sent != self->sent)
    *self = (Sending){ self->channel, sent, now };
  return now - self->since > 200000;
}

/* It is view-only at first, and then again and again, with a guest that reads nothing in the middle
 * of a download: spice-gtk throws away what it was given, and that is not to count for ever. */
static void
test_view_only_for_a_while (Rig *rig)
{
  ViewerSetup setup = { .read_only = TRUE };
  g_autoptr (ShareViewer) viewer
      = share_viewer_new (rig->uri, &setup, rig->share, 0, SPICE_SHARE_COMPRESSION_NEVER);
  SpiceSession *session = viewer->viewer->session;

  /* What is queued at the end, as in test_quit_under_load(). */
  rig_test_allow_warning ("spice_session_get_read_only: assertion 'SPICE_IS_SESSION(self)' failed");
  rig_write_file (rig, "small.txt", "hello", 5);
  rig_make_file (rig, "big.bin", RIG_CONTENT_RANDOM, G_GUINT64_CONSTANT (1) << 33);
  viewer_wait_open (viewer->viewer);
  for (guint i = 0; i < 3; i++)
    {
      Sending sending = { viewer->viewer->webdav };
      g_autoptr (RigExchange) down = NULL;

      g_object_set (session, "read-only", FALSE, NULL);
      /* The guest sees its port close and open. */
      rig_wait_until (rig_count_channel (rig, SPICE_CHANNEL_WEBDAV) == i + 2, EVENT_SECONDS);
      viewer_wait_open (viewer->viewer);
      spice_share_channel_share (share_viewer_get_channel (viewer), rig->share, 0);
      rig_wait_until (share_viewer_count (viewer, "sharing-started") == i + 1, EVENT_SECONDS);
      share_test_get (rig, 1 + i, "/small.txt", "hello", 5);
      rig_peer_set_reading (rig->peer, FALSE);
      down = rig_peer_start_download (rig->peer, 100 + i, "/big.bin");
      sending.since = g_get_monotonic_time ();
      rig_wait_until (has_stopped (&sending), EVENT_SECONDS);
      g_object_set (session, "read-only", TRUE, NULL);
      rig_peer_close_client (rig->peer, 100 + i);
      rig_peer_set_reading (rig->peer, TRUE);
      rig_wait_until (rig_peer_get_queued (rig->peer) == 0, EVENT_SECONDS);
    }
}

/* Who waits for an answer when it becomes view-only, or asks while it is, learns that none comes
 * when it no longer is: the guest's program sees the port close and open. The viewer sees nothing.
 */
static void
test_view_only_tells (Rig *rig)
{
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) down = NULL;
  SpiceSession *session;
  guint64 before;

  rig_write_file (rig, "small.txt", "hello", 5);
  rig_make_file (rig, "big.bin", RIG_CONTENT_RANDOM, G_GUINT64_CONSTANT (1) << 33);
  viewer = share_test_viewer (rig, SPICE_SHARE_COMPRESSION_NEVER);
  session = viewer->viewer->session;
  down = rig_peer_start_download (rig->peer, 100, "/big.bin");
  before = rig_peer_get_bytes_read (rig->peer);
  rig_wait_until (rig_peer_get_bytes_read (rig->peer) > before + 1000000, EVENT_SECONDS);
  g_object_set (session, "read-only", TRUE, NULL);
  g_object_set (session, "read-only", FALSE, NULL);
  rig_wait_until (rig_count_channel (rig, SPICE_CHANNEL_WEBDAV) == 2, EVENT_SECONDS);
  viewer_wait_open (viewer->viewer);
  rig_peer_forget_client (rig->peer, 100);
  share_test_get (rig, 1, "/small.txt", "hello", 5);
  g_assert_cmpuint (share_viewer_count (viewer, "ready"), ==, 1);
  g_assert_cmpuint (share_viewer_count (viewer, "sharing-started"), ==, 1);
  g_assert_cmpuint (share_viewer_count (viewer, "sharing-stopped"), ==, 0);
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  rig_test_add ("/view-only/from-the-start", RIG_TCP, 60, test_view_only);
  rig_test_add ("/view-only/for-a-while", RIG_TCP, 60, test_view_only_for_a_while);
  rig_test_add ("/view-only/tells", RIG_TCP, 60, test_view_only_tells);
  return rig_test_run ();
}
