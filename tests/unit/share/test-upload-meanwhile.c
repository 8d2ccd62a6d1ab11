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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/upload-meanwhile/only-replace", Fixture, 0, fixture_set_up, test_only_replace,
              fixture_tear_down);
  return g_test_run ();
}
