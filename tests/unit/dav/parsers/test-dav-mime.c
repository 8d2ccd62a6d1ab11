/* Media types by name. Needs a MIME database (shared-mime-info), which every desktop has.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-mime.h"

#include <string.h>

static void
test_guess (void)
{
  static const struct
  {
    const char *name;
    const char *type;
  } cases[] = {
    { "a.txt", "text/plain" },
    { "dir.html/b.TXT", "text/plain" },
    { "a.b.png", "image/png" },
    { "a.html", "text/html" },
    { "a.no-such-ending", "application/octet-stream" },
    { "noending", "application/octet-stream" },
    { "\xff\xfe", "application/octet-stream" },
    { "a.\xff", "application/octet-stream" },
    { "", "application/octet-stream" },
  };
  g_autoptr (DavMime) mime = dav_mime_new ();

  /* Twice: asked and remembered. */
  for (guint i = 0; i < 2 * G_N_ELEMENTS (cases); i++)
    g_assert_cmpstr (dav_mime_guess (mime, cases[i % G_N_ELEMENTS (cases)].name), ==,
                     cases[i % G_N_ELEMENTS (cases)].type);
}

/* The type of an ending does not depend on which file came first. */
static void
test_order (void)
{
  g_autoptr (DavMime) one = dav_mime_new ();
  g_autoptr (DavMime) other = dav_mime_new ();
  g_autofree char *first = g_strdup (dav_mime_guess (one, "Makefile.am"));

  dav_mime_guess (other, "zebra.am");
  g_assert_cmpstr (dav_mime_guess (other, "Makefile.am"), ==, first);
}

static void
test_many (void)
{
  g_autoptr (DavMime) mime = dav_mime_new ();

  for (guint i = 0; i < 3 * DAV_MIME_CACHE_MAX; i++)
    {
      g_autofree char *name = g_strdup_printf ("a.x%u", i);

      g_assert_cmpstr (dav_mime_guess (mime, name), ==, "application/octet-stream");
      g_assert_cmpstr (dav_mime_guess (mime, "a.png"), ==, "image/png");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-mime/guess", test_guess);
  g_test_add_func ("/dav-mime/order", test_order);
  g_test_add_func ("/dav-mime/many", test_many);

  return g_test_run ();
}
