/* The cage of a share's threads, and that it holds nobody else.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/file-pool.h"
#include "share/landlock.h"

typedef struct
{
  const char *root;
  const char *outside;
  int read_passwd;
  int read_outside;
  int make_outside;
  int remove_outside;
  int move_out;
  int list_outside;
  int make_inside;
  int write_inside;
  int truncate_inside;
  int remove_inside;
  int read_inside;
} Attempts;

static int
try_open (const char *folder, const char *name, int flags)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  int fd = open (path, flags | O_CLOEXEC, 0600);

  if (fd < 0)
    return errno;
  close (fd);
  return 0;
}

static int
errno_of (int result)
{
  return result < 0 ? errno : 0;
}

static void
escape_job (Share *share, gpointer data)
{
  Attempts *attempts = data;
  g_autofree char *secret = g_build_filename (attempts->outside, "secret", NULL);
  g_autofree char *stolen = g_build_filename (attempts->outside, "stolen", NULL);
  g_autofree char *file = g_build_filename (attempts->root, "file", NULL);
  g_autofree char *made = g_build_filename (attempts->root, "made", NULL);

  attempts->read_passwd = try_open ("/etc", "passwd", O_RDONLY);
  attempts->read_outside = try_open (attempts->outside, "secret", O_RDONLY);
  attempts->make_outside = try_open (attempts->outside, "new", O_WRONLY | O_CREAT);
  attempts->list_outside = try_open (attempts->outside, "", O_RDONLY | O_DIRECTORY);
  attempts->remove_outside = errno_of (unlink (secret));
  attempts->move_out = errno_of (rename (file, stolen));
  attempts->read_inside = try_open (attempts->root, "file", O_RDONLY);
  attempts->make_inside = try_open (attempts->root, "made", O_WRONLY | O_CREAT);
  attempts->write_inside = try_open (attempts->root, "file", O_WRONLY);
  attempts->truncate_inside = errno_of (truncate (file, 1));
  attempts->remove_inside = errno_of (unlink (attempts->make_inside == 0 ? made : file));
}

static void
test_cage (Fixture *fixture, gconstpointer flags)
{
  gboolean read_only = (GPOINTER_TO_UINT (flags) & SHARE_READ_ONLY) != 0;
  Attempts attempts = { .root = fixture->root, .outside = fixture->outside };
  int denied = read_only ? EACCES : 0;

  fixture_write (fixture, "file", "content");
  fixture_run (fixture, escape_job, &attempts);
  g_assert_true (share_is_confined (fixture->share));
  g_assert_cmpint (attempts.read_passwd, ==, EACCES);
  g_assert_cmpint (attempts.read_outside, ==, EACCES);
  g_assert_cmpint (attempts.make_outside, ==, EACCES);
  g_assert_cmpint (attempts.list_outside, ==, EACCES);
  g_assert_cmpint (attempts.remove_outside, ==, EACCES);
  g_assert_cmpint (attempts.move_out, !=, 0);
  g_assert_cmpint (attempts.read_inside, ==, 0);
  g_assert_cmpint (attempts.make_inside, ==, denied);
  g_assert_cmpint (attempts.write_inside, ==, denied);
  /* Truncating was not governed before ABI 3. */
  if (landlock_get_abi () >= 3)
    g_assert_cmpint (attempts.truncate_inside, ==, denied);
  g_assert_cmpint (attempts.remove_inside, ==, denied);
  g_assert_true (fixture_exists (fixture, "file"));

  /* The cage is the pool's: this thread is free. */
  g_assert_cmpint (try_open ("/etc", "passwd", O_RDONLY), ==, 0);
}

/* A kernel without Landlock: the share works, and does not claim to be confined. */
static void
test_no_cage (Fixture *fixture, gconstpointer flags)
{
  g_assert_cmpint (do_put (fixture, "file", "content"), ==, 0);
  g_assert_false (share_is_confined (fixture->share));
}

/* All threads at once, each in its first job. */
typedef struct
{
  GMutex lock;
  GCond cond;
  guint n_entered;
  guint n_escaped;
  guint n_done;
} Gathering;

static void
gather_job (Share *share, gpointer data)
{
  Gathering *self = data;
  gint64 deadline = g_get_monotonic_time () + FIXTURE_DEADLINE * G_TIME_SPAN_SECOND;
  gboolean escaped = try_open ("/etc", "passwd", O_RDONLY) == 0;

  g_mutex_lock (&self->lock);
  self->n_escaped += escaped;
  self->n_entered++;
  g_cond_broadcast (&self->cond);
  while (self->n_entered < FILE_POOL_THREADS
         && g_cond_wait_until (&self->cond, &self->lock, deadline))
    continue;
  g_mutex_unlock (&self->lock);
}

static void
gather_done (Share *share, gboolean ran, gpointer data)
{
  ((Gathering *)data)->n_done++;
}

static gboolean
all_gathered (gpointer data)
{
  return ((Gathering *)data)->n_done == FILE_POOL_THREADS;
}

static void
test_every_thread (Fixture *fixture, gconstpointer flags)
{
  Gathering gathering = { 0 };

  g_mutex_init (&gathering.lock);
  g_cond_init (&gathering.cond);
  for (guint i = 0; i < FILE_POOL_THREADS; i++)
    share_run (fixture->share, 0, NULL, gather_job, gather_done, &gathering);
  fixture_wait (all_gathered, &gathering);
  g_assert_cmpuint (gathering.n_entered, ==, FILE_POOL_THREADS);
  g_assert_cmpuint (gathering.n_escaped, ==, 0);
  g_mutex_clear (&gathering.lock);
  g_cond_clear (&gathering.cond);
}

static void
test_read_only (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  fixture_write (fixture, "file", "content");
  fixture_mkdir (fixture, "folder");
  before = tree_describe (fixture->root);
  g_assert_cmpint (do_put (fixture, "file", "new"), ==, -EROFS);
  g_assert_cmpint (do_put (fixture, "other", "new"), ==, -EROFS);
  g_assert_cmpint (do_make_folder (fixture, "new"), ==, -EROFS);
  g_assert_cmpint (do_remove (fixture, "file", NULL), ==, -EROFS);
  g_assert_cmpint (do_copy (fixture, "file", "copy", 0, NULL, NULL), ==, -EROFS);
  g_assert_cmpint (do_move (fixture, "file", "moved", 0, NULL, NULL), ==, -EROFS);
  g_assert_cmpint (do_set_xattr (fixture, "file", "user.x", "1"), ==, -EROFS);
  g_assert_cmpint (do_remove_xattr (fixture, "file", "user.x"), ==, -EROFS);
  g_assert_cmpint (do_set_mtime (fixture, "file", 1, 0), ==, -EROFS);
  g_assert_cmpint (do_read (fixture, "file", NULL), ==, 0);
  after = tree_describe (fixture->root);
  g_assert_cmpstr (after, ==, before);
}

static void
open_passwd (gpointer data, gpointer user_data)
{
  int *failed = user_data;

  if (try_open ("/etc", "passwd", O_RDONLY) != 0)
    g_atomic_int_inc (failed);
}

static void
nothing_job (Share *share, gpointer data)
{
}

/* No confined thread may ever come back as one of GLib's. */
static void
test_threads_do_not_return (Fixture *fixture, gconstpointer flags)
{
  GThreadPool *pool;
  int failed = 0;

  fixture_run (fixture, nothing_job, NULL);
  fixture_close (fixture);
  pool = g_thread_pool_new (open_passwd, &failed, 16, FALSE, NULL);
  for (int i = 0; i < 200; i++)
    g_thread_pool_push (pool, pool, NULL);
  g_thread_pool_free (pool, FALSE, TRUE);
  g_assert_cmpint (failed, ==, 0);
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);

#define ADD(name, flags, test)                                                                     \
  g_test_add (name, Fixture, GUINT_TO_POINTER (flags), fixture_set_up, test, fixture_tear_down)
  if (landlock_get_abi () >= LANDLOCK_ABI_MIN)
    {
      ADD ("/cage/cage", 0, test_cage);
      ADD ("/cage/cage/read-only", SHARE_READ_ONLY, test_cage);
      ADD ("/cage/every-thread", 0, test_every_thread);
    }
  else
    {
      ADD ("/cage/none", 0, test_no_cage);
    }
  ADD ("/cage/read-only", SHARE_READ_ONLY, test_read_only);
  ADD ("/cage/threads-do-not-return", 0, test_threads_do_not_return);
#undef ADD
  return g_test_run ();
}
