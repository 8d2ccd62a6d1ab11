/* The mux: one byte stream of the port <-> many HTTP connections of the guest (DESIGN P11).
 *
 * Knows nothing of SPICE, of WebDAV or of threads: everything here happens in one thread (the
 * worker's), in its thread-default main context. Bytes come in by mux_feed(), a server is handed a
 * #GIOStream for each client, and whole frames are fetched by mux_pull().
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Clients at once; then the longest idle one is evicted. */
#define MUX_MAX_CLIENTS 64
/* Clients that have ended but are still remembered, without buffers: they have yet to be told, or
 * what still comes on their ids must be dropped. Beyond it the least recently heard client is
 * forgotten. */
#define MUX_MAX_OVER 4096
/* How long a client may hold back the port while its server reads nothing, in ms. */
#define MUX_STALL_TIME (30 * 1000)
/* A client whose request has been unfinished for so long, in ms, may be evicted as well, if no
 * client is idle. A connection that ends by RST in the guest ends without a word (P11). */
#define MUX_SILENCE_TIME (5 * 60 * 1000)

typedef struct _Mux Mux;

/**
 * MuxOps:
 * @accepted: there is a new client: serve @stream (transfer none; take a reference). Its first
 *   whole request head can be read when this returns. The stream is in memory, pollable both ways,
 *   and carries HTTP/1.x that the gate has checked. Closing it ends the client (P11). Its signal
 *   `hang-up` tells that the client is gone or was ended: libsoup notices by itself, except while a
 *   message is paused.
 * @output_ready: mux_pull() has something again (called once after it returned %NULL)
 * @input_ready: mux_feed() can go on (called once after it took less than it was given)
 * @tap: (nullable): sees the data of every frame of client @id as it passes, for a recording. If
 *   @data is %NULL: with @to_guest, the host sends nothing more; without, the client is gone, and
 *   what comes later on its id belongs to another one
 *
 * `accepted` is called from mux_feed() or, as the others always are, from the thread-default main
 * context; `tap` from wherever a client is fed, pulled from or forgotten. None of them may call
 * mux_free() or mux_reset(); `accepted` and `tap` no mux function at all.
 */
typedef struct
{
  void (*accepted) (GIOStream *stream, gint64 client, gpointer user_data);
  void (*output_ready) (gpointer user_data);
  void (*input_ready) (gpointer user_data);
  void (*tap) (gint64 id, gboolean to_guest, const guint8 *data, gsize size, gpointer user_data);
} MuxOps;

/**
 * mux_new:
 * @ops: (transfer none): copied
 * @user_data: (transfer none): for @ops; must outlive the mux
 *
 * In the thread, and its thread-default main context, that is the mux's from now on.
 *
 * Returns: (transfer full): a mux without clients
 */
Mux *mux_new (const MuxOps *ops, gpointer user_data);
void mux_free (Mux *self);

/**
 * mux_feed:
 * @self: a mux
 * @bytes: (transfer none): a piece of the port's stream, cut anywhere
 * @offset: where in @bytes to begin
 *
 * Returns: how many bytes were taken. If there are fewer than were offered, the next
 *   frame's client can hold no more: keep the rest and come back at `input_ready`.
 */
gsize mux_feed (Mux *self, GBytes *bytes, gsize offset);

/**
 * mux_pull:
 * @self: a mux
 * @max: how many bytes to return at most (at least one full frame, 65,545 bytes)
 *
 * The next frames for the guest, whole, one client after the other (round robin): one large frame,
 * as it lies in memory, or several small ones.
 *
 * Returns: (transfer full) (nullable): whole frames, never more than one message may hold; %NULL if
 *   nothing waits, or only what waits for an answer that is being made (mux-turns.h)
 */
GBytes *mux_pull (Mux *self, gsize max);

/**
 * mux_is_contended:
 *
 * Returns: whether several clients have large answers to send, and so others to let go first
 */
gboolean mux_is_contended (Mux *self);

/**
 * mux_request_done:
 * @self: a mux
 * @stream: a stream given by `accepted`
 *
 * The server has written the last byte of its response to the request at hand (SoupServer's
 * `finished`); the mux itself never parses a response.
 */
void mux_request_done (Mux *self, GIOStream *stream);

/**
 * mux_reset:
 *
 * For when the port closes or opens, or the channel goes or comes. Drops every client, the frame
 * that is being read, and all that waits to be pulled. What comes next may begin in the middle of a
 * frame, the rest of which is dropped too (frame-hunt.h). After mux_new() it begins with a frame.
 */
void mux_reset (Mux *self);

/**
 * mux_get_n_clients:
 *
 * Returns: clients at present, %MUX_MAX_CLIENTS at most
 */
guint mux_get_n_clients (Mux *self);

/**
 * mux_set_stall_time:
 * @milliseconds: replaces %MUX_STALL_TIME, from the next time the port is held back
 */
void mux_set_stall_time (Mux *self, guint milliseconds);

/**
 * mux_set_silence_time:
 * @milliseconds: replaces %MUX_SILENCE_TIME
 */
void mux_set_silence_time (Mux *self, guint milliseconds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Mux, mux_free)

G_END_DECLS
