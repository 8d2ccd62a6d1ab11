/* Another writer who comes at the last moment loses nothing: on file systems that cannot rename
 * "unless it is there" (NFS), or exchange two names; and while a file is copied.
 *
 * The system calls stand here in the place of the C library's, for this program alone: the flags of
 * renameat2() are unknown, and just before a rename somebody else makes what it is to.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char *rival_path;   /* what the other writer makes; NULL: nobody is there */
static gint no_links;      /* (atomic) */
static gint n_links;       /* (atomic) */
static char *written_path; /* what somebody writes to while it is copied */
static gint writes;        /* (atomic): 'w': over its beginning; 'a': at its end; 0: nobody does */
static gint n_begun;       /* (atomic): files that were begun to be written out */
static gint n_begun_at_rename; /* (atomic): the same at the last rename */

int
renameat2 (int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
  errno = EINVAL;
  return -1;
}

/* Somebody is faster. */
static void
make_rival (void)
{
  g_autofree char *path = g_steal_pointer (&rival_path);

  if (path != NULL)
    g_file_set_contents (path, "the other's", -1, NULL);
}

int
renameat (int from_folder, const char *from, int to_folder, const char *to)
{
  make_rival ();
  g_atomic_int_set (&n_begun_at_rename, g_atomic_int_get (&n_begun));
  return (int)syscall (SYS_renameat2, from_folder, from, to_folder, to, 0);
}

int
linkat (int from_folder, const char *from, int to_folder, const char *to, int flags)
{
  if (g_atomic_int_get (&no_links))
    {
      errno = EPERM;
      return -1;
    }
  make_rival ();
  g_atomic_int_inc (&n_links);
  return (int)syscall (SYS_linkat, from_folder, from, to_folder, to, flags);
}

int
sync_file_range (int fd, off64_t offset, off64_t count, unsigned flags)
{
  g_assert_cmpuint (flags, ==, SYNC_FILE_RANGE_WRITE);
  g_atomic_int_inc (&n_begun);
  return (int)syscall (SYS_sync_file_range, fd, offset, count, flags);
}

int
ioctl (int fd, unsigned long request, ...)
{
  errno = ENOTTY;
  return -1;
}

/* Somebody writes to what is copied. */
ssize_t
copy_file_range (int from,
                 off64_t *from_offset,
                 int to,
                 off64_t *to_offset,
                 size_t length,
                 unsigned flags)
{
  ssize_t n = syscall (SYS_copy_file_range, from, from_offset, to, to_offset, length, flags);

  if (g_atomic_int_get (&writes))
    {
      int fd = open (written_path, O_WRONLY | (g_atomic_int_get (&writes) == 'a' ? O_APPEND : 0));

      g_assert_cmpint (write (fd, "written", 7), ==, 7);
      close (fd);
      g_atomic_int_set (&writes, 0);
    }
  return n;
}

static void
set_rival (Fixture *fixture, const char *path)
{
  rival_path = fixture_path (fixture, path);
}

static void
test_upload (Fixture *fixture, gconstpointer flags)
{
  Put first = { .path = "new", .content = "first", .flags = SHARE_UPLOAD_NO_REPLACE };
  Put second = { .path = "new", .content = "second", .flags = SHARE_UPLOAD_NO_REPLACE };
  Put late = { .path = "raced", .content = "mine", .flags = SHARE_UPLOAD_NO_REPLACE };
  g_autofree char *path = fixture_path (fixture, "new");
  struct stat st;

  put (fixture, &first);
  g_assert_cmpint (first.commit, ==, 0);
  g_assert_cmpint (g_atomic_int_get (&n_links), ==, 1);
  g_assert_no_errno (stat (path, &st));
  g_assert_cmpuint (st.st_nlink, ==, 1);
  put (fixture, &second);
  g_assert_cmpint (second.commit, ==, -EEXIST);
  assert_content (fixture, "new", "first");

  set_rival (fixture, "raced");
  put (fixture, &late);
  g_assert_null (rival_path);
  g_assert_cmpint (late.commit, ==, -EEXIST);
  assert_content (fixture, "raced", "the other's");
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

/* What was expected to be there is looked at once more before it is replaced. */
static void
test_expected (Fixture *fixture, gconstpointer flags)
{
  ShareStat stat;
  Put same = { .path = "file", .content = "new", .expected = &stat };
  Put other = { .path = "file", .content = "newer", .expected = &stat };

  fixture_write (fixture, "file", "old");
  g_assert_cmpint (do_stat (fixture, "file", &stat), ==, 0);
  put (fixture, &same);
  g_assert_cmpint (same.commit, ==, 0);
  assert_content (fixture, "file", "new");
  put (fixture, &other);
  g_assert_cmpint (other.commit, ==, -ESTALE);
  assert_content (fixture, "file", "new");
}

static void
test_move (Fixture *fixture, gconstpointer flags)
{
  gboolean created;

  fixture_write (fixture, "file", "mine");
  fixture_mkdir (fixture, "folder/inner");
  fixture_symlink (fixture, "file", "link");
  g_assert_cmpint (do_move (fixture, "link", "moved-link", 0, NULL, NULL), ==, 0);
  assert_content (fixture, "moved-link", "mine");
  g_assert_cmpint (do_move (fixture, "file", "moved", 0, NULL, &created), ==, 0);
  g_assert_true (created);
  assert_content (fixture, "moved", "mine");
  g_assert_false (fixture_exists (fixture, "file"));
  g_assert_cmpint (do_move (fixture, "folder", "moved-folder", 0, NULL, NULL), ==, 0);
  g_assert_true (fixture_exists (fixture, "moved-folder/inner"));
  g_assert_false (fixture_exists (fixture, "folder"));
  g_assert_cmpint (do_move (fixture, "moved", "moved-folder", 0, NULL, NULL), ==, -EEXIST);
  g_assert_cmpint (do_move (fixture, "moved-folder", "moved", 0, NULL, NULL), ==, -EEXIST);
  assert_content (fixture, "moved", "mine");

  set_rival (fixture, "raced");
  g_assert_cmpint (do_move (fixture, "moved", "raced", 0, NULL, NULL), ==, -EEXIST);
  g_assert_null (rival_path);
  assert_content (fixture, "raced", "the other's");
  assert_content (fixture, "moved", "mine");

  /* Into the folder that was made to be replaced. */
  set_rival (fixture, "raced-folder/theirs");
  g_assert_cmpint (do_move (fixture, "moved-folder", "raced-folder", 0, NULL, NULL), ==, -EEXIST);
  g_assert_null (rival_path);
  assert_content (fixture, "raced-folder/theirs", "the other's");
  g_assert_true (fixture_exists (fixture, "moved-folder/inner"));
}

static void
test_written (Fixture *fixture, gconstpointer flags)
{
  const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
  g_autoptr (ShareFailures) failures = share_failures_new ();
  g_autofree char *path = fixture_path (fixture, "folder/file");

  fixture_mkdir (fixture, "folder");
  fixture_write (fixture, "folder/file", "0123456789");
  fixture_write (fixture, "folder/other", "other");
  written_path = path;
  g_assert_no_errno (utimensat (AT_FDCWD, path, times, 0));

  /* Neither the one nor the other would be a copy. */
  g_atomic_int_set (&writes, 'w');
  g_assert_cmpint (do_copy (fixture, "folder/file", "copy", 0, NULL, NULL), ==, -EAGAIN);
  g_assert_false (fixture_exists (fixture, "copy"));
  g_assert_no_errno (utimensat (AT_FDCWD, path, times, 0));
  g_atomic_int_set (&writes, 'w');
  g_assert_cmpint (do_copy (fixture, "folder", "copy", 0, failures, NULL), <, 0);
  g_assert_cmpuint (share_failures_get_size (failures), ==, 1);
  g_assert_cmpstr (share_failures_get (failures, 0)->path, ==, "copy/file");
  g_assert_false (fixture_exists (fixture, "copy/file"));
  assert_content (fixture, "copy/other", "other");

  g_assert_no_errno (utimensat (AT_FDCWD, path, times, 0));
  g_atomic_int_set (&writes, 'a');
  g_assert_cmpint (do_copy (fixture, "folder/file", "grown", 0, NULL, NULL), ==, 0);
  assert_content (fixture, "grown", "written789written");

  /* What would be removed is not, if the copy may lack anything. */
  fixture_mount_small (fixture, "small");
  g_assert_no_errno (utimensat (AT_FDCWD, path, times, 0));
  g_atomic_int_set (&writes, 'a');
  g_assert_cmpint (do_move (fixture, "folder/file", "small/moved", 0, NULL, NULL), ==, -EAGAIN);
  g_assert_false (fixture_exists (fixture, "small/moved"));
  assert_content (fixture, "folder/file", "written789writtenwritten");
  g_assert_cmpint (do_move (fixture, "folder/file", "small/moved", 0, NULL, NULL), ==, 0);
  assert_content (fixture, "small/moved", "written789writtenwritten");
  fixture_close (fixture);
  fixture_unmount (fixture, "small");
  written_path = NULL;
}

/* What replaces a file is on its way to the disk before; what is new need not be. */
static void
test_order (Fixture *fixture, gconstpointer flags)
{
  ShareStat stat;
  Put new = { .path = "new", .content = "first" };
  Put replacing = { .path = "new", .content = "second" };
  Put expected = { .path = "new", .content = "third", .expected = &stat };

  g_atomic_int_set (&n_begun, 0);
  put (fixture, &new);
  g_assert_cmpint (new.commit, ==, 0);
  g_assert_cmpint (g_atomic_int_get (&n_begun), ==, 0);
  put (fixture, &replacing);
  g_assert_cmpint (replacing.commit, ==, 0);
  g_assert_cmpint (g_atomic_int_get (&n_begun_at_rename), ==, 1);
  g_assert_cmpint (do_stat (fixture, "new", &stat), ==, 0);
  put (fixture, &expected);
  g_assert_cmpint (expected.commit, ==, 0);
  g_assert_cmpint (g_atomic_int_get (&n_begun_at_rename), ==, 2);
  assert_content (fixture, "new", "third");
}

/* The same where a file cannot have a second name: then not at the very last moment. */
static void
test_no_links (Fixture *fixture, gconstpointer flags)
{
  Put first = { .path = "new", .content = "first", .flags = SHARE_UPLOAD_NO_REPLACE };
  Put second = { .path = "new", .content = "second", .flags = SHARE_UPLOAD_NO_REPLACE };

  g_atomic_int_set (&no_links, TRUE);
  put (fixture, &first);
  g_assert_cmpint (first.commit, ==, 0);
  put (fixture, &second);
  g_assert_cmpint (second.commit, ==, -EEXIST);
  assert_content (fixture, "new", "first");
  fixture_write (fixture, "file", "mine");
  g_assert_cmpint (do_move (fixture, "file", "new", 0, NULL, NULL), ==, -EEXIST);
  g_assert_cmpint (do_move (fixture, "file", "moved", 0, NULL, NULL), ==, 0);
  assert_content (fixture, "moved", "mine");
  g_atomic_int_set (&no_links, FALSE);
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);
  enter_mount_namespace ();

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/install/upload", test_upload);
  ADD ("/install/expected", test_expected);
  ADD ("/install/move", test_move);
  ADD ("/install/written", test_written);
  ADD ("/install/order", test_order);
  ADD ("/install/no-links", test_no_links);
#undef ADD
  return g_test_run ();
}
