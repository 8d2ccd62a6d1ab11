/* A client as a GIOStream in memory: no file descriptor, no copy by the kernel, one thread.
 *
 * Made by the mux, served by libsoup (soup_server_accept_iostream()). Neither side ever blocks.
 *
 * Signal `hang-up`: the client is gone, or was ended by the mux. Nothing more can be read, writing
 * fails. libsoup meets the error by itself, except while a message is paused: then whoever paused
 * it may want to know. Emitted at most once, never from inside a call to the stream.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

#include "mux/mux-input.h"
#include "mux/mux-output.h"

G_BEGIN_DECLS

#define MUX_TYPE_STREAM (mux_stream_get_type ())
G_DECLARE_FINAL_TYPE (MuxStream, mux_stream, MUX, STREAM, GIOStream)

/**
 * MuxStreamFuncs:
 * @was_read: the server has read something
 * @wrote: the server has written something
 * @closed: the server has closed the stream
 *
 * Called from inside a call of the server's: only take a note in them.
 */
typedef struct
{
  void (*was_read) (gpointer owner);
  void (*wrote) (gpointer owner);
  void (*closed) (gpointer owner);
} MuxStreamFuncs;

/**
 * mux_stream_new:
 * @funcs: (transfer none): in static memory
 * @owner: (transfer none): for @funcs, until mux_stream_hang_up()
 *
 * Returns: (transfer full): an open stream
 */
MuxStream *mux_stream_new (const MuxStreamFuncs *funcs, gpointer owner);

/**
 * mux_stream_get_input:
 *
 * Returns: (transfer none): what the guest sends
 */
MuxInput *mux_stream_get_input (MuxStream *self);

/**
 * mux_stream_get_output:
 *
 * Returns: (transfer none): what the guest is sent
 */
MuxOutput *mux_stream_get_output (MuxStream *self);

/**
 * mux_stream_get_owner:
 *
 * Returns: (transfer none) (nullable): the owner; %NULL after mux_stream_hang_up()
 */
gpointer mux_stream_get_owner (MuxStream *self);

/**
 * mux_stream_hang_up:
 *
 * Breaks both directions (what was written can still be taken), forgets the owner, and emits
 * `hang-up`.
 */
void mux_stream_hang_up (MuxStream *self);

G_END_DECLS
