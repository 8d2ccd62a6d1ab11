/* Modes where they are not kept: what has its place without them, and who they must not let in.
 *
 * fchmod() stands here in the place of the C library's, for this program alone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static gint chmod_errno; /* (atomic): what fchmod() says; 0: it does what it should */

int
fchmod (int fd, mode_t mode)
{
  errno = g_atomic_int_get (&chmod_errno);
  return errno ? -1 : (int)syscall (SYS_fchmod, fd, mode);
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  alarm (300 * (guint)patience ());

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/mode/unsupported", test_unsupported);
  ADD ("/mode/broken", test_broken);
#undef ADD
  return g_test_run ();
}
