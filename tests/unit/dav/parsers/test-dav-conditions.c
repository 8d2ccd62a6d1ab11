/* Etags, and the conditions built on them and on dates.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-conditions.h"

#include <string.h>

#include "dav/dav-date.h"
#include "dav/dav-etag.h"

#define ETAG "\"a\""
#define MTIME G_GINT64_CONSTANT (784111777)
#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define EARLIER "Sun, 06 Nov 1994 08:49:36 GMT"
#define LATER "Sun, 06 Nov 1994 08:49:38 GMT"

static void
test_etag_format (void)
{
  char one[DAV_ETAG_SIZE];
  char other[DAV_ETAG_SIZE];

  dav_etag_format (0x1f, 0, 1, 2, one);
  g_assert_cmpstr (one, ==, "\"1f-0-1.2\"");
  dav_etag_format (G_MAXUINT64, G_MAXUINT64, -1, 999999999, one);
  g_assert_cmpstr (one, ==, "\"ffffffffffffffff-ffffffffffffffff-ffffffffffffffff.3b9ac9ff\"");
  dav_etag_format (G_MAXUINT64, G_MAXUINT64, -1, G_MAXUINT32, one);
  g_assert_cmpuint (strlen (one), <, DAV_ETAG_SIZE);

  /* No two different files have the same. */
  dav_etag_format (1, 11, 1, 1, one);
  dav_etag_format (11, 1, 1, 1, other);
  g_assert_cmpstr (one, !=, other);
  dav_etag_format (1, 1, 1, 11, one);
  dav_etag_format (1, 1, 11, 1, other);
  g_assert_cmpstr (one, !=, other);
}

static void
test_etag_list (void)
{
  static const struct
  {
    const char *list;
    DavEtagMatch strongly;
    DavEtagMatch weakly;
  } cases[] = {
    { "*", DAV_ETAG_MATCH, DAV_ETAG_MATCH },
    { " * ", DAV_ETAG_MATCH, DAV_ETAG_MATCH },
    { "\"a\"", DAV_ETAG_MATCH, DAV_ETAG_MATCH },
    { "W/\"a\"", DAV_ETAG_NO_MATCH, DAV_ETAG_MATCH },
    { "\"b\",\"a\"", DAV_ETAG_MATCH, DAV_ETAG_MATCH },
    { ",, \"b\" ,\t,W/\"c\", \"a\" ,", DAV_ETAG_MATCH, DAV_ETAG_MATCH },
    { "\"b\"", DAV_ETAG_NO_MATCH, DAV_ETAG_NO_MATCH },
    { "\"A\"", DAV_ETAG_NO_MATCH, DAV_ETAG_NO_MATCH },
    { "\"\"", DAV_ETAG_NO_MATCH, DAV_ETAG_NO_MATCH },
    { "\"a,b\"", DAV_ETAG_NO_MATCH, DAV_ETAG_NO_MATCH },
    { "\"\xff\"", DAV_ETAG_NO_MATCH, DAV_ETAG_NO_MATCH },
    { "", DAV_ETAG_MALFORMED, DAV_ETAG_MALFORMED },
    { " ,, ", DAV_ETAG_MALFORMED, DAV_ETAG_MALFORMED },
    { "a", DAV_ETAG_MALFORMED, DAV_ETAG_MALFORMED },
    { "\"a", DAV_ETAG_MALFORMED, DAV_ETAG_MALFORMED },
    { "\"a\"b", DAV_ETAG_MALFORMED, DAV_ETAG_MALFORMED },
    { "\"a\" \"b\"", DAV_ETAG_MALFORMED, DAV_ETAG_MALFORMED },
    { "\"a\",b", DAV_ETAG_MALFORMED, DAV_ETAG_MALFORMED },
    { "w/\"a\"", DAV_ETAG_MALFORMED, DAV_ETAG_MALFORMED },
    { "W/ \"a\"", DAV_ETAG_MALFORMED, DAV_ETAG_MALFORMED },
    { "\"a b\"", DAV_ETAG_MALFORMED, DAV_ETAG_MALFORMED },
    { "\"a\x01\"", DAV_ETAG_MALFORMED, DAV_ETAG_MALFORMED },
    { "*,\"a\"", DAV_ETAG_MALFORMED, DAV_ETAG_MALFORMED },
    { "**", DAV_ETAG_MALFORMED, DAV_ETAG_MALFORMED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *shown = g_strescape (cases[i].list, NULL);

      g_test_message ("%s", shown);
      g_assert_cmpint (dav_etag_list_match (cases[i].list, ETAG, FALSE), ==, cases[i].strongly);
      g_assert_cmpint (dav_etag_list_match (cases[i].list, ETAG, TRUE), ==, cases[i].weakly);
    }
  g_assert_cmpint (dav_etag_list_match ("\"a\"", NULL, TRUE), ==, DAV_ETAG_NO_MATCH);
}

typedef struct
{
  const char *match;
  const char *unmodified;
  const char *none_match;
  const char *modified;
  DavConditionsResult get;     /* GET of the file */
  DavConditionsResult put;     /* PUT onto the file */
  DavConditionsResult missing; /* PUT where nothing is */
} Case;

#define GO DAV_CONDITIONS_PROCEED
#define NOT DAV_CONDITIONS_NOT_MODIFIED
#define FAIL DAV_CONDITIONS_FAILED

static const Case cases[] = {
  { NULL, NULL, NULL, NULL, GO, GO, GO },

  { "\"a\"", NULL, NULL, NULL, GO, GO, FAIL },
  { "*", NULL, NULL, NULL, GO, GO, FAIL },
  { "\"b\"", NULL, NULL, NULL, FAIL, FAIL, FAIL },
  { "W/\"a\"", NULL, NULL, NULL, FAIL, FAIL, FAIL },
  { "a", NULL, NULL, NULL, FAIL, FAIL, FAIL },
  { "", NULL, NULL, NULL, FAIL, FAIL, FAIL },

  { NULL, DATE, NULL, NULL, GO, GO, GO },
  { NULL, LATER, NULL, NULL, GO, GO, GO },
  { NULL, EARLIER, NULL, NULL, FAIL, FAIL, GO },
  { NULL, "yesterday", NULL, NULL, GO, GO, GO },
  /* If-Match takes its place. */
  { "\"a\"", EARLIER, NULL, NULL, GO, GO, FAIL },
  { "\"b\"", DATE, NULL, NULL, FAIL, FAIL, FAIL },

  { NULL, NULL, "\"b\"", NULL, GO, GO, GO },
  { NULL, NULL, "\"a\"", NULL, NOT, FAIL, GO },
  { NULL, NULL, "W/\"a\"", NULL, NOT, FAIL, GO },
  { NULL, NULL, "*", NULL, NOT, FAIL, GO },
  { NULL, NULL, "a", NULL, GO, FAIL, FAIL },

  { NULL, NULL, NULL, DATE, NOT, GO, GO },
  { NULL, NULL, NULL, LATER, NOT, GO, GO },
  { NULL, NULL, NULL, EARLIER, GO, GO, GO },
  { NULL, NULL, NULL, "0", GO, GO, GO },
  /* If-None-Match takes its place. */
  { NULL, NULL, "\"b\"", DATE, GO, GO, GO },
  { NULL, NULL, "\"a\"", EARLIER, NOT, FAIL, GO },

  /* Each of the two pairs must hold, and 412 comes before 304. */
  { "\"a\"", NULL, "\"a\"", NULL, NOT, FAIL, FAIL },
  { "\"b\"", NULL, "\"a\"", NULL, FAIL, FAIL, FAIL },
  { NULL, EARLIER, NULL, DATE, FAIL, FAIL, GO },
};

static void
test_conditions (void)
{
  const DavConditionsState file
      = { .exists = TRUE, .etag = ETAG, .mtime = MTIME, .now = MTIME + 100 };
  const DavConditionsState missing = { .now = MTIME + 100 };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Case *test = &cases[i];
      g_auto (DavConditions) conditions = {
        .if_match = g_strdup (test->match),
        .if_unmodified_since = g_strdup (test->unmodified),
        .if_none_match = g_strdup (test->none_match),
        .if_modified_since = g_strdup (test->modified),
      };

      g_test_message ("case %u", i);
      g_assert_cmpint (dav_conditions_evaluate (&conditions, &file, TRUE), ==, test->get);
      g_assert_cmpint (dav_conditions_evaluate (&conditions, &file, FALSE), ==, test->put);
      g_assert_cmpint (dav_conditions_evaluate (&conditions, &missing, FALSE), ==, test->missing);
    }
}

/* A folder exists but has no etag. */
static void
test_no_etag (void)
{
  const DavConditionsState folder = { .exists = TRUE, .mtime = MTIME, .now = MTIME + 100 };
  DavConditions conditions = { .if_match = (char *)"*" };

  g_assert_cmpint (dav_conditions_evaluate (&conditions, &folder, FALSE), ==, GO);
  conditions.if_match = (char *)ETAG;
  g_assert_cmpint (dav_conditions_evaluate (&conditions, &folder, FALSE), ==, FAIL);
  conditions.if_match = NULL;
  conditions.if_none_match = (char *)"*";
  g_assert_cmpint (dav_conditions_evaluate (&conditions, &folder, FALSE), ==, FAIL);
  conditions.if_none_match = (char *)ETAG;
  g_assert_cmpint (dav_conditions_evaluate (&conditions, &folder, FALSE), ==, GO);
}

static void
test_if_range (void)
{
  static const struct
  {
    const char *value;
    gint64 age; /* seconds since the file was written */
    gboolean applies;
  } ranges[] = {
    { NULL, 0, TRUE },
    { "\"a\"", 0, TRUE },
    { "\"b\"", 9, FALSE },
    { "W/\"a\"", 9, FALSE },
    { DATE, 9, TRUE },
    { DATE, 1, TRUE },
    { DATE, 0, FALSE },
    { DATE, -5, FALSE },
    { EARLIER, 9, FALSE },
    { LATER, 9, FALSE },
    { "*", 9, FALSE },
    { "", 9, FALSE },
    { "\"a\", \"b\"", 9, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    {
      const DavConditions conditions = { .if_range = (char *)ranges[i].value };
      const DavConditionsState state
          = { .exists = TRUE, .etag = ETAG, .mtime = MTIME, .now = MTIME + ranges[i].age };

      g_assert_cmpint (dav_conditions_range_applies (&conditions, &state), ==, ranges[i].applies);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-etag/format", test_etag_format);
  g_test_add_func ("/dav-etag/list", test_etag_list);
  g_test_add_func ("/dav-conditions/table", test_conditions);
  g_test_add_func ("/dav-conditions/no-etag", test_no_etag);
  g_test_add_func ("/dav-conditions/if-range", test_if_range);

  return g_test_run ();
}
