/* What every request is asked before its method, and how connections and shares end.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <dirent.h>
#include <string.h>

#include "dav/dav-limits.h"
#include "dav/dav-request.h"
#include "dav/dav-xml-read.h"
#include "share/file-pool.h"
#include "dav-rig.h"

static void
assert_header (DavResponse *response, const char *name, const char *expected)
{
  g_autofree char *value = dav_response_get (response, name);

  g_assert_cmpstr (value, ==, expected);
}

static void
test_unshared (void)
{
  static const char *const methods[]
      = { "OPTIONS", "GET", "HEAD", "PROPFIND", "PUT", "DELETE", "MKCOL", "COPY", "MOVE" };
  g_autoptr (DavRig) rig = dav_rig_new_unshared ();

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_autoptr (DavResponse) response
          = dav_rig_request (rig, methods[i], "/a", "Depth: 0\r\nDestination: /b\r\n", NULL);

      g_assert_cmpuint (response->status, ==, 503);
      assert_header (response, "Retry-After", "10");
    }
  g_assert_cmpuint (dav_server_get_n_requests (rig->server), ==, G_N_ELEMENTS (methods));
}

static void
test_options (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  static const char *const paths[] = { "/", "*", "/missing" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (DavResponse) response
          = dav_client_request (client, "OPTIONS", paths[i], NULL, NULL);
      g_autofree char *allow = dav_response_get (response, "Allow");

      g_assert_cmpuint (response->status, ==, 200);
      assert_header (response, "DAV", "1, 2, 3");
      assert_header (response, "MS-Author-Via", "DAV");
      assert_header (response, "Server", NULL);
      g_assert_nonnull (strstr (allow, "MOVE"));
    }
}

/* What OPTIONS names is done, or refused for another reason; what it does not name is not done. */
static void
test_options_is_true (void)
{
  static const char *const methods[]
      = { "OPTIONS", "GET",  "HEAD", "PROPFIND",  "PUT",  "DELETE", "MKCOL",
          "COPY",    "MOVE", "LOCK", "PROPPATCH", "POST", "PATCH",  "TRACE" };

  for (guint read_only = 0; read_only < 2; read_only++)
    {
      g_autoptr (DavRig) rig = dav_rig_new (read_only ? SHARE_READ_ONLY : 0);
      g_autoptr (DavResponse) options = dav_rig_request (rig, "OPTIONS", "/", NULL, NULL);
      g_autofree char *allow = dav_response_get (options, "Allow");
      g_auto (GStrv) allowed = g_strsplit (allow, ", ", -1);

      assert_header (options, "DAV", read_only ? "1, 3" : "1, 2, 3");
      for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
        {
          guint status = dav_rig_status (
              rig, methods[i], "/x", "Depth: 0\r\nDestination: http://localhost:9843/y\r\n", NULL);

          g_test_message ("%s: %u", methods[i], status);
          if (g_strv_contains ((const char *const *)allowed, methods[i]))
            g_assert_true (status != 501 && status != 405 && (status != 403 || !read_only));
          else
            g_assert_true (status == 501 || (read_only && status == 403));
        }
    }
}

static void
test_host_and_origin (void)
{
  static const struct
  {
    const char *headers;
    guint status;
  } cases[] = {
    { "Host: localhost\r\n", 200 },
    { "Host: localhost:9843\r\n", 200 },
    { "Host: 127.0.0.1:9843\r\n", 200 },
    { "Host: [::1]:9843\r\n", 200 },
    { "Host: guest.local\r\n", 200 },
    { "Host: evil.example\r\n", 403 },
    { "Host: evil.example:9843\r\n", 403 },
    { "Host: 192.168.1.1\r\n", 403 },
    { "Host: localhost.evil.example\r\n", 403 },
    { "Host: localhost\r\nOrigin: http://localhost:9843\r\n", 200 },
    { "Host: localhost\r\nOrigin: http://evil.example\r\n", 403 },
    { "Host: localhost\r\nOrigin: null\r\n", 403 },
  };
  g_autoptr (DavRig) rig = dav_rig_new (0);

  dav_rig_write (rig, "share/a", "x");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].headers);
      g_assert_cmpuint (dav_rig_status (rig, "GET", "/a", cases[i].headers, NULL), ==,
                        cases[i].status);
    }
  g_assert_cmpuint (
      dav_rig_status (rig, "GET", "http://evil.example/a", "Host: localhost\r\n", NULL), ==, 403);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "http://localhost/a", "Host: localhost\r\n", NULL),
                    ==, 200);
}

static void
test_read_only (void)
{
  static const char *const methods[] = { "PUT", "DELETE", "MKCOL", "COPY", "MOVE" };
  g_autoptr (DavRig) rig = dav_rig_new (SHARE_READ_ONLY);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  dav_rig_write (rig, "share/a", "x");
  before = dav_rig_snapshot (rig, "share");
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    g_assert_cmpuint (
        dav_rig_status (rig, methods[i], "/a", "Destination: http://localhost:9843/b\r\n", NULL),
        ==, 403);
  after = dav_rig_snapshot (rig, "share");
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/a", NULL, NULL), ==, 200);
}

/* Each limit of a body, on both sides. */
static void
test_body_limits (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *small = g_strnfill (DAV_MAX_DISCARD, ' ');
  g_autofree char *large = g_strnfill (DAV_MAX_DISCARD + 1, ' ');
  g_autoptr (GString) xml = g_string_new ("<propfind xmlns='DAV:'><allprop/></propfind>");
  g_autofree char *chunk = g_strdup_printf ("%x\r\n%s\r\n", DAV_MAX_DISCARD + 1, large);

  g_assert_cmpuint (dav_rig_status (rig, "GET", "/", NULL, small), ==, 200);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/", NULL, large), ==, 413);
  g_assert_cmpuint (dav_rig_status (rig, "DELETE", "/", NULL, large), ==, 413);
  g_assert_cmpuint (dav_rig_status (rig, "MKCOL", "/new", NULL, "x"), ==, 415);
  g_assert_false (dav_rig_exists (rig, "share/new"));

  while (xml->len < DAV_XML_BODY_MAX)
    g_string_append_c (xml, ' ');
  g_assert_cmpuint (dav_rig_status (rig, "PROPFIND", "/", "Depth: 0\r\n", xml->str), ==, 207);
  g_string_append_c (xml, ' ');
  g_assert_cmpuint (dav_rig_status (rig, "PROPFIND", "/", "Depth: 0\r\n", xml->str), ==, 413);

  /* In chunks nobody knows before how much it is. */
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autoptr (DavResponse) response = NULL;
      g_autofree char *head = g_strdup_printf (
          "%s / HTTP/1.1\r\nHost: localhost\r\nDepth: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
          i == 0 ? "DELETE" : "PROPFIND");

      dav_client_send (client, head, -1);
      for (guint j = 0; j < (i == 0 ? 1 : 1 + DAV_XML_BODY_MAX / DAV_MAX_DISCARD); j++)
        dav_client_send (client, chunk, -1);
      response = dav_client_receive (client, FALSE);
      g_assert_cmpuint (response->status, ==, 413);
      assert_header (response, "Connection", "close");
      dav_client_wait_eof (client);
      g_assert_true (dav_client_is_forgotten (client));
    }
}

static guint
count_descriptors (void)
{
  DIR *dir = opendir ("/proc/self/fd");
  guint n = 0;

  while (readdir (dir) != NULL)
    n++;
  closedir (dir);
  return n;
}

/* Connections that end between two requests, in every way, leave nothing behind. */
static void
test_zombies (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  guint before = 0;

  dav_rig_write (rig, "share/a", "x");
  for (guint i = 0; i < 1000; i++)
    {
      DavClient *client = dav_client_new (rig);

      switch (i % 6)
        {
        case 0: /* without a word */
          break;
        case 1: /* in the middle of a head */
          dav_client_send (client, "GET / HT", -1);
          break;
        case 5: /* with an unread response */
          dav_client_send (client, "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
          break;
        default:
          {
            g_autoptr (DavResponse) response = dav_client_request (
                client, i % 2 ? "GET" : "PROPFIND", "/a", "Depth: 0\r\n", NULL);

            g_assert_nonnull (response);
          }
        }
      if (i % 4 == 0)
        dav_client_shutdown (client);
      else
        g_socket_close (client->socket, NULL);
      g_assert_true (dav_client_is_forgotten (client));
      dav_client_free (client);
      if (i == 100)
        before = count_descriptors ();
    }
  g_assert_cmpuint (count_descriptors (), <=, before + FILE_POOL_THREADS);
}

/* A head that was cut off by the end of the stream is not a request. */
static void
test_cut_head (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);

  dav_rig_write (rig, "share/a", "x");
  dav_client_send (client, "DELETE /a HTTP/1.1\r\nHost: localhost\r\n", -1);
  dav_client_shutdown (client);
  dav_client_wait_eof (client);
  g_assert_true (dav_client_is_forgotten (client));
  g_assert_true (dav_rig_exists (rig, "share/a"));
}

static void
test_too_many_connections (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify)dav_client_free);
  g_autoptr (DavClient) refused = NULL;

  for (guint i = 0; i < DAV_MAX_CONNECTIONS; i++)
    g_ptr_array_add (clients, dav_client_new (rig));
  refused = dav_client_new (rig);
  {
    g_autoptr (DavResponse) response = dav_client_receive (refused, FALSE);

    g_assert_cmpuint (response->status, ==, 503);
    assert_header (response, "Connection", "close");
  }
  dav_client_wait_eof (refused);
  g_assert_true (dav_client_is_forgotten (refused));

  for (guint i = 0; i < DAV_MAX_CONNECTIONS; i++)
    {
      g_autoptr (DavResponse) response
          = dav_client_request (g_ptr_array_index (clients, i), "GET", "/", NULL, NULL);

      g_assert_cmpuint (response->status, ==, 200);
    }
  {
    DavClient *first = g_ptr_array_index (clients, 0);

    g_socket_close (first->socket, NULL);
    g_assert_true (dav_client_is_forgotten (first));
  }
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/", NULL, NULL), ==, 200);
}

/* The share ends while every thread of its pool hangs: whoever waits is told so. */
static void
test_share_ends (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) waiting = dav_client_new (rig);
  g_autoptr (DavClient) uploading = dav_client_new (rig);
  g_autoptr (DavClient) idle = dav_client_new (rig);
  g_autoptr (DavResponse) response = NULL;
  g_autoptr (DavResponse) refused = NULL;
  DavRigBlock *block;

  dav_rig_write (rig, "share/a", "x");
  response = dav_client_request (idle, "GET", "/a", NULL, NULL);
  block = dav_rig_block (rig);
  dav_client_send (waiting, "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
  dav_client_send (uploading,
                   "PUT /b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\nxxx", -1);
  /* Both are in the queue when a third one on the server has been answered. */
  g_assert_cmpuint (dav_rig_status (rig, "OPTIONS", "/", NULL, NULL), ==, 200);

  dav_server_set_share (rig->server, NULL);
  for (guint i = 0; i < 2; i++)
    {
      DavClient *client = i == 0 ? waiting : uploading;
      g_autoptr (DavResponse) over = dav_client_receive (client, FALSE);

      g_assert_cmpuint (over->status, ==, 503);
      assert_header (over, "Connection", "close");
      dav_client_wait_eof (client);
      g_assert_true (dav_client_is_forgotten (client));
    }
  dav_client_wait_eof (idle);
  g_assert_true (dav_client_is_forgotten (idle));
  refused = dav_rig_request (rig, "GET", "/a", NULL, NULL);
  g_assert_cmpuint (refused->status, ==, 503);

  dav_rig_release (rig, block);
  dav_server_set_share (rig->server, rig->share);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/a", NULL, NULL), ==, 200);
  g_assert_false (dav_rig_exists (rig, "share/b"));
}

/* Another share: at once, and nothing of the old one. */
static void
test_share_changes (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (Share) other = NULL;
  g_autoptr (DavResponse) get = NULL;

  dav_rig_mkdir (rig, "other");
  dav_rig_write (rig, "share/a", "old");
  dav_rig_write (rig, "other/a", "new");
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/a", NULL, NULL), ==, 200);
  other = dav_rig_open (rig, "other", 0);
  dav_server_set_share (rig->server, other);
  share_close (rig->share);
  get = dav_rig_request (rig, "GET", "/a", NULL, NULL);
  g_assert_cmpstr (dav_response_text (get), ==, "new");

  /* Closed behind the server's back: refused, not hung. */
  share_close (other);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/a", NULL, NULL), ==, 503);
}

/* The server goes while requests hang. */
static void
test_free_while_busy (void)
{
  DavRig *rig = dav_rig_new (0);
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify)dav_client_free);
  DavRigBlock *block = dav_rig_block (rig);
  static const DavServerOps no_ops = { 0 };

  for (guint i = 0; i < 10; i++)
    {
      DavClient *client = dav_client_new (rig);

      dav_client_send (client,
                       i % 2 ? "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
                             : "PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nx",
                       -1);
      g_ptr_array_add (clients, client);
    }
  g_assert_cmpuint (dav_rig_status (rig, "OPTIONS", "/", NULL, NULL), ==, 200);
  dav_server_free (rig->server);
  for (guint i = 0; i < clients->len; i++)
    g_assert_true (dav_client_is_forgotten (g_ptr_array_index (clients, i)));
  dav_rig_release (rig, block);
  g_ptr_array_set_size (clients, 0);

  rig->server = dav_server_new (&no_ops, NULL);
  g_assert_false (dav_rig_exists (rig, "share/x"));
  dav_rig_free (rig);
}

static void
count_done (GIOStream *stream, gpointer user_data)
{
  (*(guint *)user_data)++;
}

static gboolean
is_counted (gpointer data)
{
  return *(guint *)data > 0;
}

/* What it calls may have been put together on the stack. */
static void
test_own_ops (void)
{
  g_autoptr (DavRig) rig = dav_rig_new_unshared ();
  DavServerOps ops = { .request_done = count_done };
  guint n_done = 0;

  dav_server_free (rig->server);
  rig->server = dav_server_new (&ops, &n_done);
  memset (&ops, 0, sizeof ops);
  g_assert_cmpuint (dav_rig_status (rig, "OPTIONS", "/", NULL, NULL), ==, 503);
  dav_rig_wait (rig, is_counted, &n_done);
}

static void
test_http_1_0 (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  static const char *const requests[] = {
    "GET /a HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n",
    "PROPFIND / HTTP/1.0\r\nHost: localhost\r\nDepth: 1\r\n\r\n",
  };

  dav_rig_write (rig, "share/a", "x");
  for (guint i = 0; i < 5000; i++)
    {
      g_autofree char *name = g_strdup_printf ("share/f%04u", i);

      dav_rig_write (rig, name, "");
    }
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autoptr (DavResponse) response = NULL;

      dav_client_send (client, requests[i], -1);
      response = dav_client_receive (client, FALSE);
      g_assert_cmpuint (response->status / 100, ==, 2);
      assert_header (response, "Transfer-Encoding", NULL);
      dav_client_wait_eof (client);
      if (i == 2)
        g_assert_nonnull (strstr (dav_response_text (response), "</D:multistatus>"));
    }
}

static GLogWriterOutput
collect_line (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      g_ptr_array_add (user_data, g_strdup (fields[i].value));
  return G_LOG_WRITER_HANDLED;
}

/* One line a request, in which nothing of the guest's is a line of its own. */
static void
test_log (void)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  if (g_test_subprocess ())
    {
      g_autoptr (DavRig) rig = NULL;
      const char *line;

      g_setenv ("G_MESSAGES_DEBUG", "spice-share", TRUE);
      g_log_set_writer_func (collect_line, lines, NULL);
      rig = dav_rig_new (0);
      g_ptr_array_set_size (lines, 0);
      dav_rig_status (rig, "PUT", "/a%0Ab", NULL, "12345");
      dav_rig_status (rig, "GET", "/missing", NULL, NULL);
      g_assert_cmpuint (lines->len, ==, 2);
      line = g_ptr_array_index (lines, 0);
      g_assert_true (g_str_has_prefix (line, "dav: client 1: PUT /a%0Ab 201, 5 bytes in, "));
      g_assert_null (strchr (line, '\n'));
      line = g_ptr_array_index (lines, 1);
      g_assert_true (g_str_has_prefix (line, "dav: client 1: GET /missing 404, 0 bytes in, "));
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/server/unshared", test_unshared);
  g_test_add_func ("/dav/server/options", test_options);
  g_test_add_func ("/dav/server/options-is-true", test_options_is_true);
  g_test_add_func ("/dav/server/host-and-origin", test_host_and_origin);
  g_test_add_func ("/dav/server/read-only", test_read_only);
  g_test_add_func ("/dav/server/body-limits", test_body_limits);
  g_test_add_func ("/dav/server/zombies", test_zombies);
  g_test_add_func ("/dav/server/cut-head", test_cut_head);
  g_test_add_func ("/dav/server/too-many-connections", test_too_many_connections);
  g_test_add_func ("/dav/server/share-ends", test_share_ends);
  g_test_add_func ("/dav/server/share-changes", test_share_changes);
  g_test_add_func ("/dav/server/free-while-busy", test_free_while_busy);
  g_test_add_func ("/dav/server/own-ops", test_own_ops);
  g_test_add_func ("/dav/server/http-1-0", test_http_1_0);
  g_test_add_func ("/dav/server/log", test_log);
  return g_test_run ();
}
