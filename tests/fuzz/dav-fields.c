/* The small header fields: conditions, dates, etags, Depth, Timeout, Lock-Token. Split at NULs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "dav/dav-conditions.h"
#include "dav/dav-date.h"
#include "dav/dav-headers.h"

#define NOW G_GINT64_CONSTANT (1800000000)

static void
check_field (const char *text)
{
  g_autofree char *token = dav_lock_token_parse (text);
  guint timeout = dav_timeout_parse (text);
  gboolean overwrite;
  gint64 seconds, back;
  char date[DAV_DATE_SIZE];

  g_assert_cmpuint (timeout, >=, DAV_TIMEOUT_MIN);
  g_assert_cmpuint (timeout, <=, DAV_TIMEOUT_MAX);
  g_assert_true (token == NULL || strlen (token) <= DAV_TOKEN_MAX);
  dav_depth_parse (text);
  dav_overwrite_parse (text, &overwrite);

  if (dav_date_parse_http (text, NOW, &seconds))
    {
      dav_date_format_http (seconds, date);
      g_assert_true (dav_date_parse_http (date, NOW, &back));
      /* A leap second on the last day there is has no date of its own. */
      g_assert_cmpint (back, ==, MIN (seconds, DAV_DATE_MAX));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const DavConditionsState state
      = { .exists = TRUE, .etag = "\"a\"", .mtime = NOW - 10, .now = NOW };
  char *fields[5] = { NULL };
  const guint8 *end = data + size;

  for (guint i = 0; i < G_N_ELEMENTS (fields) && data < end; i++)
    {
      fields[i] = g_strndup ((const char *)data, (gsize)(end - data));
      data += strlen (fields[i]) + 1;
      check_field (fields[i]);
    }

  {
    g_auto (DavConditions) conditions = {
      .if_match = fields[0],
      .if_none_match = fields[1],
      .if_modified_since = fields[2],
      .if_unmodified_since = fields[3],
      .if_range = fields[4],
    };

    dav_conditions_evaluate (&conditions, &state, TRUE);
    dav_conditions_evaluate (&conditions, &state, FALSE);
    dav_conditions_range_applies (&conditions, &state);
  }

  return 0;
}
