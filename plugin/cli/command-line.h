/* The command line of `spice-share`, as spice-share(1) describes it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "settings.h"

G_BEGIN_DECLS

/**
 * CommandLine:
 * @overrides: what the options ask for; a folder is absolute and may not exist
 * @version: print the version, and nothing else
 * @headless: connect to a server, without a viewer
 * @password: (nullable): for the server (headless)
 * @arguments: (array zero-terminated): a viewer and its arguments, or (headless) the URI alone
 */
typedef struct
{
  ShareOverrides *overrides;
  gboolean version;
  gboolean headless;
  char *password;
  char **arguments;
} CommandLine;

/**
 * command_line_parse:
 * @argv: (array zero-terminated): with the program's name
 *
 * Options end at the first word that is none, so that a viewer's own stay its own; headless they
 * may stand anywhere, and spice-gtk's (--spice-ca-file …) count too: spice_set_session_option()
 * knows them afterwards. `--help` prints and ends the process, as GOption does it.
 *
 * Returns: (transfer full) (nullable): %NULL with a sentence of %G_OPTION_ERROR
 */
CommandLine *command_line_parse (char **argv, GError **error);

void command_line_free (CommandLine *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CommandLine, command_line_free)

G_END_DECLS
