/* PROPFIND on a real SoupServer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dav/dav-listing.h"
#include "dav-rig.h"

static xmlDoc *
parse (DavResponse *response)
{
  const char *text = dav_response_text (response);
  xmlDoc *doc;

  g_assert_cmpuint (response->status, ==, 207);
  doc = xmlReadMemory (text, response->body->len, NULL, NULL, XML_PARSE_NONET);
  g_assert_nonnull (doc);
  return doc;
}

/* (transfer full): what @xpath finds, joined by newlines. */
static char *
find (xmlDoc *doc, const char *xpath)
{
  GString *out = g_string_new (NULL);
  xmlXPathContext *context = xmlXPathNewContext (doc);
  xmlXPathObject *object;

  xmlXPathRegisterNs (context, BAD_CAST "D", BAD_CAST "DAV:");
  xmlXPathRegisterNs (context, BAD_CAST "X", BAD_CAST "urn:x");
  object = xmlXPathEvalExpression (BAD_CAST xpath, context);
  g_assert_nonnull (object);
  for (int i = 0; object->nodesetval != NULL && i < object->nodesetval->nodeNr; i++)
    {
      xmlChar *text = xmlNodeGetContent (object->nodesetval->nodeTab[i]);

      g_string_append_printf (out, "%s%s", i > 0 ? "\n" : "", text);
      xmlFree (text);
    }
  xmlXPathFreeObject (object);
  xmlXPathFreeContext (context);
  return g_string_free (out, FALSE);
}

static void
assert_found (xmlDoc *doc, const char *xpath, const char *expected)
{
  g_autofree char *found = find (doc, xpath);

  g_assert_cmpstr (found, ==, expected);
}

#define OK_PROP "//D:propstat[contains(D:status,'200')]/D:prop/"
#define MISSING_PROP "//D:propstat[contains(D:status,'404')]/D:prop/"

/* (transfer full): when the file was made, as the file system has it; the time that changing it
 * changes is another one */
static char *
get_birth (DavRig *rig, const char *name)
{
  g_autofree char *path = dav_rig_path (rig, name);
  const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
  g_autoptr (GDateTime) born = NULL;
  struct statx stx;

  g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
  g_assert_cmpint (statx (AT_FDCWD, path, 0, STATX_BTIME, &stx), ==, 0);
  if ((stx.stx_mask & STATX_BTIME) == 0)
    return g_strdup ("");
  born = g_date_time_new_from_unix_utc (stx.stx_btime.tv_sec);
  return g_date_time_format (born, "%Y-%m-%dT%H:%M:%SZ");
}

/* A strong one, that new content of the same length changes. */
static void
test_etag (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *path = dav_rig_path (rig, "share/f");

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (DavResponse) head = NULL;
      char *etag;

      if (i % 2 == 0)
        g_assert_cmpuint (dav_rig_status (rig, "PUT", "/f", NULL, "12345") / 100, ==, 2);
      else
        {
          /* In place, and later by a nanosecond. */
          const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000, .tv_nsec = i } };

          g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
        }
      head = dav_rig_request (rig, "HEAD", "/f", NULL, NULL);
      etag = dav_response_get (head, "ETag");
      g_assert_true (g_str_has_prefix (etag, "\"") && g_str_has_suffix (etag, "\""));
      g_assert_true (g_hash_table_add (seen, etag));
    }
}

static void
test_allprop (void)
{
  static const char *const bodies[]
      = { NULL, "<propfind xmlns='DAV:'><allprop/></propfind>",
          "<?xml version='1.0'?><x:propfind xmlns:x='DAV:'><x:allprop/></x:propfind>" };
  g_autoptr (DavRig) rig = dav_rig_new (0);

  dav_rig_write (rig, "share/f.txt", "hello");
  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      g_autoptr (DavResponse) response
          = dav_rig_request (rig, "PROPFIND", "/f.txt", "Depth: 0\r\n", bodies[i]);
      g_autoptr (DavResponse) get = dav_rig_request (rig, "GET", "/f.txt", NULL, NULL);
      g_autofree char *etag = dav_response_get (get, "ETag");
      g_autofree char *modified = dav_response_get (get, "Last-Modified");
      g_autofree char *born = get_birth (rig, "share/f.txt");
      xmlDoc *doc = parse (response);

      assert_found (doc, "//D:href", "/f.txt");
      assert_found (doc, OK_PROP "D:getcontentlength", "5");
      assert_found (doc, OK_PROP "D:getcontenttype", "text/plain");
      assert_found (doc, OK_PROP "D:getetag", etag);
      assert_found (doc, OK_PROP "D:creationdate", born);
      assert_found (doc, OK_PROP "D:supportedlock/D:lockentry/D:lockscope/D:shared", "");
      assert_found (doc, OK_PROP "D:lockdiscovery", "");
      assert_found (doc, OK_PROP "D:getlastmodified", modified);
      assert_found (doc, OK_PROP "D:displayname", "f.txt");
      assert_found (doc, OK_PROP "D:resourcetype/*", "");
      assert_found (doc, OK_PROP "D:quota-used-bytes", "");
      xmlFreeDoc (doc);
    }
}

static void
test_prop (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavResponse) response = NULL;
  g_autofree char *used = NULL;
  g_autofree char *missing = NULL;
  xmlDoc *doc;

  dav_rig_mkdir (rig, "share/d");
  response = dav_rig_request (
      rig, "PROPFIND", "/d", "Depth: 0\r\n",
      "<propfind xmlns='DAV:'><prop><resourcetype/><quota-used-bytes/><getcontentlength/>"
      "<nothing xmlns='urn:x'/><quota-available-bytes/></prop></propfind>");
  doc = parse (response);
  assert_found (doc, "//D:href", "/d/");
  used = find (doc, OK_PROP "D:quota-used-bytes");
  g_assert_cmpuint (g_ascii_strtoull (used, NULL, 10), >, 0);
  missing = find (doc, "//D:propstat[contains(D:status,'404')]/D:prop/X:nothing");
  assert_found (doc, "count(" OK_PROP "D:resourcetype/D:collection)", "");
  {
    xmlXPathContext *context = xmlXPathNewContext (doc);
    xmlXPathObject *object;

    xmlXPathRegisterNs (context, BAD_CAST "D", BAD_CAST "DAV:");
    xmlXPathRegisterNs (context, BAD_CAST "X", BAD_CAST "urn:x");
    object = xmlXPathEvalExpression (
        BAD_CAST "count(" OK_PROP "D:resourcetype/D:collection) + count(" MISSING_PROP
                 "X:nothing) + count(" MISSING_PROP "D:getcontentlength)",
        context);
    g_assert_cmpfloat (object->floatval, ==, 3);
    xmlXPathFreeObject (object);
    xmlXPathFreeContext (context);
  }
  xmlFreeDoc (doc);
}

static void
test_refused (void)
{
  static const struct
  {
    const char *path;
    const char *headers;
    const char *body;
    guint status;
  } cases[] = {
    { "/", NULL, NULL, 403 },
    { "/", "Depth: infinity\r\n", NULL, 403 },
    { "/", "Depth: 2\r\n", NULL, 400 },
    { "/missing", "Depth: 0\r\n", NULL, 404 },
    { "/missing", "Depth: 1\r\n", NULL, 404 },
    { "/", "Depth: 0\r\n", "<propfind", 400 },
    { "/", "Depth: 0\r\n", "<x/>", 422 },
    { "/", "Depth: 0\r\n",
      "<!DOCTYPE a [<!ENTITY b 'c'>]><propfind xmlns='DAV:'><allprop/></propfind>", 400 },
    { "/", "Depth: 0\r\n", "<propfind xmlns='DAV:'><prop></prop></propfind>", 207 },
    { "/", "Depth: 0\r\nIf: (<urn:uuid:none>)\r\n", NULL, 412 },
    { "/fifo", "Depth: 0\r\n", NULL, 404 },
  };
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavResponse) infinite = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s %s", cases[i].path, cases[i].headers);
      g_assert_cmpuint (
          dav_rig_status (rig, "PROPFIND", cases[i].path, cases[i].headers, cases[i].body), ==,
          cases[i].status);
    }
  infinite = dav_rig_request (rig, "PROPFIND", "/", "Depth: infinity\r\n", NULL);
  g_assert_nonnull (strstr (dav_response_text (infinite), "propfind-finite-depth"));
}

/* Every name, well-formed, and its href leads to it. */
static void
test_names (void)
{
  static const char *const names[] = {
    "plain",
    "with space",
    "#hash",
    "que?ry",
    "per%cent",
    "amp&and;<x>",
    "q\"uote'",
    "]]>",
    "new\nline",
    "tab\t\1",
    "\303\244\303\266",
    "bad\377",
    "\360\237\230\200",
    "a\177b",
  };
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavResponse) list = NULL;
  g_autofree char *hrefs = NULL;
  g_auto (GStrv) lines = NULL;
  guint found = 0;
  xmlDoc *doc;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_strconcat ("share/", names[i], NULL);

      dav_rig_write (rig, name, names[i]);
    }
  list = dav_rig_request (rig, "PROPFIND", "/", "Depth: 1\r\n", NULL);
  doc = parse (list);
  hrefs = find (doc, "//D:href");
  lines = g_strsplit (hrefs, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (DavResponse) get = dav_rig_request (rig, "GET", lines[i], NULL, NULL);

      g_assert_cmpuint (get->status, ==, 200);
      if (!g_str_equal (lines[i], "/"))
        {
          g_assert_true (g_strv_contains (names, dav_response_text (get)));
          found++;
        }
    }
  g_assert_cmpuint (found, ==, G_N_ELEMENTS (names));
  xmlFreeDoc (doc);
}

/* Every byte that can stand in a name, alone and inside. */
static void
test_bytes (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) list = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *hrefs = NULL;
  g_auto (GStrv) lines = NULL;
  guint n = 0;
  xmlDoc *doc;

  for (guint byte = 1; byte < 256; byte++)
    for (guint i = 0; i < 2; i++)
      {
        const char inside[] = { 'a', (char)byte, 'z', '\0' };
        const char alone[] = { (char)byte, '\0' };
        const char *name = i == 0 ? inside : alone;
        g_autofree char *path = g_strconcat ("share/", name, NULL);

        if (byte == '/' || g_str_equal (name, "."))
          continue;
        dav_rig_write (rig, path, name);
        n++;
      }
  list = dav_rig_request (rig, "PROPFIND", "/", "Depth: 1\r\n", NULL);
  doc = parse (list);
  hrefs = find (doc, "//D:href");
  lines = g_strsplit (hrefs, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (DavResponse) get = dav_client_request (client, "GET", lines[i], NULL, NULL);

      g_assert_cmpuint (get->status, ==, 200);
      if (!g_str_equal (lines[i], "/"))
        g_assert_true (g_hash_table_add (seen, g_strdup (dav_response_text (get))));
    }
  g_assert_cmpuint (g_hash_table_size (seen), ==, n);
  xmlFreeDoc (doc);
}

/* More than one batch, and more than is sent in one piece; all of it once. */
static void
test_large (void)
{
  const guint n = 10000;
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) list = NULL;
  g_autoptr (DavResponse) again = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *hrefs = NULL;
  g_auto (GStrv) lines = NULL;
  g_autofree char *encoding = NULL;
  xmlDoc *doc;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("share/file-%05u", i);

      dav_rig_write (rig, name, "");
    }
  list = dav_client_request (client, "PROPFIND", "/", "Depth: 1\r\n", NULL);
  encoding = dav_response_get (list, "Transfer-Encoding");
  g_assert_cmpstr (encoding, ==, "chunked");
  doc = parse (list);
  hrefs = find (doc, "//D:href");
  lines = g_strsplit (hrefs, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, n + 1);
  for (guint i = 0; lines[i] != NULL; i++)
    g_assert_true (g_hash_table_add (seen, g_strdup (lines[i])));
  xmlFreeDoc (doc);

  again = dav_client_request (client, "PROPFIND", "/file-00001", "Depth: 1\r\n", NULL);
  g_assert_cmpuint (again->status, ==, 207);
}

/* Sizes around one batch. */
static void
test_batches (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);

  for (guint i = 0; i < 2 * DAV_LISTING_BATCH + 1; i++)
    {
      g_autofree char *name = g_strdup_printf ("share/f%u", i);

      if (i == 0 || i == DAV_LISTING_BATCH || i == DAV_LISTING_BATCH + 1
          || i == 2 * DAV_LISTING_BATCH)
        {
          g_autoptr (DavResponse) list
              = dav_rig_request (rig, "PROPFIND", "/", "Depth: 1\r\n", NULL);
          xmlDoc *doc = parse (list);
          g_autofree char *hrefs = find (doc, "//D:href");
          g_auto (GStrv) lines = g_strsplit (hrefs, "\n", -1);

          g_assert_cmpuint (g_strv_length (lines), ==, i + 1);
          xmlFreeDoc (doc);
        }
      dav_rig_write (rig, name, "");
    }
}

/* What AddressSanitizer keeps of what was freed. */
#ifdef __SANITIZE_ADDRESS__
#define QUARANTINE (256 * 1024 * 1024)
#else
#define QUARANTINE 0
#endif

/* Resident memory of this process, in bytes. */
static gsize
get_memory (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  words = g_strsplit (text, " ", -1);
  return g_ascii_strtoull (words[1], NULL, 10) * sysconf (_SC_PAGESIZE);
}

/* A listing whose client reads nothing holds a little of it, however much there is; and all of it
 * comes when the client reads. */
static void
test_unread (void)
{
  const guint n = 12000;
  const gsize bound = 4 * 1024 * 1024;
  static const char *const requests[]
      = { "PROPFIND / HTTP/1.1\r\nHost: localhost\r\nDepth: 1\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" };
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) other = dav_client_new (rig);
  g_autofree char *long_name = g_strnfill (200, 'n');

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("share/%s%05u", long_name, i);

      dav_rig_write (rig, name, "");
    }
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autoptr (DavResponse) list = NULL;
      gsize before, after;

      before = get_memory ();
      dav_client_send (client, requests[i], -1);
      /* Others are served in as many turns as the whole listing would take. */
      for (guint turn = 0; turn < 4 * n / DAV_LISTING_BATCH; turn++)
        {
          g_autoptr (DavResponse) response
              = dav_client_request (other, "PROPFIND", "/", "Depth: 0\r\n", NULL);

          g_assert_cmpuint (response->status, ==, 207);
        }
      after = get_memory ();
      g_assert_cmpuint (after, <, before + bound + QUARANTINE);
      list = dav_client_receive (client, FALSE);
      g_assert_nonnull (list);
      /* Or there was nothing to hold back. */
      g_assert_cmpuint (list->body->len, >, i == 0 ? 3 * bound : bound);
      g_assert_nonnull (strstr (dav_response_text (list), i == 0 ? "</D:multistatus>" : "</html>"));
    }
}

/* Clients that leave in the middle of a listing. */
static void
test_abandoned (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);

  for (guint i = 0; i < 3000; i++)
    {
      g_autofree char *name = g_strdup_printf ("share/file-%05u", i);

      dav_rig_write (rig, name, "");
    }
  for (guint i = 0; i < 30; i++)
    {
      DavClient *client = dav_client_new (rig);

      dav_client_send (client, "PROPFIND / HTTP/1.1\r\nHost: localhost\r\nDepth: 1\r\n\r\n", -1);
      for (guint j = 0; j < i; j++)
        g_main_context_iteration (rig->context, FALSE);
      g_socket_close (client->socket, NULL);
      g_assert_true (dav_client_is_forgotten (client));
      dav_client_free (client);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/propfind/allprop", test_allprop);
  g_test_add_func ("/dav/propfind/etag", test_etag);
  g_test_add_func ("/dav/propfind/prop", test_prop);
  g_test_add_func ("/dav/propfind/refused", test_refused);
  g_test_add_func ("/dav/propfind/names", test_names);
  g_test_add_func ("/dav/propfind/bytes", test_bytes);
  g_test_add_func ("/dav/propfind/large", test_large);
  g_test_add_func ("/dav/propfind/batches", test_batches);
  g_test_add_func ("/dav/propfind/unread", test_unread);
  g_test_add_func ("/dav/propfind/abandoned", test_abandoned);
  return g_test_run ();
}
