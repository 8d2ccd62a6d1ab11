/* Request paths, Destination and hrefs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-path.h"

#include <string.h>

typedef struct
{
  const char *raw;
  DavPathResult result;
  const char *path;
  gboolean slash;
} Case;

static const Case cases[] = {
  { "/", DAV_PATH_OK, "", TRUE },
  { "//", DAV_PATH_OK, "", TRUE },
  { "/a", DAV_PATH_OK, "a", FALSE },
  { "/a/", DAV_PATH_OK, "a", TRUE },
  { "/a//b///c//", DAV_PATH_OK, "a/b/c", TRUE },
  { "/a%20b", DAV_PATH_OK, "a b", FALSE },
  { "/%61%2e%2E", DAV_PATH_OK, "a..", FALSE },
  { "/...", DAV_PATH_OK, "...", FALSE },
  { "/.a/..b/c..", DAV_PATH_OK, ".a/..b/c..", FALSE },
  { "/%25", DAV_PATH_OK, "%", FALSE },
  { "/%2525", DAV_PATH_OK, "%25", FALSE },
  { "/%252e%252e/x", DAV_PATH_OK, "%2e%2e/x", FALSE },
  { "/%23%3F%26%27%22", DAV_PATH_OK, "#?&'\"", FALSE },
  { "/%0a%01%7f", DAV_PATH_OK, "\n\x01\x7f", FALSE },
  { "/%ff%fe", DAV_PATH_OK, "\xff\xfe", FALSE },
  { "/\xc3\xa9", DAV_PATH_OK, "\xc3\xa9", FALSE },
  { "/%c0%ae%c0%ae/x", DAV_PATH_OK, "\xc0\xae\xc0\xae/x", FALSE },
  { "/a+b;c=d", DAV_PATH_OK, "a+b;c=d", FALSE },
  { "/C:%5Cx", DAV_PATH_OK, "C:\\x", FALSE },

  { "", DAV_PATH_MALFORMED, NULL, FALSE },
  { "a", DAV_PATH_MALFORMED, NULL, FALSE },
  { "*", DAV_PATH_MALFORMED, NULL, FALSE },
  { "/%", DAV_PATH_MALFORMED, NULL, FALSE },
  { "/%4", DAV_PATH_MALFORMED, NULL, FALSE },
  { "/%zz", DAV_PATH_MALFORMED, NULL, FALSE },
  { "/%4g", DAV_PATH_MALFORMED, NULL, FALSE },
  { "/a%", DAV_PATH_MALFORMED, NULL, FALSE },
  { "/%/41", DAV_PATH_MALFORMED, NULL, FALSE },
  { "/a%4/1", DAV_PATH_MALFORMED, NULL, FALSE },
  { "/%00", DAV_PATH_MALFORMED, NULL, FALSE },
  { "/a%00b", DAV_PATH_MALFORMED, NULL, FALSE },

  { "/a%2fb", DAV_PATH_IMPOSSIBLE, NULL, FALSE },
  { "/%2F", DAV_PATH_IMPOSSIBLE, NULL, FALSE },
  { "/..%2f..%2fetc/passwd", DAV_PATH_IMPOSSIBLE, NULL, FALSE },

  { "/.", DAV_PATH_FORBIDDEN, NULL, FALSE },
  { "/..", DAV_PATH_FORBIDDEN, NULL, FALSE },
  { "/../x", DAV_PATH_FORBIDDEN, NULL, FALSE },
  { "/a/../x", DAV_PATH_FORBIDDEN, NULL, FALSE },
  { "/a/./x", DAV_PATH_FORBIDDEN, NULL, FALSE },
  { "/a/%2e%2e/x", DAV_PATH_FORBIDDEN, NULL, FALSE },
  { "/a/.%2E/", DAV_PATH_FORBIDDEN, NULL, FALSE },
  { "/%2e", DAV_PATH_FORBIDDEN, NULL, FALSE },
};

static void
check_case (DavPathResult result, char *path, gboolean slash, const Case *expected)
{
  g_assert_cmpint (result, ==, expected->result);
  g_assert_cmpstr (path, ==, expected->path);
  if (result == DAV_PATH_OK)
    g_assert_cmpint (slash, ==, expected->slash);
}

static void
test_decode (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = NULL;
      gboolean slash = FALSE;
      DavPathResult result;

      g_test_message ("%s", cases[i].raw);
      result = dav_path_decode (cases[i].raw, &path, &slash);
      check_case (result, path, slash, &cases[i]);
    }
}

/* The same decoder stands behind references. */
static void
test_reference_decodes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *reference = g_strconcat ("http://localhost:9843", cases[i].raw, NULL);
      g_autofree char *path = NULL;
      DavPathResult result;

      /* What no reference can be: raw bytes outside ASCII; or what would change the authority. */
      if (!g_str_is_ascii (cases[i].raw) || cases[i].raw[0] != '/')
        continue;
      g_test_message ("%s", reference);
      result = dav_path_decode_reference (reference, "localhost:9843", &path);
      check_case (result, path, cases[i].slash, &cases[i]);
    }
}

static void
test_reference (void)
{
  static const struct
  {
    const char *reference;
    const char *host;
    DavPathResult result;
    const char *path;
  } references[] = {
    { "/a", "localhost", DAV_PATH_OK, "a" },
    { "/a", NULL, DAV_PATH_OK, "a" },
    { "http://localhost/a", "localhost", DAV_PATH_OK, "a" },
    { "HTTP://LOCALHOST/a", "localhost", DAV_PATH_OK, "a" },
    { "http://localhost:80/a", "localhost", DAV_PATH_OK, "a" },
    { "http://localhost/a", "localhost:80", DAV_PATH_OK, "a" },
    { "http://localhost:9843", "localhost:9843", DAV_PATH_OK, "" },
    { "http://[::1]:9843/a", "[::1]:9843", DAV_PATH_OK, "a" },

    { "http://localhost/a", NULL, DAV_PATH_FOREIGN, NULL },
    { "http://localhost:9843/a", "localhost", DAV_PATH_FOREIGN, NULL },
    { "http://localhost/a", "127.0.0.1", DAV_PATH_FOREIGN, NULL },
    { "http://localhost.evil/a", "localhost", DAV_PATH_FOREIGN, NULL },
    { "http://evil/a", "localhost", DAV_PATH_FOREIGN, NULL },
    { "http://localhost:/a", "localhost", DAV_PATH_FOREIGN, NULL },
    { "http://localhost:99999/a", "localhost", DAV_PATH_FOREIGN, NULL },
    { "https://localhost/a", "localhost", DAV_PATH_FOREIGN, NULL },
    { "file:///etc/passwd", "localhost", DAV_PATH_FOREIGN, NULL },
    { "urn:a", "localhost", DAV_PATH_FOREIGN, NULL },

    { "", "localhost", DAV_PATH_MALFORMED, NULL },
    { "a", "localhost", DAV_PATH_MALFORMED, NULL },
    { "../a", "localhost", DAV_PATH_MALFORMED, NULL },
    { "//localhost/a", "localhost", DAV_PATH_MALFORMED, NULL },
    { "http:///a", "localhost", DAV_PATH_MALFORMED, NULL },
    { "http://user@localhost/a", "localhost", DAV_PATH_MALFORMED, NULL },
    { "http://localhost@evil/a", "localhost", DAV_PATH_MALFORMED, NULL },
    { "/a?b", "localhost", DAV_PATH_MALFORMED, NULL },
    { "/a#b", "localhost", DAV_PATH_MALFORMED, NULL },
    { "http://localhost?a", "localhost", DAV_PATH_MALFORMED, NULL },
    { "/a b", "localhost", DAV_PATH_MALFORMED, NULL },
    { "/a\tb", "localhost", DAV_PATH_MALFORMED, NULL },
    { "/\xc3\xa9", "localhost", DAV_PATH_MALFORMED, NULL },
    { "/\xef\xbf\xbd", "localhost", DAV_PATH_MALFORMED, NULL },
    { "http://localhost/../a", "localhost", DAV_PATH_FORBIDDEN, NULL },
    { "/a%2fb", "localhost", DAV_PATH_IMPOSSIBLE, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (references); i++)
    {
      g_autofree char *path = NULL;

      g_test_message ("%s", references[i].reference);
      g_assert_cmpint (
          dav_path_decode_reference (references[i].reference, references[i].host, &path), ==,
          references[i].result);
      g_assert_cmpstr (path, ==, references[i].path);
    }
}

static void
test_length (void)
{
  gboolean slash;
  g_autoptr (GString) raw = g_string_new ("/");
  g_autofree char *path = NULL;
  char *none = NULL;

  /* Just as long as a path may be, each byte escaped. */
  for (guint i = 0; i < DAV_PATH_MAX; i++)
    g_string_append (raw, "%41");
  g_assert_cmpint (dav_path_decode (raw->str, &path, &slash), ==, DAV_PATH_OK);
  g_assert_cmpuint (strlen (path), ==, DAV_PATH_MAX);

  g_string_append (raw, "A");
  g_assert_cmpint (dav_path_decode (raw->str, &none, &slash), ==, DAV_PATH_IMPOSSIBLE);
  while (raw->len < 1 << 20)
    g_string_append (raw, "////////////////");
  g_assert_cmpint (dav_path_decode (raw->str, &none, &slash), ==, DAV_PATH_IMPOSSIBLE);
  g_assert_null (none);
}

static void
test_href (void)
{
  static const struct
  {
    const char *path;
    gboolean is_folder;
    const char *href;
  } hrefs[] = {
    { "", FALSE, "/" },
    { "", TRUE, "/" },
    { "a", FALSE, "/a" },
    { "a/b", TRUE, "/a/b/" },
    { "a b&c<d>'\"", FALSE, "/a%20b%26c%3Cd%3E%27%22" },
    { "#?%:;=@+,$!*()[]\\", FALSE, "/%23%3F%25%3A%3B%3D%40%2B%2C%24%21%2A%28%29%5B%5D%5C" },
    { "-._~09azAZ", FALSE, "/-._~09azAZ" },
    { "\xc3\xa9\xff\n", FALSE, "/%C3%A9%FF%0A" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (hrefs); i++)
    {
      g_autoptr (GString) href = g_string_new ("x");

      dav_path_append_href (href, hrefs[i].path, hrefs[i].is_folder);
      g_assert_cmpstr (href->str + 1, ==, hrefs[i].href);
    }
}

/* Every byte a name can hold, alone and in all pairs, comes back. */
static void
test_round_trip (void)
{
  g_autoptr (GString) href = g_string_new (NULL);

  for (guint a = 1; a < 256; a++)
    for (guint b = 1; b < 256; b++)
      {
        const char name[] = { 'n', (char)a, (char)b, '\0' };
        g_autofree char *path = NULL;
        gboolean slash;

        if (a == '/' || b == '/')
          continue;
        g_string_truncate (href, 0);
        dav_path_append_href (href, name, TRUE);
        g_assert_true (g_str_is_ascii (href->str));
        g_assert_cmpint (dav_path_decode (href->str, &path, &slash), ==, DAV_PATH_OK);
        g_assert_cmpstr (path, ==, name);
        g_assert_true (slash);
      }
}

static void
test_relations (void)
{
  static const struct
  {
    const char *path;
    const char *parent;
    const char *name;
  } parts[] = {
    { "", NULL, "" },
    { "a", "", "a" },
    { "a/b", "a", "b" },
    { "a/b/c", "a/b", "c" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *parent = dav_path_get_parent (parts[i].path);

      g_assert_cmpstr (parent, ==, parts[i].parent);
      g_assert_cmpstr (dav_path_get_name (parts[i].path), ==, parts[i].name);
    }

  g_assert_true (dav_path_is_within ("", ""));
  g_assert_true (dav_path_is_within ("a", ""));
  g_assert_true (dav_path_is_within ("a", "a"));
  g_assert_true (dav_path_is_within ("a/b", "a"));
  g_assert_false (dav_path_is_within ("a", "a/b"));
  g_assert_false (dav_path_is_within ("ab", "a"));
  g_assert_false (dav_path_is_within ("", "a"));
  g_assert_false (dav_path_is_within ("A", "a"));
}

static void
test_statuses (void)
{
  static const guint statuses[][2] = {
    [DAV_PATH_OK] = { 200, 200 },        [DAV_PATH_MALFORMED] = { 400, 400 },
    [DAV_PATH_FORBIDDEN] = { 403, 400 }, [DAV_PATH_IMPOSSIBLE] = { 404, 400 },
    [DAV_PATH_FOREIGN] = { 502, 502 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_assert_cmpuint (dav_path_result_get_status (i), ==, statuses[i][0]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-path/decode", test_decode);
  g_test_add_func ("/dav-path/reference-decodes", test_reference_decodes);
  g_test_add_func ("/dav-path/reference", test_reference);
  g_test_add_func ("/dav-path/length", test_length);
  g_test_add_func ("/dav-path/href", test_href);
  g_test_add_func ("/dav-path/round-trip", test_round_trip);
  g_test_add_func ("/dav-path/relations", test_relations);
  g_test_add_func ("/dav-path/statuses", test_statuses);

  return g_test_run ();
}
