/* Everything a guest was seen to get away with, or might try: after every single request the
 * outside is the same byte for byte, the share is whole, and the server still answers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dav-rig.h"
#include "share/resolver.h"

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
  guint status; /* 0: any that is no success */
  After after;
} Attack;

static const Attack attacks[] = {
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

static void
fill (DavRig *rig)
{
  static const char *const links[][2] = {
    { "outward", "../outside" }, { "absolute", "/etc" },    { "secret-link", "../outside/secret" },
    { "loop", "loop" },          { "magic", "/proc/self" }, { "inward", "folder" },
  };
  g_autofree char *fifo = dav_rig_path (rig, "share/fifo");

  dav_rig_write (rig, "share/precious", "precious");
  dav_rig_mkdir (rig, "share/folder/inner");
  dav_rig_write (rig, "share/folder/inner/deep", "deep");
  g_assert_cmpint (mkfifo (fifo, 0644), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    {
      g_autofree char *name = g_strconcat ("share/", links[i][0], NULL);
      g_autofree char *path = dav_rig_path (rig, name);

      g_assert_cmpint (symlink (links[i][1], path), ==, 0);
    }
}

/* Whether a response tells anything of what is outside. */
static gboolean
leaks (DavResponse *response)
{
  return strstr (dav_response_text (response), "a secret") != NULL
         || strstr (dav_response_text (response), "root:") != NULL
         || strstr (dav_response_text (response), "<D:href>/outward/secret") != NULL;
}

static void
run_attacks (void)
{
  DavRig *rig = NULL;
  g_autofree char *outside = NULL;
  g_autofree char *share = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (attacks); i++)
    {
      const Attack *a = &attacks[i];
      g_autofree char *outside_after = NULL;
      g_autofree char *share_after = NULL;

      if (rig == NULL)
        {
          rig = dav_rig_new (0);
          fill (rig);
          g_free (outside);
          g_free (share);
          outside = dav_rig_snapshot (rig, "outside");
          share = dav_rig_snapshot (rig, "share");
        }
      g_test_message ("%s %s %s", a->method, a->path, a->headers != NULL ? a->headers : "");

      {
        g_autoptr (DavClient) client = dav_client_new (rig);
        g_autoptr (DavResponse) response
            = dav_client_request (client, a->method, a->path, a->headers, a->body);

        g_assert_nonnull (response);
        g_assert_false (leaks (response));
        if (a->status == 0)
          g_assert_cmpuint (response->status, >=, 400);
        else if (a->status > 1)
          g_assert_cmpuint (response->status, ==, a->status);
      }

      outside_after = dav_rig_snapshot (rig, "outside");
      g_assert_cmpstr (outside, ==, outside_after);
      share_after = dav_rig_snapshot (rig, "share");
      if (a->after == WHOLE)
        g_assert_cmpstr (share, ==, share_after);
      g_assert_cmpuint (dav_rig_status (rig, "OPTIONS", "/", NULL, NULL), ==, 200);

      if (a->after == MAY_CHANGE)
        g_clear_pointer (&rig, dav_rig_free);
    }
  g_clear_pointer (&rig, dav_rig_free);
}

static void
test_attacks (void)
{
  run_attacks ();
}

/* The same where the kernel does not help. */
static void
test_attacks_fallback (void)
{
  resolver_force_fallback (TRUE);
  run_attacks ();
  resolver_force_fallback (FALSE);
}

/* A body of half a gigabyte is announced; nobody waits for it, nobody keeps it. */
static void
test_huge_bodies (void)
{
  static const char *const methods[]
      = { "PROPFIND", "GET", "DELETE", "MKCOL", "PROPPATCH", "LOCK" };
  g_autoptr (DavRig) rig = dav_rig_new (0);

  fill (rig);
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autoptr (DavResponse) response = NULL;
      g_autofree char *head = g_strdup_printf (
          "%s /precious HTTP/1.1\r\nHost: localhost\r\nContent-Length: 536870912\r\n\r\n<",
          methods[i]);

      dav_client_send (client, head, -1);
      response = dav_client_receive (client, FALSE);
      g_assert_cmpuint (response->status, >=, 400);
      dav_client_wait_eof (client);
      g_assert_true (dav_client_is_forgotten (client));
      g_assert_true (dav_rig_exists (rig, "share/precious"));
    }
}

/* What follows a refused request on the same connection is not run. */
static void
test_nothing_after_a_refusal (void)
{
  static const char *const refused[] = {
    "PUT /precious HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 100000\r\n\r\n",
    "PUT /fifo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
    "PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Range: bytes 0-1/2\r\nContent-Length: "
    "44\r\n\r\n",
    "MKCOL /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    "PUT /x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nIf-Match: \"a\"\r\n"
    "Content-Length: 10\r\n\r\n",
  };
  g_autoptr (DavRig) rig = dav_rig_new (0);

  fill (rig);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autoptr (DavResponse) response = NULL;

      dav_client_send (client, refused[i], -1);
      dav_client_send (client, "DELETE /precious HTTP/1.1\r\nHost: localhost\r\n\r\n", -1);
      response = dav_client_receive (client, FALSE);
      g_assert_nonnull (response);
      g_assert_cmpuint (response->status, >=, 400);
      dav_client_shutdown (client);
      dav_client_wait_eof (client);
      g_assert_cmpuint (client->in->len, ==, 0);
      g_assert_true (dav_client_is_forgotten (client));
      g_assert_true (dav_rig_exists (rig, "share/precious"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/attack/table", test_attacks);
  g_test_add_func ("/dav/attack/table-fallback", test_attacks_fallback);
  g_test_add_func ("/dav/attack/huge-bodies", test_huge_bodies);
  g_test_add_func ("/dav/attack/nothing-after-a-refusal", test_nothing_after_a_refusal);
  return g_test_run ();
}
