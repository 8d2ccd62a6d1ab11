/* What ends a recording or leaves packets out of it, and that nobody waits for the disk.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "checks.h"
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib-unix.h>

#include "capture/tcp-conversation.h"

/* ---- what ends it ---- */

static void
test_file_limit (void)
{
  const guint64 limit = 100000;
  g_autofree char *path = checks_path ("limit");
  g_autoptr (Capture) capture = checks_capture (checks_create (path), limit, LARGE);
  g_autoptr (Recording) recording = NULL;
  guint8 data[1000] = { 0 };

  for (guint i = 0; i < 200; i++)
    capture_message (capture, FALSE, CAPTURE_DATA, data, sizeof data, sizeof data);
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  checks_assert_said ("the test's file", "97.7");

  recording = recording_load (path);
  g_assert_cmpuint (recording->size, <=, limit);
  g_assert_cmpuint (recording->size, >, limit - CAPTURE_WRITER_TRAILER - 2 * sizeof data);
  g_assert_true (recording->has_statistics);
  g_assert_cmpuint (recording->dropped[1], ==, 1);
  g_assert_cmpuint (recording->received[1], ==, recording->packets->len + 1);
}

/* A connection that the end of the file cuts off ends in it, and leaves out nothing in between. */
static void
test_file_limit_conversations (void)
{
  const guint n_clients = 8;

  /* Every place of the limit in a round of packets. */
  for (guint64 limit = 100000; limit < 102500; limit += 100)
    {
      g_autofree char *name = g_strdup_printf ("limit-%" G_GUINT64_FORMAT, limit);
      g_autofree char *path = checks_path (name);
      g_autoptr (Capture) capture = checks_capture (checks_create (path), limit, LARGE);
      g_autoptr (Recording) recording = NULL;
      g_autofree char *said = g_strnfill (1000, 'x');
      guint n_ends = 0;
      guint n_begins = 0;

      for (guint i = 0; i < 200; i++)
        checks_say (capture, 0, i % n_clients, i % 3 == 0, said);
      /* One that comes when it is over already. */
      checks_say (capture, 0, n_clients, FALSE, said);
      g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
      checks_assert_said ("the test's file", "KiB");

      recording = recording_load (path);
      g_assert_cmpuint (recording->size, <=, limit);
      g_assert_cmpuint (recording->size, >, limit - CAPTURE_WRITER_TRAILER - 2 * strlen (said));
      g_assert_cmpuint (recording->dropped[0], ==, 1);
      for (guint i = 0; i < recording->packets->len; i++)
        {
          guint flags = recording_flags (recording_nth (recording, i));

          n_begins += (flags & TCP_SYN) != 0;
          n_ends += (flags & TCP_FIN) != 0;
        }
      g_assert_cmpuint (n_begins, ==, 2 * n_clients);
      g_assert_cmpuint (n_ends, ==, 2 * n_clients);
      for (guint i = 0; i < n_clients; i++)
        for (guint to_guest = 0; to_guest < 2; to_guest++)
          {
            g_autoptr (GByteArray) bytes
                = recording_reassemble (recording, TCP_FIRST_PORT + i, to_guest);

            g_assert_cmpuint (bytes->len, >, 0);
          }
    }
}

/* A device that is full from the start. */
static void
test_disk_full (void)
{
  g_autoptr (Capture) capture = NULL;

  checks_expect_warning ();
  capture = checks_capture (open ("/dev/full", O_WRONLY), LARGE, LARGE);
  checks_say (capture, 0, 1, FALSE, "x");
  /* It ends by itself. */
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  checks_assert_said ("the test's file", g_strerror (ENOSPC));
}

/* A limit that would end the process by SIGXFSZ, and that falls into the middle of a block. */
static void
test_file_size_signal (void)
{
  g_autofree char *path = checks_path ("ulimit");
  g_autoptr (Capture) capture = checks_capture (checks_create (path), LARGE, LARGE);
  g_autoptr (Recording) recording = NULL;
  guint8 data[1000] = { 0 };
  struct rlimit before, limit;

  checks_expect_warning ();
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  limit = before;
  limit.rlim_cur = 50001;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  for (guint i = 0; i < 200; i++)
    capture_message (capture, TRUE, CAPTURE_DATA, data, sizeof data, sizeof data);
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  checks_assert_said ("the test's file", g_strerror (EFBIG));

  /* Up to there it can be read. */
  recording = recording_load (path);
  g_assert_cmpuint (recording->size, >, 50000 - 2 * sizeof data);
  g_assert_cmpuint (recording->packets->len, >, 40);
}

/* ---- a disk that does not come back ---- */

static gint n_read; /* (atomic) */

static gpointer
read_all (gpointer data)
{
  GByteArray *bytes = g_byte_array_new ();
  guint8 buffer[65536];
  gssize n;

  while ((n = read (GPOINTER_TO_INT (data), buffer, sizeof buffer)) > 0)
    {
      g_byte_array_append (bytes, buffer, n);
      g_atomic_int_add (&n_read, n);
    }
  return bytes;
}

static void
test_queue_limit (void)
{
  const gsize limit = 1024 * 1024;
  guint8 data[1000] = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (Capture) capture = NULL;
  g_autoptr (Recording) recording = NULL;
  GByteArray *bytes;
  GThread *reader;
  int fds[2];
  gsize size;

  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, &error));
  capture = checks_capture (fds[1], LARGE, limit);
  /* Nobody reads. None of this waits, and the watchdog of the test is the proof. */
  for (guint i = 0; i < 5000; i++)
    capture_message (capture, FALSE, CAPTURE_DATA, data, sizeof data, sizeof data);
  g_assert_false (capture_finish (capture, G_USEC_PER_SEC / 100));

  reader = g_thread_new ("reader", read_all, GINT_TO_POINTER (fds[0]));
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  bytes = g_thread_join (reader);
  close (fds[0]);
  checks_assert_silent ();

  size = bytes->len;
  recording = recording_new (g_byte_array_free (bytes, FALSE), size);
  g_assert_cmpuint (recording->received[1], ==, 5000);
  g_assert_cmpuint (recording->dropped[1], ==, 5000 - recording->packets->len);
  /* What the writer had in hand counts as long as it is not written. */
  g_assert_cmpuint (recording->packets->len, <=, limit / sizeof data);
  g_assert_cmpuint (recording->packets->len, >, limit / sizeof data * 8 / 10);
}

/* Dropped packets are gaps: what is kept of a stream stands where it belongs. */
static void
test_queue_gap (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Capture) capture = NULL;
  g_autoptr (Recording) recording = NULL;
  g_autofree char *large = g_strnfill (60000, 'x');
  GByteArray *bytes;
  GThread *reader;
  const Packet *fin = NULL;
  const gint limit = 500000;
  gint64 deadline = g_get_monotonic_time () + SECONDS * G_USEC_PER_SEC;
  int fds[2];
  gsize size;

  g_assert_true (g_unix_open_pipe (fds, FD_CLOEXEC, &error));
  capture = checks_capture (fds[1], LARGE, limit);
  n_read = 0;
  for (guint i = 0; i < 100; i++)
    checks_say (capture, 0, 1, FALSE, large);
  reader = g_thread_new ("reader", read_all, GINT_TO_POINTER (fds[0]));
  /* More than the queue held: what was in the way is written, and there is room for the end. */
  while (g_atomic_int_get (&n_read) <= limit)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      capture_client_data (capture, 0, 1, TRUE, (const guint8 *)large, 1000);
      g_usleep (1000);
    }
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  bytes = g_thread_join (reader);
  close (fds[0]);

  size = bytes->len;
  recording = recording_new (g_byte_array_free (bytes, FALSE), size);
  g_assert_cmpuint (recording->dropped[0], >, 0);
  for (guint i = 0; i < recording->packets->len && fin == NULL; i++)
    if ((recording_flags (recording_nth (recording, i)) & TCP_FIN) != 0)
      fin = recording_nth (recording, i);
  g_assert_nonnull (fin);
  g_assert_cmpuint (recording_be32 (fin->data + 24), ==, 1 + 100 * 60000);
}

int
main (int argc, char **argv)
{
  checks_init (&argc, &argv);
  g_test_add_func ("/capture/file-limit", test_file_limit);
  g_test_add_func ("/capture/file-limit/conversations", test_file_limit_conversations);
  g_test_add_func ("/capture/disk-full", test_disk_full);
  g_test_add_func ("/capture/file-size-signal", test_file_size_signal);
  g_test_add_func ("/capture/queue-limit", test_queue_limit);
  g_test_add_func ("/capture/queue-gap", test_queue_gap);
  return checks_run ();
}
