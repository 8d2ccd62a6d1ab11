/* The mux, with a real SoupServer behind it: limits, turns, closes, ids used again (DESIGN P11).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux-fixture.h"

#include <string.h>

#include "mux/mux-client.h"
#include "mux/mux-frame.h"
#include "mux/mux-input.h"
#include "mux/mux-output.h"

#define HOST " HTTP/1.1\r\nHost: localhost\r\n"
#define GET(path) "GET " path HOST "\r\n"
#define PUT(path, fields) "PUT " path HOST fields "\r\n\r\n"
#define MIB (1024 * 1024)
#define PULL (128 * 1024)
#define FEW 10000

static void
assert_requests (Fixture *f, const char *expected)
{
  g_autofree char *requests = fixture_requests (f);

  g_assert_cmpstr (requests, ==, expected);
}

/* The body of the one response @client has received. */
static const char *
body_of (Fixture *f, gint64 client)
{
  const char *end = strstr (fixture_received (f, client), "\r\n\r\n");

  g_assert_nonnull (end);
  return end + 4;
}

static void
assert_pattern (Fixture *f, gint64 client, gsize size)
{
  const guint8 *body = (const guint8 *)body_of (f, client);

  g_assert_cmpuint (fixture_received_size (f, client)
                        - (body - (const guint8 *)fixture_received (f, client)),
                    ==, size);
  for (gsize i = 0; i < size; i++)
    if (body[i] != fixture_pattern (i))
      g_error ("byte %zu differs", i);
}

static void
assert_sum (Fixture *f, gint64 client, const guint8 *data, gsize size)
{
  g_autofree char *expected = g_strdup_printf ("%u %zu", fixture_sum (data, size), size);

  g_assert_cmpstr (body_of (f, client), ==, expected);
}

static guint8 *
random_bytes (gsize size)
{
  guint8 *bytes = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    bytes[i] = g_test_rand_int ();

  return bytes;
}

/* A client that is known to work: one request, one answer. */
static void
assert_works (Fixture *f, gint64 client)
{
  fixture_forget (f, client);
  fixture_send (f, client, GET ("/size/3"));
  g_assert_cmpuint (fixture_wait_status (f, client, 1), ==, 200);
  fixture_forget (f, client);
}

static void
assert_silent (Fixture *f, gint64 client)
{
  fixture_forget (f, client);
  fixture_send (f, client, GET ("/smuggled"));
  fixture_settle (f);
  g_assert_cmpuint (fixture_received_size (f, client), ==, 0);
}

static void
test_keep_alive (Fixture *f, gconstpointer data)
{
  for (guint i = 1; i <= 1000; i++)
    {
      fixture_send (f, 7, GET ("/size/100"));
      g_assert_cmpuint (fixture_wait_status (f, 7, 1), ==, 200);
      fixture_forget (f, 7);
    }

  g_assert_cmpuint (f->n_accepted, ==, 1);
  g_assert_cmpuint (f->requests->len, ==, 1000);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 1);
  g_assert_cmpuint (fixture_n_closed (f, 7), ==, 0);
}

/* The port cut after every byte; two clients' frames interleaved. */
static void
test_byte_by_byte (Fixture *f, gconstpointer data)
{
  static const char *const texts[] = {
    PUT ("/a", "Content-Length: 10") "0123456789" GET ("/size/10"),
    PUT ("/b", "Transfer-Encoding: chunked") "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: t\r\n\r\n" GET (
        "/size/11")
  };

  for (gsize i = 0; i < MAX (strlen (texts[0]), strlen (texts[1])); i++)
    for (guint c = 0; c < 2; c++)
      if (i < strlen (texts[c]))
        {
          guint8 frame[MUX_HEADER_SIZE + 1];

          mux_frame_write_header (frame, c, 1);
          frame[MUX_HEADER_SIZE] = texts[c][i];
          for (guint j = 0; j < sizeof frame; j++)
            {
              fixture_feed (f, frame + j, 1);
              g_main_context_iteration (f->context, FALSE);
            }
        }

  g_assert_cmpuint (fixture_wait_status (f, 0, 2), ==, 200);
  g_assert_cmpuint (fixture_wait_status (f, 1, 2), ==, 200);
  g_assert_cmpuint (f->requests->len, ==, 4);
  g_assert_nonnull (strstr (fixture_received (f, 0), " 10HTTP/1.1"));
  g_assert_nonnull (strstr (fixture_received (f, 1), " 5HTTP/1.1"));
}

static void
test_download (Fixture *f, gconstpointer data)
{
  fixture_send (f, -1, GET ("/size/67108864"));
  g_assert_cmpuint (fixture_wait_status (f, -1, 1), ==, 200);
  assert_pattern (f, -1, 64 * MIB);
}

static void
test_upload (Fixture *f, gconstpointer data)
{
  gsize size = 64 * MIB;
  g_autofree guint8 *body = random_bytes (size);

  fixture_send (f, 1, PUT ("/f", "Content-Length: 67108864"));
  fixture_send_data (f, 1, body, size);
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 200);
  assert_sum (f, 1, body, size);
  assert_requests (f, "PUT /f 67108864");
  /* The port was held back on the way. */
  g_assert_cmpuint (f->n_input_ready, >, 0);
}

static void
test_upload_chunked (Fixture *f, gconstpointer data)
{
  gsize size = 4 * MIB, done = 0;
  g_autofree guint8 *body = random_bytes (size);
  g_autoptr (GByteArray) text = g_byte_array_new ();

  while (done < size)
    {
      gsize wanted = g_test_rand_int_range (1, g_test_rand_bit () ? 10 : 100000);
      gsize n = MIN (wanted, size - done);
      g_autofree char *line = g_strdup_printf ("%zX;ext=%zu\r\n", n, done);

      g_byte_array_append (text, (guint8 *)line, strlen (line));
      g_byte_array_append (text, body + done, n);
      g_byte_array_append (text, (guint8 *)"\r\n", 2);
      done += n;
    }
  g_byte_array_append (text, (guint8 *)"0\r\nTrailer: GET /\r\n\r\n",
                       strlen ("0\r\nTrailer: GET /\r\n\r\n"));

  fixture_send (f, 1, PUT ("/f", "Transfer-Encoding: chunked"));
  fixture_send_data (f, 1, text->data, text->len);
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 200);
  assert_sum (f, 1, body, size);
  assert_works (f, 1);
  assert_requests (f, "PUT /f 4194304, GET /size/3 0");
}

static void
test_expect (Fixture *f, gconstpointer data)
{
  fixture_send (f, 1, PUT ("/f", "Expect: 100-continue\r\nContent-Length: 5"));
  fixture_wait (f, fixture_received_size (f, 1) > 0);
  g_assert_true (g_str_has_prefix (fixture_received (f, 1), "HTTP/1.1 100 "));
  assert_requests (f, "");
  fixture_send (f, 1, "hello");
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 200);
  assert_requests (f, "PUT /f 5");
  assert_works (f, 1);
  g_assert_cmpuint (f->n_accepted, ==, 1);
}

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
      assert_silent (f, i);
      assert_silent (f, i);
      g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 0);
      fixture_close (f, i);
      assert_works (f, i);
      fixture_close (f, i);
    }
  assert_requests (f, "GET /size/3 0, GET /size/3 0");
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
      assert_works (f, i);
      fixture_send (f, i, texts[i]);
      g_assert_cmpuint (fixture_wait_status (f, i, 1), ==, 403);
      fixture_wait (f, fixture_n_closed (f, i) == 1);
      fixture_settle (f);
      g_assert_cmpuint (f->n_streams, ==, 0);
      g_assert_cmpuint (f->requests->len, ==, 2 * i + 1);
      fixture_close (f, i);
      assert_works (f, i);
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
  assert_requests (f, "");
}

/* Without Expect the whole body is read first. */
static void
test_refused_after_body (Fixture *f, gconstpointer data)
{
  fixture_send (f, 1, PUT ("/refuse", "Content-Length: 5") "hello");
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 403);
  fixture_wait (f, fixture_n_closed (f, 1) == 1);
  /* That was the end of a request: what comes is a new client. */
  assert_works (f, 1);
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
  assert_silent (f, 1);
  fixture_close (f, 1);
  assert_works (f, 1);

  fixture_send (f, 1, "BREW /pot" HOST "\r\n" GET ("/smuggled"));
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 501);
  assert_silent (f, 1);

  fixture_send (f, 2, GET ("/pause") "GET / HTTP/3.0\r\n\r\n" GET ("/smuggled"));
  fixture_wait (f, f->paused != NULL);
  g_assert_cmpuint (fixture_received_size (f, 2), ==, 0);
  fixture_resume (f);
  g_assert_cmpuint (fixture_wait_status (f, 2, 2), ==, 505);
  assert_silent (f, 2);

  assert_requests (f, "GET /size/3 0, GET /pause 0");
  fixture_settle (f);
  g_assert_cmpuint (f->n_streams, ==, 0);
}

static void
test_gate_refuses_body (Fixture *f, gconstpointer data)
{
  fixture_send (f, 1,
                PUT ("/f", "Transfer-Encoding: chunked") "5\r\nhello\r\nx\r\n" GET ("/smuggled"));
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 400);
  assert_silent (f, 1);
  fixture_settle (f);
  assert_requests (f, "");
  g_assert_cmpuint (f->n_aborted, <=, 1);
  g_assert_cmpuint (f->n_streams, ==, 0);
  g_assert_cmpuint (f->n_hang_ups, ==, 1);
  fixture_close (f, 1);
  assert_works (f, 1);
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
        assert_works (f, 1);
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
  g_assert_cmpuint (f->requests->len, ==, G_N_ELEMENTS (texts)); /* those of assert_works () */
  assert_works (f, 1);
}

static void
test_pipelining (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < 100; i++)
    g_string_append (text, i % 3 != 0 ? GET ("/size/10") : PUT ("/f", "Content-Length: 5") "GET /");
  fixture_send (f, 1, text->str);
  g_assert_cmpuint (fixture_wait_status (f, 1, 100), ==, 200);
  g_assert_cmpuint (f->requests->len, ==, 100);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpstr (f->requests->pdata[i], ==, i % 3 != 0 ? "GET /size/10 0" : "PUT /f 5");
  g_assert_cmpuint (f->n_accepted, ==, 1);
  assert_works (f, 1);
}

static void
test_pipelining_held (Fixture *f, gconstpointer data)
{
  fixture_send (f, 1, GET ("/pause") "GET /size/1" HOST);
  fixture_wait (f, f->paused != NULL);
  fixture_send (f, 1, "\r\n" PUT ("/f", "Content-Length: 3") "a");
  fixture_send (f, 1, "bc");
  fixture_settle (f);
  g_assert_cmpuint (fixture_received_size (f, 1), ==, 0);
  assert_requests (f, "GET /pause 0");
  /* Others go on. */
  assert_works (f, 2);
  fixture_resume (f);
  g_assert_cmpuint (fixture_wait_status (f, 1, 3), ==, 200);
  assert_requests (f, "GET /pause 0, GET /size/3 0, GET /size/1 0, PUT /f 3");
}

/* More than is held: the port waits, and goes on when the response is done. */
static void
test_held_limit (Fixture *f, gconstpointer data)
{
  gsize size = 16 * MUX_HELD_MAX;
  g_autofree guint8 *body = random_bytes (size);

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
  assert_works (f, 1);
}

static gsize
unfed_size (Fixture *f)
{
  gsize size = 0;

  for (GList *link = f->unfed.head; link != NULL; link = link->next)
    size += g_bytes_get_size (link->data);
  return size - f->unfed_offset;
}

static void
test_upload_paused (Fixture *f, gconstpointer data)
{
  gsize size = MIB, before;
  g_autofree guint8 *body = random_bytes (size);

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
  assert_sum (f, 1, body, size);
  fixture_forget (f, 1);
  assert_works (f, 1);
}

/* A sink that does not go on is ended, and the port with it goes on. */
static void
test_stall (Fixture *f, gconstpointer data)
{
  g_autofree guint8 *body = random_bytes (MIB);
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
  assert_silent (f, 1);
  fixture_resume (f);
  fixture_settle (f);
  assert_requests (f, "GET /size/1 0");
  g_assert_cmpuint (f->n_aborted, ==, 1);
  fixture_close (f, 1);
  assert_works (f, 1);
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
  g_autofree guint8 *body = random_bytes (MIB);
  g_autoptr (GSource) source = g_timeout_source_new (5);

  mux_set_stall_time (f->mux, 100);
  fixture_send (f, 1, PUT ("/pause-upload", "Content-Length: 1048576"));
  fixture_send_data (f, 1, body, FEW);
  fixture_wait (f, f->paused != NULL);
  /* A chunk is 8 KiB: over half a second for all of it. */
  g_signal_connect (f->paused, "got-chunk", G_CALLBACK (pause_again), NULL);
  g_source_set_callback (source, unpause_again, f, NULL);
  g_source_attach (source, f->context);
  fixture_send_data (f, 1, body + FEW, MIB - FEW);
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 200);
  assert_sum (f, 1, body, MIB);
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
    assert_works (f, i);
  assert_works (f, 0);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, MUX_MAX_CLIENTS);

  assert_works (f, 1000);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, MUX_MAX_CLIENTS);
  fixture_settle (f);
  for (guint i = 0; i < MUX_MAX_CLIENTS; i++)
    g_assert_cmpuint (fixture_n_closed (f, i), ==, i == 1 ? 1 : 0);
  g_assert_cmpuint (f->n_streams, ==, MUX_MAX_CLIENTS);

  /* Its connection is still there in the guest: as a new client, which puts out 2. */
  assert_works (f, 1);
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
  assert_silent (f, 1000); /* the canned response waits to be pulled */
  assert_silent (f, 1000);
  f->manual = FALSE;
  while (fixture_pull (f, PULL))
    fixture_settle (f);
  g_assert_cmpuint (fixture_wait_status (f, 1000, 1), ==, 503);
  g_assert_nonnull (strstr (fixture_received (f, 1000), "Connection: close\r\n"));
  g_assert_cmpuint (fixture_n_closed (f, 1000), ==, 1);
  assert_silent (f, 1000);

  /* Now those with a response are idle. */
  assert_works (f, 1001);
  fixture_close (f, 1000);
  assert_works (f, 1000);
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
      assert_silent (f, i);
    }
  fixture_settle (f);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, MUX_MAX_CLIENTS);
  assert_requests (f, "");
}

/* Who never asked for anything is idle. */
static void
test_nothing_asked (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2 * MUX_MAX_CLIENTS; i++)
    {
      fixture_send (f, i, "\r\n");
      assert_works (f, 1000 + i);
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
  assert_silent (f, 0); /* heard of */
  fixture_send (f, MUX_MAX_OVER, "BREW /" HOST "\r\n");
  fixture_settle (f);

  assert_silent (f, 0);
  assert_silent (f, 2);
  assert_silent (f, MUX_MAX_OVER);
  fixture_forget (f, 1);
  assert_works (f, 1);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 1);
}

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
  assert_silent (f, 1);
  assert_requests (f, "GET /close/10 0");
  fixture_close (f, 1);
  assert_works (f, 1);
}

/* All responses done, the server closes its idle connections: no harm to anybody. */
static void
test_server_disconnects_idle (Fixture *f, gconstpointer data)
{
  assert_works (f, 1);
  fixture_send (f, 2, "GET /ha");
  soup_server_disconnect (f->server);
  fixture_settle (f);
  g_assert_cmpuint (fixture_n_closed (f, 1), ==, 1);
  g_assert_cmpuint (fixture_n_closed (f, 2), ==, 0);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 1);
  assert_works (f, 1);
}

static void
test_server_disconnects_in_head (Fixture *f, gconstpointer data)
{
  assert_works (f, 1);
  fixture_send (f, 1, "GET /ha");
  soup_server_disconnect (f->server);
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 503);
  assert_silent (f, 1);
  assert_requests (f, "GET /size/3 0");
}

static void
test_server_disconnects_in_body (Fixture *f, gconstpointer data)
{
  fixture_send (f, 1, PUT ("/f", "Content-Length: 100") "x");
  fixture_settle (f);
  soup_server_disconnect (f->server);
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 500);
  assert_silent (f, 1);
  assert_requests (f, "");
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
  assert_silent (f, 2);
  f->turn_away = FALSE;
  assert_works (f, 1);
  assert_silent (f, 2);
  fixture_close (f, 2);
  assert_works (f, 2);
  assert_requests (f, "GET /size/3 0, GET /size/3 0");
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
  assert_works (f, 1);

  /* In the middle of its response. */
  fixture_send (f, 2, GET ("/abort"));
  fixture_wait (f, fixture_n_closed (f, 2) == 1);
  g_assert_false (fixture_has_responses (f, 2, 1));
  g_assert_true (g_str_has_prefix (fixture_received (f, 2), "HTTP/1.1 200"));
  assert_works (f, 2);
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
  assert_works (f, 1);
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
      assert_pattern (f, 1, 7);
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
  assert_pattern (f, 1, 7);

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
  assert_pattern (f, 1, 8);
  g_assert_cmpuint (fixture_n_closed (f, 1), ==, 0);
}

/* Nothing of the response was sent yet: then it is pipelining. */
static void
test_not_reused (Fixture *f, gconstpointer data)
{
  f->manual = TRUE;
  fixture_send (f, 1, GET ("/size/200000"));
  fixture_settle (f);
  fixture_send (f, 1, GET ("/size/7"));
  fixture_settle (f);
  while (fixture_pull (f, PULL))
    fixture_settle (f);
  g_assert_cmpuint (fixture_wait_status (f, 1, 2), ==, 200);

  /* And after the first byte of a response, the rest of a frame is not a new connection's. */
  fixture_forget (f, 1);
  {
    const char *text = GET ("/size/200000") GET ("/size/9");
    gsize cut = strlen (GET ("/size/200000")) + 3;
    g_autofree guint8 *frame = g_malloc (MUX_HEADER_SIZE + strlen (text));

    mux_frame_write_header (frame, 1, strlen (text));
    memcpy (frame + MUX_HEADER_SIZE, text, strlen (text));
    fixture_feed (f, frame, MUX_HEADER_SIZE + cut);
    fixture_settle (f);
    g_assert_true (fixture_pull (f, PULL));
    fixture_feed (f, frame + MUX_HEADER_SIZE + cut, strlen (text) - cut);
    fixture_settle (f);
    while (fixture_pull (f, PULL))
      fixture_settle (f);
    g_assert_cmpuint (fixture_wait_status (f, 1, 2), ==, 200);
  }
}

static void
test_chunked_response (Fixture *f, gconstpointer data)
{
  const char *end = "\r\n\r\n3\r\none\r\n6\r\ntwenty\r\n0\r\n\r\n";

  for (guint i = 0; i < 100; i++)
    {
      fixture_send (f, 1, GET ("/chunked"));
      fixture_wait (f, g_str_has_suffix (fixture_received (f, 1), end));
      fixture_forget (f, 1);
    }
  g_assert_cmpuint (f->n_accepted, ==, 1);

  fixture_send (f, 1, GET ("/chunked-close"));
  fixture_wait (f, fixture_n_closed (f, 1) == 1);
  g_assert_true (g_str_has_suffix (fixture_received (f, 1), end));
  assert_works (f, 1);
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
      g_autofree guint8 *body = random_bytes (MIB);

      f->manual = TRUE;
      assert_silent (f, 10); /* nothing is pulled */
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
      assert_works (f, 9);
      fixture_close (f, 9);
    }
}

static void
test_odd_frames (Fixture *f, gconstpointer data)
{
  /* Closing who was never there; any id. */
  fixture_close (f, 5);
  fixture_close (f, 5);
  assert_works (f, G_MININT64);
  assert_works (f, G_MAXINT64);
  assert_works (f, 0);
  assert_works (f, -1);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 4);
  fixture_close (f, -1);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 3);
  mux_request_done (f->mux, NULL);
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
    GET ("/chunked"),
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
  g_test_add ("/mux/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  ADD ("keep-alive", test_keep_alive);
  ADD ("byte-by-byte", test_byte_by_byte);
  ADD ("download", test_download);
  ADD ("upload", test_upload);
  ADD ("upload-chunked", test_upload_chunked);
  ADD ("expect", test_expect);
  ADD ("expect-refused", test_expect_refused);
  ADD ("expect-refused-body-there", test_expect_refused_body_there);
  ADD ("expect-garbled", test_expect_garbled);
  ADD ("refused-after-body", test_refused_after_body);
  ADD ("gate-refuses", test_gate_refuses);
  ADD ("gate-refuses-body", test_gate_refuses_body);
  ADD ("cut-off", test_cut_off);
  ADD ("pipelining", test_pipelining);
  ADD ("pipelining-held", test_pipelining_held);
  ADD ("held-limit", test_held_limit);
  ADD ("upload-paused", test_upload_paused);
  ADD ("stall", test_stall);
  ADD ("slow", test_slow);
  ADD ("fairness", test_fairness);
  ADD ("small-ones-together", test_small_ones_together);
  ADD ("output-limit", test_output_limit);
  ADD ("eviction", test_eviction);
  ADD ("none-idle", test_none_idle);
  ADD ("silent", test_silent);
  ADD ("nothing-asked", test_nothing_asked);
  ADD ("over-limit", test_over_limit);
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
  ADD ("not-reused", test_not_reused);
  ADD ("chunked-response", test_chunked_response);
  ADD ("zombies", test_zombies);
  ADD ("reset", test_reset);
  ADD ("odd-frames", test_odd_frames);
  ADD ("random", test_random);

  return g_test_run ();
}
