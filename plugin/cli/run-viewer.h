/* Starts a viewer with the module loaded, in the place of this process.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "cli/exit-status.h"
#include "settings.h"

G_BEGIN_DECLS

/**
 * run_viewer_environment:
 * @environment: (transfer full) (array zero-terminated): what the viewer would have without us
 * @module: what GTK_MODULES is to name
 *
 * GTK_MODULES keeps what it names, and gets @module in the place of any other spice-share.
 *
 * Returns: (transfer full) (array zero-terminated)
 */
char **
run_viewer_environment (char **environment, const char *module, const ShareOverrides *overrides);

/**
 * run_viewer:
 * @argv: (array zero-terminated): the viewer, looked up in PATH, and its arguments
 *
 * Returns: only if the viewer was not started
 */
ExitStatus run_viewer (char **argv, const ShareOverrides *overrides);

G_END_DECLS
