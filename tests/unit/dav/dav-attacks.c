/* What a guest might try, and the scene it is tried on; see dav-attacks.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav-attacks.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree-snapshot.h"

#define TO "Destination: http://localhost:9843"

/* What may have become of the share: nothing, or a change inside it that is the request's right. */
typedef enum
{
  WHOLE,
  MAY_CHANGE,
} After;

typedef struct
{
  const char *method;
  const char *path;
  const char *headers;
  const char *body;
  guint status; /* 0: any that is no success; 1: any */
  After after;
} DavAttack;

static const DavAttack attacks[] = {
  /* Out of the share by the request path. */
  { "GET", "/../outside/secret", NULL, NULL, 0, WHOLE },
  { "GET", "/..%2foutside/secret", NULL, NULL, 0, WHOLE },
  { "GET", "/%2e%2e%2foutside%2fsecret", NULL, NULL, 0, WHOLE },
  { "GET", "/%2e%2e/outside/secret", NULL, NULL, 0, WHOLE },
  { "GET", "/folder/../../outside/secret", NULL, NULL, 0, WHOLE },
  { "GET", "/folder/%2e%2e/%2e%2e/outside/secret", NULL, NULL, 0, WHOLE },
  { "GET", "/folder%2f..%2f..%2foutside%2fsecret", NULL, NULL, 0, WHOLE },
  { "GET", "/..%5coutside%5csecret", NULL, NULL, 0, WHOLE },
  { "GET", "/%252e%252e%252foutside%252fsecret", NULL, NULL, 0, WHOLE },
  { "GET", "/..%00/outside/secret", NULL, NULL, 0, WHOLE },
  { "GET", "/precious%00.txt", NULL, NULL, 0, WHOLE },
  { "GET", "/%c0%ae%c0%ae/outside/secret", NULL, NULL, 0, WHOLE },
  { "GET", "//outside/secret", NULL, NULL, 0, WHOLE },
  { "GET", "/./../outside/secret", NULL, NULL, 0, WHOLE },
  { "GET", "http://localhost:9843/../outside/secret", NULL, NULL, 0, WHOLE },
  { "GET", "/%", NULL, NULL, 0, WHOLE },
  { "GET", "/%2", NULL, NULL, 0, WHOLE },
  { "GET", "/%zz", NULL, NULL, 0, WHOLE },
  { "PUT", "/..%2foutside/secret", NULL, "evil", 0, WHOLE },
  { "PUT", "/..%2foutside/new", NULL, "evil", 0, WHOLE },
  { "PUT", "/folder%2f..%2f..%2foutside%2fnew", NULL, "evil", 0, WHOLE },
  { "DELETE", "/..%2foutside", NULL, NULL, 0, WHOLE },
  { "DELETE", "/%2e%2e%2foutside%2fsecret", NULL, NULL, 0, WHOLE },
  { "MKCOL", "/..%2foutside%2fnew", NULL, NULL, 0, WHOLE },
  { "PROPFIND", "/..%2foutside", "Depth: 1\r\n", NULL, 0, WHOLE },
  { "COPY", "/..%2foutside%2fsecret", TO "/stolen\r\n", NULL, 0, WHOLE },
  { "MOVE", "/..%2foutside%2fsecret", TO "/stolen\r\n", NULL, 0, WHOLE },

  /* Out of the share by Destination. */
  { "MOVE", "/precious", TO "/..%2foutside/x\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", TO "/..%2foutside/x\r\n", NULL, 0, WHOLE },
  { "MOVE", "/precious", TO "/../outside/x\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", TO "/../outside/x\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", TO "/%2e%2e/outside/x\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", TO "/folder/%2e%2e/%2e%2e/outside/x\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", "Destination: /..%2foutside%2fx\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", "Destination: ../outside/x\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", "Destination: file:///tmp/x\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", TO "/x%00y\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", TO "/outward/x\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", TO "/outward/secret\r\n", NULL, 0, WHOLE },
  { "MOVE", "/precious", TO "/outward/secret\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", TO "/absolute/x\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", TO "/%252e%252e%252foutside\r\n", NULL, 201, MAY_CHANGE },
  { "COPY", "/precious", "Destination: http://localhost:9843\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", "Destination: http://evil@localhost:9843/x\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", "Destination: http://localhost:9843@evil.example/x\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", "Destination: \r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", "Destination: http://[::1/x\r\n", NULL, 0, WHOLE },
  { "COPY", "/precious", TO "/a\r\nDestination: http://localhost:9843/b\r\n", NULL, 0, WHOLE },

  /* Out of the share by links. */
  { "GET", "/outward/secret", NULL, NULL, 0, WHOLE },
  { "GET", "/absolute/passwd", NULL, NULL, 0, WHOLE },
  { "GET", "/secret-link", NULL, NULL, 0, WHOLE },
  { "GET", "/loop", NULL, NULL, 0, WHOLE },
  { "GET", "/magic/root/etc/passwd", NULL, NULL, 0, WHOLE },
  { "PUT", "/secret-link", NULL, "evil", 0, WHOLE },
  { "PUT", "/outward/new", NULL, "evil", 0, WHOLE },
  { "PUT", "/outward/secret", NULL, "evil", 0, WHOLE },
  { "PUT", "/loop", NULL, "evil", 0, WHOLE },
  { "DELETE", "/outward/secret", NULL, NULL, 0, WHOLE },
  { "DELETE", "/outward/", NULL, NULL, 1, MAY_CHANGE },
  { "DELETE", "/secret-link", NULL, NULL, 1, MAY_CHANGE },
  { "MKCOL", "/outward/new", NULL, NULL, 0, WHOLE },
  { "PROPFIND", "/outward", "Depth: 1\r\n", NULL, 0, WHOLE },
  { "PROPFIND", "/outward/secret", "Depth: 0\r\n", NULL, 0, WHOLE },
  { "MOVE", "/outward/secret", TO "/stolen\r\n", NULL, 0, WHOLE },
  { "COPY", "/outward/secret", TO "/stolen\r\n", NULL, 0, WHOLE },
  { "COPY", "/outward", TO "/stolen\r\n", NULL, 1, MAY_CHANGE },
  { "COPY", "/secret-link", TO "/stolen\r\n", NULL, 1, MAY_CHANGE },
  { "MOVE", "/outward", TO "/moved\r\n", NULL, 1, MAY_CHANGE },
  { "MOVE", "/folder", TO "/outward\r\n", NULL, 1, MAY_CHANGE },
  { "LOCK", "/outward/new", NULL,
    "<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope><locktype><write/></locktype>"
    "</lockinfo>",
    0, WHOLE },
  { "PROPPATCH", "/secret-link", NULL,
    "<propertyupdate xmlns='DAV:'><set><prop><a xmlns='x:'>b</a></prop></set></propertyupdate>", 0,
    WHOLE },

  /* Things that destroy. */
  { "DELETE", "/", NULL, NULL, 403, WHOLE },
  { "DELETE", "//", NULL, NULL, 403, WHOLE },
  { "DELETE", "/precious?x", NULL, NULL, 400, WHOLE },
  { "PUT", "/precious?", NULL, "x", 400, WHOLE },
  { "DELETE", "/.", NULL, NULL, 403, WHOLE },
  { "DELETE", "/folder/..", NULL, NULL, 403, WHOLE },
  { "MOVE", "/", TO "/x\r\n", NULL, 403, WHOLE },
  { "MOVE", "/precious", TO "/\r\n", NULL, 403, WHOLE },
  { "MOVE", "/folder", TO "/\r\n", NULL, 403, WHOLE },
  { "COPY", "/folder", TO "/\r\n", NULL, 403, WHOLE },
  { "COPY", "/", TO "/folder\r\n", NULL, 403, WHOLE },
  { "COPY", "/", TO "/folder/x\r\n", NULL, 403, WHOLE },
  { "MOVE", "/folder", TO "/folder\r\n", NULL, 403, WHOLE },
  { "MOVE", "/folder", TO "/folder/\r\n", NULL, 403, WHOLE },
  { "MOVE", "/folder", TO "//folder\r\n", NULL, 403, WHOLE },
  { "MOVE", "/precious", TO "/precious\r\n", NULL, 403, WHOLE },
  { "COPY", "/precious", TO "/precious\r\n", NULL, 403, WHOLE },
  { "COPY", "/folder", TO "/folder\r\n", NULL, 403, WHOLE },
  { "MOVE", "/folder", TO "/folder/inner\r\n", NULL, 403, WHOLE },
  { "MOVE", "/folder", TO "/folder/new/\r\n", NULL, 403, WHOLE },
  { "COPY", "/folder", TO "/folder/inner/new\r\n", NULL, 403, WHOLE },
  { "MOVE", "/folder/inner", TO "/folder\r\n", NULL, 403, WHOLE },
  { "COPY", "/folder/inner", TO "/folder\r\n", NULL, 403, WHOLE },
  { "MOVE", "/folder", TO "/inward\r\n", NULL, 204, MAY_CHANGE },
  { "MOVE", "/folder", TO "/inward/new\r\n", NULL, 0, WHOLE },
  { "COPY", "/folder", TO "/inward/new\r\n", NULL, 0, WHOLE },

  /* Our own temporary files. */
  { "GET", "/.spice-share-0", NULL, NULL, 404, WHOLE },
  { "PUT", "/.spice-share-0", NULL, "x", 0, WHOLE },
  { "MKCOL", "/.spice-share-0123456789abcdef0123456789abcdef", NULL, NULL, 0, WHOLE },
  { "MOVE", "/precious", TO "/.spice-share-0\r\n", NULL, 0, WHOLE },

  /* What hung or ended the viewer. */
  { "GET", "/fifo", NULL, NULL, 403, WHOLE },
  { "PUT", "/fifo", NULL, "x", 0, WHOLE },
  { "COPY", "/fifo", TO "/x\r\n", NULL, 0, WHOLE },
  { "PROPFIND", "/fifo", "Depth: 0\r\n", NULL, 0, WHOLE },
  { "GET", "/socket", NULL, NULL, 0, WHOLE },
  { "PROPFIND", "/", "Depth: 0\r\n", "<propfind xmlns='DAV:'><prop/></propfind>", 207, WHOLE },
  { "PROPFIND", "/", "Depth: 0\r\n", "<propfind xmlns='DAV:'/>", 0, WHOLE },
  { "PROPFIND", "/", "Depth: 0\r\n", "not xml", 400, WHOLE },
  { "PROPFIND", "/", "Depth: 0\r\n",
    "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"
    "<propfind xmlns='DAV:'><prop>&a;</prop></propfind>",
    400, WHOLE },
  { "PROPFIND", "/", "Depth: 0\r\n",
    "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>"
    "<propfind xmlns='DAV:'><prop>&c;</prop></propfind>",
    400, WHOLE },
  { "LOCK", "/precious", NULL, NULL, 0, WHOLE },
  { "LOCK", "/precious", NULL, "<lockinfo xmlns='DAV:'/>", 0, WHOLE },
  { "PROPPATCH", "/precious", NULL, NULL, 0, WHOLE },
  { "PROPPATCH", "/precious", NULL,
    "<propertyupdate xmlns='DAV:'><remove><prop><a xmlns='x:'/></prop></remove></propertyupdate>",
    207, WHOLE },
  { "UNLOCK", "/precious", NULL, NULL, 0, WHOLE },
  { "UNLOCK", "/precious", "Lock-Token: <\r\n", NULL, 0, WHOLE },
  { "UNLOCK", "/precious", "Lock-Token: <urn:uuid:0>\r\n", NULL, 0, WHOLE },
  { "PUT", "/precious", "If: (\r\n", "x", 400, WHOLE },
  { "PUT", "/precious", "If: ((((((((((((((\r\n", "x", 400, WHOLE },
  { "PUT", "/precious", "If: <\r\n", "x", 400, WHOLE },
  { "PUT", "/precious", "If: ([\"\r\n", "x", 400, WHOLE },
  { "PUT", "/precious", "If: (Not)\r\n", "x", 400, WHOLE },
  { "PUT", "/precious", "If: ()\r\n", "x", 400, WHOLE },
  { "PUT", "/precious", "If: <http://localhost/> \r\n", "x", 400, WHOLE },
  { "PUT", "/precious", "If: \r\n", "x", 400, WHOLE },
  { "PUT", "/precious", "If: (<urn:x>)\r\n", "x", 412, WHOLE },
  { "GET", "/precious", "Range: bytes=\r\n", NULL, 200, WHOLE },
  { "GET", "/precious", "Range: bytes=-\r\n", NULL, 200, WHOLE },
  { "GET", "/precious", "Range: bytes=18446744073709551615-18446744073709551616\r\n", NULL, 0,
    WHOLE },

  /* What is written only in whole, or not at all. */
  { "PUT", "/precious", "Content-Range: bytes 0-3/8\r\n", "evil", 400, WHOLE },
  { "PUT", "/folder", NULL, "x", 405, WHOLE },
  { "PUT", "/folder/inner", NULL, "x", 405, WHOLE },
  { "PUT", "/", NULL, "x", 405, WHOLE },
  { "PUT", "/precious/x", NULL, "x", 409, WHOLE },
  { "MKCOL", "/precious/x", NULL, NULL, 409, WHOLE },
  { "MKCOL", "/precious", NULL, NULL, 405, WHOLE },

  /* A file by the path of a folder. */
  { "GET", "/precious/", NULL, NULL, 404, WHOLE },
  { "GET", "/precious//", NULL, NULL, 404, WHOLE },
  { "GET", "/inward/inner/deep/", NULL, NULL, 404, WHOLE },
  { "GET", "/precious/", "Range: bytes=0-1\r\n", NULL, 404, WHOLE },
  { "PUT", "/precious/", NULL, "x", 405, WHOLE },
  { "PUT", "/new/", NULL, "x", 405, WHOLE },
  { "DELETE", "/precious/", NULL, NULL, 404, WHOLE },
  { "MKCOL", "/precious/", NULL, NULL, 405, WHOLE },
  { "COPY", "/precious/", TO "/x\r\n", NULL, 404, WHOLE },
  { "MOVE", "/precious/", TO "/x\r\n", NULL, 404, WHOLE },
  { "PROPFIND", "/precious/", "Depth: 0\r\n", NULL, 404, WHOLE },
  { "PROPFIND", "/precious/", "Depth: 1\r\n", NULL, 404, WHOLE },
  { "PROPPATCH", "/precious/", NULL,
    "<propertyupdate xmlns='DAV:'><set><prop><a xmlns='x:'>b</a></prop></set></propertyupdate>",
    404, WHOLE },
  { "LOCK", "/precious/", NULL,
    "<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope><locktype><write/></locktype>"
    "</lockinfo>",
    404, WHOLE },
  { "UNLOCK", "/precious/", "Lock-Token: <urn:uuid:0>\r\n", NULL, 404, WHOLE },

  /* From a page in the guest's browser. */
  { "DELETE", "/precious", "Host: evil.example\r\n", NULL, 403, WHOLE },
  { "DELETE", "/precious", "Origin: http://evil.example\r\n", NULL, 403, WHOLE },
  { "GET", "/precious", "Host: evil.example\r\n", NULL, 403, WHOLE },
  { "GET", "/precious", "Host: a?b\r\n", NULL, 0, WHOLE },
  { "GET", "/precious", "Host: localhost#\r\n", NULL, 0, WHOLE },

  /* Methods that are none of ours. */
  { "POST", "/precious", NULL, "x", 501, WHOLE },
  { "TRACE", "/precious", NULL, NULL, 501, WHOLE },
  { "CONNECT", "localhost:22", NULL, NULL, 0, WHOLE },
  { "PATCH", "/precious", NULL, "x", 501, WHOLE },
  { "DELETE", "*", NULL, NULL, 400, WHOLE },
};

static char *
in (const char *base, const char *name)
{
  return g_build_filename (base, name, NULL);
}

static void
make_file (const char *base, const char *name, const char *content)
{
  g_autofree char *path = in (base, name);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, content, -1, &error);
  g_assert_no_error (error);
}

static void
make_folder (const char *base, const char *name)
{
  g_autofree char *path = in (base, name);

  g_assert_cmpint (g_mkdir_with_parents (path, 0755), ==, 0);
}

void
dav_attacks_make_scene (const char *base)
{
  static const char *const links[][2] = {
    { "share/outward", "../outside" },
    { "share/absolute", "/etc" },
    { "share/secret-link", "../outside/secret" },
    { "share/loop", "loop" },
    { "share/magic", "/proc/self" },
    { "share/inward", "folder" },
  };
  g_autofree char *fifo = in (base, "share/fifo");
  g_autofree char *socket = in (base, "share/socket");

  make_folder (base, "outside");
  make_file (base, "outside/secret", "a secret");
  make_folder (base, "share/folder/inner");
  make_file (base, "share/precious", "precious");
  make_file (base, "share/folder/inner/deep", "deep");
  g_assert_cmpint (mkfifo (fifo, 0644), ==, 0);
  g_assert_cmpint (mknod (socket, S_IFSOCK | 0644, 0), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    {
      g_autofree char *path = in (base, links[i][0]);

      g_assert_cmpint (symlink (links[i][1], path), ==, 0);
    }
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK) && g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      dir = g_dir_open (path, 0, NULL);
      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *child = in (path, name);

          remove_all (child);
        }
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}

/* Empties the share, except of what the server itself needs, and makes everything anew. */
static void
restore_scene (const char *base)
{
  g_autofree char *share = in (base, "share");
  g_autoptr (GDir) dir = g_dir_open (share, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    if (!g_str_has_prefix (name, TREE_SNAPSHOT_IGNORED))
      {
        g_autofree char *path = in (share, name);

        remove_all (path);
      }
  dav_attacks_make_scene (base);
}

/* Whether a response tells anything of what is outside. */
static gboolean
leaks (const char *body)
{
  return strstr (body, "a secret") != NULL || strstr (body, "root:") != NULL
         || strstr (body, "<D:href>/outward/secret") != NULL;
}

static guint
ask (const DavAttackOps *ops, gpointer user_data, const DavAttack *attack, GString *body)
{
  g_autoptr (GString) request = g_string_new (NULL);

  g_string_append_printf (request, "%s %s HTTP/1.1\r\n", attack->method, attack->path);
  if (attack->headers == NULL || strstr (attack->headers, "Host:") == NULL)
    g_string_append (request, "Host: localhost:9843\r\n");
  if (attack->headers != NULL)
    g_string_append (request, attack->headers);
  if (attack->body != NULL)
    g_string_append_printf (request, "Content-Length: %zu\r\n", strlen (attack->body));
  g_string_append (request, "\r\n");
  if (attack->body != NULL)
    g_string_append (request, attack->body);
  return ops->ask (request->str, request->len, body, user_data);
}

void
dav_attacks_run (const char *base, const DavAttackOps *ops, gpointer user_data)
{
  static const DavAttack normal = { "GET", "/precious", NULL, NULL, 200, WHOLE };
  g_autofree char *outside_path = in (base, "outside");
  g_autofree char *share_path = in (base, "share");
  g_autofree char *outside = tree_snapshot (outside_path);
  g_autofree char *share = tree_snapshot (share_path);

  for (guint i = 0; i < G_N_ELEMENTS (attacks); i++)
    {
      const DavAttack *attack = &attacks[i];
      g_autoptr (GString) body = g_string_new (NULL);
      g_autoptr (GString) precious = g_string_new (NULL);
      g_autofree char *outside_after = NULL;
      g_autofree char *share_after = NULL;
      guint status;

      g_test_message ("%s %s %s", attack->method, attack->path,
                      attack->headers != NULL ? attack->headers : "");
      status = ask (ops, user_data, attack, body);
      g_assert_false (leaks (body->str));
      if (attack->status == 0)
        g_assert_cmpuint (status, >=, 400);
      else if (attack->status > 1)
        g_assert_cmpuint (status, ==, attack->status);

      outside_after = tree_snapshot (outside_path);
      g_assert_cmpstr (outside, ==, outside_after);
      if (attack->after == MAY_CHANGE)
        restore_scene (base);
      share_after = tree_snapshot (share_path);
      g_assert_cmpstr (share, ==, share_after);

      ops->check_alive (user_data);
      g_assert_cmpuint (ask (ops, user_data, &normal, precious), ==, normal.status);
      g_assert_cmpstr (precious->str, ==, "precious");
    }
}
