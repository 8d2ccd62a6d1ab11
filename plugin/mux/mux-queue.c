/* Bytes that wait, first in, first out; large pieces are kept as slices of what they came in.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux-queue.h"

#include <string.h>

typedef struct
{
  const guint8 *data; /* what is left of it */
  gsize size;

  GBytes *bytes; /* holds data; or: */
  guint8 *own;   /* a copy, */
  gsize room;    /* with so much room behind */
} Piece;

static void
piece_free (gpointer data)
{
  Piece *piece = data;

  g_clear_pointer (&piece->bytes, g_bytes_unref);
  g_free (piece->own);
  g_free (piece);
}

void
mux_queue_clear (MuxQueue *self)
{
  g_queue_clear_full (&self->pieces, piece_free);
  self->size = 0;
}

void
mux_queue_push (MuxQueue *self, GBytes *bytes, const guint8 *data, gsize size)
{
  Piece *piece = g_queue_peek_tail (&self->pieces);

  if (size == 0)
    return;
  self->size += size;

  if (bytes != NULL && size >= MUX_QUEUE_SLICE_MIN
      && size >= g_bytes_get_size (bytes) / MUX_QUEUE_SLICE_PART)
    {
      piece = g_new0 (Piece, 1);
      piece->bytes = g_bytes_ref (bytes);
      piece->data = data;
      piece->size = size;
      g_queue_push_tail (&self->pieces, piece);
      return;
    }

  if (piece == NULL || piece->room < size)
    {
      piece = g_new0 (Piece, 1);
      piece->room = MAX (size, MUX_QUEUE_SLICE_MIN);
      piece->own = g_malloc (piece->room);
      piece->data = piece->own;
      g_queue_push_tail (&self->pieces, piece);
    }
  memcpy (piece->own + (piece->data - piece->own) + piece->size, data, size);
  piece->size += size;
  piece->room -= size;
}

void
mux_queue_seal (MuxQueue *self)
{
  Piece *piece = g_queue_peek_tail (&self->pieces);

  if (piece != NULL)
    piece->room = 0;
}

const guint8 *
mux_queue_peek (MuxQueue *self, gsize *size, GBytes **bytes)
{
  Piece *piece = g_queue_peek_head (&self->pieces);

  *size = piece != NULL ? piece->size : 0;
  if (bytes != NULL)
    *bytes = piece != NULL ? piece->bytes : NULL;

  return piece != NULL ? piece->data : NULL;
}

void
mux_queue_skip (MuxQueue *self, gsize size)
{
  Piece *piece = g_queue_peek_head (&self->pieces);

  if (size == 0)
    return;

  g_assert (piece != NULL && size <= piece->size);
  piece->data += size;
  piece->size -= size;
  self->size -= size;
  if (piece->size == 0)
    piece_free (g_queue_pop_head (&self->pieces));
}
