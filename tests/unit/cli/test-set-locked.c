/* `spice-share set` and `stop` where an administrator has locked a key, with the real dconf.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "commands-fixture.h"

#include <signal.h>

/* Where Debian has it. It writes to the configuration of the one who starts it. */
#define DCONF_SERVICE "/usr/libexec/dconf-service"

#define VM_PATH "/org/spice-space/webdav/vm/" FAKE_UUID "/"
#define VM_GROUP "[org/spice-space/webdav/vm/" FAKE_UUID "]\n"

static GSubprocess *
start_dconf (Fixture *fixture)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autofree char *config = g_build_filename (fixture->folder, "config", NULL);
  g_autofree char *runtime = g_build_filename (fixture->folder, "runtime", NULL);
  g_autoptr (GError) error = NULL;
  GSubprocess *service;

  g_subprocess_launcher_setenv (launcher, "XDG_CONFIG_HOME", config, TRUE);
  g_subprocess_launcher_setenv (launcher, "XDG_RUNTIME_DIR", runtime, TRUE);
  service = g_subprocess_launcher_spawn (launcher, &error, DCONF_SERVICE, NULL);
  g_assert_no_error (error);
  wait_for_name ("ca.desrt.dconf");
  return service;
}

static void
stop_dconf (GSubprocess *service)
{
  g_subprocess_send_signal (service, SIGTERM);
  g_assert_true (g_subprocess_wait (service, NULL, NULL));
}

static void
write_file (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
run_dconf (const char *word, const char *to, const char *from)
{
  const char *const argv[] = { "dconf", word, to, from, NULL };
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status,
                &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
}

/* A profile of the user's settings and the administrator's: @lines, and @locks of them. */
static void
write_profile (const char *folder, const char *lines, const char *locks)
{
  g_autofree char *source = g_build_filename (folder, "source", NULL);
  g_autofree char *locked = g_build_filename (source, "locks", NULL);
  g_autofree char *database = g_build_filename (folder, "database", NULL);
  g_autofree char *profile = g_strdup_printf ("user-db:user\nfile-db:%s\n", database);

  g_assert_no_errno (g_mkdir_with_parents (locked, 0755));
  write_file (source, "settings", lines);
  write_file (locked, "locks", locks);
  run_dconf ("compile", database, source);
  write_file (folder, "profile", profile);
}

/* Read-only is all that is allowed: with that a folder can be set, without it not, and sharing can
 * be ended. */
static void
test_read_only_locked (Fixture *fixture, gconstpointer folder)
{
  g_autoptr (GSubprocess) service = NULL;
  Run result;

  write_profile (folder, "[org/spice-space/webdav]\nshare-dir-ro=true\n",
                 "/org/spice-space/webdav/share-dir-ro\n");
  service = start_dconf (fixture);
  fixture->backend = "dconf";

  g_assert_cmpint (run (fixture, &result, "set", "photos", NULL), ==, EXIT_STATUS_FAILED);
  assert_contains (result.err, "the setting cannot be written");
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 0);

  g_assert_cmpint (run (fixture, &result, "set", "--ro", "photos", NULL), ==, EXIT_STATUS_OK);
  assert_contains (result.out, "(read-only)");
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 1);
  run (fixture, &result, "doctor", NULL);
  assert_contains (result.out, fixture->photos);
  run_clear (&result);

  g_assert_cmpint (run (fixture, &result, "stop", NULL), ==, EXIT_STATUS_OK);
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_stop (fixture->channel), ==, 1);

  stop_dconf (service);
}

/* One machine's own folder stays whatever its user does; what is shared with it now ends. */
static void
test_vm_locked (Fixture *fixture, gconstpointer folder)
{
  g_autofree char *lines
      = g_strdup_printf (VM_GROUP "override=true\nshare-dir='%s'\n", fixture->photos);
  g_autoptr (GSubprocess) service = NULL;
  Run result;

  write_profile (folder, lines, VM_PATH "override\n" VM_PATH "share-dir\n");
  service = start_dconf (fixture);
  fixture->backend = "dconf";

  g_assert_cmpint (run (fixture, &result, "stop", NULL), ==, EXIT_STATUS_FAILED);
  g_assert_cmpstr (result.out, ==, "web: not shared any more\n");
  g_assert_cmpstr (result.err, ==,
                   "web: its own setting cannot be written; the next viewer shares again\n");
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_stop (fixture->channel), ==, 1);

  stop_dconf (service);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = g_dir_make_tmp ("spice-share-dconf-XXXXXX", NULL);
  g_autofree char *profile = g_build_filename (folder, "profile", NULL);
  const char *const remove[] = { "rm", "-r", "--", folder, NULL };
  int status;

  /* Before there is a thread. */
  g_setenv ("DCONF_PROFILE", profile, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/set-locked/read-only", Fixture, folder, set_up, test_read_only_locked, tear_down);
  g_test_add ("/set-locked/vm", Fixture, folder, set_up, test_vm_locked, tear_down);
  status = g_test_run ();
  g_assert_true (g_spawn_sync (NULL, (char **)remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, NULL, NULL));
  return status;
}
