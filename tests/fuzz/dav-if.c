/* The If header.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include "dav/dav-if.h"

static gboolean
has_token (const char *path, const char *token, gpointer user_data)
{
  return token[0] == 'u';
}

static char *
get_etag (const char *path, gpointer user_data)
{
  return path[0] == 'a' ? g_strdup ("\"a\"") : NULL;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autoptr (DavIf) header = NULL;

  if (dav_if_parse (text, "a", "localhost", &header) != DAV_IF_OK)
    return 0;

  g_assert_cmpuint (g_strv_length ((char **)dav_if_get_tokens (header)), <=, DAV_IF_MAX_CONDITIONS);
  dav_if_evaluate (header, get_etag, NULL);
  dav_if_settle_tokens (header, has_token, NULL);
  dav_if_evaluate (header, get_etag, NULL);

  return 0;
}
