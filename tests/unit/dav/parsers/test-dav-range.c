/* Byte ranges and multipart/byteranges.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-range.h"

#include <string.h>

#define GIB G_GUINT64_CONSTANT (1073741824)
#define HUGE_SIZE G_GUINT64_CONSTANT (0x7fffffffffffffff)

/* A range as `offset+length`, several apart by spaces. */
static char *
describe (const DavRange *ranges, guint n_ranges)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n_ranges; i++)
    g_string_append_printf (text, "%s%" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT, i > 0 ? " " : "",
                            ranges[i].offset, ranges[i].length);

  return g_string_free (text, FALSE);
}

static void
test_parse (void)
{
  static const struct
  {
    const char *value;
    guint64 size;
    DavRangeResult result;
    const char *ranges;
  } cases[] = {
    { "bytes=0-0", 10, DAV_RANGE_PARTIAL, "0+1" },
    { "bytes=0-9", 10, DAV_RANGE_PARTIAL, "0+10" },
    { "bytes=0-10", 10, DAV_RANGE_PARTIAL, "0+10" },
    { "bytes=9-9", 10, DAV_RANGE_PARTIAL, "9+1" },
    { "bytes=3-", 10, DAV_RANGE_PARTIAL, "3+7" },
    { "bytes=-3", 10, DAV_RANGE_PARTIAL, "7+3" },
    { "bytes=-10", 10, DAV_RANGE_PARTIAL, "0+10" },
    { "bytes=-99", 10, DAV_RANGE_PARTIAL, "0+10" },
    { "Bytes=0-1", 10, DAV_RANGE_PARTIAL, "0+2" },
    { "bytes=  0-1 ,\t3-4 ", 10, DAV_RANGE_PARTIAL, "0+2 3+2" },
    { "bytes=,0-1,,3-4,", 10, DAV_RANGE_PARTIAL, "0+2 3+2" },
    { "bytes=000000000000000000000000000001-2", 10, DAV_RANGE_PARTIAL, "1+2" },

    /* Order is the client's unless something overlaps or touches. */
    { "bytes=6-7,0-1", 10, DAV_RANGE_PARTIAL, "6+2 0+2" },
    { "bytes=6-7,0-6", 10, DAV_RANGE_PARTIAL, "0+8" },
    { "bytes=0-1,2-3", 10, DAV_RANGE_PARTIAL, "0+4" },
    { "bytes=0-9,3-4", 10, DAV_RANGE_PARTIAL, "0+10" },
    { "bytes=8-8,0-3,2-4", 10, DAV_RANGE_PARTIAL, "0+5 8+1" },
    { "bytes=0-0,0-0,0-0", 10, DAV_RANGE_PARTIAL, "0+1" },
    { "bytes=-1,0-", 10, DAV_RANGE_PARTIAL, "0+10" },
    { "bytes=99-,0-1", 10, DAV_RANGE_PARTIAL, "0+2" },
    { "bytes=0-1,-0", 10, DAV_RANGE_PARTIAL, "0+2" },

    { "bytes=10-", 10, DAV_RANGE_UNSATISFIABLE, "" },
    { "bytes=10-20,30-", 10, DAV_RANGE_UNSATISFIABLE, "" },
    { "bytes=-0", 10, DAV_RANGE_UNSATISFIABLE, "" },
    { "bytes=18446744073709551615-", 10, DAV_RANGE_UNSATISFIABLE, "" },
    { "bytes=99999999999999999999999-", 10, DAV_RANGE_UNSATISFIABLE, "" },

    { NULL, 10, DAV_RANGE_IGNORE, "" },
    { "", 10, DAV_RANGE_IGNORE, "" },
    { "bytes", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=,", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=-", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=5", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=5-4", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=0-1,5-4", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=0-1;2-3", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=0-1 2-3", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=0 - 1", 10, DAV_RANGE_IGNORE, "" },
    { "bytes =0-1", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=a-b", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=--1", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=+1-2", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=0x1-2", 10, DAV_RANGE_IGNORE, "" },
    { "bytes=1-2-3", 10, DAV_RANGE_IGNORE, "" },
    { "lines=0-1", 10, DAV_RANGE_IGNORE, "" },

    { "bytes=0-", 0, DAV_RANGE_IGNORE, "" },
    { "bytes=-5", 0, DAV_RANGE_IGNORE, "" },

    { "bytes=4294967295-4294967296", 5 * GIB, DAV_RANGE_PARTIAL, "4294967295+2" },
    { "bytes=4294967296-", 5 * GIB, DAV_RANGE_PARTIAL, "4294967296+1073741824" },
    { "bytes=-1", 5 * GIB, DAV_RANGE_PARTIAL, "5368709119+1" },
    { "bytes=0-18446744073709551615", 5 * GIB, DAV_RANGE_PARTIAL, "0+5368709120" },
    { "bytes=0-18446744073709551616", 5 * GIB, DAV_RANGE_PARTIAL, "0+5368709120" },
    { "bytes=-18446744073709551617", 5 * GIB, DAV_RANGE_PARTIAL, "0+5368709120" },
    { "bytes=9223372036854775806-", HUGE_SIZE, DAV_RANGE_PARTIAL, "9223372036854775806+1" },
    { "bytes=18446744073709551614-", G_MAXUINT64, DAV_RANGE_PARTIAL, "18446744073709551614+1" },
    { "bytes=0-1,1-", G_MAXUINT64, DAV_RANGE_PARTIAL, "0+18446744073709551615" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      DavRange ranges[DAV_RANGE_MAX];
      g_autofree char *text = NULL;
      guint n_ranges;

      g_test_message ("%s of %" G_GUINT64_FORMAT, cases[i].value, cases[i].size);
      g_assert_cmpint (dav_range_parse (cases[i].value, cases[i].size, ranges, &n_ranges), ==,
                       cases[i].result);
      if (cases[i].result == DAV_RANGE_PARTIAL)
        {
          text = describe (ranges, n_ranges);
          g_assert_cmpstr (text, ==, cases[i].ranges);
        }
    }
}

static void
test_many (void)
{
  g_autoptr (GString) value = g_string_new ("bytes=");
  DavRange ranges[DAV_RANGE_MAX];
  guint n_ranges;

  for (guint i = 0; i < DAV_RANGE_MAX; i++)
    g_string_append_printf (value, "%u-%u,", 10 * i, 10 * i + 1);
  g_assert_cmpint (dav_range_parse (value->str, 100000, ranges, &n_ranges), ==, DAV_RANGE_PARTIAL);
  g_assert_cmpuint (n_ranges, ==, DAV_RANGE_MAX);

  g_string_append (value, "90000-");
  g_assert_cmpint (dav_range_parse (value->str, 100000, ranges, &n_ranges), ==, DAV_RANGE_IGNORE);
}

/* Whatever is asked for, what is sent lies in the file and holds no byte twice. */
static void
test_random (void)
{
  for (guint round = 0; round < 20000; round++)
    {
      g_autoptr (GString) value = g_string_new ("bytes=");
      DavRange ranges[DAV_RANGE_MAX];
      gboolean sent[40] = { FALSE };
      gboolean wanted[40] = { FALSE };
      gint32 size = g_test_rand_int_range (1, 40);
      gint32 n_specs = g_test_rand_int_range (1, 8);
      DavRangeResult result;
      guint n_ranges;

      for (gint32 i = 0; i < n_specs; i++)
        {
          gint32 first = g_test_rand_int_range (0, 40);
          gint32 last = g_test_rand_int_range (first, 45);

          g_string_append_printf (value, "%s%d-%d", i > 0 ? "," : "", first, last);
          for (gint32 at = first; at <= last && at < size; at++)
            wanted[at] = TRUE;
        }

      result = dav_range_parse (value->str, (guint64)size, ranges, &n_ranges);
      g_assert_cmpint (result, !=, DAV_RANGE_IGNORE);
      for (guint i = 0; result == DAV_RANGE_PARTIAL && i < n_ranges; i++)
        {
          g_assert_cmpuint (ranges[i].length, >, 0);
          for (guint64 at = ranges[i].offset; at < ranges[i].offset + ranges[i].length; at++)
            {
              g_assert_cmpuint (at, <, (guint64)size);
              g_assert_false (sent[at]);
              sent[at] = TRUE;
            }
        }
      g_assert_cmpmem (sent, sizeof sent, wanted, sizeof wanted);
    }
}

static void
test_content_range (void)
{
  const DavRange range = { 5 * GIB, 2 };
  g_autofree char *value = dav_range_format_content_range (&range, 6 * GIB);
  g_autofree char *none = dav_range_format_content_range (NULL, 6 * GIB);

  g_assert_cmpstr (value, ==, "bytes 5368709120-5368709121/6442450944");
  g_assert_cmpstr (none, ==, "bytes */6442450944");
}

static void
test_multipart (void)
{
  const DavRange ranges[] = { { 0, 2 }, { 5 * GIB, GIB } };
  g_autoptr (GString) body = g_string_new (NULL);
  char boundary[DAV_RANGE_BOUNDARY_SIZE];
  char other[DAV_RANGE_BOUNDARY_SIZE];

  dav_range_append_part_head (body, "B", "text/plain", &ranges[0], 6 * GIB);
  g_string_append (body, "ab");
  dav_range_append_part_head (body, "B", "text/plain", &ranges[1], 6 * GIB);
  dav_range_append_end (body, "B");
  g_assert_cmpstr (body->str, ==,
                   "\r\n--B\r\nContent-Type: text/plain\r\n"
                   "Content-Range: bytes 0-1/6442450944\r\n\r\nab"
                   "\r\n--B\r\nContent-Type: text/plain\r\n"
                   "Content-Range: bytes 5368709120-6442450943/6442450944\r\n\r\n"
                   "\r\n--B--\r\n");

  dav_range_make_boundary (boundary);
  dav_range_make_boundary (other);
  g_assert_cmpuint (strlen (boundary), ==, 32);
  g_assert_cmpstr (boundary, !=, other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-range/parse", test_parse);
  g_test_add_func ("/dav-range/many", test_many);
  g_test_add_func ("/dav-range/random", test_random);
  g_test_add_func ("/dav-range/content-range", test_content_range);
  g_test_add_func ("/dav-range/multipart", test_multipart);

  return g_test_run ();
}
