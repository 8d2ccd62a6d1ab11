/* Uploads: all of it under its name, or nothing of it anywhere.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TEST_UMASK 027

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
  g_assert_cmphex (fixture_mode_of (fixture, "file"), ==, 0666 & ~TEST_UMASK);

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
  g_assert_cmphex (fixture_mode_of (fixture, "file"), ==, 0751);
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
  assert_content (fixture, "file", "old");
  staging = find_staging (fixture, "");
  g_assert_cmpuint (staging->len, ==, 1);
  g_assert_cmpuint (count_in (staging->pdata[0]), ==, 2); /* owner, and the upload */
  /* Nobody but the owner, and no guest, sees it. */
  {
    g_autofree char *name = g_path_get_basename (staging->pdata[0]);

    g_assert_cmphex (fixture_mode_of (fixture, name), ==, 0700);
    g_assert_cmpint (do_stat (fixture, name, NULL), ==, -ENOENT);
  }
  g_assert_cmpint (do_list (fixture, "", &names), ==, 0);
  g_assert_cmpuint (names->len, ==, 1);

  share_upload_free (half.upload);
  fixture_close (fixture);
  assert_content (fixture, "file", "old");
  fixture_assert_no_debris (fixture);
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
  const Put wanted = { .path = "small/file", .content = block, .size = 512 * 1024 };
  Put fits;
  gint64 deadline;

  fixture_mount_small (fixture, "small");
  fixture_write (fixture, "small/file", "old");
  put (fixture, &big);
  g_assert_cmpint (big.write, ==, -ENOSPC);
  assert_content (fixture, "small/file", "old");
  /* The room is free again, as soon as a thread has come to give the old handle back. */
  deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC * patience ();
  do
    {
      fits = wanted;
      put (fixture, &fits);
    }
  while ((fits.begin == -ENOSPC || fits.write == -ENOSPC) && g_get_monotonic_time () < deadline);
  g_assert_cmpint (fits.commit, ==, 0);
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
  fixture_unmount (fixture, "small");
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
  share_tests_init (&argc, &argv);
  umask (TEST_UMASK);
  enter_mount_namespace ();

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/upload/new-file", test_new_file);
  ADD ("/upload/overwrite", test_overwrite);
  ADD ("/upload/abort", test_abort);
  ADD ("/upload/long-name", test_long_name);
  ADD ("/upload/refused", test_refused);
  ADD ("/upload/through-links", test_through_links);
  ADD ("/upload/expected", test_expected);
  ADD ("/upload/lost-updates", test_lost_updates);
  ADD ("/upload/disk-full", test_disk_full);
  ADD ("/upload/file-size-limit", test_file_size_limit);
#undef ADD
  g_test_add_func ("/upload/poor-file-system", test_poor_file_system);
  g_test_add_func ("/upload/poor-file-system/subprocess", test_poor_file_system_subprocess);
  return g_test_run ();
}
