/* What the real server never says: acknowledgements, pings, header forms, odd COMPRESSED_DATA.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-test.h"

#include "base/error.h"
#include "process-counters.h"
#include "scripted-server.h"
#include "worker/traffic.h"

#include <lz4.h>
#include <spice/enums.h>
#include <string.h>

#define REPLY_SECONDS 10

/* Where the module's README puts the cap of a declared size. */
#define DECLARED_MAX (64u * 1024 * 1024)

static const char get_small[] = "GET /small.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";

/* A mux frame that asks for the small file. */
static GByteArray *
request_frame (gint64 id)
{
  GByteArray *frame = g_byte_array_new ();
  guint16 len = GUINT16_TO_LE (strlen (get_small));

  id = GINT64_TO_LE (id);
  g_byte_array_append (frame, (const guint8 *)&id, sizeof id);
  g_byte_array_append (frame, (const guint8 *)&len, sizeof len);
  g_byte_array_append (frame, (const guint8 *)get_small, strlen (get_small));
  return frame;
}

static void
send_compressed (ScriptedConn *conn, guint8 type, guint32 declared, const void *data, gsize len)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();

  declared = GUINT32_TO_LE (declared);
  g_byte_array_append (body, &type, 1);
  if (type != SPICE_DATA_COMPRESSION_TYPE_NONE)
    g_byte_array_append (body, (const guint8 *)&declared, sizeof declared);
  g_byte_array_append (body, data, len);
  scripted_send (conn, SPICE_MSG_SPICEVMC_COMPRESSED_DATA, body->data, body->len);
}

static GByteArray *
lz4 (const GByteArray *plain)
{
  GByteArray *block = g_byte_array_new ();
  int size;

  g_byte_array_set_size (block, LZ4_compressBound (plain->len));
  size = LZ4_compress_default ((const char *)plain->data, (char *)block->data, plain->len,
                               block->len);
  g_assert_cmpint (size, >, 0);
  g_byte_array_set_size (block, size);
  return block;
}

/* Runs a script against a viewer that shares a small file, until the script is over. */
static ShareViewer *
play (Rig *rig, ScriptedServer *server)
{
  ViewerSetup setup = { 0 };
  ShareViewer *viewer;

  rig_write_file (rig, "small.txt", "hello", 5);
  viewer = share_viewer_new (scripted_server_get_uri (server), &setup, rig->share, 0,
                             SPICE_SHARE_COMPRESSION_ALWAYS);
  rig_wait_until (scripted_server_get_n_done (server) == 1, 30);
  return viewer;
}

/* The folder is open a moment after the channel: 503 until then. */
static void
wait_shared (ScriptedConn *conn)
{
  gint64 end = g_get_monotonic_time () + REPLY_SECONDS * G_USEC_PER_SEC;
  guint status;

  do
    {
      status = scripted_request (conn, 1, get_small, REPLY_SECONDS);
      scripted_send_frame (conn, 1, NULL, 0);
      g_assert_cmpint (g_get_monotonic_time (), <, end);
    }
  while (status == 503);
  g_assert_cmpuint (status, ==, 200);
}

static void
base_messages (ScriptedConn *conn, gpointer user_data)
{
  static const guint32 set_ack[] = { GUINT32_TO_LE (77), GUINT32_TO_LE (2) };
  static const guint8 ping[12] = { 9 };
  g_autoptr (GBytes) sync = NULL;
  g_autoptr (GBytes) pong = NULL;
  g_autoptr (GBytes) ack = NULL;

  g_assert_true (scripted_conn_client_has_lz4 (conn));
  wait_shared (conn);
  scripted_send (conn, SPICE_MSG_SET_ACK, set_ack, sizeof set_ack);
  sync = scripted_expect (conn, SPICE_MSGC_ACK_SYNC, REPLY_SECONDS);
  g_assert_cmpmem (g_bytes_get_data (sync, NULL), g_bytes_get_size (sync), set_ack, 4);
  scripted_send (conn, SPICE_MSG_PING, ping, sizeof ping);
  pong = scripted_expect (conn, SPICE_MSGC_PONG, REPLY_SECONDS);
  g_assert_cmpmem (g_bytes_get_data (pong, NULL), g_bytes_get_size (pong), ping, sizeof ping);
  g_assert_cmpuint (scripted_request (conn, 5, get_small, REPLY_SECONDS), ==, 200);
  g_assert_cmpuint (scripted_request (conn, 6, get_small, REPLY_SECONDS), ==, 200);
  /* A window of two, and three messages since: one acknowledgement; the fourth brings the next. */
  g_assert_cmpuint (scripted_conn_get_n_received (conn, SPICE_MSGC_ACK), ==, 1);
  scripted_send (conn, SPICE_MSG_PING, ping, sizeof ping);
  ack = scripted_expect (conn, SPICE_MSGC_ACK, REPLY_SECONDS);
}

static void
test_base_messages (Rig *rig)
{
  for (int flags = 0; flags <= (SCRIPTED_MINI_HEADER | SCRIPTED_LZ4); flags++)
    {
      g_autoptr (ScriptedServer) server = scripted_server_new (flags, base_messages, NULL);
      g_autoptr (ShareViewer) viewer = play (rig, server);

      g_assert_cmpuint (share_viewer_count (viewer, "share-error"), ==, 0);
    }
}

static void
note_debug (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  g_ptr_array_add (user_data, g_strdup (message));
}

/* Whoever listens hears of every message, those that spice-gtk handles included. */
static void
test_message_log (Rig *rig)
{
  static const char *const expected[]
      = { "received PORT_INIT, 34 bytes", "received SET_ACK, 8 bytes", "received PING, 12 bytes",
          "received DATA, 54 bytes" };

  g_setenv ("G_MESSAGES_DEBUG", "spice-share", TRUE);
  for (int flags = 0; flags <= SCRIPTED_MINI_HEADER; flags += SCRIPTED_MINI_HEADER)
    {
      g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
      guint handler = g_log_set_handler ("spice-share", G_LOG_LEVEL_DEBUG, note_debug, lines);
      g_autoptr (ScriptedServer) server = scripted_server_new (flags, base_messages, NULL);
      g_autoptr (ShareViewer) viewer = play (rig, server);

      g_log_remove_handler ("spice-share", handler);
      for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
        if (!g_ptr_array_find_with_equal_func (lines, expected[i], g_str_equal, NULL))
          {
            for (guint j = 0; j < lines->len; j++)
              g_test_message ("%s", (char *)lines->pdata[j]);
            g_error ("nobody said “%s”", expected[i]);
          }
    }
  g_unsetenv ("G_MESSAGES_DEBUG");
}

/* What we send to a server that has LZ4, and to one that has not, under either header. */
static void
big_reply (ScriptedConn *conn, gpointer user_data)
{
  static const char get_big[] = "GET /big.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
  gboolean has_lz4 = GPOINTER_TO_INT (user_data);

  wait_shared (conn);
  g_assert_cmpuint (scripted_request (conn, 5, get_big, REPLY_SECONDS), ==, 200);
  if (has_lz4)
    g_assert_cmpuint (scripted_conn_get_n_received (conn, SPICE_MSGC_SPICEVMC_COMPRESSED_DATA), >=,
                      RIG_CONTENT_BLOCK / (128 * 1024));
  else
    g_assert_cmpuint (scripted_conn_get_n_received (conn, SPICE_MSGC_SPICEVMC_COMPRESSED_DATA), ==,
                      0);
}

static void
test_big_reply (Rig *rig)
{
  rig_make_file (rig, "big.txt", RIG_CONTENT_TEXT, RIG_CONTENT_BLOCK);
  for (int flags = 0; flags <= (SCRIPTED_MINI_HEADER | SCRIPTED_LZ4); flags++)
    {
      gpointer has_lz4 = GINT_TO_POINTER ((flags & SCRIPTED_LZ4) != 0);
      g_autoptr (ScriptedServer) server = scripted_server_new (flags, big_reply, has_lz4);
      g_autoptr (ShareViewer) viewer = play (rig, server);

      g_assert_cmpuint (share_viewer_count (viewer, "share-error"), ==, 0);
    }
}

static void
good_compressed (ScriptedConn *conn, gpointer user_data)
{
  g_autoptr (GByteArray) frame = request_frame (5);
  g_autoptr (GByteArray) block = lz4 (frame);
  g_autoptr (GByteArray) many = g_byte_array_new ();
  g_autoptr (GByteArray) many_block = NULL;

  wait_shared (conn);
  send_compressed (conn, SPICE_DATA_COMPRESSION_TYPE_NONE, 0, frame->data, frame->len);
  g_assert_cmpuint (scripted_await_status (conn, 5, REPLY_SECONDS), ==, 200);
  send_compressed (conn, SPICE_DATA_COMPRESSION_TYPE_LZ4, frame->len, block->data, block->len);
  g_assert_cmpuint (scripted_await_status (conn, 5, REPLY_SECONDS), ==, 200);
  /* No bytes at all are no error. */
  send_compressed (conn, SPICE_DATA_COMPRESSION_TYPE_NONE, 0, "", 0);

  /* A message that inflates to megabytes: frames of a client that never was, then a request. */
  for (guint i = 0; i < 64; i++)
    {
      static const guint8 nothing[10];

      for (guint j = 0; j < 1024; j++)
        g_byte_array_append (many, nothing, sizeof nothing);
    }
  g_byte_array_append (many, frame->data, frame->len);
  many_block = lz4 (many);
  send_compressed (conn, SPICE_DATA_COMPRESSION_TYPE_LZ4, many->len, many_block->data,
                   many_block->len);
  g_assert_cmpuint (scripted_await_status (conn, 5, REPLY_SECONDS), ==, 200);
}

static void
test_good_compressed (Rig *rig)
{
  g_autoptr (ScriptedServer) server
      = scripted_server_new (SCRIPTED_MINI_HEADER | SCRIPTED_LZ4, good_compressed, NULL);
  g_autoptr (ShareViewer) viewer = play (rig, server);

  g_assert_cmpuint (share_viewer_count (viewer, "share-error"), ==, 0);
}

typedef enum
{
  BROKEN_TOO_LONG,
  BROKEN_TOO_SHORT,
  BROKEN_TRUNCATED,
  BROKEN_GARBAGE,
  BROKEN_OVERSIZE,
  BROKEN_HUGE,
  BROKEN_TYPE,
  N_BROKEN
} Broken;

static void
send_broken (ScriptedConn *conn, Broken broken)
{
  g_autoptr (GByteArray) frame = request_frame (5);
  g_autoptr (GByteArray) block = lz4 (frame);
  const guint8 type = SPICE_DATA_COMPRESSION_TYPE_LZ4;

  switch (broken)
    {
    case BROKEN_TOO_LONG:
      send_compressed (conn, type, frame->len - 1, block->data, block->len);
      break;
    case BROKEN_TOO_SHORT:
      send_compressed (conn, type, frame->len + 1, block->data, block->len);
      break;
    case BROKEN_TRUNCATED:
      send_compressed (conn, type, frame->len, block->data, block->len - 3);
      break;
    case BROKEN_GARBAGE:
      send_compressed (conn, type, 50000, rig_content_get (RIG_CONTENT_RANDOM), 4000);
      break;
    case BROKEN_OVERSIZE:
      send_compressed (conn, type, DECLARED_MAX + 1, block->data, block->len);
      break;
    case BROKEN_HUGE:
      send_compressed (conn, type, G_MAXUINT32, block->data, block->len);
      break;
    default:
      send_compressed (conn, 7, frame->len, block->data, block->len);
    }
}

static void
broken_compressed (ScriptedConn *conn, gpointer user_data)
{
  wait_shared (conn);
  send_broken (conn, GPOINTER_TO_INT (user_data));
  /* Reported, and the channel reset: never skipped in silence. */
  scripted_expect_end (conn, REPLY_SECONDS);
}

static void
test_broken_compressed (Rig *rig)
{
  for (int broken = 0; broken < N_BROKEN; broken++)
    {
      g_autoptr (ScriptedServer) server = scripted_server_new (
          SCRIPTED_MINI_HEADER | SCRIPTED_LZ4, broken_compressed, GINT_TO_POINTER (broken));
      g_autoptr (ShareViewer) viewer = play (rig, server);
      g_autoptr (GError) error = NULL;

      g_test_message ("case %d", broken);
      g_assert_cmpuint (share_viewer_count (viewer, "share-error"), ==, 1);
      g_object_get (share_viewer_get_channel (viewer), "last-error", &error, NULL);
      g_assert_error (error, SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_PROTOCOL);
      rig_wait_until (share_viewer_count (viewer, "sharing-stopped") == 1, REPLY_SECONDS);

      /* The viewer may connect it again, as soon as spice-gtk is through with it. */
      rig_wait_until (viewer->viewer->last_event == SPICE_CHANNEL_CLOSED, REPLY_SECONDS);
      g_assert_true (spice_channel_connect (viewer->viewer->webdav));
      rig_wait_until (share_viewer_count (viewer, "ready") == 2, REPLY_SECONDS);
      spice_share_channel_share (share_viewer_get_channel (viewer), rig->share, 0);
      rig_wait_until (scripted_server_get_n_done (server) == 2, 30);
    }
}

/* What spice-gtk's parser does not know it drops with one critical message, and goes on. */
static void
unparsable (ScriptedConn *conn, gpointer user_data)
{
  static const guint8 lz4_without_size[] = { SPICE_DATA_COMPRESSION_TYPE_LZ4, 1, 0 };

  wait_shared (conn);
  scripted_send (conn, SPICE_MSG_SPICEVMC_COMPRESSED_DATA, "", 0);
  scripted_send (conn, SPICE_MSG_SPICEVMC_COMPRESSED_DATA, lz4_without_size,
                 sizeof lz4_without_size);
  scripted_send (conn, 150, "what is this", 12);
  g_assert_cmpuint (scripted_request (conn, 5, get_small, REPLY_SECONDS), ==, 200);
}

static void
test_unparsable (Rig *rig)
{
  g_autoptr (ScriptedServer) server = NULL;
  g_autoptr (ShareViewer) viewer = NULL;
  guint before = rig_test_count_warnings ();

  rig_test_allow_warning ("failed to parse message: webdav-11:0 type 102");
  rig_test_allow_warning ("failed to parse message: webdav-11:0 type 150");
  server = scripted_server_new (SCRIPTED_MINI_HEADER | SCRIPTED_LZ4, unparsable, NULL);
  viewer = play (rig, server);
  g_assert_cmpuint (rig_test_count_warnings () - before, ==, 3);
  g_assert_cmpuint (share_viewer_count (viewer, "share-error"), ==, 0);
}

/* The guest says nonsense: no answer is due, but the viewer lives and serves others. */
static void
nonsense (ScriptedConn *conn, gpointer user_data)
{
  const guint8 *random = rig_content_get (RIG_CONTENT_RANDOM);

  wait_shared (conn);
  for (guint i = 0; i < 200; i++)
    scripted_send_frame (conn, 100 + i % 80, random + i * 977, 1 + i * 13 % 900);
  g_assert_cmpuint (scripted_request (conn, 5, get_small, REPLY_SECONDS), ==, 200);
}

static void
test_nonsense (Rig *rig)
{
  g_autoptr (ScriptedServer) server
      = scripted_server_new (SCRIPTED_MINI_HEADER | SCRIPTED_LZ4, nonsense, NULL);
  g_autoptr (ShareViewer) viewer = play (rig, server);

  g_assert_cmpuint (share_viewer_count (viewer, "share-error"), ==, 0);
}

#define FLOOD_MESSAGE (TRAFFIC_IN_MAX)
#define FLOOD_MESSAGES 16

/* An upload in messages that fill the worker's inbox, one after the other. */
static void
flood (ScriptedConn *conn, gpointer user_data)
{
  static const char head[]
      = "PUT /up HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n";
  const guint16 size = 65535;
  const guint8 header[] = { 7, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  g_autoptr (GByteArray) message = g_byte_array_new ();

  while (message->len < FLOOD_MESSAGE)
    {
      g_byte_array_append (message, header, sizeof header);
      g_byte_array_append (message, rig_content_get (RIG_CONTENT_RANDOM), size);
    }
  wait_shared (conn);
  scripted_send_frame (conn, 7, head, strlen (head));
  for (guint i = 0; i < FLOOD_MESSAGES; i++)
    scripted_send (conn, SPICE_MSG_SPICEVMC_DATA, message->data, message->len);
}

/* A disk that takes nothing: what waits for it has an end, and the viewer can be left meanwhile. */
static void
test_flood (Rig *rig)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_MINI_HEADER, flood, NULL);
  g_autofree char *program = rig_program ("test-viewer");
  const char *const argv[]
      = { program, "--share", rig->share, "--sink-rate", "1000", scripted_server_get_uri (server),
          NULL };
  g_autoptr (RigChild) viewer = NULL;
  guint64 before, last = 0, now;
  gint64 since = 0;

  rig_write_file (rig, "small.txt", "hello", 5);
  viewer = rig_child_new (argv, NULL);
  rig_child_wait (viewer, "sharing-started", 1, REPLY_SECONDS);
  before = rig_process_get_rss_kib (rig_child_get_pid (viewer));
  rig_wait_until (({
                    now = rig_process_get_rss_kib (rig_child_get_pid (viewer)) / 256;
                    if (now != last)
                      since = g_get_monotonic_time ();
                    last = now;
                    g_get_monotonic_time () - since > 4 * G_USEC_PER_SEC;
                  }),
                  40);
  now = rig_process_get_rss_kib (rig_child_get_pid (viewer));
  g_test_message ("%" G_GUINT64_FORMAT " KiB more", now - before);
  g_assert_cmpuint (now - before, >, 3 * TRAFFIC_IN_MAX / 1024);
  g_assert_cmpuint (now - before, <, 7 * TRAFFIC_IN_MAX / 1024 + PATIENCE_KIB);
  since = g_get_monotonic_time ();
  g_clear_pointer (&viewer, rig_child_free);
  g_assert_cmpint (g_get_monotonic_time () - since, <, 2 * G_USEC_PER_SEC * patience ());
  rig_wait_until (scripted_server_get_n_done (server) == 1, REPLY_SECONDS);
}

static void
wait_for_end (ScriptedConn *conn, gpointer user_data)
{
  scripted_expect_end (conn, REPLY_SECONDS);
}

static void
note_message (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  if (strstr (message, "0.12.5") != NULL)
    ++*(guint *)user_data;
}

/* spice-server before 0.12.5: the port is a plain one. It is left alone, with a line in the log. */
static void
test_type_10 (Rig *rig)
{
  g_autoptr (ScriptedServer) server
      = scripted_server_new (SCRIPTED_MINI_HEADER | SCRIPTED_TYPE_10, wait_for_end, NULL);
  ViewerSetup setup = { 0 };
  guint lines = 0;
  guint handler = g_log_set_handler ("spice-share", G_LOG_LEVEL_MESSAGE, note_message, &lines);
  g_autoptr (ShareViewer) viewer = share_viewer_new (scripted_server_get_uri (server), &setup,
                                                     rig->share, 0, SPICE_SHARE_COMPRESSION_AUTO);

  rig_wait_until (viewer->viewer->port != NULL, REPLY_SECONDS);
  g_assert_false (SPICE_IS_SHARE_CHANNEL (viewer->viewer->port));
  g_assert_true (spice_channel_connect (viewer->viewer->port));
  rig_wait_until (lines == 1, REPLY_SECONDS);
  spice_session_disconnect (viewer->viewer->session);
  rig_wait_until (scripted_server_get_n_done (server) == 1, REPLY_SECONDS);
  g_log_remove_handler ("spice-share", handler);
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  rig_test_add ("/scripted/base-messages", RIG_TCP, 90, test_base_messages);
  rig_test_add ("/scripted/message-log", RIG_TCP, 60, test_message_log);
  rig_test_add ("/scripted/big-reply", RIG_TCP, 90, test_big_reply);
  rig_test_add ("/scripted/good-compressed", RIG_TCP, 60, test_good_compressed);
  rig_test_add ("/scripted/broken-compressed", RIG_TCP, 90, test_broken_compressed);
  rig_test_add ("/scripted/unparsable", RIG_TCP, 60, test_unparsable);
  rig_test_add ("/scripted/nonsense", RIG_TCP, 60, test_nonsense);
  rig_test_add ("/scripted/flood", RIG_TCP, 90, test_flood);
  rig_test_add ("/scripted/type-10", RIG_TCP, 60, test_type_10);
  return rig_test_run ();
}
