/* The person's home folder, as it is written.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * share_expand_home:
 * @path: (type filename): as a user writes it
 *
 * Replaces a leading `~/` (or a lone `~`) by the home folder. No system call.
 *
 * Returns: (transfer full) (type filename)
 */
char *share_expand_home (const char *path);

G_END_DECLS
