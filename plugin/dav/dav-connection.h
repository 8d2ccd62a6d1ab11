/* A client of the server: its stream, and the request it is in.
 *
 * libsoup has no public name for a connection, and never notices that one ended between two
 * requests (DESIGN P17, "Zombies"). So connections are known, and ended, here.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>

#include "dav/dav-request.h"
#include "dav/dav-stream.h"

G_BEGIN_DECLS

typedef struct _DavConnection DavConnection;

/**
 * DavConnectionOps:
 * @request_over: libsoup is done with @request, or the connection is being closed before that
 * @all_written: the last byte of the response was written, or never will be
 * @closed: the connection is gone; it frees itself
 *
 * Called from inside libsoup: do not close anything here.
 */
typedef struct
{
  void (*request_over) (DavConnection *connection, DavRequest *request, gpointer user_data);
  void (*all_written) (DavConnection *connection, gpointer user_data);
  void (*closed) (DavConnection *connection, gpointer user_data);
} DavConnectionOps;

/**
 * dav_connection_new:
 * @stream: (transfer none): kept until the connection is gone
 * @client: its id, for the log
 * @ops: (transfer none): in static memory
 * @user_data: (transfer none): for @ops
 *
 * Returns: (transfer full): a connection for dav_connection_accept(). It frees itself at `closed`;
 *   dav_connection_free() ends it before
 */
DavConnection *dav_connection_new (GIOStream *stream,
                                   gint64 client,
                                   const DavConnectionOps *ops,
                                   gpointer user_data);

/**
 * dav_connection_turn_away:
 * @stream: a stream there is no room for
 *
 * Sends a 503 before anything was asked, and closes it.
 */
void dav_connection_turn_away (GIOStream *stream);

/**
 * dav_connection_free:
 *
 * Ends it at once, without calling back. Not from inside libsoup.
 */
void dav_connection_free (DavConnection *self);

/**
 * dav_connection_accept:
 *
 * Hands the stream to @server.
 */
void dav_connection_accept (DavConnection *self, SoupServer *server);

/**
 * dav_connection_from_message:
 *
 * Returns: (transfer none) (nullable): the connection @msg came on; %NULL if it is closed
 */
DavConnection *dav_connection_from_message (SoupServerMessage *msg);

/**
 * dav_connection_begin_message:
 *
 * libsoup has made @msg for what comes next (`request-started`).
 */
void dav_connection_begin_message (DavConnection *self, SoupServerMessage *msg);

/**
 * dav_connection_begin_request:
 *
 * The head of @msg has been read.
 *
 * Returns: (transfer none): its request
 */
DavRequest *dav_connection_begin_request (DavConnection *self, SoupServerMessage *msg);

/**
 * dav_connection_end_request:
 *
 * libsoup has finished with the message, well or not.
 */
void dav_connection_end_request (DavConnection *self);

/**
 * dav_connection_close:
 *
 * Closes it once the callbacks under way have returned, in the middle of whatever it is in.
 */
void dav_connection_close (DavConnection *self);

/**
 * dav_connection_get_request:
 *
 * Returns: (transfer none) (nullable): the request under way
 */
DavRequest *dav_connection_get_request (DavConnection *self);

/**
 * dav_connection_get_stream:
 *
 * Returns: (transfer none): the stream it was made with
 */
GIOStream *dav_connection_get_stream (DavConnection *self);

gint64 dav_connection_get_client (DavConnection *self);
gint64 dav_connection_get_active (DavConnection *self);   /* monotonic, us: last byte moved */
guint64 dav_connection_get_written (DavConnection *self); /* bytes, in all */

G_END_DECLS
