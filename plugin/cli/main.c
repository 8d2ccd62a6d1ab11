/* spice-share: starts a viewer that shares a folder, or shares one without a viewer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <locale.h>

#include <glib/gi18n-lib.h>

#include "capture/capture.h"
#include "cli/check-folder.h"
#include "cli/command-line.h"
#include "cli/commands.h"
#include "cli/exit-status.h"
#include "cli/headless.h"
#include "cli/locations.h"
#include "cli/run-viewer.h"

/* The folder of the options is checked here and now: a viewer would say the same, but later and in
 * a window that hides this terminal. */
static gboolean
folder_is_good (const ShareOverrides *overrides)
{
  g_autoptr (GError) error = NULL;

  if ((overrides->keys & SHARE_SETTINGS_DIR) == 0
      || check_folder (overrides->dir, overrides->read_only ? SHARE_READ_ONLY : 0, &error))
    return TRUE;
  g_printerr ("spice-share: %s\n", error->message);
  return FALSE;
}

/* The same for the file of a recording, which is never overwritten. */
static gboolean
capture_is_good (const ShareOverrides *overrides)
{
  g_autoptr (GError) error = NULL;

  if (overrides->capture == NULL || capture_check_path (overrides->capture, &error))
    return TRUE;
  g_printerr ("spice-share: %s\n", error->message);
  return FALSE;
}

int
main (int argc, char **argv)
{
  g_autoptr (CommandLine) line = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  setlocale (LC_ALL, "");
  locations_use ();
  g_set_prgname ("spice-share");

  if (commands_run (argv, &status))
    return status;
  line = command_line_parse (argv, &error);
  if (line == NULL)
    {
      g_printerr ("spice-share: %s\n", error->message);
      g_printerr (_ ("“spice-share --help” lists the options.\n"));
      return EXIT_STATUS_USAGE;
    }
  if (line->version)
    {
      g_print ("spice-share %s\n", SPICE_SHARE_VERSION);
      return EXIT_STATUS_OK;
    }
  if (!folder_is_good (line->overrides) || !capture_is_good (line->overrides))
    return EXIT_STATUS_USAGE;
  if (line->headless)
    return headless_run (line->arguments[0], line->password, line->overrides);
  return run_viewer (line->arguments, line->overrides);
}
