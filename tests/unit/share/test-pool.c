/* The threads of a share: their queue, and that nobody ever waits for them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <fcntl.h>
#include <unistd.h>

#include "share/file-pool.h"

/* Longer than any call that does not wait may take, shorter than any that does. */
#define AT_ONCE (G_TIME_SPAN_SECOND / 2 * patience ())

static void
nothing_job (Share *share, gpointer data)
{
}

/* Jobs that hang in a system call, as on a dead network mount, until somebody writes. */
typedef struct
{
  int pipe[2];
  int begun; /* atomic */
  guint done;
  guint ran;
} Stall;

static void
stall_init (Stall *self)
{
  *self = (Stall){ 0 };
  g_assert_no_errno (pipe2 (self->pipe, O_CLOEXEC));
}

static void
stall_end (Stall *self, guint n)
{
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (write (self->pipe[1], "x", 1), ==, 1);
}

static void
stall_clear (Stall *self)
{
  close (self->pipe[0]);
  close (self->pipe[1]);
}

static void
stall_job (Share *share, gpointer data)
{
  Stall *stall = data;
  char byte;

  g_atomic_int_inc (&stall->begun);
  g_assert_cmpint (read (stall->pipe[0], &byte, 1), ==, 1);
}

static void
stall_done (Share *share, gboolean ran, gpointer data)
{
  Stall *stall = data;

  stall->done++;
  stall->ran += ran;
}

static gboolean
all_threads_stalled (gpointer data)
{
  return g_atomic_int_get (&((Stall *)data)->begun) == FILE_POOL_THREADS;
}

static gboolean
all_done (gpointer data)
{
  return ((Stall *)data)->done == FILE_POOL_THREADS;
}

static void
stall_threads (Fixture *fixture, Stall *stall)
{
  stall_init (stall);
  for (guint i = 0; i < FILE_POOL_THREADS; i++)
    share_run (fixture->share, 0, NULL, stall_job, stall_done, stall);
  fixture_wait (all_threads_stalled, stall);
}

typedef struct
{
  guint done;
  guint ran;
  guint expected;
} Counted;

static void
count_done (Share *share, gboolean ran, gpointer data)
{
  Counted *counted = data;

  counted->done++;
  counted->ran += ran;
}

static gboolean
all_counted (gpointer data)
{
  Counted *counted = data;

  return counted->done == counted->expected;
}

static void
test_cap (Fixture *fixture, gconstpointer flags)
{
  Counted counted = { .expected = 1 };
  Stall stall;

  stall_threads (fixture, &stall);
  g_assert_cmpuint (count_threads (), ==, FILE_POOL_THREADS);
  for (guint i = 0; i < FILE_POOL_MAX_QUEUED; i++)
    share_run (fixture->share, 0, NULL, nothing_job, count_done, &counted);
  share_run (fixture->share, 0, NULL, nothing_job, count_done, &counted);
  /* Only the one too many is answered, and not from inside share_run(). */
  g_assert_cmpuint (counted.done, ==, 0);
  fixture_wait (all_counted, &counted);
  g_assert_cmpuint (counted.ran, ==, 0);

  counted.expected = FILE_POOL_MAX_QUEUED + 1;
  stall_end (&stall, FILE_POOL_THREADS);
  fixture_wait (all_counted, &counted);
  g_assert_cmpuint (counted.ran, ==, FILE_POOL_MAX_QUEUED);
  fixture_wait (all_done, &stall);
  stall_clear (&stall);
}

static gboolean
long_jobs_stalled (gpointer data)
{
  return g_atomic_int_get (&((Stall *)data)->begun) == FILE_POOL_MAX_LONG;
}

/* However many long jobs there are, others find a thread; and they come in their turn. */
static void
test_long (Fixture *fixture, gconstpointer flags)
{
  Counted counted = { .expected = 100 };
  Stall stall;

  stall_init (&stall);
  for (guint i = 0; i < FILE_POOL_THREADS; i++)
    share_run (fixture->share, SHARE_RUN_LONG, NULL, stall_job, stall_done, &stall);
  fixture_wait (long_jobs_stalled, &stall);
  for (guint i = 0; i < counted.expected; i++)
    share_run (fixture->share, 0, NULL, nothing_job, count_done, &counted);
  fixture_wait (all_counted, &counted);
  g_assert_cmpuint (counted.ran, ==, counted.expected);
  g_assert_cmpint (g_atomic_int_get (&stall.begun), ==, FILE_POOL_MAX_LONG);
  g_assert_cmpuint (stall.done, ==, 0);

  stall_end (&stall, 1);
  stall_end (&stall, FILE_POOL_THREADS - 1);
  fixture_wait (all_done, &stall);
  g_assert_cmpuint (stall.ran, ==, FILE_POOL_THREADS);

  /* Both kinds together are not more than may wait. */
  stall_clear (&stall);
  stall_threads (fixture, &stall);
  counted = (Counted){ .expected = 1 };
  for (guint i = 0; i < FILE_POOL_MAX_QUEUED + 1; i++)
    share_run (fixture->share, i % 2 ? SHARE_RUN_LONG : 0, NULL, nothing_job, count_done, &counted);
  fixture_wait (all_counted, &counted);
  g_assert_cmpuint (counted.ran, ==, 0);
  counted.expected = FILE_POOL_MAX_QUEUED + 1;
  stall_end (&stall, FILE_POOL_THREADS);
  fixture_wait (all_counted, &counted);
  g_assert_cmpuint (counted.ran, ==, FILE_POOL_MAX_QUEUED);
  fixture_wait (all_done, &stall);
  stall_clear (&stall);
}

/* What nobody wants any more is answered, not run. */
static void
test_unwanted (Fixture *fixture, gconstpointer flags)
{
  Counted counted = { .expected = 2 };
  gint unwanted = FALSE; /* (atomic) */
  Stall stall;

  stall_threads (fixture, &stall);
  share_run (fixture->share, 0, &unwanted, nothing_job, count_done, &counted);
  share_run (fixture->share, SHARE_RUN_LONG, &unwanted, nothing_job, count_done, &counted);
  g_atomic_int_set (&unwanted, TRUE);
  stall_end (&stall, FILE_POOL_THREADS);
  fixture_wait (all_counted, &counted);
  g_assert_cmpuint (counted.ran, ==, 0);
  fixture_wait (all_done, &stall);
  g_assert_cmpuint (stall.ran, ==, FILE_POOL_THREADS);
  stall_clear (&stall);
}

static void
open_file_job (Share *share, gpointer data)
{
  g_assert_cmpint (share_file_open (share, "file", NULL, data), ==, 0);
}

static void
begin_upload_job (Share *share, gpointer data)
{
  ShareUpload **upload = data;

  g_assert_cmpint (share_upload_begin (share, "new", upload), ==, 0);
  g_assert_cmpint (share_upload_write (*upload, "half", 4), ==, 0);
}

static void
open_folder_job (Share *share, gpointer data)
{
  g_assert_cmpint (share_folder_open (share, "", NULL, data), ==, 0);
}

/* Everything at once while every thread hangs: close, drop what is open, let go of the share. */
static void
test_close_while_stalled (Fixture *fixture, gconstpointer flags)
{
  guint descriptors;
  ShareFile *early_file, *late_file;
  ShareFolder *folder;
  ShareUpload *early_upload, *late_upload;
  Counted counted = { .expected = 100 };
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *other_root = g_build_filename (fixture->base, "outside", NULL);
  Share *other;
  Stall stall;
  gint64 start;

  fixture_write (fixture, "file", "content");
  before = tree_describe (fixture->root);
  fixture_reopen (fixture, 0);
  fixture_close (fixture);
  descriptors = count_descriptors ();
  fixture->share = fixture_open (fixture->root, 0, NULL);
  g_assert_nonnull (fixture->share);

  fixture_run (fixture, open_file_job, &early_file);
  fixture_run (fixture, open_file_job, &late_file);
  fixture_run (fixture, open_folder_job, &folder);
  fixture_run (fixture, begin_upload_job, &early_upload);
  fixture_run (fixture, begin_upload_job, &late_upload);
  stall_threads (fixture, &stall);
  for (guint i = 0; i < counted.expected; i++)
    share_run (fixture->share, 0, NULL, nothing_job, count_done, &counted);

  start = g_get_monotonic_time ();
  share_file_free (early_file);
  share_upload_free (early_upload);
  share_close (fixture->share);
  g_assert_true (share_is_closed (fixture->share));
  fixture_wait (all_counted, &counted);
  g_assert_cmpuint (counted.ran, ==, 0);
  g_assert_cmpuint (stall.done, ==, 0);

  /* After the close: answered, not run. */
  counted = (Counted){ .expected = 1 };
  share_run (fixture->share, 0, NULL, nothing_job, count_done, &counted);
  g_assert_cmpuint (counted.done, ==, 0);
  fixture_wait (all_counted, &counted);
  g_assert_cmpuint (counted.ran, ==, 0);

  share_upload_free (late_upload);
  share_file_free (late_file);
  share_unref (fixture->share);
  g_assert_cmpint (g_get_monotonic_time () - start, <, AT_ONCE);

  /* Another share does not notice. */
  other = fixture_open (other_root, SHARE_READ_ONLY, NULL);
  counted = (Counted){ .expected = 1 };
  share_run (other, 0, NULL, nothing_job, count_done, &counted);
  fixture_wait (all_counted, &counted);
  g_assert_cmpuint (counted.ran, ==, 1);
  share_unref (other);

  /* The file system comes back: all of it goes, but for what its owner still holds. */
  stall_end (&stall, FILE_POOL_THREADS);
  fixture_wait (all_done, &stall);
  g_assert_cmpuint (stall.ran, ==, FILE_POOL_THREADS);
  stall_clear (&stall);
  fixture->share = NULL;
  share_folder_free (folder);
  fixture->share = fixture_open (fixture->outside, SHARE_READ_ONLY, NULL);
  fixture_close (fixture);
  fixture_wait_for_descriptors (descriptors);
  after = tree_describe (fixture->root);
  g_assert_cmpstr (after, ==, before);
}

/* What is still held when the last thread has ended costs nothing but memory. */
static void
test_drop_after_the_end (Fixture *fixture, gconstpointer flags)
{
  guint descriptors;
  ShareFile *file;
  ShareFolder *folder;
  ShareUpload *upload;

  fixture_write (fixture, "file", "content");
  fixture_reopen (fixture, 0);
  fixture_close (fixture);
  descriptors = count_descriptors ();
  fixture->share = fixture_open (fixture->root, 0, NULL);
  fixture_run (fixture, open_file_job, &file);
  fixture_run (fixture, open_folder_job, &folder);
  fixture_run (fixture, begin_upload_job, &upload);
  fixture_close (fixture);
  /* The root is still open: they hold the share. */
  fixture_wait_for_descriptors (descriptors + 1);
  fixture_assert_no_debris (fixture);
  share_file_free (file);
  share_folder_free (folder);
  share_upload_free (upload);
  fixture_wait_for_descriptors (descriptors);
}

/* Handles that are dropped just while the last thread ends. */
static void
drop_all (gpointer data)
{
  gpointer *handles = data;

  share_file_free (handles[0]);
  share_upload_free (handles[1]);
  share_folder_free (handles[2]);
}

static void
open_all_job (Share *share, gpointer data)
{
  gpointer *handles = data;

  open_file_job (share, &handles[0]);
  begin_upload_job (share, &handles[1]);
  open_folder_job (share, &handles[2]);
}

static void
test_drop_at_the_end (Fixture *fixture, gconstpointer flags)
{
  guint descriptors;

  fixture_write (fixture, "file", "content");
  fixture_close (fixture);
  descriptors = count_descriptors ();
  for (int i = 0; i < 400; i++)
    {
      gpointer handles[3];

      fixture->share = fixture_open (fixture->root, 0, NULL);
      fixture_run (fixture, open_all_job, handles);
      share_close (fixture->share);
      for (volatile int spin = 0; spin < i * 200; spin++)
        ;
      drop_all (handles);
      fixture_close (fixture);
      fixture_wait_for_descriptors (descriptors);
    }
  fixture_assert_no_debris (fixture);
}

static void
remember_thread (Share *share, gboolean ran, gpointer data)
{
  *(GThread **)data = g_thread_self ();
}

typedef struct
{
  Share *share;
  GThread *called_back;
} Elsewhere;

static gpointer
run_elsewhere (gpointer data)
{
  Elsewhere *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  share_run (self->share, 0, NULL, nothing_job, remember_thread, &self->called_back);
  while (!self->called_back)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  return g_thread_self ();
}

static void
test_context (Fixture *fixture, gconstpointer flags)
{
  Elsewhere elsewhere = { .share = fixture->share };
  GThread *thread = g_thread_new ("elsewhere", run_elsewhere, &elsewhere);
  GThread *itself = g_thread_join (thread);

  g_assert_true (elsewhere.called_back == itself);
}

static void
test_unref_without_close (Fixture *fixture, gconstpointer flags)
{
  Counted counted = { .expected = 1 };

  share_run (fixture->share, 0, NULL, nothing_job, count_done, &counted);
  share_unref (g_steal_pointer (&fixture->share));
  fixture_wait (all_counted, &counted);
  g_assert_cmpuint (counted.ran, ==, 1);
  fixture->share = fixture_open (fixture->outside, SHARE_READ_ONLY, NULL);
  fixture_close (fixture);
}

typedef struct
{
  Counted counted;
  int begun; /* atomic */
} Begun;

static void
count_begun (Share *share, gboolean ran, gpointer data)
{
  count_done (share, ran, &((Begun *)data)->counted);
}

static void
closed_step_job (Share *share, gpointer data)
{
  g_atomic_int_set (&((Begun *)data)->begun, TRUE);
  while (!share_is_closed (share))
    g_usleep (1000);
}

static gboolean
has_begun (gpointer data)
{
  return g_atomic_int_get (&((Begun *)data)->begun);
}

static void
test_job_sees_close (Fixture *fixture, gconstpointer flags)
{
  Begun begun = { .counted.expected = 1 };

  share_run (fixture->share, 0, NULL, closed_step_job, count_begun, &begun);
  fixture_wait (has_begun, &begun);
  fixture_close (fixture);
  fixture_wait (all_counted, &begun.counted);
  g_assert_cmpuint (begun.counted.ran, ==, 1);
}

/* Open, use, close, many times over: nothing may pile up. */
static void
test_many_shares (Fixture *fixture, gconstpointer flags)
{
  guint descriptors = 0;

  for (int i = 0; i < 200; i++)
    {
      fixture_run (fixture, nothing_job, NULL);
      g_assert_cmpint (do_put (fixture, "file", "x"), ==, 0);
      fixture_reopen (fixture, 0);
      if (i == 10)
        descriptors = count_descriptors ();
    }
  /* The new share clears leftovers meanwhile. */
  fixture_run (fixture, nothing_job, NULL);
  fixture_close (fixture);
  fixture_wait_for_descriptors (descriptors);
  fixture_assert_no_debris (fixture);
}

static void
set_true (Share *share, gboolean ran, gpointer data)
{
  *(gboolean *)data = TRUE;
}

static gpointer
run_in_short_contexts (gpointer share)
{
  for (int i = 0; i < 5000; i++)
    {
      GMainContext *context = g_main_context_new ();
      gboolean done = FALSE;

      g_main_context_push_thread_default (context);
      share_run (share, 0, NULL, nothing_job, set_true, &done);
      while (!done)
        g_main_context_iteration (context, FALSE);
      g_main_context_pop_thread_default (context);
      g_main_context_unref (context);
    }
  return NULL;
}

/* The asker's context may go the moment the answer is there, while the thread that gave it is still
 * on its way out of GLib. */
static void
test_context_ends (Fixture *fixture, gconstpointer flags)
{
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, run_in_short_contexts, fixture->share);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);

#define ADD(name, flags, test)                                                                     \
  g_test_add (name, Fixture, GUINT_TO_POINTER (flags), fixture_set_up, test, fixture_tear_down)
  ADD ("/pool/cap", 0, test_cap);
  ADD ("/pool/long", 0, test_long);
  ADD ("/pool/unwanted", 0, test_unwanted);
  ADD ("/pool/close-while-stalled", 0, test_close_while_stalled);
  ADD ("/pool/drop-after-the-end", 0, test_drop_after_the_end);
  ADD ("/pool/drop-at-the-end", 0, test_drop_at_the_end);
  ADD ("/pool/context", 0, test_context);
  ADD ("/pool/context-ends", 0, test_context_ends);
  ADD ("/pool/unref-without-close", 0, test_unref_without_close);
  ADD ("/pool/job-sees-close", 0, test_job_sees_close);
  ADD ("/pool/many-shares", 0, test_many_shares);
#undef ADD
  return g_test_run ();
}
