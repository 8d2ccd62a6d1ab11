/* Bytes that wait, first in, first out; large pieces are kept as slices of what they came in.
 *
 * Pure; the limit is the user's to keep.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Pieces smaller than this are copied together. */
#define MUX_QUEUE_SLICE_MIN 4096
/* A slice keeps all of the memory it was cut from. Only a piece that is at least one in so many
 * parts of it is kept as a slice, so that a queue holds at most so many times what it counts. */
#define MUX_QUEUE_SLICE_PART 2

/**
 * MuxQueue:
 * @size: bytes in it
 *
 * All zero is an empty queue (as is one that was cleared).
 */
typedef struct
{
  gsize size;

  /*< private >*/
  GQueue pieces;
} MuxQueue;

void mux_queue_clear (MuxQueue *self);

/**
 * mux_queue_push:
 * @bytes: (transfer none) (nullable): holds @data, so that a large piece need not be copied
 */
void mux_queue_push (MuxQueue *self, GBytes *bytes, const guint8 *data, gsize size);

/**
 * mux_queue_seal:
 *
 * What is pushed from now on does not join the last piece.
 */
void mux_queue_seal (MuxQueue *self);

/**
 * mux_queue_peek:
 * @size: (out): bytes in the first piece
 * @bytes: (out) (optional) (transfer none) (nullable): holds them, unless they were copied
 *
 * Returns: (transfer none) (nullable): the first piece, until it is skipped; %NULL if empty
 */
const guint8 *mux_queue_peek (MuxQueue *self, gsize *size, GBytes **bytes);

/**
 * mux_queue_skip:
 * @size: at most what mux_queue_peek() said
 */
void mux_queue_skip (MuxQueue *self, gsize size);

G_END_DECLS
