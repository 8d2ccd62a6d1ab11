/* What a client is sent, as a GOutputStream in memory (pollable; never blocks).
 *
 * One thread. libsoup writes, the mux takes frames. Written bytes lie in blocks of a frame each,
 * with room for the frame's header in front: a byte is copied once, and a large frame leaves as the
 * block it lies in.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Bytes that wait to be pulled; then writing would block, until half of them are gone. */
#define MUX_OUTPUT_MAX (256 * 1024)
/* Frames of this size and more leave without another copy. */
#define MUX_OUTPUT_STEAL_MIN (32 * 1024)

#define MUX_TYPE_OUTPUT (mux_output_get_type ())
G_DECLARE_FINAL_TYPE (MuxOutput, mux_output, MUX, OUTPUT, GOutputStream)

/**
 * mux_output_new:
 * @wrote: called after bytes were written
 *
 * Returns: (transfer full): a stream nothing was written to yet
 */
MuxOutput *mux_output_new (void (*wrote) (gpointer user_data), gpointer user_data);

/**
 * mux_output_get_size:
 *
 * Returns: bytes written and not yet taken
 */
gsize mux_output_get_size (MuxOutput *self);

/**
 * mux_output_get_n_written:
 *
 * Returns: bytes written since the stream was made
 */
guint64 mux_output_get_n_written (MuxOutput *self);

/**
 * mux_output_get_n_taken:
 *
 * Returns: how many of those were taken
 */
guint64 mux_output_get_n_taken (MuxOutput *self);

/**
 * mux_output_peek_frame:
 *
 * Returns: how many bytes of data the next frame holds, at most %MUX_MAX_DATA; 0 if none waits
 */
gsize mux_output_peek_frame (MuxOutput *self);

/**
 * mux_output_steal_frame:
 * @self: a stream with a frame
 * @client: goes into the frame's header
 *
 * Returns: (transfer full): the next frame, header and all
 */
GBytes *mux_output_steal_frame (MuxOutput *self, gint64 client);

/**
 * mux_output_copy_frame:
 * @self: a stream with a frame
 * @frame: room for header and data of the next frame
 */
void mux_output_copy_frame (MuxOutput *self, gint64 client, guint8 *frame);

/**
 * mux_output_begin_response:
 *
 * What is written from now on answers a new request.
 */
void mux_output_begin_response (MuxOutput *self);

/**
 * mux_output_has_final:
 *
 * Returns: whether anything but an interim response (1xx) was written since
 *   mux_output_begin_response(). Before a request is complete only a 100 can be
 */
gboolean mux_output_has_final (MuxOutput *self);

/**
 * mux_output_break:
 *
 * Writing fails from now on, with %G_IO_ERROR_BROKEN_PIPE. What waits can still be taken.
 */
void mux_output_break (MuxOutput *self);

/**
 * mux_output_discard:
 *
 * Drops what waits.
 */
void mux_output_discard (MuxOutput *self);

/**
 * mux_output_forget_owner:
 *
 * `wrote` is not called any more.
 */
void mux_output_forget_owner (MuxOutput *self);

G_END_DECLS
