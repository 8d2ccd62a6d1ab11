/* Byte ranges: the Range header against a size, and what frames the parts of the answer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-range.h"

#include <string.h>

/* Random bytes in a boundary: nobody guesses them, and no file holds them by chance. */
#define BOUNDARY_WORDS 4

/* Reads a run of digits; a number that does not fit saturates, since it lies beyond any file. */
static gboolean
scan_position (const char **cursor, guint64 *position)
{
  if (!g_ascii_isdigit (**cursor))
    return FALSE;

  *position = 0;
  for (; g_ascii_isdigit (**cursor); (*cursor)++)
    {
      guint64 digit = (guint64)(**cursor - '0');

      if (*position > (G_MAXUINT64 - digit) / 10)
        *position = G_MAXUINT64;
      else
        *position = *position * 10 + digit;
    }

  return TRUE;
}

/* Reads one range-spec. On success range->length is 0 if nothing of it lies in the file. */
static gboolean
scan_range (const char **cursor, guint64 size, DavRange *range)
{
  guint64 first, last;

  range->offset = 0;
  range->length = 0;

  if (**cursor == '-')
    {
      (*cursor)++;
      if (!scan_position (cursor, &last))
        return FALSE;
      range->length = MIN (last, size);
      range->offset = size - range->length;
      return TRUE;
    }

  if (!scan_position (cursor, &first) || **cursor != '-')
    return FALSE;
  (*cursor)++;

  if (g_ascii_isdigit (**cursor))
    {
      scan_position (cursor, &last);
      if (last < first)
        return FALSE;
    }
  else
    last = G_MAXUINT64;

  if (first < size)
    {
      range->offset = first;
      range->length = MIN (last, size - 1) - first + 1;
    }

  return TRUE;
}

static int
compare_offsets (gconstpointer a, gconstpointer b)
{
  const DavRange *one = a;
  const DavRange *other = b;

  return (one->offset > other->offset) - (one->offset < other->offset);
}

/* Joins ranges that overlap or touch. In any other case their order is left as it was asked for. */
static guint
coalesce (DavRange *ranges, guint n_ranges)
{
  DavRange sorted[DAV_RANGE_MAX];
  guint n_sorted = 0;
  guint i;

  memcpy (sorted, ranges, n_ranges * sizeof *ranges);
  qsort (sorted, n_ranges, sizeof *sorted, compare_offsets);

  for (i = 0; i < n_ranges; i++)
    {
      DavRange *previous = n_sorted > 0 ? &sorted[n_sorted - 1] : NULL;

      if (previous != NULL && sorted[i].offset <= previous->offset + previous->length)
        previous->length
            = MAX (previous->offset + previous->length, sorted[i].offset + sorted[i].length)
              - previous->offset;
      else
        sorted[n_sorted++] = sorted[i];
    }

  if (n_sorted < n_ranges)
    memcpy (ranges, sorted, n_sorted * sizeof *ranges);
  return n_sorted;
}

DavRangeResult
dav_range_parse (const char *value,
                 guint64 size,
                 DavRange ranges[static DAV_RANGE_MAX],
                 guint *n_ranges)
{
  static const char unit[] = "bytes=";
  static const char blank[] = " \t";
  guint n_specs = 0;
  const char *cursor;

  *n_ranges = 0;
  /* An empty file has no range, and its whole is no longer than the answer that says so. */
  if (value == NULL || size == 0 || g_ascii_strncasecmp (value, unit, strlen (unit)) != 0)
    return DAV_RANGE_IGNORE;

  cursor = value + strlen (unit);
  cursor += strspn (cursor, blank);
  while (*cursor != '\0')
    {
      DavRange range;

      if (*cursor != ',')
        {
          if (n_specs++ == DAV_RANGE_MAX || !scan_range (&cursor, size, &range))
            return DAV_RANGE_IGNORE;
          if (range.length > 0)
            ranges[(*n_ranges)++] = range;
          cursor += strspn (cursor, blank);
          if (*cursor != ',' && *cursor != '\0')
            return DAV_RANGE_IGNORE;
        }
      else
        cursor++;
      cursor += strspn (cursor, blank);
    }

  if (n_specs == 0)
    return DAV_RANGE_IGNORE;
  if (*n_ranges == 0)
    return DAV_RANGE_UNSATISFIABLE;

  *n_ranges = coalesce (ranges, *n_ranges);
  return DAV_RANGE_PARTIAL;
}

char *
dav_range_format_content_range (const DavRange *range, guint64 size)
{
  if (range == NULL)
    return g_strdup_printf ("bytes */%" G_GUINT64_FORMAT, size);

  return g_strdup_printf ("bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
                          range->offset, range->offset + range->length - 1, size);
}

void
dav_range_make_boundary (char out[static DAV_RANGE_BOUNDARY_SIZE])
{
  guint i;

  G_STATIC_ASSERT (8 * BOUNDARY_WORDS + 1 <= DAV_RANGE_BOUNDARY_SIZE);

  for (i = 0; i < BOUNDARY_WORDS; i++)
    g_snprintf (out + 8 * i, 9, "%08x", g_random_int ());
}

void
dav_range_append_part_head (GString *out,
                            const char *boundary,
                            const char *content_type,
                            const DavRange *range,
                            guint64 size)
{
  g_autofree char *content_range = dav_range_format_content_range (range, size);

  g_string_append_printf (out,
                          "\r\n--%s\r\n"
                          "Content-Type: %s\r\n"
                          "Content-Range: %s\r\n"
                          "\r\n",
                          boundary, content_type, content_range);
}

void
dav_range_append_end (GString *out, const char *boundary)
{
  g_string_append_printf (out, "\r\n--%s--\r\n", boundary);
}
