/* What a recording is told (MuxOps.tap): every byte once, in its order, and who closed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux.h"

#include <string.h>

#include "mux/mux-frame.h"

#define REQUEST "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define CLOSED "-"

typedef struct
{
  GMainContext *context;
  Mux *mux;
  GIOStream *stream; /* (nullable): the last that was accepted */
  GString *from;     /* "7:text" for what client 7 sent, "7:-" for its end, and so on */
  GString *to;
} Fixture;

static void
accepted (GIOStream *stream, gint64 client, gpointer user_data)
{
  Fixture *f = user_data;

  g_set_object (&f->stream, stream);
}

static void
ready (gpointer user_data)
{
}

static void
tap (gint64 id, gboolean to_guest, const guint8 *data, gsize size, gpointer user_data)
{
  Fixture *f = user_data;
  GString *log = to_guest ? f->to : f->from;

  g_assert_true ((data == NULL) == (size == 0));
  g_string_append_printf (log, "%" G_GINT64_FORMAT ":", id);
  g_string_append_len (log, data != NULL ? (const char *)data : CLOSED, data != NULL ? size : 1);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  const MuxOps ops = { accepted, ready, ready, tap };

  f->context = g_main_context_new ();
  g_main_context_push_thread_default (f->context);
  f->mux = mux_new (&ops, f);
  f->from = g_string_new (NULL);
  f->to = g_string_new (NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->mux, mux_free);
  g_clear_object (&f->stream);
  g_string_free (f->from, TRUE);
  g_string_free (f->to, TRUE);
  g_main_context_pop_thread_default (f->context);
  g_main_context_unref (f->context);
}

static void
feed (Fixture *f, gint64 id, const char *text)
{
  gsize size = MUX_HEADER_SIZE + strlen (text);
  g_autofree guint8 *frame = g_malloc (size);
  g_autoptr (GBytes) bytes = NULL;

  mux_frame_write_header (frame, id, strlen (text));
  memcpy (frame + MUX_HEADER_SIZE, text, strlen (text));
  bytes = g_bytes_new (frame, size);
  g_assert_cmpuint (mux_feed (f->mux, bytes, 0), ==, size);
}

/* The server answers, and the guest gets it, in @n frames; what they hold has been tapped. */
static void
answer (Fixture *f, gint64 id, const char *text, gsize size, guint n)
{
  GOutputStream *output = g_io_stream_get_output_stream (f->stream);
  g_autoptr (GString) expected = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_string_truncate (f->to, 0);
  g_output_stream_write_all (output, text, size, NULL, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GBytes) train = mux_pull (f->mux, MUX_MAX_FRAME);
      gsize length;
      const char *data = g_bytes_get_data (train, &length);

      g_string_append_printf (expected, "%" G_GINT64_FORMAT ":", id);
      g_string_append_len (expected, data + MUX_HEADER_SIZE, length - MUX_HEADER_SIZE);
    }
  g_assert_null (mux_pull (f->mux, MUX_MAX_FRAME));
  g_assert_cmpmem (f->to->str, f->to->len, expected->str, expected->len);
}

/* A small response is copied, a large one leaves as the block it lies in: both are seen. The guest
 * closes; on the same id another client comes. */
static void
test_conversation (Fixture *f, gconstpointer data)
{
  g_autofree char *large = g_strnfill (100000, 'x');

  feed (f, 7, REQUEST);
  answer (f, 7, ANSWER, strlen (ANSWER), 1);
  g_assert_cmpstr (f->to->str, ==, "7:" ANSWER);
  answer (f, 7, large, 100000, 2);
  g_assert_cmpuint (f->to->len, ==, 100000 + 2 * strlen ("7:"));
  feed (f, 7, "");
  feed (f, 7, REQUEST);
  feed (f, 7, "");
  /* Nobody's. */
  feed (f, 7, "");
  g_assert_cmpstr (f->from->str, ==, "7:" REQUEST "7:" CLOSED "7:" REQUEST "7:" CLOSED);
}

/* What the mux says by itself, and its own end of a client, are seen too. */
static void
test_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) train = NULL;

  feed (f, -1, "nonsense\r\n\r\n");
  train = mux_pull (f->mux, MUX_MAX_FRAME);
  g_assert_true (g_str_has_prefix (f->to->str, "-1:HTTP/1.1 400 "));
  g_assert_true (g_str_has_suffix (f->to->str, "\r\n-1:" CLOSED));
  g_assert_cmpstr (f->from->str, ==, "-1:nonsense\r\n\r\n");

  /* What still comes is of the same connection, until the guest has closed it. */
  feed (f, -1, "rest");
  feed (f, -1, "");
  g_assert_cmpstr (f->from->str, ==, "-1:nonsense\r\n\r\n-1:rest-1:" CLOSED);
}

/* The port closed: that is the end of all. */
static void
test_reset (Fixture *f, gconstpointer data)
{
  feed (f, 1, REQUEST);
  g_string_truncate (f->from, 0);
  mux_reset (f->mux);
  g_assert_cmpstr (f->from->str, ==, "1:" CLOSED);
  mux_reset (f->mux);
  g_assert_cmpstr (f->from->str, ==, "1:" CLOSED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/mux-tap/conversation", Fixture, NULL, set_up, test_conversation, tear_down);
  g_test_add ("/mux-tap/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/mux-tap/reset", Fixture, NULL, set_up, test_reset, tear_down);
  return g_test_run ();
}
