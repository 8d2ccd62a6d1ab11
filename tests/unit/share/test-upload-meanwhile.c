/* Uploads, and what becomes of their target meanwhile.
 *
 * The system call stands here in the place of the C library's, for this program alone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static gint vanishes; /* (atomic): the target, just before something is moved to it */

int
renameat2 (int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
  if (strcmp (to, "file") == 0 && g_atomic_int_compare_and_exchange (&vanishes, TRUE, FALSE))
    unlinkat (to_folder, to, 0);
  return (int)syscall (SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int
renameat (int from_folder, const char *from, int to_folder, const char *to)
{
  return renameat2 (from_folder, from, to_folder, to, 0);
}

static void
test_no_replace (Fixture *fixture, gconstpointer flags)
{
  Put first = { .path = "file", .content = "first", .flags = SHARE_UPLOAD_NO_REPLACE };
  Put second = { .path = "file", .content = "second", .flags = SHARE_UPLOAD_NO_REPLACE };
  Put racing[2];

  put (fixture, &first);
  g_assert_cmpint (first.commit, ==, 0);
  g_assert_true (first.created);
  put (fixture, &second);
  g_assert_cmpint (second.commit, ==, -EEXIST);
  assert_content (fixture, "file", "first");

  /* Both began while there was nothing. */
  for (int i = 0; i < 2; i++)
    {
      racing[i]
          = (Put){ .path = "new", .content = "x", .flags = SHARE_UPLOAD_NO_REPLACE, .keep = TRUE };
      put (fixture, &racing[i]);
    }
  for (int i = 0; i < 2; i++)
    {
      put_commit (fixture, &racing[i]);
      g_assert_cmpint (racing[i].commit, ==, i == 0 ? 0 : -EEXIST);
      share_upload_free (racing[i].upload);
    }
}

/* With SHARE_UPLOAD_ONLY_REPLACE no file is made, whenever the old one goes. */
static void
test_only_replace (Fixture *fixture, gconstpointer flags)
{
  Put new = { .path = "file", .content = "new", .flags = SHARE_UPLOAD_ONLY_REPLACE };

  put (fixture, &new);
  g_assert_cmpint (new.commit, ==, -ENOENT);
  g_assert_false (fixture_exists (fixture, "file"));

  fixture_write (fixture, "file", "old");
  put (fixture, &new);
  g_assert_cmpint (new.commit, ==, 0);
  g_assert_false (new.created);
  assert_content (fixture, "file", "new");

  g_atomic_int_set (&vanishes, TRUE);
  put (fixture, &new);
  g_assert_cmpint (new.commit, ==, -ESTALE);
  g_assert_false (g_atomic_int_get (&vanishes));
  g_assert_false (fixture_exists (fixture, "file"));

  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

static void
test_folder_vanishes (Fixture *fixture, gconstpointer flags)
{
  Put half = { .path = "folder/file", .content = "half", .keep = TRUE };
  g_autofree char *folder = fixture_path (fixture, "folder");

  fixture_mkdir (fixture, "folder");
  put (fixture, &half);
  g_assert_no_errno (g_rmdir (folder));
  put_commit (fixture, &half);
  g_assert_cmpint (half.commit, ==, -ENOTDIR);
  share_upload_free (half.upload);
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

/* The content goes nowhere if the path leads elsewhere by the time it is complete. */
static void
test_folder_moves (Fixture *fixture, gconstpointer flags)
{
  Put lost = { .path = "folder/name", .content = "new", .keep = TRUE };
  Put late = { .path = "folder/name", .content = "new", .keep = TRUE };
  g_autofree char *folder = fixture_path (fixture, "folder");
  g_autofree char *moved = fixture_path (fixture, "moved");

  fixture_mkdir (fixture, "folder");
  fixture_write (fixture, "folder/name", "old");
  put (fixture, &lost);
  put (fixture, &late);
  g_assert_no_errno (g_rename (folder, moved));
  put_commit (fixture, &lost);
  g_assert_cmpint (lost.commit, ==, -ENOTDIR);
  share_upload_free (lost.upload);
  fixture_mkdir (fixture, "folder");
  put_commit (fixture, &late);
  g_assert_cmpint (late.commit, ==, -ENOTDIR);
  share_upload_free (late.upload);
  g_assert_false (fixture_exists (fixture, "folder/name"));
  assert_content (fixture, "moved/name", "old");
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

/* Nor if it ended in a link, and that was changed. */
static void
test_link_changes (Fixture *fixture, gconstpointer flags)
{
  Put half = { .path = "link", .content = "new", .keep = TRUE };
  g_autofree char *link = fixture_path (fixture, "link");

  fixture_write (fixture, "one", "one");
  fixture_write (fixture, "other", "other");
  g_assert_no_errno (symlink ("one", link));
  put (fixture, &half);
  g_assert_no_errno (g_unlink (link));
  g_assert_no_errno (symlink ("other", link));
  put_commit (fixture, &half);
  g_assert_cmpint (half.commit, ==, -ENOTDIR);
  share_upload_free (half.upload);
  assert_content (fixture, "one", "one");
  assert_content (fixture, "other", "other");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/upload-meanwhile/no-replace", test_no_replace);
  ADD ("/upload-meanwhile/only-replace", test_only_replace);
  ADD ("/upload-meanwhile/folder-vanishes", test_folder_vanishes);
  ADD ("/upload-meanwhile/folder-moves", test_folder_moves);
  ADD ("/upload-meanwhile/link-changes", test_link_changes);
#undef ADD
  return g_test_run ();
}
