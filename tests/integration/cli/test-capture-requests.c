/* `spice-share --capture` against a real server, and what Wireshark makes of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rig.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "capture/capture.h"

#define SECONDS 20
#define TSHARK_SECONDS 60

static void
request (Rig *rig,
         gint64 id,
         const char *method,
         const char *path,
         const char *headers,
         gconstpointer body,
         gsize size,
         guint status)
{
  g_autoptr (RigExchange) exchange
      = rig_peer_request (rig->peer, id, method, path, headers, body, size);

  rig_assert_status (exchange, status);
}

/* What tshark prints of the frames that @filter lets through: one line each, of these fields. */
static char *
dissect (const char *file, const char *filter, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  const char *const begin[] = {
    "tshark", "-r",     file, "-o",  "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
    "-T",     "fields", "-Y", filter
  };
  const char *field;
  va_list fields;
  char *output;

  for (guint i = 0; i < G_N_ELEMENTS (begin); i++)
    g_ptr_array_add (argv, (gpointer)begin[i]);
  va_start (fields, filter);
  while ((field = va_arg (fields, const char *)) != NULL)
    {
      g_ptr_array_add (argv, (gpointer) "-e");
      g_ptr_array_add (argv, (gpointer)field);
    }
  va_end (fields);
  g_ptr_array_add (argv, NULL);
  g_assert_cmpint (rig_run ((const char *const *)argv->pdata, TSHARK_SECONDS, &output), ==, 0);
  return output;
}

static void
end_by_sigterm (RigChild *child)
{
  g_assert_cmpint (kill (rig_child_get_pid (child), SIGTERM), ==, 0);
  g_assert_cmpint (rig_child_wait_exit (child, SECONDS), ==, 0);
  rig_child_free (child);
}

/* The messages of one direction carry the whole stream of the port, and some are compressed. */
static void
assert_messages (const char *file, const char *direction, guint64 expected, gboolean compressed)
{
  g_autofree char *filter = g_strdup_printf (
      "frame.interface_name == \"vmc\" && frame.packet_flags_direction == %s", direction);
  g_autofree char *output = dissect (file, filter, "frame.comment", NULL);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (output), "\n", -1);
  guint64 payload = 0;
  guint n_compressed = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (GRegex) regex
          = g_regex_new ("^(COMPRESSED_DATA|DATA) wire=(\\d+) payload=(\\d+)$", 0, 0, NULL);
      g_autoptr (GMatchInfo) match = NULL;
      g_autofree char *type = NULL, *wire = NULL, *size = NULL;

      g_assert_true (g_regex_match (regex, lines[i], 0, &match));
      type = g_match_info_fetch (match, 1);
      wire = g_match_info_fetch (match, 2);
      size = g_match_info_fetch (match, 3);
      payload += g_ascii_strtoull (size, NULL, 10);
      if (g_str_equal (type, "DATA"))
        {
          g_assert_cmpstr (wire, ==, size);
        }
      else
        {
          n_compressed++;
          g_assert_cmpuint (g_ascii_strtoull (wire, NULL, 10), <,
                            g_ascii_strtoull (size, NULL, 10));
        }
    }
  g_assert_cmpuint (payload, ==, expected);
  if (compressed)
    g_assert_cmpuint (n_compressed, >, 0);
}

static void
test_requests (Rig *rig)
{
  g_autofree char *file = g_build_filename (rig->dir, "capture.pcapng", NULL);
  const char *const argv[] = { COMMAND, "--headless",    "--share-dir", rig->share, "--capture",
                               file,    "--compression", "always",      rig->uri,   NULL };
  const char *const broken = "_ws.malformed || tcp.analysis.flags || tcp.checksum.status == 0 || "
                             "ip.checksum.status == 0 || _ws.expert.severity >= 0x600000";
  RigChild *child = rig_child_new (argv, NULL);
  g_autofree char *requests = NULL;
  g_autofree char *responses = NULL;
  g_autofree char *hosts = NULL;
  g_autofree char *bad = NULL;
  g_autofree char *ends = NULL;
  struct stat info;

  rig_child_wait (child, "started ", 1, SECONDS);
  request (rig, 5, "PROPFIND", "/", "Depth: 1\r\n", NULL, 0, 207);
  request (rig, 5, "PUT", "/new%20file.txt", NULL, rig_content_get (RIG_CONTENT_TEXT), 300000, 201);
  request (rig, 6, "GET", "/missing", NULL, NULL, 0, 404);
  request (rig, 5, "GET", "/new%20file.txt", NULL, NULL, 0, 200);
  rig_peer_close_client (rig->peer, 5);
  /* The same id is another connection now. */
  request (rig, 5, "OPTIONS", "/", NULL, NULL, 0, 200);
  end_by_sigterm (child);

  g_assert_cmpint (g_stat (file, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 07777, ==, 0600);

  requests = dissect (file, "http.request", "tcp.stream", "http.request.method", "http.request.uri",
                      NULL);
  g_assert_cmpstr (requests, ==,
                   "0\tPROPFIND\t/\n"
                   "0\tPUT\t/new%20file.txt\n"
                   "1\tGET\t/missing\n"
                   "0\tGET\t/new%20file.txt\n"
                   "2\tOPTIONS\t/\n");
  responses = dissect (file, "http.response", "tcp.stream", "http.response.code", NULL);
  g_assert_cmpstr (responses, ==, "0\t207\n0\t201\n1\t404\n0\t200\n2\t200\n");
  hosts = dissect (file, "http.content_length == 300000", "http.request.method",
                   "http.response.code", "ip.src", NULL);
  g_assert_cmpstr (hosts, ==, "PUT\t\t192.0.2.2\n\t200\t192.0.2.1\n");
  bad = dissect (file, broken, "frame.number", "_ws.expert.message", NULL);
  g_assert_cmpstr (bad, ==, "");
  /* Every connection has a beginning and two ends. */
  ends = dissect (file, "tcp.flags.syn == 1 && tcp.flags.ack == 0 || tcp.flags.fin == 1",
                  "tcp.stream", NULL);
  g_assert_cmpuint (strlen (ends), ==, 9 * 2);

  assert_messages (file, "1", rig_peer_get_bytes_written (rig->peer), FALSE);
  assert_messages (file, "2", rig_peer_get_bytes_read (rig->peer), TRUE);
}

/* Nothing is started, and nothing overwritten. */
static void
test_exists (Rig *rig)
{
  g_autofree char *file = g_build_filename (rig->share, "mine", NULL);
  const char *const argv[] = { COMMAND, "--headless", "--capture", file, rig->uri, NULL };
  g_autofree char *content = NULL;
  RigChild *child;

  rig_write_file (rig, "mine", "mine", 4);
  child = rig_child_new (argv, NULL);
  g_assert_cmpint (rig_child_wait_exit (child, SECONDS), ==, 2);
  rig_child_free (child);
  g_assert_cmpuint (rig_count_channel (rig, RIG_CHANNEL_WEBDAV), ==, 0);
  g_assert_true (g_file_get_contents (file, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "mine");
}

/* What cannot be written ends the recording, and the share goes on. */
static void
test_full (Rig *rig)
{
  g_autofree char *file = g_build_filename (rig->dir, "capture.pcapng", NULL);
  /* In blocks of 512 bytes. */
  const char *const argv[] = { "sh",          "-c",       "ulimit -f 100; exec \"$@\"",
                               "sh",          COMMAND,    "--headless",
                               "--share-dir", rig->share, "--capture",
                               file,          rig->uri,   NULL };
  /* Warnings do not end this one. */
  const char *const environment[] = { "G_DEBUG=", NULL };
  RigChild *child;
  g_autofree char *requests = NULL;
  struct stat info;

  rig_make_file (rig, "big.txt", RIG_CONTENT_TEXT, 200000);
  child = rig_child_new (argv, environment);
  rig_child_wait (child, "started ", 1, SECONDS);
  request (rig, 1, "GET", "/first", NULL, NULL, 0, 404);
  for (guint i = 0; i < 5; i++)
    request (rig, 1, "GET", "/big.txt", NULL, NULL, 0, 200);
  end_by_sigterm (child);

  g_assert_cmpint (g_stat (file, &info), ==, 0);
  g_assert_cmpint (info.st_size, <=, 51200);
  requests = dissect (file, "http.request", "http.request.uri", NULL);
  g_assert_true (g_str_has_prefix (requests, "/first\n"));
}

/* A file that has reached its size is as good as another as far as it goes: every request in it is
 * seen, and every connection ends. */
static void
test_capped (Rig *rig)
{
  static const char get[] = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n";
  const CaptureLimits limits = { .file_max = 100000, .queue_max = CAPTURE_QUEUE_MAX };
  const guint n_clients = 4;
  g_autofree char *file = g_build_filename (rig->dir, "capped.pcapng", NULL);
  g_autofree char *content = g_strnfill (3000, 'x');
  g_autofree char *requests = NULL;
  g_autofree char *ends = NULL;
  g_autofree char *bad = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (Capture) capture = capture_new_for_fd (
      g_open (file, O_WRONLY | O_CREAT | O_EXCL, 0600), file, &limits, &error);
  guint n_requests;
  struct stat info;

  g_assert_no_error (error);
  for (guint i = 0; i < 100; i++)
    {
      gint64 client = i % n_clients;

      capture_client_data (capture, 0, client, FALSE, (const guint8 *)get, strlen (get));
      capture_client_data (capture, 0, client, TRUE, (const guint8 *)head, strlen (head));
      capture_client_data (capture, 0, client, TRUE, (const guint8 *)content, strlen (content));
    }
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  g_assert_cmpint (g_stat (file, &info), ==, 0);
  g_assert_cmpint (info.st_size, <=, limits.file_max);
  g_assert_cmpint (info.st_size, >, limits.file_max - 3000 - CAPTURE_WRITER_TRAILER);

  requests = dissect (file, "http.request", "http.request.uri", NULL);
  n_requests = strlen (requests) / strlen ("/a\n");
  g_assert_cmpuint (n_requests, >, limits.file_max / 4000);
  g_assert_cmpuint (n_requests, <, 100);
  ends = dissect (file, "tcp.flags.fin == 1", "tcp.flags.fin", NULL);
  g_assert_cmpuint (strlen (ends), ==, 2 * n_clients * strlen ("1\n"));
  bad = dissect (file, "tcp.analysis.flags || tcp.checksum.status == 0", "frame.number", NULL);
  g_assert_cmpstr (bad, ==, "");
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  rig_test_add ("/capture/requests", RIG_TCP, 150, test_requests);
  rig_test_add ("/capture/exists", RIG_TCP, 60, test_exists);
  rig_test_add ("/capture/full", RIG_TCP, 120, test_full);
  rig_test_add ("/capture/capped", RIG_TCP, 120, test_capped);
  return rig_test_run ();
}
