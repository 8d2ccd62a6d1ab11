/* PROPPATCH and dead properties, on a real SoupServer. Needs a file system with user.* attributes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "dav-rig.h"
#include "dav/dav-deadprops.h"

#define SET(inner)                                                                                 \
  "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop>" inner "</D:prop></D:set></D:propertyupdate>"
#define REMOVE(inner)                                                                              \
  "<D:propertyupdate xmlns:D='DAV:'><D:remove><D:prop>" inner                                      \
  "</D:prop></D:remove></D:propertyupdate>"
#define MS " xmlns='urn:schemas-microsoft-com:'"

static char *
patch (DavRig *rig, const char *path, const char *body)
{
  g_autoptr (DavResponse) response = dav_rig_request (rig, "PROPPATCH", path, NULL, body);

  g_assert_cmpuint (response->status, ==, 207);
  return g_strdup (dav_response_text (response));
}

/* Sets or removes what must succeed. */
static void
change (DavRig *rig, const char *path, const char *body)
{
  g_autofree char *text = patch (rig, path, body);

  g_assert_nonnull (strstr (text, "HTTP/1.1 200 OK"));
  g_assert_null (strstr (text, "HTTP/1.1 4"));
  g_assert_null (strstr (text, "HTTP/1.1 5"));
}

static char *
find (DavRig *rig, const char *path, const char *depth, const char *body)
{
  g_autofree char *header = g_strdup_printf ("Depth: %s\r\n", depth);
  g_autoptr (DavResponse) response = dav_rig_request (rig, "PROPFIND", path, header, body);

  g_assert_cmpuint (response->status, ==, 207);
  return g_strdup (dav_response_text (response));
}

static void
assert_has (DavRig *rig, const char *path, const char *xml)
{
  g_autofree char *text = find (rig, path, "0", NULL);

  if (strstr (text, xml) == NULL)
    g_error ("%s not in %s", xml, text);
}

static void
assert_has_not (DavRig *rig, const char *path, const char *xml)
{
  g_autofree char *text = find (rig, path, "0", NULL);

  g_assert_null (strstr (text, xml));
}

static void
test_set (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *named = NULL;
  g_autofree char *names = NULL;
  g_autofree char *listed = NULL;

  dav_rig_mkdir (rig, "share/d");
  dav_rig_write (rig, "share/d/f", "x");
  dav_rig_write (rig, "share/d/plain", "x");
  change (rig, "/d/f",
          SET ("<a xmlns='n:'>one</a><b xml:lang='de'><D:x/>&amp;\xf0\x9f\x98\x80</b>"));
  change (rig, "/d", SET ("<c xmlns='n:'/>"));

  assert_has (rig, "/d/f", "<n:a xmlns:n=\"n:\">one</n:a>");
  assert_has (rig, "/d/f", "<b xml:lang=\"de\"><D:x xmlns:D=\"DAV:\"/>&amp;\xf0\x9f\x98\x80</b>");
  assert_has (rig, "/d/", "<n:c xmlns:n=\"n:\"/>");
  assert_has_not (rig, "/d/plain", "xmlns:n=");

  named = find (rig, "/d/f", "0",
                "<propfind xmlns='DAV:'><prop><a xmlns='n:'/><z xmlns='n:'/></prop></propfind>");
  g_assert_nonnull (strstr (named, "<n:a xmlns:n=\"n:\">one</n:a></D:prop><D:status>HTTP/1.1 200"));
  g_assert_nonnull (strstr (named, "<n:z xmlns:n=\"n:\"/></D:prop><D:status>HTTP/1.1 404"));

  names = find (rig, "/d/f", "0", "<propfind xmlns='DAV:'><propname/></propfind>");
  g_assert_nonnull (strstr (names, "<n:a xmlns:n=\"n:\"/>"));
  g_assert_null (strstr (names, "one"));

  listed = find (rig, "/d/", "1", NULL);
  g_assert_nonnull (strstr (listed, "<n:a xmlns:n=\"n:\">one</n:a>"));
  g_assert_nonnull (strstr (listed, "<n:c xmlns:n=\"n:\"/>"));
}

static void
test_change (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);

  dav_rig_write (rig, "share/f", "x");
  change (rig, "/f", SET ("<a>one</a>"));
  change (rig, "/f", SET ("<a>two</a><b>b</b>"));
  assert_has (rig, "/f", "<a>two</a>");
  assert_has_not (rig, "/f", "one");
  change (rig, "/f", REMOVE ("<a/><never/>"));
  assert_has_not (rig, "/f", "<a>");
  assert_has (rig, "/f", "<b>b</b>");

  /* In the order of the document. */
  change (rig, "/f",
          "<propertyupdate xmlns='DAV:'><set><prop><c xmlns=''>1</c></prop></set>"
          "<remove><prop><c xmlns=''/><b xmlns=''/></prop></remove>"
          "<set><prop><b xmlns=''>again</b></prop></set></propertyupdate>");
  assert_has_not (rig, "/f", "<c");
  assert_has (rig, "/f", "<b>again</b>");
}

/* One that cannot be done, and nothing is. */
static void
test_all_or_nothing (void)
{
  static const struct
  {
    const char *body;
    const char *says;
  } cases[] = {
    { SET ("<a>new</a><D:getetag>x</D:getetag><c/>"),
      "<n:getetag xmlns:n=\"DAV:\"/></D:prop><D:status>HTTP/1.1 403 Forbidden</D:status>"
      "<D:error><D:cannot-modify-protected-property/></D:error>" },
    { SET ("<a>new</a><D:resourcetype/><c/>"), "HTTP/1.1 403" },
    { SET ("<a>new</a><Win32LastModifiedTime" MS ">yesterday</Win32LastModifiedTime><c/>"),
      "HTTP/1.1 409" },
    { "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop><a>new</a><c/></D:prop></D:set><D:remove>"
      "<D:prop><Win32LastModifiedTime" MS "/></D:prop></D:remove></D:propertyupdate>",
      "HTTP/1.1 403" },
  };
  g_autoptr (DavRig) rig = dav_rig_new (0);

  dav_rig_write (rig, "share/f", "x");
  change (rig, "/f", SET ("<a>old</a>"));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = patch (rig, "/f", cases[i].body);

      g_test_message ("%s", cases[i].body);
      g_assert_nonnull (strstr (text, cases[i].says));
      g_assert_nonnull (strstr (text, "<c/></D:prop><D:status>HTTP/1.1 424"));
      g_assert_null (strstr (text, "HTTP/1.1 200"));
      assert_has (rig, "/f", "<a>old</a>");
      assert_has_not (rig, "/f", "<c");
    }
}

/* A value for which there is no room: ours is bounded, and so is the file system's (ext4: 4 KiB in
 * all), which is only found out after others have been written. */
static void
test_no_space (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *path = dav_rig_path (rig, "share/f");
  struct stat before, after;

  dav_rig_write (rig, "share/f", "x");
  change (rig, "/f", SET ("<a>old</a><r>stays</r>"));
  g_assert_cmpint (g_stat (path, &before), ==, 0);
  for (guint size = DAV_DEADPROPS_MAX_SIZE / 8; size <= 2 * DAV_DEADPROPS_MAX_SIZE; size *= 2)
    {
      g_autofree char *big = g_strnfill (size, 'v');
      g_autofree char *body = g_strdup_printf (
          "<propertyupdate xmlns='DAV:'><set><prop>"
          "<Win32LastModifiedTime" MS ">Sun, 06 Nov 1994 08:49:37 GMT</Win32LastModifiedTime>"
          "<a xmlns=''>new</a></prop></set>"
          "<remove><prop><r xmlns=''/></prop></remove>"
          "<set><prop><big xmlns=''>%s</big></prop></set></propertyupdate>",
          big);
      g_autofree char *text = patch (rig, "/f", body);

      if (size < DAV_DEADPROPS_MAX_SIZE && strstr (text, "HTTP/1.1 200") != NULL)
        {
          /* A file system with room for it. */
          change (rig, "/f", REMOVE ("<big/>"));
          change (rig, "/f", SET ("<a>old</a><r>stays</r>"));
          g_assert_cmpint (g_stat (path, &before), ==, 0);
          continue;
        }
      g_assert_nonnull (strstr (text, "<big/></D:prop><D:status>HTTP/1.1 507 "));
      g_assert_nonnull (strstr (text, "HTTP/1.1 424 "));
      g_assert_null (strstr (text, "HTTP/1.1 200"));
      assert_has (rig, "/f", "<a>old</a>");
      assert_has (rig, "/f", "<r>stays</r>");
      g_assert_cmpint (g_stat (path, &after), ==, 0);
      g_assert_cmpint (before.st_mtim.tv_sec, ==, after.st_mtim.tv_sec);
      g_assert_cmpint (before.st_mtim.tv_nsec, ==, after.st_mtim.tv_nsec);
    }
}

static void
test_windows (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *path = dav_rig_path (rig, "share/f");
  struct stat st;

  dav_rig_write (rig, "share/f", "x");
  /* As the WebClient of Windows sends it after each PUT. */
  change (rig, "/f",
          "<?xml version=\"1.0\" encoding=\"utf-8\" ?><D:propertyupdate xmlns:D=\"DAV:\" "
          "xmlns:Z=\"urn:schemas-microsoft-com:\"><D:set><D:prop>"
          "<Z:Win32CreationTime>Sun, 06 Nov 1994 08:49:35 GMT</Z:Win32CreationTime>"
          "<Z:Win32LastAccessTime>Sun, 06 Nov 1994 08:49:36 GMT</Z:Win32LastAccessTime>"
          "<Z:Win32LastModifiedTime>Sun, 06 Nov 1994 08:49:37 GMT</Z:Win32LastModifiedTime>"
          "<Z:Win32FileAttributes>00000020</Z:Win32FileAttributes>"
          "</D:prop></D:set></D:propertyupdate>");
  g_assert_cmpint (g_stat (path, &st), ==, 0);
  g_assert_cmpint (st.st_mtim.tv_sec, ==, 784111777);
  g_assert_cmpint (st.st_mtim.tv_nsec, ==, 0);

  assert_has (rig, "/f", ">Sun, 06 Nov 1994 08:49:35 GMT</n:Win32CreationTime>");
  assert_has (rig, "/f", ">Sun, 06 Nov 1994 08:49:36 GMT</n:Win32LastAccessTime>");
  assert_has (rig, "/f",
              "<Z:Win32LastModifiedTime>Sun, 06 Nov 1994 08:49:37 GMT</Z:Win32LastModifiedTime>");
  assert_has (rig, "/f", "<D:getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT</D:getlastmodified>");
  assert_has (rig, "/f", ">00000020</n:Win32FileAttributes>");
}

/* They go where the file goes, and survive new content. */
static void
test_follow (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);

  dav_rig_mkdir (rig, "share/d");
  dav_rig_write (rig, "share/d/f", "x");
  change (rig, "/d/f", SET ("<a>kept</a>"));
  change (rig, "/d", SET ("<b>kept</b>"));
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/d/f", NULL, "new"), ==, 204);
  assert_has (rig, "/d/f", "<a>kept</a>");
  g_assert_cmpuint (dav_rig_status (rig, "COPY", "/d", "Destination: /e\r\n", NULL), ==, 201);
  assert_has (rig, "/e/f", "<a>kept</a>");
  assert_has (rig, "/e/", "<b>kept</b>");
  g_assert_cmpuint (dav_rig_status (rig, "MOVE", "/d/f", "Destination: /g\r\n", NULL), ==, 201);
  assert_has (rig, "/g", "<a>kept</a>");
}

/* Whoever may write attributes on the host cannot break a listing with them. */
static void
test_forged (void)
{
  static const struct
  {
    const char *value;
    gsize length;
  } values[] = {
    { "", 0 },
    { "\0\0\0", 3 },
    { "n:\0x\0\0</n:x></D:prop>", 23 },
    { "n:\0x\0\0<unclosed>", 16 },
    { "n:\0x y='1'\0\0", 12 },
    { "n:\0x><y\0\0", 10 },
    { "n:\0<\0\0", 7 },
    { "n:\0x\0\0&undeclared;", 18 },
    { "n:\0x\0\0<p:undeclared/>", 21 },
    { "n:\0x\0\0\xff\xfe", 8 },
    { "n:\xff\0x\0\0", 7 },
    { "n:\0x\0\0a\0b", 9 },
    { "n:\0x", 4 },
    { "DAV:\0getetag\0\0forged", 20 },
    { "n:\0x\0\0<!DOCTYPE a>", 18 },
  };
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *path = dav_rig_path (rig, "share/f");
  g_autofree char *clean = NULL;
  g_autofree char *text = NULL;

  dav_rig_write (rig, "share/f", "x");
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *attribute = g_strdup_printf ("user.spice-share.dav.%u", i);
      g_autofree char *now = NULL;

      g_test_message ("value %u", i);
      if (clean == NULL)
        clean = find (rig, "/f", "0", NULL);
      g_assert_cmpint (setxattr (path, attribute, values[i].value, values[i].length, 0), ==, 0);
      now = find (rig, "/f", "0", NULL);
      g_assert_cmpstr (now, ==, clean);
      g_assert_cmpint (removexattr (path, attribute), ==, 0);
    }

  /* Others' attributes are no properties, and a language cannot leave its quotes. */
  g_assert_cmpint (setxattr (path, "user.other", "n:\0x\0\0v", 8, 0), ==, 0);
  g_assert_cmpint (setxattr (path, "user.spice-share.dav.l", "n:\0x\0\" a='\0v", 12, 0), ==, 0);
  text = find (rig, "/f", "0", NULL);
  g_assert_nonnull (strstr (text, "<n:x xmlns:n=\"n:\" xml:lang=\"&quot; a=&#39;\">v</n:x>"));
}

/* What could not be given back is not taken: each attribute here would need a declaration too. */
static void
test_too_complex (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (GString) body = g_string_new ("<D:propertyupdate xmlns:D='DAV:'");
  g_autofree char *text = NULL;

  dav_rig_write (rig, "share/f", "x");
  for (guint i = 0; i < 30; i++)
    g_string_append_printf (body, " xmlns:n%u='u:%u'", i, i);
  g_string_append (body, "><D:set><D:prop><a/><b><c");
  for (guint i = 0; i < 30; i++)
    g_string_append_printf (body, " n%u:a=''", i);
  g_string_append (body, "/></b></D:prop></D:set></D:propertyupdate>");

  text = patch (rig, "/f", body->str);
  g_assert_nonnull (strstr (text, "<b/></D:prop><D:status>HTTP/1.1 507 "));
  g_assert_nonnull (strstr (text, "<a/></D:prop><D:status>HTTP/1.1 424 "));
  assert_has_not (rig, "/f", "<a/>");
}

static void
test_refused (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);

  dav_rig_write (rig, "share/f", "x");
  g_assert_cmpuint (dav_rig_status (rig, "PROPPATCH", "/f", NULL, NULL), ==, 400);
  g_assert_cmpuint (dav_rig_status (rig, "PROPPATCH", "/f", NULL, "<x"), ==, 400);
  g_assert_cmpuint (dav_rig_status (rig, "PROPPATCH", "/f", NULL, "<x/>"), ==, 422);
  g_assert_cmpuint (dav_rig_status (rig, "PROPPATCH", "/none", NULL, SET ("<a/>")), ==, 404);
  g_assert_cmpuint (dav_rig_status (rig, "PROPPATCH", "/none", NULL, SET ("<D:getetag/>")), ==,
                    404);
  g_assert_cmpuint (dav_rig_status (rig, "PROPPATCH", "/f", "If-Match: \"x\"\r\n", SET ("<a/>")),
                    ==, 412);
  assert_has_not (rig, "/f", "<a");
}

static void
test_read_only (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (SHARE_READ_ONLY);

  dav_rig_write (rig, "share/f", "x");
  g_assert_cmpuint (dav_rig_status (rig, "PROPPATCH", "/f", NULL, SET ("<a/>")), ==, 403);
  assert_has_not (rig, "/f", "<a");
}

/* More of them than one file may have: what is beyond is refused, what is there is complete. */
static void
test_many (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  guint n = 0;

  dav_rig_write (rig, "share/f", "x");
  while (n <= DAV_DEADPROPS_MAX)
    {
      g_autofree char *body = g_strdup_printf (SET ("<p%u>v</p%u>"), n, n);
      g_autofree char *text = patch (rig, "/f", body);

      if (strstr (text, "HTTP/1.1 507") != NULL)
        break;
      g_assert_nonnull (strstr (text, "HTTP/1.1 200"));
      n++;
    }
  g_assert_cmpuint (n, >, 10);
  g_assert_cmpuint (n, <=, DAV_DEADPROPS_MAX);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *xml = g_strdup_printf ("<p%u>v</p%u>", i, i);

      assert_has (rig, "/f", xml);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-proppatch/set", test_set);
  g_test_add_func ("/dav-proppatch/change", test_change);
  g_test_add_func ("/dav-proppatch/all-or-nothing", test_all_or_nothing);
  g_test_add_func ("/dav-proppatch/no-space", test_no_space);
  g_test_add_func ("/dav-proppatch/windows", test_windows);
  g_test_add_func ("/dav-proppatch/follow", test_follow);
  g_test_add_func ("/dav-proppatch/forged", test_forged);
  g_test_add_func ("/dav-proppatch/too-complex", test_too_complex);
  g_test_add_func ("/dav-proppatch/refused", test_refused);
  g_test_add_func ("/dav-proppatch/read-only", test_read_only);
  g_test_add_func ("/dav-proppatch/many", test_many);

  return g_test_run ();
}
