/* The small header fields of WebDAV: Depth, Overwrite, Timeout, Lock-Token.
 *
 * RFC 4918 section 10.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-headers.h"

#include <string.h>

DavDepth
dav_depth_parse (const char *value)
{
  if (value == NULL)
    return DAV_DEPTH_INFINITY;
  if (strcmp (value, "0") == 0)
    return DAV_DEPTH_0;
  if (strcmp (value, "1") == 0)
    return DAV_DEPTH_1;
  if (g_ascii_strcasecmp (value, "infinity") == 0)
    return DAV_DEPTH_INFINITY;
  return DAV_DEPTH_INVALID;
}

gboolean
dav_overwrite_parse (const char *value, gboolean *overwrite)
{
  *overwrite = value == NULL || g_ascii_strcasecmp (value, "T") == 0;
  return *overwrite || g_ascii_strcasecmp (value, "F") == 0;
}

/* One wish of a Timeout header: @length bytes at @wish. */
static gboolean
parse_wish (const char *wish, gsize length, guint *seconds)
{
  static const char second[] = "Second-";
  guint64 number = 0;
  gsize i;

  if (length == strlen ("Infinite") && g_ascii_strncasecmp (wish, "Infinite", length) == 0)
    {
      *seconds = DAV_TIMEOUT_MAX;
      return TRUE;
    }

  if (length <= strlen (second) || g_ascii_strncasecmp (wish, second, strlen (second)) != 0)
    return FALSE;

  for (i = strlen (second); i < length; i++)
    {
      if (!g_ascii_isdigit (wish[i]))
        return FALSE;
      /* Saturates, so any number of digits is fine. */
      number = MIN (number * 10 + (guint)(wish[i] - '0'), DAV_TIMEOUT_MAX);
    }

  *seconds = (guint)CLAMP (number, DAV_TIMEOUT_MIN, DAV_TIMEOUT_MAX);
  return TRUE;
}

guint
dav_timeout_parse (const char *value)
{
  const char *cursor = value;

  while (cursor != NULL && *cursor != '\0')
    {
      gsize length;
      guint seconds;

      cursor += strspn (cursor, " \t,");
      length = strcspn (cursor, " \t,");
      if (parse_wish (cursor, length, &seconds))
        return seconds;
      cursor += length;
    }

  return DAV_TIMEOUT_DEFAULT;
}

char *
dav_lock_token_parse (const char *value)
{
  gsize length, i;

  if (value == NULL || value[0] != '<')
    return NULL;

  length = strcspn (value, ">");
  if (length < 2 || length - 1 > DAV_TOKEN_MAX || value[length] != '>' || value[length + 1] != '\0')
    return NULL;

  /* An absolute URI: visible ASCII with a scheme. */
  for (i = 1; i < length; i++)
    if (!g_ascii_isgraph (value[i]) || value[i] == '<')
      return NULL;
  if (!g_ascii_isalpha (value[1]) || memchr (value, ':', length) == NULL)
    return NULL;

  return g_strndup (value + 1, length - 1);
}
