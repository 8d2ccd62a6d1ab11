/* Make and remove: what happens, what must not, and what is said about it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/staging.h"
#include "share/tree-walk.h"

static void
test_make_folder (Fixture *fixture, gconstpointer flags)
{
  fixture_write (fixture, "file", "x");
  fixture_symlink (fixture, "nowhere", "dangling");
  g_assert_cmpint (do_make_folder (fixture, "folder"), ==, 0);
  g_assert_cmpint (do_make_folder (fixture, "folder/inner"), ==, 0);
  g_assert_cmpint (do_make_folder (fixture, "folder"), ==, -EEXIST);
  g_assert_cmpint (do_make_folder (fixture, "file"), ==, -EEXIST);
  g_assert_cmpint (do_make_folder (fixture, "dangling"), ==, -EEXIST);
  g_assert_cmpint (do_make_folder (fixture, ""), ==, -EEXIST);
  g_assert_cmpint (do_make_folder (fixture, "missing/folder"), ==, -ENOTDIR);
  g_assert_cmpint (do_make_folder (fixture, "file/folder"), ==, -ENOTDIR);
  g_assert_cmpint (do_make_folder (fixture, ".spice-share-x"), ==, -EACCES);
  g_assert_true (fixture_exists (fixture, "folder/inner"));
}

static void
test_remove (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *fifo = NULL;

  fixture_make_tree (fixture, "tree");
  fixture_make_tree (fixture, "kept");
  fixture_symlink (fixture, "../kept", "tree/link");
  fixture_symlink (fixture, "../../../outside", "tree/a/outside");
  fixture_symlink (fixture, "nowhere", "tree/dangling");
  fifo = fixture_path (fixture, "tree/fifo");
  g_assert_no_errno (mkfifo (fifo, 0600));
  fixture_symlink (fixture, "kept", "to-kept");
  fixture_symlink (fixture, "../outside", "to-outside");
  fixture_write (fixture, "file", "x");

  g_assert_cmpint (do_remove (fixture, "", NULL), ==, -EBUSY);
  g_assert_cmpint (do_remove (fixture, "nothing", NULL), ==, -ENOENT);
  g_assert_cmpint (do_remove (fixture, "file/below", NULL), ==, -ENOENT);
  g_assert_cmpint (do_remove (fixture, "tree/fifo", NULL), ==, -EACCES);
  g_assert_cmpint (do_remove (fixture, "to-outside", NULL), ==, -EXDEV);
  g_assert_cmpint (do_remove (fixture, "tree/dangling", NULL), ==, -ENOENT);
  g_assert_true (fixture_exists (fixture, "to-outside"));

  g_assert_cmpint (do_remove (fixture, "to-kept", NULL), ==, 0);
  g_assert_false (fixture_exists (fixture, "to-kept"));
  g_assert_cmpint (do_remove (fixture, "file", NULL), ==, 0);
  g_assert_cmpint (do_remove (fixture, "tree", NULL), ==, 0);
  g_assert_false (fixture_exists (fixture, "tree"));
  g_assert_true (fixture_exists (fixture, "kept/a/b/file"));
  fixture_assert_outside_untouched (fixture);
}

/* Through a link to its folder: the file goes, not the link. */
static void
test_remove_through_link (Fixture *fixture, gconstpointer flags)
{
  fixture_make_tree (fixture, "tree");
  fixture_symlink (fixture, "tree/a", "to-a");
  g_assert_cmpint (do_remove (fixture, "to-a/b", NULL), ==, 0);
  g_assert_false (fixture_exists (fixture, "tree/a/b"));
  g_assert_true (fixture_exists (fixture, "to-a"));
}

/* More entries than one batch of readdir, more folders than are remembered at a time. */
static void
test_wide (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *filler = g_strnfill (250, 'f');
  g_autofree char *tree = NULL;
  g_autofree char *copy = NULL;

  for (guint i = 0; i < TREE_WALK_MAX_PENDING / 250 + 50; i++)
    {
      /* One that is empty is removed without being entered. */
      g_autofree char *name
          = g_strdup_printf (i % 40 == 0 ? "tree/%s%u/inner" : "tree/%s%u", filler, i);

      fixture_mkdir (fixture, name);
    }
  g_assert_cmpint (do_copy (fixture, "tree", "copy", 0, NULL, NULL), ==, 0);
  tree = fixture_describe (fixture, "tree");
  copy = fixture_describe (fixture, "copy");
  g_assert_cmpstr (tree, ==, copy);
  g_assert_cmpint (do_remove (fixture, "tree", NULL), ==, 0);
  g_assert_false (fixture_exists (fixture, "tree"));
}

/* With hidden names denied they are as good as not there, and yet nobody's to destroy. */
static void
test_hidden (Fixture *fixture, gconstpointer flags)
{
  g_autoptr (ShareFailures) failures = share_failures_new ();
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  fixture_make_tree (fixture, "tree");
  fixture_write (fixture, "tree/a/.hidden", "hidden");
  fixture_write (fixture, "file", "x");
  before = fixture_describe (fixture, "tree");
  /* The swap that would have to remove it is not begun. */
  g_assert_cmpint (do_copy (fixture, "file", "tree", SHARE_TREE_OVERWRITE, NULL, NULL), ==,
                   -ENOTEMPTY);
  g_assert_cmpint (do_move (fixture, "file", "tree", SHARE_TREE_OVERWRITE, NULL, NULL), ==,
                   -ENOTEMPTY);
  after = fixture_describe (fixture, "tree");
  g_assert_cmpstr (after, ==, before);

  g_assert_cmpint (do_copy (fixture, "tree", "copy", 0, NULL, NULL), ==, 0);
  g_assert_false (fixture_exists (fixture, "copy/a/.hidden"));
  g_assert_true (fixture_exists (fixture, "copy/a/b/file"));

  g_assert_cmpint (do_remove (fixture, "tree", failures), ==, -ENOTEMPTY);
  g_assert_cmpuint (share_failures_get_size (failures), ==, 1);
  g_assert_cmpstr (share_failures_get (failures, 0)->path, ==, "tree/a");
  g_assert_true (fixture_exists (fixture, "tree/a/.hidden"));
  g_assert_false (fixture_exists (fixture, "tree/a/b"));

  /* Moved with its folder. */
  g_assert_cmpint (do_move (fixture, "tree", "moved", 0, NULL, NULL), ==, 0);
  g_assert_true (fixture_exists (fixture, "moved/a/.hidden"));
}

/* Somebody shares a folder inside this one and uploads into it. */
static void
test_foreign_staging (Fixture *fixture, gconstpointer flags)
{
  static const char *const name = STAGING_PREFIX "00112233445566778899aabbccddeeff";
  g_autofree char *folder = g_build_filename ("tree/a", name, NULL);
  g_autofree char *upload = g_build_filename (folder, "upload", NULL);
  g_autoptr (ShareFailures) failures = share_failures_new ();

  fixture_make_tree (fixture, "tree");
  fixture_mkdir (fixture, folder);
  fixture_write (fixture, upload, "half");
  g_assert_cmpint (do_remove (fixture, "tree", failures), ==, -ENOTEMPTY);
  g_assert_cmpuint (share_failures_get_size (failures), ==, 1);
  g_assert_cmpstr (share_failures_get (failures, 0)->path, ==, "tree/a");
  g_assert_true (fixture_exists (fixture, upload));
}

static void
test_mount_inside (Fixture *fixture, gconstpointer flags)
{
  fixture_make_tree (fixture, "tree");
  fixture_mount_small (fixture, "tree/small");
  fixture_write (fixture, "tree/small/file", "x");
  fixture_write (fixture, "file", "x");
  g_assert_cmpint (do_move (fixture, "file", "tree", SHARE_TREE_OVERWRITE, NULL, NULL), ==, -EBUSY);
  g_assert_cmpint (do_copy (fixture, "file", "tree", SHARE_TREE_OVERWRITE, NULL, NULL), ==, -EBUSY);
  g_assert_true (fixture_exists (fixture, "tree/small/file"));
  g_assert_true (fixture_exists (fixture, "tree/a/b/file"));
  fixture_unmount (fixture, "tree/small");
}

/* As another user than root, if we are root: what root may do says nothing. */
static void
test_permissions (void)
{
  g_test_trap_subprocess ("/tree/permissions/subprocess", 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

static void
test_permissions_subprocess (void)
{
  Fixture fixture = { 0 };
  g_autoptr (ShareFailures) copy_failures = share_failures_new ();
  g_autoptr (ShareFailures) remove_failures = share_failures_new ();
  g_autofree char *unreadable = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *protected = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  become_user ();
  fixture_set_up (&fixture, NULL);
  fixture_make_tree (&fixture, "tree");
  fixture_write (&fixture, "tree/unreadable", "x");
  fixture_mkdir (&fixture, "tree/closed");
  fixture_mkdir (&fixture, "tree/protected");
  fixture_write (&fixture, "tree/protected/file", "x");
  unreadable = fixture_path (&fixture, "tree/unreadable");
  folder = fixture_path (&fixture, "tree/closed");
  protected = fixture_path (&fixture, "tree/protected");
  g_assert_no_errno (chmod (unreadable, 0));
  g_assert_no_errno (chmod (folder, 0));
  g_assert_no_errno (chmod (protected, 0555));

  g_assert_cmpint (do_copy (&fixture, "tree", "copy", 0, copy_failures, NULL), ==, -EACCES);
  g_assert_cmpuint (share_failures_get_size (copy_failures), ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      const ShareFailure *failure = share_failures_get (copy_failures, i);

      g_assert_cmpint (failure->error, ==, -EACCES);
      g_assert_true (strcmp (failure->path, "copy/unreadable") == 0
                     || strcmp (failure->path, "copy/closed") == 0);
    }
  g_assert_true (fixture_exists (&fixture, "copy/a/b/file"));
  g_assert_true (fixture_exists (&fixture, "copy/protected/file"));
  g_assert_false (fixture_exists (&fixture, "copy/unreadable"));
  g_assert_false (fixture_exists (&fixture, "copy/closed"));

  /* Could not be removed, so it is not swapped out either. */
  fixture_write (&fixture, "file", "x");
  before = fixture_describe (&fixture, "tree/protected");
  g_assert_cmpint (do_move (&fixture, "file", "tree/protected", SHARE_TREE_OVERWRITE, NULL, NULL),
                   ==, -EACCES);
  after = fixture_describe (&fixture, "tree/protected");
  g_assert_cmpstr (after, ==, before);

  g_assert_cmpint (do_remove (&fixture, "tree", remove_failures), ==, -EACCES);
  g_assert_cmpuint (share_failures_get_size (remove_failures), ==, 1);
  g_assert_cmpstr (share_failures_get (remove_failures, 0)->path, ==, "tree/protected/file");
  g_assert_true (fixture_exists (&fixture, "tree/protected/file"));
  g_assert_false (fixture_exists (&fixture, "tree/a"));
  fixture_close (&fixture);
  fixture_assert_no_debris (&fixture);
  fixture_tear_down (&fixture, NULL);
}

/* A guest that makes failures without end is not remembered without end. */
static void
test_failure_cap (Fixture *fixture, gconstpointer flags)
{
  g_autoptr (ShareFailures) failures = share_failures_new ();

  for (guint i = 0; i < SHARE_FAILURES_MAX + 50; i++)
    {
      g_autofree char *name = g_strdup_printf ("tree/%u/.hidden", i);
      g_autofree char *folder = g_path_get_dirname (name);

      fixture_mkdir (fixture, folder);
      fixture_write (fixture, name, "x");
    }
  g_assert_cmpint (do_remove (fixture, "tree", failures), <, 0);
  g_assert_cmpuint (share_failures_get_size (failures), ==, SHARE_FAILURES_MAX);
}

/* One that goes on until the share is closed. */
typedef struct
{
  int result;
  gboolean done;
  int begun; /* atomic */
} Long;

static void
long_job (Share *share, gpointer data)
{
  Long *self = data;
  g_autoptr (ShareFailures) failures = share_failures_new ();

  g_atomic_int_set (&self->begun, TRUE);
  do
    {
      self->result = share_copy (share, "tree", "copy", SHARE_TREE_OVERWRITE, failures, NULL);
    }
  while (self->result == 0);
}

static void
long_done (Share *share, gboolean ran, gpointer data)
{
  ((Long *)data)->done = TRUE;
}

static gboolean
long_is_done (gpointer data)
{
  return ((Long *)data)->done;
}

static gboolean
long_has_begun (gpointer data)
{
  return g_atomic_int_get (&((Long *)data)->begun);
}

static void
test_cancelled_by_close (Fixture *fixture, gconstpointer flags)
{
  Long job = { 0 };

  for (int i = 0; i < 300; i++)
    {
      g_autofree char *top = g_strdup_printf ("tree/%d", i);

      fixture_make_tree (fixture, top);
    }
  share_run (fixture->share, 0, NULL, long_job, long_done, &job);
  fixture_wait (long_has_begun, &job);
  fixture_close (fixture);
  fixture_wait (long_is_done, &job);
  g_assert_cmpint (job.result, ==, -ECANCELED);
  fixture_assert_no_debris (fixture);
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);
  enter_mount_namespace ();

#define ADD(name, flags, test)                                                                     \
  g_test_add (name, Fixture, GUINT_TO_POINTER (flags), fixture_set_up, test, fixture_tear_down)
  ADD ("/tree/make-folder", 0, test_make_folder);
  ADD ("/tree/remove", 0, test_remove);
  ADD ("/tree/remove-through-link", 0, test_remove_through_link);
  ADD ("/tree/wide", 0, test_wide);
  ADD ("/tree/hidden", SHARE_DENY_HIDDEN, test_hidden);
  ADD ("/tree/foreign-staging", 0, test_foreign_staging);
  ADD ("/tree/mount-inside", 0, test_mount_inside);
  ADD ("/tree/failure-cap", SHARE_DENY_HIDDEN, test_failure_cap);
  ADD ("/tree/cancelled-by-close", 0, test_cancelled_by_close);
#undef ADD
  g_test_add_func ("/tree/permissions", test_permissions);
  g_test_add_func ("/tree/permissions/subprocess", test_permissions_subprocess);
  return g_test_run ();
}
