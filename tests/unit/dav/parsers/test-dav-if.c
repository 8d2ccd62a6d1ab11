/* The If header: reading, limits, evaluation.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../../../lib/patience.h"
#include "dav/dav-if.h"

#include <string.h>
#include <time.h>

#include "dav/dav-headers.h"

#define HOST "localhost:9843"

/* The world the table is evaluated in: two files, two locks. */
static const struct
{
  const char *path;
  const char *etag;
  const char *token;
} world[] = {
  { "a", "\"etag-a\"", "urn:lock:a" },
  { "b/c d", "\"etag-c\"", "urn:lock:c" },
};

static gboolean
has_token (const char *path, const char *token, gpointer user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (world); i++)
    if (strcmp (world[i].path, path) == 0 && strcmp (world[i].token, token) == 0)
      return TRUE;

  return FALSE;
}

static char *
get_etag (const char *path, gpointer user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (world); i++)
    if (strcmp (world[i].path, path) == 0)
      return g_strdup (world[i].etag);

  return NULL;
}

static gboolean
evaluate (const char *value)
{
  g_autoptr (DavIf) header = NULL;

  g_assert_cmpint (dav_if_parse (value, "a", HOST, &header), ==, DAV_IF_OK);
  dav_if_settle_tokens (header, has_token, NULL);

  return dav_if_evaluate (header, get_etag, NULL);
}

static void
test_evaluate (void)
{
  static const struct
  {
    const char *value;
    gboolean holds;
  } cases[] = {
    { "(<urn:lock:a>)", TRUE },
    { "(<urn:lock:c>)", FALSE },
    { "(<urn:lock:A>)", FALSE },
    { "(Not <urn:lock:c>)", TRUE },
    { "(not<urn:lock:a>)", FALSE },
    { "([\"etag-a\"])", TRUE },
    { "([\"etag-c\"])", FALSE },
    { "([W/\"etag-a\"])", FALSE },
    { "(Not [\"etag-a\"])", FALSE },
    { "(Not [\"x\"])", TRUE },
    { "(<urn:lock:a> [\"etag-a\"])", TRUE },
    { "(<urn:lock:a>[\"etag-a\"])", TRUE },
    { "(<urn:lock:a> [\"x\"])", FALSE },
    { "(<urn:lock:x> [\"etag-a\"])", FALSE },
    { "(<urn:lock:a> Not [\"x\"] Not <urn:lock:c>)", TRUE },
    { "(<urn:lock:x>) ([\"etag-a\"])", TRUE },
    { "(<urn:lock:x>)([\"x\"])", FALSE },
    { " \t( <urn:lock:a> ) ", TRUE },
    { "(<urn:lock:x>) (Not <DAV:no-lock>)", TRUE },
    { "(<DAV:no-lock>)", FALSE },

    { "</a> (<urn:lock:a>)", TRUE },
    { "<http://localhost:9843/a> (<urn:lock:a>)", TRUE },
    { "<HTTP://LOCALHOST:9843/a>(<urn:lock:a>)", TRUE },
    { "</b/c%20d> (<urn:lock:c> [\"etag-c\"])", TRUE },
    { "</b/c%20d> (<urn:lock:a>)", FALSE },
    { "</b/c%20d/> (<urn:lock:c>)", TRUE },
    { "</a> (<urn:lock:x>) (<urn:lock:a>)", TRUE },
    { "</x> (<urn:lock:a>) </b/c%20d> (<urn:lock:x>) ([\"etag-c\"])", TRUE },
    { "</x> ([\"etag-a\"]) </y> ([\"etag-c\"])", FALSE },
    { "</x> (Not [\"etag-a\"])", TRUE },

    /* Nothing in another place has state: only Not holds. */
    { "<http://evil/a> (<urn:lock:a>)", FALSE },
    { "<http://evil/a> ([\"etag-a\"])", FALSE },
    { "<http://evil/a> (Not <urn:lock:a>)", TRUE },
    { "<http://localhost/a> (<urn:lock:a>)", FALSE },
    { "</../a> ([\"etag-a\"])", FALSE },
    { "</%2fa> (Not [\"etag-a\"])", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].value);
      g_assert_cmpint (evaluate (cases[i].value), ==, cases[i].holds);
    }
}

static void
test_malformed (void)
{
  static const char *const malformed[] = {
    "",
    " ",
    "*",
    "urn:lock:a",
    "<urn:lock:a>",
    "()",
    "( )",
    "(",
    ")",
    "(<urn:lock:a>",
    "(<urn:lock:a)",
    "(<>)",
    "(<urn:a b>)",
    "(<urn:<a>)",
    "(<urn:\xc3\xa9>)",
    "(urn:lock:a)",
    "(Not)",
    "(Not Not <urn:a>)",
    "(Nota <urn:a>)",
    "(<urn:a> Not)",
    "([])",
    "([etag])",
    "([\"etag])",
    "([\"etag\")",
    "([\"etag\"]]",
    "([ \"etag\" ])",
    "([\"a\",\"b\"])",
    "(<urn:a>,<urn:b>)",
    "(<urn:a>), (<urn:b>)",
    "(<urn:a>) x",
    "(<urn:a>))",
    "((<urn:a>))",
    "</a>",
    "</a> </b> (<urn:a>)",
    "</a> (<urn:a>) </b>",
    "(<urn:a>) </a> (<urn:b>)",
    "</a (<urn:a>)",
    "</a> x (<urn:a>)",
    "< /a> (<urn:a>)",
  };

  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      DavIf *header = NULL;

      g_test_message ("%s", malformed[i]);
      g_assert_cmpint (dav_if_parse (malformed[i], "a", HOST, &header), ==, DAV_IF_MALFORMED);
      g_assert_null (header);
    }
}

static void
test_tokens (void)
{
  g_autoptr (DavIf) header = NULL;
  const char *const *tokens;

  g_assert_cmpint (
      dav_if_parse ("</a> (<urn:1> [\"x\"]) (Not <urn:2>) </b> (<urn:3>)", "a", HOST, &header), ==,
      DAV_IF_OK);
  tokens = dav_if_get_tokens (header);
  g_assert_cmpuint (g_strv_length ((char **)tokens), ==, 3);
  g_assert_cmpstr (tokens[0], ==, "urn:1");
  g_assert_cmpstr (tokens[1], ==, "urn:2");
  g_assert_cmpstr (tokens[2], ==, "urn:3");
  g_assert_true (dav_if_needs_etags (header));
}

/* Before the tokens are settled nothing about them is true, negated or not. */
static void
test_unsettled (void)
{
  g_autoptr (DavIf) header = NULL;

  g_assert_cmpint (dav_if_parse ("(<urn:lock:a>) (Not <urn:x>)", "a", HOST, &header), ==,
                   DAV_IF_OK);
  g_assert_false (dav_if_needs_etags (header));
  g_assert_false (dav_if_evaluate (header, get_etag, NULL));
  dav_if_settle_tokens (header, has_token, NULL);
  g_assert_true (dav_if_evaluate (header, get_etag, NULL));
}

static char *
count_etag (const char *path, gpointer user_data)
{
  (*(guint *)user_data)++;

  return g_strdup ("\"etag\"");
}

/* An etag costs a system call: one a list, however many conditions it has. */
static void
test_etag_once (void)
{
  g_autoptr (DavIf) header = NULL;
  guint count = 0;

  g_assert_cmpint (dav_if_parse ("(Not [\"1\"] Not [\"2\"] [\"3\"]) (Not [\"4\"] [\"etag\"])", "a",
                                 HOST, &header),
                   ==, DAV_IF_OK);
  g_assert_true (dav_if_evaluate (header, count_etag, &count));
  g_assert_cmpuint (count, ==, 2);
}

/* @n times @piece, in one list or each in its own. */
static char *
repeat (const char *before, const char *piece, guint n, const char *after)
{
  GString *value = g_string_new (before);

  for (guint i = 0; i < n; i++)
    g_string_append (value, piece);
  g_string_append (value, after);

  return g_string_free (value, FALSE);
}

static DavIfResult
parse (const char *value)
{
  g_autoptr (DavIf) header = NULL;

  return dav_if_parse (value, "a", HOST, &header);
}

static void
test_limits (void)
{
  g_autofree char *conditions = repeat ("(", "<urn:a>", DAV_IF_MAX_CONDITIONS, ")");
  g_autofree char *more_conditions = repeat ("(", "<urn:a>", DAV_IF_MAX_CONDITIONS + 1, ")");
  g_autofree char *lists = repeat ("", "(<urn:a>)", DAV_IF_MAX_LISTS, "");
  g_autofree char *more_lists = repeat ("", "(<urn:a>)", DAV_IF_MAX_LISTS + 1, "");
  g_autofree char *tags = repeat ("", "</a> (<urn:a>)", DAV_IF_MAX_LISTS, "");
  g_autofree char *more_tags = repeat ("", "</a> (<urn:a>)", DAV_IF_MAX_LISTS + 1, "");
  g_autofree char *token = repeat ("(<", "x", DAV_TOKEN_MAX, ">)");
  g_autofree char *long_token = repeat ("(<", "x", DAV_TOKEN_MAX + 1, ">)");

  g_assert_cmpint (parse (conditions), ==, DAV_IF_OK);
  g_assert_cmpint (parse (more_conditions), ==, DAV_IF_TOO_LARGE);
  g_assert_cmpint (parse (lists), ==, DAV_IF_OK);
  g_assert_cmpint (parse (more_lists), ==, DAV_IF_TOO_LARGE);
  g_assert_cmpint (parse (tags), ==, DAV_IF_OK);
  g_assert_cmpint (parse (more_tags), ==, DAV_IF_TOO_LARGE);
  g_assert_cmpint (parse (token), ==, DAV_IF_OK);
  g_assert_cmpint (parse (long_token), ==, DAV_IF_MALFORMED);
}

/* CPU time of this thread, in microseconds: how busy the machine is does not matter. */
static gint64
get_cpu_time (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/* 15,000 elements cost libsoup 0.4 s (DESIGN P17); any header of 1 MiB must be nothing here. */
static void
test_time (void)
{
  static const struct
  {
    const char *before;
    const char *piece;
  } floods[] = {
    { "", "(<urn:a>)" }, { "(", "<urn:a> " }, { "", "</a> (<urn:a>)" },
    { "(", "[\"a\"]" },  { "", "(" },         { "", "<" },
    { "(", "Not " },     { "(", "<" },        { "([\"", "a" },
    { "<http://", "a" }, { "<", "/" },        { "", " " },
    { "</", "%41" },     { "(<urn:", "a" },   { "", "</" },
    { "(", "[" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (floods); i++)
    {
      g_autofree char *value
          = repeat (floods[i].before, floods[i].piece, (1 << 20) / strlen (floods[i].piece), "");
      gint64 start = get_cpu_time ();

      g_test_message ("%s%s…", floods[i].before, floods[i].piece);
      g_assert_cmpint (parse (value), !=, DAV_IF_OK);
      g_assert_cmpint (get_cpu_time () - start, <, 200 * G_TIME_SPAN_MILLISECOND * patience ());
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-if/evaluate", test_evaluate);
  g_test_add_func ("/dav-if/malformed", test_malformed);
  g_test_add_func ("/dav-if/tokens", test_tokens);
  g_test_add_func ("/dav-if/unsettled", test_unsettled);
  g_test_add_func ("/dav-if/etag-once", test_etag_once);
  g_test_add_func ("/dav-if/limits", test_limits);
  g_test_add_func ("/dav-if/time", test_time);

  return g_test_run ();
}
