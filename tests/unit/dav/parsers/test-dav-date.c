/* Dates of HTTP and of WebDAV.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-date.h"

#include <string.h>

#define EXAMPLE G_GINT64_CONSTANT (784111777) /* of RFC 9110 section 5.6.7 */
#define NOW G_GINT64_CONSTANT (1800000000)    /* in 2027 */

static void
test_format (void)
{
  static const struct
  {
    gint64 seconds;
    const char *http;
    const char *iso;
  } cases[] = {
    { EXAMPLE, "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z" },
    { 0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z" },
    { -1, "Wed, 31 Dec 1969 23:59:59 GMT", "1969-12-31T23:59:59Z" },
    { 951782400, "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00Z" },
    { 4107542400, "Mon, 01 Mar 2100 00:00:00 GMT", "2100-03-01T00:00:00Z" },
    { DAV_DATE_MAX, "Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59Z" },
    { DAV_DATE_MIN, "Sat, 01 Jan 0000 00:00:00 GMT", "0000-01-01T00:00:00Z" },
    { G_MAXINT64, "Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59Z" },
    { G_MININT64, "Sat, 01 Jan 0000 00:00:00 GMT", "0000-01-01T00:00:00Z" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char out[DAV_DATE_SIZE];

      dav_date_format_http (cases[i].seconds, out);
      g_assert_cmpstr (out, ==, cases[i].http);
      dav_date_format_iso (cases[i].seconds, out);
      g_assert_cmpstr (out, ==, cases[i].iso);
    }
}

/* Against GLib's calendar, and back, from 1019 to 3871. */
static void
test_round_trip (void)
{
  for (gint64 seconds = -G_GINT64_CONSTANT (30000000000); seconds < G_GINT64_CONSTANT (60000000000);
       seconds += 7654321)
    {
      g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);
      g_autofree char *expected = g_date_time_format (time, "%a, %d %b %Y %H:%M:%S GMT");
      char out[DAV_DATE_SIZE];
      gint64 back;

      dav_date_format_http (seconds, out);
      g_assert_cmpstr (out, ==, expected);
      g_assert_true (dav_date_parse_http (out, NOW, &back));
      g_assert_cmpint (back, ==, seconds);
    }
}

static void
test_parse (void)
{
  static const char *const forms[] = {
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
  };
  gint64 seconds;

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_test_message ("%s", forms[i]);
      g_assert_true (dav_date_parse_http (forms[i], NOW, &seconds));
      g_assert_cmpint (seconds, ==, EXAMPLE);
    }

  /* Two digits of a year: up to 50 years ahead they are the future. */
  g_assert_true (dav_date_parse_http ("Friday, 01-Jan-77 00:00:00 GMT", NOW, &seconds));
  g_assert_cmpint (seconds, ==, G_GINT64_CONSTANT (3376684800));
  g_assert_true (dav_date_parse_http ("Sunday, 01-Jan-78 00:00:00 GMT", NOW, &seconds));
  g_assert_cmpint (seconds, ==, G_GINT64_CONSTANT (252460800));

  g_assert_true (dav_date_parse_http ("Mon Nov 16 08:49:37 2026", NOW, &seconds));
  g_assert_cmpint (seconds, ==, G_GINT64_CONSTANT (1794818977));
}

static void
test_invalid (void)
{
  static const char *const invalid[] = {
    "",
    "0",
    "784111777",
    "Sun",
    "Sun,",
    "Sun, ",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 +0000",
    "Sun, 06 Nov 1994 08:49:37 GMT ",
    " Sun, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun, 06-Nov-94 08:49:37 GMT",
    "Sun, 31 Feb 1994 08:49:37 GMT",
    "Sun, 29 Feb 1900 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 32 Dec 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:49:37 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 06 Nov -994 08:49:37 GMT",
    "Sunday, 06 Nov 1994 08:49:37 GMT",
    "Sun Nov 6 08:49:37 1994",
    "Sun Nov  6 08:49:37 1994 GMT",
    "Sunday Nov  6 08:49:37 1994",
    "S, 06 Nov 1994 08:49:37 GMT",
    "Foo, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 N\xc3\xb6v 1994 08:49:37 GMT",
  };
  gint64 seconds;

  for (guint i = 0; i < G_N_ELEMENTS (invalid); i++)
    {
      g_test_message ("%s", invalid[i]);
      g_assert_false (dav_date_parse_http (invalid[i], NOW, &seconds));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-date/format", test_format);
  g_test_add_func ("/dav-date/round-trip", test_round_trip);
  g_test_add_func ("/dav-date/parse", test_parse);
  g_test_add_func ("/dav-date/invalid", test_invalid);

  return g_test_run ();
}
