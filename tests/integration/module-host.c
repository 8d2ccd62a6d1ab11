/* A process with spice-gtk that loads the module as GTK would, and says what became of its channel.
 *
 *   module-host MODULE
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <dlfcn.h>
#include <unistd.h>

#include <spice-client.h>

int
main (int argc, char **argv)
{
  void *module = argc == 2 ? dlopen (argv[1], RTLD_LAZY | RTLD_LOCAL) : NULL;
  void (*init) (int *argc, char ***argv);
  g_autoptr (GObject) session = NULL;
  GObject *channel;

  if (module == NULL)
    return 2;
  *(void **)&init = dlsym (module, "gtk_module_init");
  init (&argc, &argv);
  session = g_object_new (SPICE_TYPE_SESSION, "read-only", TRUE, NULL);
  channel = g_object_new (SPICE_TYPE_WEBDAV_CHANNEL, "spice-session", session, "channel-type",
                          SPICE_CHANNEL_WEBDAV, "channel-id", 0, NULL);
  g_print ("channel %s\n", G_OBJECT_TYPE_NAME (channel));
  spice_session_disconnect (SPICE_SESSION (session));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return 0;
}
