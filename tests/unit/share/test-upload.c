/* Uploads: all of it under its name, or nothing of it anywhere.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "share/file-pool.h"
#include "share/staging.h"

#define TEST_UMASK 027

/* Another name than any test uses, for the helper process. */
#define HOLD_UPLOAD "--hold-upload"

/* One upload, step by step. */
typedef struct
{
  const char *path;
  const char *content;
  gsize size; /* written in pieces of content's length */
  ShareUploadFlags flags;
  const ShareStat *expected;
  ShareStat result;
  gboolean created;
  gboolean keep; /* begin and write only */
  int begin, write, commit;
  ShareUpload *upload;
} Put;

static void
put_job (Share *share, gpointer data)
{
  Put *put = data;
  gsize length = strlen (put->content);

  put->write = put->commit = 1;
  put->begin = share_upload_begin (share, put->path, &put->upload);
  if (put->begin < 0)
    return;
  put->write = 0;
  for (gsize done = 0; done < MAX (put->size, length) && put->write == 0; done += length)
    put->write = share_upload_write (put->upload, put->content, length);
  if (put->write < 0 || put->keep)
    return;
  put->commit
      = share_upload_commit (put->upload, put->flags, put->expected, &put->result, &put->created);
}

static void
commit_job (Share *share, gpointer data)
{
  Put *put = data;

  put->commit
      = share_upload_commit (put->upload, put->flags, put->expected, &put->result, &put->created);
}

static void
put (Fixture *fixture, Put *self)
{
  fixture_run (fixture, put_job, self);
  if (!self->keep)
    g_clear_pointer (&self->upload, share_upload_free);
}

static guint
mode_of (Fixture *fixture, const char *path)
{
  g_autofree char *whole = fixture_path (fixture, path);
  struct stat st;

  g_assert_no_errno (stat (whole, &st));
  return st.st_mode & 07777;
}

static void
assert_content (Fixture *fixture, const char *path, const char *expected)
{
  g_autofree char *content = fixture_read (fixture, path);

  g_assert_cmpstr (content, ==, expected);
}

/* The staging folders in a folder of the share. */
static GPtrArray *
find_staging (Fixture *fixture, const char *path)
{
  g_autofree char *whole = fixture_path (fixture, path);
  g_autoptr (GDir) dir = g_dir_open (whole, 0, NULL);
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)))
    if (staging_is_reserved (name, strlen (name)))
      g_ptr_array_add (found, g_build_filename (whole, name, NULL));
  return found;
}

static guint
count_in (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir))
    n++;
  return n;
}

static void
test_new_file (Fixture *fixture, gconstpointer flags)
{
  Put new = { .path = "file", .content = "content" };
  ShareStat stat;

  put (fixture, &new);
  g_assert_cmpint (new.commit, ==, 0);
  g_assert_true (new.created);
  g_assert_cmpuint (new.result.size, ==, 7);
  g_assert_cmpint (do_stat (fixture, "file", &stat), ==, 0);
  g_assert_true (share_stat_same_version (&stat, &new.result));
  assert_content (fixture, "file", "content");
  g_assert_cmphex (mode_of (fixture, "file"), ==, 0666 & ~TEST_UMASK);

  new = (Put){ .path = "empty", .content = "" };
  put (fixture, &new);
  g_assert_cmpint (new.commit, ==, 0);
  assert_content (fixture, "empty", "");
}

static void
test_overwrite (Fixture *fixture, gconstpointer flags)
{
  Put new = { .path = "file", .content = "new" };
  g_autofree char *path = fixture_path (fixture, "file");
  g_autofree char *value = NULL;

  fixture_write (fixture, "file", "the old content");
  g_assert_no_errno (chmod (path, 06751));
  g_assert_cmpint (do_set_xattr (fixture, "file", "user.dead", "property"), ==, 0);
  if (geteuid () == 0)
    g_assert_no_errno (chown (path, 0, 12345));
  g_assert_no_errno (chmod (path, 06751));
  put (fixture, &new);
  g_assert_cmpint (new.commit, ==, 0);
  g_assert_false (new.created);
  assert_content (fixture, "file", "new");
  /* Not set-user-id: the content is a guest's now. */
  g_assert_cmphex (mode_of (fixture, "file"), ==, 0751);
  g_assert_cmpint (do_get_xattr (fixture, "file", "user.dead", &value), ==, 0);
  g_assert_cmpstr (value, ==, "property");
  if (geteuid () == 0)
    {
      struct stat st;

      g_assert_no_errno (stat (path, &st));
      g_assert_cmpuint (st.st_gid, ==, 12345);
    }
}

static void
test_abort (Fixture *fixture, gconstpointer flags)
{
  Put half = { .path = "file", .content = "half", .keep = TRUE };
  g_autoptr (GPtrArray) staging = NULL;
  g_autoptr (GPtrArray) names = NULL;

  fixture_write (fixture, "file", "old");
  put (fixture, &half);
  g_assert_cmpint (half.write, ==, 0);
  g_assert_cmpuint (share_upload_get_size (half.upload), ==, 4);
  assert_content (fixture, "file", "old");
  staging = find_staging (fixture, "");
  g_assert_cmpuint (staging->len, ==, 1);
  g_assert_cmpuint (count_in (staging->pdata[0]), ==, 2); /* owner, and the upload */
  /* Nobody but the owner, and no guest, sees it. */
  {
    g_autofree char *name = g_path_get_basename (staging->pdata[0]);

    g_assert_cmphex (mode_of (fixture, name), ==, 0700);
    g_assert_cmpint (do_stat (fixture, name, NULL), ==, -ENOENT);
  }
  g_assert_cmpint (do_list (fixture, "", &names), ==, 0);
  g_assert_cmpuint (names->len, ==, 1);

  share_upload_free (half.upload);
  fixture_close (fixture);
  assert_content (fixture, "file", "old");
  fixture_assert_no_debris (fixture);
}

static gboolean
no_staging (gpointer data)
{
  g_autoptr (GPtrArray) staging = find_staging (data, "");

  return staging->len == 0;
}

/* An upload abandoned while the share goes on is removed at once, and its folder soon after. */
static void
test_idle (Fixture *fixture, gconstpointer flags)
{
  Put half = { .path = "file", .content = "half", .keep = TRUE };
  Put whole = { .path = "file", .content = "whole" };

  put (fixture, &half);
  share_upload_free (half.upload);
  fixture_wait (no_staging, fixture);
  g_assert_false (fixture_exists (fixture, "file"));
  put (fixture, &whole);
  g_assert_cmpint (whole.commit, ==, 0);
  assert_content (fixture, "file", "whole");
  fixture_wait (no_staging, fixture);
}

static void
test_long_name (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *name = g_strnfill (255, 'n');
  Put new = { .path = name, .content = "content" };

  put (fixture, &new);
  g_assert_cmpint (new.commit, ==, 0);
  assert_content (fixture, name, "content");
}

static void
test_refused (Fixture *fixture, gconstpointer flags)
{
  static const struct
  {
    const char *path;
    int error;
  } targets[] = {
    { "", -EBUSY },
    { "folder", -EISDIR },
    { "to-folder", -EISDIR },
    { "missing/file", -ENOTDIR },
    { "file/below", -ENOTDIR },
    { "fifo", -EACCES },
    { ".spice-share-x", -EACCES },
    { "folder/.spice-share-x", -EACCES },
    { ".spice-share-x/file", -ENOTDIR },
    { "to-outside", -EXDEV },
    { "../file", -EINVAL },
  };
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *fifo = fixture_path (fixture, "fifo");

  fixture_write (fixture, "file", "content");
  fixture_mkdir (fixture, "folder");
  fixture_symlink (fixture, "folder", "to-folder");
  fixture_symlink (fixture, "../outside/secret", "to-outside");
  g_assert_no_errno (mkfifo (fifo, 0600));
  before = tree_describe (fixture->root);
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      Put new = { .path = targets[i].path, .content = "x" };

      put (fixture, &new);
      if (new.begin != targets[i].error)
        g_error ("“%s”: %s", targets[i].path, g_strerror (-new.begin));
    }
  fixture_close (fixture);
  after = tree_describe (fixture->root);
  g_assert_cmpstr (after, ==, before);
}

static void
test_through_links (Fixture *fixture, gconstpointer flags)
{
  Put existing = { .path = "to-file", .content = "new" };
  Put missing = { .path = "dangling", .content = "made" };
  g_autofree char *link = NULL;
  g_autofree char *path = fixture_path (fixture, "to-file");

  fixture_mkdir (fixture, "folder");
  fixture_write (fixture, "folder/file", "old");
  fixture_symlink (fixture, "folder/file", "to-file");
  fixture_symlink (fixture, "folder/nothing", "dangling");
  put (fixture, &existing);
  g_assert_cmpint (existing.commit, ==, 0);
  g_assert_false (existing.created);
  assert_content (fixture, "folder/file", "new");
  link = g_file_read_link (path, NULL);
  g_assert_cmpstr (link, ==, "folder/file");
  put (fixture, &missing);
  g_assert_cmpint (missing.commit, ==, 0);
  assert_content (fixture, "folder/nothing", "made");
}

static void
test_no_replace (Fixture *fixture, gconstpointer flags)
{
  Put first = { .path = "file", .content = "first", .flags = SHARE_UPLOAD_NO_REPLACE };
  Put second = { .path = "file", .content = "second", .flags = SHARE_UPLOAD_NO_REPLACE };
  Put racing[2];

  put (fixture, &first);
  g_assert_cmpint (first.commit, ==, 0);
  g_assert_true (first.created);
  put (fixture, &second);
  g_assert_cmpint (second.commit, ==, -EEXIST);
  assert_content (fixture, "file", "first");

  /* Both began while there was nothing. */
  for (int i = 0; i < 2; i++)
    {
      racing[i]
          = (Put){ .path = "new", .content = "x", .flags = SHARE_UPLOAD_NO_REPLACE, .keep = TRUE };
      put (fixture, &racing[i]);
    }
  for (int i = 0; i < 2; i++)
    {
      fixture_run (fixture, commit_job, &racing[i]);
      g_assert_cmpint (racing[i].commit, ==, i == 0 ? 0 : -EEXIST);
      share_upload_free (racing[i].upload);
    }
}

static void
test_expected (Fixture *fixture, gconstpointer flags)
{
  Put new = { .path = "file", .content = "new" };
  Put stale;
  ShareStat stat;

  fixture_write (fixture, "file", "old");
  g_assert_cmpint (do_stat (fixture, "file", &stat), ==, 0);
  new.expected = &stat;
  put (fixture, &new);
  g_assert_cmpint (new.commit, ==, 0);
  assert_content (fixture, "file", "new");

  stale = (Put){ .path = "file", .content = "stale", .expected = &stat };
  put (fixture, &stale);
  g_assert_cmpint (stale.commit, ==, -ESTALE);
  assert_content (fixture, "file", "new");

  stale = (Put){ .path = "gone", .content = "stale", .expected = &stat };
  put (fixture, &stale);
  g_assert_cmpint (stale.commit, ==, -ESTALE);
  g_assert_false (fixture_exists (fixture, "gone"));
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

/* Two writers on one file: a program of the host that replaces it as often as it can, each time
 * taking what was there (RENAME_EXCHANGE), and uploads with @expected. Each content says which one
 * its writer saw: so no content may be replaced unseen. */
typedef struct
{
  char *place;
  char *temp;
  int stop;       /* atomic */
  GPtrArray *saw; /* what the host's program took */
  guint written;
} Chain;

static void
write_content (const char *path, const char *content)
{
  int fd = open (path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, content, strlen (content)), ==, (gssize)strlen (content));
  close (fd);
}

static gpointer
replace_as_host (gpointer data)
{
  Chain *self = data;

  while (!g_atomic_int_get (&self->stop))
    {
      g_autofree char *content = g_strdup_printf ("host-%u", self->written++);
      char *taken = NULL;

      g_unlink (self->temp);
      write_content (self->temp, content);
      g_assert_no_errno (renameat2 (AT_FDCWD, self->temp, AT_FDCWD, self->place, RENAME_EXCHANGE));
      g_assert_true (g_file_get_contents (self->temp, &taken, NULL, NULL));
      g_ptr_array_add (self->saw, taken);
      g_usleep (20);
    }
  return NULL;
}

typedef struct
{
  GPtrArray *saw;
  GHashTable *refused; /* contents */
  guint committed;
} Swaps;

static void
swap_job (Share *share, gpointer data)
{
  Swaps *self = data;

  for (int i = 0; i < 3000; i++)
    {
      g_autoptr (ShareUpload) upload = NULL;
      g_autoptr (ShareFile) file = NULL;
      g_autofree char *content = g_strdup_printf ("guest-%d", i);
      char seen[32] = "";
      ShareStat stat;
      int error;

      g_assert_cmpint (share_file_open (share, "file", &stat, &file), ==, 0);
      g_assert_cmpint (share_file_read (file, seen, sizeof seen - 1, 0), >, 0);
      g_assert_cmpint (share_upload_begin (share, "file", &upload), ==, 0);
      g_assert_cmpint (share_upload_write (upload, content, strlen (content)), ==, 0);
      error = share_upload_commit (upload, SHARE_UPLOAD_DEFAULT, &stat, NULL, NULL);
      if (error == 0)
        {
          g_ptr_array_add (self->saw, g_strdup (seen));
          self->committed++;
        }
      else
        {
          g_assert_cmpint (error, ==, -ESTALE);
          g_hash_table_add (self->refused, g_steal_pointer (&content));
        }
    }
}

static void
test_lost_updates (Fixture *fixture, gconstpointer flags)
{
  Chain chain = { .saw = g_ptr_array_new_with_free_func (g_free) };
  Swaps swaps = { .saw = g_ptr_array_new_with_free_func (g_free),
                  .refused = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL) };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *last = NULL;
  GThread *thread;
  guint lost = 0;
  guint blind = 0;

  fixture_write (fixture, "file", "start");
  chain.place = fixture_path (fixture, "file");
  chain.temp = fixture_path (fixture, "temp");
  thread = g_thread_new ("host", replace_as_host, &chain);
  fixture_run (fixture, swap_job, &swaps);
  g_atomic_int_set (&chain.stop, TRUE);
  g_thread_join (thread);

  for (guint i = 0; i < chain.saw->len; i++)
    {
      blind += g_hash_table_contains (swaps.refused, chain.saw->pdata[i]);
      g_hash_table_add (seen, g_strdup (chain.saw->pdata[i]));
    }
  for (guint i = 0; i < swaps.saw->len; i++)
    g_hash_table_add (seen, g_strdup (swaps.saw->pdata[i]));
  last = fixture_read (fixture, "file");
  g_hash_table_add (seen, g_steal_pointer (&last));
  for (guint i = 0; i < chain.written; i++)
    {
      g_autofree char *content = g_strdup_printf ("host-%u", i);

      lost += !g_hash_table_contains (seen, content);
    }
  g_test_message ("%u committed, %u refused, %u by the host, %u unseen, %u blind", swaps.committed,
                  g_hash_table_size (swaps.refused), chain.written, lost, blind);
  g_assert_cmpuint (swaps.committed, >, 0);
  g_assert_cmpuint (g_hash_table_size (swaps.refused), >, 0);
  /* The host's program replaces what it has not read. Where it hits the instant in which a refused
   * content is in place, it took that one for what it would have replaced unseen without us. */
  g_assert_cmpuint (lost, <=, blind);
  g_hash_table_unref (swaps.refused);
  g_ptr_array_unref (chain.saw);
  g_ptr_array_unref (swaps.saw);
  g_free (chain.place);
  g_free (chain.temp);
}

static void
test_disk_full (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *block = g_strnfill (64 * 1024, 'x');
  Put big = { .path = "small/file", .content = block, .size = 4 * 1024 * 1024 };
  Put fits = { .path = "small/file", .content = block, .size = 512 * 1024 };
  g_autoptr (GPtrArray) staging = NULL;

  if (!fixture_mount_small (fixture, "small"))
    return;
  fixture_write (fixture, "small/file", "old");
  put (fixture, &big);
  g_assert_cmpint (big.write, ==, -ENOSPC);
  assert_content (fixture, "small/file", "old");
  /* The room is free again. */
  put (fixture, &fits);
  g_assert_cmpint (fits.commit, ==, 0);
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
  fixture_unmount (fixture, "small");
}

static void
test_other_mount (Fixture *fixture, gconstpointer flags)
{
  Put half = { .path = "small/folder/file", .content = "half", .keep = TRUE };
  Put whole = { .path = "small/folder/other", .content = "whole" };
  g_autoptr (GPtrArray) here = NULL;
  g_autoptr (GPtrArray) there = NULL;
  g_autofree char *bind = fixture_path (fixture, "bind");
  g_autofree char *folder = fixture_path (fixture, "folder");
  Put bound = { .path = "bind/inner/file", .content = "bound" };

  if (!fixture_mount_small (fixture, "small"))
    return;
  fixture_mkdir (fixture, "small/folder");
  put (fixture, &half);
  g_assert_cmpint (half.write, ==, 0);
  here = find_staging (fixture, "");
  there = find_staging (fixture, "small");
  g_assert_cmpuint (here->len, ==, 0);
  g_assert_cmpuint (there->len, ==, 1);
  put (fixture, &whole);
  g_assert_cmpint (whole.commit, ==, 0);
  fixture_run (fixture, commit_job, &half);
  g_assert_cmpint (half.commit, ==, 0);
  share_upload_free (half.upload);
  assert_content (fixture, "small/folder/file", "half");

  /* The same file system, mounted twice: no rename between the two. */
  fixture_mkdir (fixture, "folder/inner");
  fixture_mkdir (fixture, "bind");
  g_assert_no_errno (mount (folder, bind, NULL, MS_BIND, NULL));
  put (fixture, &bound);
  g_assert_cmpint (bound.commit, ==, 0);
  assert_content (fixture, "folder/inner/file", "bound");

  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
  fixture_unmount (fixture, "small");
  fixture_unmount (fixture, "bind");
}

/* EFBIG, and no SIGXFSZ that ends the viewer. */
static void
test_file_size_limit (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *block = g_strnfill (64 * 1024, 'x');
  Put big = { .path = "file", .content = block, .size = 1024 * 1024 };
  struct rlimit old, limit;

  fixture_write (fixture, "file", "old");
  g_assert_no_errno (getrlimit (RLIMIT_FSIZE, &old));
  limit = old;
  limit.rlim_cur = 256 * 1024;
  g_assert_no_errno (setrlimit (RLIMIT_FSIZE, &limit));
  put (fixture, &big);
  g_assert_no_errno (setrlimit (RLIMIT_FSIZE, &old));
  g_assert_cmpint (big.write, ==, -EFBIG);
  assert_content (fixture, "file", "old");
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

/* Somebody tidies up and removes the staging folder under way. */
static void
test_staging_removed (Fixture *fixture, gconstpointer flags)
{
  Put lost = { .path = "file", .content = "lost", .keep = TRUE };
  Put next = { .path = "file", .content = "next" };
  g_autoptr (GPtrArray) staging = NULL;

  fixture_write (fixture, "file", "old");
  put (fixture, &lost);
  staging = find_staging (fixture, "");
  g_assert_cmpuint (staging->len, ==, 1);
  tree_delete (staging->pdata[0]);
  fixture_run (fixture, commit_job, &lost);
  g_assert_cmpint (lost.commit, <, 0);
  assert_content (fixture, "file", "old");
  put (fixture, &next);
  g_assert_cmpint (next.commit, ==, 0);
  assert_content (fixture, "file", "next");
  share_upload_free (lost.upload);
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

static void
test_target_vanishes (Fixture *fixture, gconstpointer flags)
{
  Put half = { .path = "folder/file", .content = "half", .keep = TRUE };
  g_autofree char *folder = NULL;

  fixture_mkdir (fixture, "folder");
  put (fixture, &half);
  folder = fixture_path (fixture, "folder");
  g_assert_no_errno (g_rmdir (folder));
  fixture_run (fixture, commit_job, &half);
  g_assert_cmpint (half.commit, ==, -ENOENT);
  share_upload_free (half.upload);
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

/* Run by the tests below: begins an upload into the folder, says so, and waits to be killed. */
static int
hold_upload (const char *root)
{
  Fixture fixture = { .root = (char *)root };
  Put half = { .path = "file", .content = "half", .keep = TRUE };

  fixture.share = fixture_open (root, 0, NULL);
  put (&fixture, &half);
  if (half.write < 0)
    return 1;
  g_assert_cmpint (write (STDOUT_FILENO, "x", 1), ==, 1);
  for (;;)
    pause ();
}

static GPid
start_holder (Fixture *fixture)
{
  char *arguments[] = { (char *)"/proc/self/exe", (char *)HOLD_UPLOAD, fixture->root, NULL };
  g_autoptr (GError) error = NULL;
  GPid pid;
  int out;
  char byte;

  g_spawn_async_with_pipes (NULL, arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                            NULL, &out, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (read (out, &byte, 1), ==, 1);
  close (out);
  return pid;
}

static void
kill_holder (GPid pid)
{
  int status;

  g_assert_no_errno (kill (pid, SIGKILL));
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status));
  g_spawn_close_pid (pid);
}

static gboolean
one_staging_left (gpointer data)
{
  g_autoptr (GPtrArray) staging = find_staging (data, "");

  return staging->len == 1;
}

static void
test_killed_and_living (Fixture *fixture, gconstpointer flags)
{
  g_autoptr (GPtrArray) staging = NULL;
  GPid dead, living;
  g_autofree char *half = NULL;

  fixture_write (fixture, "file", "old");
  fixture_close (fixture);
  dead = start_holder (fixture);
  living = start_holder (fixture);
  staging = find_staging (fixture, "");
  g_assert_cmpuint (staging->len, ==, 2);
  kill_holder (dead);

  fixture->share = fixture_open (fixture->root, 0, NULL);
  fixture_wait (one_staging_left, fixture);
  fixture_close (fixture);
  g_ptr_array_unref (staging);
  staging = find_staging (fixture, "");
  g_assert_cmpuint (staging->len, ==, 1);
  /* The living one's: with its upload. */
  g_assert_cmpuint (count_in (staging->pdata[0]), ==, 2);
  assert_content (fixture, "file", "old");

  kill_holder (living);
  /* A read-only share clears nothing. */
  fixture->share = fixture_open (fixture->root, SHARE_READ_ONLY, NULL);
  fixture_reopen (fixture, 0);
  fixture_wait (no_staging, fixture);
  assert_content (fixture, "file", "old");
}

static void
write_in (Fixture *fixture, const char *folder, const char *name, const char *content)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  fixture_write (fixture, path, content);
}

#define LEFTOVER(n) STAGING_PREFIX n n n n n n n n
#define MARK "This folder belongs to a running spice-share, which removes it.\n"

static void
test_not_ours (Fixture *fixture, gconstpointer flags)
{
  static const char ours[] = LEFTOVER ("aaaa");
  static const char never_used[] = LEFTOVER ("bbbb");
  static const char unmarked[] = LEFTOVER ("cccc");
  static const char no_owner[] = LEFTOVER ("dddd");
  static const char open_to_all[] = LEFTOVER ("eeee");
  static const char a_file[] = LEFTOVER ("ffff");
  static const char a_link[] = LEFTOVER ("1111");
  static const char of_somebody[] = LEFTOVER ("2222");
  static const char short_name[] = STAGING_PREFIX "33";
  static const char other_name[] = STAGING_PREFIX "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
  static const char *const folders[]
      = { ours, never_used, unmarked, no_owner, open_to_all, of_somebody, short_name, other_name };
  g_autofree char *target = fixture_path (fixture, of_somebody);
  g_autofree char *deep = g_build_filename (ours, "deep", "deeper", NULL);

  fixture_close (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = fixture_path (fixture, folders[i]);

      fixture_mkdir (fixture, folders[i]);
      g_assert_no_errno (chmod (path, folders[i] == open_to_all ? 0755 : 0700));
      if (folders[i] != never_used && folders[i] != no_owner)
        write_in (fixture, folders[i], "owner", folders[i] == unmarked ? "mine" : MARK);
      if (folders[i] != never_used)
        write_in (fixture, folders[i], "content", "content");
    }
  fixture_mkdir (fixture, deep);
  write_in (fixture, deep, "content", "content");
  fixture_write (fixture, a_file, "file");
  fixture_symlink (fixture, "../outside", a_link);
  if (geteuid () == 0)
    g_assert_no_errno (chown (target, 12345, 12345));

  fixture->share = fixture_open (fixture->root, 0, NULL);
  for (int i = 0; i < 2; i++)
    {
      /* Twice, so that at least one start has read all of it before it was closed. */
      ShareStat stat;

      g_assert_cmpint (do_stat (fixture, "", &stat), ==, 0);
      fixture_reopen (fixture, 0);
    }
  while (fixture_exists (fixture, ours) || fixture_exists (fixture, never_used))
    fixture_reopen (fixture, 0);
  fixture_close (fixture);
  g_assert_true (fixture_exists (fixture, unmarked));
  g_assert_true (fixture_exists (fixture, no_owner));
  g_assert_true (fixture_exists (fixture, open_to_all));
  g_assert_true (fixture_exists (fixture, a_file));
  g_assert_true (fixture_exists (fixture, a_link));
  g_assert_true (fixture_exists (fixture, short_name));
  g_assert_true (fixture_exists (fixture, other_name));
  if (geteuid () == 0)
    g_assert_true (fixture_exists (fixture, of_somebody));
  fixture_assert_outside_untouched (fixture);
}

/* As another user than root, if we are root: what root may do says nothing. */
static void
in_subprocess_as_user (const char *path)
{
  g_test_trap_subprocess (path, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

static void
test_permissions (void)
{
  in_subprocess_as_user ("/upload/permissions/subprocess");
}

static void
test_permissions_subprocess (void)
{
  Fixture fixture = { 0 };
  Put protected = { .path = "protected", .content = "x" };
  Put closed = { .path = "closed/file", .content = "x" };
  Put below = { .path = "open/file", .content = "below" };
  g_autofree char *path = NULL;
  g_autofree char *folder = NULL;

  become_user ();
  fixture_set_up (&fixture, NULL);
  /* The owner protects a file, a folder, and in the end the root itself. */
  fixture_write (&fixture, "protected", "old");
  path = fixture_path (&fixture, "protected");
  g_assert_no_errno (chmod (path, 0444));
  put (&fixture, &protected);
  g_assert_cmpint (protected.begin, ==, -EACCES);
  assert_content (&fixture, "protected", "old");

  fixture_mkdir (&fixture, "closed");
  folder = fixture_path (&fixture, "closed");
  g_assert_no_errno (chmod (folder, 0555));
  put (&fixture, &closed);
  g_assert_cmpint (closed.begin < 0 ? closed.begin : closed.commit, ==, -EACCES);
  fixture_close (&fixture);
  fixture_assert_no_debris (&fixture);

  fixture_mkdir (&fixture, "open");
  g_assert_no_errno (chmod (fixture.root, 0555));
  fixture.share = fixture_open (fixture.root, 0, NULL);
  put (&fixture, &below);
  g_assert_cmpint (below.commit, ==, 0);
  assert_content (&fixture, "open/file", "below");
  /* What is staged in a folder does not keep it. */
  fixture_close (&fixture);
  fixture.share = fixture_open (fixture.root, 0, NULL);
  fixture_mkdir (&fixture, "open/inner");
  g_assert_cmpint (do_put (&fixture, "open/inner/file", "x"), ==, 0);
  {
    g_autoptr (GPtrArray) staging = find_staging (&fixture, "open/inner");

    g_assert_cmpuint (staging->len, ==, 1);
    g_assert_cmpint (do_remove (&fixture, "open/inner", NULL), ==, 0);
    g_assert_false (fixture_exists (&fixture, "open/inner"));
  }
  /* A folder that cannot go keeps all of its inside. */
  g_assert_cmpint (do_remove (&fixture, "open", NULL), ==, -EACCES);
  g_assert_true (fixture_exists (&fixture, "open/file"));
  fixture_assert_no_debris (&fixture);
  fixture_close (&fixture);
  fixture_assert_no_debris (&fixture);
  g_assert_no_errno (chmod (fixture.root, 0755));
  fixture_tear_down (&fixture, NULL);
}

/* A kernel or a file system without the younger renames, by seccomp: renameat2 with flags is
 * EINVAL, and openat2 does not exist. */
static void
take_away_system_calls (void)
{
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, args[4])),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { .len = G_N_ELEMENTS (filter), .filter = filter };

  g_assert_no_errno (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  g_assert_no_errno (
      (int)syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program));
}

static void
test_poor_file_system (void)
{
  g_test_trap_subprocess ("/upload/poor-file-system/subprocess", 0,
                          G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

static void
test_poor_file_system_subprocess (void)
{
  Fixture fixture = { 0 };
  ShareStat stat;
  Put expected = { .path = "file", .content = "expected", .expected = &stat };
  Put no_replace = { .path = "file", .content = "x", .flags = SHARE_UPLOAD_NO_REPLACE };
  Put new = { .path = "new", .content = "new", .flags = SHARE_UPLOAD_NO_REPLACE };
  gboolean created;

  take_away_system_calls ();
  fixture_set_up (&fixture, NULL);
  fixture_write (&fixture, "file", "old");
  g_assert_cmpint (do_stat (&fixture, "file", &stat), ==, 0);
  put (&fixture, &expected);
  g_assert_cmpint (expected.commit, ==, 0);
  assert_content (&fixture, "file", "expected");
  put (&fixture, &no_replace);
  g_assert_cmpint (no_replace.commit, ==, -EEXIST);
  put (&fixture, &new);
  g_assert_cmpint (new.commit, ==, 0);

  fixture_mkdir (&fixture, "folder/inner");
  fixture_mkdir (&fixture, "other/old");
  g_assert_cmpint (do_move (&fixture, "file", "new", 0, NULL, NULL), ==, -EEXIST);
  g_assert_cmpint (do_move (&fixture, "folder", "other", SHARE_TREE_OVERWRITE, NULL, &created), ==,
                   0);
  g_assert_false (created);
  g_assert_true (fixture_exists (&fixture, "other/inner"));
  g_assert_false (fixture_exists (&fixture, "other/old"));
  g_assert_false (fixture_exists (&fixture, "folder"));
  g_assert_cmpint (do_copy (&fixture, "other", "copy", 0, NULL, NULL), ==, 0);
  g_assert_true (fixture_exists (&fixture, "copy/inner"));
  fixture_close (&fixture);
  fixture_assert_no_debris (&fixture);
  fixture_tear_down (&fixture, NULL);
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], HOLD_UPLOAD) == 0)
    return hold_upload (argv[2]);

  g_test_init (&argc, &argv, NULL);
  alarm (300);
  umask (TEST_UMASK);
  enter_mount_namespace ();

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/upload/new-file", test_new_file);
  ADD ("/upload/overwrite", test_overwrite);
  ADD ("/upload/abort", test_abort);
  ADD ("/upload/idle", test_idle);
  ADD ("/upload/long-name", test_long_name);
  ADD ("/upload/refused", test_refused);
  ADD ("/upload/through-links", test_through_links);
  ADD ("/upload/no-replace", test_no_replace);
  ADD ("/upload/expected", test_expected);
  ADD ("/upload/lost-updates", test_lost_updates);
  ADD ("/upload/disk-full", test_disk_full);
  ADD ("/upload/other-mount", test_other_mount);
  ADD ("/upload/file-size-limit", test_file_size_limit);
  ADD ("/upload/staging-removed", test_staging_removed);
  ADD ("/upload/target-vanishes", test_target_vanishes);
  ADD ("/upload/killed-and-living", test_killed_and_living);
  ADD ("/upload/not-ours", test_not_ours);
#undef ADD
  g_test_add_func ("/upload/permissions", test_permissions);
  g_test_add_func ("/upload/permissions/subprocess", test_permissions_subprocess);
  g_test_add_func ("/upload/poor-file-system", test_poor_file_system);
  g_test_add_func ("/upload/poor-file-system/subprocess", test_poor_file_system_subprocess);
  return g_test_run ();
}
