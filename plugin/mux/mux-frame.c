/* Frames of the mux: {i64le client; u16le size; data} (DESIGN P11).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux-frame.h"

#include <string.h>

gboolean
mux_frame_reader_read_header (MuxFrameReader *self, const guint8 *data, gsize size, gsize *used)
{
  gsize n;
  guint64 client;
  guint16 left;

  g_assert (self->left == 0);

  n = MIN (size, MUX_HEADER_SIZE - self->n_header);
  if (n > 0)
    memcpy (self->header + self->n_header, data, n);
  self->n_header += n;
  *used = n;

  if (self->n_header < MUX_HEADER_SIZE)
    return FALSE;

  memcpy (&client, self->header, sizeof client);
  memcpy (&left, self->header + sizeof client, sizeof left);
  self->client = (gint64)GUINT64_FROM_LE (client);
  self->left = GUINT16_FROM_LE (left);
  self->n_header = 0;
  return TRUE;
}

void
mux_frame_reader_advance (MuxFrameReader *self, gsize size)
{
  g_assert (size <= self->left);
  self->left -= size;
}

void
mux_frame_write_header (guint8 *header, gint64 client, guint16 size)
{
  guint64 client_le = GUINT64_TO_LE ((guint64)client);
  guint16 size_le = GUINT16_TO_LE (size);

  memcpy (header, &client_le, sizeof client_le);
  memcpy (header + sizeof client_le, &size_le, sizeof size_le);
}
