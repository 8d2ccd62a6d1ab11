/* `spice-share status`, `doctor`, `enable` and `disable`.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "commands-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Home, and erase to the end (ECMA-48). */
#define CLEAR "\033[H\033[J"

static void
on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static void
test_status (Fixture *fixture, gconstpointer data)
{
  g_autofree char *line = g_strdup_printf ("%d\tweb\tread-only\tro\t%s\t0\t0\t0\t0\n",
                                           (int)getpid (), fixture->photos);
  Run result;

  fake_channel_start (fixture->channel, fixture->photos, TRUE);
  g_assert_cmpint (run (fixture, &result, "status", NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, line);
  g_assert_cmpstr (result.err, ==, "");
  run_clear (&result);

  g_assert_cmpint (run (fixture, &result, "status", "--json", NULL), ==, EXIT_STATUS_OK);
  g_assert_true (g_str_has_prefix (result.out, "[{\"pid\":"));
  g_assert_true (g_str_has_suffix (result.out, "\"transfers\":[]}]\n"));
  assert_contains (result.out, "\"vm_uuid\":\"" FAKE_UUID "\"");
  run_clear (&result);

  g_assert_cmpint (run (fixture, &result, "status", "what", NULL), ==, EXIT_STATUS_USAGE);
  run_clear (&result);
  g_assert_cmpint (run (fixture, &result, "status", "--what", NULL), ==, EXIT_STATUS_USAGE);
  assert_contains (result.err, "--what");
  run_clear (&result);
}

/* A line is there once it is whole. */
static char *
read_line (GDataInputStream *stream)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *line;

  g_data_input_stream_read_line_async (stream, G_PRIORITY_DEFAULT, NULL, on_result, &result);
  wait_for (result != NULL);
  line = g_data_input_stream_read_line_finish_utf8 (stream, result, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (line);
  return line;
}

/* What changes is said again, until somebody interrupts it. */
static void
test_watch (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                                                      COMMAND, "status", "--watch", "--json", NULL);
  g_autoptr (GDataInputStream) stream = NULL;
  g_autofree char *off = NULL;
  g_autofree char *on = NULL;
  g_autoptr (GAsyncResult) ended = NULL;

  g_assert_no_error (error);
  stream = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  off = read_line (stream);
  assert_contains (off, "\"state\":\"off\"");
  fake_channel_start (fixture->channel, fixture->photos, FALSE);
  on = read_line (stream);
  assert_contains (on, "\"state\":\"shared\"");

  g_subprocess_send_signal (process, SIGINT);
  g_subprocess_wait_async (process, NULL, on_result, &ended);
  wait_for (ended != NULL);
  g_assert_true (g_subprocess_wait_finish (process, ended, &error));
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, EXIT_STATUS_OK);
}

/* Reads what a terminal is told until @part comes, and forgets what was before. */
static void
expect_on_terminal (int terminal, GString *seen, const char *part)
{
  char *found;

  while ((found = strstr (seen->str, part)) == NULL)
    {
      char buffer[4096];
      gssize n;

      wait_for ((n = read (terminal, buffer, sizeof buffer)) != -1 || errno != EAGAIN);
      g_assert_cmpint (n, >, 0);
      g_string_append_len (seen, buffer, n);
    }
  g_string_erase (seen, 0, found - seen->str + (gssize)strlen (part));
}

/* Starts `status`, with @option if it is not NULL, on a terminal; returns our side of that. */
static int
status_on_terminal (Fixture *fixture, const char *option, GSubprocess **process)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autofree char *config = g_build_filename (fixture->folder, "config", NULL);
  g_autoptr (GError) error = NULL;
  int terminal = posix_openpt (O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

  g_assert_cmpint (terminal, >=, 0);
  g_assert_cmpint (grantpt (terminal), ==, 0);
  g_assert_cmpint (unlockpt (terminal), ==, 0);
  g_subprocess_launcher_take_stdout_fd (launcher,
                                        open (ptsname (terminal), O_RDWR | O_NOCTTY | O_CLOEXEC));
  g_subprocess_launcher_setenv (launcher, "GSETTINGS_BACKEND", "keyfile", TRUE);
  g_subprocess_launcher_setenv (launcher, "XDG_CONFIG_HOME", config, TRUE);
  *process = g_subprocess_launcher_spawn (launcher, &error, COMMAND, "status", option, NULL);
  g_assert_no_error (error);
  return terminal;
}

static void
wait_for_success (GSubprocess *process)
{
  g_autoptr (GAsyncResult) ended = NULL;
  g_autoptr (GError) error = NULL;

  g_subprocess_wait_async (process, NULL, on_result, &ended);
  wait_for (ended != NULL);
  g_assert_true (g_subprocess_wait_finish (process, ended, &error));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, EXIT_STATUS_OK);
}

/* On a terminal a table, drawn anew in its place when something has changed. */
static void
test_watch_terminal (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GVariant) transfers = NULL;
  int terminal = status_on_terminal (fixture, "--watch", &process);

  expect_on_terminal (terminal, seen, CLEAR "web               Off ");
  fake_channel_start (fixture->channel, fixture->photos, FALSE);
  transfers = g_variant_ref_sink (g_variant_new_parsed (
      "[(uint64 7, 'big.iso', 'download', uint64 1000000, uint64 3000000, int64 1)]"));
  g_object_set (fixture->channel, "port-opened", TRUE, "transfers", transfers, NULL);
  expect_on_terminal (terminal, seen, CLEAR);
  expect_on_terminal (terminal, seen, "web               Transferring ");
  expect_on_terminal (terminal, seen, fixture->photos);
  expect_on_terminal (terminal, seen, "\n  → big.iso  1.0\302\240MB of 3.0\302\240MB");

  g_subprocess_send_signal (process, SIGTERM);
  wait_for_success (process);
  close (terminal);
}

/* Without a viewer: what the next one would share. */
static void
test_status_for_later (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSubprocess) before = NULL;
  g_autoptr (GSubprocess) after = NULL;
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autofree char *choice
      = g_strdup_printf ("Set for those started from now on: %s (read-only)\r\n", fixture->photos);
  int terminal;
  Run result;

  close_viewer (fixture);
  terminal = status_on_terminal (fixture, NULL, &before);
  expect_on_terminal (terminal, seen, "No viewer with spice-share is connected");
  expect_on_terminal (terminal, seen, "Set for those started from now on: no folder\r\n");
  wait_for_success (before);
  close (terminal);

  g_assert_cmpint (run (fixture, &result, "set", "photos", "--ro", NULL), ==, EXIT_STATUS_OK);
  run_clear (&result);
  terminal = status_on_terminal (fixture, NULL, &after);
  expect_on_terminal (terminal, seen, choice);
  wait_for_success (after);
  close (terminal);

  /* A program counts lines. */
  g_assert_cmpint (run (fixture, &result, "status", NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, "");
  run_clear (&result);
}

static void
test_doctor (Fixture *fixture, gconstpointer data)
{
  Run result;

  run (fixture, &result, "doctor", NULL);
  assert_contains (result.out, "libspice-share.so");
  assert_contains (result.out, "share-dir = '' (the default)");
  assert_contains (result.out, "web (viewer ");
  assert_contains (result.out, "The settings share no folder");
  run_clear (&result);

  /* A folder that went away is found, and counts. */
  g_assert_cmpint (run (fixture, &result, "set", "photos", NULL), ==, EXIT_STATUS_OK);
  run_clear (&result);
  g_assert_cmpint (g_rmdir (fixture->photos), ==, 0);
  g_assert_cmpint (run (fixture, &result, "doctor", NULL), ==, EXIT_STATUS_FAILED);
  assert_contains (result.out, "(set by you)");
  assert_contains (result.out, "✗ The folder “");
  run_clear (&result);
}

/* What somebody has set for GNOME. */
static void
write_modules (const char *keyfile)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (keyfile,
                       "[org/gnome/settings-daemon/plugins/xsettings]\n"
                       "enabled-gtk-modules=['gail']\n",
                       -1, &error);
  g_assert_no_error (error);
}

typedef struct
{
  GDBusConnection *bus;
  guint object_id;
  guint name_id;
  gboolean is_owned;
} SettingsDaemon;

static GVariant *
get_modules (GDBusConnection *bus,
             const char *sender,
             const char *path,
             const char *interface,
             const char *name,
             GError **error,
             gpointer user_data)
{
  return g_variant_new_string (user_data);
}

static void
on_owned (GDBusConnection *bus, const char *name, gpointer user_data)
{
  ((SettingsDaemon *)user_data)->is_owned = TRUE;
}

/* What the settings daemons of desktops tell GTK. */
static SettingsDaemon *
own_settings (const char *modules)
{
  static const GDBusInterfaceVTable vtable = { .get_property = get_modules };
  SettingsDaemon *self = g_new0 (SettingsDaemon, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusNodeInfo) node
      = g_dbus_node_info_new_for_xml ("<node><interface name='org.gtk.Settings'>"
                                      "<property name='Modules' type='s' access='read'/>"
                                      "</interface></node>",
                                      &error);

  g_assert_no_error (error);
  self->bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  g_assert_no_error (error);
  self->object_id
      = g_dbus_connection_register_object (self->bus, "/org/gtk/Settings", node->interfaces[0],
                                           &vtable, g_strdup (modules), g_free, &error);
  g_assert_no_error (error);
  self->name_id = g_bus_own_name_on_connection (
      self->bus, "org.gtk.Settings", G_BUS_NAME_OWNER_FLAGS_NONE, on_owned, NULL, self, NULL);
  wait_for (self->is_owned);
  return self;
}

static void
disown_settings (SettingsDaemon *self)
{
  g_bus_unown_name (self->name_id);
  g_dbus_connection_unregister_object (self->bus, self->object_id);
  g_object_unref (self->bus);
  g_free (self);
}

/* The file of the environment, and the key of GNOME's own schema, as Debian packages it. */
static void
test_enable (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path
      = g_build_filename (fixture->folder, "config", "environment.d", "90-spice-share.conf", NULL);
  g_autofree char *settings
      = g_build_filename (fixture->folder, "config", "glib-2.0", "settings", NULL);
  g_autofree char *keyfile = g_build_filename (settings, "keyfile", NULL);
  g_autofree char *systemd = g_build_filename (fixture->folder, "runtime", "systemd", NULL);
  g_autofree char *socket = g_build_filename (systemd, "private", NULL);
  g_autofree char *enabled = NULL;
  g_autofree char *disabled = NULL;
  SettingsDaemon *daemon;
  Run result;

  g_assert_cmpint (g_mkdir_with_parents (settings, 0700), ==, 0);
  write_modules (keyfile);
  run (fixture, &result, "doctor", NULL);
  assert_contains (result.out, "only when spice-share starts them");
  run_clear (&result);

  g_assert_cmpint (run (fixture, &result, "enable", NULL), ==, EXIT_STATUS_OK);
  run_clear (&result);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  enabled = read_keyfile (fixture);
  assert_contains (enabled,
                   "enabled-gtk-modules=['gail', '" BUILD_DIR "/plugin/libspice-share.so']\n");
  run (fixture, &result, "doctor", NULL);
  assert_contains (result.out, "but nothing in this session makes use of that\n    Write into");
  run_clear (&result);

  /* With systemd's user session the next login may do it, */
  g_assert_cmpint (g_mkdir_with_parents (systemd, 0700), ==, 0);
  g_assert_true (g_file_set_contents (socket, "", 0, NULL));
  run (fixture, &result, "doctor", NULL);
  assert_contains (result.out, "but not in effect in this session\n    Log out and in again.");
  run_clear (&result);

  /* and the desktop's daemon does it now. */
  daemon = own_settings (BUILD_DIR "/plugin/libspice-share.so");
  run (fixture, &result, "doctor", NULL);
  assert_contains (result.out, "Viewers load the module by themselves");
  run_clear (&result);
  disown_settings (daemon);

  /* The desktop's key is overridden by somebody else. */
  write_modules (keyfile);
  run (fixture, &result, "doctor", NULL);
  assert_contains (result.out, "The module is enabled, but not in effect");
  run_clear (&result);
  g_assert_cmpint (run (fixture, &result, "enable", NULL), ==, EXIT_STATUS_OK);
  run_clear (&result);
  g_assert_cmpint (run (fixture, &result, "disable", NULL), ==, EXIT_STATUS_OK);
  run_clear (&result);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  disabled = read_keyfile (fixture);
  assert_contains (disabled, "enabled-gtk-modules=['gail']\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/commands/status", test_status);
  ADD ("/commands/status/watch", test_watch);
  ADD ("/commands/status/watch/terminal", test_watch_terminal);
  ADD ("/commands/status/for-later", test_status_for_later);
  ADD ("/commands/doctor", test_doctor);
  ADD ("/commands/enable", test_enable);
  return g_test_run ();
}
