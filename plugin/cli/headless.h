/* Shares a folder with a virtual machine, without a viewer and without a window.
 *
 * Connects the main and the webdav channel of a SPICE server, and no other. One line an event goes
 * to the standard output at once, as spice-share(1) lists them:
 *
 *   ready | started PATH | started PATH (ro) | stopped | error TEXT | disconnected
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "cli/exit-status.h"
#include "settings.h"

G_BEGIN_DECLS

/**
 * headless_run:
 * @uri: of the server
 * @password: (nullable): of the server; otherwise @uri may hold it
 *
 * Returns when the server ended, or on SIGTERM or SIGINT. spice-gtk's options have been parsed
 * before.
 */
ExitStatus headless_run (const char *uri, const char *password, const ShareOverrides *overrides);

G_END_DECLS
