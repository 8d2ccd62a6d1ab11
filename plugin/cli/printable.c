/* See printable.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/printable.h"

void
append_printable (GString *out, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      g_string_append_unichar (out, g_unichar_isprint (c) ? c : '?');
    }
}
