/* How a client ends: what it still says once its output has drained, one canned response and one
 * frame of size 0, and whether what still comes on its id is dropped (DESIGN P11).
 *
 * Pure: frames out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MuxEnding:
 * @drop: what comes is dropped, until the guest closes the id
 *
 * All zero stands for a client that has not ended, and says nothing.
 */
typedef struct
{
  gboolean drop;

  /*< private >*/
  const char *canned; /* still to be sent */
  gboolean send_close;
} MuxEnding;

/**
 * mux_ending_begin:
 * @status: of a canned response, or 0
 * @drop: see #MuxEnding
 */
void mux_ending_begin (MuxEnding *self, guint status, gboolean drop);

/**
 * mux_ending_peek_frame:
 * @size: (out): bytes of data in the next frame; 0 closes the client
 *
 * Returns: whether there is a frame to send
 */
gboolean mux_ending_peek_frame (const MuxEnding *self, gsize *size);

/**
 * mux_ending_copy_frame:
 * @self: one with a frame
 * @client: goes into the frame's header
 * @frame: room for header and data of the next frame, which counts as sent
 */
void mux_ending_copy_frame (MuxEnding *self, gint64 client, guint8 *frame);

/**
 * mux_ending_has_answered:
 *
 * Returns: whether no canned response waits
 */
gboolean mux_ending_has_answered (const MuxEnding *self);

G_END_DECLS
