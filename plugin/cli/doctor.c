/* `spice-share doctor`: what a puzzled person would ask, answered with the next step.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/commands.h"

#include "cli/doctor-checks.h"
#include "cli/exit-status.h"

#include <glib/gi18n-lib.h>

int
command_doctor (char **argv)
{
  const GOptionEntry entries[] = { { NULL } };
  g_auto (GStrv) words = command_parse (
      entries, "",
      _ ("Finds out why a virtual machine does not see the folder. Exit status 1: something is "
         "wrong."),
      0, argv);
  g_autoptr (GDBusConnection) bus = NULL;
  Report report = { 0 };

  if (words == NULL)
    return EXIT_STATUS_USAGE;
  bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  report.text = g_string_new (NULL);
  check_module (&report, bus);
  check_viewers (&report);
  if (check_settings (&report))
    check_shared_folder (&report);
  check_running (&report, bus);
  g_print ("%s", report.text->str);
  g_string_free (report.text, TRUE);
  return report.n_bad > 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
}
