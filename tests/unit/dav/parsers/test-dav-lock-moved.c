/* Changes under way, in a folder that is moved meanwhile.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-lock.h"

static const gint64 now = 1;

/* A change is where it was begun, and wherever that was moved. */
static void
test_moved (void)
{
  g_autoptr (DavLockTable) table = dav_lock_table_new ();
  DavLockChange *change
      = dav_lock_table_begin_change (table, "a/b/c", DAV_LOCK_CHECK_CONTENT, NULL);

  dav_lock_table_move_changes (table, "a/b", "x/y");
  dav_lock_table_move_changes (table, "x/y", "a/b");
  dav_lock_table_move_changes (table, "a", "a/b/d");
  dav_lock_table_move_changes (table, "x/y/c", "z");
  dav_lock_table_move_changes (table, "a/b/c/d", "other");
  dav_lock_table_move_changes (table, "a/b/cc", "other");
  g_assert_true (dav_lock_table_is_changing (table, "a/b/c", FALSE, now));
  g_assert_true (dav_lock_table_is_changing (table, "x/y/c", FALSE, now));
  g_assert_true (dav_lock_table_is_changing (table, "a/b/d/b/c", FALSE, now));
  g_assert_true (dav_lock_table_is_changing (table, "z", FALSE, now));
  g_assert_true (dav_lock_table_is_changing (table, "x", TRUE, now));
  g_assert_false (dav_lock_table_is_changing (table, "x", FALSE, now));
  g_assert_false (dav_lock_table_is_changing (table, "other", TRUE, now));
  dav_lock_table_end_change (table, change);
  g_assert_false (dav_lock_table_is_changing (table, "", TRUE, now));
}

/* One that is moved ever again is not followed for ever, and not lost sight of either. */
static void
test_moved_often (void)
{
  g_autoptr (DavLockTable) table = dav_lock_table_new ();
  DavLockChange *change
      = dav_lock_table_begin_change (table, "0/file", DAV_LOCK_CHECK_CONTENT, NULL);

  for (guint i = 1; i <= DAV_LOCK_CHANGE_MAX_PATHS; i++)
    {
      g_autofree char *from = g_strdup_printf ("%u", i - 1);
      g_autofree char *to = g_strdup_printf ("%u", i);

      g_assert_false (dav_lock_table_is_changing (table, "other", TRUE, now));
      g_assert_true (dav_lock_table_is_changing (table, from, TRUE, now));
      dav_lock_table_move_changes (table, from, to);
      g_assert_true (dav_lock_table_is_changing (table, to, TRUE, now));
    }
  g_assert_true (dav_lock_table_is_changing (table, "other", FALSE, now));
  dav_lock_table_end_change (table, change);
  g_assert_false (dav_lock_table_is_changing (table, "other", FALSE, now));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-lock-moved/moved", test_moved);
  g_test_add_func ("/dav-lock-moved/moved-often", test_moved_often);
  return g_test_run ();
}
