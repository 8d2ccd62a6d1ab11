/* The GTK module in programs that are no SPICE viewer, or not one it can live in. Links GLib only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <dlfcn.h>
#include <string.h>

#include <glib.h>

#define MODULE BUILD_DIR "/plugin/libspice-share.so"
#define STAND_IN BUILD_DIR "/tests/unit/cli/stand-in-spice-client.so"
#define SOUP2 "libsoup-2.4.so.1"

/* The files that are mapped into this process. */
static GHashTable *
mapped_files (void)
{
  GHashTable *files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *maps = NULL;
  g_auto (GStrv) lines = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL));
  lines = g_strsplit (maps, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *path = strchr (lines[i], '/');

      if (path != NULL)
        g_hash_table_add (files, g_strdup (path));
    }
  return files;
}

static gboolean
is_mapped (const char *name)
{
  g_autoptr (GHashTable) files = mapped_files ();
  GHashTableIter iter;
  gpointer path;

  g_hash_table_iter_init (&iter, files);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    if (strstr (path, name) != NULL)
      return TRUE;
  return FALSE;
}

static void *
load (const char *path)
{
  void *handle = dlopen (path, RTLD_LAZY | RTLD_LOCAL);

  if (handle == NULL)
    g_error ("%s", dlerror ());
  return handle;
}

static void
call_init (void *module)
{
  void (*init) (int *argc, char ***argv);
  int argc = 0;
  char **argv = NULL;

  *(void **)&init = dlsym (module, "gtk_module_init");
  g_assert_nonnull (init);
  init (&argc, &argv);
}

/* In a program without spice-gtk the module is mapped, and nothing else is. */
static void
test_no_viewer (void)
{
  g_autoptr (GHashTable) before = NULL;
  g_autoptr (GHashTable) after = NULL;
  GHashTableIter iter;
  gpointer path;
  void *module;

  g_assert_false (is_mapped ("libspice-client-glib"));
  before = mapped_files ();
  module = load (MODULE);
  call_init (module);
  after = mapped_files ();

  g_hash_table_iter_init (&iter, after);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    if (!g_hash_table_contains (before, path))
      g_assert_cmpstr (path, ==, MODULE);

  /* Resident: what GTK was given once stays. */
  dlclose (module);
  g_assert_true (is_mapped ("/libspice-share.so"));
}

/* libsoup 3 would end a process that has libsoup 2.4: one warning, and we stay out. */
static void
test_soup2 (void)
{
  void *module;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      return;
    }
  load (STAND_IN);
  load (SOUP2);
  module = load (MODULE);

  g_test_expect_message ("spice-share", G_LOG_LEVEL_WARNING, "*libsoup 2.4*stays out*");
  call_init (module);
  g_test_assert_expected_messages ();
  g_assert_false (is_mapped ("libspice-share-core"));
  g_assert_false (is_mapped ("libsoup-3"));

  /* GTK calls again: not another word. Warnings are fatal here. */
  call_init (module);
}

/* A spice-gtk that lacks what we need: one warning, and the viewer lives. */
static void
test_other_spice_gtk (void)
{
  void *module;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      return;
    }
  load (STAND_IN);
  module = load (MODULE);

  g_test_expect_message ("spice-share", G_LOG_LEVEL_WARNING, "*spice-share cannot be loaded*");
  call_init (module);
  g_test_assert_expected_messages ();
  g_assert_false (is_mapped ("libspice-share-core"));
  call_init (module);
}

static void
assert_exports (const char *file, const char *const *expected)
{
  g_autofree char *path = g_build_filename (BUILD_DIR, "plugin", file, NULL);
  const char *argv[] = { "nm", "-D", "--defined-only", "--format=just-symbols", path, NULL };
  g_autofree char *output = NULL;
  g_auto (GStrv) symbols = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL, &status,
                &error);
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, &error));
  symbols = g_strsplit (g_strstrip (output), "\n", -1);
  g_assert_cmpuint (g_strv_length (symbols), ==, g_strv_length ((char **)expected));
  for (guint i = 0; expected[i] != NULL; i++)
    g_assert_true (g_strv_contains ((const char *const *)symbols, expected[i]));
}

static void
test_exports (void)
{
  assert_exports ("libspice-share.so", (const char *const[]){ "gtk_module_init", NULL });
  assert_exports ("libspice-share-core.so", (const char *const[]){ "spice_share_core_init", NULL });
  assert_exports ("libspice-share-ui.so",
                  (const char *const[]){ "spice_share_ui_init", "spice_share_ui_add_session",
                                         "spice_share_ui_add_channel", NULL });
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/module/no-viewer", test_no_viewer);
  g_test_add_func ("/module/soup2", test_soup2);
  g_test_add_func ("/module/other-spice-gtk", test_other_spice_gtk);
  g_test_add_func ("/module/exports", test_exports);
  return g_test_run ();
}
