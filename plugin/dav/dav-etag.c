/* Entity tags: making ours, and finding one in a list. RFC 9110 section 8.8.3.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-etag.h"

#include <string.h>

static char *
put_hex (char *out, guint64 number)
{
  static const char hex[] = "0123456789abcdef";
  int shift = 60;

  while (shift > 0 && (number >> shift & 0xf) == 0)
    shift -= 4;
  for (; shift >= 0; shift -= 4)
    *out++ = hex[number >> shift & 0xf];

  return out;
}

void
dav_etag_format (guint64 inode,
                 guint64 size,
                 gint64 seconds,
                 guint32 nanoseconds,
                 char out[static DAV_ETAG_SIZE])
{
  *out++ = '"';
  out = put_hex (out, inode);
  *out++ = '-';
  out = put_hex (out, size);
  *out++ = '-';
  out = put_hex (out, (guint64)seconds);
  *out++ = '.';
  out = put_hex (out, nanoseconds);
  *out++ = '"';
  *out = '\0';
}

gboolean
dav_etag_scan (const char **cursor, gboolean *is_weak, const char **opaque, gsize *length)
{
  const char *start = *cursor;
  const char *end;

  *is_weak = start[0] == 'W' && start[1] == '/';
  if (*is_weak)
    start += 2;
  if (*start != '"')
    return FALSE;

  /* etagc: visible characters but the quote, and all of what is not ASCII. */
  for (end = start + 1; (guint8)*end > ' ' && *end != '"' && *end != 0x7f; end++)
    ;
  if (*end != '"')
    return FALSE;

  *opaque = start;
  *length = (gsize)(end - start) + 1;
  *cursor = end + 1;
  return TRUE;
}

DavEtagMatch
dav_etag_list_match (const char *list, const char *etag, gboolean weakly)
{
  static const char blank[] = " \t";
  gsize etag_length = etag != NULL ? strlen (etag) : 0;
  gboolean matches = FALSE;
  gboolean is_empty = TRUE;
  const char *cursor = list + strspn (list, blank);

  if (cursor[0] == '*' && cursor[1 + strspn (cursor + 1, blank)] == '\0')
    return DAV_ETAG_MATCH;

  /* Read to its end even after a match: half a list is no list. */
  while (*cursor != '\0')
    {
      const char *opaque;
      gsize length;
      gboolean is_weak;

      if (*cursor != ',')
        {
          if (!dav_etag_scan (&cursor, &is_weak, &opaque, &length))
            return DAV_ETAG_MALFORMED;
          is_empty = FALSE;
          if (etag != NULL && (weakly || !is_weak) && length == etag_length
              && memcmp (opaque, etag, length) == 0)
            matches = TRUE;
          cursor += strspn (cursor, blank);
          if (*cursor != ',' && *cursor != '\0')
            return DAV_ETAG_MALFORMED;
        }
      else
        cursor++;
      cursor += strspn (cursor, blank);
    }

  if (is_empty)
    return DAV_ETAG_MALFORMED;

  return matches ? DAV_ETAG_MATCH : DAV_ETAG_NO_MATCH;
}
