/* GET and HEAD on a real SoupServer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dav/dav-download.h"
#include "dav-rig.h"

#define BIG (20 * 1024 * 1024 + 123)

static guint8 *
make_data (gsize size)
{
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = (i * 2654435761u) >> 13;
  return data;
}

static void
write_data (DavRig *rig, const char *name, const guint8 *data, gsize size)
{
  g_autofree char *path = dav_rig_path (rig, name);

  g_assert_true (g_file_set_contents (path, (const char *)data, size, NULL));
}

static void
assert_header (DavResponse *response, const char *name, const char *expected)
{
  g_autofree char *value = dav_response_get (response, name);

  g_assert_cmpstr (value, ==, expected);
}

/* Sizes around every boundary of the way a file takes. */
static void
test_get_sizes (void)
{
  static const gsize sizes[] = { 0,
                                 1,
                                 65535,
                                 65536,
                                 65537,
                                 DAV_BUFFER_SIZE - 1,
                                 DAV_BUFFER_SIZE,
                                 DAV_BUFFER_SIZE + 1,
                                 3 * DAV_BUFFER_SIZE,
                                 BIG };
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autofree guint8 *data = make_data (BIG);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (DavResponse) get = NULL;
      g_autoptr (DavResponse) head = NULL;
      g_autofree char *length = g_strdup_printf ("%" G_GSIZE_FORMAT, sizes[i]);

      write_data (rig, "share/f.txt", data, sizes[i]);
      get = dav_client_request (client, "GET", "/f.txt", NULL, NULL);
      g_assert_cmpuint (get->status, ==, 200);
      assert_header (get, "Content-Length", length);
      assert_header (get, "Content-Type", "text/plain");
      assert_header (get, "Accept-Ranges", "bytes");
      assert_header (get, "X-Content-Type-Options", "nosniff");
      assert_header (get, "Content-Security-Policy", "sandbox");
      assert_header (get, "Server", NULL);
      g_assert_cmpmem (get->body->data, get->body->len, data, sizes[i]);

      head = dav_client_request (client, "HEAD", "/f.txt", NULL, NULL);
      g_assert_cmpuint (head->status, ==, 200);
      assert_header (head, "Content-Length", length);
    }
  g_assert_cmpuint (client->in->len, ==, 0);
}

static void
test_get_ranges (void)
{
  static const struct
  {
    const char *range;
    guint status;
    const char *content_range;
    gsize offset;
    gsize length;
  } cases[] = {
    { "bytes=0-0", 206, "bytes 0-0/100000", 0, 1 },
    { "bytes=10-19", 206, "bytes 10-19/100000", 10, 10 },
    { "bytes=99990-", 206, "bytes 99990-99999/100000", 99990, 10 },
    { "bytes=-10", 206, "bytes 99990-99999/100000", 99990, 10 },
    { "bytes=99990-200000", 206, "bytes 99990-99999/100000", 99990, 10 },
    { "bytes=-200000", 206, "bytes 0-99999/100000", 0, 100000 },
    { "bytes=100000-", 416, "bytes */100000", 0, 0 },
    { "bytes=-0", 416, "bytes */100000", 0, 0 },
    { "bytes=5-4", 200, NULL, 0, 100000 },
    { "lines=1-2", 200, NULL, 0, 100000 },
    { "bytes=99999999999999999999-", 416, "bytes */100000", 0, 0 },
  };
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autofree guint8 *data = make_data (100000);

  write_data (rig, "share/f", data, 100000);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *header = g_strdup_printf ("Range: %s\r\n", cases[i].range);
      g_autoptr (DavResponse) get = dav_client_request (client, "GET", "/f", header, NULL);

      g_test_message ("%s", cases[i].range);
      g_assert_cmpuint (get->status, ==, cases[i].status);
      assert_header (get, "Content-Range", cases[i].content_range);
      if (cases[i].length > 0)
        g_assert_cmpmem (get->body->data, get->body->len, data + cases[i].offset, cases[i].length);
    }
}

static void
test_get_multiple_ranges (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autofree guint8 *data = make_data (1000000);
  g_autoptr (DavResponse) get = NULL;
  g_autoptr (GString) expected = g_string_new (NULL);
  g_autofree char *type = NULL;
  const char *boundary;
  gsize offsets[] = { 0, 500000, 999999 };
  gsize lengths[] = { 10, 300000, 1 };

  write_data (rig, "share/f.txt", data, 1000000);
  get = dav_client_request (client, "GET", "/f.txt", "Range: bytes=0-9,500000-799999,-1\r\n", NULL);
  g_assert_cmpuint (get->status, ==, 206);
  type = dav_response_get (get, "Content-Type");
  g_assert_true (g_str_has_prefix (type, "multipart/byteranges; boundary="));
  boundary = strchr (type, '=') + 1;
  for (guint i = 0; i < 3; i++)
    {
      const char *start;

      g_string_printf (expected,
                       "--%s\r\nContent-Type: text/plain\r\nContent-Range: bytes "
                       "%" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT "/1000000\r\n\r\n",
                       boundary, offsets[i], offsets[i] + lengths[i] - 1);
      start = memmem (get->body->data, get->body->len, expected->str, expected->len);
      g_assert_nonnull (start);
      g_assert_cmpint (memcmp (start + expected->len, data + offsets[i], lengths[i]), ==, 0);
    }
  g_assert_cmpuint (client->in->len, ==, 0);

  {
    g_autoptr (DavResponse) again = dav_client_request (client, "HEAD", "/f.txt", NULL, NULL);

    g_assert_cmpuint (again->status, ==, 200);
  }
}

/* Behind 4 GiB, in a file with a hole. */
static void
test_get_far_range (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *path = dav_rig_path (rig, "share/huge");
  g_autoptr (DavResponse) get = NULL;
  g_autoptr (DavResponse) head = NULL;
  int fd = g_open (path, O_CREAT | O_WRONLY, 0644);

  g_assert_cmpint (pwrite (fd, "needle", 6, G_GINT64_CONSTANT (6442450944)), ==, 6);
  close (fd);
  get = dav_rig_request (rig, "GET", "/huge", "Range: bytes=6442450944-\r\n", NULL);
  g_assert_cmpuint (get->status, ==, 206);
  assert_header (get, "Content-Range", "bytes 6442450944-6442450949/6442450950");
  g_assert_cmpstr (dav_response_text (get), ==, "needle");
  head = dav_rig_request (rig, "HEAD", "/huge", NULL, NULL);
  assert_header (head, "Content-Length", "6442450950");
}

static void
test_get_conditions (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) get = NULL;
  g_autofree char *etag = NULL;
  g_autofree char *modified = NULL;
  g_autofree char *none_match = NULL;
  g_autofree char *since = NULL;
  g_autofree char *if_range = NULL;

  dav_rig_write (rig, "share/f", "0123456789");
  get = dav_client_request (client, "GET", "/f", NULL, NULL);
  etag = dav_response_get (get, "ETag");
  modified = dav_response_get (get, "Last-Modified");
  none_match = g_strdup_printf ("If-None-Match: \"x\", %s\r\n", etag);
  since = g_strdup_printf ("If-Modified-Since: %s\r\n", modified);
  if_range = g_strdup_printf ("Range: bytes=0-1\r\nIf-Range: %s\r\n", etag);

  for (guint i = 0; i < 2; i++)
    {
      const char *header = i == 0 ? none_match : since;
      g_autoptr (DavResponse) same = dav_client_request (client, "GET", "/f", header, NULL);

      g_assert_cmpuint (same->status, ==, 304);
      assert_header (same, "ETag", etag);
      assert_header (same, "Content-Length", NULL);
    }
  {
    g_autoptr (DavResponse) part = dav_client_request (client, "GET", "/f", if_range, NULL);
    g_autoptr (DavResponse) whole = dav_client_request (
        client, "GET", "/f", "Range: bytes=0-1\r\nIf-Range: \"other\"\r\n", NULL);
    g_autoptr (DavResponse) failed
        = dav_client_request (client, "GET", "/f", "If-Match: \"other\"\r\n", NULL);
    g_autoptr (DavResponse) folder
        = dav_client_request (client, "GET", "/", "If-None-Match: *\r\n", NULL);
    g_autoptr (DavResponse) again = dav_client_request (client, "GET", "/f", NULL, NULL);

    g_assert_cmpuint (folder->status, ==, 304);
    g_assert_cmpuint (part->status, ==, 206);
    g_assert_cmpstr (dav_response_text (part), ==, "01");
    g_assert_cmpuint (whole->status, ==, 200);
    g_assert_cmpstr (dav_response_text (whole), ==, "0123456789");
    g_assert_cmpuint (failed->status, ==, 412);
    g_assert_cmpuint (again->status, ==, 200);
  }
}

static void
test_get_refused (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *fifo = dav_rig_path (rig, "share/fifo");
  g_autofree char *link = dav_rig_path (rig, "share/link");

  dav_rig_write (rig, "share/f", "x");
  g_assert_cmpint (mkfifo (fifo, 0644), ==, 0);
  g_assert_cmpint (symlink ("../outside/secret", link), ==, 0);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/missing", NULL, NULL), ==, 404);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/f/below", NULL, NULL), ==, 404);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/f/", NULL, NULL), ==, 404);
  g_assert_cmpuint (dav_rig_status (rig, "HEAD", "/f/", NULL, NULL), ==, 404);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/fifo", NULL, NULL), ==, 403);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/link", NULL, NULL), ==, 403);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/f#part", NULL, NULL), ==, 400);
}

/* A browser in the guest runs nothing it gets here, whatever it is (DESIGN P14). */
static void
test_get_hardened (void)
{
  static const struct
  {
    const char *path;
    const char *headers;
    guint status;
  } cases[] = {
    { "/f", NULL, 200 },
    { "/large", NULL, 200 },
    { "/f", "Range: bytes=0-0\r\n", 206 },
    { "/f", "Range: bytes=0-0,2-2\r\n", 206 },
    { "/f", "Range: bytes=10-\r\n", 416 },
    { "/f", "If-None-Match: *\r\n", 304 },
    { "/f", "If-Match: \"x\"\r\n", 412 },
    { "/f", "If: <\r\n", 400 },
    { "/f", "Origin: http://evil.example\r\n", 403 },
    { "/missing", NULL, 404 },
    { "/link", NULL, 403 },
    { "/%00", NULL, 400 },
    { "/", NULL, 200 },
    { "/folder", NULL, 200 },
    { "/.spice-clipboard/", NULL, 403 },
  };
  static const char *const methods[] = { "GET", "HEAD" };
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *link = dav_rig_path (rig, "share/link");
  g_autofree guint8 *data = make_data (1000000);

  dav_rig_write (rig, "share/f", "0123");
  write_data (rig, "share/large", data, 1000000);
  dav_rig_mkdir (rig, "share/folder");
  g_assert_cmpint (symlink ("../outside/secret", link), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases) * G_N_ELEMENTS (methods); i++)
    {
      const char *method = methods[i % G_N_ELEMENTS (methods)];
      const char *path = cases[i / G_N_ELEMENTS (methods)].path;
      const char *headers = cases[i / G_N_ELEMENTS (methods)].headers;
      guint status = cases[i / G_N_ELEMENTS (methods)].status;
      g_autoptr (DavResponse) response = dav_rig_request (rig, method, path, headers, NULL);

      g_test_message ("%s %s %s", method, path, headers != NULL ? headers : "");
      if (g_str_equal (method, "GET"))
        g_assert_cmpuint (response->status, ==, status);
      assert_header (response, "X-Content-Type-Options", "nosniff");
      assert_header (response, "Content-Security-Policy", "sandbox");
    }
}

/* Every name the file system takes, and the link in the listing leads to it. */
static void
test_get_listing (void)
{
  static const char *const names[] = {
    "plain",    "with space", "#hash", "que?ry",           "per%cent",   "amp&and", "q\"uote'",
    "<script>", "new\nline",  "tab\t", "\303\244\303\266", "bad\377utf", "%2e%2e",  "a+b;c,d:e@f",
  };
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) listing = NULL;
  g_autoptr (GRegex) regex = g_regex_new ("href=\"([^\"]*)\"", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  const char *html;
  guint found = 0;

  dav_rig_mkdir (rig, "share/sub folder");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_strconcat ("share/sub folder/", names[i], NULL);

      dav_rig_write (rig, name, names[i]);
    }
  listing = dav_client_request (client, "GET", "/sub%20folder", NULL, NULL);
  g_assert_cmpuint (listing->status, ==, 200);
  assert_header (listing, "Content-Type", "text/html; charset=utf-8");
  assert_header (listing, "X-Content-Type-Options", "nosniff");
  assert_header (listing, "Content-Security-Policy", "sandbox");
  html = dav_response_text (listing);
  g_assert_true (g_utf8_validate (html, -1, NULL));
  g_assert_null (strstr (html, "<script>"));

  g_regex_match (regex, html, 0, &match);
  for (; g_match_info_matches (match); g_match_info_next (match, NULL))
    {
      g_autofree char *href = g_match_info_fetch (match, 1);
      g_autoptr (DavResponse) get = dav_client_request (client, "GET", href, NULL, NULL);

      g_assert_cmpuint (get->status, ==, 200);
      if (!g_str_has_suffix (href, "/"))
        {
          g_assert_true (g_strv_contains (names, dav_response_text (get)));
          found++;
        }
    }
  g_assert_cmpuint (found, ==, G_N_ELEMENTS (names));

  {
    g_autoptr (DavResponse) head = dav_client_request (client, "HEAD", "/", NULL, NULL);
    g_autoptr (DavResponse) root = dav_client_request (client, "GET", "/", NULL, NULL);

    g_assert_cmpuint (head->status, ==, 200);
    g_assert_cmpuint (root->status, ==, 200);
    g_assert_nonnull (strstr (dav_response_text (root), "href=\"/sub%20folder/\""));
  }
}

static gboolean
has_transfer (gpointer data)
{
  g_autoptr (GVariant) transfers
      = g_variant_ref_sink (dav_server_get_transfers (((DavRig *)data)->server));

  return g_variant_n_children (transfers) == 1;
}

/* A file that shrinks ends that response, and nothing else. */
static void
test_get_shrinks (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavClient) other = dav_client_new (rig);
  g_autofree guint8 *data = make_data (BIG);
  g_autofree char *path = dav_rig_path (rig, "share/f");
  g_autoptr (DavResponse) get = NULL;

  write_data (rig, "share/f", data, BIG);
  dav_client_send (client, "GET /f HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
  /* All of it is promised, and its client has read nothing. */
  dav_rig_wait (rig, has_transfer, rig);
  g_assert_cmpint (truncate (path, 1000), ==, 0);
  get = dav_client_receive (client, FALSE);
  g_assert_null (get);
  g_assert_true (client->eof);
  g_assert_cmpuint (client->in->len, >, 0);
  g_assert_true (dav_client_is_forgotten (client));

  get = dav_client_request (other, "GET", "/f", NULL, NULL);
  g_assert_cmpuint (get->status, ==, 200);
  g_assert_cmpuint (get->body->len, ==, 1000);
}

/* A client that reads nothing costs what a download may hold, and no more. */
static void
test_get_unread (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autofree guint8 *data = make_data (BIG);
  g_autoptr (GVariant) transfers = NULL;
  g_autoptr (DavResponse) other = NULL;
  const char *path;
  const char *direction;
  guint64 done;
  guint64 total;

  write_data (rig, "share/f", data, BIG);
  dav_client_send (client, "GET /f HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
  dav_rig_wait (rig, has_transfer, rig);
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (DavResponse) turn = dav_rig_request (rig, "OPTIONS", "/", NULL, NULL);

      g_assert_cmpuint (turn->status, ==, 200);
    }
  transfers = g_variant_ref_sink (dav_server_get_transfers (rig->server));
  g_variant_get_child (transfers, 0, "(t&s&sttx)", NULL, &path, &direction, &done, &total, NULL);
  g_assert_cmpstr (path, ==, "f");
  g_assert_cmpstr (direction, ==, "download");
  g_assert_cmpuint (total, ==, BIG);
  /* What the kernel's socket buffer took comes on top. */
  g_assert_cmpuint (done, <=, DAV_BUFFER_SIZE * DAV_DOWNLOAD_PIECES + 1024 * 1024);

  other = dav_client_receive (client, FALSE);
  g_assert_cmpmem (other->body->data, other->body->len, data, BIG);
}

/* A client that leaves in the middle. */
static void
test_get_abandoned (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree guint8 *data = make_data (BIG);

  write_data (rig, "share/f", data, BIG);
  for (guint i = 0; i < 50; i++)
    {
      DavClient *client = dav_client_new (rig);

      dav_client_send (client, "GET /f HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
      if (i % 2 == 0)
        dav_rig_wait (rig, has_transfer, rig);
      g_socket_close (client->socket, NULL);
      g_assert_true (dav_client_is_forgotten (client));
      dav_client_free (client);
    }
}

/* Requests sent before the last one was answered are answered in their order. */
static void
test_get_pipelined (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autofree guint8 *data = make_data (1000000);
  g_autoptr (GString) out = g_string_new (NULL);

  write_data (rig, "share/f", data, 1000000);
  dav_rig_write (rig, "share/g", "small");
  for (guint i = 0; i < 20; i++)
    g_string_append_printf (out, "GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n",
                            i % 3 == 0 ? "f" : "g");
  dav_client_send (client, out->str, out->len);
  dav_client_shutdown (client);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (DavResponse) get = dav_client_receive (client, FALSE);

      g_assert_nonnull (get);
      if (i % 3 == 0)
        g_assert_cmpmem (get->body->data, get->body->len, data, 1000000);
      else
        g_assert_cmpstr (dav_response_text (get), ==, "small");
    }
  dav_client_wait_eof (client);
  g_assert_true (dav_client_is_forgotten (client));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/get/sizes", test_get_sizes);
  g_test_add_func ("/dav/get/ranges", test_get_ranges);
  g_test_add_func ("/dav/get/multiple-ranges", test_get_multiple_ranges);
  g_test_add_func ("/dav/get/far-range", test_get_far_range);
  g_test_add_func ("/dav/get/conditions", test_get_conditions);
  g_test_add_func ("/dav/get/refused", test_get_refused);
  g_test_add_func ("/dav/get/hardened", test_get_hardened);
  g_test_add_func ("/dav/get/listing", test_get_listing);
  g_test_add_func ("/dav/get/shrinks", test_get_shrinks);
  g_test_add_func ("/dav/get/unread", test_get_unread);
  g_test_add_func ("/dav/get/abandoned", test_get_abandoned);
  g_test_add_func ("/dav/get/pipelined", test_get_pipelined);
  return g_test_run ();
}
