/* Text of others, as a terminal may be shown it. Pure.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * append_printable:
 * @text: bytes of whatever encoding, from a guest or a file system
 *
 * Appends @text with everything that is no UTF-8, or that a terminal would obey, replaced.
 */
void append_printable (GString *out, const char *text);

G_END_DECLS
