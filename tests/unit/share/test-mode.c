/* Modes where they are not kept: what has its place without them, and who they must not let in.
 * And modes that somebody changes during a copy.
 *
 * The system calls stand here in the place of the C library's, for this program alone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "share/staging.h"

/* As if it had done it. */
#define CHMOD_IGNORED -1

static gint chmod_errno; /* (atomic): what fchmod() says; 0: it does what it should */

/* (atomic): how often somebody still changes the mode of what is copied, as soon as its copy has
 * it; and whether somebody takes it away while the content is copied. */
static gint changes;
static gint is_made_private;
static char *changed_path;

/* The copy of a file begins with it. */
int
ioctl (int fd, unsigned long request, ...)
{
  if (request == FICLONE && g_atomic_int_compare_and_exchange (&is_made_private, TRUE, FALSE))
    g_assert_no_errno (chmod (changed_path, 0600));
  errno = EOPNOTSUPP;
  return -1;
}

int
fchmod (int fd, mode_t mode)
{
  int error = g_atomic_int_get (&chmod_errno);
  int left = g_atomic_int_get (&changes);

  /* No staging folder. */
  if (left > 0 && !(mode & 0100))
    {
      g_assert_no_errno (chmod (changed_path, left & 1 ? 0600 : 0604));
      g_atomic_int_set (&changes, left - 1);
    }

  if (error == CHMOD_IGNORED)
    return 0;
  errno = error;
  return error ? -1 : (int)syscall (SYS_fchmod, fd, mode);
}

/* gvfs and other file systems of FUSE that know no modes, or none but their own. */
static void
test_unsupported (Fixture *fixture, gconstpointer flags)
{
  static const int errnos[] = { EOPNOTSUPP, ENOSYS, EPERM };

  for (guint i = 0; i < G_N_ELEMENTS (errnos); i++)
    {
      g_test_message ("%s", g_strerror (errnos[i]));
      fixture_make_tree (fixture, "tree");
      g_atomic_int_set (&chmod_errno, errnos[i]);
      g_assert_cmpint (do_put (fixture, "new", "new"), ==, 0);
      g_assert_cmpint (do_put (fixture, "tree/file", "over"), ==, 0);
      g_assert_cmpint (do_copy (fixture, "new", "copy", 0, NULL, NULL), ==, 0);
      g_assert_cmpint (do_copy (fixture, "tree", "copied", 0, NULL, NULL), ==, 0);
      assert_content (fixture, "new", "new");
      assert_content (fixture, "copy", "new");
      assert_content (fixture, "copied/file", "over");
      assert_content (fixture, "copied/a/b/file", "deep content");
      g_atomic_int_set (&chmod_errno, 0);
      for (guint k = 0; k < 4; k++)
        g_assert_cmpint (
            do_remove (fixture, (const char *[]){ "new", "copy", "tree", "copied" }[k], NULL), ==,
            0);
      /* The next one makes its own staging folder. */
      fixture_reopen (fixture, 0);
      fixture_assert_no_debris (fixture);
    }
}

/* A disk that fails is no file system without modes. */
static void
test_broken (Fixture *fixture, gconstpointer flags)
{
  Put late = { .path = "new", .content = "new", .keep = TRUE };

  fixture_make_tree (fixture, "tree");
  put (fixture, &late);
  g_assert_cmpint (late.write, ==, 0);
  g_atomic_int_set (&chmod_errno, EIO);
  put_commit (fixture, &late);
  g_assert_cmpint (late.commit, ==, -EIO);
  share_upload_free (late.upload);
  g_assert_cmpint (do_copy (fixture, "tree/file", "copy", 0, NULL, NULL), ==, -EIO);
  g_assert_cmpint (do_copy (fixture, "tree", "copied", 0, NULL, NULL), ==, -EIO);
  g_assert_false (fixture_exists (fixture, "new"));
  g_assert_false (fixture_exists (fixture, "copy"));
  g_assert_false (fixture_exists (fixture, "copied"));
  fixture_reopen (fixture, 0);
  g_assert_cmpint (do_put (fixture, "new", "new"), ==, -EIO);
  g_atomic_int_set (&chmod_errno, 0);
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

/* Somebody makes a file private while it is copied, or moved to another file system. */
static void
test_meanwhile (Fixture *fixture, gconstpointer flags)
{
  static const char *const targets[] = { "copied", "small/moved" };

  fixture_mount_small (fixture, "small");
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      fixture_write (fixture, "file", "mine");
      changed_path = fixture_path (fixture, "file");
      g_assert_no_errno (chmod (changed_path, 0644));
      g_atomic_int_set (&is_made_private, TRUE);
      g_assert_cmpint ((i ? do_move : do_copy) (fixture, "file", targets[i], 0, NULL, NULL), ==, 0);
      g_assert_false (g_atomic_int_get (&is_made_private));
      g_assert_cmphex (fixture_mode_of (fixture, targets[i]), ==, 0600);
      assert_content (fixture, targets[i], "mine");
      g_clear_pointer (&changed_path, g_free);
    }
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
  fixture_unmount (fixture, "small");
}

/* At the very moment the copy is given it: once, and again and again. */
static void
test_at_once (Fixture *fixture, gconstpointer flags)
{
  fixture_write (fixture, "file", "mine");
  changed_path = fixture_path (fixture, "file");
  g_assert_no_errno (chmod (changed_path, 0644));
  g_atomic_int_set (&changes, 1);
  g_assert_cmpint (do_copy (fixture, "file", "once", 0, NULL, NULL), ==, 0);
  g_assert_cmpint (g_atomic_int_get (&changes), ==, 0);
  g_assert_cmphex (fixture_mode_of (fixture, "once"), ==, 0600);

  g_assert_no_errno (chmod (changed_path, 0644));
  g_atomic_int_set (&changes, G_MAXINT);
  g_assert_cmpint (do_copy (fixture, "file", "never", 0, NULL, NULL), ==, -EAGAIN);
  g_atomic_int_set (&changes, 0);
  g_assert_false (fixture_exists (fixture, "never"));
  g_clear_pointer (&changed_path, g_free);
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

#define LEFTOVER(n) STAGING_PREFIX n n n n n n n n
#define MARK "This folder belongs to a running spice-share, which removes it.\n"

static void
make_leftover (Fixture *fixture, const char *name, const char *mark)
{
  g_autofree char *path = fixture_path (fixture, name);
  g_autofree char *owner = g_build_filename (name, "owner", NULL);
  g_autofree char *content = g_build_filename (name, "content", NULL);

  fixture_mkdir (fixture, name);
  fixture_write (fixture, owner, mark);
  fixture_write (fixture, content, "half");
  g_assert_no_errno (chmod (path, 0777));
}

static const char leftover[] = LEFTOVER ("aaaa");

static gboolean
leftover_is_gone (gpointer data)
{
  return !fixture_exists (data, leftover);
}

/* What a killed viewer left where everything is open to all (ntfs-3g). */
static void
test_leftover (Fixture *fixture, gconstpointer flags)
{
  static const int says[] = { CHMOD_IGNORED, EOPNOTSUPP, EPERM };
  static const char unmarked[] = LEFTOVER ("bbbb");
  static const char of_somebody[] = LEFTOVER ("cccc");
  g_autofree char *somebody = fixture_path (fixture, of_somebody);

  fixture_close (fixture);
  make_leftover (fixture, unmarked, "mine");
  make_leftover (fixture, of_somebody, MARK);
  if (geteuid () == 0)
    g_assert_no_errno (chown (somebody, 12345, 12345));
  for (guint i = 0; i < G_N_ELEMENTS (says); i++)
    {
      make_leftover (fixture, leftover, MARK);
      g_atomic_int_set (&chmod_errno, says[i]);
      fixture->share = fixture_open (fixture->root, 0, NULL);
      fixture_wait (leftover_is_gone, fixture);
      fixture_close (fixture);
      g_atomic_int_set (&chmod_errno, 0);
    }
  g_assert_true (fixture_exists (fixture, unmarked));
  if (geteuid () == 0)
    g_assert_true (fixture_exists (fixture, of_somebody));
}

/* A folder its owner may not write to cannot be renamed into another: its copy can be, and is as
 * protected in the end, and as old where it was moved. */
static void
check_protected (Fixture *fixture, const char *path, guint mode, guint64 mtime)
{
  g_autofree char *inner = g_build_filename (path, "a", NULL);
  g_autofree char *file = g_build_filename (path, "a", "b", "file", NULL);
  ShareStat stat;

  g_assert_cmphex (fixture_mode_of (fixture, path), ==, mode);
  g_assert_cmphex (fixture_mode_of (fixture, inner), ==, 0555);
  assert_content (fixture, file, "deep content");
  g_assert_cmpint (do_stat (fixture, path, &stat), ==, 0);
  if (mtime)
    g_assert_cmpint (stat.mtime, ==, mtime);
}

static void
test_protected (void)
{
  g_test_trap_subprocess ("/mode/protected/subprocess", 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

static void
test_protected_subprocess (void)
{
  static const guint modes[] = { 0555, 0500 };
  Fixture fixture = { 0 };

  become_user ();
  fixture_set_up (&fixture, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autofree char *source = g_strdup_printf ("tree-%o", modes[i]);
      g_autofree char *copy = g_strdup_printf ("copy-%o", modes[i]);
      g_autofree char *shallow = g_strdup_printf ("shallow-%o", modes[i]);
      g_autofree char *over = g_strdup_printf ("over-%o", modes[i]);
      g_autofree char *inner = g_build_filename (source, "a", NULL);
      g_autofree char *inner_path = fixture_path (&fixture, inner);
      g_autofree char *path = fixture_path (&fixture, source);

      fixture_make_tree (&fixture, source);
      fixture_make_tree (&fixture, over);
      g_assert_no_errno (chmod (inner_path, 0555));
      g_assert_no_errno (chmod (path, modes[i]));
      g_assert_cmpint (do_copy (&fixture, source, copy, 0, NULL, NULL), ==, 0);
      check_protected (&fixture, copy, modes[i], 0);
      g_assert_cmpint (do_copy (&fixture, source, over, SHARE_TREE_OVERWRITE, NULL, NULL), ==, 0);
      check_protected (&fixture, over, modes[i], 0);
      g_assert_cmpint (do_copy (&fixture, source, shallow, SHARE_TREE_SHALLOW, NULL, NULL), ==, 0);
      g_assert_cmphex (fixture_mode_of (&fixture, shallow), ==, modes[i]);
      /* It is not there for what comes next. */
      g_assert_cmpint (do_copy (&fixture, source, copy, 0, NULL, NULL), ==, -EEXIST);
    }
  fixture_close (&fixture);
  fixture_assert_no_debris (&fixture);
  fixture_tear_down (&fixture, NULL);
}

/* The same for what is moved to another file system: root may, so its mode and time are looked at.
 */
static void
test_protected_moved (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *path = fixture_path (fixture, "tree");
  g_autofree char *inner = fixture_path (fixture, "tree/a");
  struct timespec times[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };

  fixture_mount_small (fixture, "small");
  fixture_make_tree (fixture, "tree");
  g_assert_no_errno (chmod (inner, 0555));
  g_assert_no_errno (chmod (path, 0555));
  g_assert_no_errno (utimensat (AT_FDCWD, path, times, 0));
  g_assert_cmpint (do_move (fixture, "tree", "small/tree", 0, NULL, NULL), ==, 0);
  check_protected (fixture, "small/tree", 0555, 1000000000);
  g_assert_false (fixture_exists (fixture, "tree"));
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
  ADD ("/mode/unsupported", test_unsupported);
  ADD ("/mode/broken", test_broken);
  ADD ("/mode/meanwhile", test_meanwhile);
  ADD ("/mode/at-once", test_at_once);
  ADD ("/mode/leftover", test_leftover);
  ADD ("/mode/protected-moved", test_protected_moved);
#undef ADD
  g_test_add_func ("/mode/protected", test_protected);
  g_test_add_func ("/mode/protected/subprocess", test_protected_subprocess);
  return g_test_run ();
}
