/* What every test of plugin/share/ needs; see share-fixture.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-fixture.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "share/staging.h"

typedef struct
{
  Share *share;
  GError *error;
  gboolean done;
} Opening;

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Opening *opening = data;

  opening->share = share_open_finish (result, &opening->error);
  opening->done = TRUE;
}

static gboolean
is_set (gpointer data)
{
  return *(gboolean *)data;
}

static gboolean
on_deadline (gpointer data)
{
  *(gboolean *)data = TRUE;
  return G_SOURCE_CONTINUE;
}

static gboolean
on_tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

void
fixture_wait (gboolean (*condition) (gpointer data), gpointer data)
{
  gboolean late = FALSE;
  /* For conditions that no event announces (a thread has ended). */
  guint tick = g_timeout_add (5, on_tick, NULL);
  guint deadline = g_timeout_add_seconds (FIXTURE_DEADLINE, on_deadline, &late);

  while (!condition (data))
    {
      g_main_context_iteration (NULL, TRUE);
      g_assert_false (late);
    }
  g_source_remove (tick);
  g_source_remove (deadline);
}

Share *
fixture_open (const char *path, ShareFlags flags, GError **error)
{
  Opening opening = { 0 };

  share_open_async (path, flags, NULL, on_opened, &opening);
  fixture_wait (is_set, &opening.done);
  if (opening.error)
    g_propagate_error (error, opening.error);
  return opening.share;
}

char *
fixture_path (Fixture *self, const char *path)
{
  return *path ? g_build_filename (self->root, path, NULL) : g_strdup (self->root);
}

static void
write_at (const char *path, const char *content)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (path, content, -1, G_FILE_SET_CONTENTS_NONE, 0644, &error);
  g_assert_no_error (error);
}

void
fixture_write (Fixture *self, const char *path, const char *content)
{
  g_autofree char *whole = fixture_path (self, path);

  write_at (whole, content);
}

char *
fixture_read (Fixture *self, const char *path)
{
  g_autofree char *whole = fixture_path (self, path);
  g_autoptr (GError) error = NULL;
  char *content = NULL;

  g_file_get_contents (whole, &content, NULL, &error);
  g_assert_no_error (error);
  return content;
}

void
fixture_mkdir (Fixture *self, const char *path)
{
  g_autofree char *whole = fixture_path (self, path);

  g_assert_no_errno (g_mkdir_with_parents (whole, 0755));
}

void
fixture_symlink (Fixture *self, const char *text, const char *path)
{
  g_autofree char *whole = fixture_path (self, path);

  g_assert_no_errno (symlink (text, whole));
}

gboolean
fixture_exists (Fixture *self, const char *path)
{
  g_autofree char *whole = fixture_path (self, path);
  struct stat st;

  return lstat (whole, &st) == 0;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static void
describe_attributes (const char *path, GString *text)
{
  char names[4096];
  ssize_t size = llistxattr (path, names, sizeof names);

  for (ssize_t at = 0; at < size; at += (ssize_t)strlen (names + at) + 1)
    {
      char value[4096];
      ssize_t length = lgetxattr (path, names + at, value, sizeof value);

      g_string_append_printf (text, " %s=%.*s", names + at, (int)MAX (length, 0), value);
    }
}

static void
describe (const char *path, gsize skip, GString *text)
{
  struct stat st;
  g_autofree char *content = NULL;
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;
  gsize size = 0;

  g_assert_no_errno (lstat (path, &st));
  g_string_append_printf (text, "%s %o %u %ld", path + skip, st.st_mode, st.st_uid,
                          S_ISDIR (st.st_mode) ? 0L : (long)st.st_size);
  describe_attributes (path, text);
  if (S_ISLNK (st.st_mode))
    content = g_file_read_link (path, NULL);
  else if (S_ISREG (st.st_mode))
    {
      g_autofree char *bytes = NULL;

      g_file_get_contents (path, &bytes, &size, NULL);
      content = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)bytes, size);
    }
  g_string_append_printf (text, " %s\n", content ? content : "");
  if (!S_ISDIR (st.st_mode))
    return;

  dir = g_dir_open (path, 0, NULL);
  while (dir && (name = g_dir_read_name (dir)))
    g_ptr_array_add (names, g_build_filename (path, name, NULL));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    describe (g_ptr_array_index (names, i), skip, text);
}

char *
tree_describe (const char *path)
{
  g_autoptr (GString) text = g_string_new (NULL);

  describe (path, strlen (path), text);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static int
delete_entry (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
  return remove (path);
}

static int
open_up_entry (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
  if (type == FTW_D || type == FTW_DNR)
    return chmod (path, 0700);
  return 0;
}

void
tree_delete (const char *path)
{
  nftw (path, open_up_entry, 64, FTW_PHYS);
  nftw (path, delete_entry, 64, FTW_PHYS | FTW_DEPTH);
}

void
fixture_make_tree (Fixture *fixture, const char *top)
{
  g_autofree char *deep = g_build_filename (top, "a", "b", NULL);
  g_autofree char *deep_file = g_build_filename (deep, "file", NULL);
  g_autofree char *file = g_build_filename (top, "file", NULL);
  g_autofree char *empty = g_build_filename (top, "empty", NULL);

  fixture_mkdir (fixture, deep);
  fixture_mkdir (fixture, empty);
  fixture_write (fixture, deep_file, "deep content");
  fixture_write (fixture, file, "content");
}

char *
fixture_describe (Fixture *fixture, const char *path)
{
  g_autofree char *whole = fixture_path (fixture, path);

  return tree_describe (whole);
}

void
fixture_set_up (Fixture *self, gconstpointer flags)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file = NULL;
  g_autofree char *folder = NULL;

  self->base = g_dir_make_tmp ("spice-share-test-XXXXXX", &error);
  g_assert_no_error (error);
  self->root = g_build_filename (self->base, "share", NULL);
  self->outside = g_build_filename (self->base, "outside", NULL);
  folder = g_build_filename (self->outside, "folder", NULL);
  file = g_build_filename (self->outside, "secret", NULL);
  g_assert_no_errno (g_mkdir (self->root, 0755));
  g_assert_no_errno (g_mkdir_with_parents (folder, 0755));
  write_at (file, "secret");
  g_clear_pointer (&file, g_free);
  file = g_build_filename (folder, "inner", NULL);
  write_at (file, "inner secret");
  self->outside_before = tree_describe (self->outside);

  self->share = fixture_open (self->root, GPOINTER_TO_UINT (flags), &error);
  g_assert_no_error (error);
}

static guint
count_entries (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir))
    n++;
  return n;
}

guint
count_descriptors (void)
{
  return count_entries ("/proc/self/fd");
}

static char *
name_of_task (const char *task)
{
  g_autofree char *file = g_build_filename ("/proc/self/task", task, "comm", NULL);
  char *name = NULL;

  g_file_get_contents (file, &name, NULL, NULL);
  return name;
}

guint
count_threads (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  g_autofree char *main_task = g_strdup_printf ("%d", getpid ());
  g_autofree char *main_name = name_of_task (main_task);
  const char *task;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((task = g_dir_read_name (dir)))
    {
      g_autofree char *name = name_of_task (task);

      /* One that is just beginning still has the name of who started it. */
      if (name
          && (g_str_has_prefix (name, "spice-share")
              || (strcmp (name, main_name) == 0 && strcmp (task, main_task) != 0)))
        n++;
    }
  return n - PATIENCE_THREADS;
}

static gboolean
descriptors_are_closed (gpointer data)
{
  return count_descriptors () <= GPOINTER_TO_UINT (data);
}

void
fixture_wait_for_descriptors (guint n)
{
  fixture_wait (descriptors_are_closed, GUINT_TO_POINTER (n));
}

static gboolean
threads_ended (gpointer data)
{
  return count_threads () == 0;
}

void
fixture_close (Fixture *self)
{
  share_close (self->share);
  g_clear_pointer (&self->share, share_unref);
  fixture_wait (threads_ended, NULL);
}

void
fixture_reopen (Fixture *self, ShareFlags flags)
{
  g_autoptr (GError) error = NULL;

  fixture_close (self);
  self->share = fixture_open (self->root, flags, &error);
  g_assert_no_error (error);
}

void
fixture_assert_outside_untouched (Fixture *self)
{
  g_autofree char *now = tree_describe (self->outside);

  g_assert_cmpstr (now, ==, self->outside_before);
}

static int
assert_no_staging (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
  const char *name = path + ftw->base;

  if (staging_is_reserved (name, strlen (name)))
    g_error ("left behind: %s", path);
  return 0;
}

void
fixture_assert_no_debris (Fixture *self)
{
  g_assert_no_errno (nftw (self->root, assert_no_staging, 64, FTW_PHYS));
}

void
fixture_tear_down (Fixture *self, gconstpointer flags)
{
  resolver_force_fallback (FALSE);
  if (self->share)
    fixture_close (self);
  fixture_assert_outside_untouched (self);
  tree_delete (self->base);
  g_free (self->base);
  g_free (self->root);
  g_free (self->outside);
  g_free (self->outside_before);
}

void
share_tests_init (int *argc, char ***argv)
{
  g_test_init (argc, argv, NULL);
  alarm (300 * (guint)patience ());
}

void
enter_mount_namespace (void)
{
  if (geteuid () != 0)
    return;
  g_assert_no_errno (unshare (CLONE_NEWNS));
  g_assert_no_errno (mount ("none", "/", "none", MS_REC | MS_PRIVATE, NULL));
}

void
fixture_mount_small (Fixture *self, const char *path)
{
  g_autofree char *whole = fixture_path (self, path);

  fixture_mkdir (self, path);
  g_assert_no_errno (mount ("small", whole, "tmpfs", 0, "size=1m"));
}

void
fixture_unmount (Fixture *self, const char *path)
{
  g_autofree char *whole = fixture_path (self, path);

  g_assert_no_errno (umount2 (whole, MNT_DETACH));
}

void
become_user (void)
{
  if (geteuid () != 0)
    return;
  g_assert_no_errno (setresgid (65534, 65534, 65534));
  g_assert_no_errno (setresuid (65534, 65534, 65534));
  /* Otherwise /proc/self belongs to root. */
  g_assert_no_errno (prctl (PR_SET_DUMPABLE, 1));
}

typedef struct
{
  gboolean done;
  gboolean ran;
} Run;

typedef struct
{
  ShareJob job;
  gpointer data;
  Run run;
} Call;

static void
call_job (Share *share, gpointer data)
{
  Call *call = data;

  call->job (share, call->data);
}

static void
call_done (Share *share, gboolean ran, gpointer data)
{
  Call *call = data;

  call->run.ran = ran;
  call->run.done = TRUE;
}

void
fixture_run (Fixture *self, ShareJob job, gpointer data)
{
  Call call = { .job = job, .data = data };

  share_run (self->share, 0, NULL, call_job, call_done, &call);
  fixture_wait (is_set, &call.run.done);
  g_assert_true (call.run.ran);
}
