/* A tree is removed and somebody works in it meanwhile: what comes under the name of a folder that
 * was emptied is not removed with it.
 *
 * The system calls stand here in the place of the C library's, for this program alone: with one of
 * them comes what happens meanwhile.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What goes last before its folder does. */
#define TRIGGER "trigger"

static const char *renamed_from; /* as soon as TRIGGER is removed; NULL: nothing happens */
static Fixture *meanwhile_fixture;

static void
put_another_there (Fixture *fixture, const char *path)
{
  g_autofree char *from = fixture_path (fixture, path);
  g_autofree char *to = fixture_path (fixture, "bak");

  g_assert_no_errno (rename (from, to));
  fixture_write (fixture, path, "newest");
}

int
unlinkat (int folder, const char *name, int flags)
{
  int result = (int)syscall (SYS_unlinkat, folder, name, flags);

  if (result == 0 && renamed_from && strcmp (name, TRIGGER) == 0)
    {
      const char *path = renamed_from;

      renamed_from = NULL;
      put_another_there (meanwhile_fixture, path);
    }
  return result;
}

/* Somebody gives a folder another name, while it is being emptied, and saves a file under its own.
 */
static void
test_removed (Fixture *fixture, gconstpointer flags)
{
  static const char *const renamed[] = { "tree", "tree/a" };

  fixture_mount_small (fixture, "small");
  meanwhile_fixture = fixture;
  for (guint moved = 0; moved < 2; moved++)
    for (guint i = 0; i < G_N_ELEMENTS (renamed); i++)
      {
        g_autoptr (ShareFailures) failures = share_failures_new ();
        g_autofree char *trigger = g_build_filename (renamed[i], TRIGGER, NULL);

        g_test_message ("%s, %s", moved ? "moved" : "removed", renamed[i]);
        fixture_mkdir (fixture, renamed[i]);
        fixture_write (fixture, trigger, "x");
        renamed_from = renamed[i];
        g_assert_cmpint (moved ? do_move (fixture, "tree", "small/tree", 0, failures, NULL)
                               : do_remove (fixture, "tree", failures),
                         ==, -EAGAIN);
        g_assert_null (renamed_from);
        assert_content (fixture, renamed[i], "newest");
        if (moved || i > 0)
          {
            g_assert_cmpuint (share_failures_get_size (failures), ==, 1);
            g_assert_cmpstr (share_failures_get (failures, 0)->path, ==, renamed[i]);
            g_assert_cmpint (share_failures_get (failures, 0)->error, ==, -EAGAIN);
          }

        g_assert_cmpint (do_remove (fixture, "tree", NULL), ==, 0);
        g_assert_cmpint (do_remove (fixture, "bak", NULL), ==, 0);
        if (moved)
          g_assert_cmpint (do_remove (fixture, "small/tree", NULL), ==, 0);
      }
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
  ADD ("/meanwhile/removed", test_removed);
#undef ADD
  return g_test_run ();
}
