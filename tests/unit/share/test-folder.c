/* Listings, files, attributes: what a guest is told of what there is.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Every byte but NUL and the slash, and each of them first, last and alone. */
static void
test_names (Fixture *fixture, gconstpointer flags)
{
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GPtrArray) made = g_ptr_array_new_with_free_func (g_free);
  char all[256] = "";
  gsize n = 0;

  for (int byte = 1; byte < 256; byte++)
    if (byte != '/')
      all[n++] = (char)byte;
  g_assert_cmpuint (n, ==, 254);
  g_ptr_array_add (made, g_strdup (all));
  for (int byte = 1; byte < 256; byte++)
    {
      char alone[] = { (char)byte, 0 };
      char around[] = { (char)byte, 'x', (char)byte, 0 };

      if (byte == '/')
        continue;
      if (byte != '.')
        g_ptr_array_add (made, g_strdup (alone));
      g_ptr_array_add (made, g_strdup (around));
    }
  for (guint i = 0; i < made->len; i++)
    g_assert_cmpint (do_put (fixture, made->pdata[i], made->pdata[i]), ==, 0);

  g_assert_cmpint (do_list (fixture, "", &names), ==, 0);
  g_assert_cmpuint (names->len, ==, made->len);
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *content = NULL;

      g_assert_cmpint (do_read (fixture, names->pdata[i], &content), ==, 0);
      g_assert_cmpstr (content, ==, names->pdata[i]);
    }
  for (guint i = 0; i < made->len; i++)
    {
      g_assert_cmpint (do_move (fixture, made->pdata[i], "elsewhere", 0, NULL, NULL), ==, 0);
      g_assert_cmpint (do_copy (fixture, "elsewhere", made->pdata[i], 0, NULL, NULL), ==, 0);
      g_assert_cmpint (do_remove (fixture, "elsewhere", NULL), ==, 0);
      g_assert_cmpint (do_remove (fixture, made->pdata[i], NULL), ==, 0);
      g_assert_cmpint (do_make_folder (fixture, made->pdata[i]), ==, 0);
      g_assert_cmpint (do_remove (fixture, made->pdata[i], NULL), ==, 0);
    }
}

static void
assert_listing (Fixture *fixture, const char *path, const char *const *expected)
{
  g_autoptr (GPtrArray) names = NULL;

  g_assert_cmpint (do_list (fixture, path, &names), ==, 0);
  g_ptr_array_add (names, NULL);
  g_assert_cmpstrv (names->pdata, expected);
}

static void
test_what_is_listed (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *fifo = fixture_path (fixture, "fifo");

  fixture_write (fixture, "file", "x");
  fixture_write (fixture, ".hidden", "x");
  fixture_mkdir (fixture, "folder");
  fixture_mkdir (fixture, ".spice-share-x");
  fixture_symlink (fixture, "file", "to-file");
  fixture_symlink (fixture, "folder", "to-folder");
  fixture_symlink (fixture, ".hidden", "to-hidden");
  fixture_symlink (fixture, ".spice-share-x", "to-staging");
  fixture_symlink (fixture, "nowhere", "dangling");
  fixture_symlink (fixture, "loop", "loop");
  fixture_symlink (fixture, "../outside", "to-outside");
  fixture_symlink (fixture, "/etc/passwd", "absolute");
  fixture_symlink (fixture, "fifo", "to-fifo");
  g_assert_no_errno (mkfifo (fifo, 0600));

  assert_listing (fixture, "",
                  (const char *const[]){ ".hidden", "file", "folder", "to-file", "to-folder",
                                         "to-hidden", NULL });
  fixture_reopen (fixture, SHARE_DENY_HIDDEN);
  assert_listing (fixture, "",
                  (const char *const[]){ "file", "folder", "to-file", "to-folder", NULL });
  fixture_reopen (fixture, SHARE_DENY_SYMLINKS);
  assert_listing (fixture, "", (const char *const[]){ ".hidden", "file", "folder", NULL });
  resolver_force_fallback (TRUE);
  assert_listing (fixture, "", (const char *const[]){ ".hidden", "file", "folder", NULL });
  fixture_reopen (fixture, 0);
  assert_listing (fixture, "",
                  (const char *const[]){ ".hidden", "file", "folder", "to-file", "to-folder",
                                         "to-hidden", NULL });
  g_assert_cmpint (do_list (fixture, "file", NULL), ==, -ENOTDIR);
  g_assert_cmpint (do_list (fixture, "fifo", NULL), ==, -EACCES);
  g_assert_cmpint (do_list (fixture, "nothing", NULL), ==, -ENOENT);
}

/* A listing that takes several jobs, while entries come and go. */
typedef struct
{
  ShareFolder *folder;
  ShareEntry entries[100];
  int n;
  gboolean with_xattrs;
} Batch;

static void
open_job (Share *share, gpointer data)
{
  Batch *batch = data;

  g_assert_cmpint (share_folder_open (share, "folder", NULL, &batch->folder), ==, 0);
}

static void
next_job (Share *share, gpointer data)
{
  Batch *batch = data;

  batch->n = share_folder_next (batch->folder, batch->entries, G_N_ELEMENTS (batch->entries),
                                batch->with_xattrs);
}

static void
test_batches (Fixture *fixture, gconstpointer flags)
{
  const guint n_files = 3000;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Batch batch = { 0 };
  guint batches = 0;

  fixture_mkdir (fixture, "folder");
  for (guint i = 0; i < n_files; i++)
    {
      g_autofree char *name = g_strdup_printf ("folder/file-%u", i);

      fixture_write (fixture, name, "");
    }
  fixture_run (fixture, open_job, &batch);
  for (;;)
    {
      fixture_run (fixture, next_job, &batch);
      g_assert_cmpint (batch.n, >=, 0);
      if (batch.n == 0)
        break;
      batches++;
      for (int i = 0; i < batch.n; i++)
        {
          g_assert_cmpint (batch.entries[i].stat.type, ==, SHARE_TYPE_FILE);
          g_assert_true (g_hash_table_add (seen, g_strdup (batch.entries[i].name)));
        }
      if (batches == 3)
        {
          /* Gone before its turn, or after it: no matter. */
          g_autofree char *gone = fixture_path (fixture, "folder/file-1");

          g_assert_no_errno (g_unlink (gone));
          fixture_write (fixture, "folder/new", "");
        }
    }
  g_assert_cmpuint (batches, >=, n_files / G_N_ELEMENTS (batch.entries));
  g_hash_table_remove (seen, "new");
  g_hash_table_remove (seen, "file-1");
  g_assert_cmpuint (g_hash_table_size (seen), ==, n_files - 1);
  /* And nothing more after the end. */
  fixture_run (fixture, next_job, &batch);
  g_assert_cmpint (batch.n, ==, 0);
  share_folder_free (batch.folder);
}

static void
test_folder_removed (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *path = fixture_path (fixture, "folder");
  Batch batch = { 0 };

  fixture_mkdir (fixture, "folder");
  fixture_run (fixture, open_job, &batch);
  g_assert_no_errno (g_rmdir (path));
  fixture_run (fixture, next_job, &batch);
  g_assert_cmpint (batch.n, ==, 0);
  share_folder_free (batch.folder);
}

typedef struct
{
  ShareFolder *folder;
  const char *name;
  GStrv attributes;
  GBytes *value;
  int listed;
  int got;
} Attributes;

static void
attributes_job (Share *share, gpointer data)
{
  Attributes *self = data;

  self->listed = share_folder_list_xattrs (self->folder, self->name, &self->attributes);
  self->got = share_folder_get_xattr (self->folder, self->name, "user.dead", &self->value);
}

static void
test_attributes_of_entries (Fixture *fixture, gconstpointer flags)
{
  static const char *const bad[] = { "..", ".", "", "../folder/file", ".spice-share-x", "nothing" };
  Batch batch = { .with_xattrs = TRUE };
  Attributes attributes = { .name = "file" };

  fixture_mkdir (fixture, "folder");
  fixture_write (fixture, "folder/file", "x");
  fixture_write (fixture, "folder/plain", "x");
  g_assert_cmpint (do_set_xattr (fixture, "folder/file", "user.dead", "property"), ==, 0);
  fixture_run (fixture, open_job, &batch);
  fixture_run (fixture, next_job, &batch);
  g_assert_cmpint (batch.n, ==, 2);
  for (int i = 0; i < 2; i++)
    g_assert_cmpint (batch.entries[i].has_xattrs, ==, strcmp (batch.entries[i].name, "file") == 0);

  attributes.folder = batch.folder;
  fixture_run (fixture, attributes_job, &attributes);
  g_assert_cmpint (attributes.listed, ==, 0);
  g_assert_cmpstrv (attributes.attributes, ((const char *const[]){ "user.dead", NULL }));
  g_assert_cmpint (attributes.got, ==, 0);
  g_assert_cmpmem (g_bytes_get_data (attributes.value, NULL), g_bytes_get_size (attributes.value),
                   "property", 8);
  g_strfreev (attributes.attributes);
  g_bytes_unref (attributes.value);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      attributes.name = bad[i];
      fixture_run (fixture, attributes_job, &attributes);
      g_assert_cmpint (attributes.listed, <, 0);
      g_assert_cmpint (attributes.got, <, 0);
    }
  share_folder_free (batch.folder);
}

static void
test_attributes (Fixture *fixture, gconstpointer flags)
{
  g_auto (GStrv) attributes = NULL;
  g_autofree char *value = NULL;
  g_autofree char *path = fixture_path (fixture, "file");
  g_autofree char *big = g_strnfill (3000, 'v');
  g_autofree char *too_big = g_strnfill (SHARE_XATTR_VALUE_MAX + 1, 'v');
  g_autofree char *long_name = g_strconcat ("user.", too_big, NULL);

  fixture_write (fixture, "file", "x");
  fixture_mkdir (fixture, "folder");
  fixture_symlink (fixture, "file", "link");
  g_assert_cmpint (do_list_xattrs (fixture, "file", &attributes), ==, 0);
  g_assert_cmpstrv (attributes, ((const char *const[]){ NULL }));
  g_clear_pointer (&attributes, g_strfreev);

  g_assert_cmpint (do_set_xattr (fixture, "file", "user.one", "1"), ==, 0);
  g_assert_cmpint (do_set_xattr (fixture, "link", "user.two", big), ==, 0);
  g_assert_cmpint (do_set_xattr (fixture, "folder", "user.one", "1"), ==, 0);
  if (geteuid () == 0)
    g_assert_no_errno (setxattr (path, "trusted.x", "1", 1, 0));
  g_assert_cmpint (do_list_xattrs (fixture, "file", &attributes), ==, 0);
  g_assert_cmpuint (g_strv_length (attributes), ==, 2);
  g_assert_true (g_strv_contains ((const char *const *)attributes, "user.one"));
  g_assert_true (g_strv_contains ((const char *const *)attributes, "user.two"));
  g_assert_cmpint (do_get_xattr (fixture, "file", "user.two", &value), ==, 0);
  g_assert_cmpstr (value, ==, big);
  g_assert_cmpint (do_remove_xattr (fixture, "file", "user.two"), ==, 0);
  g_assert_cmpint (do_get_xattr (fixture, "file", "user.two", NULL), ==, -ENODATA);
  g_assert_cmpint (do_remove_xattr (fixture, "file", "user.two"), ==, -ENODATA);

  g_assert_cmpint (do_set_xattr (fixture, "file", "security.evil", "1"), ==, -EINVAL);
  g_assert_cmpint (do_set_xattr (fixture, "file", "trusted.evil", "1"), ==, -EINVAL);
  g_assert_cmpint (do_set_xattr (fixture, "file", "system.posix_acl_access", "1"), ==, -EINVAL);
  g_assert_cmpint (do_set_xattr (fixture, "file", "user.", "1"), ==, -EINVAL);
  g_assert_cmpint (do_get_xattr (fixture, "file", "trusted.x", NULL), ==, -EINVAL);
  g_assert_cmpint (do_set_xattr (fixture, "file", long_name, "1"), ==, -ERANGE);
  g_assert_cmpint (do_set_xattr (fixture, "file", "user.big", too_big), <, 0);
  g_assert_cmpint (do_set_xattr (fixture, "nothing", "user.x", "1"), ==, -ENOENT);
}

static void
test_times (Fixture *fixture, gconstpointer flags)
{
  ShareStat stat;

  fixture_write (fixture, "file", "x");
  g_assert_cmpint (do_set_mtime (fixture, "file", 1234567890, 123456789), ==, 0);
  g_assert_cmpint (do_stat (fixture, "file", &stat), ==, 0);
  g_assert_cmpint (stat.mtime, ==, 1234567890);
  g_assert_cmpuint (stat.mtime_nsec, ==, 123456789);
  g_assert_cmpint (do_set_mtime (fixture, "file", -1, 0), ==, 0);
  g_assert_cmpint (do_stat (fixture, "file", &stat), ==, 0);
  g_assert_cmpint (stat.mtime, ==, -1);
  g_assert_cmpint (do_set_mtime (fixture, "file", 1, 1000000000), ==, -EINVAL);
  g_assert_cmpint (do_set_mtime (fixture, "file", 1, UTIME_NOW), ==, -EINVAL);
}

static void
space_job (Share *share, gpointer data)
{
  g_assert_cmpint (share_get_space (share, "", data), ==, 0);
}

static void
test_stat (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *path = fixture_path (fixture, "file");
  ShareStat stat;
  ShareSpace space = { 0 };
  struct stat st;
  struct statvfs vfs;

  fixture_write (fixture, "file", "content");
  g_assert_no_errno (chmod (path, 0640));
  g_assert_cmpint (do_stat (fixture, "file", &stat), ==, 0);
  g_assert_no_errno (lstat (path, &st));
  g_assert_cmpint (stat.type, ==, SHARE_TYPE_FILE);
  g_assert_cmpuint (stat.size, ==, 7);
  g_assert_cmpuint (stat.inode, ==, st.st_ino);
  g_assert_cmpuint (stat.dev, ==, st.st_dev);
  g_assert_cmpint (stat.mtime, ==, st.st_mtim.tv_sec);
  g_assert_cmpuint (stat.mtime_nsec, ==, st.st_mtim.tv_nsec);
  g_assert_cmphex (stat.mode, ==, 0640);
  g_assert_cmpuint (stat.nlink, ==, 1);
  g_assert_cmpint (do_stat (fixture, "", &stat), ==, 0);
  g_assert_cmpint (stat.type, ==, SHARE_TYPE_FOLDER);

  fixture_run (fixture, space_job, &space);
  g_assert_no_errno (statvfs (path, &vfs));
  g_assert_cmpuint (space.used / vfs.f_frsize, <=, vfs.f_blocks);
  g_assert_cmpuint (space.available, >, 0);
}

typedef struct
{
  ShareFile *file;
  char buffer[4096];
  guint64 offset;
  gssize result;
} Read;

static void
open_file_job (Share *share, gpointer data)
{
  Read *read = data;

  g_assert_cmpint (share_file_open (share, "file", NULL, &read->file), ==, 0);
}

static void
read_job (Share *share, gpointer data)
{
  Read *read = data;

  read->result = share_file_read (read->file, read->buffer, sizeof read->buffer, read->offset);
}

static gssize
read_at (Fixture *fixture, Read *read, guint64 offset)
{
  read->offset = offset;
  fixture_run (fixture, read_job, read);
  return read->result;
}

/* Beyond 4 GiB, beyond the end, and a file that shrinks meanwhile. */
static void
test_reading (Fixture *fixture, gconstpointer flags)
{
  const guint64 far = G_GUINT64_CONSTANT (5) << 30;
  g_autofree char *path = fixture_path (fixture, "file");
  int fd = open (path, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  Read read = { 0 };

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (pwrite (fd, "far", 3, (off_t)far), ==, 3);
  fixture_run (fixture, open_file_job, &read);
  g_assert_cmpint (read_at (fixture, &read, far), ==, 3);
  g_assert_cmpmem (read.buffer, 3, "far", 3);
  g_assert_cmpint (read_at (fixture, &read, far - 1), ==, 4);
  g_assert_cmpint (read_at (fixture, &read, far + 3), ==, 0);
  g_assert_cmpint (read_at (fixture, &read, G_MAXINT64), <=, 0);
  g_assert_cmpint (read_at (fixture, &read, G_MAXUINT64), <=, 0);
  g_assert_cmpint (read_at (fixture, &read, 0), ==, sizeof read.buffer);
  g_assert_no_errno (ftruncate (fd, 10));
  g_assert_cmpint (read_at (fixture, &read, 0), ==, 10);
  g_assert_cmpint (read_at (fixture, &read, far), ==, 0);
  share_file_free (read.file);
  close (fd);
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/folder/names", test_names);
  ADD ("/folder/what-is-listed", test_what_is_listed);
  ADD ("/folder/batches", test_batches);
  ADD ("/folder/removed", test_folder_removed);
  ADD ("/folder/attributes-of-entries", test_attributes_of_entries);
  ADD ("/folder/attributes", test_attributes);
  ADD ("/folder/times", test_times);
  ADD ("/folder/stat", test_stat);
  ADD ("/folder/reading", test_reading);
#undef ADD
  return g_test_run ();
}
