/* A client's stream in memory, by itself and as libsoup uses it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gio/gio.h>
#include <string.h>

#include "mux/mux-block.h"
#include "mux/mux-frame.h"
#include "mux/mux-queue.h"
#include "mux/mux-stream.h"

typedef struct
{
  GMainContext *context;
  MuxStream *stream;
  MuxInput *input;
  MuxOutput *output;
  guint n_was_read;
  guint n_wrote;
  guint n_closed;
  guint n_hang_ups;
  guint n_ready; /* calls of ready() */
} Fixture;

static void
was_read (gpointer owner)
{
  ((Fixture *)owner)->n_was_read++;
}

static void
wrote (gpointer owner)
{
  ((Fixture *)owner)->n_wrote++;
}

static void
closed (gpointer owner)
{
  ((Fixture *)owner)->n_closed++;
}

static void
hang_up (MuxStream *stream, Fixture *f)
{
  f->n_hang_ups++;
}

static const MuxStreamFuncs funcs = { was_read, wrote, closed };

static void
set_up (Fixture *f, gconstpointer data)
{
  f->context = g_main_context_new ();
  g_main_context_push_thread_default (f->context);
  f->stream = mux_stream_new (&funcs, f);
  f->input = mux_stream_get_input (f->stream);
  f->output = mux_stream_get_output (f->stream);
  g_signal_connect (f->stream, "hang-up", G_CALLBACK (hang_up), f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->stream);
  g_main_context_pop_thread_default (f->context);
  g_main_context_unref (f->context);
}

static void
push (Fixture *f, const char *text)
{
  mux_input_push (f->input, NULL, (const guint8 *)text, strlen (text));
}

static gssize
try_read (Fixture *f, void *buffer, gsize size, GError **error)
{
  return g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (f->input), buffer, size,
                                                   NULL, error);
}

static gssize
try_write (Fixture *f, const void *buffer, gsize size, GError **error)
{
  return g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (f->output), buffer,
                                                     size, NULL, error);
}

static void
assert_read (Fixture *f, const char *expected)
{
  char buffer[100];
  g_autoptr (GError) error = NULL;
  gssize n = try_read (f, buffer, sizeof buffer, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n, expected, strlen (expected));
}

static void
assert_read_fails (Fixture *f, gint code)
{
  char buffer[100];
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (try_read (f, buffer, sizeof buffer, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, code);
}

static gboolean
ready (GObject *stream, gpointer user_data)
{
  Fixture *f = user_data;

  f->n_ready++;
  return G_SOURCE_CONTINUE;
}

static void
turn (Fixture *f, guint n)
{
  for (guint i = 0; i < n; i++)
    g_main_context_iteration (f->context, FALSE);
}

static void
test_read (Fixture *f, gconstpointer data)
{
  char byte;

  g_assert_true (g_pollable_input_stream_can_poll (G_POLLABLE_INPUT_STREAM (f->input)));
  g_assert_false (g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (f->input)));
  assert_read_fails (f, G_IO_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (f->n_was_read, ==, 0);

  push (f, "one");
  push (f, "two");
  g_assert_true (g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (f->input)));
  g_assert_cmpuint (mux_input_get_size (f->input), ==, 6);
  g_assert_cmpint (try_read (f, &byte, 1, NULL), ==, 1);
  g_assert_cmpint (byte, ==, 'o');
  /* Small pieces were joined. */
  assert_read (f, "netwo");
  g_assert_cmpuint (f->n_was_read, ==, 2);
  assert_read_fails (f, G_IO_ERROR_WOULD_BLOCK);

  /* A read ends where a head does. */
  mux_input_push_head (f->input, (const guint8 *)"head", 4);
  push (f, "body");
  assert_read (f, "head");
  assert_read (f, "body");
}

/* Any mixture of pieces comes out as it went in; a small one does not pin a large parent. */
static void
test_pieces (Fixture *f, gconstpointer data)
{
  gsize size = 4 * 1024 * 1024;
  g_autofree guint8 *pattern = g_malloc (size);
  g_autofree guint8 *got = g_malloc (size);
  gsize n_in = 0, n_out = 0;

  for (gsize i = 0; i < size; i++)
    pattern[i] = g_test_rand_int ();

  while (n_out < size)
    {
      gsize wanted = g_test_rand_int_range (1, g_test_rand_bit () ? 100 : 70000);
      gsize n = MIN (wanted, size - n_in);

      if (n_in < size && g_test_rand_bit ())
        {
          g_autoptr (GBytes) bytes = g_bytes_new (pattern + n_in, n);

          if (g_test_rand_bit ())
            mux_input_push (f->input, bytes, g_bytes_get_data (bytes, NULL), n);
          else
            mux_input_push (f->input, NULL, pattern + n_in, n);
          n_in += n;
        }
      else if (n_out < n_in)
        {
          gssize n_read = try_read (f, got + n_out, n + 1, NULL);

          g_assert_cmpint (n_read, >, 0);
          n_out += n_read;
        }
      g_assert_cmpuint (mux_input_get_size (f->input), ==, n_in - n_out);
    }

  g_assert_cmpmem (got, size, pattern, size);
}

static void
note_freed (gpointer data)
{
  *(gboolean *)data = TRUE;
}

static void
test_no_pinning (Fixture *f, gconstpointer data)
{
  static guint8 large[1024 * 1024];
  gboolean freed = FALSE;
  GBytes *bytes = g_bytes_new_with_free_func (large, sizeof large, note_freed, &freed);

  mux_input_push (f->input, bytes, large, sizeof large / MUX_QUEUE_SLICE_PART - 1);
  mux_input_push (f->input, bytes, large, 1);
  g_bytes_unref (bytes);
  g_assert_true (freed);

  freed = FALSE;
  bytes = g_bytes_new_with_free_func (large, sizeof large, note_freed, &freed);
  mux_input_push (f->input, bytes, large, sizeof large / MUX_QUEUE_SLICE_PART);
  g_bytes_unref (bytes);
  g_assert_false (freed);
  mux_input_break (f->input);
  g_assert_true (freed);
}

static void
test_input_source (Fixture *f, gconstpointer data)
{
  g_autoptr (GSource) source
      = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (f->input), NULL);

  g_source_set_callback (source, G_SOURCE_FUNC (ready), f, NULL);
  g_source_attach (source, f->context);

  /* Not ready: it sleeps. */
  g_assert_false (g_main_context_pending (f->context));
  turn (f, 3);
  g_assert_cmpuint (f->n_ready, ==, 0);

  push (f, "one");
  g_assert_true (g_main_context_pending (f->context));
  turn (f, 1);
  g_assert_cmpuint (f->n_ready, ==, 1);
  assert_read (f, "one");
  turn (f, 3);
  g_assert_cmpuint (f->n_ready, ==, 1);

  mux_input_break (f->input);
  turn (f, 1);
  g_assert_cmpuint (f->n_ready, ==, 2);
  g_source_destroy (source);
}

static void
test_cancel_source (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GSource) source
      = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (f->input), cancellable);

  g_source_set_callback (source, G_SOURCE_FUNC (ready), f, NULL);
  g_source_attach (source, f->context);
  turn (f, 3);
  g_assert_cmpuint (f->n_ready, ==, 0);
  g_cancellable_cancel (cancellable);
  turn (f, 1);
  g_assert_cmpuint (f->n_ready, ==, 1);
  g_source_destroy (source);
}

static void
test_output_source (Fixture *f, gconstpointer data)
{
  static const guint8 zeros[MUX_OUTPUT_MAX];
  g_autoptr (GSource) source
      = g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM (f->output), NULL);
  g_autoptr (GError) error = NULL;

  g_source_set_callback (source, G_SOURCE_FUNC (ready), f, NULL);
  g_source_attach (source, f->context);
  turn (f, 1);
  g_assert_cmpuint (f->n_ready, ==, 1);

  /* The limit, to the byte. */
  g_assert_cmpint (try_write (f, zeros, MUX_OUTPUT_MAX - 1, NULL), ==, MUX_OUTPUT_MAX - 1);
  g_assert_true (g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM (f->output)));
  g_assert_cmpint (try_write (f, zeros, 100, NULL), ==, 1);
  g_assert_cmpuint (mux_output_get_size (f->output), ==, MUX_OUTPUT_MAX);
  g_assert_cmpint (try_write (f, zeros, 1, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (f->n_wrote, ==, 2);
  turn (f, 3);
  g_assert_cmpuint (f->n_ready, ==, 1);

  /* Writable again when half of it is gone. */
  while (mux_output_get_size (f->output) > MUX_OUTPUT_MAX / 2)
    {
      g_assert_false (g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM (f->output)));
      g_bytes_unref (mux_output_steal_frame (f->output, 1));
    }
  turn (f, 1);
  g_assert_cmpuint (f->n_ready, ==, 2);
  g_source_destroy (source);
}

/* What is written comes out in frames, however it is written and taken. */
static void
test_frames (Fixture *f, gconstpointer data)
{
  gsize size = 4 * 1024 * 1024;
  g_autofree guint8 *pattern = g_malloc (size);
  g_autofree guint8 *got = g_malloc (size);
  gsize n_in = 0, n_out = 0;

  for (gsize i = 0; i < size; i++)
    pattern[i] = g_test_rand_int ();

  while (n_out < size)
    {
      gsize wanted = g_test_rand_int_range (1, g_test_rand_bit () ? 100 : 300000);
      gsize n = MIN (wanted, size - n_in);
      gsize frame_size = mux_output_peek_frame (f->output);

      g_assert_cmpuint (frame_size, <=, MUX_MAX_DATA);
      if (n_in < size && g_test_rand_bit ()
          && g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM (f->output)))
        {
          gssize n_written = try_write (f, pattern + n_in, n, NULL);

          g_assert_cmpint (n_written, >, 0);
          n_in += n_written;
        }
      else if (frame_size > 0)
        {
          MuxFrameReader reader = { 0 };
          g_autofree guint8 *copy = NULL;
          g_autoptr (GBytes) bytes = NULL;
          const guint8 *frame;
          gsize used;

          if (g_test_rand_bit ())
            {
              frame = copy = g_malloc (MUX_HEADER_SIZE + frame_size);
              mux_output_copy_frame (f->output, -3, copy);
            }
          else
            {
              bytes = mux_output_steal_frame (f->output, -3);
              g_assert_cmpuint (g_bytes_get_size (bytes), ==, MUX_HEADER_SIZE + frame_size);
              frame = g_bytes_get_data (bytes, NULL);
            }
          g_assert_true (mux_frame_reader_read_header (&reader, frame, MUX_HEADER_SIZE, &used));
          g_assert_cmpint (reader.client, ==, -3);
          g_assert_cmpuint (reader.left, ==, frame_size);
          memcpy (got + n_out, frame + MUX_HEADER_SIZE, frame_size);
          n_out += frame_size;
          g_assert_cmpuint (mux_output_get_n_taken (f->output), ==, n_out);
        }
      g_assert_cmpuint (mux_output_get_size (f->output), ==, n_in - n_out);
      g_assert_cmpuint (mux_output_get_size (f->output), <=, MUX_OUTPUT_MAX);
    }

  g_assert_cmpmem (got, size, pattern, size);
}

static void
test_full_frames (Fixture *f, gconstpointer data)
{
  static const guint8 zeros[MUX_OUTPUT_MAX];

  /* A head and then a large body: full frames all the same. */
  g_assert_cmpint (try_write (f, zeros, 300, NULL), ==, 300);
  g_assert_cmpint (try_write (f, zeros, sizeof zeros, NULL), ==, MUX_OUTPUT_MAX - 300);
  for (guint i = 0; i < MUX_OUTPUT_MAX / MUX_MAX_DATA; i++)
    {
      g_assert_cmpuint (mux_output_peek_frame (f->output), ==, MUX_MAX_DATA);
      g_bytes_unref (mux_output_steal_frame (f->output, 1));
    }
  mux_output_discard (f->output);
  g_assert_cmpuint (mux_output_get_size (f->output), ==, 0);
  g_assert_cmpuint (mux_output_peek_frame (f->output), ==, 0);
  g_assert_cmpuint (mux_output_get_n_written (f->output), ==, mux_output_get_n_taken (f->output));
}

static void
test_final (Fixture *f, gconstpointer data)
{
  g_assert_false (mux_output_has_final (f->output));
  try_write (f, "HTTP/1.1 100 Continue\r\n\r\n", 25, NULL);
  g_assert_false (mux_output_has_final (f->output));
  mux_output_begin_response (f->output);
  g_assert_false (mux_output_has_final (f->output));
  for (const char *p = "HTTP/1.0 4"; *p != '\0'; p++)
    try_write (f, p, 1, NULL);
  g_assert_true (mux_output_has_final (f->output));
}

static void
test_hang_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  /* In the middle of a request: no end of file, no more data, an error. */
  push (f, "GET");
  assert_read (f, "GET");
  push (f, " /");
  try_write (f, "HTTP", 4, NULL);
  mux_stream_hang_up (f->stream);
  mux_stream_hang_up (f->stream);
  g_assert_cmpuint (f->n_hang_ups, ==, 1);
  g_assert_null (mux_stream_get_owner (f->stream));
  assert_read_fails (f, G_IO_ERROR_BROKEN_PIPE);
  g_assert_cmpint (try_write (f, "x", 1, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  g_assert_true (g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM (f->output)));
  push (f, "more");
  assert_read_fails (f, G_IO_ERROR_BROKEN_PIPE);

  /* What was written before can be taken. */
  g_assert_cmpuint (mux_output_peek_frame (f->output), ==, 4);

  g_assert_true (g_io_stream_close (G_IO_STREAM (f->stream), NULL, NULL));
  g_assert_cmpuint (f->n_closed, ==, 0);
}

static void
test_hang_up_idle (Fixture *f, gconstpointer data)
{
  /* Between two requests: an empty line first, for libsoup to wake up by (P17, zombies). */
  push (f, "GET");
  assert_read (f, "GET");
  mux_input_end_request (f->input);
  mux_stream_hang_up (f->stream);
  assert_read (f, "\r\n");
  assert_read_fails (f, G_IO_ERROR_BROKEN_PIPE);
}

/* The reader was busy with a response, and finishes it all the same. */
static void
test_hang_up_busy (Fixture *f, gconstpointer data)
{
  push (f, "GET");
  assert_read (f, "GET");
  mux_stream_hang_up (f->stream);
  mux_input_end_request (f->input);
  mux_input_end_request (f->input);
  assert_read (f, "\r\n");
  assert_read_fails (f, G_IO_ERROR_BROKEN_PIPE);
}

static void
note_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **note = user_data;

  *note = g_object_ref (result);
}

static void
test_close (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  try_write (f, "bye", 3, NULL);
  g_io_stream_close_async (G_IO_STREAM (f->stream), 0, NULL, note_result, &result);
  while (result == NULL)
    g_main_context_iteration (f->context, TRUE);
  g_assert_true (g_io_stream_close_finish (G_IO_STREAM (f->stream), result, &error));
  g_assert_cmpuint (f->n_closed, ==, 1);
  g_assert_cmpuint (mux_output_peek_frame (f->output), ==, 3);
  mux_stream_hang_up (f->stream);
  g_assert_cmpuint (f->n_hang_ups, ==, 0);
}

/* As many as that are kept, while somebody holds them; from any thread. */
static gpointer
free_blocks (gpointer data)
{
  guint8 **blocks = data;

  for (guint i = 0; i < 2 * MUX_BLOCK_KEEP; i++)
    mux_block_free (blocks[i]);
  return NULL;
}

static void
test_blocks (void)
{
  guint8 *blocks[2 * MUX_BLOCK_KEEP];

  for (guint round = 0; round < 3; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
        {
          blocks[i] = mux_block_new ();
          memset (blocks[i], i, MUX_BLOCK_SIZE);
        }
      if (round == 1)
        mux_block_hold ();
      g_thread_join (g_thread_new ("free", free_blocks, blocks));
      g_assert_cmpuint (mux_block_get_n_kept (), ==, round == 0 ? 0 : MUX_BLOCK_KEEP);
    }
  mux_block_release ();
  g_assert_cmpuint (mux_block_get_n_kept (), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function)                                                                        \
  g_test_add ("/mux-stream/" name, Fixture, NULL, set_up, function, tear_down)

  ADD ("read", test_read);
  ADD ("pieces", test_pieces);
  ADD ("no-pinning", test_no_pinning);
  ADD ("input-source", test_input_source);
  ADD ("cancel-source", test_cancel_source);
  ADD ("output-source", test_output_source);
  ADD ("frames", test_frames);
  ADD ("full-frames", test_full_frames);
  ADD ("final", test_final);
  ADD ("hang-up", test_hang_up);
  ADD ("hang-up-idle", test_hang_up_idle);
  ADD ("hang-up-busy", test_hang_up_busy);
  ADD ("close", test_close);

  g_test_add_func ("/mux-stream/blocks", test_blocks);

  return g_test_run ();
}
