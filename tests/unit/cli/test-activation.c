/* Turning the module on for good: what is written, what is kept, what is undone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/activation.h"

#include <glib/gstdio.h>

#define assert_text(call, expected)                                                                \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *text = call;                                                                  \
    g_assert_cmpstr (text, ==, expected);                                                          \
  }                                                                                                \
  G_STMT_END

static void
test_list (void)
{
  g_assert_true (activation_has ("gail:spice-share", "spice-share"));
  g_assert_false (activation_has ("gail:spice-share-x", "spice-share"));
  g_assert_false (activation_has (NULL, "spice-share"));
}

/* A desktop with the key, and one without. */
static GPtrArray *
make_desktop (const char *folder)
{
  g_autofree char *file = g_build_filename (folder, "test.gschema.xml", NULL);
  g_autofree char *command = g_strdup_printf ("glib-compile-schemas --strict '%s'", folder);
  g_autoptr (GSettingsSchemaSource) source = NULL;
  g_autoptr (GSettingsSchema) schema = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *desktop = g_ptr_array_new_with_free_func (g_object_unref);
  int status;

  g_file_set_contents (file,
                       "<schemalist><schema id='org.example.xsettings' path='/org/example/x/'>"
                       "<key name='enabled-gtk-modules' type='as'><default>[]</default></key>"
                       "</schema></schemalist>",
                       -1, &error);
  g_assert_no_error (error);
  g_spawn_command_line_sync (command, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  source = g_settings_schema_source_new_from_directory (folder, NULL, TRUE, &error);
  g_assert_no_error (error);
  schema = g_settings_schema_source_lookup (source, "org.example.xsettings", FALSE);
  g_ptr_array_add (desktop, g_settings_new_full (schema, NULL, NULL));
  return desktop;
}

static void
assert_modules (GPtrArray *desktop, const char *expected)
{
  g_auto (GStrv) modules = g_settings_get_strv (desktop->pdata[0], ACTIVATION_DESKTOP_KEY);

  assert_text (g_strjoinv (" ", modules), expected);
}

static void
test_enable (void)
{
  const char *const others[] = { "gail", "atk-bridge", NULL };
  g_autofree char *folder = g_dir_make_tmp ("spice-share-XXXXXX", NULL);
  g_autoptr (GPtrArray) desktop = make_desktop (folder);
  g_autofree char *path = activation_file ();
  g_autofree char *text = NULL;
  g_autofree char *environment = g_path_get_dirname (path);
  g_autofree char *neighbour = g_build_filename (environment, "10-mine.conf", NULL);
  g_autoptr (GError) error = NULL;

  g_settings_set_strv (desktop->pdata[0], ACTIVATION_DESKTOP_KEY, others);
  for (guint i = 0; i < 2; i++)
    {
      activation_enable ("spice-share", desktop, &error);
      g_assert_no_error (error);
    }
  assert_modules (desktop, "gail atk-bridge spice-share");
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (
      g_str_has_suffix (text, "\nGTK_MODULES=${GTK_MODULES:+$GTK_MODULES:}spice-share\n"));

  /* Only what is ours goes. */
  g_file_set_contents (neighbour, "GTK_MODULES=gail\n", -1, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    {
      activation_disable ("spice-share", desktop, &error);
      g_assert_no_error (error);
    }
  assert_modules (desktop, "gail atk-bridge");
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (neighbour, G_FILE_TEST_EXISTS));

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *file
          = g_build_filename (folder, i == 0 ? "test.gschema.xml" : "gschemas.compiled", NULL);

      g_assert_cmpint (g_unlink (file), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* A file where the folder has to be. */
static void
test_cannot_write (void)
{
  g_autoptr (GPtrArray) desktop = g_ptr_array_new ();
  g_autofree char *path = activation_file ();
  g_autofree char *environment = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (g_get_user_config_dir (), 0700), ==, 0);
  g_file_set_contents (environment, "", -1, &error);
  g_assert_no_error (error);
  g_assert_false (activation_enable ("spice-share", desktop, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/activation/list", test_list);
  g_test_add_func ("/activation/enable", test_enable);
  g_test_add_func ("/activation/cannot-write", test_cannot_write);
  return g_test_run ();
}
