/* The commands as a person runs them, with a stand-in channel on a session bus of the test's own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fake-channel.h"
#include "rig-wait.h"

#include "bus/share-bus.h"
#include "cli/exit-status.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Home, and erase to the end (ECMA-48). */
#define CLEAR "\033[H\033[J"
#define wait_for(condition) rig_wait_until (condition, 20)

typedef struct
{
  GTestDBus *daemon;
  ShareBus *bus;
  FakeSession *session;
  FakeChannel *channel;
  char *folder;
  char *photos;
} Fixture;

typedef struct
{
  GSubprocess *process;
  char *out;
  char *err;
  gboolean done;
} Run;

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

static void
on_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

/* Runs it with words up to NULL, while this process plays the viewer; returns its exit status. */
static int
run (Fixture *fixture, Run *result, ...)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autofree char *config = g_build_filename (fixture->folder, "config", NULL);
  g_autoptr (GError) error = NULL;
  const char *word;
  va_list words;
  int status;

  g_ptr_array_add (argv, (gpointer)COMMAND);
  va_start (words, result);
  do
    {
      word = va_arg (words, const char *);
      g_ptr_array_add (argv, (gpointer)word);
    }
  while (word != NULL);
  va_end (words);

  g_subprocess_launcher_setenv (launcher, "GSETTINGS_BACKEND", "keyfile", TRUE);
  g_subprocess_launcher_setenv (launcher, "XDG_CONFIG_HOME", config, TRUE);
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

static void
run_clear (Run *result)
{
  g_free (result->out);
  g_free (result->err);
}

/* What the real channel does when it is asked. */
static void
on_asked (FakeChannel *channel, const char *dir, gboolean read_only, gpointer user_data)
{
  fake_channel_start (channel, dir, read_only);
}

static void
on_name (GDBusConnection *connection, const char *name, const char *owner, gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = g_strdup_printf ("org.spice_space.Share1.p%d", (int)getpid ());
  gboolean is_on_bus = FALSE;
  guint watch;

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
  watch = g_bus_watch_name (G_BUS_TYPE_SESSION, name, G_BUS_NAME_WATCHER_FLAGS_NONE, on_name, NULL,
                            &is_on_bus, NULL);
  wait_for (is_on_bus);
  g_bus_unwatch_name (watch);
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

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->bus);
  g_assert_finalize_object (fixture->channel);
  g_assert_finalize_object (fixture->session);
  g_test_dbus_down (fixture->daemon);
  g_clear_object (&fixture->daemon);
  remove_all (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->photos);
}

static char *
read_keyfile (Fixture *fixture)
{
  g_autofree char *path
      = g_build_filename (fixture->folder, "config", "glib-2.0", "settings", "keyfile", NULL);
  char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? text : g_strdup ("");
}

#define assert_contains(text, part)                                                                \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (strstr (text, part) == NULL)                                                               \
      g_error ("%s:%d: “%s” is not in “%s”", __FILE__, __LINE__, part, text);                      \
  }                                                                                                \
  G_STMT_END

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

/* On a terminal a table, drawn anew in its place when something has changed. */
static void
test_watch_terminal (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GAsyncResult) ended = NULL;
  g_autoptr (GVariant) transfers = NULL;
  int terminal = posix_openpt (O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

  g_assert_cmpint (terminal, >=, 0);
  g_assert_cmpint (grantpt (terminal), ==, 0);
  g_assert_cmpint (unlockpt (terminal), ==, 0);
  g_subprocess_launcher_take_stdout_fd (launcher,
                                        open (ptsname (terminal), O_RDWR | O_NOCTTY | O_CLOEXEC));
  process = g_subprocess_launcher_spawn (launcher, &error, COMMAND, "status", "--watch", NULL);
  g_assert_no_error (error);

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
  g_subprocess_wait_async (process, NULL, on_result, &ended);
  wait_for (ended != NULL);
  g_assert_true (g_subprocess_wait_finish (process, ended, &error));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, EXIT_STATUS_OK);
  close (terminal);
}

static void
test_set (Fixture *fixture, gconstpointer data)
{
  g_autofree char *keyfile = NULL;
  g_autofree char *setting = g_strdup_printf ("share-dir='%s'", fixture->photos);
  Run result;

  g_assert_cmpint (run (fixture, &result, "set", "photos", "--ro", NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, "web: shared\n");
  run_clear (&result);
  g_assert_cmpstr (fake_channel_get_asked_dir (fixture->channel), ==, fixture->photos);
  g_assert_true (fake_channel_get_asked_read_only (fixture->channel));
  keyfile = read_keyfile (fixture);
  assert_contains (keyfile, "[org/spice-space/webdav]");
  assert_contains (keyfile, setting);
  assert_contains (keyfile, "share-dir-ro=true");
  g_free (keyfile);

  g_assert_cmpint (run (fixture, &result, "stop", NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, "web: not shared any more\n");
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_stop (fixture->channel), ==, 1);
  keyfile = read_keyfile (fixture);
  assert_contains (keyfile, "share-dir=''");
  assert_contains (keyfile, "share-dir-ro=true");

  g_assert_cmpint (run (fixture, &result, "set", "nothing-here", NULL), ==, EXIT_STATUS_USAGE);
  assert_contains (result.err, "nothing-here");
  run_clear (&result);
  g_assert_cmpint (run (fixture, &result, "set", NULL), ==, EXIT_STATUS_USAGE);
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 1);
}

static void
test_set_vm (Fixture *fixture, gconstpointer data)
{
  g_autofree char *keyfile = NULL;
  g_autofree char *own = g_strdup_printf (
      "web (viewer %d): settings of its own are in effect: share-dir = '%s', share-dir-ro = false",
      (int)getpid (), fixture->photos);
  Run result;

  run (fixture, &result, "doctor", NULL);
  g_assert_null (strstr (result.out, "settings of its own"));
  run_clear (&result);
  g_assert_cmpint (run (fixture, &result, "set", "photos", "--vm", "web", NULL), ==,
                   EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, "web: shared\n");
  run_clear (&result);
  keyfile = read_keyfile (fixture);
  assert_contains (keyfile, "[org/spice-space/webdav/vm/" FAKE_UUID "]");
  assert_contains (keyfile, "override=true");
  g_assert_null (strstr (keyfile, "[org/spice-space/webdav]"));
  run (fixture, &result, "doctor", NULL);
  assert_contains (result.out, own);
  run_clear (&result);

  /* What is for all is not for this one any more. */
  g_assert_cmpint (run (fixture, &result, "set", ".", NULL), ==, EXIT_STATUS_OK);
  assert_contains (result.out, "has settings of its own");
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 1);

  g_assert_cmpint (run (fixture, &result, "stop", "--vm", FAKE_UUID, NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, "web: not shared any more\n");
  run_clear (&result);
  g_assert_cmpint (run (fixture, &result, "set", "photos", "--vm", "nobody", NULL), ==,
                   EXIT_STATUS_FAILED);
  assert_contains (result.err, "nobody");
  run_clear (&result);
}

/* Two virtual machines of one name. */
static void
test_ambiguous (Fixture *fixture, gconstpointer data)
{
  static const guint8 other_uuid[16] = { 1 };
  g_autoptr (FakeSession) session = fake_session_new ("web", other_uuid);
  g_autoptr (FakeChannel) channel = fake_channel_new (session);
  Run result;

  share_bus_add_channel (fixture->bus, G_OBJECT (channel));
  g_assert_cmpint (run (fixture, &result, "set", "photos", "--vm", "web", NULL), ==,
                   EXIT_STATUS_FAILED);
  assert_contains (result.err, "UUID");
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 0);
}

static void
on_asked_in_vain (FakeChannel *channel, const char *dir, gboolean read_only, gpointer user_data)
{
  fake_channel_fail (channel, "This viewer cannot.");
}

static void
test_set_fails (Fixture *fixture, gconstpointer data)
{
  Run result;

  g_signal_handlers_disconnect_by_func (fixture->channel, on_asked, NULL);
  g_signal_connect (fixture->channel, "share-directory", G_CALLBACK (on_asked_in_vain), NULL);
  g_assert_cmpint (run (fixture, &result, "set", "photos", NULL), ==, EXIT_STATUS_FAILED);
  g_assert_cmpstr (result.err, ==, "web: This viewer cannot.\n");
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

/* The file of the environment, and the key of GNOME's own schema, as Debian packages it. */
static void
test_enable (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path
      = g_build_filename (fixture->folder, "config", "environment.d", "90-spice-share.conf", NULL);
  g_autofree char *settings
      = g_build_filename (fixture->folder, "config", "glib-2.0", "settings", NULL);
  g_autofree char *keyfile = g_build_filename (settings, "keyfile", NULL);
  g_autofree char *enabled = NULL;
  g_autofree char *disabled = NULL;
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
  assert_contains (result.out, "Viewers load the module by themselves");
  run_clear (&result);

  /* The desktop's key is overridden by somebody else. */
  write_modules (keyfile);
  run (fixture, &result, "doctor", NULL);
  assert_contains (result.out, "The module is enabled, but");
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
  ADD ("/commands/set", test_set);
  ADD ("/commands/set/vm", test_set_vm);
  ADD ("/commands/set/ambiguous", test_ambiguous);
  ADD ("/commands/set/fails", test_set_fails);
  ADD ("/commands/doctor", test_doctor);
  ADD ("/commands/enable", test_enable);
  return g_test_run ();
}
