/* The options of `spice-share`, and the environment it gives to a viewer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/command-line.h"
#include "cli/run-viewer.h"

#define MAX_WORDS 12

typedef struct
{
  const char *name;
  const char *argv[MAX_WORDS];
  /* What is to come of it; error: a part of the sentence. */
  const char *error;
  gboolean headless;
  const char *dir; /* NULL: not asked for; relative ones are below the current folder */
  gboolean read_only;
  const char *compression;
  const char *capture;   /* as dir */
  const char *arguments; /* separated by spaces */
} Case;

static const Case cases[] = {
  { "viewer", { "remote-viewer", "spice://h" }, .arguments = "remote-viewer spice://h" },
  { "dir", { "--share-dir", "/d", "virt-viewer" }, .dir = "/d", .arguments = "virt-viewer" },
  { "dir-equals", { "--share-dir=/d/../e/", "v" }, .dir = "/e", .arguments = "v" },
  { "dir-relative", { "--share-dir", "d", "v" }, .dir = "d", .arguments = "v" },
  { "dir-home", { "--share-dir=~/d", "v" }, .dir = "/invalid/d", .arguments = "v" },
  { "dir-twice", { "--share-dir=/a", "--share-dir=/b", "v" }, .dir = "/b", .arguments = "v" },
  { "ro", { "--share-dir-ro", "v" }, .read_only = TRUE, .arguments = "v" },
  { "compression", { "--compression", "never", "v" }, .compression = "never", .arguments = "v" },
  { "capture", { "--capture", "/f", "v" }, .capture = "/f", .arguments = "v" },
  { "capture-relative", { "--capture=f", "v" }, .capture = "f", .arguments = "v" },
  { "capture-home", { "--capture=~/f", "v" }, .capture = "/invalid/f", .arguments = "v" },
  { "capture-headless",
    { "--capture", "/f", "--headless", "spice://h:1" },
    .headless = TRUE,
    .capture = "/f",
    .arguments = "spice://h:1" },
  { "options-of-the-viewer-are-its-own",
    { "v", "--share-dir", "/d", "--headless", "--help", "-w" },
    .arguments = "v --share-dir /d --headless --help -w" },
  { "dashes-end-the-options",
    { "--share-dir=/d", "--", "v", "--full-screen" },
    .dir = "/d",
    .arguments = "v --full-screen" },
  { "dashes-of-the-viewer-are-its-own", { "v", "--", "x" }, .arguments = "v -- x" },
  { "headless", { "--headless", "spice://h:1" }, .headless = TRUE, .arguments = "spice://h:1" },
  { "headless-anywhere",
    { "--share-dir", "/d", "--headless", "spice://h:1", "--compression=always" },
    .headless = TRUE,
    .dir = "/d",
    .compression = "always",
    .arguments = "spice://h:1" },
  { "headless-with-spice-gtk's-options",
    { "--headless", "--spice-ca-file=/ca", "spice://h:1", "-w", "secret" },
    .headless = TRUE,
    .arguments = "spice://h:1" },
  { "no-viewer", { "--share-dir=/d" }, .error = "Name the viewer" },
  { "nothing", { NULL }, .error = "Name the viewer" },
  { "headless-without-uri", { "--headless" }, .error = "one URI" },
  { "headless-with-two", { "--headless", "a", "b" }, .error = "one URI" },
  { "unknown-option", { "--frobnicate", "v" }, .error = "--frobnicate" },
  { "spice-gtk's-option-without-headless",
    { "--spice-ca-file=/ca", "v" },
    .error = "--spice-ca-file" },
  { "dir-empty", { "--share-dir=", "v" }, .error = "needs a folder" },
  { "capture-empty", { "--capture=", "v" }, .error = "needs a file" },
  { "dir-missing", { "--share-dir" }, .error = "--share-dir" },
  { "compression-unknown", { "--compression=often", "v" }, .error = "often" },
  { "password-for-a-viewer", { "-w", "x", "v" }, .error = "--headless" },
};

static void
run_case (gconstpointer data)
{
  const Case *test = data;
  char *argv[MAX_WORDS + 1] = { (char *)"spice-share" };
  g_autoptr (CommandLine) line = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = NULL;
  g_autofree char *capture = NULL;
  g_autofree char *arguments = NULL;
  ShareSettingsKeys keys = 0;

  for (guint i = 0; i < MAX_WORDS && test->argv[i] != NULL; i++)
    argv[i + 1] = (char *)test->argv[i];

  line = command_line_parse (argv, &error);
  if (test->error != NULL)
    {
      g_assert_null (line);
      g_assert_true (error->domain == G_OPTION_ERROR);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, test->error));
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpint (line->headless, ==, test->headless);
  if (test->dir != NULL)
    {
      keys |= SHARE_SETTINGS_DIR;
      dir = g_canonicalize_filename (test->dir, NULL);
    }
  g_assert_cmpstr (line->overrides->dir, ==, dir);
  if (test->capture != NULL)
    capture = g_canonicalize_filename (test->capture, NULL);
  g_assert_cmpstr (line->overrides->capture, ==, capture);
  if (test->read_only)
    keys |= SHARE_SETTINGS_READ_ONLY;
  g_assert_cmpint (line->overrides->read_only, ==, test->read_only);
  if (test->compression != NULL)
    {
      keys |= SHARE_SETTINGS_COMPRESSION;
      g_assert_cmpstr (share_compression_to_nick (line->overrides->compression), ==,
                       test->compression);
    }
  g_assert_cmpint (line->overrides->keys, ==, keys);
  arguments = g_strjoinv (" ", line->arguments);
  g_assert_cmpstr (arguments, ==, test->arguments);
}

static void
test_version (void)
{
  char *argv[] = { (char *)"spice-share", (char *)"--version", NULL };
  g_autoptr (CommandLine) line = command_line_parse (argv, NULL);

  g_assert_true (line->version);
}

static void
test_gtk_modules (void)
{
  static const struct
  {
    const char *before, *module, *after;
  } modules[] = {
    { NULL, "spice-share", "spice-share" },
    { "", "spice-share", "spice-share" },
    { "gail:atk-bridge", "spice-share", "gail:atk-bridge:spice-share" },
    { "spice-share:gail", "spice-share", "gail:spice-share" },
    { "gail:spice-share", "/b/libspice-share.so", "gail:/b/libspice-share.so" },
    { "/b/libspice-share.so:/c/libspice-share.so", "spice-share", "spice-share" },
    { "libspice-share.so", "spice-share", "spice-share" },
    { "spice-shared:x-spice-share", "spice-share", "spice-shared:x-spice-share:spice-share" },
    { "gail::", "spice-share", "gail:spice-share" },
  };
  const ShareOverrides none = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (modules); i++)
    {
      g_auto (GStrv) environment = g_new0 (char *, 1);

      if (modules[i].before != NULL)
        environment = g_environ_setenv (environment, "GTK_MODULES", modules[i].before, TRUE);
      environment
          = run_viewer_environment (g_steal_pointer (&environment), modules[i].module, &none);
      g_assert_cmpuint (g_strv_length (environment), ==, 1);
      g_assert_cmpstr (g_environ_getenv (environment, "GTK_MODULES"), ==, modules[i].after);
    }
}

static void
test_overrides (void)
{
  const ShareOverrides overrides
      = { .keys = SHARE_SETTINGS_DIR | SHARE_SETTINGS_READ_ONLY | SHARE_SETTINGS_COMPRESSION,
          .dir = (char *)"/d",
          .read_only = TRUE,
          .compression = SPICE_SHARE_COMPRESSION_ALWAYS,
          .capture = (char *)"/f" };
  const ShareOverrides none = { 0 };
  g_auto (GStrv) environment = g_environ_setenv (NULL, "SPICE_SHARE_DIR", "/before", TRUE);

  /* What was not asked for is left as it was. */
  environment = run_viewer_environment (g_steal_pointer (&environment), "m", &none);
  g_assert_cmpstr (g_environ_getenv (environment, "SPICE_SHARE_DIR"), ==, "/before");
  g_assert_null (g_environ_getenv (environment, "SPICE_SHARE_DIR_RO"));
  g_assert_null (g_environ_getenv (environment, "SPICE_SHARE_CAPTURE"));

  environment = run_viewer_environment (g_steal_pointer (&environment), "m", &overrides);
  g_assert_cmpstr (g_environ_getenv (environment, "SPICE_SHARE_DIR"), ==, "/d");
  g_assert_cmpstr (g_environ_getenv (environment, "SPICE_SHARE_DIR_RO"), ==, "1");
  g_assert_cmpstr (g_environ_getenv (environment, "SPICE_SHARE_COMPRESSION"), ==, "always");
  g_assert_cmpstr (g_environ_getenv (environment, "SPICE_SHARE_CAPTURE"), ==, "/f");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/command-line/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], run_case);
    }
  g_test_add_func ("/command-line/version", test_version);
  g_test_add_func ("/viewer/gtk-modules", test_gtk_modules);
  g_test_add_func ("/viewer/overrides", test_overrides);
  return g_test_run ();
}
