/* A client's stream as SoupServer sees it: the mux's stream, watched.
 *
 * Three things libsoup 3.2 does not do for a server on a stream of somebody else's (DESIGN P17,
 * "Zombies"): notice that a client went away between two requests, tell how many bytes a response
 * had, and end a chunked response in the thread it runs in.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * DavStreamOps:
 * @lost: the peer ended the stream while no request was under way; libsoup is not told (it would
 *   keep the connection for ever, or run half a head), so steal the connection and close it
 * @flushed: dav_stream_is_flushed() has become true, after it was not
 * @closed: the stream was closed, by whomever; called once, and the last call
 *
 * Called in the thread of the stream, from inside libsoup: do not re-enter it.
 */
typedef struct
{
  void (*lost) (gpointer user_data);
  void (*flushed) (gpointer user_data);
  void (*closed) (gpointer user_data);
} DavStreamOps;

#define DAV_TYPE_STREAM (dav_stream_get_type ())
G_DECLARE_FINAL_TYPE (DavStream, dav_stream, DAV, STREAM, GIOStream)

/**
 * dav_stream_new:
 * @base: (transfer none): pollable both ways
 *
 * To be used in the calling thread and its thread-default main context only.
 *
 * Returns: (transfer full): a stream; @base is closed with it
 */
DavStream *dav_stream_new (GIOStream *base, const DavStreamOps *ops, gpointer user_data);

/**
 * dav_stream_set_in_request:
 * @in_request: a whole head has arrived, and its response is not finished yet
 *
 * From then on the end of the stream is reported to libsoup, which aborts the request.
 */
void dav_stream_set_in_request (DavStream *self, gboolean in_request);

/**
 * dav_stream_cut:
 *
 * Nothing more goes out. For a response that ends too early: libsoup, told to let go of it, would
 * write the last chunk, with which it would look whole.
 */
void dav_stream_cut (DavStream *self);

/**
 * dav_stream_is_flushed:
 *
 * Whether all that libsoup wrote has reached the base stream.
 */
gboolean dav_stream_is_flushed (DavStream *self);

/**
 * dav_stream_get_written:
 *
 * Returns: bytes the base stream has taken so far
 */
guint64 dav_stream_get_written (DavStream *self);

/**
 * dav_stream_get_active:
 *
 * Returns: g_get_monotonic_time() of the last byte that moved, either way
 */
gint64 dav_stream_get_active (DavStream *self);

G_END_DECLS
