/* Replacing a folder that cannot be renamed (a lower layer of overlayfs): it is removed where it
 * is, and the answer says what became of it.
 *
 * The system calls stand here in the place of the C library's, for this program alone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
/* After <stdio.h>, which has some of it. */
#include <linux/fs.h>

#include "dav-rig.h"

static gint renames_left; /* (atomic): of something to "target", which then fail */

int
renameat2 (int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
  gboolean to_target = strcmp (to, "target") == 0;

  if (to_target && (flags & RENAME_EXCHANGE))
    {
      errno = EXDEV;
      return -1;
    }
  if (to_target && g_atomic_int_add (&renames_left, -1) <= 0)
    {
      errno = EIO;
      return -1;
    }
  return (int)syscall (SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int
unlinkat (int folder, const char *name, int flags)
{
  if (strcmp (name, "stuck") == 0)
    {
      errno = EACCES;
      return -1;
    }
  return (int)syscall (SYS_unlinkat, folder, name, flags);
}

/* A source of which not all can be copied, and a target. */
static DavRig *
rig_with_target (const char *member)
{
  DavRig *rig = dav_rig_new (0);
  g_autofree char *name = g_strconcat ("share/target/", member, NULL);
  g_autofree char *up = dav_rig_path (rig, "share/tree/sub/up");

  dav_rig_mkdir (rig, "share/tree/sub");
  dav_rig_mkdir (rig, "share/target");
  dav_rig_write (rig, "share/tree/new", "new");
  dav_rig_write (rig, "share/target/goes", "old");
  dav_rig_write (rig, name, "old");
  /* To be followed without an end. */
  g_assert_no_errno (symlink ("..", up));
  return rig;
}

static DavResponse *
copy (DavRig *rig)
{
  return dav_rig_request (rig, "COPY", "/tree", "Destination: http://localhost:9843/target\r\n",
                          NULL);
}

/* It works: the answer is about the copy. */
static void
test_replaced (void)
{
  g_autoptr (DavRig) rig = rig_with_target ("other");
  g_autoptr (DavResponse) response = NULL;

  g_atomic_int_set (&renames_left, 2);
  response = copy (rig);
  g_assert_cmpuint (response->status, ==, 207);
  g_assert_nonnull (strstr (dav_response_text (response), "<D:href>/target/sub/up</D:href>"));
  g_assert_null (strstr (dav_response_text (response), "<D:href>/target/goes</D:href>"));
  g_assert_true (dav_rig_exists (rig, "share/target/new"));
  g_assert_false (dav_rig_exists (rig, "share/target/goes"));
}

/* Some of the target is gone, and the rest is named; not what the copy, which is in no place, did
 * without. */
static void
test_not_removed (void)
{
  g_autoptr (DavRig) rig = rig_with_target ("stuck");
  g_autoptr (DavResponse) response = NULL;
  g_autofree char *before = dav_rig_snapshot (rig, "share/tree");
  g_autofree char *after = NULL;

  g_atomic_int_set (&renames_left, 2);
  response = copy (rig);
  g_assert_cmpuint (response->status, ==, 207);
  g_assert_nonnull (strstr (dav_response_text (response),
                            "<D:response><D:href>/target/stuck</D:href><D:status>HTTP/1.1 403 "));
  g_assert_null (strstr (dav_response_text (response), "<D:href>/target/sub/up</D:href>"));
  g_assert_true (dav_rig_exists (rig, "share/target/stuck"));
  g_assert_false (dav_rig_exists (rig, "share/target/goes"));
  g_assert_false (dav_rig_exists (rig, "share/target/new"));
  after = dav_rig_snapshot (rig, "share/tree");
  g_assert_cmpstr (before, ==, after);
}

/* All of the target is gone, and nothing is in its place: that is not the answer to a copy which
 * did nothing. */
static void
test_not_installed (void)
{
  g_autoptr (DavRig) rig = rig_with_target ("other");
  g_autoptr (DavResponse) response = NULL;

  g_atomic_int_set (&renames_left, 1);
  response = copy (rig);
  g_assert_cmpuint (response->status, ==, 207);
  g_assert_nonnull (strstr (dav_response_text (response),
                            "<D:response><D:href>/target</D:href><D:status>HTTP/1.1 500 "));
  g_assert_null (strstr (dav_response_text (response), "<D:href>/target/sub/up</D:href>"));
  g_assert_false (dav_rig_exists (rig, "share/target"));
  g_assert_true (dav_rig_exists (rig, "share/tree/new"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/replace/replaced", test_replaced);
  g_test_add_func ("/dav/replace/not-removed", test_not_removed);
  g_test_add_func ("/dav/replace/not-installed", test_not_installed);
  return g_test_run ();
}
