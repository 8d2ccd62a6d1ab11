/* What the module loads into a SPICE viewer: settings, the channel's substitution, and, where GTK 3
 * is in the process, the part that draws.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "core.h"

#include <dlfcn.h>
#include <libintl.h>
#include <stdlib.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "base/log.h"
#include "bus/share-bus.h"
#include "capture/capture.h"
#include "controller.h"
#include "settings.h"
#include "share/share-finish.h"
#include "transport/share-channel.h"

#define GTK3_SONAME "libgtk-3.so.0"
#define UI_NAME "libspice-share-ui.so"
#define UI_ENTRY "spice_share_ui_init"
#define UI_ADD_SESSION "spice_share_ui_add_session"
#define UI_ADD_CHANNEL "spice_share_ui_add_channel"

typedef void (*UiInit) (void);
typedef void (*UiAdd) (GObject *object);

/* NULL where nothing is drawn. */
static UiAdd ui_add_session;
static UiAdd ui_add_channel;

/* Made for the first session: a process that shows no virtual machine, or one by VNC, owns no name.
 */
static ShareBus *bus;

/* NULL where nothing is recorded; as long as the process. */
static Capture *capture;

static pid_t viewer_pid;

/* Where this file was loaded from; the other parts and, in the build tree, po/ lie relative to it.
 */
static char *
own_folder (void)
{
  Dl_info info;

  if (dladdr ((void *)spice_share_core_init, &info) == 0 || info.dli_fname == NULL)
    return g_strdup (PKGLIBDIR);
  return g_path_get_dirname (info.dli_fname);
}

static void
bind_translations (const char *folder)
{
  g_autofree char *built = g_build_filename (folder, "..", "po", NULL);

  bindtextdomain (GETTEXT_PACKAGE, g_file_test (built, G_FILE_TEST_IS_DIR) ? built : LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
}

/* The part that draws is of use only where something can be drawn on, and may be left out of an
 * installation. */
static void
load_ui (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, UI_NAME, NULL);
  void *gtk = dlopen (GTK3_SONAME, RTLD_LAZY | RTLD_NOLOAD);
  UiInit init = NULL;
  UiAdd add_session = NULL;
  UiAdd add_channel = NULL;
  void *handle;

  if (gtk == NULL)
    return;
  dlclose (gtk);

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      share_debug ("%s is not installed", path);
      return;
    }
  handle = dlopen (path, RTLD_NOW | RTLD_LOCAL);
  if (handle != NULL)
    {
      *(void **)&init = dlsym (handle, UI_ENTRY);
      *(void **)&add_session = dlsym (handle, UI_ADD_SESSION);
      *(void **)&add_channel = dlsym (handle, UI_ADD_CHANNEL);
    }
  if (init == NULL || add_session == NULL || add_channel == NULL)
    {
      const char *reason = dlerror ();

      /* A later symbol that was found has cleared it. */
      g_warning (_ ("The viewer's window shows no button for shared folders: %s"),
                 reason != NULL ? reason : path);
      return;
    }
  init ();
  ui_add_session = add_session;
  ui_add_channel = add_channel;
}

static ShareBus *
get_bus (void)
{
  if (bus == NULL)
    bus = share_bus_new ();
  return bus;
}

/* A viewer that shows VNC has spice-gtk in it as well; only a session with a channel is SPICE. */
static gboolean
on_channel_new (GSignalInvocationHint *hint, guint n, const GValue *values, gpointer user_data)
{
  get_bus ();
  if (ui_add_session != NULL)
    ui_add_session (g_value_get_object (&values[0]));
  return G_SOURCE_CONTINUE;
}

static void
watch_sessions (void)
{
  /* The signal exists once the class does. */
  g_autoptr (GTypeClass) klass = g_type_class_ref (SPICE_TYPE_SESSION);

  g_signal_add_emission_hook (g_signal_lookup ("channel-new", SPICE_TYPE_SESSION), 0,
                              on_channel_new, NULL, NULL);
}

static void
channel_created (SpiceShareChannel *channel, gpointer user_data)
{
  if (capture != NULL)
    spice_share_channel_set_capture (channel, capture);
  share_controller_attach (channel, user_data);
  share_bus_add_channel (get_bus (), G_OBJECT (channel));
  if (ui_add_channel != NULL)
    ui_add_channel (G_OBJECT (channel));
}

/* A viewer ends without a word to its modules; and what it forked may end as well. */
static void
finish (void)
{
  if (getpid () != viewer_pid)
    return;
  share_finish (SHARE_FINISH_TIME);
  if (capture != NULL)
    capture_finish (capture, CAPTURE_FINISH_TIME);
}

static void
start_capture (const char *path)
{
  g_autoptr (GError) error = NULL;

  capture = capture_new (path, &error);
  if (capture == NULL)
    g_warning (_ ("Nothing is recorded in “%s”: %s"), path, error->message);
}

void
spice_share_core_init (void)
{
  g_autofree char *folder = NULL;
  g_autoptr (ShareOverrides) overrides = NULL;
  g_autoptr (ShareSettings) settings = NULL;
  g_autoptr (GError) error = NULL;

  /* A second copy of this file (built and installed, both named in GTK_MODULES) must not register
   * the type again. */
  if (g_type_from_name ("SpiceShareChannel") != 0)
    return;

  folder = own_folder ();
  bind_translations (folder);

  overrides = share_overrides_take_environment ();
  settings = share_settings_new (overrides);

  if (!spice_share_channel_install (channel_created, settings, &error))
    {
      g_warning (_ ("spice-share stays out, the viewer's own folder sharing is used: %s"),
                 error->message);
      return;
    }
  /* The callback lives as long as the process, and so do the settings it is given. */
  g_steal_pointer (&settings);

  viewer_pid = getpid ();
  atexit (finish);
  if (overrides->capture != NULL)
    start_capture (overrides->capture);
  load_ui (folder);
  watch_sessions ();
}
