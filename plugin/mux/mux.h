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
/* Ids that have ended and are remembered without any buffer: to be told so, or because what still
 * comes on them must be dropped. Then the one longest unheard of is forgotten. */
#define MUX_MAX_OVER 4096
/* How long a client may hold back the port without its server reading anything, in ms. */
#define MUX_STALL_TIME (30 * 1000)
/* A client that has left a request unfinished for so long may be evicted too, if no idle one is
 * there, in ms: a connection of the guest that ends by RST ends without a word (P11). */
#define MUX_SILENCE_TIME (5 * 60 * 1000)

typedef struct _Mux Mux;

/**
 * MuxOps:
 * @accepted: a new client, whose first whole request head follows when this returns: serve @stream
 *   (transfer none; take a reference). Pollable both ways, made in memory, HTTP/1.x as checked by
 *   the gate. Closing it ends the client as P11 says. Its signal `hang-up` tells when the client is
 *   gone or was ended: libsoup notices by itself, except while a message is paused.
 * @output_ready: mux_pull() has something again (called once after it returned %NULL)
 * @input_ready: mux_feed() can go on (called once after it took less than it was given)
 * @tap: (nullable): sees the data of every frame of client @id as it passes, for a recording.
 *   Without @data, @to_guest: the host sends nothing more; not @to_guest: the client is gone, and
 *   what comes later on its id is another one's
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
 * Returns: how many bytes were taken. Fewer than offered means that the client whose frame comes
 *   next cannot hold more: keep the rest and come back at `input_ready`.
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
 *   nothing waits
 */
GBytes *mux_pull (Mux *self, gsize max);

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
 * The port closed or opened, the channel went away or came: every client is dropped, a half-read
 * frame forgotten, nothing is left to pull. What comes next may begin in the middle of a frame, the
 * rest of which is dropped too (frame-hunt.h); after mux_new() it begins with one.
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
 * @milliseconds: instead of %MUX_STALL_TIME, from the next time on that the port is held back
 */
void mux_set_stall_time (Mux *self, guint milliseconds);

/**
 * mux_set_silence_time:
 * @milliseconds: instead of %MUX_SILENCE_TIME
 */
void mux_set_silence_time (Mux *self, guint milliseconds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Mux, mux_free)

G_END_DECLS
