/* What the mux refuses or cuts off: no body, and nothing behind a refusal, is ever run (DESIGN P11,
 * P17).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux-checks.h"

#include <string.h>

/* Refused before the body was sent: the body is never run as a request. */
static void
test_expect_refused (Fixture *f, gconstpointer data)
{
  static const char *const heads[]
      = { PUT ("/refuse", "Expect: 100-continue\r\nContent-Length: 100"),
          PUT ("/refuse-open", "Expect: 100-continue\r\nContent-Length: 100") };

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      fixture_send (f, i, heads[i]);
      g_assert_cmpuint (fixture_wait_status (f, i, 1), ==, 403);
      fixture_wait (f, fixture_n_closed (f, i) == 1);
      check_silent (f, i);
      check_silent (f, i);
      g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 0);
      fixture_close (f, i);
      check_works (f, i);
      fixture_close (f, i);
    }
  check_requests (f, "GET /size/3 0, GET /size/3 0");
}

/* The same with the body there already, part of it or all: refused without a word of closing,
 * libsoup would go on to read it as a request. */
static void
test_expect_refused_body_there (Fixture *f, gconstpointer data)
{
  static const char *const texts[]
      = { PUT ("/refuse-open", "Expect: 100-continue\r\nContent-Length: 43") GET ("/smuggled"),
          PUT ("/refuse-open", "Expect: 100-continue\r\nContent-Length: 100") GET ("/smuggled"),
          PUT ("/refuse-open", "Expect: 100-continue\r\nTransfer-Encoding: chunked") "2b\r\n" GET (
              "/smuggled") "\r\n0\r\n\r\n",
          PUT ("/refuse", "Expect: 100-continue\r\nContent-Length: 43") GET ("/smuggled") };

  g_assert_cmpuint (strlen (GET ("/smuggled")), ==, 43);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      check_works (f, i);
      fixture_send (f, i, texts[i]);
      g_assert_cmpuint (fixture_wait_status (f, i, 1), ==, 403);
      fixture_wait (f, fixture_n_closed (f, i) == 1);
      fixture_settle (f);
      g_assert_cmpuint (f->n_streams, ==, 0);
      g_assert_cmpuint (f->requests->len, ==, 2 * i + 1);
      fixture_close (f, i);
      check_works (f, i);
      fixture_close (f, i);
    }
}

static void
test_expect_garbled (Fixture *f, gconstpointer data)
{
  fixture_send (f, 1, PUT ("/f", "Expect: 100-continue\r\nTransfer-Encoding: chunked"));
  fixture_wait (f, fixture_received_size (f, 1) > 0);
  fixture_send (f, 1, "garbled\r\n" GET ("/smuggled"));
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 400);
  fixture_settle (f);
  check_requests (f, "");
}

/* Without Expect the whole body is read first. */
static void
test_refused_after_body (Fixture *f, gconstpointer data)
{
  fixture_send (f, 1, PUT ("/refuse", "Content-Length: 5") "hello");
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 403);
  fixture_wait (f, fixture_n_closed (f, 1) == 1);
  /* That was the end of a request: what comes is a new client. */
  check_works (f, 1);
  g_assert_cmpuint (f->n_accepted, ==, 2);
}

static void
test_gate_refuses (Fixture *f, gconstpointer data)
{
  /* The first request ever; the second on a connection; behind a request whose answer is waited
   * for. */
  fixture_send (f, 1, "GET /" HOST "Bad field\r\n\r\n" GET ("/smuggled"));
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 400);
  g_assert_nonnull (strstr (fixture_received (f, 1), "Connection: close\r\n"));
  g_assert_cmpuint (fixture_n_closed (f, 1), ==, 1);
  g_assert_cmpuint (f->n_accepted, ==, 0);
  check_silent (f, 1);
  fixture_close (f, 1);
  check_works (f, 1);

  fixture_send (f, 1, "BREW /pot" HOST "\r\n" GET ("/smuggled"));
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 501);
  check_silent (f, 1);

  fixture_send (f, 2, GET ("/pause") "GET / HTTP/3.0\r\n\r\n" GET ("/smuggled"));
  fixture_wait (f, f->paused != NULL);
  g_assert_cmpuint (fixture_received_size (f, 2), ==, 0);
  fixture_resume (f);
  g_assert_cmpuint (fixture_wait_status (f, 2, 2), ==, 505);
  check_silent (f, 2);

  check_requests (f, "GET /size/3 0, GET /pause 0");
  fixture_settle (f);
  g_assert_cmpuint (f->n_streams, ==, 0);
}

static void
test_gate_refuses_body (Fixture *f, gconstpointer data)
{
  fixture_send (f, 1,
                PUT ("/f", "Transfer-Encoding: chunked") "5\r\nhello\r\nx\r\n" GET ("/smuggled"));
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 400);
  check_silent (f, 1);
  fixture_settle (f);
  check_requests (f, "");
  g_assert_cmpuint (f->n_aborted, <=, 1);
  g_assert_cmpuint (f->n_streams, ==, 0);
  g_assert_cmpuint (f->n_hang_ups, ==, 1);
  fixture_close (f, 1);
  check_works (f, 1);
}

/* A body that ends with the connection is no body: the request is not carried out. */
static void
test_cut_off (Fixture *f, gconstpointer data)
{
  static const char *const texts[]
      = { "GET / HTTP/1.1\r\nHost: localhost\r\n",
          "PUT /f HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n",
          PUT ("/f", "Content-Length: 5") "hell",
          PUT ("/f", "Content-Length: 5"),
          PUT ("/f", "Transfer-Encoding: chunked"),
          PUT ("/f", "Transfer-Encoding: chunked") "5",
          PUT ("/f", "Transfer-Encoding: chunked") "5\r\nhello",
          PUT ("/f", "Transfer-Encoding: chunked") "5\r\nhello\r\n",
          PUT ("/f", "Transfer-Encoding: chunked") "5\r\nhello\r\n0\r\n",
          PUT ("/f", "Expect: 100-continue\r\nContent-Length: 5") };

  for (guint i = 0; i < 3 * G_N_ELEMENTS (texts); i++)
    {
      /* Before libsoup has seen anything; after; on a connection that has served before. */
      if (i >= 2 * G_N_ELEMENTS (texts))
        check_works (f, 1);
      fixture_send (f, 1, texts[i % G_N_ELEMENTS (texts)]);
      if (i >= G_N_ELEMENTS (texts))
        fixture_settle (f);
      fixture_close (f, 1);
      fixture_settle (f);
      g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 0);
      g_assert_cmpuint (f->n_streams, ==, 0);
      g_assert_cmpuint (fixture_n_closed (f, 1), ==, 0);
      fixture_forget (f, 1);
    }
  g_assert_cmpuint (f->requests->len, ==, G_N_ELEMENTS (texts)); /* those of check_works () */
  check_works (f, 1);
}

/* What one connection of the guest sends: its texts in pieces, then perhaps the end. */
typedef struct
{
  const char *rest; /* of the text at hand */
  gboolean ends;    /* the connection does, with the text */
} Talker;

/* Everybody talks at once, in pieces, with a port cut anywhere; some break off, some are refused;
 * the guest reads when it likes. No body, and nothing behind a refusal, is ever run. */
static void
test_random (Fixture *f, gconstpointer data)
{
  static const char *const texts[] = {
    GET ("/size/0"),
    GET ("/size/100"),
    GET ("/size/300000"),
    GET ("/close/70000"),
    PUT ("/f", "Content-Length: 43") GET ("/smuggled"),
    PUT ("/f", "Transfer-Encoding: chunked") "2b\r\n" GET ("/smuggled") "\r\n0\r\nA: b\r\n\r\n",
    PUT ("/f", "Expect: 100-continue\r\nContent-Length: 43") GET ("/smuggled"),
    PUT ("/refuse", "Content-Length: 43") GET ("/smuggled"),
  };
  /* These leave a connection that is only good for closing. */
  static const char *const last[] = {
    "BREW /" HOST "\r\n" GET ("/smuggled"),
    PUT ("/f", "Content-Length: 43\r\nContent-Length: 0") GET ("/smuggled"),
    PUT ("/f", "Transfer-Encoding: chunked") "29\r\n" GET ("/smuggled") GET ("/smuggled"),
    PUT ("/refuse", "Expect: 100-continue\r\nContent-Length: 9999") GET ("/smuggled")
        GET ("/smuggled"),
    PUT ("/refuse-open", "Expect: 100-continue\r\nContent-Length: 43") GET ("/smuggled")
        GET ("/smuggled"),
    PUT ("/f", "Content-Length: 9999") GET ("/smuggled"),
    "GET /smuggled" HOST,
  };
  Talker talkers[2 * MUX_MAX_CLIENTS] = { { NULL, FALSE } };

  f->manual = TRUE;
  f->discard = TRUE;
  for (guint i = 0; i < 30000; i++)
    {
      guint id = g_test_rand_int_range (0, g_test_rand_bit () ? 8 : G_N_ELEMENTS (talkers));
      Talker *talker = &talkers[id];
      gsize wanted, n;

      if (g_test_rand_int_range (0, 3) == 0)
        fixture_pull (f, PULL);
      if (g_test_rand_bit ())
        g_main_context_iteration (f->context, FALSE);
      if (f->unfed.length > 20)
        {
          fixture_settle (f);
          continue;
        }

      if (talker->rest == NULL)
        {
          talker->ends = g_test_rand_int_range (0, 4) == 0;
          talker->rest = talker->ends ? last[g_test_rand_int_range (0, G_N_ELEMENTS (last))]
                                      : texts[g_test_rand_int_range (0, G_N_ELEMENTS (texts))];
        }
      wanted = g_test_rand_bit () ? 1000 : g_test_rand_int_range (1, 60);
      n = MIN (wanted, strlen (talker->rest));
      fixture_send_data (f, id, talker->rest, n);
      talker->rest += n;
      if (*talker->rest == '\0')
        {
          if (talker->ends)
            fixture_close (f, id);
          talker->rest = NULL;
        }
      g_assert_cmpuint (mux_get_n_clients (f->mux), <=, MUX_MAX_CLIENTS);
    }

  while (fixture_pull (f, PULL) || g_main_context_iteration (f->context, FALSE))
    ;
  g_assert_cmpuint (f->unfed.length, ==, 0);
  g_assert_cmpuint (f->requests->len, >, 1000);
  for (guint i = 0; i < f->requests->len; i++)
    if (strstr (f->requests->pdata[i], "smuggled") != NULL)
      g_error ("%s", (char *)f->requests->pdata[i]);
  g_test_message ("%u requests, %u aborted", f->requests->len, f->n_aborted);
  mux_reset (f->mux);
  fixture_settle (f);
  g_assert_cmpuint (f->n_streams, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function)                                                                        \
  g_test_add ("/mux-refuse/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  ADD ("expect-refused", test_expect_refused);
  ADD ("expect-refused-body-there", test_expect_refused_body_there);
  ADD ("expect-garbled", test_expect_garbled);
  ADD ("refused-after-body", test_refused_after_body);
  ADD ("gate-refuses", test_gate_refuses);
  ADD ("gate-refuses-body", test_gate_refuses_body);
  ADD ("cut-off", test_cut_off);
  ADD ("random", test_random);

  return g_test_run ();
}
