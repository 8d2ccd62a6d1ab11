/* What a folder holds, to be compared: nothing may have changed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Names that begin so are left out: the share's own folder for temporary files comes and goes. */
#define TREE_SNAPSHOT_IGNORED ".spice-share-"

/**
 * tree_snapshot:
 *
 * Returns: (transfer full): all that is at and below @path: paths, kinds, modes, contents, links
 */
char *tree_snapshot (const char *path);

G_END_DECLS
