/* Guests that mean no good, and the server by itself.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "dav-attacks.h"
#include "dav-rig.h"
#include "share/resolver.h"

static guint
ask (const char *request, gsize length, GString *body, gpointer user_data)
{
  g_autoptr (DavClient) client = dav_client_new (user_data);
  g_autoptr (DavResponse) response = NULL;

  dav_client_send (client, request, (gssize)length);
  response = dav_client_receive (client, FALSE);
  g_assert_nonnull (response);
  g_string_append_len (body, (const char *)response->body->data, response->body->len);
  return response->status;
}

static void
check_alive (gpointer user_data)
{
  g_assert_cmpuint (dav_rig_status (user_data, "OPTIONS", "/", NULL, NULL), ==, 200);
}

static void
run_attacks (void)
{
  static const DavAttackOps ops = { ask, check_alive };
  g_autoptr (DavRig) rig = dav_rig_new (0);

  dav_attacks_make_scene (rig->base);
  dav_attacks_run (rig->base, &ops, rig);
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

  dav_attacks_make_scene (rig->base);
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

  dav_attacks_make_scene (rig->base);
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
