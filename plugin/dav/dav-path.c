/* Request paths and hrefs: from the wire to a path of the share and back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-path.h"

#include <string.h>

#include "dav/dav-host.h"

/* Longest escaped form of a path that is not too long anyway. */
#define RAW_MAX (3 * (DAV_PATH_MAX + 1))

/* Appends one segment, @length bytes at @raw, with its escapes undone. */
static DavPathResult
decode_segment (GString *path, const char *raw, gsize length)
{
  gsize start = path->len;
  gboolean has_slash = FALSE;
  gsize i;

  for (i = 0; i < length; i++)
    {
      char byte = raw[i];

      if (byte == '%')
        {
          int high, low;

          if (length - i < 3)
            return DAV_PATH_MALFORMED;
          high = g_ascii_xdigit_value (raw[i + 1]);
          low = g_ascii_xdigit_value (raw[i + 2]);
          if (high < 0 || low < 0)
            return DAV_PATH_MALFORMED;
          byte = (char)(high << 4 | low);
          i += 2;
        }

      if (byte == '\0')
        return DAV_PATH_MALFORMED;
      has_slash |= byte == '/';
      g_string_append_c (path, byte);
    }

  if (has_slash)
    return DAV_PATH_IMPOSSIBLE;
  if (strcmp (path->str + start, ".") == 0 || strcmp (path->str + start, "..") == 0)
    return DAV_PATH_FORBIDDEN;

  return DAV_PATH_OK;
}

/* As dav_path_decode(), for @length bytes. */
static DavPathResult
decode (const char *raw, gsize length, char **path)
{
  g_autoptr (GString) decoded = NULL;
  const char *cursor = raw;
  const char *end = raw + length;

  if (length == 0 || raw[0] != '/')
    return DAV_PATH_MALFORMED;
  if (length > RAW_MAX)
    return DAV_PATH_IMPOSSIBLE;

  decoded = g_string_sized_new (length);
  while (cursor < end)
    {
      const char *slash;
      DavPathResult result;

      if (*cursor == '/')
        {
          cursor++;
          continue;
        }

      slash = memchr (cursor, '/', (gsize)(end - cursor));
      if (slash == NULL)
        slash = end;
      if (decoded->len > 0)
        g_string_append_c (decoded, '/');
      result = decode_segment (decoded, cursor, (gsize)(slash - cursor));
      if (result != DAV_PATH_OK)
        return result;
      cursor = slash;
    }

  if (decoded->len > DAV_PATH_MAX)
    return DAV_PATH_IMPOSSIBLE;

  *path = g_string_free (g_steal_pointer (&decoded), FALSE);
  return DAV_PATH_OK;
}

DavPathResult
dav_path_decode (const char *raw, char **path, gboolean *trailing_slash)
{
  *trailing_slash = g_str_has_suffix (raw, "/");
  return decode (raw, strlen (raw), path);
}

DavPathResult
dav_path_decode_reference (const char *reference, const char *host, char **path)
{
  static const char scheme[] = "http://";
  const char *cursor;
  gsize length;

  /* A URI is visible ASCII. What came as other bytes is damaged by now (DESIGN P17). */
  for (cursor = reference; *cursor != '\0'; cursor++)
    if (!g_ascii_isgraph (*cursor) || *cursor == '?' || *cursor == '#')
      return DAV_PATH_MALFORMED;

  if (reference[0] == '/')
    {
      /* `//host/path` is a reference to another authority, which the grammar has no place for. */
      if (reference[1] == '/')
        return DAV_PATH_MALFORMED;
      return decode (reference, strlen (reference), path);
    }

  if (g_ascii_strncasecmp (reference, scheme, strlen (scheme)) != 0)
    return g_uri_is_valid (reference, G_URI_FLAGS_NONE, NULL) ? DAV_PATH_FOREIGN
                                                              : DAV_PATH_MALFORMED;

  cursor = reference + strlen (scheme);
  length = strcspn (cursor, "/");
  if (length == 0 || memchr (cursor, '@', length) != NULL)
    return DAV_PATH_MALFORMED;
  if (!dav_host_equal (cursor, length, host))
    return DAV_PATH_FOREIGN;

  cursor += length;
  if (*cursor == '\0')
    cursor = "/";
  return decode (cursor, strlen (cursor), path);
}

guint
dav_path_result_get_status (DavPathResult result)
{
  switch (result)
    {
    case DAV_PATH_OK:
      return 200;
    case DAV_PATH_FORBIDDEN:
      return 403;
    case DAV_PATH_IMPOSSIBLE:
      return 404;
    case DAV_PATH_FOREIGN:
      return 502;
    case DAV_PATH_MALFORMED:
    default:
      return 400;
    }
}

void
dav_path_append_href (GString *out, const char *path, gboolean is_folder)
{
  g_string_append_c (out, '/');
  g_string_append_uri_escaped (out, path, "/", FALSE);
  if (is_folder && path[0] != '\0')
    g_string_append_c (out, '/');
}

gboolean
dav_path_is_within (const char *path, const char *ancestor)
{
  gsize length = strlen (ancestor);

  if (length == 0)
    return TRUE;

  return strncmp (path, ancestor, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

char *
dav_path_get_parent (const char *path)
{
  const char *slash;

  if (path[0] == '\0')
    return NULL;

  slash = strrchr (path, '/');
  return slash != NULL ? g_strndup (path, (gsize)(slash - path)) : g_strdup ("");
}

const char *
dav_path_get_name (const char *path)
{
  const char *slash = strrchr (path, '/');

  return slash != NULL ? slash + 1 : path;
}
