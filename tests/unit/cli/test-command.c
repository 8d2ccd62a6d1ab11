/* `spice-share` as a person runs it: what it says, and what it ends with.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "cli/exit-status.h"

typedef struct
{
  char *dir;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("spice-share-XXXXXX", NULL);
  g_assert_nonnull (fixture->dir);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->dir);
}

/* Root may read everything. What these tests start may not: once out of the bounding set a
 * capability does not survive exec(). */
static void
be_anybody (gpointer data)
{
  prctl (PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0);
  prctl (PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0);
}

/* Runs it in @cwd with words up to NULL, and returns what it ended with. */
static int
run (const char *cwd, char **out, char **err, ...)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  const char *word;
  va_list words;

  g_ptr_array_add (argv, (gpointer)COMMAND);
  va_start (words, err);
  while ((word = va_arg (words, const char *)) != NULL)
    g_ptr_array_add (argv, (gpointer)word);
  va_end (words);
  g_ptr_array_add (argv, NULL);

  g_subprocess_launcher_set_child_setup (launcher, be_anybody, NULL, NULL);
  if (cwd != NULL)
    g_subprocess_launcher_set_cwd (launcher, cwd);
  process = g_subprocess_launcher_spawnv (launcher, (const char *const *)argv->pdata, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, out, err, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (process));
  g_test_message ("out: %s err: %s", *out, *err);
  return g_subprocess_get_exit_status (process);
}

static void
test_version (void)
{
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (run (NULL, &out, &err, "--version", NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (out, ==, "spice-share " VERSION "\n");
  g_assert_cmpstr (err, ==, "");
}

static void
test_help (void)
{
  static const char *const options[]
      = { "--share-dir", "--share-dir-ro", "--compression", "--headless",
          "--password",  "--version",      "126",           "127" };
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (run (NULL, &out, &err, "--help", NULL), ==, EXIT_STATUS_OK);
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    g_assert_nonnull (strstr (out, options[i]));
  g_assert_cmpstr (err, ==, "");
}

/* The same by a word; and of a command. */
static void
test_help_word (void)
{
  g_autofree char *option = NULL, *word = NULL, *command = NULL, *more = NULL, *err = NULL;

  g_assert_cmpint (run (NULL, &option, &err, "--help", NULL), ==, EXIT_STATUS_OK);
  g_clear_pointer (&err, g_free);
  g_assert_cmpint (run (NULL, &word, &err, "help", NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (word, ==, option);
  g_assert_cmpstr (err, ==, "");
  g_clear_pointer (&err, g_free);
  g_assert_cmpint (run (NULL, &command, &err, "help", "set", NULL), ==, EXIT_STATUS_OK);
  g_assert_nonnull (strstr (command, "--vm"));
  g_clear_pointer (&err, g_free);
  g_assert_cmpint (run (NULL, &more, &err, "help", "nothing", NULL), ==, EXIT_STATUS_USAGE);
  g_assert_nonnull (strstr (err, "“nothing” is one word too many"));
}

static void
test_extra_word (void)
{
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (run (NULL, &out, &err, "set", "/tmp", "more", "yet", NULL), ==,
                   EXIT_STATUS_USAGE);
  g_assert_cmpstr (out, ==, "");
  g_assert_true (g_str_has_prefix (err, "spice-share set: “more” is one word too many\n"));
}

static void
test_usage (void)
{
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (run (NULL, &out, &err, "--frobnicate", NULL), ==, EXIT_STATUS_USAGE);
  g_assert_cmpstr (out, ==, "");
  g_assert_nonnull (strstr (err, "--frobnicate"));
  g_assert_nonnull (strstr (err, "--help"));
}

static void
test_uri (void)
{
  g_autofree char *out = NULL, *err = NULL;

  g_setenv ("G_DEBUG", "", TRUE); /* spice-gtk warns of the URI too */
  g_assert_cmpint (run (NULL, &out, &err, "--headless", "http://h", NULL), ==, EXIT_STATUS_USAGE);
  g_setenv ("G_DEBUG", "fatal-warnings", TRUE);
  g_assert_cmpstr (err, ==,
                   "spice-share: “http://h” is not the address of a SPICE server, such as "
                   "spice://localhost:5900\n");
}

static void
test_no_server (void)
{
  g_autofree char *out = NULL, *err = NULL;

  /* A port of the loopback that nobody listens on: reserved, and for multiplexers. */
  g_assert_cmpint (run (NULL, &out, &err, "--headless", "spice://127.0.0.1:1", NULL), ==,
                   EXIT_STATUS_FAILED);
  g_assert_true (g_str_has_prefix (out, "error "));
  g_assert_null (strstr (out, "disconnected"));
}

static void
test_no_viewer (void)
{
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (run (NULL, &out, &err, "no-such-viewer", NULL), ==, EXIT_STATUS_NO_VIEWER);
  g_assert_nonnull (strstr (err, "no-such-viewer"));
}

static void
test_not_executable (Fixture *fixture, gconstpointer data)
{
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (run (NULL, &out, &err, fixture->dir, NULL), ==, EXIT_STATUS_NOT_STARTED);
  g_assert_nonnull (strstr (err, fixture->dir));
  g_assert_nonnull (strstr (err, "is a folder"));
  g_assert_nonnull (strstr (err, "spice-share set DIR"));
  g_assert_nonnull (strstr (err, "--share-dir DIR"));
}

/* The viewer's own status is what we end with: we are the viewer. */
static void
test_status_of_the_viewer (void)
{
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (run (NULL, &out, &err, "sh", "-c", "exit 42", NULL), ==, 42);
}

static void
assert_folder_refused (const char *folder, const char *why)
{
  g_autofree char *out = NULL, *err = NULL;

  g_assert_cmpint (run (NULL, &out, &err, "--share-dir", folder, "sh", "-c", "echo started", NULL),
                   ==, EXIT_STATUS_USAGE);
  g_assert_cmpstr (out, ==, "");
  g_assert_true (g_str_has_prefix (err, "spice-share: "));
  g_assert_nonnull (strstr (err, folder));
  if (why != NULL)
    g_assert_nonnull (strstr (err, why));
  g_clear_pointer (&out, g_free);
  g_clear_pointer (&err, g_free);

  g_assert_cmpint (
      run (NULL, &out, &err, "--share-dir", folder, "--headless", "spice://127.0.0.1:1", NULL), ==,
      EXIT_STATUS_USAGE);
  g_assert_cmpstr (out, ==, "");
}

static void
test_folder_missing (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_build_filename (fixture->dir, "missing", NULL);

  assert_folder_refused (folder, NULL);
}

static void
test_folder_is_file (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_build_filename (fixture->dir, "file", NULL);

  g_assert_true (g_file_set_contents (folder, "", 0, NULL));
  assert_folder_refused (folder, NULL);
  g_assert_cmpint (g_unlink (folder), ==, 0);
}

static void
test_folder_unreadable (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_build_filename (fixture->dir, "closed", NULL);

  g_assert_cmpint (g_mkdir (folder, 0), ==, 0);
  assert_folder_refused (folder, NULL);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* What the viewer finds: absolute, whatever folder it looks from. */
static void
test_environment (Fixture *fixture, gconstpointer data)
{
  g_autofree char *out = NULL, *err = NULL;
  g_autofree char *folder = g_build_filename (fixture->dir, "a b", NULL);
  g_autofree char *dir_line = g_strdup_printf ("SPICE_SHARE_DIR=%s", folder);
  g_auto (GStrv) lines = NULL;
  const char *const *found;

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_setenv ("GTK_MODULES", "gail:spice-share", TRUE);
  g_assert_cmpint (run (fixture->dir, &out, &err, "--share-dir=a b", "--share-dir-ro",
                        "--compression=always", "env", NULL),
                   ==, 0);
  g_unsetenv ("GTK_MODULES");
  g_assert_cmpint (g_rmdir (folder), ==, 0);

  lines = g_strsplit (out, "\n", -1);
  found = (const char *const *)lines;
  g_assert_true (g_strv_contains (found, dir_line));
  g_assert_true (g_strv_contains (found, "SPICE_SHARE_DIR_RO=1"));
  g_assert_true (g_strv_contains (found, "SPICE_SHARE_COMPRESSION=always"));
  g_assert_true (
      g_strv_contains (found, "GTK_MODULES=gail:" BUILD_DIR "/plugin/libspice-share.so"));
  g_assert_true (g_strv_contains (found, "GSETTINGS_SCHEMA_DIR=" BUILD_DIR "/data"));
}

/* The build tree's own translations, without an installation and without a locale of the language.
 */
static void
test_languages (void)
{
  static const struct
  {
    const char *language, *sentence;
  } languages[] = {
    { "de", "Den Ordner „/nonexistent“ gibt es nicht." },
    { "es", "La carpeta «/nonexistent» no existe." },
    { "fr", "Le dossier « /nonexistent » n’existe pas." },
    { "zh_CN", "文件夹“/nonexistent”不存在。" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (languages); i++)
    {
      g_autofree char *out = NULL, *err = NULL;

      g_setenv ("LANGUAGE", languages[i].language, TRUE);
      g_assert_cmpint (run (NULL, &out, &err, "--share-dir=/nonexistent", "v", NULL), ==,
                       EXIT_STATUS_USAGE);
      g_assert_nonnull (strstr (err, languages[i].sentence));
    }
  g_unsetenv ("LANGUAGE");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/command/version", test_version);
  g_test_add_func ("/command/help", test_help);
  g_test_add_func ("/command/languages", test_languages);
  g_test_add_func ("/command/help/word", test_help_word);
  g_test_add_func ("/command/extra-word", test_extra_word);
  g_test_add_func ("/command/usage", test_usage);
  g_test_add_func ("/command/uri", test_uri);
  g_test_add_func ("/command/no-server", test_no_server);
  g_test_add_func ("/command/no-viewer", test_no_viewer);
  g_test_add_func ("/command/status-of-the-viewer", test_status_of_the_viewer);
#define ADD(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)
  ADD ("/command/not-executable", test_not_executable);
  ADD ("/command/folder-missing", test_folder_missing);
  ADD ("/command/folder-is-file", test_folder_is_file);
  ADD ("/command/folder-unreadable", test_folder_unreadable);
  ADD ("/command/environment", test_environment);
#undef ADD
  return g_test_run ();
}
