/* Whether a folder can be shared, asked before anything is started.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "share/share.h"

G_BEGIN_DECLS

/**
 * check_folder:
 * @path: (type filename): absolute path
 *
 * Opens @path as a viewer with the module would, and closes it again. Waits for it; not for the
 * main thread of a viewer.
 *
 * Returns: %FALSE with a sentence of %SPICE_SHARE_ERROR
 */
gboolean check_folder (const char *path, ShareFlags flags, GError **error);

G_END_DECLS
