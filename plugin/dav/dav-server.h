/* The WebDAV server of a channel: SoupServer on streams of the mux, files by jobs on a Share.
 *
 * One thread (the worker's), in its thread-default main context. RFC 4918, RFC 9110.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

#include "dav/dav-refusal.h"
#include "share/share.h"

G_BEGIN_DECLS

typedef struct _DavServer DavServer;

/**
 * DavServerOps:
 * @request_done: the last byte of a response was written to @stream, or the request was aborted
 * @lookup_clipboard: (nullable): finds the copied item `id/name` of /.spice-clipboard/id/name
 *   (already decoded, two components, no dots, no slash inside one); answers by
 *   dav_server_clipboard_found() with the same @token, at once or later, exactly once
 */
typedef struct
{
  void (*request_done) (GIOStream *stream, gpointer user_data);
  void (*lookup_clipboard) (const char *id, const char *name, gpointer token, gpointer user_data);
} DavServerOps;

/**
 * dav_server_new:
 * @ops: (transfer none): copied
 * @user_data: (transfer none): for @ops; must outlive the server
 *
 * Nothing is shared yet: dav_server_set_share(). In the thread, and its thread-default main
 * context, that is the server's from now on.
 *
 * Returns: (transfer full): a server; dav_server_free() ends it
 */
DavServer *dav_server_new (const DavServerOps *ops, gpointer user_data);

/**
 * dav_server_free:
 *
 * Ends every connection and request; jobs under way finish by themselves. Never waits for a file
 * system call. Not from inside one of the server's callbacks.
 */
void dav_server_free (DavServer *self);

/**
 * dav_server_accept:
 * @stream: (transfer none): a client's stream, from the mux
 * @client: its id, for the log
 */
void dav_server_accept (DavServer *self, GIOStream *stream, gint64 client);

/**
 * dav_server_set_share:
 * @share: (nullable) (transfer none): what to serve from now on; %NULL: every request gets 503
 *
 * Requests under way on the old share fail cleanly, its locks are gone, its connections close.
 */
void dav_server_set_share (DavServer *self, Share *share);

/**
 * dav_server_clipboard_found:
 * @share: (nullable): the item as a root of its own, read-only; %NULL: there is none (404)
 */
void dav_server_clipboard_found (DavServer *self, gpointer token, Share *share);

/**
 * dav_server_get_n_requests:
 *
 * Returns: requests answered since the server was made
 */
guint64 dav_server_get_n_requests (DavServer *self);

/**
 * dav_server_get_refusals:
 *
 * Returns: (transfer none): the requests that were refused
 */
const DavRefusals *dav_server_get_refusals (DavServer *self);

/**
 * dav_server_get_transfers:
 *
 * Returns: (transfer full): a floating GVariant a(tssttx), as SpiceShareChannel:transfers
 */
GVariant *dav_server_get_transfers (DavServer *self);

/**
 * dav_server_sweep:
 * @now: monotonic, in microseconds
 *
 * Ends connections on which nothing has happened for too long (dav-limits.h). The server does so by
 * itself every %DAV_SWEEP_SECONDS; tests have no such patience.
 */
void dav_server_sweep (DavServer *self, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavServer, dav_server_free)

G_END_DECLS
