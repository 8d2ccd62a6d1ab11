/* A disk that fails: EIO from the calls that read and write, EACCES from the file system.
 *
 * The calls stand here in the place of the C library's, for this program alone, and fail in the
 * file threads only, when told to.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dav-rig.h"

/* Bytes of a file that is read by one job. */
#define SMALL 10000

static GThread *test_thread;
static gint failing_reads;   /* (atomic) */
static gint failing_renames; /* (atomic) */
static gint listings_left;   /* (atomic): below 0: as many as wanted */
static gint listings_heal;   /* (atomic): and only one fails */
static gint
    failing_writes; /* (atomic): how many bytes may still be written; -1: as many as wanted */

static char *written_to; /* what is written to in the middle of a read */
static gint n_writings;  /* (atomic): how often */

ssize_t pread64 (int fd, void *buffer, size_t size, off_t offset);

static gboolean
is_regular (int fd)
{
  struct stat st;

  return fstat (fd, &st) == 0 && S_ISREG (st.st_mode);
}

/* Every byte becomes another one. */
static void
write_in_place (const char *path)
{
  guint8 content[SMALL];
  int fd = open (path, O_RDWR);

  g_assert_cmpint (syscall (SYS_pread64, fd, content, SMALL, 0), ==, SMALL);
  for (guint i = 0; i < SMALL; i++)
    content[i]++;
  g_assert_cmpint (syscall (SYS_pwrite64, fd, content, SMALL, 0), ==, SMALL);
  close (fd);
}

ssize_t
pread64 (int fd, void *buffer, size_t size, off_t offset)
{
  if (g_thread_self () != test_thread && g_atomic_int_get (&failing_reads) && is_regular (fd))
    {
      errno = EIO;
      return -1;
    }
  if (g_thread_self () != test_thread && size > 1 && is_regular (fd)
      && g_atomic_int_get (&n_writings) > 0)
    {
      g_atomic_int_add (&n_writings, -1);
      size /= 2;
      size = syscall (SYS_pread64, fd, buffer, size, offset);
      write_in_place (written_to);
      return size;
    }
  return syscall (SYS_pread64, fd, buffer, size, offset);
}

ssize_t
write (int fd, const void *buffer, size_t size)
{
  if (g_thread_self () != test_thread && g_atomic_int_get (&failing_writes) >= 0 && is_regular (fd))
    {
      gint left = g_atomic_int_get (&failing_writes);

      if (left == 0)
        {
          errno = EIO;
          return -1;
        }
      size = MIN (size, (size_t)left);
      g_atomic_int_add (&failing_writes, -(gint)size);
    }
  return syscall (SYS_write, fd, buffer, size);
}

/* Reading a folder works @listings_left times, and then no more, or again after one failure. */
ssize_t
getdents64 (int fd, void *buffer, size_t size)
{
  if (g_thread_self () != test_thread && g_atomic_int_get (&listings_left) >= 0
      && g_atomic_int_add (&listings_left, -1) <= 0)
    {
      g_atomic_int_set (&listings_left, g_atomic_int_get (&listings_heal) ? -1 : 0);
      errno = EIO;
      return -1;
    }
  return syscall (SYS_getdents64, fd, buffer, size);
}

/* Of an entry of a folder, or of what a link there leads to. */
int
statx (int folder, const char *name, int flags, unsigned mask, struct statx *stat)
{
  if (g_thread_self () != test_thread && g_str_has_prefix (name, "unreadable"))
    {
      errno = EIO;
      return -1;
    }
  return (int)syscall (SYS_statx, folder, name, flags, mask, stat);
}

int
renameat2 (int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
  if (g_atomic_int_get (&failing_renames))
    {
      errno = EIO;
      return -1;
    }
  return (int)syscall (SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int
renameat (int from_folder, const char *from, int to_folder, const char *to)
{
  return renameat2 (from_folder, from, to_folder, to, 0);
}

/* A folder that cannot be read to its end is not listed as if it could, nor copied; and nothing of
 * it is removed for that it could not be seen. */
static void
test_list (void)
{
  static const struct
  {
    const char *method;
    const char *headers;
  } requests[] = {
    { "PROPFIND", "Depth: 1\r\n" },
    { "GET", "" },
    { "COPY", "Destination: /copy\r\n" },
  };
  g_autoptr (DavRig) rig = dav_rig_new (0);

  for (guint i = 0; i < 3000; i++)
    {
      g_autofree char *name = g_strdup_printf ("share/folder/a-name-of-some-length-%04u", i);

      if (i == 0)
        dav_rig_mkdir (rig, "share/folder");
      dav_rig_write (rig, name, "");
    }
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    for (gint n = 0; n < 12; n++)
      {
        g_autoptr (DavClient) client = dav_client_new (rig);
        g_autoptr (DavResponse) response = NULL;
        gboolean heals = n >= 6;

        g_atomic_int_set (&listings_heal, heals);
        g_atomic_int_set (&listings_left, n % 6);
        response
            = dav_client_request (client, requests[i].method, "/folder", requests[i].headers, NULL);
        g_test_message ("%s, after %d%s: %u", requests[i].method, n % 6, heals ? ", once" : "",
                        response != NULL ? response->status : 0);
        g_assert_true (response != NULL ? response->status >= 500 : client->eof);
        g_atomic_int_set (&listings_left, -1);
        g_assert_false (dav_rig_exists (rig, "share/copy"));
      }
  g_atomic_int_set (&listings_heal, FALSE);
  {
    g_autofree char *before = dav_rig_snapshot (rig, "share");
    g_autofree char *after = NULL;
    guint status;

    g_atomic_int_set (&listings_left, 0);
    status = dav_rig_status (rig, "DELETE", "/folder", NULL, NULL);
    g_atomic_int_set (&listings_left, -1);
    g_assert_true (status >= 500 || status == 207);
    after = dav_rig_snapshot (rig, "share");
    g_assert_cmpstr (before, ==, after);
  }
  g_assert_cmpuint (dav_rig_status (rig, "PROPFIND", "/folder", "Depth: 1\r\n", NULL), ==, 207);
}

/* One entry that cannot be looked at does not hide the others, and is not taken for one that was
 * removed. */
static void
test_list_entry (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) found = NULL, page = NULL;
  const char *after;

  dav_rig_mkdir (rig, "share/folder");
  dav_rig_write (rig, "share/folder/a", "a");
  dav_rig_write (rig, "share/folder/unreadable", "b");
  dav_rig_mkdir (rig, "share/folder/unreadable-folder");
  dav_rig_write (rig, "share/folder/z", "z");
  found = dav_client_request (client, "PROPFIND", "/folder", "Depth: 1\r\n", NULL);
  g_assert_cmpuint (found->status, ==, 207);
  g_assert_nonnull (strstr (dav_response_text (found), "<D:href>/folder/a</D:href>"));
  g_assert_nonnull (strstr (dav_response_text (found), "<D:href>/folder/z</D:href>"));
  after = strstr (dav_response_text (found), "<D:href>/folder/unreadable</D:href>");
  g_assert_nonnull (after);
  g_assert_true (g_str_has_prefix (after + strlen ("<D:href>/folder/unreadable</D:href>"),
                                   "<D:status>HTTP/1.1 500 "));
  g_assert_nonnull (strstr (dav_response_text (found),
                            "<D:href>/folder/unreadable-folder/</D:href><D:status>HTTP/1.1 500 "));

  page = dav_client_request (client, "GET", "/folder", NULL, NULL);
  g_assert_cmpuint (page->status, ==, 200);
  g_assert_nonnull (strstr (dav_response_text (page), ">unreadable</a>"));
  g_assert_nonnull (strstr (dav_response_text (page), ">unreadable-folder/</a>"));
}

/* What is complete and cannot be put in place is as if it had never been. */
static void
test_rename (void)
{
  static const struct
  {
    const char *method;
    const char *path;
    const char *headers;
    const char *body;
  } requests[] = {
    { "PUT", "/old", NULL, "new" },
    { "PUT", "/new", NULL, "new" },
    { "PUT", "/new", "If-None-Match: *\r\n", "new" },
    { "PUT", "/old", "If-Match: *\r\n", "new" },
    { "MOVE", "/old", "Destination: /new\r\n", NULL },
    { "MOVE", "/old", "Destination: /other\r\n", NULL },
    { "MOVE", "/folder", "Destination: /other\r\n", NULL },
    { "COPY", "/old", "Destination: /new\r\n", NULL },
    { "COPY", "/old", "Destination: /folder\r\n", NULL },
    { "COPY", "/folder", "Destination: /new\r\n", NULL },
  };
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *before = NULL;

  dav_rig_write (rig, "share/old", "old");
  dav_rig_write (rig, "share/other", "other");
  dav_rig_mkdir (rig, "share/folder");
  dav_rig_write (rig, "share/folder/file", "file");
  before = dav_rig_snapshot (rig, "share");
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_autofree char *after = NULL;
      guint status;

      g_atomic_int_set (&failing_renames, TRUE);
      status = dav_rig_status (rig, requests[i].method, requests[i].path, requests[i].headers,
                               requests[i].body);
      g_atomic_int_set (&failing_renames, FALSE);
      g_test_message ("%s %s: %u", requests[i].method, requests[i].path, status);
      g_assert_cmpuint (status, >=, 500);
      after = dav_rig_snapshot (rig, "share");
      g_assert_cmpstr (before, ==, after);
    }
}

static void
test_read (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *large = g_strnfill (3 * 1024 * 1024, 'x');
  guint status;

  dav_rig_write (rig, "share/small", "content");
  dav_rig_write (rig, "share/large", large);
  g_atomic_int_set (&failing_reads, TRUE);
  status = dav_rig_status (rig, "GET", "/small", NULL, NULL);
  g_assert_cmpuint (status, >=, 500);
  {
    /* Its length was announced, so the answer can only be cut. */
    g_autoptr (DavClient) client = dav_client_new (rig);
    g_autoptr (DavResponse) cut = dav_client_request (client, "GET", "/large", NULL, NULL);

    g_assert_true (cut == NULL || cut->status >= 500);
  }
  g_atomic_int_set (&failing_reads, FALSE);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/small", NULL, NULL), ==, 200);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/large", NULL, NULL), ==, 200);
}

/* A small file that is written to while it is read comes as it was at one moment, under that
 * moment's ETag; if it is never still, not at all. */
static void
test_small_changes (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *before = g_strnfill (SMALL, 'a');
  g_autofree char *after = g_strnfill (SMALL, 'b');
  g_autoptr (DavResponse) get = NULL;
  g_autoptr (DavResponse) head = NULL;
  g_autofree char *got = NULL;
  g_autofree char *etag = NULL;
  const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

  dav_rig_write (rig, "share/small", before);
  written_to = dav_rig_path (rig, "share/small");
  g_assert_cmpint (utimensat (AT_FDCWD, written_to, times, 0), ==, 0);
  g_atomic_int_set (&n_writings, 1);
  get = dav_rig_request (rig, "GET", "/small", NULL, NULL);
  g_assert_cmpint (g_atomic_int_get (&n_writings), ==, 0);
  g_assert_cmpuint (get->status, ==, 200);
  g_assert_cmpmem (get->body->data, get->body->len, after, SMALL);
  got = dav_response_get (get, "ETag");
  head = dav_rig_request (rig, "HEAD", "/small", NULL, NULL);
  etag = dav_response_get (head, "ETag");
  g_assert_cmpstr (got, ==, etag);

  g_atomic_int_set (&n_writings, G_MAXINT);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/small", NULL, NULL), ==, 503);
  g_atomic_int_set (&n_writings, 0);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/small", NULL, NULL), ==, 200);
  g_clear_pointer (&written_to, g_free);
}

/* Wherever in the upload it happens, the old file stands and nothing is left beside it. */
static void
test_write (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *large = g_strnfill (3 * 1024 * 1024, 'x');
  static const gint after[] = { 0, 1, 4096, 1024 * 1024, 3 * 1024 * 1024 - 1 };

  dav_rig_write (rig, "share/old", "old");
  for (guint i = 0; i < G_N_ELEMENTS (after); i++)
    {
      g_autofree char *content = NULL;

      g_atomic_int_set (&failing_writes, after[i]);
      g_assert_cmpuint (dav_rig_status (rig, "PUT", "/old", NULL, large), >=, 500);
      g_atomic_int_set (&failing_writes, after[i]);
      g_assert_cmpuint (dav_rig_status (rig, "PUT", "/new", NULL, large), >=, 500);
      g_atomic_int_set (&failing_writes, -1);
      content = dav_rig_read (rig, "share/old");
      g_assert_cmpstr (content, ==, "old");
      g_assert_false (dav_rig_exists (rig, "share/new"));
    }
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/old", NULL, "new"), ==, 204);
}

/* What this user may not read or enter. Root may, so it is given up for this thread's children. */
static void
test_not_allowed (void)
{
  g_autoptr (DavRig) rig = NULL;
  g_autofree char *secret = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *base = NULL;

  if (g_test_subprocess ())
    {
      rig = dav_rig_new (0);
      dav_rig_write (rig, "share/secret", "content");
      dav_rig_mkdir (rig, "share/folder");
      dav_rig_write (rig, "share/folder/file", "content");
      base = dav_rig_path (rig, "");
      secret = dav_rig_path (rig, "share/secret");
      folder = dav_rig_path (rig, "share/folder");
      g_assert_cmpint (chmod (secret, 0200), ==, 0);
      g_assert_cmpint (chmod (folder, 0), ==, 0);
      g_assert_cmpuint (dav_rig_status (rig, "GET", "/secret", NULL, NULL), ==, 403);
      g_assert_cmpuint (dav_rig_status (rig, "GET", "/folder/file", NULL, NULL), ==, 403);
      g_assert_cmpuint (dav_rig_status (rig, "PUT", "/folder/new", NULL, "x"), ==, 403);
      g_assert_cmpuint (dav_rig_status (rig, "PROPFIND", "/", "Depth: 1\r\n", NULL), ==, 207);
      g_assert_cmpint (chmod (folder, 0700), ==, 0);
      return;
    }
  {
    /* As nobody, with nobody's rights from the start of the process, and from a place that nobody
     * can reach, which the build folder need not be. */
    const char *as_nobody = geteuid () == 0 ? "setpriv --reuid 65534 --regid 65534 --clear-groups "
                                              "--inh-caps=-all --bounding-set=-all --"
                                            : "exec";
    g_autofree char *real = g_file_read_link ("/proc/self/exe", NULL);
    g_autofree char *place = g_dir_make_tmp ("io-errors-XXXXXX", NULL);
    g_autofree char *command
        = g_strdup_printf ("cp '%s' '%s/program' && cd '%s' && chmod 755 . program && %s ./program "
                           "--GTestSubprocess -p /dav-io-errors/not-allowed",
                           real, place, place, as_nobody);
    g_autofree char *program = g_build_filename (place, "program", NULL);
    const char *const argv[] = { "sh", "-c", command, NULL };
    g_autofree char *output = NULL;
    g_autofree char *errors = NULL;
    g_autoptr (GError) error = NULL;
    int status;

    g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &errors,
                  &status, &error);
    g_assert_no_error (error);
    g_assert_cmpint (unlink (program) | rmdir (place), ==, 0);
    if (!g_spawn_check_wait_status (status, &error))
      g_error ("%s\n%s\n%s", error->message, output, errors);
  }
}

int
main (int argc, char **argv)
{
  test_thread = g_thread_self ();
  failing_writes = -1;
  listings_left = -1;
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav-io-errors/list-entry", test_list_entry);
  g_test_add_func ("/dav-io-errors/read", test_read);
  g_test_add_func ("/dav-io-errors/small-changes", test_small_changes);
  g_test_add_func ("/dav-io-errors/write", test_write);
  g_test_add_func ("/dav-io-errors/list", test_list);
  g_test_add_func ("/dav-io-errors/rename", test_rename);
  g_test_add_func ("/dav-io-errors/not-allowed", test_not_allowed);
  return g_test_run ();
}
