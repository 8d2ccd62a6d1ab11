/* Disks that are full, poor or gone, and a folder that goes.
 *
 * In a mount namespace of its own, so that a disk can be as small as it has to be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
/* After <sys/mount.h>, which some versions of it would repeat. */
#include <linux/fs.h>

#include "dav/dav-deadprops.h"
#include "dav-rig.h"

#define TO "Destination: http://localhost:9843"

#define DISK (1024 * 1024)

/* The share on a disk of DISK bytes. */
static DavRig *
rig_on_small_disk (void)
{
  DavRig *rig = dav_rig_new_unshared ();
  g_autofree char *path = dav_rig_path (rig, "share");
  g_autofree char *options = g_strdup_printf ("size=%d", DISK);

  g_assert_cmpint (mount ("small", path, "tmpfs", 0, options), ==, 0);
  dav_rig_write (rig, "share/old", "precious");
  rig->share = dav_rig_open (rig, "share", 0);
  dav_server_set_share (rig->server, rig->share);
  return rig;
}

static void
rig_off_small_disk (DavRig *rig)
{
  g_autofree char *path = dav_rig_path (rig, "share");

  g_assert_cmpint (umount2 (path, MNT_DETACH), ==, 0);
}

static void
test_full_disk (void)
{
  g_autoptr (DavRig) rig = rig_on_small_disk ();
  g_autofree char *large = g_strnfill (2 * DISK, 'x');
  g_autofree char *half = g_strnfill (DISK / 2 + 100000, 'y');
  g_autofree char *before = dav_rig_snapshot (rig, "share");
  g_autofree char *after = NULL;

  /* Over a file, and as a new one; several times, so that what is left behind would add up. */
  for (guint i = 0; i < 4; i++)
    g_assert_cmpuint (dav_rig_status (rig, "PUT", i % 2 ? "/old" : "/new", NULL, large), ==, 507);
  after = dav_rig_snapshot (rig, "share");
  g_assert_cmpstr (before, ==, after);

  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/half", NULL, half), ==, 201);
  g_assert_cmpuint (dav_rig_status (rig, "COPY", "/half", TO "/copy\r\n", NULL), ==, 507);
  g_assert_false (dav_rig_exists (rig, "share/copy"));
  g_assert_cmpuint (dav_rig_status (rig, "COPY", "/half", TO "/old\r\n", NULL), ==, 507);
  g_assert_cmpuint (dav_server_get_refusals (rig->server)->n, ==, 6);
  g_assert_cmpint (dav_server_get_refusals (rig->server)->reason, ==, DAV_REFUSAL_NO_SPACE);
  g_assert_cmpuint (dav_rig_status (rig, "DELETE", "/half", NULL, NULL), ==, 204);
  g_free (g_steal_pointer (&after));
  after = dav_rig_snapshot (rig, "share");
  g_assert_cmpstr (before, ==, after);
  rig_off_small_disk (rig);
}

/* A file system that knows no attributes: of a request to keep a property and to set the time,
 * nothing is done; what needs no attributes works. */
static void
test_no_attributes (void)
{
#define PATCH(action, inner)                                                                       \
  "<D:propertyupdate xmlns:D='DAV:' xmlns:Z='urn:schemas-microsoft-com:'><D:" action               \
  "><D:prop>" inner "</D:prop></D:" action "></D:propertyupdate>"
#define TIME "<Z:Win32LastModifiedTime>Sun, 06 Nov 1994 08:49:37 GMT</Z:Win32LastModifiedTime>"
  g_autoptr (DavRig) rig = dav_rig_new_unshared ();
  g_autofree char *path = dav_rig_path (rig, "share");
  g_autofree char *file = dav_rig_path (rig, "share/old");
  g_autoptr (DavResponse) refused = NULL;
  g_autoptr (DavResponse) only_time = NULL;
  g_autoptr (DavResponse) removed = NULL;
  GStatBuf before, after;

  g_assert_cmpint (mount ("none", path, "ramfs", 0, "mode=755"), ==, 0);
  dav_rig_write (rig, "share/old", "precious");
  g_assert_cmpint (g_stat (file, &before), ==, 0);
  rig->share = dav_rig_open (rig, "share", 0);
  dav_server_set_share (rig->server, rig->share);

  refused = dav_rig_request (rig, "PROPPATCH", "/old", NULL,
                             PATCH ("set", TIME "<Z:Win32FileAttributes>20</Z:Win32FileAttributes>"
                                                "<a/>"));
  g_assert_cmpuint (refused->status, ==, 207);
  g_assert_nonnull (strstr (dav_response_text (refused),
                            "<n:Win32FileAttributes xmlns:n=\"urn:schemas-microsoft-com:\"/>"
                            "</D:prop><D:status>HTTP/1.1 403 "));
  g_assert_nonnull (strstr (dav_response_text (refused),
                            "<n:Win32LastModifiedTime xmlns:n=\"urn:schemas-microsoft-com:\"/>"
                            "<a/></D:prop><D:status>HTTP/1.1 424 "));
  g_assert_null (strstr (dav_response_text (refused), "HTTP/1.1 200"));
  g_assert_cmpint (g_stat (file, &after), ==, 0);
  g_assert_cmpint (before.st_mtim.tv_sec, ==, after.st_mtim.tv_sec);
  g_assert_cmpint (before.st_mtim.tv_nsec, ==, after.st_mtim.tv_nsec);

  only_time = dav_rig_request (rig, "PROPPATCH", "/old", NULL, PATCH ("set", TIME));
  g_assert_nonnull (strstr (dav_response_text (only_time), "HTTP/1.1 200"));
  g_assert_cmpint (g_stat (file, &after), ==, 0);
  g_assert_cmpint (after.st_mtim.tv_sec, ==, 784111777);
  removed = dav_rig_request (rig, "PROPPATCH", "/old", NULL, PATCH ("remove", "<a/>"));
  g_assert_nonnull (strstr (dav_response_text (removed), "HTTP/1.1 200"));

  g_assert_cmpuint (dav_rig_status (rig, "PROPFIND", "/", "Depth: 1\r\n", NULL), ==, 207);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/old", NULL, "new"), ==, 204);
  g_assert_cmpuint (dav_rig_status (rig, "COPY", "/old", TO "/copy\r\n", NULL), ==, 201);
  g_assert_cmpuint (dav_rig_status (rig, "MOVE", "/copy", TO "/moved\r\n", NULL), ==, 201);
  rig_off_small_disk (rig);
#undef PATCH
#undef TIME
}

/* Whether the property @i could be given @size bytes of content. */
static gboolean
keep_property (DavRig *rig, guint i, gsize size)
{
  g_autofree char *value = g_strnfill (size, 'v');
  g_autofree char *body
      = g_strdup_printf ("<propertyupdate xmlns='DAV:'><set><prop>"
                         "<p%03u xmlns=''>%s</p%03u></prop></set></propertyupdate>",
                         i, value, i);
  g_autoptr (DavResponse) response = dav_rig_request (rig, "PROPPATCH", "/f", NULL, body);
  gboolean kept;

  g_assert_cmpuint (response->status, ==, 207);
  kept = strstr (dav_response_text (response), "HTTP/1.1 200 ") != NULL;
  g_assert_true (kept || strstr (dav_response_text (response), "HTTP/1.1 507 ") != NULL
                 || strstr (dav_response_text (response), "HTTP/1.1 403 ") != NULL);
  return kept;
}

/* How many properties one file may have, and how much of them: on a file system that would take
 * more, which ext4 does not. What is taken is given back. */
static void
test_property_limits (void)
{
  /* Bytes of a value beside its content: no namespace, the name, no language, three times NUL. */
  const gsize overhead = strlen ("p000") + 3;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (DavRig) rig = rig_on_small_disk ();
      g_autofree char *path = dav_rig_path (rig, "share/f");
      g_autofree char *big = g_strnfill (DAV_DEADPROPS_MAX_SIZE, 'x');
      g_autoptr (DavResponse) found = NULL;

      dav_rig_write (rig, "share/f", "x");
      if (setxattr (path, "user.big", big, DAV_DEADPROPS_MAX_SIZE, 0) != 0)
        {
          /* No tmpfs has attributes of users before Linux 6.6: then none is kept. */
          g_assert_cmpint (errno, ==, EOPNOTSUPP);
          g_assert_false (keep_property (rig, 0, 1));
        }
      else if (i == 0)
        {
          for (guint n = 0; n < DAV_DEADPROPS_MAX; n++)
            g_assert_true (keep_property (rig, n, 1));
          g_assert_false (keep_property (rig, DAV_DEADPROPS_MAX, 1));
          /* One that is there already is no more than before. */
          g_assert_true (keep_property (rig, 0, 2));
          found = dav_rig_request (rig, "PROPFIND", "/f", "Depth: 0\r\n", NULL);
          for (guint n = 0; n < DAV_DEADPROPS_MAX; n++)
            {
              g_autofree char *xml = g_strdup_printf ("<p%03u>v", n);

              g_assert_nonnull (strstr (dav_response_text (found), xml));
            }
        }
      else
        {
          g_autofree char *xml = NULL;

          g_assert_true (keep_property (rig, 1, 1000 - overhead));
          g_assert_false (keep_property (rig, 2, DAV_DEADPROPS_MAX_SIZE - 1000 - overhead + 1));
          g_assert_true (keep_property (rig, 2, DAV_DEADPROPS_MAX_SIZE - 1000 - overhead));
          g_assert_false (keep_property (rig, 3, 1));
          found = dav_rig_request (rig, "PROPFIND", "/f", "Depth: 0\r\n", NULL);
          xml = g_strnfill (DAV_DEADPROPS_MAX_SIZE - 1000 - overhead, 'v');
          g_assert_nonnull (strstr (dav_response_text (found), xml));
        }
      rig_off_small_disk (rig);
    }
}

static void
set_immutable (const char *path, gboolean immutable)
{
  int fd = g_open (path, O_RDONLY, 0);
  int flags;

  g_assert_cmpint (ioctl (fd, FS_IOC_GETFLAGS, &flags), ==, 0);
  flags = immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
  g_assert_no_errno (ioctl (fd, FS_IOC_SETFLAGS, &flags));
  close (fd);
}

/* Between two disks a move is a copy and a removal: what could not be removed is named, and nothing
 * is lost. */
static void
test_move_partly (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *disk = dav_rig_path (rig, "share/disk");
  g_autofree char *stays = dav_rig_path (rig, "share/folder/sub/stays");
  g_autoptr (DavResponse) move = NULL;
  g_autofree char *copy = NULL;
  g_autofree char *goes = NULL;

  dav_rig_mkdir (rig, "share/disk");
  g_assert_cmpint (mount ("small", disk, "tmpfs", 0, "size=1m"), ==, 0);
  dav_rig_mkdir (rig, "share/folder/sub");
  dav_rig_write (rig, "share/folder/goes", "goes");
  dav_rig_write (rig, "share/folder/sub/stays", "stays");
  set_immutable (stays, TRUE);
  move = dav_rig_request (rig, "MOVE", "/folder", TO "/disk/folder\r\n", NULL);
  set_immutable (stays, FALSE);

  g_assert_cmpuint (move->status, ==, 207);
  g_assert_nonnull (
      strstr (dav_response_text (move),
              "<D:response><D:href>/folder/sub/stays</D:href><D:status>HTTP/1.1 403 "));
  g_assert_null (strstr (dav_response_text (move), "goes</D:href>"));
  copy = dav_rig_read (rig, "share/disk/folder/sub/stays");
  goes = dav_rig_read (rig, "share/disk/folder/goes");
  g_assert_cmpstr (copy, ==, "stays");
  g_assert_cmpstr (goes, ==, "goes");
  g_assert_true (dav_rig_exists (rig, "share/folder/sub/stays"));
  g_assert_false (dav_rig_exists (rig, "share/folder/goes"));
  g_assert_cmpint (umount2 (disk, MNT_DETACH), ==, 0);
}

/* The disk goes away under the share. */
static void
test_unmounted (void)
{
  g_autoptr (DavRig) rig = rig_on_small_disk ();
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) get = dav_client_request (client, "GET", "/old", NULL, NULL);
  g_autoptr (DavResponse) again = NULL;

  g_assert_cmpuint (get->status, ==, 200);
  rig_off_small_disk (rig);
  /* The share is the folder it was, not what has its name now. */
  dav_rig_write (rig, "share/other", "other");
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/other", NULL, NULL), ==, 404);
  again = dav_client_request (client, "GET", "/old", NULL, NULL);
  g_assert_nonnull (again);
  g_assert_cmpuint (dav_rig_status (rig, "OPTIONS", "/", NULL, NULL), ==, 200);
}

static void
test_folder_gone (void)
{
  static const struct
  {
    const char *method;
    const char *path;
  } requests[] = {
    { "GET", "/a" },      { "PUT", "/a" },    { "PUT", "/new" },
    { "DELETE", "/a" },   { "MKCOL", "/b" },  { "COPY", "/a" },
    { "PROPFIND", "/a" }, { "MOVE", "/sub" }, { "GET", "/sub" },
  };
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *path = dav_rig_path (rig, "share");

  for (guint replaced = 0; replaced < 2; replaced++)
    {
      if (replaced)
        {
          dav_rig_mkdir (rig, "share/sub");
          dav_rig_write (rig, "share/a", "another");
        }
      else
        {
          g_assert_cmpint (g_rmdir (path), ==, 0);
        }
      for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
        {
          guint status = dav_rig_status (rig, requests[i].method, requests[i].path,
                                         "Depth: 0\r\n" TO "/x\r\n",
                                         g_str_equal (requests[i].method, "PUT") ? "x" : NULL);

          g_test_message ("%s %s: %u", requests[i].method, requests[i].path, status);
          g_assert_cmpuint (status, >=, 400);
        }
    }
  {
    g_autofree char *content = dav_rig_read (rig, "share/a");

    g_assert_cmpstr (content, ==, "another");
  }
}

int
main (int argc, char **argv)
{
  uid_t uid = getuid ();
  gid_t gid = getgid ();

  /* Before there is a second thread. */
  if (unshare (CLONE_NEWNS) != 0)
    {
      g_autofree char *uids = g_strdup_printf ("0 %u 1", uid);
      g_autofree char *gids = g_strdup_printf ("0 %u 1", gid);

      g_assert_cmpint (unshare (CLONE_NEWUSER | CLONE_NEWNS), ==, 0);
      g_assert_true (g_file_set_contents_full ("/proc/self/setgroups", "deny", -1,
                                               G_FILE_SET_CONTENTS_NONE, 0644, NULL));
      g_assert_true (g_file_set_contents_full ("/proc/self/uid_map", uids, -1,
                                               G_FILE_SET_CONTENTS_NONE, 0644, NULL));
      g_assert_true (g_file_set_contents_full ("/proc/self/gid_map", gids, -1,
                                               G_FILE_SET_CONTENTS_NONE, 0644, NULL));
    }
  g_assert_cmpint (mount ("none", "/", "none", MS_REC | MS_PRIVATE, NULL), ==, 0);

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/faults/full-disk", test_full_disk);
  g_test_add_func ("/dav/faults/no-attributes", test_no_attributes);
  g_test_add_func ("/dav/faults/property-limits", test_property_limits);
  g_test_add_func ("/dav/faults/move-partly", test_move_partly);
  g_test_add_func ("/dav/faults/unmounted", test_unmounted);
  g_test_add_func ("/dav/faults/folder-gone", test_folder_gone);
  return g_test_run ();
}
