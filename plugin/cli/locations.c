/* See locations.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/locations.h"

#include <libintl.h>

#define MODULE_FILE "libspice-share.so"
#define CORE_FILE "libspice-share-core.so"
#define SCHEMA_VARIABLE "GSETTINGS_SCHEMA_DIR"

/* The folder of this program, or NULL where it is an installed one: there the module lies in the
 * folder of GTK's modules and not beside it. */
static char *
build_folder (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = NULL;
  g_autofree char *module = NULL;

  if (program == NULL)
    return NULL;
  folder = g_path_get_dirname (program);
  module = g_build_filename (folder, MODULE_FILE, NULL);
  return g_file_test (module, G_FILE_TEST_EXISTS) ? g_steal_pointer (&folder) : NULL;
}

static void
use_schema (const char *folder)
{
  const char *before = g_getenv (SCHEMA_VARIABLE);
  g_autofree char *ours = g_canonicalize_filename ("../data", folder);
  g_auto (GStrv) dirs = g_strsplit (before != NULL ? before : "", G_SEARCHPATH_SEPARATOR_S, -1);
  g_autofree char *both = NULL;

  if (g_strv_contains ((const char *const *)dirs, ours))
    return;
  if (before != NULL && *before != '\0')
    both = g_strconcat (ours, G_SEARCHPATH_SEPARATOR_S, before, NULL);
  g_setenv (SCHEMA_VARIABLE, both != NULL ? both : ours, TRUE);
}

void
locations_use (void)
{
  g_autofree char *folder = build_folder ();
  g_autofree char *locale = NULL;

  if (folder != NULL)
    {
      use_schema (folder);
      locale = g_canonicalize_filename ("../po", folder);
    }
  bindtextdomain (GETTEXT_PACKAGE, locale != NULL ? locale : LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}

char *
locations_dup_module (void)
{
  g_autofree char *folder = build_folder ();

  return folder != NULL ? g_build_filename (folder, MODULE_FILE, NULL)
                        : g_strdup (INSTALLED_MODULE);
}

char *
locations_dup_module_path (void)
{
  g_autofree char *folder = build_folder ();

  return g_build_filename (folder != NULL ? folder : GTKMODULEDIR, MODULE_FILE, NULL);
}

char *
locations_dup_core_path (void)
{
  g_autofree char *folder = build_folder ();

  return g_build_filename (folder != NULL ? folder : PKGLIBDIR, CORE_FILE, NULL);
}
