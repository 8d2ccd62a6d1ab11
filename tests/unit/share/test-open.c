/* Opening a share: what is refused, and in which words; a single file as the root.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static void
assert_refused (const char *path, ShareFlags flags, int code)
{
  g_autoptr (GError) error = NULL;
  Share *share = fixture_open (path, flags, &error);
  g_autofree char *name = g_path_get_basename (path);

  g_assert_null (share);
  g_assert_error (error, SPICE_SHARE_ERROR, code);
  /* It says which folder. */
  g_assert_nonnull (strstr (error->message, name));
}

static void
test_refused (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *nothing = fixture_path (fixture, "nothing");
  g_autofree char *file = fixture_path (fixture, "file");
  g_autofree char *below = fixture_path (fixture, "file/below");
  g_autofree char *fifo = fixture_path (fixture, "fifo");
  g_autofree char *odd = fixture_path (fixture, "odd\xff");

  fixture_write (fixture, "file", "x");
  g_assert_no_errno (mkfifo (fifo, 0600));
  assert_refused (nothing, 0, SPICE_SHARE_ERROR_NOT_FOUND);
  assert_refused (nothing, SHARE_FILE_ROOT, SPICE_SHARE_ERROR_NOT_FOUND);
  assert_refused (file, 0, SPICE_SHARE_ERROR_NOT_FOLDER);
  assert_refused (below, 0, SPICE_SHARE_ERROR_NOT_FOLDER);
  assert_refused (fifo, 0, SPICE_SHARE_ERROR_NOT_FOLDER);
  assert_refused (fifo, SHARE_FILE_ROOT, SPICE_SHARE_ERROR_NOT_FOLDER);
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (fixture_open (odd, 0, &error));
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  }
}

static void
test_not_readable (void)
{
  g_test_trap_subprocess ("/open/not-readable/subprocess", 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

static void
test_not_readable_subprocess (void)
{
  Fixture fixture = { 0 };
  g_autofree char *folder = NULL;
  g_autofree char *file = NULL;

  become_user ();
  fixture_set_up (&fixture, NULL);
  folder = fixture_path (&fixture, "folder");
  file = fixture_path (&fixture, "file");
  fixture_mkdir (&fixture, "folder");
  fixture_write (&fixture, "file", "x");
  for (guint i = 0; i < 3; i++)
    {
      g_assert_no_errno (chmod (folder, (mode_t[]){ 0, 0111, 0444 }[i]));
      assert_refused (folder, 0, SPICE_SHARE_ERROR_NOT_READABLE);
    }
  g_assert_no_errno (chmod (file, 0));
  assert_refused (file, SHARE_FILE_ROOT, SPICE_SHARE_ERROR_NOT_READABLE);
  fixture_tear_down (&fixture, NULL);
}

static void
test_file_root (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *path = fixture_path (fixture, "file");
  g_autofree char *content = NULL;
  ShareStat stat;

  fixture_write (fixture, "file", "content");
  fixture_write (fixture, "other", "other");
  fixture_close (fixture);
  fixture->share = fixture_open (path, SHARE_FILE_ROOT, NULL);
  g_assert_nonnull (fixture->share);
  g_assert_cmpint (do_stat (fixture, "", &stat), ==, 0);
  g_assert_cmpint (stat.type, ==, SHARE_TYPE_FILE);
  g_assert_cmpuint (stat.size, ==, 7);
  for (int forced = FALSE; forced <= TRUE; forced++)
    {
      resolver_force_fallback (forced);
      g_clear_pointer (&content, g_free);
      g_assert_cmpint (do_read (fixture, "", &content), ==, 0);
      g_assert_cmpstr (content, ==, "content");
      g_assert_cmpint (do_read (fixture, "other", NULL), ==, -ENOTDIR);
      g_assert_cmpint (do_read (fixture, "../other", NULL), ==, -EINVAL);
      g_assert_cmpint (do_list (fixture, "", NULL), ==, -ENOTDIR);
    }
  /* Nothing beside it, and nothing of it, can be changed. */
  g_assert_cmpint (do_put (fixture, "", "x"), ==, -EROFS);
  g_assert_cmpint (do_put (fixture, "new", "x"), ==, -EROFS);
  g_assert_cmpint (do_remove (fixture, "", NULL), ==, -EROFS);
  g_assert_cmpint (do_set_mtime (fixture, "", 1, 1), ==, -EROFS);
}

/* What a person chose may be a link; what is opened is then the folder, for good. */
static void
test_root_is_pinned (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *link = g_build_filename (fixture->base, "link", NULL);
  g_autofree char *moved = g_build_filename (fixture->base, "moved", NULL);
  g_autofree char *content = NULL;

  fixture_write (fixture, "file", "content");
  g_assert_no_errno (symlink ("share", link));
  fixture_close (fixture);
  fixture->share = fixture_open (link, 0, NULL);
  g_assert_nonnull (fixture->share);
  g_assert_cmpstr (share_get_path (fixture->share), ==, link);
  g_assert_no_errno (g_unlink (link));
  g_assert_no_errno (symlink ("outside", link));
  g_assert_cmpint (do_read (fixture, "file", &content), ==, 0);
  g_assert_cmpstr (content, ==, "content");
  g_assert_cmpint (do_read (fixture, "secret", NULL), ==, -ENOENT);

  /* Renamed, it is still the same folder; replaced, the new one is not shared. */
  g_assert_no_errno (g_rename (fixture->root, moved));
  g_assert_no_errno (g_mkdir (fixture->root, 0755));
  fixture_write (fixture, "other", "other");
  g_assert_cmpint (do_read (fixture, "file", NULL), ==, 0);
  g_assert_cmpint (do_read (fixture, "other", NULL), ==, -ENOENT);
  g_assert_cmpint (do_put (fixture, "new", "new"), ==, 0);
  g_assert_false (fixture_exists (fixture, "new"));
}

static void
test_root_removed (Fixture *fixture, gconstpointer flags)
{
  g_assert_no_errno (g_rmdir (fixture->root));
  g_assert_cmpint (do_put (fixture, "new", "x"), <, 0);
  g_assert_cmpint (do_make_folder (fixture, "new"), ==, -ENOENT);
  g_assert_cmpint (do_read (fixture, "file", NULL), ==, -ENOENT);
  g_assert_cmpint (do_list (fixture, "", NULL), <=, 0);
}

typedef struct
{
  guint called;
  GError *error;
  Share *share;
} Answer;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  answer->called++;
  answer->share = share_open_finish (result, &answer->error);
}

static gboolean
was_called (gpointer data)
{
  return ((Answer *)data)->called > 0;
}

static void
test_cancelled (Fixture *fixture, gconstpointer flags)
{
  for (int i = 0; i < 200; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      Answer answer = { 0 };

      if (i % 4 == 0)
        g_cancellable_cancel (cancellable);
      share_open_async (fixture->root, 0, cancellable, on_answer, &answer);
      /* Never from inside. */
      g_assert_cmpuint (answer.called, ==, 0);
      if (i % 4 == 1)
        g_cancellable_cancel (cancellable);
      if (i % 4 == 2)
        {
          g_usleep (100);
          g_cancellable_cancel (cancellable);
        }
      fixture_wait (was_called, &answer);
      g_assert_cmpuint (answer.called, ==, 1);
      g_cancellable_cancel (cancellable);
      if (i % 4 == 0)
        g_assert_error (answer.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      if (i % 4 == 3)
        g_assert_no_error (answer.error);
      g_assert_true ((answer.share == NULL) == (answer.error != NULL));
      g_clear_error (&answer.error);
      g_clear_pointer (&answer.share, share_unref);
    }
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/open/refused", test_refused);
  ADD ("/open/file-root", test_file_root);
  ADD ("/open/root-is-pinned", test_root_is_pinned);
  ADD ("/open/root-removed", test_root_removed);
  ADD ("/open/cancelled", test_cancelled);
#undef ADD
  g_test_add_func ("/open/not-readable", test_not_readable);
  g_test_add_func ("/open/not-readable/subprocess", test_not_readable_subprocess);
  return g_test_run ();
}
