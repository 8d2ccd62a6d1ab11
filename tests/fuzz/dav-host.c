/* Host and Origin.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "dav/dav-host.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autofree char *origin = g_strconcat ("http://", text, NULL);

  /* The two rules are one, and whatever is accepted is equal to itself. */
  g_assert_cmpint (dav_host_is_local (text), ==, dav_origin_is_local (origin));
  dav_origin_is_local (text);
  if (dav_host_is_local (text))
    g_assert_true (dav_host_equal (text, strlen (text), text));

  return 0;
}
