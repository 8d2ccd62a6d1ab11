/* Who is sent away because nothing happens on a connection, and who is not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav-rig.h"
#include "dav/dav-limits.h"
#include "dav/dav-request.h"

/* Long enough without a byte, and a connection goes; in a request it takes longer. */
static void
test_idle (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) idle = dav_client_new (rig);
  g_autoptr (DavClient) busy = dav_client_new (rig);
  g_autoptr (DavResponse) response = NULL;
  g_autofree char *data = g_strnfill (1000, 'x');
  gint64 before = g_get_monotonic_time ();
  gint64 after;

  response = dav_client_request (idle, "OPTIONS", "/", NULL, NULL);
  dav_client_send (busy,
                   "PUT /x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                   "Content-Length: 100000\r\n\r\n",
                   -1);
  {
    g_autoptr (DavResponse) go_on = dav_client_receive (busy, FALSE);

    g_assert_cmpuint (go_on->status, ==, 100);
  }
  after = g_get_monotonic_time ();

  dav_server_sweep (rig->server, before + DAV_IDLE_SECONDS * G_USEC_PER_SEC);
  {
    g_autoptr (DavResponse) still = dav_client_request (idle, "OPTIONS", "/", NULL, NULL);

    g_assert_nonnull (still);
    after = g_get_monotonic_time ();
  }
  dav_server_sweep (rig->server, after + DAV_IDLE_SECONDS * G_USEC_PER_SEC + 1);
  dav_client_wait_eof (idle);
  g_assert_true (dav_client_is_forgotten (idle));

  dav_server_sweep (rig->server, before + DAV_STALL_SECONDS * G_USEC_PER_SEC);
  dav_client_send (busy, data, -1);
  dav_rig_status (rig, "OPTIONS", "/", NULL, NULL);
  g_assert_false (busy->eof);
  after = g_get_monotonic_time ();
  dav_server_sweep (rig->server, after + DAV_STALL_SECONDS * G_USEC_PER_SEC + 1);
  dav_client_wait_eof (busy);
  g_assert_true (dav_client_is_forgotten (busy));
}

static gboolean
has_jobs (gpointer data)
{
  return dav_request_count_jobs () == *(guint *)data;
}

static void
wait_for_jobs (DavRig *rig, guint n)
{
  dav_rig_wait (rig, has_jobs, &n);
}

/* On whoever waits for the share, and not the share for it, no time runs: a job may take as long as
 * a tree is large, and wait for its turn. */
static void
test_at_work (void)
{
  static const struct
  {
    const char *request;
    guint status;
  } cases[] = {
    { "COPY /a HTTP/1.1\r\nHost: localhost\r\nDestination: /b\r\n\r\n", 201 },
    { "MOVE /a HTTP/1.1\r\nHost: localhost\r\nDestination: /b\r\n\r\n", 201 },
    { "DELETE /a HTTP/1.1\r\nHost: localhost\r\n\r\n", 204 },
    { "PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\ny", 204 },
    { "PROPFIND /a HTTP/1.1\r\nHost: localhost\r\nDepth: 0\r\n\r\n", 207 },
    { "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n", 200 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DavRig) rig = dav_rig_new (0);
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autoptr (DavResponse) response = NULL;
      DavRigBlock *block;

      g_test_message ("%s", cases[i].request);
      dav_rig_write (rig, "share/a", "x");
      block = dav_rig_block (rig);
      dav_client_send (client, cases[i].request, -1);
      wait_for_jobs (rig, 1);
      dav_server_sweep (rig->server,
                        g_get_monotonic_time () + 2 * DAV_STALL_SECONDS * G_USEC_PER_SEC);
      /* What was closed by it is gone when somebody else has been answered. */
      g_assert_cmpuint (dav_rig_status (rig, "OPTIONS", "/", NULL, NULL), ==, 200);
      dav_rig_release (rig, block);
      response = dav_client_receive (client, FALSE);
      g_assert_nonnull (response);
      g_assert_cmpuint (response->status, ==, cases[i].status);
    }
}

static gboolean
has_sent_half (gpointer rig)
{
  g_autoptr (GVariant) transfers
      = g_variant_ref_sink (dav_server_get_transfers (((DavRig *)rig)->server));
  guint64 done = 0;

  if (g_variant_n_children (transfers) == 1)
    g_variant_get_child (transfers, 0, "(tssttx)", NULL, NULL, NULL, &done, NULL, NULL);
  return done == 100000;
}

/* When the share has done its part, the guest's time begins. */
static void
test_after_work (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autofree char *half = g_strnfill (100000, 'x');
  g_autoptr (DavResponse) go_on = NULL;
  g_autoptr (DavResponse) put = NULL;
  DavRigBlock *block;
  gint64 sent;
  gint64 later;

  dav_client_send (client,
                   "PUT /a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                   "Content-Length: 200000\r\n\r\n",
                   -1);
  go_on = dav_client_receive (client, FALSE);
  g_assert_cmpuint (go_on->status, ==, 100);
  block = dav_rig_block (rig);
  dav_client_send (client, half, -1);
  dav_rig_wait (rig, has_sent_half, rig);
  wait_for_jobs (rig, 1);
  sent = g_get_monotonic_time ();
  do
    later = g_get_monotonic_time ();
  while (later == sent);
  dav_rig_release (rig, block);
  wait_for_jobs (rig, 0);

  dav_server_sweep (rig->server, later + DAV_STALL_SECONDS * G_USEC_PER_SEC);
  g_assert_cmpuint (dav_rig_status (rig, "OPTIONS", "/", NULL, NULL), ==, 200);
  dav_client_send (client, half, -1);
  put = dav_client_receive (client, FALSE);
  g_assert_nonnull (put);
  g_assert_cmpuint (put->status, ==, 201);
}

/* The guest that has to send the next byte is no less late for what was done for it before. */
static void
test_late_after_work (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autofree char *half = g_strnfill (100000, 'x');

  dav_client_send (client, "PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n",
                   -1);
  dav_client_send (client, half, -1);
  dav_rig_wait (rig, has_sent_half, rig);
  wait_for_jobs (rig, 0);
  dav_server_sweep (rig->server, g_get_monotonic_time () + DAV_STALL_SECONDS * G_USEC_PER_SEC + 1);
  dav_client_wait_eof (client);
  g_assert_true (dav_client_is_forgotten (client));
  g_assert_false (dav_rig_exists (rig, "share/a"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/idle/guest", test_idle);
  g_test_add_func ("/dav/idle/at-work", test_at_work);
  g_test_add_func ("/dav/idle/after-work", test_after_work);
  g_test_add_func ("/dav/idle/late-after-work", test_late_after_work);
  return g_test_run ();
}
