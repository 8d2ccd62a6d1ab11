/* The GTK module: what every GTK 3 program of the user may load, and what only a viewer pays for.
 *
 * GTK's module interface (`GTK_MODULES`): GTK looks up gtk_module_init() and calls it once per
 * display setup, before the program has built anything. DESIGN P1, P13. This file must stay free of
 * dependencies: in a program that is no SPICE viewer nothing more may be mapped.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <dlfcn.h>
#include <libintl.h>

#include <glib.h>

#define SPICE_CLIENT_SONAME "libspice-client-glib-2.0.so.8"
#define SOUP2_SONAME "libsoup-2.4.so.1"
#define CORE_NAME "libspice-share-core.so"
#define CORE_ENTRY "spice_share_core_init"

#define _(text) g_dgettext (GETTEXT_PACKAGE, text)

typedef void (*CoreInit) (void);

/* GTK declares no prototype for its modules. */
__attribute__ ((visibility ("default"))) void gtk_module_init (int *argc, char ***argv);

static gboolean
is_loaded (const char *soname)
{
  void *handle = dlopen (soname, RTLD_LAZY | RTLD_NOLOAD);

  if (handle == NULL)
    return FALSE;
  dlclose (handle);
  return TRUE;
}

/* The core lies beside us in the build tree, in the folder of our own once installed. */
static char *
find_core (void)
{
  Dl_info info;

  if (dladdr ((void *)gtk_module_init, &info) != 0 && info.dli_fname != NULL)
    {
      g_autofree char *folder = g_path_get_dirname (info.dli_fname);
      g_autofree char *beside = g_build_filename (folder, CORE_NAME, NULL);

      if (g_file_test (beside, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&beside);
    }
  return g_build_filename (PKGLIBDIR, CORE_NAME, NULL);
}

static void
load_core (void)
{
  g_autofree char *path = find_core ();
  /* RTLD_LOCAL: nothing of ours, nor of the libraries we bring, resolves a symbol of the viewer. */
  void *handle = dlopen (path, RTLD_NOW | RTLD_LOCAL);
  CoreInit init;

  if (handle == NULL)
    {
      g_warning (_ ("spice-share cannot be loaded, folders are not shared by it: %s"), dlerror ());
      return;
    }
  *(void **)&init = dlsym (handle, CORE_ENTRY);
  if (init == NULL)
    {
      g_warning (_ ("spice-share cannot be loaded, folders are not shared by it: %s"), dlerror ());
      dlclose (handle);
      return;
    }
  init ();
}

void
gtk_module_init (int *argc, char ***argv)
{
  static gboolean called = FALSE;

  /* GTK calls every module again for settings and environment that both name it. */
  if (called)
    return;
  called = TRUE;

  if (!is_loaded (SPICE_CLIENT_SONAME))
    return;

  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");

  if (is_loaded (SOUP2_SONAME))
    {
      g_warning (_ ("This program uses libsoup 2.4, which cannot live in one process with "
                    "libsoup 3. spice-share stays out; the viewer's own folder sharing is used."));
      return;
    }
  load_core ();
}
