/* What the host's side does meanwhile: full disks, files that change, folders that go.
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
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

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

static gboolean
has_transfer (gpointer data)
{
  g_autoptr (GVariant) transfers
      = g_variant_ref_sink (dav_server_get_transfers (((DavRig *)data)->server));

  return g_variant_n_children (transfers) == 1;
}

/* The host writes a file between the check of If-Match and the last byte: the host's stands. */
static void
test_lost_update (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) get = NULL;
  g_autoptr (DavResponse) put = NULL;
  g_autofree char *etag = NULL;
  g_autofree char *head = NULL;
  g_autofree char *content = NULL;

  dav_rig_write (rig, "share/a", "old");
  get = dav_rig_request (rig, "GET", "/a", NULL, NULL);
  etag = dav_response_get (get, "ETag");
  head = g_strdup_printf (
      "PUT /a HTTP/1.1\r\nHost: localhost\r\nIf-Match: %s\r\nContent-Length: 10\r\n\r\n12345",
      etag);
  dav_client_send (client, head, -1);
  dav_rig_wait (rig, has_transfer, rig);
  dav_rig_write (rig, "share/a", "the host's");
  dav_client_send (client, "67890", -1);
  put = dav_client_receive (client, FALSE);
  g_assert_cmpuint (put->status, ==, 412);
  content = dav_rig_read (rig, "share/a");
  g_assert_cmpstr (content, ==, "the host's");
}

/* Two uploads that both want to be the first. */
static void
test_two_creators (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) put = NULL;
  g_autofree char *content = NULL;

  dav_client_send (client,
                   "PUT /a HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\n"
                   "Content-Length: 10\r\n\r\n12345",
                   -1);
  dav_rig_wait (rig, has_transfer, rig);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/a", "If-None-Match: *\r\n", "first"), ==, 201);
  dav_client_send (client, "67890", -1);
  put = dav_client_receive (client, FALSE);
  g_assert_cmpuint (put->status, ==, 412);
  content = dav_rig_read (rig, "share/a");
  g_assert_cmpstr (content, ==, "first");
}

/* Whether some of the file is on its way. */
static gboolean
has_begun (gpointer data)
{
  g_autoptr (GVariant) transfers
      = g_variant_ref_sink (dav_server_get_transfers (((DavRig *)data)->server));
  guint64 done = 0;

  if (g_variant_n_children (transfers) == 1)
    g_variant_get_child (transfers, 0, "(tssttx)", NULL, NULL, NULL, &done, NULL, NULL);
  return done > 0;
}

#define DURING_SIZE (8 * 1024 * 1024)

/* What becomes of a file while it is sent. */
typedef enum
{
  DURING_REPLACED,
  DURING_REMOVED,
  DURING_MODE,
  DURING_APPENDED,
  DURING_REWRITTEN,
  DURING_REWRITTEN_LONGER,
  DURING_REWRITTEN_AND_BACKDATED,
} During;

static void
change_during (DavRig *rig, During during)
{
  const gboolean longer = during == DURING_REWRITTEN_LONGER;
  const gsize size = DURING_SIZE + (longer ? 1000 : 0);
  const struct timespec times[2] = { { .tv_sec = 500 }, { .tv_sec = 500 } };
  g_autofree char *path = dav_rig_path (rig, "share/a");
  g_autofree char *new = g_strnfill (size, 'b');
  int fd;

  switch (during)
    {
    case DURING_REPLACED:
      dav_rig_write (rig, "share/a", "replaced");
      break;
    case DURING_REMOVED:
      g_assert_cmpint (g_unlink (path), ==, 0);
      break;
    case DURING_MODE:
      g_assert_cmpint (g_chmod (path, 0600), ==, 0);
      break;
    case DURING_APPENDED:
      fd = g_open (path, O_WRONLY | O_APPEND, 0);
      g_assert_cmpint (write (fd, new, 1000), ==, 1000);
      g_assert_cmpint (close (fd), ==, 0);
      break;
    case DURING_REWRITTEN:
    case DURING_REWRITTEN_LONGER:
    case DURING_REWRITTEN_AND_BACKDATED:
      fd = g_open (path, O_WRONLY, 0);
      g_assert_cmpint (write (fd, new, size), ==, (gssize)size);
      if (during != DURING_REWRITTEN)
        g_assert_cmpint (futimens (fd, times), ==, 0);
      g_assert_cmpint (close (fd), ==, 0);
      break;
    }
}

/* A file that is replaced while it is sent goes out as it was, and one that grows as long as it
 * was; of one that is written to nothing goes out that was not in it when its ETag was told, and
 * the end of the connection says that this was not all. */
static void
test_changes_during_get (void)
{
  static const struct
  {
    During during;
    gboolean whole;
  } cases[] = {
    { DURING_REPLACED, TRUE },
    { DURING_REMOVED, TRUE },
    { DURING_MODE, TRUE },
    { DURING_APPENDED, TRUE },
    { DURING_REWRITTEN, FALSE },
    { DURING_REWRITTEN_LONGER, FALSE },
    { DURING_REWRITTEN_AND_BACKDATED, FALSE },
  };
  static const char *const ranges[]
      = { "", "Range: bytes=1-\r\n", "Range: bytes=0-4000000,4000010-\r\n" };
  const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *data = g_strnfill (DURING_SIZE, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (cases) * G_N_ELEMENTS (ranges); i++)
    {
      const gboolean whole = cases[i / G_N_ELEMENTS (ranges)].whole;
      const char *range = ranges[i % G_N_ELEMENTS (ranges)];
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autoptr (DavResponse) get = NULL;
      g_autofree char *path = dav_rig_path (rig, "share/a");
      g_autofree char *head
          = g_strdup_printf ("GET /a HTTP/1.1\r\nHost: localhost\r\n%s\r\n", range);

      g_test_message ("change %u, %s", cases[i / G_N_ELEMENTS (ranges)].during, range);
      dav_rig_write (rig, "share/a", data);
      g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
      dav_client_send (client, head, -1);
      dav_rig_wait (rig, has_begun, rig);
      change_during (rig, cases[i / G_N_ELEMENTS (ranges)].during);
      get = dav_client_receive (client, FALSE);
      if (whole)
        {
          g_assert_cmpuint (get->status, ==, *range != '\0' ? 206 : 200);
          if (*range == '\0')
            g_assert_cmpmem (get->body->data, get->body->len, data, DURING_SIZE);
          g_assert_null (memmem (get->body->data, get->body->len, "bbbb", 4));
        }
      else
        {
          g_assert_null (get);
          g_assert_true (client->eof);
          g_assert_nonnull (memmem (client->in->data, client->in->len, "aaaa", 4));
          g_assert_null (memmem (client->in->data, client->in->len, "bbbb", 4));
          g_assert_true (dav_client_is_forgotten (client));
        }
    }
}

/* What goes while it is listed is left out, or told; the listing is whole. */
static void
test_changes_during_listing (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) list = NULL;

  for (guint i = 0; i < 4000; i++)
    {
      g_autofree char *name = g_strdup_printf ("share/f%04u", i);

      dav_rig_write (rig, name, "");
    }
  dav_client_send (client, "PROPFIND / HTTP/1.1\r\nHost: localhost\r\nDepth: 1\r\n\r\n", -1);
  /* By the time another request was answered the listing has begun; its client reads nothing. */
  dav_rig_status (rig, "GET", "/f0001", NULL, NULL);
  for (guint i = 0; i < 4000; i++)
    {
      g_autofree char *name = g_strdup_printf ("share/f%04u", i);
      g_autofree char *path = dav_rig_path (rig, name);

      if (i % 4 != 0)
        g_assert_cmpint (g_unlink (path), ==, 0);
    }
  list = dav_client_receive (client, FALSE);
  g_assert_nonnull (list);
  g_assert_cmpuint (list->status, ==, 207);
  g_assert_true (g_str_has_suffix (dav_response_text (list), "</D:multistatus>\n"));
  for (guint i = 0; i < 4000; i += 4)
    {
      g_autofree char *href = g_strdup_printf ("<D:href>/f%04u</D:href>", i);

      g_assert_nonnull (strstr (dav_response_text (list), href));
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
  g_assert_cmpint (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), ==, 0);

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/faults/full-disk", test_full_disk);
  g_test_add_func ("/dav/faults/no-attributes", test_no_attributes);
  g_test_add_func ("/dav/faults/unmounted", test_unmounted);
  g_test_add_func ("/dav/faults/folder-gone", test_folder_gone);
  g_test_add_func ("/dav/faults/lost-update", test_lost_update);
  g_test_add_func ("/dav/faults/two-creators", test_two_creators);
  g_test_add_func ("/dav/faults/changes-during-get", test_changes_during_get);
  g_test_add_func ("/dav/faults/changes-during-listing", test_changes_during_listing);
  return g_test_run ();
}
