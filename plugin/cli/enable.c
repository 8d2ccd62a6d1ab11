/* `spice-share enable` and `spice-share disable`: for good, for this user.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/commands.h"

#include "cli/activation.h"
#include "cli/exit-status.h"
#include "cli/locations.h"

#include <glib/gi18n-lib.h>

static int
change (char **argv,
        const char *summary,
        gboolean (*carry_out) (const char *module, GPtrArray *desktop, GError **error),
        const char *done)
{
  const GOptionEntry entries[] = { { NULL } };
  g_auto (GStrv) words = command_parse (entries, "", summary, 0, argv);
  g_autofree char *module = NULL;
  g_autoptr (GPtrArray) desktop = NULL;
  g_autoptr (GError) error = NULL;

  if (words == NULL)
    return EXIT_STATUS_USAGE;
  module = locations_dup_module ();
  desktop = activation_desktop_settings ();
  if (!carry_out (module, desktop, &error))
    {
      g_printerr ("spice-share: %s\n", error->message);
      return EXIT_STATUS_FAILED;
    }
  g_print ("%s\n", done);
  return EXIT_STATUS_OK;
}

int
command_enable (char **argv)
{
  return change (argv,
                 _ ("Lets every SPICE viewer of this user share folders, from the next login on."),
                 activation_enable,
                 _ ("SPICE viewers you start after the next login use spice-share, if your desktop "
                    "hands this on: “spice-share doctor” then says whether it did."));
}

int
command_disable (char **argv)
{
  return change (argv, _ ("Undoes “spice-share enable”."), activation_disable,
                 _ ("From the next login on, viewers use spice-share only when it starts them."));
}
