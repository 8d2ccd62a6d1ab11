/* PUT on a real SoupServer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "dav/dav-limits.h"
#include "dav-rig.h"

static void
test_put_new (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) put = dav_client_request (client, "PUT", "/a%20b", NULL, "hello");
  g_autofree char *etag = dav_response_get (put, "ETag");
  g_autoptr (DavResponse) get = NULL;
  g_autofree char *get_etag = NULL;
  g_autofree char *content = dav_rig_read (rig, "share/a b");

  g_assert_cmpuint (put->status, ==, 201);
  g_assert_cmpstr (content, ==, "hello");
  g_assert_nonnull (etag);

  /* On the same connection. */
  get = dav_client_request (client, "GET", "/a%20b", NULL, NULL);
  get_etag = dav_response_get (get, "ETag");
  g_assert_cmpuint (get->status, ==, 200);
  g_assert_cmpstr (get_etag, ==, etag);
  g_assert_cmpstr (dav_response_text (get), ==, "hello");
  g_assert_cmpuint (rig->n_done, ==, 2);
}

static void
test_put_replace (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autofree char *path = dav_rig_path (rig, "share/a");
  struct stat st;

  dav_rig_write (rig, "share/a", "old content");
  g_assert_cmpint (g_chmod (path, 0640), ==, 0);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (DavResponse) put = dav_client_request (client, "PUT", "/a", NULL, "new");

      /* 204 keeps the connection. */
      g_assert_cmpuint (put->status, ==, 204);
    }
  g_assert_cmpint (g_stat (path, &st), ==, 0);
  g_assert_cmpuint (st.st_mode & 07777, ==, 0640);
  g_assert_cmpint (st.st_size, ==, 3);
}

static void
test_put_empty (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *content = NULL;

  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/e", NULL, ""), ==, 201);
  content = dav_rig_read (rig, "share/e");
  g_assert_cmpstr (content, ==, "");
}

static void
test_put_chunked (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) put = NULL;
  g_autofree char *content = NULL;

  dav_client_send (client,
                   "PUT /c HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n",
                   -1);
  put = dav_client_receive (client, FALSE);
  g_assert_cmpuint (put->status, ==, 201);
  content = dav_rig_read (rig, "share/c");
  g_assert_cmpstr (content, ==, "hello, world");
}

/* Big enough for reading to stop and go on many times. */
static void
test_put_large (void)
{
  const gsize size = 40 * 1024 * 1024 + 17;
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) put = NULL;
  g_autofree char *head = g_strdup_printf (
      "PUT /big HTTP/1.1\r\nHost: localhost\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n", size);
  g_autofree guint8 *data = g_malloc (size);
  g_autofree char *content = NULL;
  g_autofree char *path = dav_rig_path (rig, "share/big");
  gsize length;

  for (gsize i = 0; i < size; i++)
    data[i] = (i * 2654435761u) >> 13;
  dav_client_send (client, head, -1);
  dav_client_send (client, data, size);
  put = dav_client_receive (client, FALSE);
  g_assert_cmpuint (put->status, ==, 201);
  g_assert_true (g_file_get_contents (path, &content, &length, NULL));
  g_assert_cmpmem (content, length, data, size);
}

/* Nothing reads the body until the server says so. */
static void
test_put_expect (void)
{
  const gsize size = 2 * 1024 * 1024;
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autofree char *head
      = g_strdup_printf ("PUT /x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                         "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
                         size);
  g_autofree char *data = g_strnfill (size, 'x');
  g_autoptr (DavResponse) go_on = NULL;
  g_autoptr (DavResponse) put = NULL;
  g_autofree char *content = NULL;
  g_autofree char *date = NULL;

  dav_client_send (client, head, -1);
  go_on = dav_client_receive (client, FALSE);
  g_assert_cmpuint (go_on->status, ==, 100);
  dav_client_send (client, data, size);
  put = dav_client_receive (client, FALSE);
  g_assert_cmpuint (put->status, ==, 201);
  date = dav_response_get (put, "Date");
  g_assert_nonnull (date);
  content = dav_rig_read (rig, "share/x");
  g_assert_cmpstr (content, ==, data);

  {
    g_autoptr (DavResponse) get = dav_client_request (client, "GET", "/x", NULL, NULL);

    g_assert_cmpuint (get->status, ==, 200);
  }
}

static void
test_put_expect_refused (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (SHARE_READ_ONLY);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) response = NULL;
  g_autofree char *connection = NULL;

  dav_client_send (client,
                   "PUT /x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                   "Content-Length: 9999999\r\n\r\n",
                   -1);
  response = dav_client_receive (client, FALSE);
  g_assert_cmpuint (response->status, ==, 403);
  connection = dav_response_get (response, "Connection");
  g_assert_cmpstr (connection, ==, "close");
  dav_client_wait_eof (client);
  g_assert_true (dav_client_is_forgotten (client));
}

/* A body that is refused is not read to its end, and never run. */
static void
test_put_refused_large (void)
{
  const gsize size = 64 * 1024 * 1024;
  g_autoptr (DavRig) rig = dav_rig_new (SHARE_READ_ONLY);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) response = NULL;
  g_autofree char *connection = NULL;
  g_autofree char *head = g_strdup_printf (
      "PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n"
      "DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      size);

  dav_client_send (client, head, -1);
  response = dav_client_receive (client, FALSE);
  g_assert_cmpuint (response->status, ==, 403);
  connection = dav_response_get (response, "Connection");
  g_assert_cmpstr (connection, ==, "close");
  dav_client_wait_eof (client);
  g_assert_cmpuint (client->in->len, ==, 0);
  g_assert_cmpuint (rig->n_done, ==, 1);
  g_assert_true (dav_client_is_forgotten (client));
}

/* A small one is, so that a client that looks for the answer only then finds it. */
static void
test_put_refused_small (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (SHARE_READ_ONLY);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) response = NULL;
  g_autofree char *connection = NULL;

  response = dav_client_request (client, "PUT", "/x", NULL, "GET / HTTP/1.1\r\n\r\n");
  g_assert_cmpuint (response->status, ==, 403);
  connection = dav_response_get (response, "Connection");
  g_assert_cmpstr (connection, ==, "close");
  dav_client_wait_eof (client);
  g_assert_cmpuint (client->in->len, ==, 0);
}

static gboolean
wrote_something (gpointer data)
{
  g_autoptr (GVariant) transfers
      = g_variant_ref_sink (dav_server_get_transfers (((DavRig *)data)->server));
  guint64 done;

  if (g_variant_n_children (transfers) == 0)
    return FALSE;
  g_variant_get_child (transfers, 0, "(tssttx)", NULL, NULL, NULL, &done, NULL, NULL);
  return done > 100 * 1024;
}

static gboolean
has_transfer (gpointer data)
{
  g_autoptr (GVariant) transfers
      = g_variant_ref_sink (dav_server_get_transfers (((DavRig *)data)->server));

  return g_variant_n_children (transfers) == 1;
}

static gboolean
no_transfers (gpointer data)
{
  g_autoptr (GVariant) transfers
      = g_variant_ref_sink (dav_server_get_transfers (((DavRig *)data)->server));

  return g_variant_n_children (transfers) == 0;
}

static void
test_put_aborted (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *data = g_strnfill (200 * 1024, 'x');

  dav_rig_write (rig, "share/a", "precious");
  before = dav_rig_snapshot (rig, "share");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autofree char *head = g_strdup_printf (
          "PUT /%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400000\r\n\r\n",
          i == 0 ? "a" : "new");

      dav_client_send (client, head, -1);
      dav_client_send (client, data, strlen (data));
      dav_rig_wait (rig, wrote_something, rig);
      dav_client_shutdown (client);
      dav_rig_wait (rig, no_transfers, rig);
      g_assert_true (dav_client_is_forgotten (client));
    }
  after = dav_rig_snapshot (rig, "share");
  g_assert_cmpstr (before, ==, after);
}

static void
test_put_conditions (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavResponse) first = dav_rig_request (rig, "PUT", "/a", NULL, "one");
  g_autofree char *etag = dav_response_get (first, "ETag");
  g_autofree char *match = g_strdup_printf ("If-Match: %s\r\n", etag);
  g_autofree char *if_etag = g_strdup_printf ("If: ([%s])\r\n", etag);
  g_autofree char *content = NULL;

  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/a", "If-None-Match: *\r\n", "x"), ==, 412);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/b", "If-None-Match: *\r\n", "x"), ==, 201);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/b", "If-None-Match: *\r\n", "y"), ==, 412);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/a", "If-Match: \"nonsense\"\r\n", "x"), ==, 412);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/c", "If-Match: *\r\n", "x"), ==, 412);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/a", "If: ([\"nonsense\"])\r\n", "x"), ==, 412);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/a", "If: nonsense\r\n", "x"), ==, 400);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/a",
                                    "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "x"),
                    ==, 412);
  content = dav_rig_read (rig, "share/a");
  g_assert_cmpstr (content, ==, "one");
  g_assert_false (dav_rig_exists (rig, "share/c"));

  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/a", match, "two"), ==, 204);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/a", match, "three"), ==, 412);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/a", if_etag, "three"), ==, 412);
}

static void
test_put_refused (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  static const struct
  {
    const char *path;
    const char *headers;
    guint status;
  } cases[] = {
    { "/missing/a", NULL, 409 },
    { "/file/a", NULL, 409 },
    { "/folder", NULL, 405 },
    { "/folder/", NULL, 405 },
    { "/new/", NULL, 405 },
    { "/", NULL, 405 },
    { "/file", "Content-Range: bytes 0-1/4\r\n", 400 },
    { "/new", "Content-Range: bytes 0-1/4\r\n", 400 },
    { "/a%2fb", NULL, 404 },
    { "/a%00b", NULL, 400 },
    { "/.spice-clipboard/7/a", NULL, 404 },
    { "/.spice-clipboard", NULL, 403 },
  };

  dav_rig_mkdir (rig, "share/folder");
  dav_rig_write (rig, "share/file", "content");
  before = dav_rig_snapshot (rig, "share");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].path);
      g_assert_cmpuint (dav_rig_status (rig, "PUT", cases[i].path, cases[i].headers, "x"), ==,
                        cases[i].status);
    }
  after = dav_rig_snapshot (rig, "share");
  g_assert_cmpstr (before, ==, after);
}

/* The longest name there can be; the temporary one does not depend on it. */
static void
test_put_long_name (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *name = g_strnfill (255, 'n');
  g_autofree char *path = g_strconcat ("/", name, NULL);
  g_autofree char *longer = g_strconcat (path, "n", NULL);

  g_assert_cmpuint (dav_rig_status (rig, "PUT", path, NULL, "x"), ==, 201);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", longer, NULL, "x"), ==, 403);
}

/* What the host does to the place a file is uploaded to, after it was looked at and before all of
 * the file is here: the answer is true, and what the host did stands. */
static void
test_put_meanwhile (void)
{
  static const struct
  {
    const char *command; /* in the share */
    guint status;
    const char *there;   /* in the share afterwards */
    const char *content; /* of that; NULL: what was uploaded */
  } cases[] = {
    { "rm folder/a", 201, "share/folder/a", NULL },
    { "rm -r folder", 409, NULL, NULL },
    { "rm -r folder; echo -n x >folder", 409, "share/folder", "x" },
    { "rm -r folder; mkdir folder; echo -n x >folder/a", 409, "share/folder/a", "x" },
    { "mv folder moved", 409, "share/moved/a", "old" },
    { "rm folder/a; mkdir folder/a; echo -n x >folder/a/b", 405, "share/folder/a/b", "x" },
    { "rm folder/a; mkfifo folder/a", 403, NULL, NULL },
    { "rm folder/a; ln -s ../../outside/secret folder/a", 403, "outside/secret", "a secret" },
    { "rm -r folder; ln -s ../outside folder", 403, "outside/secret", "a secret" },
  };
  /* A small one is looked at only then. */
  g_autofree char *body = g_strnfill (200000, 'b');
  g_autofree char *head = g_strdup_printf (
      "PUT /folder/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", strlen (body));

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DavRig) rig = dav_rig_new (0);
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autoptr (DavResponse) put = NULL;
      g_autofree char *outside = dav_rig_snapshot (rig, "outside");
      g_autofree char *outside_after = NULL;
      g_autofree char *script
          = g_strdup_printf ("cd '%s/share' && { %s; }", rig->base, cases[i].command);
      const char *const argv[] = { "sh", "-c", script, NULL };
      int status;

      g_test_message ("%s", cases[i].command);
      dav_rig_mkdir (rig, "share/folder");
      dav_rig_write (rig, "share/folder/a", "old");
      dav_client_send (client, head, -1);
      dav_client_send (client, body, 1);
      dav_rig_wait (rig, has_transfer, rig);
      g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                                   NULL, &status, NULL));
      g_assert_cmpint (status, ==, 0);
      dav_client_send (client, body + 1, -1);
      put = dav_client_receive (client, FALSE);
      g_assert_cmpuint (put->status, ==, cases[i].status);
      if (cases[i].there != NULL)
        {
          g_autofree char *content = dav_rig_read (rig, cases[i].there);

          g_assert_cmpstr (content, ==, cases[i].content != NULL ? cases[i].content : body);
        }
      outside_after = dav_rig_snapshot (rig, "outside");
      g_assert_cmpstr (outside, ==, outside_after);
    }
}

static gboolean
is_held (gpointer data)
{
  /* Nothing moves any more: what was sent stays where it is. */
  return !g_main_context_pending (((DavRig *)data)->context);
}

static guint64
get_received (DavRig *rig)
{
  g_autoptr (GVariant) transfers = g_variant_ref_sink (dav_server_get_transfers (rig->server));
  guint64 done;

  g_assert_cmpuint (g_variant_n_children (transfers), ==, 1);
  g_variant_get_child (transfers, 0, "(tssttx)", NULL, NULL, NULL, &done, NULL, NULL);
  return done;
}

/* While the disk does not answer, what is taken of an upload is bounded; then all of it comes. */
static void
test_put_held (void)
{
  const gsize size = 16 * 1024 * 1024;
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) put = NULL;
  g_autofree char *data = g_strnfill (size, 'x');
  g_autofree char *head
      = g_strdup_printf ("PUT /f HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", size);
  g_autofree char *content = NULL;
  DavRigBlock *block;
  gsize sent = 0;

  dav_client_send (client, head, -1);
  dav_rig_wait (rig, has_transfer, rig);
  block = dav_rig_block (rig);
  for (;;)
    {
      gssize n = g_socket_send (client->socket, data + sent, size - sent, NULL, NULL);

      if (n > 0)
        sent += (gsize)n;
      else if (is_held (rig))
        break;
      while (g_main_context_iteration (rig->context, FALSE))
        continue;
    }
  g_assert_cmpuint (get_received (rig), >, DAV_PUT_HOLD);
  /* As much in the job that waits for the disk, and what came in one piece. */
  g_assert_cmpuint (get_received (rig), <=, 2 * DAV_PUT_HOLD + 64 * 1024);

  dav_rig_release (rig, block);
  dav_client_send (client, data + sent, size - sent);
  put = dav_client_receive (client, FALSE);
  g_assert_cmpuint (put->status, ==, 201);
  content = dav_rig_read (rig, "share/f");
  g_assert_cmpstr (content, ==, data);
}

static void
test_put_transfers (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autofree char *data = g_strnfill (200 * 1024, 'x');
  g_autoptr (GVariant) transfers = NULL;
  const char *path;
  const char *direction;
  guint64 done;
  guint64 total;

  dav_client_send (
      client, "PUT /d%C3%A4t%FF HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400000\r\n\r\n", -1);
  dav_client_send (client, data, -1);
  dav_rig_wait (rig, wrote_something, rig);
  transfers = g_variant_ref_sink (dav_server_get_transfers (rig->server));
  g_assert_cmpuint (g_variant_n_children (transfers), ==, 1);
  g_variant_get_child (transfers, 0, "(t&s&sttx)", NULL, &path, &direction, &done, &total, NULL);
  g_assert_cmpstr (path, ==, "d\303\244t\357\277\275");
  g_assert_cmpstr (direction, ==, "upload");
  g_assert_cmpuint (done, <=, 200 * 1024);
  g_assert_cmpuint (total, ==, 400000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/put/new", test_put_new);
  g_test_add_func ("/dav/put/replace", test_put_replace);
  g_test_add_func ("/dav/put/empty", test_put_empty);
  g_test_add_func ("/dav/put/chunked", test_put_chunked);
  g_test_add_func ("/dav/put/large", test_put_large);
  g_test_add_func ("/dav/put/expect", test_put_expect);
  g_test_add_func ("/dav/put/expect-refused", test_put_expect_refused);
  g_test_add_func ("/dav/put/refused-large", test_put_refused_large);
  g_test_add_func ("/dav/put/refused-small", test_put_refused_small);
  g_test_add_func ("/dav/put/aborted", test_put_aborted);
  g_test_add_func ("/dav/put/conditions", test_put_conditions);
  g_test_add_func ("/dav/put/refused", test_put_refused);
  g_test_add_func ("/dav/put/long-name", test_put_long_name);
  g_test_add_func ("/dav/put/meanwhile", test_put_meanwhile);
  g_test_add_func ("/dav/put/held", test_put_held);
  g_test_add_func ("/dav/put/transfers", test_put_transfers);
  return g_test_run ();
}
