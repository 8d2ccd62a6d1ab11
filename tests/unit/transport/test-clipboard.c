/* Copied files, looked up where the stock spice-gtk here keeps them.
 *
 * libphodav comes with spice-gtk; what is needed of it to copy a file, as spice-gtk's own clipboard
 * does, is looked up by name, so that no header of it is needed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <dlfcn.h>

#include <glib/gstdio.h>

#include "transport/clipboard.h"

typedef struct
{
  SpiceSession *session;
  Clipboard *clipboard;
  char *dir;
} Fixture;

typedef struct
{
  gboolean called;
  Share *share; /* (owned) (nullable) */
} Answer;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autofree char *share = NULL;

  self->dir = g_dir_make_tmp ("clipboard-XXXXXX", NULL);
  self->session = spice_session_new ();
  share = g_build_filename (self->dir, "share", NULL);
  g_mkdir (share, 0700);
  g_object_set (self->session, "shared-dir", share, NULL);
  self->clipboard = clipboard_new ();
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  const char *const argv[] = { "rm", "-rf", self->dir, NULL };

  clipboard_free (self->clipboard);
  g_object_unref (self->session);
  g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, NULL, NULL));
  g_free (self->dir);
}

/* What spice-gtk does with a file the user copies: a virtual folder of its own for each. */
static char *
copy_file (Fixture *self, const char *id, const char *name)
{
  void *phodav = dlopen ("libphodav-3.0.so.0", RTLD_LAZY);
  gpointer (*new_dir) (gpointer, const char *, GError **);
  void (*attach) (gpointer, GFile *);
  g_autoptr (GObject) server = NULL;
  g_autoptr (GObject) root = NULL;
  g_autoptr (GObject) dir = NULL;
  g_autoptr (GFile) file = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_strdup_printf (".spice-clipboard/%s", id);
  char *path = g_build_filename (self->dir, name, NULL);

  g_assert_nonnull (phodav);
  *(void **)&new_dir = dlsym (phodav, "phodav_virtual_dir_new_dir");
  *(void **)&attach = dlsym (phodav, "phodav_virtual_dir_attach_real_child");
  g_assert_true (g_file_set_contents (path, "copied", -1, NULL));
  g_object_get (self->session, "webdav-server", &server, NULL);
  g_object_get (server, "root-file", &root, NULL);
  dir = new_dir (root, folder, &error);
  g_assert_no_error (error);
  file = g_file_new_for_path (path);
  attach (dir, file);
  return path;
}

static void
on_found (Share *item, gpointer token, gpointer user_data)
{
  Answer *answer = user_data;

  g_assert_false (answer->called);
  answer->called = TRUE;
  answer->share = item == NULL ? NULL : share_ref (item);
  g_assert_true (token == answer);
}

static Share *
look_up (Fixture *self, const char *id, const char *name)
{
  Answer answer = { FALSE, NULL };

  clipboard_lookup (self->clipboard, self->session, id, name, on_found, &answer, &answer);
  while (!answer.called)
    g_main_context_iteration (NULL, TRUE);
  return answer.share;
}

static void
test_found (Fixture *self, gconstpointer data)
{
  g_autofree char *path = copy_file (self, "id-1", "a file");
  g_autoptr (Share) item = look_up (self, "id-1", "a file");
  g_autoptr (Share) again = look_up (self, "id-1", "a file");

  g_assert_cmpstr (share_get_path (item), ==, path);
  g_assert_true (share_is_read_only (item));
  g_assert_true (again == item);
}

static void
test_not_found (Fixture *self, gconstpointer data)
{
  g_autofree char *path = copy_file (self, "id-1", "a file");

  g_assert_null (look_up (self, "id-1", "another"));
  g_assert_null (look_up (self, "id-2", "a file"));
  /* Copied, and gone since. */
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_null (look_up (self, "id-1", "a file"));
}

/* A folder of that name in the share is not the clipboard, whatever the virtual root makes of it.
 */
static void
test_not_in_the_share (Fixture *self, gconstpointer data)
{
  g_autofree char *folder = g_build_filename (self->dir, "share", ".spice-clipboard", "id", NULL);
  g_autofree char *path = g_build_filename (folder, "name", NULL);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, "not copied", -1, NULL));
  g_assert_null (look_up (self, "id", "name"));
}

static void
test_limit (Fixture *self, gconstpointer data)
{
  g_autoptr (Share) first = NULL;

  for (guint i = 0; i <= CLIPBOARD_MAX_ITEMS; i++)
    {
      g_autofree char *name = g_strdup_printf ("file-%u", i);
      g_autofree char *path = copy_file (self, name, name);
      g_autoptr (Share) item = look_up (self, name, name);

      g_assert_nonnull (item);
      if (i == 0)
        first = share_ref (item);
      g_assert_true (share_is_closed (first) == (i == CLIPBOARD_MAX_ITEMS));
    }
  /* It was closed for the last one; it is opened anew. */
  {
    g_autoptr (Share) again = look_up (self, "file-0", "file-0");

    g_assert_nonnull (again);
    g_assert_true (again != first);
    g_assert_false (share_is_closed (again));
  }
}

/* The viewer ends while a file is being opened. */
static void
test_freed_meanwhile (Fixture *self, gconstpointer data)
{
  g_autofree char *path = copy_file (self, "id-1", "a file");
  Answer answer = { FALSE, NULL };

  clipboard_lookup (self->clipboard, self->session, "id-1", "a file", on_found, &answer, &answer);
  clipboard_free (self->clipboard);
  self->clipboard = clipboard_new ();
  for (int i = 0; i < 100; i++)
    {
      g_usleep (1000);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_false (answer.called);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/clipboard/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("found", test_found);
  ADD ("not-found", test_not_found);
  ADD ("not-in-the-share", test_not_in_the_share);
  ADD ("limit", test_limit);
  ADD ("freed-meanwhile", test_freed_meanwhile);
  return g_test_run ();
}
