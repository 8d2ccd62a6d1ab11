/* See home.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "base/home.h"

char *
share_expand_home (const char *path)
{
  if (path[0] != '~' || (path[1] != '\0' && path[1] != '/'))
    return g_strdup (path);
  return g_build_filename (g_get_home_dir (), path + 1, NULL);
}
