/* See run-viewer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/run-viewer.h"

#include <errno.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "cli/locations.h"

#define MODULES_VARIABLE "GTK_MODULES"
#define MODULE_NAME "spice-share"
#define MODULE_FILE "libspice-share.so"

/* GTK takes a module by name or by path. Two of ours in one process would be one too many. */
static gboolean
is_ours (const char *module)
{
  g_autofree char *base = g_path_get_basename (module);

  return g_str_equal (base, MODULE_NAME) || g_str_equal (base, MODULE_FILE);
}

static char *
add_module (const char *modules, const char *module)
{
  g_auto (GStrv) words = g_strsplit (modules != NULL ? modules : "", G_SEARCHPATH_SEPARATOR_S, -1);
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();

  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0' && !is_ours (words[i]))
      g_ptr_array_add (kept, words[i]);
  g_ptr_array_add (kept, (gpointer)module);
  g_ptr_array_add (kept, NULL);
  return g_strjoinv (G_SEARCHPATH_SEPARATOR_S, (char **)kept->pdata);
}

char **
run_viewer_environment (char **environment, const char *module, const ShareOverrides *overrides)
{
  g_autofree char *modules = add_module (g_environ_getenv (environment, MODULES_VARIABLE), module);

  environment = g_environ_setenv (environment, MODULES_VARIABLE, modules, TRUE);
  if ((overrides->keys & SHARE_SETTINGS_DIR) != 0)
    environment = g_environ_setenv (environment, SHARE_ENV_DIR, overrides->dir, TRUE);
  if ((overrides->keys & SHARE_SETTINGS_READ_ONLY) != 0)
    environment
        = g_environ_setenv (environment, SHARE_ENV_DIR_RO, overrides->read_only ? "1" : "0", TRUE);
  if ((overrides->keys & SHARE_SETTINGS_COMPRESSION) != 0)
    environment = g_environ_setenv (environment, SHARE_ENV_COMPRESSION,
                                    share_compression_to_nick (overrides->compression), TRUE);
  if (overrides->capture != NULL)
    environment = g_environ_setenv (environment, SHARE_ENV_CAPTURE, overrides->capture, TRUE);
  return environment;
}

ExitStatus
run_viewer (char **argv, const ShareOverrides *overrides)
{
  g_autofree char *module = locations_dup_module ();
  g_auto (GStrv) environment = run_viewer_environment (g_get_environ (), module, overrides);
  int failure;

  execvpe (argv[0], argv, environment);
  failure = errno;
  if (g_file_test (argv[0], G_FILE_TEST_IS_DIR))
    g_printerr (_ ("spice-share: “%s” is a folder: “spice-share set DIR” shares one from now on, "
                   "“spice-share --share-dir DIR VIEWER” with one viewer.\n"),
                argv[0]);
  else
    g_printerr (_ ("spice-share: “%s” cannot be started: %s\n"), argv[0], g_strerror (failure));
  return failure == ENOENT ? EXIT_STATUS_NO_VIEWER : EXIT_STATUS_NOT_STARTED;
}
