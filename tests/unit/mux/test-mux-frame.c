/* Frames of the mux, cut in every way (DESIGN P11).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib.h>
#include <string.h>

#include "mux/mux-frame.h"

typedef struct
{
  gint64 client;
  guint size;
} Sample;

static const Sample samples[] = {
  { 1, 1 },          { 2, 300 },
  { 1, 0 },          { -1, 2 },
  { G_MININT64, 1 }, { G_MAXINT64, 65535 },
  { 0, 3 },          { 0, 0 },
  { -1, 0 },         { 0x0102030405060708, 0x0102 },
  { 2, 65534 },      { 2, 0 },
};

/* All samples as a stream; data is the sample's number. */
static GByteArray *
make_stream (void)
{
  GByteArray *stream = g_byte_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      guint begin = stream->len;

      g_byte_array_set_size (stream, begin + MUX_HEADER_SIZE + samples[i].size);
      mux_frame_write_header (stream->data + begin, samples[i].client, samples[i].size);
      memset (stream->data + begin + MUX_HEADER_SIZE, i + 1, samples[i].size);
    }

  return stream;
}

typedef struct
{
  MuxFrameReader reader;
  guint n_frames;
  guint n_data; /* in the current frame */
} Check;

static void
check_read (Check *check, const guint8 *data, gsize size)
{
  while (size > 0)
    {
      gsize used;

      if (check->reader.left == 0)
        {
          const Sample *sample = &samples[check->n_frames];

          if (!mux_frame_reader_read_header (&check->reader, data, size, &used))
            {
              g_assert_cmpuint (used, ==, size);
              return;
            }
          g_assert_cmpuint (check->n_frames, <, G_N_ELEMENTS (samples));
          g_assert_cmpint (check->reader.client, ==, sample->client);
          g_assert_cmpuint (check->reader.left, ==, sample->size);
          check->n_frames++;
        }
      else
        {
          used = MIN (size, check->reader.left);
          for (gsize i = 0; i < used; i++)
            g_assert_cmpuint (data[i], ==, check->n_frames);
          mux_frame_reader_advance (&check->reader, used);
        }
      data += used;
      size -= used;
    }
}

static void
check_end (Check *check)
{
  g_assert_cmpuint (check->n_frames, ==, G_N_ELEMENTS (samples));
  g_assert_cmpuint (check->reader.left, ==, 0);
}

static void
test_header (void)
{
  static const guint8 expected[] = { 8, 7, 6, 5, 4, 3, 2, 1, 2, 1 };
  guint8 header[MUX_HEADER_SIZE];

  mux_frame_write_header (header, 0x0102030405060708, 0x0102);
  g_assert_cmpmem (header, sizeof header, expected, sizeof expected);
}

static void
test_pieces (void)
{
  g_autoptr (GByteArray) stream = make_stream ();

  for (guint piece = 1; piece <= 4096; piece = piece < 64 ? piece + 1 : piece * 2 - 1)
    {
      Check check = { 0 };

      for (guint i = 0; i < stream->len; i += piece)
        check_read (&check, stream->data + i, MIN (piece, stream->len - i));
      check_end (&check);
    }
}

static void
test_splits (void)
{
  g_autoptr (GByteArray) stream = make_stream ();

  /* Every place within the first frames, and some further on. */
  for (guint i = 0; i < stream->len; i += i < 1000 ? 1 : 251)
    {
      Check check = { 0 };

      check_read (&check, stream->data, i);
      check_read (&check, stream->data + i, stream->len - i);
      check_end (&check);
    }
}

static void
test_nothing (void)
{
  MuxFrameReader reader = { 0 };
  gsize used = 1;

  g_assert_false (mux_frame_reader_read_header (&reader, NULL, 0, &used));
  g_assert_cmpuint (used, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/mux-frame/header", test_header);
  g_test_add_func ("/mux-frame/pieces", test_pieces);
  g_test_add_func ("/mux-frame/splits", test_splits);
  g_test_add_func ("/mux-frame/nothing", test_nothing);

  return g_test_run ();
}
