/* Limits, turns and back-pressure of the mux, each reached.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../../lib/patience.h"
#include "mux-checks.h"

#include <string.h>

#include "mux/mux-client.h"
#include "mux/mux-frame.h"
#include "mux/mux-input.h"
#include "mux/mux-output.h"

#define FEW 10000

static gsize
unfed_size (Fixture *f)
{
  gsize size = 0;

  for (GList *link = f->unfed.head; link != NULL; link = link->next)
    size += g_bytes_get_size (link->data);
  return size - f->unfed_offset;
}

/* More than is held: the port waits, and goes on when the response is done. */
static void
test_held_limit (Fixture *f, gconstpointer data)
{
  gsize size = 16 * MUX_HELD_MAX;
  g_autofree guint8 *body = check_random_bytes (size);

  fixture_send (f, 1, GET ("/pause") PUT ("/f", "Content-Length: 1048576"));
  g_assert_cmpuint (size, ==, 1048576);
  fixture_wait (f, f->paused != NULL);
  fixture_send_data (f, 1, body, size);
  fixture_send (f, 2, GET ("/size/1"));
  fixture_settle (f);
  g_assert_cmpuint (f->unfed.length, >, 0);
  g_assert_cmpuint (f->n_input_ready, ==, 0);
  g_assert_false (g_main_context_pending (f->context)); /* it sleeps */
  g_assert_cmpuint (fixture_received_size (f, 2), ==, 0);
  fixture_resume (f);
  g_assert_cmpuint (fixture_wait_status (f, 1, 2), ==, 200);
  g_assert_cmpuint (fixture_wait_status (f, 2, 1), ==, 200);
  g_assert_cmpuint (f->n_input_ready, >, 0);
  fixture_forget (f, 1);
  check_works (f, 1);
}

static void
test_upload_paused (Fixture *f, gconstpointer data)
{
  gsize size = MIB, before;
  g_autofree guint8 *body = check_random_bytes (size);

  fixture_send (f, 1, PUT ("/pause-upload", "Content-Length: 1048576"));
  fixture_send_data (f, 1, body, FEW);
  fixture_wait (f, f->paused != NULL);
  fixture_send_data (f, 1, body + FEW, size - FEW);
  fixture_settle (f);
  g_assert_false (g_main_context_pending (f->context)); /* it sleeps */
  before = unfed_size (f);
  g_assert_cmpuint (before, >=, size - FEW - MUX_INPUT_MAX);
  g_assert_cmpuint (before, <=, size - MUX_INPUT_MAX + MUX_HEADER_SIZE * (size / MUX_MAX_DATA + 2));
  fixture_resume (f);
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 200);
  check_sum (f, 1, body, size);
  fixture_forget (f, 1);
  check_works (f, 1);
}

/* A sink that does not go on is ended, and the port with it goes on. */
static void
test_stall (Fixture *f, gconstpointer data)
{
  g_autofree guint8 *body = check_random_bytes (MIB);
  gint64 begin;

  mux_set_stall_time (f->mux, 100);
  fixture_send (f, 1, PUT ("/pause-upload", "Content-Length: 1048600"));
  fixture_send_data (f, 1, body, FEW);
  fixture_wait (f, f->paused != NULL);
  begin = g_get_monotonic_time ();
  fixture_send_data (f, 1, body + FEW, MIB - FEW);
  fixture_send (f, 2, GET ("/size/1"));
  g_assert_cmpuint (fixture_received_size (f, 2), ==, 0);
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 503);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 100 * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpuint (fixture_wait_status (f, 2, 1), ==, 200);
  g_assert_cmpuint (f->n_hang_ups, ==, 1);
  check_silent (f, 1);
  fixture_resume (f);
  fixture_settle (f);
  check_requests (f, "GET /size/1 0");
  g_assert_cmpuint (f->n_aborted, ==, 1);
  fixture_close (f, 1);
  check_works (f, 1);
}

static gboolean
unpause_again (gpointer user_data)
{
  Fixture *f = user_data;

  soup_server_message_unpause (f->paused);
  return G_SOURCE_CONTINUE;
}

static void
pause_again (SoupServerMessage *msg, GBytes *chunk, gpointer user_data)
{
  soup_server_message_pause (msg);
}

/* A slow sink is not a stalled one. */
static void
test_slow (Fixture *f, gconstpointer data)
{
  g_autofree guint8 *body = check_random_bytes (MIB);
  g_autoptr (GSource) source = g_timeout_source_new (25 * patience ());

  mux_set_stall_time (f->mux, 500 * patience ());
  fixture_send (f, 1, PUT ("/pause-upload", "Content-Length: 1048576"));
  fixture_send_data (f, 1, body, FEW);
  fixture_wait (f, f->paused != NULL);
  /* A chunk is 8 KiB: all of it takes more than six times as long. */
  g_signal_connect (f->paused, "got-chunk", G_CALLBACK (pause_again), NULL);
  g_source_set_callback (source, unpause_again, f, NULL);
  g_source_attach (source, f->context);
  fixture_send_data (f, 1, body + FEW, MIB - FEW);
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 200);
  check_sum (f, 1, body, MIB);
  g_source_destroy (source);
}

/* Pulled by hand: frames of two downloads take turns, a small response among them is not held up.
 */
static void
test_fairness (Fixture *f, gconstpointer data)
{
  gint64 last = -1;

  f->manual = TRUE;
  f->keep_frames = TRUE;
  fixture_send (f, 1, GET ("/size/67108864"));
  fixture_send (f, 2, GET ("/size/67108864"));
  for (guint i = 0; i < 100; i++)
    {
      fixture_settle (f);
      g_assert_true (fixture_pull (f, PULL));
    }
  g_assert_cmpuint (f->frames.length, >=, 100);
  while (f->frames.length > 0)
    {
      g_autofree Frame *frame = g_queue_pop_head (&f->frames);

      g_assert_cmpint (frame->client, !=, last);
      last = frame->client;
    }

  fixture_send (f, 3, GET ("/size/10"));
  fixture_settle (f);
  for (guint i = 0; i < 3; i++)
    g_assert_true (fixture_pull (f, PULL));
  g_assert_true (fixture_has_responses (f, 3, 1));
}

/* A small answer does not wait for a round of the large ones, and many do not keep those out. */
static void
test_small_ones_first (Fixture *f, gconstpointer data)
{
  const guint n_large = 8;

  f->manual = TRUE;
  f->keep_frames = TRUE;
  for (guint i = 0; i < n_large; i++)
    fixture_send (f, i, GET ("/size/67108864"));
  fixture_settle (f);
  for (guint i = 0; i < n_large; i++)
    g_assert_true (fixture_pull (f, PULL));

  fixture_send (f, 100, GET ("/size/10"));
  fixture_settle (f);
  g_assert_true (fixture_pull (f, PULL));
  g_assert_true (fixture_has_responses (f, 100, 1));

  g_queue_clear_full (&f->frames, g_free);
  for (guint i = 0; i < 20; i++)
    {
      fixture_send (f, 101 + i, GET ("/size/10"));
      fixture_settle (f);
      g_assert_true (fixture_pull (f, PULL));
    }
  /* A large one, and the two small ones that have come meanwhile. */
  g_assert_cmpuint (f->frames.length, ==, 20 + 10);
  for (guint i = 0; i < 20 + 10; i++)
    {
      g_autofree Frame *frame = g_queue_pop_head (&f->frames);
      gboolean is_large = frame->client < n_large;

      g_assert_true (is_large == (i % 3 == 0));
    }
}

static void
test_small_ones_together (Fixture *f, gconstpointer data)
{
  f->manual = TRUE;
  f->keep_frames = TRUE;
  for (guint i = 0; i < 20; i++)
    fixture_send (f, i, GET ("/size/2000"));
  fixture_settle (f);
  g_assert_true (fixture_pull (f, PULL));
  for (guint i = 0; i < 20; i++)
    g_assert_true (fixture_has_responses (f, i, 1));
  /* Head and body are one frame. */
  g_assert_cmpuint (f->frames.length, ==, 20);
  f->output_ready = FALSE;
  g_assert_false (fixture_pull (f, PULL));
  fixture_settle (f);
  g_assert_false (f->output_ready);

  /* No more than was asked for; fixture_pull () checks. */
  for (guint i = 0; i < 60; i++)
    fixture_send (f, i, GET ("/size/10000"));
  fixture_settle (f);
  g_assert_true (f->output_ready);
  for (guint i = 0; i < 60; i++)
    fixture_pull (f, MUX_MAX_FRAME);
  for (guint i = 0; i < 20; i++)
    g_assert_true (fixture_has_responses (f, i, 2));
}

/* A guest that reads nothing: each client's output is bounded. */
static void
test_output_limit (Fixture *f, gconstpointer data)
{
  gsize size = 0;

  f->manual = TRUE;
  fixture_send (f, 1, GET ("/size/67108864"));
  fixture_settle (f);
  g_assert_false (g_main_context_pending (f->context)); /* it sleeps */
  while (TRUE)
    {
      g_autoptr (GBytes) bytes = mux_pull (f->mux, PULL);

      if (bytes == NULL)
        break;
      size += g_bytes_get_size (bytes);
    }
  g_assert_cmpuint (size, >, MUX_OUTPUT_MAX);
  g_assert_cmpuint (size, <=, MUX_OUTPUT_MAX + 10 * MUX_HEADER_SIZE);
}

static void
test_eviction (Fixture *f, gconstpointer data)
{
  /* 64 clients, made idle in order; 0 is used again, so that 1 is the longest idle one. */
  for (guint i = 0; i < MUX_MAX_CLIENTS; i++)
    check_works (f, i);
  check_works (f, 0);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, MUX_MAX_CLIENTS);

  check_works (f, 1000);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, MUX_MAX_CLIENTS);
  fixture_settle (f);
  for (guint i = 0; i < MUX_MAX_CLIENTS; i++)
    g_assert_cmpuint (fixture_n_closed (f, i), ==, i == 1 ? 1 : 0);
  g_assert_cmpuint (f->n_streams, ==, MUX_MAX_CLIENTS);

  /* Its connection is still there in the guest: as a new client, which puts out 2. */
  check_works (f, 1);
  fixture_settle (f);
  g_assert_cmpuint (fixture_n_closed (f, 2), ==, 1);
  g_assert_cmpuint (f->n_accepted, ==, MUX_MAX_CLIENTS + 2);
}

static void
test_none_idle (Fixture *f, gconstpointer data)
{
  f->manual = TRUE;
  for (guint i = 0; i < MUX_MAX_CLIENTS; i++)
    {
      /* In a head, in a body, in a response. */
      static const char *const texts[]
          = { "GET /", PUT ("/f", "Content-Length: 9") "x", GET ("/size/1000000") };

      fixture_send (f, i, texts[i % 3]);
      fixture_settle (f);
    }

  fixture_send (f, 1000, PUT ("/f", "Content-Length: 100"));
  check_silent (f, 1000); /* the canned response waits to be pulled */
  check_silent (f, 1000);
  f->manual = FALSE;
  while (fixture_pull (f, PULL))
    fixture_settle (f);
  g_assert_cmpuint (fixture_wait_status (f, 1000, 1), ==, 503);
  g_assert_nonnull (strstr (fixture_received (f, 1000), "Connection: close\r\n"));
  g_assert_cmpuint (fixture_n_closed (f, 1000), ==, 1);
  check_silent (f, 1000);

  /* Now those with a response are idle. */
  check_works (f, 1001);
  fixture_close (f, 1000);
  check_works (f, 1000);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, MUX_MAX_CLIENTS);
  for (guint i = 0; i < f->requests->len; i++)
    g_assert_null (strstr (f->requests->pdata[i], "smuggled"));
}

/* Who left a request unfinished long ago makes room when nobody is idle. */
static void
test_silent (Fixture *f, gconstpointer data)
{
  static const char *const texts[]
      = { "GET /", PUT ("/f", "Content-Length: 9") "x", PUT ("/f", "Transfer-Encoding: chunked") };

  for (guint i = 0; i < MUX_MAX_CLIENTS; i++)
    {
      fixture_send (f, i, texts[i % 3]);
      fixture_settle (f);
    }
  fixture_send (f, 1000, GET ("/smuggled"));
  g_assert_cmpuint (fixture_wait_status (f, 1000, 1), ==, 503);
  fixture_close (f, 1000);

  mux_set_silence_time (f->mux, 0);
  for (guint i = 0; i < 3; i++)
    {
      fixture_send (f, 1000 + i, texts[i]);
      g_assert_cmpuint (fixture_wait_status (f, i, 1), ==, 408);
      check_silent (f, i);
    }
  fixture_settle (f);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, MUX_MAX_CLIENTS);
  check_requests (f, "");
}

/* Who never asked for anything is idle. */
static void
test_nothing_asked (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2 * MUX_MAX_CLIENTS; i++)
    {
      fixture_send (f, i, "\r\n");
      check_works (f, 1000 + i);
    }
  g_assert_cmpuint (f->requests->len, ==, 2 * MUX_MAX_CLIENTS);
}

/* Ids whose bytes are dropped: so many are remembered, then the one longest unheard of is not. */
static void
test_over_limit (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < MUX_MAX_OVER; i++)
    {
      fixture_send (f, i, "BREW /" HOST "\r\n");
      g_main_context_iteration (f->context, FALSE);
    }
  fixture_settle (f);
  check_silent (f, 0); /* heard of */
  fixture_send (f, MUX_MAX_OVER, "BREW /" HOST "\r\n");
  fixture_settle (f);

  check_silent (f, 0);
  check_silent (f, 2);
  check_silent (f, MUX_MAX_OVER);
  fixture_forget (f, 1);
  check_works (f, 1);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function)                                                                        \
  g_test_add ("/mux-limits/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  ADD ("held-limit", test_held_limit);
  ADD ("upload-paused", test_upload_paused);
  ADD ("stall", test_stall);
  ADD ("slow", test_slow);
  ADD ("fairness", test_fairness);
  ADD ("small-ones-first", test_small_ones_first);
  ADD ("small-ones-together", test_small_ones_together);
  ADD ("output-limit", test_output_limit);
  ADD ("eviction", test_eviction);
  ADD ("none-idle", test_none_idle);
  ADD ("silent", test_silent);
  ADD ("nothing-asked", test_nothing_asked);
  ADD ("over-limit", test_over_limit);

  return g_test_run ();
}
