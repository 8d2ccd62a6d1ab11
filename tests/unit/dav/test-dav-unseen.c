/* What does not exist for a guest: our own temporary files while an upload goes on, and hidden
 * files and links where they are not shared. No method reaches them, no listing has them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <unistd.h>

#include "dav-rig.h"
#include "share/staging.h"

#define LOCKINFO                                                                                   \
  "<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope><locktype><write/></locktype>"        \
  "</lockinfo>"
#define PROPPATCH                                                                                  \
  "<propertyupdate xmlns='DAV:'><set><prop><a xmlns='n:'/></prop></set></propertyupdate>"

#define UPLOAD_SIZE 400000

/* Begins an upload of UPLOAD_SIZE bytes that waits for its second half: too large to be kept in
 * memory until all of it is here. */
static void
begin_upload (DavClient *client, const char *content)
{
  g_autofree char *head = g_strdup_printf (
      "PUT /folder/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", UPLOAD_SIZE);

  dav_client_send (client, head, -1);
  dav_client_send (client, content, UPLOAD_SIZE / 2);
  dav_rig_wait (client->rig, dav_rig_is_transferring, client->rig);
}

/* (transfer full): the one name in base/@folder that begins with @prefix */
static char *
find_name (DavRig *rig, const char *folder, const char *prefix)
{
  g_autofree char *path = dav_rig_path (rig, folder);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  char *found = NULL;
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, prefix) && !g_str_equal (name, "owner"))
      {
        g_assert_null (found);
        found = g_strdup (name);
      }
  g_assert_nonnull (found);
  return found;
}

/* Every method, on @path and, where there is a second path, to it: nothing of it comes through. */
static void
assert_out_of_reach (DavRig *rig, const char *path)
{
  static const struct
  {
    const char *method;
    const char *headers;
    const char *body;
  } requests[] = {
    { "GET", NULL, NULL },
    { "HEAD", NULL, NULL },
    { "PROPFIND", "Depth: 0\r\n", NULL },
    { "PROPFIND", "Depth: 1\r\n", NULL },
    { "PROPPATCH", NULL, PROPPATCH },
    { "PUT", NULL, "evil" },
    { "MKCOL", NULL, NULL },
    { "DELETE", NULL, NULL },
    { "LOCK", "Depth: 0\r\n", LOCKINFO },
    { "COPY", "Destination: /stolen\r\n", NULL },
    { "MOVE", "Destination: /stolen\r\n", NULL },
  };
  static const char *const moves[] = { "COPY", "MOVE" };
  g_autofree char *destination = g_strdup_printf ("Destination: %s\r\n", path);

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      guint status
          = dav_rig_status (rig, requests[i].method, path, requests[i].headers, requests[i].body);

      g_test_message ("%s %s: %u", requests[i].method, path, status);
      g_assert_cmpuint (status, >=, 400);
      g_assert_cmpuint (status, <, 500);
    }
  for (guint i = 0; i < G_N_ELEMENTS (moves); i++)
    {
      guint status = dav_rig_status (rig, moves[i], "/plain", destination, NULL);

      g_test_message ("%s to %s: %u", moves[i], path, status);
      g_assert_cmpuint (status, >=, 400);
      g_assert_cmpuint (status, <, 500);
    }
  g_assert_false (dav_rig_exists (rig, "share/stolen"));
}

static void
assert_not_listed (DavRig *rig, const char *folder, const char *text)
{
  g_autoptr (DavResponse) html = dav_rig_request (rig, "GET", folder, NULL, NULL);
  g_autoptr (DavResponse) xml = dav_rig_request (rig, "PROPFIND", folder, "Depth: 1\r\n", NULL);

  g_assert_cmpuint (html->status, ==, 200);
  g_assert_cmpuint (xml->status, ==, 207);
  g_assert_null (strcasestr (dav_response_text (html), text));
  g_assert_null (strcasestr (dav_response_text (xml), text));
}

static void
test_temporary (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) put = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *folder_path = NULL;
  g_autofree char *file = NULL;
  g_autofree char *content = NULL;
  g_autofree char *data = g_strnfill (UPLOAD_SIZE, 'x');

  dav_rig_mkdir (rig, "share/folder");
  dav_rig_write (rig, "share/plain", "plain");
  begin_upload (client, data);
  folder = find_name (rig, "share", STAGING_PREFIX);
  folder_path = g_strconcat ("share/", folder, NULL);
  file = find_name (rig, folder_path, "");
  /* Its name tells nothing of what it is for. */
  g_assert_null (strstr (file, "upload"));
  g_assert_null (strstr (folder, "upload"));
  {
    g_autofree char *upper = g_ascii_strup (folder, -1);
    const char *const paths[] = {
      g_strdup_printf ("/%s", folder),        g_strdup_printf ("/%s/", folder),
      g_strdup_printf ("//%s", folder),       g_strdup_printf ("/%%2E%s", folder + 1),
      g_strdup_printf ("/%s", upper),         g_strdup_printf ("/%s/%s", folder, file),
      g_strdup_printf ("/%s/owner", folder),  g_strdup_printf ("/%s/%s", upper, file),
      g_strdup_printf ("/folder/%s", folder),
    };

    for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
      {
        assert_out_of_reach (rig, paths[i]);
        g_free ((char *)paths[i]);
      }
  }
  assert_not_listed (rig, "/", STAGING_PREFIX);
  assert_not_listed (rig, "/folder/", STAGING_PREFIX);
  assert_not_listed (rig, "/folder/", "upload");

  dav_client_send (client, data + UPLOAD_SIZE / 2, UPLOAD_SIZE / 2);
  put = dav_client_receive (client, FALSE);
  g_assert_cmpuint (put->status, ==, 201);
  content = dav_rig_read (rig, "share/folder/upload");
  g_assert_cmpstr (content, ==, data);
}

static void
test_hidden_shown (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavResponse) list = NULL;

  dav_rig_write (rig, "share/.file", "x");
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/.file", NULL, NULL), ==, 200);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/.new", NULL, "x"), ==, 201);
  list = dav_rig_request (rig, "PROPFIND", "/", "Depth: 1\r\n", NULL);
  g_assert_nonnull (strstr (dav_response_text (list), "<D:href>/.file</D:href>"));
  g_assert_nonnull (strstr (dav_response_text (list), "<D:href>/.new</D:href>"));
}

static void
test_hidden (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (SHARE_DENY_HIDDEN);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  dav_rig_mkdir (rig, "share/.folder");
  dav_rig_mkdir (rig, "share/folder");
  dav_rig_write (rig, "share/.file", "x");
  dav_rig_write (rig, "share/.folder/file", "x");
  dav_rig_write (rig, "share/folder/.file", "x");
  dav_rig_write (rig, "share/plain", "x");
  before = dav_rig_snapshot (rig, "share");
  assert_out_of_reach (rig, "/.file");
  assert_out_of_reach (rig, "/.folder");
  assert_out_of_reach (rig, "/.folder/file");
  assert_out_of_reach (rig, "/.folder/new");
  assert_out_of_reach (rig, "/folder/.file");
  assert_out_of_reach (rig, "/folder/.new");
  assert_out_of_reach (rig, "/%2Efile");
  assert_not_listed (rig, "/", "/.f");
  assert_not_listed (rig, "/folder/", "/.f");
  after = dav_rig_snapshot (rig, "share");
  g_assert_cmpstr (before, ==, after);
}

/* Links inside the share, where they are followed and where they are not. */
static void
test_links (void)
{
  static const char *const methods[] = { "GET", "HEAD", "PROPFIND", "PUT", "COPY", "LOCK" };

  for (guint denied = 0; denied < 2; denied++)
    {
      g_autoptr (DavRig) rig = dav_rig_new (denied ? SHARE_DENY_SYMLINKS : 0);
      g_autofree char *file_link = dav_rig_path (rig, "share/file-link");
      g_autofree char *folder_link = dav_rig_path (rig, "share/folder-link");
      g_autofree char *content = NULL;
      g_autoptr (DavResponse) list = NULL;

      dav_rig_write (rig, "share/file", "file");
      dav_rig_mkdir (rig, "share/folder");
      dav_rig_write (rig, "share/folder/file", "x");
      g_assert_cmpint (symlink ("file", file_link), ==, 0);
      g_assert_cmpint (symlink ("folder", folder_link), ==, 0);
      for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
        {
          const char *headers = "Depth: 0\r\nDestination: /copy\r\n";
          const char *body = g_str_equal (methods[i], "LOCK")  ? LOCKINFO
                             : g_str_equal (methods[i], "PUT") ? "new"
                                                               : NULL;
          guint status = dav_rig_status (rig, methods[i], "/file-link", headers, body);

          g_test_message ("%s: %u", methods[i], status);
          if (denied)
            g_assert_cmpuint (status, >=, 403);
          else
            g_assert_cmpuint (status / 100, ==, 2);
        }
      /* A member of the folder itself. */
      g_assert_cmpuint (dav_rig_status (rig, "GET", "/folder-link/file", NULL, NULL), ==,
                        denied ? 403 : 200);
      g_assert_cmpuint (dav_rig_status (rig, "DELETE", "/folder-link/file", NULL, NULL), ==,
                        denied ? 403 : 204);
      content = dav_rig_read (rig, "share/file");
      g_assert_cmpstr (content, ==, denied ? "file" : "new");
      list = dav_rig_request (rig, "PROPFIND", "/", "Depth: 1\r\n", NULL);
      g_assert_cmpint (strstr (dav_response_text (list), "-link") == NULL, ==, denied);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/unseen/temporary", test_temporary);
  g_test_add_func ("/dav/unseen/hidden-shown", test_hidden_shown);
  g_test_add_func ("/dav/unseen/hidden", test_hidden);
  g_test_add_func ("/dav/unseen/links", test_links);
  return g_test_run ();
}
