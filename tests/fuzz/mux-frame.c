/* Fuzz target: the reader of the mux's frames. What it reads, written again, is what it was given.
 *
 * The first byte says how the rest is cut.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "mux/mux-frame.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) copy = g_byte_array_new ();
  MuxFrameReader reader = { 0 };
  gsize piece, n_whole = 0;

  if (size < 1)
    return 0;
  piece = data[0] + 1;
  data++;
  size--;

  for (gsize i = 0; i < size;)
    {
      gsize n = MIN (piece, size - i);
      gsize used;

      if (reader.left > 0)
        {
          used = MIN (n, reader.left);
          g_byte_array_append (copy, data + i, used);
          mux_frame_reader_advance (&reader, used);
        }
      else if (mux_frame_reader_read_header (&reader, data + i, n, &used))
        {
          guint8 header[MUX_HEADER_SIZE];

          g_assert (reader.left <= MUX_MAX_DATA);
          mux_frame_write_header (header, reader.client, reader.left);
          g_byte_array_append (copy, header, sizeof header);
        }
      else
        {
          g_assert (used == n);
        }
      g_assert (used > 0 && used <= n);
      i += used;
      n_whole = copy->len;
    }

  /* All but a header that was cut off. */
  g_assert (n_whole <= size && size - n_whole < MUX_HEADER_SIZE);
  g_assert (n_whole == 0 || memcmp (copy->data, data, n_whole) == 0);
  return 0;
}
