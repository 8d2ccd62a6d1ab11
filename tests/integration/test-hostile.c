/* Guests that mean no good: the others go on, and the viewer's memory, descriptors and threads stay
 * where they were (DESIGN P11). A guest that reads nothing and recovers is in test-flow.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "mux/mux.h"
#include "process-counters.h"
#include "rig.h"
#include "share/file-pool.h"

#define SECONDS 60
/* "At once" on a busy machine. */
#define AT_ONCE_SECONDS 5

/* What a peer may make the viewer hold, with what malloc keeps: 3 MiB up and down were seen, and 10
 * on a busy machine; one round's clients that were kept would be 16 each time. */
#define RSS_GROWTH_MAX_KIB (16 * 1024 + PATIENCE_KIB)
#define FDS_GROWTH_MAX 4
/* They stay, and not all have been needed before. */
#define THREADS_GROWTH_MAX FILE_POOL_THREADS

#define BIG_SIZE (G_GUINT64_CONSTANT (1) << 34)

static const char get[] = "GET /small.txt HTTP/1.1\r\nHost: localhost:9843\r\n\r\n";

static RigChild *
start_viewer (Rig *rig)
{
  g_autofree char *program = rig_program ("test-viewer");
  const char *const argv[] = { program, "--share", rig->share, rig->uri, NULL };
  RigChild *viewer = rig_child_new (argv, NULL);

  rig_write_file (rig, "small.txt", "hello", 5);
  rig_child_wait (viewer, "sharing-started", 1, SECONDS);
  rig_child_wait (viewer, "open", 1, SECONDS);
  return viewer;
}

static void
get_small (Rig *rig, gint64 id, guint status)
{
  g_autoptr (RigExchange) exchange
      = rig_peer_request (rig->peer, id, "GET", "/small.txt", NULL, NULL, 0);

  rig_assert_status (exchange, status);
}

static gboolean
is_as_before (RigChild *viewer, const ProcessCounters *before, ProcessCounters *now)
{
  process_counters_read (now, rig_child_get_pid (viewer));
  return now->rss_kib <= before->rss_kib + RSS_GROWTH_MAX_KIB
         && now->fds <= before->fds + FDS_GROWTH_MAX
         && now->threads <= before->threads + THREADS_GROWTH_MAX;
}

/* Says what is over, if it stays so. */
static void
wait_as_before (RigChild *viewer, const ProcessCounters *before)
{
  gint64 deadline = g_get_monotonic_time () + SECONDS * G_USEC_PER_SEC;
  ProcessCounters now;
  gboolean back;
  g_autofree char *counts = NULL;

  while (!(back = is_as_before (viewer, before, &now)) && g_get_monotonic_time () < deadline)
    {
      g_usleep (10000);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  counts = g_strdup_printf ("memory %" G_GUINT64_FORMAT " then %" G_GUINT64_FORMAT
                            " KiB, descriptors %u then %u, threads %u then %u",
                            before->rss_kib, now.rss_kib, before->fds, now.fds, before->threads,
                            now.threads);
  if (!back)
    g_error ("not as before: %s", counts);
  g_test_message ("%s", counts);
}

/* What it holds once all that was begun has come as far as it can: no descriptor more or less for a
 * second. */
static void
read_settled (RigChild *viewer, ProcessCounters *counters)
{
  gint64 since = g_get_monotonic_time (), deadline = since + SECONDS * G_USEC_PER_SEC;
  guint fds = 0;

  do
    {
      g_usleep (10000);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      process_counters_read (counters, rig_child_get_pid (viewer));
      if (counters->fds != fds)
        since = g_get_monotonic_time ();
      fds = counters->fds;
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
  while (g_get_monotonic_time () < since + G_USEC_PER_SEC);
}

/* All clients there may be but one send a head, or a body, byte by byte. A body's bytes go to
 * libsoup one by one, a head's stay in the gate. How fast they come makes no difference to either:
 * nothing is timed by them but who is evicted, and nobody is. */
static void
test_trickle (Rig *rig)
{
  static const char put[]
      = "PUT /slow.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n";
  g_autoptr (RigChild) viewer = start_viewer (rig);
  ProcessCounters before;

  for (guint i = 0; i < 100; i++)
    get_small (rig, 1, 200);
  for (guint id = 0; id < MUX_MAX_CLIENTS - 1; id += 2)
    rig_peer_write (rig->peer, 100 + id, put, strlen (put));
  for (guint i = 0; i < strlen (put) - 1; i++)
    {
      for (guint id = 0; id < MUX_MAX_CLIENTS - 1; id++)
        rig_peer_write (rig->peer, 100 + id, id % 2 == 0 ? "x" : put + i, 1);
      get_small (rig, 1, 200);
      if (i == 0)
        read_settled (viewer, &before);
    }
  wait_as_before (viewer, &before);

  /* The place of the last one: it is idle, so it goes; then there is no more. */
  rig_peer_write (rig->peer, 500, "G", 1);
  get_small (rig, 501, 503);
  for (guint id = 0; id < MUX_MAX_CLIENTS; id++)
    rig_peer_close_client (rig->peer, 100 + id);
  rig_peer_close_client (rig->peer, 500);
  get_small (rig, 502, 200);
  wait_as_before (viewer, &before);
}

/* Requests of clients that are gone wait for the file system to end, and while there are too many
 * of those (DAV_MAX_CONNECTIONS) others are told to come again. Returns whether this one was
 * served. */
static gboolean
get_small_perhaps (Rig *rig, gint64 id)
{
  g_autoptr (RigExchange) exchange
      = rig_peer_request (rig->peer, id, "GET", "/small.txt", NULL, NULL, 0);

  if (exchange->reader->status == 503)
    {
      g_assert_nonnull (http_reader_header (exchange->reader, "retry-after"));
      rig_peer_close_client (rig->peer, id);
      return FALSE;
    }
  rig_assert_status (exchange, 200);
  return TRUE;
}

/* Connections that open and close as fast as the port takes them: nothing said, half a head, a
 * whole request, an upload that has just begun. */
static void
test_churn (Rig *rig)
{
  static const char put[]
      = "PUT /churn.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx";
  g_autoptr (RigChild) viewer = start_viewer (rig);
  g_autofree char *left = g_build_filename (rig->share, "churn.bin", NULL);
  ProcessCounters before;
  guint n_refused = 0;

  for (guint i = 0; i < 20000; i++)
    {
      gint64 id = 1000 + i;

      if (i % 4 == 1)
        rig_peer_write (rig->peer, id, get, strlen (get) / 2);
      else if (i % 4 == 2)
        rig_peer_write (rig->peer, id, get, strlen (get));
      else if (i % 4 == 3)
        rig_peer_write (rig->peer, id, put, strlen (put));
      rig_peer_close_client (rig->peer, id);
      /* Once in a while, one that waits for its answer. */
      if (i % 1000 == 999 && !get_small_perhaps (rig, 1))
        n_refused++;
      if (i == 1999)
        process_counters_read (&before, rig_child_get_pid (viewer));
    }
  rig_wait_until (get_small_perhaps (rig, 2), AT_ONCE_SECONDS);
  g_test_message ("%u of 20 were told to come again", n_refused);
  g_assert_cmpuint (rig_child_count (rig->server, "client 0"), ==, 0);
  wait_as_before (viewer, &before);
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
}

/* A program that reads nothing of what it asked for is killed, and the next one is served. */
static void
test_stuck_then_killed (Rig *rig)
{
  const gint64 first = G_GINT64_CONSTANT (0x5afe00000000);
  g_autoptr (RigChild) viewer = start_viewer (rig);
  ProcessCounters before;

  rig_make_file (rig, "big.bin", RIG_CONTENT_RANDOM, BIG_SIZE);
  for (guint round = 0; round < 8; round++)
    {
      g_autoptr (GPtrArray) downloads
          = g_ptr_array_new_with_free_func ((GDestroyNotify)rig_exchange_free);

      for (guint i = 0; i < MUX_MAX_CLIENTS; i++)
        g_ptr_array_add (downloads, rig_peer_start_download (rig->peer, 1000 + i, "/big.bin"));
      /* All of them hold what they may, or a later round needs more memory than this one. */
      for (guint i = 0; i < MUX_MAX_CLIENTS; i++)
        {
          RigExchange *download = downloads->pdata[i];

          rig_wait_until (download->reader->body_bytes > RIG_CONTENT_BLOCK / 2, SECONDS);
        }
      rig_peer_set_reading (rig->peer, FALSE);
      g_ptr_array_set_size (downloads, 0);

      rig_reconnect_guest (rig);
      rig_peer_resync (rig->peer, first + round);
      get_small (rig, first + round, 200);
      if (round == 3)
        process_counters_read (&before, rig_child_get_pid (viewer));
    }
  wait_as_before (viewer, &before);
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  rig_test_add ("/hostile/trickle", RIG_TCP, 120, test_trickle);
  rig_test_add ("/hostile/churn", RIG_TCP, 120, test_churn);
  rig_test_add ("/hostile/stuck-then-killed", RIG_TCP, 120, test_stuck_then_killed);
  return rig_test_run ();
}
