/* Copy and move where a rename leads nowhere: what was there stands until what replaces it is sure
 * to get there.
 *
 * The system calls stand here in the place of the C library's, for this program alone: a folder
 * whose key or quota is another's (fscrypt, a project of XFS or ext4) and a union of disks
 * (mergerfs) say EXDEV to what comes out of a staging folder, although device and mount are the
 * same.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "share/staging.h"

typedef enum
{
  CROSS_NOTHING,
  CROSS_STAGING,  /* what leaves or enters a staging folder */
  CROSS_EXCHANGE, /* two names that change places: as a folder of an overlay's lower layer */
} Cross;

static gint cross; /* (atomic): Cross */
static char
    *rival_path; /* what another writer makes as soon as it is gone; NULL: nobody is there */

/* What waits in a staging folder. */
static gboolean
is_staged (const char *name)
{
  return strlen (name) == 2 * STAGING_RANDOM_BYTES
         && strspn (name, "0123456789abcdef") == 2 * STAGING_RANDOM_BYTES;
}

int
renameat2 (int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
  Cross what = (Cross)g_atomic_int_get (&cross);

  if ((what == CROSS_STAGING && is_staged (from) != is_staged (to))
      || (what == CROSS_EXCHANGE && (flags & RENAME_EXCHANGE)))
    {
      errno = EXDEV;
      return -1;
    }
  if (rival_path != NULL && !g_file_test (rival_path, G_FILE_TEST_EXISTS))
    {
      g_assert_true (g_file_set_contents (rival_path, "the other's", -1, NULL));
      g_clear_pointer (&rival_path, g_free);
    }
  return (int)syscall (SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int
renameat (int from_folder, const char *from, int to_folder, const char *to)
{
  return renameat2 (from_folder, from, to_folder, to, 0);
}

/* Both onto everything, from here and from another mount. */
static void
test_stands (Fixture *fixture, gconstpointer flags)
{
  static const char *const sources[] = { "file", "tree", "small/file", "small/tree" };
  static const char *const targets[] = { "old-file", "old-tree" };
  static const char *const olds[] = { "old-file", "old-tree/old" };
  g_autofree char *before = NULL;

  fixture_mount_small (fixture, "small");
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    if (i % 2 == 0)
      fixture_write (fixture, sources[i], "new");
    else
      fixture_make_tree (fixture, sources[i]);
  fixture_write (fixture, "old-file", "old");
  fixture_make_tree (fixture, "old-tree");
  fixture_write (fixture, "old-tree/old", "old");
  before = fixture_describe (fixture, "");

  g_atomic_int_set (&cross, CROSS_STAGING);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    for (guint k = 0; k < G_N_ELEMENTS (targets); k++)
      {
        g_autoptr (ShareFailures) failures = share_failures_new ();

        g_test_message ("%s to %s", sources[i], targets[k]);
        g_assert_cmpint (
            do_copy (fixture, sources[i], targets[k], SHARE_TREE_OVERWRITE, failures, NULL), ==,
            -EXDEV);
        assert_content (fixture, olds[k], "old");
        if (i >= 2)
          g_assert_cmpint (
              do_move (fixture, sources[i], targets[k], SHARE_TREE_OVERWRITE, failures, NULL), ==,
              -EXDEV);
        assert_content (fixture, olds[k], "old");
        g_assert_cmpuint (share_failures_get_size (failures), ==, 0);
      }
  g_atomic_int_set (&cross, CROSS_NOTHING);
  fixture_close (fixture);
  {
    g_autofree char *after = fixture_describe (fixture, "");

    g_assert_cmpstr (after, ==, before);
  }
  fixture_assert_no_debris (fixture);
  fixture_unmount (fixture, "small");
}

/* A folder that can be removed, but not be moved away: what replaces it is beside it by then. */
static void
test_in_place (Fixture *fixture, gconstpointer flags)
{
  g_autoptr (ShareFailures) failures = share_failures_new ();
  g_autoptr (GPtrArray) beside = NULL;
  gboolean created = TRUE;

  fixture_write (fixture, "file", "new");
  fixture_make_tree (fixture, "folder/old");
  g_atomic_int_set (&cross, CROSS_EXCHANGE);
  g_assert_cmpint (
      do_copy (fixture, "file", "folder/old", SHARE_TREE_OVERWRITE, failures, &created), ==, 0);
  g_assert_false (created);
  g_assert_cmpuint (share_failures_get_size (failures), ==, 0);
  assert_content (fixture, "folder/old", "new");

  /* Somebody else takes the name: the first of two newer ones stands, and the rest is told. */
  fixture_make_tree (fixture, "folder/other");
  rival_path = fixture_path (fixture, "folder/other");
  g_assert_cmpint (do_copy (fixture, "file", "folder/other", SHARE_TREE_OVERWRITE, failures, NULL),
                   ==, -EEXIST);
  g_assert_null (rival_path);
  g_assert_cmpuint (share_failures_get_size (failures), ==, 1);
  g_assert_cmpstr (share_failures_get (failures, 0)->path, ==, "folder/other");
  assert_content (fixture, "folder/other", "the other's");
  g_atomic_int_set (&cross, CROSS_NOTHING);
  beside = find_staging (fixture, "folder");
  g_assert_cmpuint (beside->len, ==, 0);
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);
  enter_mount_namespace ();

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/cross/stands", test_stands);
  ADD ("/cross/in-place", test_in_place);
#undef ADD
  return g_test_run ();
}
