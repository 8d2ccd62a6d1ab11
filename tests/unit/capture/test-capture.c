/* The recording as a file: what is in it, what ends it, and that nobody waits for it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "capture/capture.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib/gstdio.h>

#include "capture/pcapng.h"
#include "capture/tcp-conversation.h"

#define SECONDS 20
#define LARGE (G_GUINT64_CONSTANT (1) << 40)

static char *folder;

/* What was said to the user, by whichever thread. */
static GMutex said_lock;
static GString *said;

static void
handle_log (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&said_lock);

  g_string_append_printf (said, "%s\n", message);
}

static gboolean
is_fatal (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  return g_strcmp0 (domain, "spice-share") != 0;
}

/* For the test that calls it; GTest forgets it after that. */
static void
expect_warning (void)
{
  g_test_log_set_fatal_handler (is_fatal, NULL);
}

/* The capture is closed: its thread says nothing more. */
static void
assert_said (const char *part, const char *reason)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&said_lock);

  g_assert_nonnull (strstr (said->str, part));
  g_assert_nonnull (strstr (said->str, reason));
  /* One sentence, one line. */
  g_assert_true (strchr (said->str, '\n') == said->str + said->len - 1);
  g_string_truncate (said, 0);
}

static void
assert_silent (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&said_lock);

  g_assert_cmpstr (said->str, ==, "");
}

/* ---- a reader of what was written ---- */

typedef struct
{
  guint32 interface;
  const guint8 *data;
  guint32 size;
  guint32 original;
  const guint8 *options;
} Packet;

typedef struct
{
  guint8 *content;
  gsize size;
  GArray *packets; /* of Packet */
  gboolean has_statistics;
  guint64 received[2];
  guint64 dropped[2];
} Recording;

static guint32
le32 (const guint8 *at)
{
  return at[0] | at[1] << 8 | at[2] << 16 | (guint32)at[3] << 24;
}

static guint32
be32 (const guint8 *at)
{
  return (guint32)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* The u64 of an option of a statistics block. */
static guint64
read_counter (const guint8 *options, guint wanted)
{
  for (;;)
    {
      guint option = options[0] | options[1] << 8;
      guint size = options[2] | options[3] << 8;

      g_assert_cmpuint (option, !=, 0);
      if (option == wanted)
        return le32 (options + 4) | (guint64)le32 (options + 8) << 32;
      options += 4 + (size + 3) / 4 * 4;
    }
}

static Recording *
recording_new (guint8 *content, gsize size)
{
  Recording *self = g_new0 (Recording, 1);

  self->content = content;
  self->size = size;
  self->packets = g_array_new (FALSE, FALSE, sizeof (Packet));
  g_assert_cmpuint (pcapng_whole_blocks (content, size), ==, size);
  for (gsize at = 0; at < size; at += le32 (content + at + 4))
    {
      const guint8 *block = content + at;

      if (le32 (block) == 6)
        {
          Packet packet = { .interface = le32 (block + 8),
                            .data = block + 28,
                            .size = le32 (block + 20),
                            .original = le32 (block + 24) };

          packet.options = packet.data + (packet.size + 3) / 4 * 4;
          g_array_append_val (self->packets, packet);
        }
      else if (le32 (block) == 5)
        {
          guint32 interface = le32 (block + 8);
          const guint8 *options = block + 20;

          self->has_statistics = TRUE;
          self->received[interface] = read_counter (options, 4);
          self->dropped[interface] = read_counter (options, 5);
        }
    }
  return self;
}

static Recording *
recording_load (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *content;
  gsize size;

  g_file_get_contents (path, &content, &size, &error);
  g_assert_no_error (error);
  return recording_new ((guint8 *)content, size);
}

static void
recording_free (Recording *self)
{
  g_free (self->content);
  g_array_unref (self->packets);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Recording, recording_free)

static const Packet *
nth (Recording *self, guint n)
{
  g_assert_cmpuint (n, <, self->packets->len);
  return &g_array_index (self->packets, Packet, n);
}

static guint
flags_of (const Packet *packet)
{
  return packet->data[33];
}

/* What one side of a TCP connection said, put together by sequence numbers. */
static GByteArray *
reassemble (Recording *self, guint guest_port, gboolean to_guest)
{
  GByteArray *bytes = g_byte_array_new ();
  guint32 next = 1;

  for (guint i = 0; i < self->packets->len; i++)
    {
      const Packet *packet = nth (self, i);
      const guint8 *tcp = packet->data + 20;
      guint side = to_guest ? 2 : 0;

      if (packet->interface != 0 || (guint)(tcp[side] << 8 | tcp[side + 1]) != guest_port
          || (flags_of (packet) & TCP_SYN) != 0)
        continue;
      g_assert_cmpuint (packet->size, ==, packet->original);
      g_assert_cmpuint (be32 (tcp + 4), ==, next);
      g_byte_array_append (bytes, packet->data + TCP_HEADERS, packet->size - TCP_HEADERS);
      next += packet->size - TCP_HEADERS;
      if ((flags_of (packet) & TCP_FIN) != 0)
        next++;
    }
  return bytes;
}

static char *
path_of (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static int
create (const char *path)
{
  int fd = open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  return fd;
}

static Capture *
capture_to (int fd, guint64 file_max, gsize queue_max)
{
  const CaptureLimits limits = { file_max, queue_max };
  g_autoptr (GError) error = NULL;
  Capture *capture = capture_new_for_fd (fd, "the test's file", &limits, &error);

  g_assert_no_error (error);
  return capture;
}

static void
say (Capture *capture, guint port, gint64 client, gboolean to_guest, const char *text)
{
  capture_client_data (capture, port, client, to_guest, (const guint8 *)text, strlen (text));
}

/* ---- */

static void
test_file (void)
{
  g_autofree char *path = path_of ("file.pcapng");
  g_autoptr (GError) error = NULL;
  g_autoptr (Capture) capture = NULL;
  g_autoptr (Recording) recording = NULL;
  mode_t mask = umask (0);
  struct stat info;

  g_assert_true (capture_check_path (path, &error));
  capture = capture_new (path, &error);
  g_assert_no_error (error);
  say (capture, capture_add_port (capture), 7, FALSE, "GET");
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
  say (capture, 0, 7, FALSE, "x");
  capture_message (capture, FALSE, CAPTURE_DATA, (const guint8 *)"x", 1, 1);
  capture_client_close (capture, 0, 7, FALSE);
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  assert_silent ();
}

/* A file, or a link that stands for one, is nobody's to overwrite. */
static void
test_exists (void)
{
  g_autofree char *path = path_of ("there");
  g_autofree char *link = path_of ("link");
  g_autofree char *dangling = path_of ("dangling");
  g_autofree char *nowhere = path_of ("no/such/folder/file");
  const char *const paths[] = { path, link, dangling, nowhere };

  expect_warning ();
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
      assert_said (paths[i], i < 3 ? "exists already" : g_strerror (ENOENT));
      say (capture, 0, 1, FALSE, "x");
      g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
      g_assert_cmpstr (content, ==, "mine");
    }
  g_assert_false (g_file_test (dangling, G_FILE_TEST_EXISTS));
}

/* Clients of one id at two ports, a frame larger than a packet, and who closes first. */
static void
test_conversations (void)
{
  g_autofree char *path = path_of ("conversations");
  g_autoptr (Capture) capture = capture_to (create (path), LARGE, LARGE);
  g_autoptr (Recording) recording = NULL;
  g_autofree char *large = g_strnfill (65535 * 2, 'L');
  g_autoptr (GByteArray) asked = NULL;
  g_autoptr (GByteArray) answered = NULL;
  g_autoptr (GByteArray) other = NULL;
  g_autoptr (GByteArray) again = NULL;
  guint first = capture_add_port (capture);
  guint second = capture_add_port (capture);

  g_assert_cmpuint (first, !=, second);
  say (capture, first, -1, FALSE, "GET one");
  say (capture, second, -1, FALSE, "GET two");
  say (capture, first, -1, TRUE, large);
  /* The host closes; the rest of the guest's request is still of this connection. */
  capture_client_close (capture, first, -1, TRUE);
  say (capture, first, -1, FALSE, " and more");
  capture_client_close (capture, first, -1, FALSE);
  capture_client_close (capture, first, -1, FALSE);
  say (capture, first, -1, FALSE, "again");
  capture_client_close (capture, first, 12345, TRUE);
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  assert_silent ();

  recording = recording_load (path);
  asked = reassemble (recording, TCP_FIRST_PORT, FALSE);
  g_assert_cmpmem (asked->data, asked->len, "GET one and more", 16);
  answered = reassemble (recording, TCP_FIRST_PORT, TRUE);
  g_assert_cmpmem (answered->data, answered->len, large, strlen (large));
  other = reassemble (recording, TCP_FIRST_PORT + 1, FALSE);
  g_assert_cmpmem (other->data, other->len, "GET two", 7);
  again = reassemble (recording, TCP_FIRST_PORT + 2, FALSE);
  g_assert_cmpmem (again->data, again->len, "again", 5);
  g_assert_cmphex (flags_of (nth (recording, 0)), ==, TCP_SYN);
  g_assert_cmphex (flags_of (nth (recording, 1)), ==, TCP_SYN | TCP_ACK);
  g_assert_cmphex (flags_of (nth (recording, 2)), ==, TCP_ACK);
  /* Three connections, each with a FIN of either side. */
  {
    guint n_fins = 0;

    for (guint i = 0; i < recording->packets->len; i++)
      if ((flags_of (nth (recording, i)) & TCP_FIN) != 0)
        n_fins++;
    g_assert_cmpuint (n_fins, ==, 6);
  }
}

/* Messages with their comments, and one that is longer than readers bear. */
static void
test_messages (void)
{
  g_autofree char *path = path_of ("messages");
  g_autoptr (Capture) capture = capture_to (create (path), LARGE, LARGE);
  g_autoptr (Recording) recording = NULL;
  g_autofree guint8 *data = g_malloc0 (PCAPNG_MAX_PACKET);
  const char *comment = "COMPRESSED_DATA wire=5 payload=77";

  capture_message (capture, FALSE, CAPTURE_COMPRESSED_DATA, (const guint8 *)"12345", 5, 77);
  capture_message (capture, TRUE, CAPTURE_DATA, data, PCAPNG_MAX_PACKET, PCAPNG_MAX_PACKET);
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));

  recording = recording_load (path);
  g_assert_cmpuint (recording->packets->len, ==, 2);
  g_assert_cmpuint (recording->received[1], ==, 2);
  g_assert_cmpuint (nth (recording, 0)->interface, ==, 1);
  g_assert_cmpmem (nth (recording, 0)->data + 12, nth (recording, 0)->size - 12, "12345", 5);
  g_assert_cmpmem (nth (recording, 0)->options + 4, strlen (comment), comment, strlen (comment));
  g_assert_cmpuint (nth (recording, 1)->size, ==, PCAPNG_MAX_PACKET);
  g_assert_cmpuint (nth (recording, 1)->original, ==, PCAPNG_MAX_PACKET + 12);
}

/* ---- what ends it ---- */

static void
test_file_limit (void)
{
  const guint64 limit = 100000;
  g_autofree char *path = path_of ("limit");
  g_autoptr (Capture) capture = capture_to (create (path), limit, LARGE);
  g_autoptr (Recording) recording = NULL;
  guint8 data[1000] = { 0 };

  for (guint i = 0; i < 200; i++)
    capture_message (capture, FALSE, CAPTURE_DATA, data, sizeof data, sizeof data);
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  assert_said ("the test's file", "97.7");

  recording = recording_load (path);
  g_assert_cmpuint (recording->size, <=, limit);
  g_assert_cmpuint (recording->size, >, limit - CAPTURE_WRITER_TRAILER - 2 * sizeof data);
  g_assert_true (recording->has_statistics);
  g_assert_cmpuint (recording->dropped[1], ==, 1);
  g_assert_cmpuint (recording->received[1], ==, recording->packets->len + 1);
}

/* A device that is full from the start. */
static void
test_disk_full (void)
{
  g_autoptr (Capture) capture = NULL;

  expect_warning ();
  capture = capture_to (open ("/dev/full", O_WRONLY), LARGE, LARGE);
  say (capture, 0, 1, FALSE, "x");
  /* It ends by itself. */
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  assert_said ("the test's file", g_strerror (ENOSPC));
}

/* A limit that would end the process by SIGXFSZ, and that falls into the middle of a block. */
static void
test_file_size_signal (void)
{
  g_autofree char *path = path_of ("ulimit");
  g_autoptr (Capture) capture = capture_to (create (path), LARGE, LARGE);
  g_autoptr (Recording) recording = NULL;
  guint8 data[1000] = { 0 };
  struct rlimit before, limit;

  expect_warning ();
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  limit = before;
  limit.rlim_cur = 50001;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  for (guint i = 0; i < 200; i++)
    capture_message (capture, TRUE, CAPTURE_DATA, data, sizeof data, sizeof data);
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  assert_said ("the test's file", g_strerror (EFBIG));

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
  capture = capture_to (fds[1], LARGE, limit);
  /* Nobody reads. None of this waits, and the watchdog of the test is the proof. */
  for (guint i = 0; i < 5000; i++)
    capture_message (capture, FALSE, CAPTURE_DATA, data, sizeof data, sizeof data);
  g_assert_false (capture_finish (capture, G_USEC_PER_SEC / 100));

  reader = g_thread_new ("reader", read_all, GINT_TO_POINTER (fds[0]));
  g_assert_true (capture_finish (capture, SECONDS * G_USEC_PER_SEC));
  bytes = g_thread_join (reader);
  close (fds[0]);
  assert_silent ();

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
  capture = capture_to (fds[1], LARGE, limit);
  n_read = 0;
  for (guint i = 0; i < 100; i++)
    say (capture, 0, 1, FALSE, large);
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
    if ((flags_of (nth (recording, i)) & TCP_FIN) != 0)
      fin = nth (recording, i);
  g_assert_nonnull (fin);
  g_assert_cmpuint (be32 (fin->data + 24), ==, 1 + 100 * 60000);
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
      say (capture, port, i % 7, FALSE, "PUT");
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
  g_autofree char *path = path_of ("threads");
  Capture *capture = capture_to (create (path), LARGE, LARGE);
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

static void
remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = path_of (name);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  said = g_string_new (NULL);
  g_log_set_handler ("spice-share", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_FLAG_FATAL,
                     handle_log, NULL);
  folder = g_dir_make_tmp ("test-capture-XXXXXX", NULL);
  g_assert_nonnull (folder);

  g_test_add_func ("/capture/file", test_file);
  g_test_add_func ("/capture/exists", test_exists);
  g_test_add_func ("/capture/conversations", test_conversations);
  g_test_add_func ("/capture/messages", test_messages);
  g_test_add_func ("/capture/file-limit", test_file_limit);
  g_test_add_func ("/capture/disk-full", test_disk_full);
  g_test_add_func ("/capture/file-size-signal", test_file_size_signal);
  g_test_add_func ("/capture/queue-limit", test_queue_limit);
  g_test_add_func ("/capture/queue-gap", test_queue_gap);
  g_test_add_func ("/capture/threads", test_threads);
  result = g_test_run ();

  remove_folder ();
  g_free (folder);
  g_string_free (said, TRUE);
  return result;
}
