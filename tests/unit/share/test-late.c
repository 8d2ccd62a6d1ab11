/* A move between file systems takes its time: what comes to the source after it was copied is the
 * newest there is, and stays where it was put.
 *
 * The system calls stand here in the place of the C library's, for this program alone: as soon as
 * the copy has its name somebody writes to the source, and the clock of the target's file system
 * may count by two seconds, as FAT's does, or be for nobody to set.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* More than one answer tells of. */
#define N_REWRITTEN (SHARE_FAILURES_MAX + 50)

/* Before FAT's beginning. */
#define LONG_AGO 1000

/* Later than any beginning of a move here: what is written while one goes on. */
#define AFTER_BEGUN 4000000000

static void (*meanwhile) (Fixture *fixture); /* what happens when the copy has its name */
static Fixture *meanwhile_fixture;
static gint coarse; /* (atomic): whether times are kept by FAT */
static gint
    keeps_none; /* (atomic): what who gives a time is told where none is kept, or LOST_TIME */

/* As if it had done it. */
#define LOST_TIME -1

int
renameat2 (int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
  int result = (int)syscall (SYS_renameat2, from_folder, from, to_folder, to, flags);

  if (result == 0 && meanwhile && strcmp (to, "moved") == 0)
    {
      void (*happens) (Fixture *) = meanwhile;

      meanwhile = NULL;
      happens (meanwhile_fixture);
    }
  return result;
}

int
renameat (int from_folder, const char *from, int to_folder, const char *to)
{
  return renameat2 (from_folder, from, to_folder, to, 0);
}

int
futimens (int fd, const struct timespec times[2])
{
  struct timespec kept[2] = { times[0], times[1] };
  int error = g_atomic_int_get (&keeps_none);

  if (error)
    {
      errno = error == LOST_TIME ? errno : error;
      return error == LOST_TIME ? 0 : -1;
    }
  if (g_atomic_int_get (&coarse))
    {
      kept[1].tv_sec = MAX (kept[1].tv_sec, 315532800) & ~1;
      kept[1].tv_nsec = 0;
    }
  return (int)syscall (SYS_utimensat, fd, NULL, kept, 0);
}

static void
set_time (Fixture *fixture, const char *path, gint64 seconds, long nsec)
{
  g_autofree char *whole = fixture_path (fixture, path);
  const struct timespec times[2]
      = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = seconds, .tv_nsec = nsec } };

  g_assert_no_errno (utimensat (AT_FDCWD, whole, times, 0));
}

/* Somebody saves @path again, in place. */
static void
rewrite (Fixture *fixture, const char *path, const char *content)
{
  g_autofree char *whole = fixture_path (fixture, path);
  int fd = open (whole, O_WRONLY | O_TRUNC | O_CLOEXEC);

  g_assert_cmpint (write (fd, content, strlen (content)), ==, (ssize_t)strlen (content));
  close (fd);
}

/* Moves, while @happens. */
static int
move_while (Fixture *fixture,
            const char *source,
            void (*happens) (Fixture *fixture),
            ShareFailures *failures)
{
  int error;

  meanwhile_fixture = fixture;
  meanwhile = happens;
  error = do_move (fixture, source, "small/moved", SHARE_TREE_OVERWRITE, failures, NULL);
  g_assert_null (meanwhile);
  return error;
}

static void
assert_failed (ShareFailures *failures, const char *path)
{
  for (guint i = 0; i < share_failures_get_size (failures); i++)
    if (strcmp (share_failures_get (failures, i)->path, path) == 0)
      {
        g_assert_cmpint (share_failures_get (failures, i)->error, ==, -EAGAIN);
        return;
      }
  g_error ("“%s” is not told of", path);
}

static void
change_tree (Fixture *fixture)
{
  g_autofree char *link = fixture_path (fixture, "src/link");
  g_autofree char *turned = fixture_path (fixture, "src/turned");

  rewrite (fixture, "src/grown", "newest of all");
  rewrite (fixture, "src/same-size", "9876");
  rewrite (fixture, "src/same-time", "01234");
  set_time (fixture, "src/same-time", LONG_AGO, 7);
  g_assert_no_errno (g_unlink (turned));
  fixture_mkdir (fixture, "src/turned");
  /* By a rename, as editors and guests do it; to a folder the removal comes to late. */
  fixture_write (fixture, "src/a/b/file", "newest in the deep");
  fixture_write (fixture, "src/a/new", "new");
  fixture_mkdir (fixture, "src/new-folder");
  g_assert_no_errno (g_unlink (link));
  fixture_symlink (fixture, "grown", "src/link");
}

static void
test_tree (Fixture *fixture, gconstpointer flags)
{
  static const char *const stay[] = {
    "src/grown",    "src/same-size", "src/same-time",  "src/turned",
    "src/a/b/file", "src/a/new",     "src/new-folder", "src/link",
  };
  g_autoptr (ShareFailures) failures = share_failures_new ();
  g_autofree char *link = fixture_path (fixture, "src/link");
  g_autofree char *text = NULL;

  fixture_mount_small (fixture, "small");
  fixture_make_tree (fixture, "src");
  fixture_make_tree (fixture, "src/untouched");
  fixture_write (fixture, "src/grown", "old");
  fixture_write (fixture, "src/same-size", "0123");
  set_time (fixture, "src/same-size", LONG_AGO, 7);
  fixture_write (fixture, "src/same-time", "0123");
  set_time (fixture, "src/same-time", LONG_AGO, 7);
  fixture_write (fixture, "src/turned", "a file");
  fixture_symlink (fixture, "file", "src/link");
  g_assert_cmpint (move_while (fixture, "src", change_tree, failures), ==, -EAGAIN);

  assert_content (fixture, "src/grown", "newest of all");
  assert_content (fixture, "src/same-size", "9876");
  assert_content (fixture, "src/same-time", "01234");
  g_assert_true (fixture_exists (fixture, "src/turned"));
  assert_content (fixture, "src/a/b/file", "newest in the deep");
  assert_content (fixture, "src/a/new", "new");
  g_assert_true (fixture_exists (fixture, "src/new-folder"));
  text = g_file_read_link (link, NULL);
  g_assert_cmpstr (text, ==, "grown");
  g_assert_cmpuint (share_failures_get_size (failures), ==, G_N_ELEMENTS (stay));
  for (guint i = 0; i < G_N_ELEMENTS (stay); i++)
    assert_failed (failures, stay[i]);

  /* All else was moved. */
  g_assert_false (fixture_exists (fixture, "src/untouched"));
  g_assert_false (fixture_exists (fixture, "src/file"));
  assert_content (fixture, "small/moved/untouched/a/b/file", "deep content");
  assert_content (fixture, "small/moved/grown", "old");
  assert_content (fixture, "small/moved/a/b/file", "deep content");
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
  fixture_unmount (fixture, "small");
}

static void
change_file (Fixture *fixture)
{
  rewrite (fixture, "file", "newest");
}

static void
change_link (Fixture *fixture)
{
  g_autofree char *link = fixture_path (fixture, "link");

  g_assert_no_errno (g_unlink (link));
  fixture_write (fixture, "link", "a file by now");
}

static void
test_file (Fixture *fixture, gconstpointer flags)
{
  g_autoptr (ShareFailures) failures = share_failures_new ();
  g_autoptr (ShareFailures) link_failures = share_failures_new ();

  fixture_mount_small (fixture, "small");
  fixture_write (fixture, "file", "old");
  fixture_write (fixture, "small/moved", "replaced");
  fixture_symlink (fixture, "file", "link");
  /* The target is another now, and the failure says what is not as it should be. */
  g_assert_cmpint (move_while (fixture, "file", change_file, failures), ==, -EAGAIN);
  g_assert_cmpuint (share_failures_get_size (failures), ==, 1);
  assert_failed (failures, "file");
  assert_content (fixture, "file", "newest");
  assert_content (fixture, "small/moved", "old");

  g_assert_cmpint (move_while (fixture, "link", change_link, link_failures), ==, -EAGAIN);
  assert_failed (link_failures, "link");
  assert_content (fixture, "link", "a file by now");
  fixture_close (fixture);
  fixture_unmount (fixture, "small");
}

static void
lose_copy (Fixture *fixture)
{
  g_autofree char *file = fixture_path (fixture, "small/moved/file");
  g_autofree char *folder = fixture_path (fixture, "small/moved/a");

  g_assert_no_errno (g_unlink (file));
  tree_delete (folder);
}

/* What is not in the copy any more is not removed from where it is. */
static void
test_copy_lost (Fixture *fixture, gconstpointer flags)
{
  g_autoptr (ShareFailures) failures = share_failures_new ();

  fixture_mount_small (fixture, "small");
  fixture_make_tree (fixture, "src");
  g_assert_cmpint (move_while (fixture, "src", lose_copy, failures), ==, -EAGAIN);
  assert_failed (failures, "src/file");
  assert_failed (failures, "src/a");
  assert_content (fixture, "src/file", "content");
  assert_content (fixture, "src/a/b/file", "deep content");
  fixture_close (fixture);
  fixture_unmount (fixture, "small");
}

static char *
name_of (guint i)
{
  return g_strdup_printf ("src/%u", i);
}

static void
change_many (Fixture *fixture)
{
  for (guint i = 0; i < N_REWRITTEN; i++)
    {
      g_autofree char *path = name_of (i);

      rewrite (fixture, path, "newest");
    }
}

/* More of it than one answer tells of ends the removal. */
static void
test_many (Fixture *fixture, gconstpointer flags)
{
  g_autoptr (ShareFailures) failures = share_failures_new ();

  fixture_mount_small (fixture, "small");
  fixture_mkdir (fixture, "src");
  for (guint i = 0; i < N_REWRITTEN; i++)
    {
      g_autofree char *path = name_of (i);

      fixture_write (fixture, path, "old");
    }
  g_assert_cmpint (move_while (fixture, "src", change_many, failures), ==, -EAGAIN);
  g_assert_cmpuint (share_failures_get_size (failures), ==, SHARE_FAILURES_MAX);
  for (guint i = 0; i < N_REWRITTEN; i++)
    {
      g_autofree char *path = name_of (i);

      assert_content (fixture, path, "newest");
    }
  fixture_close (fixture);
  fixture_unmount (fixture, "small");
}

static gboolean
is_later_than_now (gpointer data)
{
  const struct timespec *then = data;
  struct timespec now;

  clock_gettime (CLOCK_REALTIME_COARSE, &now);
  return now.tv_sec > then->tv_sec || (now.tv_sec == then->tv_sec && now.tv_nsec > then->tv_nsec);
}

/* File systems count by ticks, some of them finer since Linux 6.13. */
static void
wait_for_next_tick (void)
{
  struct timespec then;

  clock_gettime (CLOCK_REALTIME, &then);
  fixture_wait (is_later_than_now, &then);
}

static void
change_nothing (Fixture *fixture)
{
}

static void
change_to_same_size (Fixture *fixture)
{
  rewrite (fixture, "src/before-fat", "9876");
  rewrite (fixture, "src/odd", "98765");
  rewrite (fixture, "src/at-once", "987654");
  set_time (fixture, "src/at-once", AFTER_BEGUN, 9);
}

/* A target that keeps times by two seconds, and none from before 1980. */
static void
test_coarse (Fixture *fixture, gconstpointer flags)
{
  fixture_mount_small (fixture, "small");
  g_atomic_int_set (&coarse, TRUE);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ShareFailures) failures = share_failures_new ();

      fixture_mkdir (fixture, "src");
      fixture_write (fixture, "src/before-fat", "0123");
      set_time (fixture, "src/before-fat", LONG_AGO, 7);
      fixture_write (fixture, "src/odd", "01234");
      set_time (fixture, "src/odd", 1234567891, 7);
      wait_for_next_tick ();
      if (i == 0)
        {
          g_assert_cmpint (move_while (fixture, "src", change_nothing, failures), ==, 0);
          g_assert_cmpuint (share_failures_get_size (failures), ==, 0);
          g_assert_false (fixture_exists (fixture, "src"));
          assert_content (fixture, "small/moved/odd", "01234");
        }
      else
        {
          /* In the same two seconds. */
          fixture_write (fixture, "src/at-once", "012345");
          set_time (fixture, "src/at-once", AFTER_BEGUN, 7);
          g_assert_cmpint (move_while (fixture, "src", change_to_same_size, failures), ==, -EAGAIN);
          assert_failed (failures, "src/before-fat");
          assert_failed (failures, "src/odd");
          assert_failed (failures, "src/at-once");
          assert_content (fixture, "src/before-fat", "9876");
          assert_content (fixture, "src/odd", "98765");
          assert_content (fixture, "src/at-once", "987654");
        }
    }
  g_atomic_int_set (&coarse, FALSE);
  fixture_close (fixture);
  fixture_unmount (fixture, "small");
}

static void
change_where_no_times_are (Fixture *fixture)
{
  g_autofree char *old = fixture_path (fixture, "old");
  g_autofree char *replaced = fixture_path (fixture, "src/replaced");

  rewrite (fixture, "src/same-size", "9876");
  rewrite (fixture, "src/same-time", "98765");
  set_time (fixture, "src/same-time", LONG_AGO, 7);
  g_assert_no_errno (rename (old, replaced));
}

/* A target that keeps no times: it is enough that nobody touched what was copied since before. */
static void
test_no_times (Fixture *fixture, gconstpointer flags)
{
  static const int says[] = { LOST_TIME, ENOSYS, EOPNOTSUPP, EPERM };

  fixture_mount_small (fixture, "small");
  for (guint i = 0; i < G_N_ELEMENTS (says); i++)
    {
      g_autoptr (ShareFailures) failures = share_failures_new ();
      g_autoptr (ShareFailures) changed = share_failures_new ();

      g_atomic_int_set (&keeps_none, says[i]);
      fixture_make_tree (fixture, "src");
      wait_for_next_tick ();
      g_assert_cmpint (move_while (fixture, "src", change_nothing, failures), ==, 0);
      g_assert_cmpuint (share_failures_get_size (failures), ==, 0);
      g_assert_false (fixture_exists (fixture, "src"));
      assert_content (fixture, "small/moved/a/b/file", "deep content");

      fixture_make_tree (fixture, "src");
      fixture_write (fixture, "src/same-size", "0123");
      fixture_write (fixture, "src/same-time", "01234");
      set_time (fixture, "src/same-time", LONG_AGO, 7);
      fixture_write (fixture, "src/replaced", "012345");
      fixture_write (fixture, "old", "987654");
      wait_for_next_tick ();
      g_assert_cmpint (move_while (fixture, "src", change_where_no_times_are, changed), ==,
                       -EAGAIN);
      g_assert_cmpuint (share_failures_get_size (changed), ==, 3);
      assert_content (fixture, "src/same-size", "9876");
      assert_content (fixture, "src/same-time", "98765");
      assert_content (fixture, "src/replaced", "987654");
      g_assert_false (fixture_exists (fixture, "src/file"));
      g_atomic_int_set (&keeps_none, 0);
      g_assert_cmpint (do_remove (fixture, "src", NULL), ==, 0);
    }
  /* A disk that fails is no file system without times. */
  fixture_make_tree (fixture, "src");
  g_atomic_int_set (&keeps_none, EIO);
  g_assert_cmpint (do_move (fixture, "src", "small/broken", 0, NULL, NULL), ==, -EIO);
  g_atomic_int_set (&keeps_none, 0);
  assert_content (fixture, "src/a/b/file", "deep content");
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
  fixture_unmount (fixture, "small");
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);
  enter_mount_namespace ();

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/late/tree", test_tree);
  ADD ("/late/file", test_file);
  ADD ("/late/copy-lost", test_copy_lost);
  ADD ("/late/many", test_many);
  ADD ("/late/coarse", test_coarse);
  ADD ("/late/no-times", test_no_times);
#undef ADD
  return g_test_run ();
}
