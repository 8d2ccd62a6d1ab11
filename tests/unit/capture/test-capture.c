/* The recording as a file, and what is in it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "checks.h"
#include "recording.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "capture/pcapng.h"
#include "capture/tcp-conversation.h"

static void
test_file (void)
{
  g_autofree char *path = checks_path ("file.pcapng");
  g_autoptr (GError) error = NULL;
  g_autoptr (Capture) capture = NULL;
  g_autoptr (Recording) recording = NULL;
  mode_t mask = umask (0);
  struct stat info;

  g_assert_true (capture_check_path (path, &error));
  capture = capture_new (path, &error);
  g_assert_no_error (error);
  checks_say (capture, capture_add_port (capture), 7, FALSE, "GET");
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  umask (mask);

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 07777, ==, 0600);
  recording = recording_load (path);
  /* Handshake, data and its ACK; twice a FIN and its ACK, which came with the end. */
  g_assert_cmpuint (recording->packets->len, ==, 9);
  g_assert_true (recording->has_statistics);
  g_assert_cmpuint (recording->received[0], ==, 9);
  g_assert_cmpuint (recording->dropped[0], ==, 0);

  /* What comes too late is ignored. */
  checks_say (capture, 0, 7, FALSE, "x");
  capture_message (capture, FALSE, CAPTURE_DATA, (const guint8 *)"x", 1, 1);
  capture_client_close (capture, 0, 7, FALSE);
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  checks_assert_silent ();
}

/* A file, or a link that stands for one, is nobody's to overwrite. */
static void
test_exists (void)
{
  g_autofree char *path = checks_path ("there");
  g_autofree char *link = checks_path ("link");
  g_autofree char *dangling = checks_path ("dangling");
  g_autofree char *nowhere = checks_path ("no/such/folder/file");
  const char *const paths[] = { path, link, dangling, nowhere };

  checks_expect_warning ();
  g_assert_true (g_file_set_contents (path, "mine", -1, NULL));
  g_assert_cmpint (symlink (path, link), ==, 0);
  g_assert_cmpint (symlink ("nothing", dangling), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) expected = NULL;
      g_autoptr (Capture) capture = NULL;
      g_autofree char *content = NULL;

      g_assert_false (capture_check_path (paths[i], &expected));
      g_assert_nonnull (expected);
      capture = capture_new (paths[i], &error);
      g_assert_no_error (error);
      g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
      checks_assert_said (paths[i], i < 3 ? "exists already" : g_strerror (ENOENT));
      checks_say (capture, 0, 1, FALSE, "x");
      g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
      g_assert_cmpstr (content, ==, "mine");
    }
  g_assert_false (g_file_test (dangling, G_FILE_TEST_EXISTS));
}

/* Clients of one id at two ports, a frame larger than a packet, and who closes first. */
static void
test_conversations (void)
{
  g_autofree char *path = checks_path ("conversations");
  g_autoptr (Capture) capture = checks_capture (checks_create (path), LARGE, LARGE);
  g_autoptr (Recording) recording = NULL;
  g_autofree char *large = g_strnfill (65535 * 2, 'L');
  g_autoptr (GByteArray) asked = NULL;
  g_autoptr (GByteArray) answered = NULL;
  g_autoptr (GByteArray) other = NULL;
  g_autoptr (GByteArray) again = NULL;
  guint first = capture_add_port (capture);
  guint second = capture_add_port (capture);

  g_assert_cmpuint (first, !=, second);
  checks_say (capture, first, -1, FALSE, "GET one");
  checks_say (capture, second, -1, FALSE, "GET two");
  checks_say (capture, first, -1, TRUE, large);
  /* The host closes; the rest of the guest's request is still of this connection. */
  capture_client_close (capture, first, -1, TRUE);
  checks_say (capture, first, -1, FALSE, " and more");
  capture_client_close (capture, first, -1, FALSE);
  capture_client_close (capture, first, -1, FALSE);
  checks_say (capture, first, -1, FALSE, "again");
  capture_client_close (capture, first, 12345, TRUE);
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  checks_assert_silent ();

  recording = recording_load (path);
  asked = recording_reassemble (recording, TCP_FIRST_PORT, FALSE);
  g_assert_cmpmem (asked->data, asked->len, "GET one and more", 16);
  answered = recording_reassemble (recording, TCP_FIRST_PORT, TRUE);
  g_assert_cmpmem (answered->data, answered->len, large, strlen (large));
  other = recording_reassemble (recording, TCP_FIRST_PORT + 1, FALSE);
  g_assert_cmpmem (other->data, other->len, "GET two", 7);
  again = recording_reassemble (recording, TCP_FIRST_PORT + 2, FALSE);
  g_assert_cmpmem (again->data, again->len, "again", 5);
  g_assert_cmphex (recording_flags (recording_nth (recording, 0)), ==, TCP_SYN);
  g_assert_cmphex (recording_flags (recording_nth (recording, 1)), ==, TCP_SYN | TCP_ACK);
  g_assert_cmphex (recording_flags (recording_nth (recording, 2)), ==, TCP_ACK);
  /* Three connections, each with a FIN of either side. */
  {
    guint n_fins = 0;

    for (guint i = 0; i < recording->packets->len; i++)
      if ((recording_flags (recording_nth (recording, i)) & TCP_FIN) != 0)
        n_fins++;
    g_assert_cmpuint (n_fins, ==, 6);
  }
}

/* Messages with their comments, and one that is longer than readers bear. */
static void
test_messages (void)
{
  g_autofree char *path = checks_path ("messages");
  g_autoptr (Capture) capture = checks_capture (checks_create (path), LARGE, LARGE);
  g_autoptr (Recording) recording = NULL;
  g_autofree guint8 *data = g_malloc0 (PCAPNG_MAX_PACKET);
  const char *comment = "COMPRESSED_DATA wire=5 payload=77";

  capture_message (capture, FALSE, CAPTURE_COMPRESSED_DATA, (const guint8 *)"12345", 5, 77);
  capture_message (capture, TRUE, CAPTURE_DATA, data, PCAPNG_MAX_PACKET, PCAPNG_MAX_PACKET);
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));

  recording = recording_load (path);
  g_assert_cmpuint (recording->packets->len, ==, 2);
  g_assert_cmpuint (recording->received[1], ==, 2);
  g_assert_cmpuint (recording_nth (recording, 0)->interface, ==, 1);
  g_assert_cmpmem (recording_nth (recording, 0)->data + 12, recording_nth (recording, 0)->size - 12,
                   "12345", 5);
  g_assert_cmpmem (recording_nth (recording, 0)->options + 4, strlen (comment), comment,
                   strlen (comment));
  g_assert_cmpuint (recording_nth (recording, 1)->size, ==, PCAPNG_MAX_PACKET);
  g_assert_cmpuint (recording_nth (recording, 1)->original, ==, PCAPNG_MAX_PACKET + 12);
}

/* Several threads at once, as channels and the viewer are; what comes after the last reference was
 * given up is nobody's. */
static gpointer
talk (gpointer data)
{
  Capture *capture = data;
  guint port = capture_add_port (capture);

  for (guint i = 0; i < 500; i++)
    {
      checks_say (capture, port, i % 7, FALSE, "PUT");
      capture_message (capture, TRUE, CAPTURE_DATA, (const guint8 *)"abc", 3, 3);
      if (i % 5 == 0)
        capture_client_close (capture, port, i % 7, i % 2);
    }
  capture_unref (capture);
  return NULL;
}

static void
test_threads (void)
{
  g_autofree char *path = checks_path ("threads");
  Capture *capture = checks_capture (checks_create (path), LARGE, LARGE);
  g_autoptr (Recording) recording = NULL;
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("talk", talk, capture_ref (capture));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  capture_unref (capture);

  recording = recording_load (path);
  g_assert_cmpuint (recording->received[1], ==, G_N_ELEMENTS (threads) * 500);
  g_assert_cmpuint (recording->received[0] + recording->received[1], ==, recording->packets->len);
}

int
main (int argc, char **argv)
{
  checks_init (&argc, &argv);
  g_test_add_func ("/capture/file", test_file);
  g_test_add_func ("/capture/exists", test_exists);
  g_test_add_func ("/capture/conversations", test_conversations);
  g_test_add_func ("/capture/messages", test_messages);
  g_test_add_func ("/capture/threads", test_threads);
  return checks_run ();
}
