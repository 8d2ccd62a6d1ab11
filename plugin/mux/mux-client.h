/* One client of the mux: an HTTP connection of the guest, its gate and its stream (DESIGN P11).
 *
 * A client is live until it ends (refused, evicted, closed by the server) and its output has
 * drained. Then a canned response and a frame of size 0 may follow. If it ended in the middle of a
 * request, all that still comes on its id is dropped.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

#include "mux/mux-frame.h"
#include "mux/mux-turns.h"

G_BEGIN_DECLS

/* Bytes of the next requests, held until the response to the one before them is done. */
#define MUX_HELD_MAX (64 * 1024)

typedef struct _MuxClient MuxClient;

/**
 * MuxClientFuncs:
 * @accepted: as in #MuxOps
 * @asked: a whole head was passed on, and nothing of an answer before it waits
 * @changed: mux_client_settle() is to be called, but not from inside this
 * @progress: the server has read something
 */
typedef struct
{
  void (*accepted) (GIOStream *stream, gint64 client, gpointer user_data);
  void (*asked) (gpointer user_data);
  void (*changed) (MuxClient *client, gpointer user_data);
  void (*progress) (MuxClient *client, gpointer user_data);
} MuxClientFuncs;

/* What the mux keeps with each client, which is the data of the links. */
typedef struct
{
  GList place; /* among the live ones or those that are over */
  GList dirty; /* in a queue if the flag says so */
  MuxTurn turn;
  gboolean is_dirty;
  gboolean is_over;
} MuxClientLinks;

/**
 * mux_client_new:
 * @funcs: (transfer none): in static memory
 * @user_data: (transfer none): for @funcs; must outlive the client
 *
 * Returns: (transfer full): a client that has sent nothing yet
 */
MuxClient *mux_client_new (gint64 id, const MuxClientFuncs *funcs, gpointer user_data);

/**
 * mux_client_free:
 *
 * Hangs up, and drops what waits.
 */
void mux_client_free (MuxClient *self);

/**
 * mux_client_get_id:
 *
 * Returns: (transfer none): its id, a key for a hash table
 */
const gint64 *mux_client_get_id (MuxClient *self);

/**
 * mux_client_get_links:
 *
 * Returns: (transfer none): a part of the client, for the table
 */
MuxClientLinks *mux_client_get_links (MuxClient *self);

/**
 * mux_client_feed:
 * @bytes: (transfer none): holds @data
 *
 * Returns: how many bytes were taken; fewer than offered if the client is full
 */
gsize mux_client_feed (MuxClient *self, GBytes *bytes, const guint8 *data, gsize size);

/**
 * mux_client_is_full:
 *
 * Returns: whether the port should be held back: until half of the limit is free
 */
gboolean mux_client_is_full (MuxClient *self);

/**
 * mux_client_is_reused:
 *
 * Returns: whether bytes that come now belong to a new client of the same id: the old one ended
 *   between two requests, or its response is already being sent
 */
gboolean mux_client_is_reused (MuxClient *self);

/**
 * mux_client_is_live:
 *
 * Returns: whether it holds buffers: counts towards %MUX_MAX_CLIENTS
 */
gboolean mux_client_is_live (MuxClient *self);

/**
 * mux_client_get_idle_since:
 *
 * Returns: when it became idle (g_get_monotonic_time()), 0 if it is in the middle of something
 */
gint64 mux_client_get_idle_since (MuxClient *self);

/**
 * mux_client_get_silent_since:
 *
 * Returns: when the last byte of an unfinished request came (g_get_monotonic_time()); 0 if there is
 *   no such request, or if the server has yet to read what did come
 */
gint64 mux_client_get_silent_since (MuxClient *self);

/**
 * mux_client_is_finished:
 *
 * Returns: whether it can be forgotten: it has ended, everything was sent, nothing is to be dropped
 */
gboolean mux_client_is_finished (MuxClient *self);

/**
 * mux_client_request_done:
 *
 * As mux_request_done(). Only takes a note, as everything does that the server calls.
 */
void mux_client_request_done (MuxClient *self);

/**
 * mux_client_settle:
 *
 * Acts on what was noted: responses done, the stream closed, held bytes that may go on.
 */
void mux_client_settle (MuxClient *self);

/**
 * mux_client_end:
 * @status: of a canned response, or 0
 * @drop: whether bytes that still come on this id are dropped, until the guest closes it
 */
void mux_client_end (MuxClient *self, guint status, gboolean drop);

/**
 * mux_client_stalled:
 *
 * Ends a client whose server has stopped reading.
 */
void mux_client_stalled (MuxClient *self);

/**
 * mux_client_peek_frame:
 * @size: (out): bytes of data in the next frame; 0 closes the client
 *
 * Returns: whether there is a frame to send
 */
gboolean mux_client_peek_frame (MuxClient *self, gsize *size);

/**
 * mux_client_steal_frame:
 * @self: a client whose output has a frame
 *
 * Returns: (transfer full): the next frame, as mux_output_steal_frame()
 */
GBytes *mux_client_steal_frame (MuxClient *self);

/**
 * mux_client_copy_frame:
 * @self: a client with a frame
 * @frame: room for it, as for mux_output_copy_frame()
 */
void mux_client_copy_frame (MuxClient *self, guint8 *frame);

/**
 * mux_client_from_stream:
 *
 * Returns: (transfer none) (nullable): the client of @stream; %NULL if it has none (any more)
 */
MuxClient *mux_client_from_stream (GIOStream *stream);

G_END_DECLS
