/* LZ4 both ways, counted on the wire: COMPRESSED_DATA where it is due, and nowhere else.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "relay.h"
#include "share-test.h"

#include <spice/enums.h>

#define FILE_SIZE (8 * RIG_CONTENT_BLOCK)

/* Long enough for the kernel's buffers to fill and the wire to be measured. */
#define SLOW_FILE_SIZE (24 * RIG_CONTENT_BLOCK)

typedef struct
{
  guint64 plain[2];
  guint64 compressed[2];
} Counts;

/* One file down, one up, both checked; what passed the relay meanwhile. */
static void
transfer (Rig *rig, RigContent content, SpiceShareCompression compression, Counts *counts)
{
  g_autoptr (Relay) relay = relay_new (rig->tcp_port, 0, 0);
  g_autofree char *uri = g_strdup_printf ("spice://127.0.0.1:%u", relay_get_port (relay));
  ViewerSetup setup = { 0 };
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) down = NULL;
  g_autoptr (RigExchange) up = NULL;
  g_autofree char *expected = NULL;
  g_autofree char *sent = NULL;
  gsize len;

  rig_make_file (rig, "down", content, FILE_SIZE);
  viewer = share_viewer_new (uri, &setup, rig->share, 0, compression);
  share_viewer_wait_sharing (viewer);
  down = rig_peer_request (rig->peer, 1, "GET", "/down", NULL, NULL, 0);
  rig_assert_status (down, 200);
  expected = g_build_filename (rig->share, "down", NULL);
  g_assert_true (g_file_get_contents (expected, &sent, &len, NULL));
  g_assert_cmpmem (down->reader->body->data, down->reader->body->len, sent, len);
  up = rig_peer_start_upload (rig->peer, 1, "/up", NULL, content, FILE_SIZE);
  rig_exchange_wait (up);
  rig_assert_status (up, 201);
  share_test_assert_file (rig, "up", sent, len);
  for (int direction = SPICE_WIRE_TO_SERVER; direction <= SPICE_WIRE_TO_CLIENT; direction++)
    {
      counts->plain[direction]
          = relay_get_messages (relay, RIG_CHANNEL_WEBDAV, direction, SPICE_MSG_SPICEVMC_DATA);
      counts->compressed[direction] = relay_get_messages (relay, RIG_CHANNEL_WEBDAV, direction,
                                                          SPICE_MSG_SPICEVMC_COMPRESSED_DATA);
      g_test_message ("direction %d: %" G_GUINT64_FORMAT " plain, %" G_GUINT64_FORMAT
                      " compressed, %" G_GUINT64_FORMAT " bytes",
                      direction, counts->plain[direction], counts->compressed[direction],
                      relay_get_bytes (relay, direction));
      if (counts->compressed[direction] > 0 && content == RIG_CONTENT_TEXT)
        g_assert_cmpuint (relay_get_bytes (relay, direction), <, FILE_SIZE * 3 / 4);
    }
}

static void
test_always (Rig *rig)
{
  Counts counts;

  transfer (rig, RIG_CONTENT_TEXT, SPICE_SHARE_COMPRESSION_ALWAYS, &counts);
  /* 128 KiB at most in each, and a plain one before each (DESIGN P5). */
  g_assert_cmpuint (counts.compressed[SPICE_WIRE_TO_SERVER], >=, FILE_SIZE / (128 * 1024));
  g_assert_cmpuint (counts.plain[SPICE_WIRE_TO_SERVER], >=,
                    counts.compressed[SPICE_WIRE_TO_SERVER]);
  g_assert_cmpuint (counts.compressed[SPICE_WIRE_TO_CLIENT], >, 0);
}

static void
test_random (Rig *rig)
{
  Counts counts;

  /* What does not shrink goes as it is. */
  transfer (rig, RIG_CONTENT_RANDOM, SPICE_SHARE_COMPRESSION_ALWAYS, &counts);
  g_assert_cmpuint (counts.compressed[SPICE_WIRE_TO_SERVER], ==, 0);
}

static void
test_never (Rig *rig)
{
  Counts counts;

  /* Not announced either, so the server does not compress. */
  transfer (rig, RIG_CONTENT_TEXT, SPICE_SHARE_COMPRESSION_NEVER, &counts);
  g_assert_cmpuint (counts.compressed[SPICE_WIRE_TO_SERVER], ==, 0);
  g_assert_cmpuint (counts.compressed[SPICE_WIRE_TO_CLIENT], ==, 0);
}

/* A link of 8 MB/s, as an ssh tunnel may be: the choice falls on LZ4 by itself. */
static void
test_auto_on_slow_link (Rig *rig)
{
  g_autoptr (Relay) relay = relay_new (rig->tcp_port, 0, 8 * 1000 * 1000);
  g_autofree char *uri = g_strdup_printf ("spice://127.0.0.1:%u", relay_get_port (relay));
  ViewerSetup setup = { 0 };
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) down = NULL;

  rig_make_file (rig, "down", RIG_CONTENT_TEXT, SLOW_FILE_SIZE);
  viewer = share_viewer_new (uri, &setup, rig->share, 0, SPICE_SHARE_COMPRESSION_AUTO);
  share_viewer_wait_sharing (viewer);
  down = rig_peer_request (rig->peer, 1, "GET", "/down", NULL, NULL, 0);
  rig_assert_status (down, 200);
  g_test_message ("%" G_GUINT64_FORMAT " bytes for %u",
                  relay_get_bytes (relay, SPICE_WIRE_TO_SERVER), SLOW_FILE_SIZE);
  g_assert_cmpuint (relay_get_bytes (relay, SPICE_WIRE_TO_SERVER), <, SLOW_FILE_SIZE * 3 / 4);
}

/* TLS hides the messages: what counts is what the relay carries. */
static void
test_tls (Rig *rig)
{
  g_autoptr (Relay) relay = relay_new (rig->tcp_port, 0, 0);
  g_autofree char *uri = g_strdup_printf ("spice://127.0.0.1?tls-port=%u", relay_get_port (relay));
  ViewerSetup setup = { .ca_file = rig->ca_file, .password = rig->password };
  g_autoptr (ShareViewer) viewer = NULL;
  g_autoptr (RigExchange) down = NULL;
  g_autoptr (RigExchange) up = NULL;
  guint64 before;

  rig_make_file (rig, "down", RIG_CONTENT_TEXT, FILE_SIZE);
  viewer = share_viewer_new (uri, &setup, rig->share, 0, SPICE_SHARE_COMPRESSION_ALWAYS);
  share_viewer_wait_sharing (viewer);
  before = relay_get_bytes (relay, SPICE_WIRE_TO_SERVER);
  down = rig_peer_request (rig->peer, 1, "GET", "/down", NULL, NULL, 0);
  rig_assert_status (down, 200);
  g_assert_cmpuint (down->reader->body_bytes, ==, FILE_SIZE);
  g_assert_cmpuint (relay_get_bytes (relay, SPICE_WIRE_TO_SERVER) - before, <, FILE_SIZE * 3 / 4);
  before = relay_get_bytes (relay, SPICE_WIRE_TO_CLIENT);
  up = rig_peer_start_upload (rig->peer, 1, "/up", NULL, RIG_CONTENT_TEXT, FILE_SIZE);
  rig_exchange_wait (up);
  rig_assert_status (up, 201);
  g_assert_cmpuint (relay_get_bytes (relay, SPICE_WIRE_TO_CLIENT) - before, <, FILE_SIZE * 3 / 4);
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  rig_test_add ("/compression/always", RIG_TCP, 60, test_always);
  rig_test_add ("/compression/random", RIG_TCP, 60, test_random);
  rig_test_add ("/compression/never", RIG_TCP, 60, test_never);
  rig_test_add ("/compression/auto-slow-link", RIG_TCP, 60, test_auto_on_slow_link);
  rig_test_add ("/compression/tls", RIG_TLS, 60, test_tls);
  return rig_test_run ();
}
