/* Depth, Overwrite, Timeout, Lock-Token.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-headers.h"

#include <string.h>

static void
test_depth (void)
{
  static const char *const invalid[] = { "", "2", "-1", "00", "0 ", "0,1", "inf", "infinity,0" };

  g_assert_cmpint (dav_depth_parse (NULL), ==, DAV_DEPTH_INFINITY);
  g_assert_cmpint (dav_depth_parse ("0"), ==, DAV_DEPTH_0);
  g_assert_cmpint (dav_depth_parse ("1"), ==, DAV_DEPTH_1);
  g_assert_cmpint (dav_depth_parse ("infinity"), ==, DAV_DEPTH_INFINITY);
  g_assert_cmpint (dav_depth_parse ("Infinity"), ==, DAV_DEPTH_INFINITY);
  for (guint i = 0; i < G_N_ELEMENTS (invalid); i++)
    g_assert_cmpint (dav_depth_parse (invalid[i]), ==, DAV_DEPTH_INVALID);
}

static void
test_overwrite (void)
{
  static const struct
  {
    const char *value;
    gboolean valid;
    gboolean overwrite;
  } cases[] = {
    { NULL, TRUE, TRUE }, { "T", TRUE, TRUE },  { "t", TRUE, TRUE },      { "F", TRUE, FALSE },
    { "f", TRUE, FALSE }, { "", FALSE, FALSE }, { "true", FALSE, FALSE }, { "T,F", FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gboolean overwrite;

      g_assert_cmpint (dav_overwrite_parse (cases[i].value, &overwrite), ==, cases[i].valid);
      g_assert_cmpint (overwrite, ==, cases[i].overwrite);
    }
}

static void
test_timeout (void)
{
  static const struct
  {
    const char *value;
    guint seconds;
  } cases[] = {
    { NULL, DAV_TIMEOUT_DEFAULT },
    { "", DAV_TIMEOUT_DEFAULT },
    { "Second-3600", 3600 },
    { "second-5", 5 },
    { "Infinite", DAV_TIMEOUT_MAX },
    { "infinite, Second-5", DAV_TIMEOUT_MAX },
    { "Extend-1, Second-5", 5 },
    { "Second-x,Second-7", 7 },
    { ",, ,Second-8", 8 },
    { "Second-0", DAV_TIMEOUT_MIN },
    { "Second-1", 1 },
    { "Second-86400", DAV_TIMEOUT_MAX },
    { "Second-86401", DAV_TIMEOUT_MAX },
    { "Second-4294967296", DAV_TIMEOUT_MAX },
    { "Second-4294967297", DAV_TIMEOUT_MAX },
    { "Second-184467440737095516160000000000001", DAV_TIMEOUT_MAX },
    { "Second--1", DAV_TIMEOUT_DEFAULT },
    { "Second-", DAV_TIMEOUT_DEFAULT },
    { "Second", DAV_TIMEOUT_DEFAULT },
    { "Infinitely", DAV_TIMEOUT_DEFAULT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpuint (dav_timeout_parse (cases[i].value), ==, cases[i].seconds);
}

static void
test_lock_token (void)
{
  static const char *const invalid[] = {
    "",
    "<>",
    "urn:uuid:a",
    "<urn:uuid:a",
    "urn:uuid:a>",
    "<urn:uuid:a>>",
    "<a>",
    "<:a>",
    "<<urn:a>",
    "<urn:a> ",
    " <urn:a>",
    "<urn:a b>",
    "<1:a>",
    "<urn:\xc3\xa9>",
    "<urn:\n>",
    "<urn:a>, <urn:b>",
  };
  g_autofree char *token = dav_lock_token_parse ("<urn:uuid:a-b>");
  g_autoptr (GString) value = g_string_new ("<a:");
  g_autofree char *longest = NULL;

  g_assert_cmpstr (token, ==, "urn:uuid:a-b");
  g_assert_null (dav_lock_token_parse (NULL));
  for (guint i = 0; i < G_N_ELEMENTS (invalid); i++)
    {
      g_test_message ("%s", invalid[i]);
      g_assert_null (dav_lock_token_parse (invalid[i]));
    }

  while (value->len < DAV_TOKEN_MAX + 1)
    g_string_append_c (value, 'x');
  g_string_append_c (value, '>');
  longest = dav_lock_token_parse (value->str);
  g_assert_cmpuint (strlen (longest), ==, DAV_TOKEN_MAX);
  g_string_insert_c (value, 3, 'x');
  g_assert_null (dav_lock_token_parse (value->str));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-headers/depth", test_depth);
  g_test_add_func ("/dav-headers/overwrite", test_overwrite);
  g_test_add_func ("/dav-headers/timeout", test_timeout);
  g_test_add_func ("/dav-headers/lock-token", test_lock_token);

  return g_test_run ();
}
