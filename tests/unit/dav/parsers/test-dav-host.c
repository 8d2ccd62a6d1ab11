/* Which hosts and origins may ask for the share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-host.h"

#include <string.h>

static void
test_local (void)
{
  static const char *const local[] = {
    "localhost",      "LOCALHOST",      "localhost:9843",  "127.0.0.1",
    "127.0.0.1:9843", "127.255.0.3:80", "[::1]",           "[::1]:9843",
    "guest",          "guest:1",        "my-pc_2",         "printer.local",
    "a.b.LOCAL:8080", "0x7f000001",     "localhost:65535", "[0:0:0:0:0:0:0:1]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (local); i++)
    {
      g_autofree char *http = g_strconcat ("http://", local[i], NULL);
      g_autofree char *https = g_strconcat ("https://", local[i], NULL);
      g_autofree char *extension = g_strconcat ("chrome-extension://", local[i], NULL);

      g_test_message ("%s", local[i]);
      g_assert_true (dav_host_is_local (local[i]));
      g_assert_true (dav_origin_is_local (http));
      g_assert_true (dav_origin_is_local (https));
      g_assert_false (dav_origin_is_local (extension));
    }
}

static void
test_foreign (void)
{
  static const char *const foreign[] = {
    "",
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example:9843",
    "foo.local.evil",
    "local.",
    "localhost.",
    "foo.local.",
    ".local",
    "a..local",
    "192.168.1.2",
    "0.0.0.0",
    "128.0.0.1",
    "127.0.0.1.",
    "127.0.0",
    "127.1",
    "2130706433",
    "[::]",
    "[::2]",
    "[::ffff:127.0.0.1]",
    "[fe80::1]",
    "[::1",
    "::1",
    "[::1]x",
    "[]",
    "localhost:",
    "localhost:0",
    "localhost:65536",
    "localhost:999999",
    "localhost:80a",
    "localhost:80:80",
    "localhost ",
    " localhost",
    "local host",
    "localhost/x",
    "localhost?x",
    "user@localhost",
    "localhost@evil",
    "local\xc3\xa9",
    "%6cocalhost",
    "localhost,localhost",
    ":80",
  };

  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      g_autofree char *origin = g_strconcat ("http://", foreign[i], NULL);

      g_test_message ("%s", foreign[i]);
      g_assert_false (dav_host_is_local (foreign[i]));
      g_assert_false (dav_origin_is_local (origin));
    }
  g_assert_false (dav_host_is_local (NULL));
}

static void
test_origin (void)
{
  static const char *const foreign[] = {
    "null",
    "",
    "localhost",
    "//localhost",
    "file://",
    "ftp://localhost",
    "http:localhost",
    "http://localhost/",
    "http://localhost http://localhost",
  };

  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    g_assert_false (dav_origin_is_local (foreign[i]));
}

static void
test_long (void)
{
  g_autoptr (GString) host = g_string_new (NULL);

  while (host->len < 255)
    g_string_append_c (host, 'a');
  g_assert_true (dav_host_is_local (host->str));
  g_string_append_c (host, 'a');
  g_assert_false (dav_host_is_local (host->str));
}

static void
test_equal (void)
{
  static const struct
  {
    const char *a;
    const char *b;
    gboolean equal;
  } pairs[] = {
    { "localhost", "localhost", TRUE },
    { "LocalHost:9843", "localhost:9843", TRUE },
    { "localhost:80", "localhost", TRUE },
    { "localhost", "localhost:80", TRUE },
    { "localhost:080", "localhost:80", TRUE },
    { "[::1]:80", "[::1]", TRUE },
    { "localhost:81", "localhost", FALSE },
    { "localhos", "localhost", FALSE },
    { "localhost", "localhos", FALSE },
    { "localhost", "", FALSE },
    { "localhost", NULL, FALSE },
    { "a@localhost", "a@localhost", FALSE },
    { "localhost:x", "localhost:x", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    g_assert_cmpint (dav_host_equal (pairs[i].a, strlen (pairs[i].a), pairs[i].b), ==,
                     pairs[i].equal);

  /* Only as many bytes as were said. */
  g_assert_true (dav_host_equal ("localhost/path", 9, "localhost"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-host/local", test_local);
  g_test_add_func ("/dav-host/foreign", test_foreign);
  g_test_add_func ("/dav-host/origin", test_origin);
  g_test_add_func ("/dav-host/long", test_long);
  g_test_add_func ("/dav-host/equal", test_equal);

  return g_test_run ();
}
