/* DELETE, MKCOL, COPY and MOVE on a real SoupServer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "dav-rig.h"

#define TO "Destination: http://localhost:9843"

typedef struct
{
  const char *method;
  const char *path;
  const char *headers;
  guint status;
  const char *gone; /* what must not be there afterwards; NULL: nothing has changed */
  const char *made; /* what must be */
} Case;

static void
fill (DavRig *rig)
{
  dav_rig_write (rig, "share/file", "file");
  dav_rig_write (rig, "share/other", "other");
  dav_rig_mkdir (rig, "share/folder/sub");
  dav_rig_write (rig, "share/folder/a", "a");
  dav_rig_write (rig, "share/folder/sub/b", "b");
  dav_rig_mkdir (rig, "share/full");
  dav_rig_write (rig, "share/full/x", "x");
  dav_rig_mkdir (rig, "share/.hidden");
}

static void
run_cases (const Case *cases, guint n_cases)
{
  for (guint i = 0; i < n_cases; i++)
    {
      const Case *c = &cases[i];
      g_autoptr (DavRig) rig = dav_rig_new (0);
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;

      fill (rig);
      before = dav_rig_snapshot (rig, "share");
      g_test_message ("%s %s %s", c->method, c->path, c->headers != NULL ? c->headers : "");
      g_assert_cmpuint (dav_rig_status (rig, c->method, c->path, c->headers, NULL), ==, c->status);
      after = dav_rig_snapshot (rig, "share");
      if (c->gone == NULL && c->made == NULL)
        g_assert_cmpstr (before, ==, after);
      if (c->gone != NULL)
        g_assert_false (dav_rig_exists (rig, c->gone));
      if (c->made != NULL)
        g_assert_true (dav_rig_exists (rig, c->made));
    }
}

static void
test_delete (void)
{
  static const Case cases[] = {
    { "DELETE", "/file", NULL, 204, "share/file", "share/other" },
    { "DELETE", "/folder", NULL, 204, "share/folder", "share/full" },
    { "DELETE", "/folder/", "Depth: infinity\r\n", 204, "share/folder", NULL },
    { "DELETE", "/file", "Depth: 0\r\n", 204, "share/file", NULL },
    { "DELETE", "/folder", "Depth: 0\r\n", 400, NULL, NULL },
    { "DELETE", "/folder", "Depth: 1\r\n", 400, NULL, NULL },
    { "DELETE", "/folder", "Depth: 2\r\n", 400, NULL, NULL },
    { "DELETE", "/", NULL, 403, NULL, NULL },
    { "DELETE", "/missing", NULL, 404, NULL, NULL },
    { "DELETE", "/file/x", NULL, 404, NULL, NULL },
    { "DELETE", "/file", "If-Match: \"x\"\r\n", 412, NULL, NULL },
    { "DELETE", "/file", "If: ([\"x\"])\r\n", 412, NULL, NULL },
    { "DELETE", "/file", "If: <\r\n", 400, NULL, NULL },
    { "DELETE", "/file#x", NULL, 400, NULL, NULL },
  };

  run_cases (cases, G_N_ELEMENTS (cases));
}

static void
test_mkcol (void)
{
  static const Case cases[] = {
    { "MKCOL", "/new", NULL, 201, NULL, "share/new" },
    { "MKCOL", "/new/", NULL, 201, NULL, "share/new" },
    { "MKCOL", "/folder/new", NULL, 201, NULL, "share/folder/new" },
    { "MKCOL", "/folder", NULL, 405, NULL, NULL },
    { "MKCOL", "/file", NULL, 405, NULL, NULL },
    { "MKCOL", "/", NULL, 405, NULL, NULL },
    { "MKCOL", "/missing/new", NULL, 409, NULL, NULL },
    { "MKCOL", "/file/new", NULL, 409, NULL, NULL },
    { "MKCOL", "/new", "If-Match: *\r\n", 412, NULL, NULL },
  };

  run_cases (cases, G_N_ELEMENTS (cases));
}

static void
test_copy (void)
{
  static const Case cases[] = {
    { "COPY", "/file", TO "/new\r\n", 201, NULL, "share/new" },
    { "COPY", "/file", "Destination: /new\r\n", 201, NULL, "share/new" },
    { "COPY", "/file", TO "/other\r\n", 204, NULL, "share/other" },
    { "COPY", "/file", TO "/other\r\nOverwrite: T\r\n", 204, NULL, "share/other" },
    { "COPY", "/file", TO "/other\r\nOverwrite: F\r\n", 412, NULL, NULL },
    { "COPY", "/file", TO "/other\r\nOverwrite: x\r\n", 400, NULL, NULL },
    { "COPY", "/folder", TO "/new\r\n", 201, NULL, "share/new/sub/b" },
    { "COPY", "/folder", TO "/new/\r\nDepth: infinity\r\n", 201, NULL, "share/new/sub/b" },
    { "COPY", "/folder", TO "/new\r\nDepth: 0\r\n", 201, "share/new/sub", "share/new" },
    { "COPY", "/folder", TO "/new\r\nDepth: 1\r\n", 400, NULL, NULL },
    { "COPY", "/folder", TO "/full\r\n", 204, "share/full/x", "share/full/a" },
    { "COPY", "/missing", TO "/new\r\n", 404, NULL, NULL },
    { "COPY", "/file", TO "/missing/new\r\n", 409, NULL, NULL },
    { "COPY", "/file", NULL, 400, NULL, NULL },
    { "COPY", "/file", "Destination: http://evil.example/new\r\n", 502, NULL, NULL },
    { "COPY", "/file", "Destination: http://localhost:1/new\r\n", 502, NULL, NULL },
    { "COPY", "/file", "Destination: ftp://localhost:9843/new\r\n", 502, NULL, NULL },
    { "COPY", "/file", "Destination: new\r\n", 400, NULL, NULL },
    { "COPY", "/file", "Destination: ://\r\n", 400, NULL, NULL },
    { "COPY", "/file", TO "/.spice-clipboard/7/x\r\n", 403, NULL, NULL },
    { "COPY", "/folder", TO "/folder\r\n", 403, NULL, NULL },
    { "COPY", "/folder", TO "/folder/sub/new\r\n", 403, NULL, NULL },
    { "COPY", "/folder/sub", TO "/folder\r\n", 403, NULL, NULL },
    { "COPY", "/file", TO "/file\r\n", 403, NULL, NULL },
    { "COPY", "/folder", TO "/\r\n", 403, NULL, NULL },
    { "COPY", "/", TO "/new\r\n", 403, NULL, NULL },
  };

  run_cases (cases, G_N_ELEMENTS (cases));
}

static void
test_move (void)
{
  static const Case cases[] = {
    { "MOVE", "/file", TO "/new\r\n", 201, "share/file", "share/new" },
    { "MOVE", "/file", TO "/new%20name%23\r\n", 201, "share/file", "share/new name#" },
    { "MOVE", "/file", TO "/other\r\n", 204, "share/file", "share/other" },
    { "MOVE", "/file", TO "/other\r\nOverwrite: F\r\n", 412, NULL, NULL },
    { "MOVE", "/folder", TO "/new\r\n", 201, "share/folder", "share/new/sub/b" },
    { "MOVE", "/folder/", TO "/full/\r\n", 204, "share/full/x", "share/full/sub/b" },
    { "MOVE", "/folder", TO "/new\r\nDepth: 0\r\n", 400, NULL, NULL },
    { "MOVE", "/folder", TO "/new\r\nDepth: 1\r\n", 400, NULL, NULL },
    { "MOVE", "/file", TO "/folder\r\n", 204, "share/folder/a", "share/folder" },
    { "MOVE", "/missing", TO "/new\r\n", 404, NULL, NULL },
    { "MOVE", "/file", TO "/missing/new\r\n", 409, NULL, NULL },
    { "MOVE", "/file", TO "/other/new\r\n", 409, NULL, NULL },
    { "MOVE", "/file", NULL, 400, NULL, NULL },
    { "MOVE", "/file", "Destination: http://evil.example/new\r\n", 502, NULL, NULL },
    { "MOVE", "/file", TO "/.spice-clipboard\r\n", 403, NULL, NULL },
    { "MOVE", "/folder", TO "/folder\r\n", 403, NULL, NULL },
    { "MOVE", "/folder", TO "/folder/new\r\n", 403, NULL, NULL },
    { "MOVE", "/folder/sub", TO "/folder\r\n", 403, NULL, NULL },
    { "MOVE", "/file", TO "/file\r\n", 403, NULL, NULL },
    { "MOVE", "/folder", TO "/\r\n", 403, NULL, NULL },
    { "MOVE", "/", TO "/new\r\n", 403, NULL, NULL },
    { "MOVE", "/file", TO "/new\r\nIf-None-Match: *\r\n", 412, NULL, NULL },
  };

  run_cases (cases, G_N_ELEMENTS (cases));
}

/* What could not be removed is named. */
static void
test_delete_partly (void)
{
  g_autoptr (DavRig) rig = NULL;
  g_autofree char *locked = NULL;
  g_autoptr (DavResponse) response = NULL;

  if (geteuid () == 0)
    {
      /* Nothing keeps root from removing a file but what the share itself keeps. */
      rig = dav_rig_new (SHARE_DENY_HIDDEN);
      fill (rig);
      dav_rig_write (rig, "share/folder/sub/.hidden", "kept");
    }
  else
    {
      rig = dav_rig_new (0);
      fill (rig);
      locked = dav_rig_path (rig, "share/folder/sub");
      g_assert_cmpint (g_chmod (locked, 0500), ==, 0);
    }

  response = dav_rig_request (rig, "DELETE", "/folder", NULL, NULL);
  g_assert_cmpuint (response->status, ==, 207);
  g_assert_nonnull (strstr (dav_response_text (response), "<D:href>/folder/sub"));
  g_assert_nonnull (strstr (dav_response_text (response), "403 Forbidden"));
  g_assert_true (dav_rig_exists (rig, "share/folder/sub"));
  g_assert_false (dav_rig_exists (rig, "share/folder/a"));
}

/* What could not be copied is named, and the rest is there. */
static void
test_copy_partly (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *link = dav_rig_path (rig, "share/folder/sub/up");
  g_autoptr (DavResponse) response = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  fill (rig);
  /* To be followed without an end. */
  g_assert_cmpint (symlink ("..", link), ==, 0);
  before = dav_rig_snapshot (rig, "share/folder");
  response = dav_rig_request (rig, "COPY", "/folder", TO "/full\r\n", NULL);
  g_assert_cmpuint (response->status, ==, 207);
  g_assert_nonnull (strstr (dav_response_text (response),
                            "<D:response><D:href>/full/sub/up</D:href><D:status>HTTP/1.1 403 "));
  g_assert_null (strstr (dav_response_text (response), "<D:href>/full/a</D:href>"));
  g_assert_null (strstr (dav_response_text (response), "HTTP/1.1 2"));
  g_assert_true (dav_rig_exists (rig, "share/full/a"));
  g_assert_true (dav_rig_exists (rig, "share/full/sub/b"));
  g_assert_false (dav_rig_exists (rig, "share/full/sub/up"));
  g_assert_false (dav_rig_exists (rig, "share/full/x"));
  after = dav_rig_snapshot (rig, "share/folder");
  g_assert_cmpstr (before, ==, after);
}

/* A link is removed and moved, never what it leads to. */
static void
test_links (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *outward = dav_rig_path (rig, "share/outward");
  g_autofree char *inward = dav_rig_path (rig, "share/inward");
  g_autofree char *outside = NULL;
  g_autofree char *outside_after = NULL;

  fill (rig);
  outside = dav_rig_snapshot (rig, "outside");
  g_assert_cmpint (symlink ("../outside", outward), ==, 0);
  g_assert_cmpint (symlink ("folder", inward), ==, 0);

  g_assert_cmpuint (dav_rig_status (rig, "DELETE", "/outward/secret", NULL, NULL), ==, 403);
  g_assert_cmpuint (dav_rig_status (rig, "MOVE", "/inward", TO "/moved\r\n", NULL), ==, 201);
  g_assert_true (dav_rig_exists (rig, "share/folder/a"));
  g_assert_cmpuint (dav_rig_status (rig, "DELETE", "/moved", NULL, NULL), ==, 204);
  g_assert_true (dav_rig_exists (rig, "share/folder/a"));
  dav_rig_status (rig, "DELETE", "/outward", NULL, NULL);
  outside_after = dav_rig_snapshot (rig, "outside");
  g_assert_cmpstr (outside, ==, outside_after);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/tree/delete", test_delete);
  g_test_add_func ("/dav/tree/mkcol", test_mkcol);
  g_test_add_func ("/dav/tree/copy", test_copy);
  g_test_add_func ("/dav/tree/move", test_move);
  g_test_add_func ("/dav/tree/delete-partly", test_delete_partly);
  g_test_add_func ("/dav/tree/copy-partly", test_copy_partly);
  g_test_add_func ("/dav/tree/links", test_links);
  return g_test_run ();
}
