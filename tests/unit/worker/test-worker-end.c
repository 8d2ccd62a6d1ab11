/* A worker that is stopped while a job of its server hangs in a system call: nobody waits, and when
 * the job comes back, nothing of it stays.
 *
 * The system calls stand here in the place of the C library's, for this program alone, and wait
 * until they are let go on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <dlfcn.h>
#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/copy-gate.h"
#include "../../lib/patience.h"
#include "worker/worker.h"

#define SECONDS (20 * patience ())

/* Longer than any call that does not wait may take, shorter than any that does. */
#define AT_ONCE (G_TIME_SPAN_SECOND / 2 * patience ())

static gint n_ended; /* (atomic): workers whose server has ended */

void
soup_server_disconnect (SoupServer *server)
{
  void (*real) (SoupServer * server) = dlsym (RTLD_NEXT, "soup_server_disconnect");

  real (server);
  g_atomic_int_inc (&n_ended);
}

/* Waiting */

static gboolean
on_tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
wait_for (gboolean (*condition) (gpointer data), gpointer data)
{
  gint64 deadline = g_get_monotonic_time () + SECONDS * G_TIME_SPAN_SECOND;
  guint tick = g_timeout_add (5, on_tick, NULL);

  while (!condition (data))
    {
      g_main_context_iteration (NULL, TRUE);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
  g_source_remove (tick);
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* Threads of @state ('S': they wait; 0: any) whose name is @name, or begins so. */
static guint
count_threads (const char *name, gboolean whole, char state)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  g_autofree char *start = g_strconcat ("(", name, whole ? ") " : "", NULL);
  const char *task;
  guint n = 0;

  while ((task = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename ("/proc/self/task", task, "stat", NULL);
      g_autofree char *stat = NULL;
      const char *at;

      if (!g_file_get_contents (file, &stat, NULL, NULL))
        continue;
      at = strchr (stat, '(');
      n += g_str_has_prefix (at, start) && (state == 0 || strstr (at, ") ")[2] == state);
    }
  return n;
}

static gboolean
is_copying (gpointer data)
{
  return gate_get_reached (&copying) == 1;
}

static gboolean
all_closed (gpointer data)
{
  return count_descriptors () == GPOINTER_TO_UINT (data);
}

static gboolean
no_threads (gpointer data)
{
  return count_threads ("spice-share", FALSE, 0) == 0;
}

static gboolean
has_share (gpointer data)
{
  return *(Share **)data != NULL;
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  *(Share **)data = share_open_finish (result, &error);
  g_assert_no_error (error);
}

/* The worker */

static void
on_output (gpointer user_data)
{
}

static void
on_failed (const GError *error, gpointer user_data)
{
  g_assert_not_reached ();
}

static void
on_lookup (const char *id, const char *name, gpointer token, gpointer user_data)
{
  g_assert_not_reached ();
}

static const WorkerOps ops = { .output = on_output,
                               .failed = on_failed,
                               .changed = on_output,
                               .lookup_clipboard = on_lookup };

static void
send_request (Worker *worker, const char *request)
{
  guint16 size = GUINT16_TO_LE (strlen (request));
  gint64 client = GINT64_TO_LE (1);
  GByteArray *frame = g_byte_array_new ();

  g_byte_array_append (frame, (const guint8 *)&client, sizeof client);
  g_byte_array_append (frame, (const guint8 *)&size, sizeof size);
  g_byte_array_append (frame, (const guint8 *)request, strlen (request));
  worker_push (worker, g_byte_array_free_to_bytes (frame), FALSE);
}

/* Whether the worker is through with its server and has nothing to do: it waits, or is gone. */
static gboolean
has_ended (gpointer before)
{
  return g_atomic_int_get (&n_ended) > GPOINTER_TO_INT (before)
         && count_threads ("spice-share", TRUE, 0) == count_threads ("spice-share", TRUE, 'S');
}

static void
test_hanging_job (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("spice-share-worker-XXXXXX", &error);
  g_autofree char *file = g_build_filename (folder, "file", NULL);
  guint descriptors = 0;

  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (file, "content", -1, NULL));
  for (guint i = 0; i < 5; i++)
    {
      Share *share = NULL;
      gint ended = g_atomic_int_get (&n_ended);
      Worker *worker;
      gint64 start;

      /* What GLib opens for the main context is there after the first round. */
      wait_for (no_threads, NULL);
      if (i == 1)
        descriptors = count_descriptors ();
      share_open_async (folder, 0, NULL, on_opened, &share);
      wait_for (has_share, &share);
      worker = worker_new (&ops, NULL, NULL, &error);
      g_assert_no_error (error);
      worker_set_share (worker, share);
      gate_close (&copying);
      send_request (worker, "COPY /file HTTP/1.1\r\nHost: localhost\r\n"
                            "Destination: http://localhost/copy\r\n\r\n");
      wait_for (is_copying, NULL);

      start = g_get_monotonic_time ();
      worker_stop (worker);
      share_close (share);
      share_unref (share);
      g_assert_cmpint (g_get_monotonic_time () - start, <, AT_ONCE);
      wait_for (has_ended, GINT_TO_POINTER (ended));

      gate_open (&copying);
      wait_for (no_threads, NULL);
      if (i > 0)
        wait_for (all_closed, GUINT_TO_POINTER (descriptors));
    }
  g_assert_no_errno (g_remove (file));
  g_assert_no_errno (g_rmdir (folder));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  alarm (300 * (guint)patience ());
  g_test_add_func ("/worker/end/hanging-job", test_hanging_job);
  return g_test_run ();
}
