/* See commands-fixture.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "commands-fixture.h"

#include <glib/gstdio.h>
#include <unistd.h>

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  g_autoptr (GError) error = NULL;

  g_subprocess_communicate_utf8_finish (G_SUBPROCESS (source), result, &run->out, &run->err,
                                        &error);
  g_assert_no_error (error);
  run->done = TRUE;
}

int
run (Fixture *fixture, Run *result, ...)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autofree char *config = g_build_filename (fixture->folder, "config", NULL);
  g_autofree char *runtime = g_build_filename (fixture->folder, "runtime", NULL);
  g_autoptr (GError) error = NULL;
  const char *word;
  va_list words;
  int status;

  g_ptr_array_add (argv, (gpointer)(fixture->command != NULL ? fixture->command : COMMAND));
  va_start (words, result);
  do
    {
      word = va_arg (words, const char *);
      g_ptr_array_add (argv, (gpointer)word);
    }
  while (word != NULL);
  va_end (words);

  g_subprocess_launcher_setenv (launcher, "GSETTINGS_BACKEND",
                                fixture->backend != NULL ? fixture->backend : "keyfile", TRUE);
  g_subprocess_launcher_setenv (launcher, "XDG_CONFIG_HOME", config, TRUE);
  g_subprocess_launcher_setenv (launcher, "XDG_RUNTIME_DIR", runtime, TRUE);
  g_subprocess_launcher_unsetenv (launcher, "GTK_MODULES");
  g_subprocess_launcher_set_cwd (launcher, fixture->folder);
  *result = (Run){ 0 };
  result->process
      = g_subprocess_launcher_spawnv (launcher, (const char *const *)argv->pdata, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8_async (result->process, NULL, NULL, on_done, result);
  wait_for (result->done);
  status = g_subprocess_get_exit_status (result->process);
  g_object_unref (result->process);
  return status;
}

void
run_clear (Run *result)
{
  g_free (result->out);
  g_free (result->err);
}

void
on_asked (FakeChannel *channel, const char *dir, gboolean read_only, gpointer user_data)
{
  fake_channel_start (channel, dir, read_only);
}

static void
on_name (GDBusConnection *connection, const char *name, const char *owner, gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
}

void
wait_for_name (const char *name)
{
  gboolean is_on_bus = FALSE;
  guint watch = g_bus_watch_name (G_BUS_TYPE_SESSION, name, G_BUS_NAME_WATCHER_FLAGS_NONE, on_name,
                                  NULL, &is_on_bus, NULL);

  wait_for (is_on_bus);
  g_bus_unwatch_name (watch);
}

void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = g_strdup_printf ("org.spice_space.Share1.p%d", (int)getpid ());

  fixture->folder = g_dir_make_tmp ("spice-share-XXXXXX", NULL);
  fixture->photos = g_build_filename (fixture->folder, "photos", NULL);
  g_assert_cmpint (g_mkdir (fixture->photos, 0755), ==, 0);
  fixture->daemon = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (fixture->daemon);
  fixture->bus = share_bus_new ();
  fixture->session = fake_session_new ("web", fake_uuid);
  fixture->channel = fake_channel_new (fixture->session);
  g_object_set (fixture->channel, "ready", TRUE, "port-opened", TRUE, NULL);
  g_signal_connect (fixture->channel, "share-directory", G_CALLBACK (on_asked), NULL);
  g_signal_connect (fixture->channel, "stop-sharing", G_CALLBACK (fake_channel_end), NULL);
  share_bus_add_channel (fixture->bus, G_OBJECT (fixture->channel));
  wait_for_name (name);
}

void
close_viewer (Fixture *fixture)
{
  g_assert_finalize_object (fixture->channel);
  fixture->channel = NULL;
}

static void
remove_all (const char *folder)
{
  const char *const argv[] = { "rm", "-r", "--", folder, NULL };
  int status;

  g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
}

void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->bus);
  if (fixture->channel != NULL)
    g_assert_finalize_object (fixture->channel);
  g_assert_finalize_object (fixture->session);
  g_test_dbus_down (fixture->daemon);
  g_clear_object (&fixture->daemon);
  remove_all (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->photos);
}

static char *
keyfile_path (Fixture *fixture)
{
  return g_build_filename (fixture->folder, "config", "glib-2.0", "settings", "keyfile", NULL);
}

char *
read_keyfile (Fixture *fixture)
{
  g_autofree char *path = keyfile_path (fixture);
  char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? text : g_strdup ("");
}

void
write_keyfile (Fixture *fixture, const char *text)
{
  g_autofree char *path = keyfile_path (fixture);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}
