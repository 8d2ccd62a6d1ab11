/* Range: what is sent lies in the file, no byte twice. The first 8 bytes are its size.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "dav/dav-range.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  DavRange ranges[DAV_RANGE_MAX];
  g_autofree char *text = NULL;
  guint64 file_size;
  guint n_ranges;

  if (size < sizeof file_size)
    return 0;
  memcpy (&file_size, data, sizeof file_size);
  text = g_strndup ((const char *)data + sizeof file_size, size - sizeof file_size);

  if (dav_range_parse (text, file_size, ranges, &n_ranges) != DAV_RANGE_PARTIAL)
    return 0;

  g_assert_cmpuint (n_ranges, >=, 1);
  g_assert_cmpuint (n_ranges, <=, DAV_RANGE_MAX);
  for (guint i = 0; i < n_ranges; i++)
    {
      g_autofree char *value = dav_range_format_content_range (&ranges[i], file_size);

      g_assert_cmpuint (ranges[i].length, >, 0);
      g_assert_cmpuint (ranges[i].offset, <, file_size);
      g_assert_cmpuint (ranges[i].length, <=, file_size - ranges[i].offset);
      for (guint j = 0; j < i; j++)
        g_assert_true (ranges[i].offset + ranges[i].length <= ranges[j].offset
                       || ranges[j].offset + ranges[j].length <= ranges[i].offset);
    }

  return 0;
}
