/* A spice-gtk that is not as we know it: one clear warning, and what still can be done is done.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "relay.h"
#include "rig.h"

#include <spice/enums.h>
#include <string.h>

#define FILE_SIZE (4 * RIG_CONTENT_BLOCK)

static guint
count (const char *text, const char *word)
{
  guint n = 0;

  for (const char *at = text; (at = strstr (at, word)) != NULL; at += strlen (word))
    n++;
  return n;
}

/* A viewer that shares the folder; @environ is added to its own. What it says goes to @errors. */
static RigChild *
start_viewer (Rig *rig, const char *uri, const char *errors, const char *const *environ)
{
  g_autofree char *program = rig_program ("test-viewer");
  g_autofree char *quoted = g_strdup_printf (
      "exec '%s' --compression always --share '%s' '%s' 2>'%s'", program, rig->share, uri, errors);
  const char *const argv[] = { "sh", "-c", quoted, NULL };
  RigChild *viewer = rig_child_new (argv, environ);

  rig_child_wait (viewer, "sharing-started", 1, 20);
  return viewer;
}

/* Of enough requests to know. */
static char *
debug_of_requests (Rig *rig, const char *lie)
{
  g_autofree char *errors = g_build_filename (rig->dir, "errors", NULL);
  g_autofree char *uri = g_strdup_printf ("spice://127.0.0.1:%u", rig->tcp_port);
  const char *const environ[]
      = { "LD_PRELOAD=" PRELOAD_FIRST LIE, lie, "G_DEBUG=", "G_MESSAGES_DEBUG=spice-share", NULL };
  g_autoptr (RigChild) viewer = start_viewer (rig, uri, errors, environ);

  rig_write_file (rig, "small", "hello", 5);
  for (gint64 id = 1; id <= 10; id++)
    {
      g_autoptr (RigExchange) down
          = rig_peer_request (rig->peer, id, "GET", "/small", NULL, NULL, 0);

      rig_assert_status (down, 200);
      g_assert_cmpmem (down->reader->body->data, down->reader->body->len, "hello", 5);
    }
  /* What it said before this has been read, too. */
  rig_child_ask (viewer, "stats", "stats ");
  return rig_child_dup_output (viewer);
}

static void
test_messages_known (Rig *rig)
{
  g_autofree char *said = debug_of_requests (rig, "SPICE_LIE=");

  g_assert_cmpuint (count (said, "messages are as we know them"), ==, 1);
  g_assert_cmpuint (count (said, "received DATA, ") + count (said, "received COMPRESSED_DATA, "),
                    >=, 10);
}

/* They are not: then they come the way spice-gtk gives them to everybody. */
static void
test_messages_unknown (Rig *rig)
{
  g_autofree char *said = debug_of_requests (rig, "SPICE_LIE=header");

  g_assert_cmpuint (count (said, "messages are as we know them"), ==, 0);
}

/* The queue is not found: the folder is shared, uncompressed from us to the server. */
static void
test_no_compressed_send (Rig *rig)
{
  g_autoptr (Relay) relay = relay_new (rig->tcp_port, 0, 0);
  g_autofree char *uri = g_strdup_printf ("spice://127.0.0.1:%u", relay_get_port (relay));
  g_autofree char *errors = g_build_filename (rig->dir, "errors", NULL);
  const char *const environ[]
      = { "LD_PRELOAD=" PRELOAD_FIRST LIE, "SPICE_LIE=header", "G_DEBUG=", NULL };
  g_autoptr (RigChild) viewer = NULL;
  g_autoptr (RigExchange) up = NULL;
  g_autofree char *said = NULL;

  rig_make_file (rig, "down", RIG_CONTENT_TEXT, FILE_SIZE);
  viewer = start_viewer (rig, uri, errors, environ);
  /* More messages than are watched before giving up. */
  for (gint64 id = 1; id <= 10; id++)
    {
      g_autoptr (RigExchange) down
          = rig_peer_request (rig->peer, id, "GET", "/down", NULL, NULL, 0);

      rig_assert_status (down, 200);
      g_assert_cmpuint (down->reader->body->len, ==, FILE_SIZE);
    }
  up = rig_peer_start_upload (rig->peer, 1, "/up", NULL, RIG_CONTENT_TEXT, FILE_SIZE);
  rig_exchange_wait (up);
  rig_assert_status (up, 201);

  g_assert_cmpuint (relay_get_messages (relay, RIG_CHANNEL_WEBDAV, SPICE_WIRE_TO_SERVER,
                                        SPICE_MSGC_SPICEVMC_COMPRESSED_DATA),
                    ==, 0);
  /* What the server compresses is still understood. */
  g_assert_cmpuint (relay_get_messages (relay, RIG_CHANNEL_WEBDAV, SPICE_WIRE_TO_CLIENT,
                                        SPICE_MSG_SPICEVMC_COMPRESSED_DATA),
                    >, 0);
  g_assert_true (g_file_get_contents (errors, &said, NULL, NULL));
  g_assert_cmpuint (count (said, "-WARNING **"), ==, 1);
  g_assert_nonnull (strstr (said, "not compressed"));
}

/* The handlers are not spice-gtk's: nothing is replaced, and the reason is told once. */
static void
test_own_channel (Rig *rig)
{
  g_autofree char *errors = g_build_filename (rig->dir, "errors", NULL);
  g_autofree char *quoted = g_strdup_printf ("exec '" MODULE_HOST "' '" MODULE "' 2>'%s'", errors);
  const char *const argv[] = { "sh", "-c", quoted, NULL };
  const char *const environ[]
      = { "LD_PRELOAD=" PRELOAD_FIRST LIE, "SPICE_LIE=handlers", "G_DEBUG=", NULL };
  g_autoptr (RigChild) viewer = rig_child_new (argv, environ);
  g_autofree char *said = NULL;

  g_assert_cmpstr (rig_child_wait (viewer, "channel ", 1, 20), ==, "SpiceWebdavChannel");
  g_assert_cmpint (rig_child_wait_exit (viewer, 20), ==, 0);
  g_assert_true (g_file_get_contents (errors, &said, NULL, NULL));
  g_assert_cmpuint (count (said, "-WARNING **"), ==, 1);
  g_assert_nonnull (strstr (said, "spice-gtk"));
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  rig_test_add ("/fallback/messages-known", RIG_TCP, 60, test_messages_known);
  rig_test_add ("/fallback/messages-unknown", RIG_TCP, 60, test_messages_unknown);
  rig_test_add ("/fallback/no-compressed-send", RIG_TCP, 60, test_no_compressed_send);
  rig_test_add ("/fallback/own-channel", RIG_TCP, 60, test_own_channel);
  return rig_test_run ();
}
