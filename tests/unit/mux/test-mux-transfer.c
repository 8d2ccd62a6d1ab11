/* Requests and bodies both ways through the mux, a real SoupServer behind it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux-checks.h"

#include <string.h>

#include "mux/mux-frame.h"

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
  check_pattern (f, -1, 64 * MIB);
}

static void
test_upload (Fixture *f, gconstpointer data)
{
  gsize size = 64 * MIB;
  g_autofree guint8 *body = check_random_bytes (size);

  fixture_send (f, 1, PUT ("/f", "Content-Length: 67108864"));
  fixture_send_data (f, 1, body, size);
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 200);
  check_sum (f, 1, body, size);
  check_requests (f, "PUT /f 67108864");
  /* The port was held back on the way. */
  g_assert_cmpuint (f->n_input_ready, >, 0);
}

static void
test_upload_chunked (Fixture *f, gconstpointer data)
{
  gsize size = 4 * MIB, done = 0;
  g_autofree guint8 *body = check_random_bytes (size);
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
  check_sum (f, 1, body, size);
  check_works (f, 1);
  check_requests (f, "PUT /f 4194304, GET /size/3 0");
}

static void
test_expect (Fixture *f, gconstpointer data)
{
  fixture_send (f, 1, PUT ("/f", "Expect: 100-continue\r\nContent-Length: 5"));
  fixture_wait (f, fixture_received_size (f, 1) > 0);
  g_assert_true (g_str_has_prefix (fixture_received (f, 1), "HTTP/1.1 100 "));
  check_requests (f, "");
  fixture_send (f, 1, "hello");
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 200);
  check_requests (f, "PUT /f 5");
  check_works (f, 1);
  g_assert_cmpuint (f->n_accepted, ==, 1);
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
  check_works (f, 1);
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
  check_requests (f, "GET /pause 0");
  /* Others go on. */
  check_works (f, 2);
  fixture_resume (f);
  g_assert_cmpuint (fixture_wait_status (f, 1, 3), ==, 200);
  check_requests (f, "GET /pause 0, GET /size/3 0, GET /size/1 0, PUT /f 3");
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

/* A download waits for the answer to another request, but not until there is one. */
static void
test_unanswered (Fixture *f, gconstpointer data)
{
  gboolean pulled;

  f->manual = TRUE;
  fixture_send (f, 1, GET ("/size/1000000"));
  fixture_wait (f, f->output_ready);
  fixture_settle (f);
  g_assert_true (fixture_pull (f, 128 * 1024));
  g_assert_true (fixture_pull (f, 128 * 1024));
  fixture_send (f, 2, GET ("/pause"));
  f->output_ready = FALSE;
  pulled = fixture_pull (f, 128 * 1024); /* only if 1 ms has passed since */
  fixture_wait (f, pulled || f->output_ready);
  g_assert_true (pulled || fixture_pull (f, 128 * 1024));
  g_assert_cmpuint (fixture_received_size (f, 1), >, 128 * 1024);
  g_clear_object (&f->paused);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function)                                                                        \
  g_test_add ("/mux-transfer/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  ADD ("keep-alive", test_keep_alive);
  ADD ("byte-by-byte", test_byte_by_byte);
  ADD ("download", test_download);
  ADD ("upload", test_upload);
  ADD ("upload-chunked", test_upload_chunked);
  ADD ("expect", test_expect);
  ADD ("pipelining", test_pipelining);
  ADD ("pipelining-held", test_pipelining_held);
  ADD ("not-reused", test_not_reused);
  ADD ("unanswered", test_unanswered);

  return g_test_run ();
}
