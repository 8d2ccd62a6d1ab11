/* Copied files: /.spice-clipboard/id/name/…
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <unistd.h>

#include "dav-rig.h"
#include "dav/dav-limits.h"

static void
test_clipboard (void)
{
  static const struct
  {
    const char *method;
    const char *path;
    guint status;
  } cases[] = {
    { "GET", "/.spice-clipboard/7/file.txt", 200 },
    { "HEAD", "/.spice-clipboard/7/file.txt", 200 },
    { "PROPFIND", "/.spice-clipboard/7/file.txt", 207 },
    { "GET", "/.spice-clipboard/7/folder", 200 },
    { "GET", "/.spice-clipboard/7/folder/in%20side", 200 },
    { "OPTIONS", "/.spice-clipboard/7/folder/in%20side", 200 },
    { "GET", "/.spice-clipboard/7/folder/link", 403 },
    { "GET", "/.spice-clipboard/7/folder/missing", 404 },
    { "GET", "/.spice-clipboard/7/missing", 404 },
    { "GET", "/.spice-clipboard/8/file.txt", 404 },
    { "GET", "/.spice-clipboard/7", 403 },
    { "GET", "/.spice-clipboard/", 403 },
    { "PROPFIND", "/.spice-clipboard", 403 },
    { "GET", "/.spice-clipboard/7/folder/..%2f..%2foutside/secret", 404 },
    { "PUT", "/.spice-clipboard/7/file.txt", 403 },
    { "DELETE", "/.spice-clipboard/7/file.txt", 403 },
    { "MKCOL", "/.spice-clipboard/7/folder/new", 403 },
    { "MOVE", "/.spice-clipboard/7/file.txt", 403 },
  };

  for (guint shared = 0; shared < 2; shared++)
    {
      g_autoptr (DavRig) rig = shared ? dav_rig_new (0) : dav_rig_new_unshared ();
      g_autofree char *link = NULL;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      g_autoptr (DavResponse) list = NULL;
      g_autoptr (DavResponse) get = NULL;
      g_autofree char *type = NULL;

      dav_rig_write (rig, "clip/file.txt", "copied");
      dav_rig_mkdir (rig, "clip/folder");
      dav_rig_write (rig, "clip/folder/in side", "inside");
      link = dav_rig_path (rig, "clip/folder/link");
      g_assert_cmpint (symlink ("../file.txt", link), ==, 0);
      before = dav_rig_snapshot (rig, "clip");
      for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
        {
          g_test_message ("%s %s", cases[i].method, cases[i].path);
          g_assert_cmpuint (dav_rig_status (rig, cases[i].method, cases[i].path,
                                            "Depth: 1\r\nDestination: http://localhost:9843/x\r\n",
                                            NULL),
                            ==, cases[i].status);
        }
      after = dav_rig_snapshot (rig, "clip");
      g_assert_cmpstr (before, ==, after);

      get = dav_rig_request (rig, "GET", "/.spice-clipboard/7/folder/in%20side", NULL, NULL);
      g_assert_cmpstr (dav_response_text (get), ==, "inside");
      dav_response_free (g_steal_pointer (&get));
      get = dav_rig_request (rig, "GET", "/.spice-clipboard/7/file.txt", NULL, NULL);
      g_assert_cmpstr (dav_response_text (get), ==, "copied");
      type = dav_response_get (get, "Content-Type");
      g_assert_cmpstr (type, ==, "text/plain");
      list = dav_rig_request (rig, "PROPFIND", "/.spice-clipboard/7/folder", "Depth: 1\r\n", NULL);
      g_assert_nonnull (strstr (dav_response_text (list),
                                "<D:href>/.spice-clipboard/7/folder/in%20side</D:href>"));
      g_assert_cmpuint (dav_rig_status (rig, "GET", "/", NULL, NULL), ==, shared ? 200 : 503);
    }
}

static gboolean
has_lookup (gpointer data)
{
  return ((DavRig *)data)->held->len > 0;
}

/* The answer comes when nobody waits for it any more. */
static void
test_clipboard_late (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);

  rig->hold_lookups = TRUE;
  dav_client_send (client, "GET /.spice-clipboard/7/a HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
  dav_rig_wait (rig, has_lookup, rig);
  dav_server_set_share (rig->server, NULL);
  /* It is not the share's, so it still waits; then the server ends its connection. */
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/", NULL, NULL), ==, 503);
  g_socket_close (client->socket, NULL);
  dav_server_clipboard_found (rig->server, g_ptr_array_index (rig->held, 0), rig->share);
  g_assert_true (dav_client_is_forgotten (client));

  /* One that is never answered goes with the server. */
  {
    g_autoptr (DavClient) other = dav_client_new (rig);

    g_ptr_array_set_size (rig->held, 0);
    dav_client_send (other, "GET /.spice-clipboard/7/a HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
    dav_rig_wait (rig, has_lookup, rig);
  }
}

static gboolean
has_all_lookups (gpointer data)
{
  return ((DavRig *)data)->held->len == DAV_MAX_LOOKUPS;
}

/* No more wait than the limit, and one whose client has gone is still one of them. */
static void
test_clipboard_full (void)
{
  static const char path[] = "/.spice-clipboard/7/missing";
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify)dav_client_free);

  rig->hold_lookups = TRUE;
  for (guint i = 0; i < DAV_MAX_LOOKUPS; i++)
    {
      DavClient *client = dav_client_new (rig);

      dav_client_send (client, "GET /.spice-clipboard/7/a HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
      g_ptr_array_add (clients, client);
    }
  dav_rig_wait (rig, has_all_lookups, rig);
  rig->hold_lookups = FALSE;
  g_assert_cmpuint (dav_rig_status (rig, "GET", path, NULL, NULL), ==, 503);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/", NULL, NULL), ==, 200);

  dav_server_sweep (rig->server,
                    g_get_monotonic_time () + (DAV_STALL_SECONDS + 1) * G_USEC_PER_SEC);
  for (guint i = 0; i < clients->len; i++)
    g_assert_true (dav_client_is_forgotten (g_ptr_array_index (clients, i)));
  g_assert_cmpuint (dav_rig_status (rig, "GET", path, NULL, NULL), ==, 503);
  g_assert_cmpuint (rig->n_lookups, ==, DAV_MAX_LOOKUPS);

  dav_server_clipboard_found (rig->server, g_ptr_array_index (rig->held, 0), NULL);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (dav_rig_status (rig, "GET", path, NULL, NULL), ==, 404);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/clipboard/requests", test_clipboard);
  g_test_add_func ("/dav/clipboard/late", test_clipboard_late);
  g_test_add_func ("/dav/clipboard/full", test_clipboard_full);
  return g_test_run ();
}
