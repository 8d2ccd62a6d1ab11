/* `spice-share doctor`: what it makes of viewers, of a missing bus and of a missing schema.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "commands-fixture.h"

#include <glib/gstdio.h>
#include <unistd.h>

/* A library in the memory of this process, as far as its name goes. */
static GMappedFile *
map_library (Fixture *fixture, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_autoptr (GError) error = NULL;
  GMappedFile *file;

  g_file_set_contents (path, "x", 1, &error);
  g_assert_no_error (error);
  file = g_mapped_file_new (path, FALSE, &error);
  g_assert_no_error (error);
  return file;
}

/* virt-manager loads the module at its start and spice-gtk with the first machine. */
static void
test_late (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GMappedFile) gtk = map_library (fixture, "libgtk-3.so.0");
  g_autoptr (GMappedFile) spice = map_library (fixture, "libspice-client-glib-2.0.so.8");
  g_autofree char *plain = g_strdup_printf ("Viewer %d runs without the module", (int)getpid ());
  g_autofree char *late
      = g_strdup_printf ("Viewer %d loaded SPICE too late for the module", (int)getpid ());
  g_autoptr (GMappedFile) module = NULL;
  Run result;

  close_viewer (fixture);
  g_assert_cmpint (run (fixture, &result, "doctor", NULL), ==, EXIT_STATUS_FAILED);
  assert_contains (result.out, plain);
  run_clear (&result);

  module = map_library (fixture, "libspice-share.so");
  g_assert_cmpint (run (fixture, &result, "doctor", NULL), ==, EXIT_STATUS_FAILED);
  g_assert_null (strstr (result.out, plain));
  assert_contains (result.out, late);
  assert_contains (result.out, "“virt-viewer NAME”");
  run_clear (&result);
}

/* How to add the port is said as README.md says it. */
static void
test_port (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GMappedFile) gtk = map_library (fixture, "libgtk-3.so.0");
  g_autoptr (GMappedFile) spice = map_library (fixture, "libspice-client-glib-2.0.so.8");
  g_autoptr (GMappedFile) core = map_library (fixture, "libspice-share-core.so");
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "..", "README.md", NULL);
  g_autofree char *readme = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;
  char *start, *end;
  guint n = 0;
  Run result;

  close_viewer (fixture);
  g_assert_cmpint (run (fixture, &result, "doctor", NULL), ==, EXIT_STATUS_FAILED);
  assert_contains (result.out, "has the module, but its virtual machine has no port for it");

  g_file_get_contents (path, &readme, NULL, &error);
  g_assert_no_error (error);
  start = strstr (readme, "\n**The port.**");
  g_assert_nonnull (start);
  end = strstr (start, "\n**Linux.**");
  g_assert_nonnull (end);
  *end = '\0';
  lines = g_strsplit (start, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, "    "))
      {
        assert_contains (result.out, g_strstrip (*line));
        n++;
      }
  g_assert_cmpuint (n, >=, 7);
  run_clear (&result);
}

/* Who cannot ask knows of no viewer, and of none that there is not. */
static void
test_no_bus (Fixture *fixture, gconstpointer data)
{
  g_autofree char *address = g_strdup (g_getenv ("DBUS_SESSION_BUS_ADDRESS"));
  Run result;

  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
  run (fixture, &result, "doctor", NULL);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
  assert_contains (result.out, "The session bus cannot be reached");
  g_assert_null (strstr (result.out, "No viewer is running"));
  run_clear (&result);
}

static void
test_read_only (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder
      = g_strdup_printf ("The folder can be shared: %s (read-only)\n", fixture->photos);
  Run result;

  g_assert_cmpint (run (fixture, &result, "set", "photos", "--ro", NULL), ==, EXIT_STATUS_OK);
  run_clear (&result);
  run (fixture, &result, "doctor", NULL);
  assert_contains (result.out, folder);
  run_clear (&result);
}

/* A copy of the command lies beside no module, so the schema of the build tree is not found. */
static void
test_no_schema (Fixture *fixture, gconstpointer data)
{
  g_autofree char *copy = g_build_filename (fixture->folder, "spice-share", NULL);
  g_autofree char *schemas = g_strdup (g_getenv ("GSETTINGS_SCHEMA_DIR"));
  g_autofree char *program = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;
  Run result;

  g_file_get_contents (COMMAND, &program, &size, &error);
  g_assert_no_error (error);
  g_file_set_contents_full (copy, program, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0755, &error);
  g_assert_no_error (error);
  fixture->command = copy;
  g_setenv ("XDG_DATA_DIRS", fixture->folder, TRUE);
  g_unsetenv ("GSETTINGS_SCHEMA_DIR");
  g_assert_cmpint (run (fixture, &result, "doctor", NULL), ==, EXIT_STATUS_FAILED);
  if (schemas != NULL)
    g_setenv ("GSETTINGS_SCHEMA_DIR", schemas, TRUE);
  g_unsetenv ("XDG_DATA_DIRS");
  assert_contains (result.out, "The settings schema org.spice-space.webdav is not installed");
  g_assert_null (strstr (result.out, "The settings share no folder"));
  g_assert_cmpstr (result.err, ==, "");
  run_clear (&result);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/doctor/late", test_late);
  ADD ("/doctor/port", test_port);
  ADD ("/doctor/no-bus", test_no_bus);
  ADD ("/doctor/read-only", test_read_only);
  ADD ("/doctor/no-schema", test_no_schema);
  return g_test_run ();
}
