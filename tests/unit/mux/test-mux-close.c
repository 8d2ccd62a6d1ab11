/* Who closes when: the server, the guest, the port; ids used again; connections let go of (DESIGN
 * P11).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux-checks.h"

#include "mux/mux-frame.h"

static void
test_server_closes (Fixture *f, gconstpointer data)
{
  for (guint i = 1; i <= 3; i++)
    {
      fixture_send (f, 1, GET ("/close/1000000"));
      g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 200);
      fixture_wait (f, fixture_n_closed (f, 1) == 1);
      g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 0);
      /* What comes now is a new client. */
      fixture_forget (f, 1);
      g_assert_cmpuint (f->n_accepted, ==, i);
    }
}

/* Sent behind a request whose response closes: never run. */
static void
test_server_closes_pipelined (Fixture *f, gconstpointer data)
{
  fixture_send (f, 1, GET ("/close/10") PUT ("/smuggled", "Content-Length: 100"));
  g_assert_cmpuint (fixture_wait_status (f, 1, 2), ==, 503);
  fixture_settle (f);
  check_silent (f, 1);
  check_requests (f, "GET /close/10 0");
  fixture_close (f, 1);
  check_works (f, 1);
}

/* All responses done, the server closes its idle connections: no harm to anybody. */
static void
test_server_disconnects_idle (Fixture *f, gconstpointer data)
{
  check_works (f, 1);
  fixture_send (f, 2, "GET /ha");
  soup_server_disconnect (f->server);
  fixture_settle (f);
  g_assert_cmpuint (fixture_n_closed (f, 1), ==, 1);
  g_assert_cmpuint (fixture_n_closed (f, 2), ==, 0);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 1);
  check_works (f, 1);
}

static void
test_server_disconnects_in_head (Fixture *f, gconstpointer data)
{
  check_works (f, 1);
  fixture_send (f, 1, "GET /ha");
  soup_server_disconnect (f->server);
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 503);
  check_silent (f, 1);
  check_requests (f, "GET /size/3 0");
}

static void
test_server_disconnects_in_body (Fixture *f, gconstpointer data)
{
  fixture_send (f, 1, PUT ("/f", "Content-Length: 100") "x");
  fixture_settle (f);
  soup_server_disconnect (f->server);
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 500);
  check_silent (f, 1);
  check_requests (f, "");
}

static void
test_server_turns_away (Fixture *f, gconstpointer data)
{
  f->turn_away = TRUE;
  fixture_send (f, 1, GET ("/smuggled"));
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 503);
  fixture_wait (f, fixture_n_closed (f, 1) == 1);
  fixture_send (f, 2, PUT ("/f", "Content-Length: 43"));
  g_assert_cmpuint (fixture_wait_status (f, 2, 1), ==, 503);
  check_silent (f, 2);
  f->turn_away = FALSE;
  check_works (f, 1);
  check_silent (f, 2);
  fixture_close (f, 2);
  check_works (f, 2);
  check_requests (f, "GET /size/3 0, GET /size/3 0");
}

static void
test_server_aborts (Fixture *f, gconstpointer data)
{
  /* Before it said anything: there is an answer all the same. */
  fixture_send (f, 1, GET ("/pause"));
  fixture_wait (f, f->paused != NULL);
  soup_server_disconnect (f->server);
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 500);
  fixture_wait (f, fixture_n_closed (f, 1) == 1);
  g_clear_object (&f->paused);
  check_works (f, 1);

  /* In the middle of its response. */
  fixture_send (f, 2, GET ("/abort"));
  fixture_wait (f, fixture_n_closed (f, 2) == 1);
  g_assert_false (fixture_has_responses (f, 2, 1));
  g_assert_true (g_str_has_prefix (fixture_received (f, 2), "HTTP/1.1 200"));
  check_works (f, 2);
}

/* The guest's program has gone while its response is being written: nothing more is sent. */
static void
test_half_close (Fixture *f, gconstpointer data)
{
  gsize size;

  f->manual = TRUE;
  fixture_send (f, 1, GET ("/size/67108864"));
  fixture_settle (f);
  g_assert_true (fixture_pull (f, PULL));
  size = fixture_received_size (f, 1);
  g_assert_cmpuint (size, >, 0);
  fixture_close (f, 1);
  g_assert_false (fixture_pull (f, PULL));
  fixture_settle (f);
  g_assert_cmpuint (fixture_received_size (f, 1), ==, size);
  g_assert_cmpuint (fixture_n_closed (f, 1), ==, 0);
  g_assert_cmpuint (f->n_aborted, ==, 1);
  g_assert_cmpuint (f->n_streams, ==, 0);
  g_assert_cmpuint (f->n_hang_ups, ==, 1);
  f->manual = FALSE;
  fixture_forget (f, 1);
  check_works (f, 1);
}

/* While it is paused, which libsoup does not notice: the signal tells. */
static void
test_half_close_paused (Fixture *f, gconstpointer data)
{
  fixture_send (f, 1, GET ("/pause"));
  fixture_wait (f, f->paused != NULL);
  fixture_close (f, 1);
  g_assert_cmpuint (f->n_hang_ups, ==, 1);
  fixture_settle (f);
  g_assert_cmpuint (f->n_streams, ==, 1);
  fixture_resume (f);
  fixture_settle (f);
  g_assert_cmpuint (f->n_streams, ==, 0);
  g_assert_cmpuint (fixture_received_size (f, 1), ==, 0);
}

/* A connection that was reset and its id used again: the old response does not reach the new one.
 */
static void
test_reused_id (Fixture *f, gconstpointer data)
{
  f->manual = TRUE;
  for (guint i = 0; i < 20; i++)
    {
      fixture_send (f, 1, GET ("/size/1000000"));
      fixture_settle (f);
      for (guint j = 0; j <= i % 4; j++)
        g_assert_true (fixture_pull (f, PULL));
      fixture_settle (f);
      g_assert_true (g_str_has_prefix (fixture_received (f, 1), "HTTP/1.1 200 OK\r\n"));

      fixture_forget (f, 1);
      fixture_send (f, 1, "GET /size/7" HOST);
      fixture_settle (f);
      g_assert_false (fixture_pull (f, PULL));
      fixture_send (f, 1, "\r\n");
      fixture_settle (f);
      g_assert_true (fixture_pull (f, PULL));
      g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 200);
      check_pattern (f, 1, 7);
      fixture_forget (f, 1);
      fixture_settle (f);
      g_assert_cmpuint (f->n_streams, ==, 1);
      fixture_close (f, 1);
    }
  g_assert_cmpuint (f->requests->len, ==, 40);
}

/* The same when libsoup is done with the response, but the guest has not got all of it. */
static void
test_reused_id_done (Fixture *f, gconstpointer data)
{
  f->manual = TRUE;
  fixture_send (f, 1, GET ("/size/200000"));
  fixture_settle (f);
  g_assert_true (fixture_pull (f, PULL));
  fixture_forget (f, 1);
  fixture_send (f, 1, GET ("/size/7"));
  fixture_settle (f);
  while (fixture_pull (f, PULL))
    ;
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 200);
  check_pattern (f, 1, 7);

  /* And when the server closed after it. */
  fixture_close (f, 1);
  fixture_send (f, 1, GET ("/close/200000"));
  fixture_settle (f);
  g_assert_true (fixture_pull (f, PULL));
  fixture_forget (f, 1);
  fixture_send (f, 1, GET ("/size/8"));
  fixture_settle (f);
  while (fixture_pull (f, PULL))
    ;
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 200);
  check_pattern (f, 1, 8);
  g_assert_cmpuint (fixture_n_closed (f, 1), ==, 0);
}

static void
test_zombies (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 10000; i++)
    {
      fixture_send (f, i, GET ("/size/10"));
      g_assert_cmpuint (fixture_wait_status (f, i, 1), ==, 200);
      fixture_forget (f, i);
      fixture_close (f, i);
      g_assert_cmpuint (f->n_streams, <=, 3);
    }
  fixture_settle (f);
  g_assert_cmpuint (f->n_streams, ==, 0);

  /* Evicted ones too. */
  for (guint i = 0; i < 10000; i++)
    {
      fixture_send (f, i, GET ("/size/10"));
      g_assert_cmpuint (fixture_wait_status (f, i, 1), ==, 200);
      fixture_forget (f, i);
      g_assert_cmpuint (f->n_streams, <=, MUX_MAX_CLIENTS + 3);
    }
  mux_reset (f->mux);
  fixture_settle (f);
  g_assert_cmpuint (f->n_streams, ==, 0);
}

static void
test_reset (Fixture *f, gconstpointer data)
{
  guint8 header[MUX_HEADER_SIZE];

  for (guint i = 0; i < 3; i++)
    {
      g_autofree guint8 *body = check_random_bytes (MIB);

      f->manual = TRUE;
      check_silent (f, 10); /* nothing is pulled */
      fixture_send (f, 1, "GET /");
      fixture_send (f, 2, PUT ("/f", "Content-Length: 5") "x");
      fixture_send (f, 3, GET ("/size/1000000"));
      fixture_send (f, 4, GET ("/pause") GET ("/size/1"));
      fixture_send (f, 5, GET ("/size/1"));
      fixture_send (f, 6, "BREW /" HOST "\r\n");
      fixture_send (f, 7, GET ("/close/1"));
      fixture_wait (f, f->paused != NULL);
      fixture_settle (f);
      /* In the middle of a header, or of a frame, or held back. */
      mux_frame_write_header (header, 9, 9);
      if (i < 2)
        fixture_feed (f, header, i == 0 ? 5 : MUX_HEADER_SIZE);
      else
        fixture_send_data (f, 4, body, MIB);

      mux_reset (f->mux);
      g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 0);
      g_assert_false (fixture_pull (f, PULL));
      fixture_resume (f);
      fixture_settle (f);
      g_assert_cmpuint (f->n_streams, ==, 0);
      g_assert_false (fixture_pull (f, PULL));
      g_queue_clear_full (&f->unfed, (GDestroyNotify)g_bytes_unref);
      f->unfed_offset = 0;

      f->manual = FALSE;
      f->output_ready = FALSE;
      fixture_forget (f, 9);
      check_works (f, 9);
      fixture_close (f, 9);
    }
}

static void
test_odd_frames (Fixture *f, gconstpointer data)
{
  /* Closing who was never there; any id. */
  fixture_close (f, 5);
  fixture_close (f, 5);
  check_works (f, G_MININT64);
  check_works (f, G_MAXINT64);
  check_works (f, 0);
  check_works (f, -1);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 4);
  fixture_close (f, -1);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 3);
  mux_request_done (f->mux, NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function)                                                                        \
  g_test_add ("/mux-close/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  ADD ("server-closes", test_server_closes);
  ADD ("server-closes-pipelined", test_server_closes_pipelined);
  ADD ("server-disconnects-idle", test_server_disconnects_idle);
  ADD ("server-disconnects-in-head", test_server_disconnects_in_head);
  ADD ("server-disconnects-in-body", test_server_disconnects_in_body);
  ADD ("server-turns-away", test_server_turns_away);
  ADD ("server-aborts", test_server_aborts);
  ADD ("half-close", test_half_close);
  ADD ("half-close-paused", test_half_close_paused);
  ADD ("reused-id", test_reused_id);
  ADD ("reused-id-done", test_reused_id_done);
  ADD ("zombies", test_zombies);
  ADD ("reset", test_reset);
  ADD ("odd-frames", test_odd_frames);

  return g_test_run ();
}
