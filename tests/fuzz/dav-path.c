/* Request paths and Destination: what is accepted is a path of the share, and comes back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "dav/dav-path.h"

/* A path that was accepted stays in the share, and its href leads back to it. */
static void
check_path (const char *path, gboolean slash)
{
  g_auto (GStrv) segments = g_strsplit (path, "/", -1);
  g_autoptr (GString) href = g_string_new (NULL);
  g_autofree char *back = NULL;
  gboolean back_slash;

  g_assert_cmpuint (strlen (path), <=, DAV_PATH_MAX);
  g_assert_true (path[0] != '/' && !g_str_has_suffix (path, "/"));
  for (guint i = 0; path[0] != '\0' && segments[i] != NULL; i++)
    {
      g_assert_cmpstr (segments[i], !=, "");
      g_assert_cmpstr (segments[i], !=, ".");
      g_assert_cmpstr (segments[i], !=, "..");
    }

  dav_path_append_href (href, path, slash);
  g_assert_cmpint (dav_path_decode (href->str, &back, &back_slash), ==, DAV_PATH_OK);
  g_assert_cmpstr (back, ==, path);
  g_assert_true (back_slash == slash || path[0] == '\0');
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autofree char *path = NULL;
  g_autofree char *referred = NULL;
  gboolean slash;

  if (dav_path_decode (text, &path, &slash) == DAV_PATH_OK)
    check_path (path, slash);
  if (dav_path_decode_reference (text, "localhost:9843", &referred) == DAV_PATH_OK)
    check_path (referred, TRUE);

  return 0;
}
