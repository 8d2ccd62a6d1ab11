/* A file system that never answers, as a network mount whose server is gone: opening a folder on
 * it, and threads of a share that hang in a system call.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/error.h"
#include "share/file-pool.h"

/* Longer than any call that does not wait may take, shorter than any that does. */
#define AT_ONCE (G_TIME_SPAN_SECOND / 2 * patience ())

/* ---- the file system ---- */

/* Mounts a FUSE without a server at a new folder of the share: whoever asks it anything hangs until
 * what is returned is closed, and gets an error from then on. Needs root. */
static int
mount_stalled (Fixture *fixture)
{
  g_autofree char *whole = fixture_path (fixture, "stalled");
  g_autofree char *options = NULL;
  int fd;

  fd = open ("/dev/fuse", O_RDWR | O_CLOEXEC);
  g_assert_no_errno (fd);
  fixture_mkdir (fixture, "stalled");
  options = g_strdup_printf ("fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
  g_assert_no_errno (mount ("stalled", whole, "fuse", 0, options));
  return fd;
}

/* ---- opening ---- */

typedef struct
{
  gboolean called;
  GError *error;
} Answer;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  g_assert_false (answer->called);
  answer->called = TRUE;
  g_assert_null (share_open_finish (result, &answer->error));
}

static gboolean
was_called (gpointer data)
{
  return ((Answer *)data)->called;
}

static void
test_open (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *path = fixture_path (fixture, "stalled");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Answer cancelled = { 0 };
  Answer waiting = { 0 };
  Share *other;
  int stalled = mount_stalled (fixture);
  gint64 start = g_get_monotonic_time ();

  share_open_async (path, 0, cancellable, on_answer, &cancelled);
  share_open_async (path, 0, NULL, on_answer, &waiting);
  /* Other shares do not mind. */
  for (int i = 0; i < 20; i++)
    {
      other = fixture_open (fixture->outside, SHARE_READ_ONLY, NULL);
      g_assert_nonnull (other);
      share_unref (other);
    }
  g_cancellable_cancel (cancellable);
  fixture_wait (was_called, &cancelled);
  g_assert_error (cancelled.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&cancelled.error);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_TIME_SPAN_SECOND * patience ());
  g_assert_false (waiting.called);

  close (stalled);
  fixture_wait (was_called, &waiting);
  g_assert_error (waiting.error, SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_FAILED);
  g_clear_error (&waiting.error);
  /* Not before: a thread that comes late would find the folder below. */
  fixture_unmount (fixture, "stalled");
}

/* ---- the threads of a share ---- */

typedef struct
{
  int begun; /* atomic */
  guint done;
} Hanging;

static void
stat_stalled_job (Share *share, gpointer data)
{
  Hanging *hanging = data;
  ShareStat stat;

  g_atomic_int_inc (&hanging->begun);
  g_assert_cmpint (share_stat (share, "stalled/file", &stat), <, 0);
}

static void
count_done (Share *share, gboolean ran, gpointer data)
{
  ((Hanging *)data)->done++;
}

static gboolean
all_threads_hang (gpointer data)
{
  return g_atomic_int_get (&((Hanging *)data)->begun) == FILE_POOL_THREADS;
}

static gboolean
all_done (gpointer data)
{
  return ((Hanging *)data)->done == FILE_POOL_THREADS;
}

static void
open_file_job (Share *share, gpointer data)
{
  g_assert_cmpint (share_file_open (share, "file", NULL, data), ==, 0);
}

static void
test_threads (Fixture *fixture, gconstpointer flags)
{
  int stalled = mount_stalled (fixture);
  Hanging hanging = { 0 };
  ShareFile *file;
  gint64 start;

  fixture_write (fixture, "file", "content");
  fixture_run (fixture, open_file_job, &file);
  /* With one thread left, the rest of the share goes on. */
  for (guint i = 0; i < FILE_POOL_THREADS - 1; i++)
    share_run (fixture->share, 0, NULL, stat_stalled_job, count_done, &hanging);
  for (int i = 0; i < 100; i++)
    g_assert_cmpint (do_read (fixture, "file", NULL), ==, 0);
  share_run (fixture->share, 0, NULL, stat_stalled_job, count_done, &hanging);
  fixture_wait (all_threads_hang, &hanging);
  g_assert_cmpuint (hanging.done, ==, 0);

  start = g_get_monotonic_time ();
  share_file_free (file);
  share_close (fixture->share);
  g_clear_pointer (&fixture->share, share_unref);
  g_assert_cmpint (g_get_monotonic_time () - start, <, AT_ONCE);
  g_assert_cmpuint (hanging.done, ==, 0);
  g_assert_cmpuint (count_threads (), ==, FILE_POOL_THREADS);

  close (stalled);
  fixture_wait (all_done, &hanging);
  fixture_unmount (fixture, "stalled");
  fixture->share = fixture_open (fixture->root, 0, NULL);
  fixture_close (fixture);
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);
  enter_mount_namespace ();

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/stalled/open", test_open);
  ADD ("/stalled/threads", test_threads);
#undef ADD
  return g_test_run ();
}
