/* SpiceShareChannel: the webdav channel of a viewer, with ours in the place of the stock one.
 *
 * It is spice-gtk's channel for connection, security, flow control and migration. Ours are the
 * payload (DATA and COMPRESSED_DATA of spice/protocol.h's VMC messages) and the worker thread that
 * serves it. It knows nothing of the mux, of HTTP or of files.
 *
 * Signals (all in the main context, all without return value):
 *   ready ()                                     the channel is up; the guest's side may be closed
 *   sharing-started (string path, boolean ro)    the folder is open and being served
 *   sharing-stopped ()                           nothing is served any more (requests get 503)
 *   share-error (GError)                         a sentence of SPICE_SHARE_ERROR for the user
 *
 * Action signals, so that a viewer needs no header:
 *   share-directory (string path, boolean ro)    share this folder now; the signals above answer
 *   stop-sharing ()
 *
 * Properties (readable, with notify; counters notify twice a second at most):
 *   ready b, sharing b, shared-dir s, read-only b
 *   connected-at x                               unix time in us; 0: not connected
 *   last-error GError, last-error-at x           unix time in us; 0: never
 *   bytes-in t, bytes-out t                      payload
 *   wire-bytes-in t, wire-bytes-out t            the same as it was on the wire
 *   clients u, requests t
 *   refused t                                    those of them that were refused for a reason a
 *                                                person can do something about
 *   last-refusal (xss)                           the last of these: unix time in us, 0: never; why;
 *                                                method and path. NULL: not connected yet. Why is
 *                                                "not-shared", "read-only", "foreign" (Host, Origin
 *                                                of another), "outside" (path or link leads there),
 *                                                "permission" (on the host) or "no-space"
 *   transfers a(tssttx)                          requests under way that carry a file: id, path,
 *                                                "upload" or "download", bytes done, bytes in all
 *                                                (G_MAXUINT64: unknown), start (unix time in us)
 *   compression (writable)                       a SpiceShareCompression
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <spice-client.h>

#include "capture/capture.h"

G_BEGIN_DECLS

#define SPICE_TYPE_SHARE_CHANNEL (spice_share_channel_get_type ())
#define SPICE_SHARE_CHANNEL(obj)                                                                   \
  (G_TYPE_CHECK_INSTANCE_CAST ((obj), SPICE_TYPE_SHARE_CHANNEL, SpiceShareChannel))
#define SPICE_IS_SHARE_CHANNEL(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), SPICE_TYPE_SHARE_CHANNEL))

typedef struct _SpiceShareChannel SpiceShareChannel;

/**
 * SpiceShareCompression:
 * @SPICE_SHARE_COMPRESSION_AUTO: LZ4 where it is faster than the wire
 * @SPICE_SHARE_COMPRESSION_ALWAYS: LZ4 wherever it makes a message smaller
 * @SPICE_SHARE_COMPRESSION_NEVER: no LZ4, and the capability is not announced from the next
 *   connection on
 */
typedef enum
{
  SPICE_SHARE_COMPRESSION_AUTO,
  SPICE_SHARE_COMPRESSION_ALWAYS,
  SPICE_SHARE_COMPRESSION_NEVER,
} SpiceShareCompression;

GType spice_share_channel_get_type (void);
GType spice_share_compression_get_type (void);

/**
 * SpiceShareChannelCreated:
 * @channel: (transfer none): a channel that was just constructed, not yet connected
 * @user_data: data of spice_share_channel_install()
 *
 * Main context.
 */
typedef void (*SpiceShareChannelCreated) (SpiceShareChannel *channel, gpointer user_data);

/**
 * spice_share_channel_install:
 * @created: (nullable): called for every channel built from now on (not for those that only
 *   serve a migration)
 * @user_data: for @created
 * @error: why the viewer keeps its own channel (%SPICE_SHARE_ERROR_INCOMPATIBLE)
 *
 * Makes `g_object_new (SPICE_TYPE_WEBDAV_CHANNEL)` build a #SpiceShareChannel from now on
 * (DESIGN P1). Main thread, before the first session. Idempotent.
 *
 * Returns: %FALSE where a fact it relies on does not hold; nothing has been changed then
 */
gboolean
spice_share_channel_install (SpiceShareChannelCreated created, gpointer user_data, GError **error);

/**
 * spice_share_channel_share:
 * @self: a channel
 * @path: (type filename): absolute path of a folder
 * @flags: #ShareFlags of share/share.h
 *
 * Opens @path (off this thread) and serves it in the place of what was shared. Answers with
 * `sharing-started`, or `share-error` and, if something was shared, `sharing-stopped`. May be
 * called before the channel is connected: it is done when the channel is `ready`.
 */
void spice_share_channel_share (SpiceShareChannel *self, const char *path, guint flags);

/**
 * spice_share_channel_stop:
 * @self: a channel
 *
 * Ends the share: requests under way fail, later ones get 503. The channel stays connected.
 */
void spice_share_channel_stop (SpiceShareChannel *self);

/**
 * spice_share_channel_report_error:
 * @self: a channel
 * @error: (transfer none): a sentence for the user
 *
 * Records and signals an error that the caller found (a bad setting, say); nothing else changes.
 */
void spice_share_channel_report_error (SpiceShareChannel *self, const GError *error);

/**
 * spice_share_channel_set_capture:
 * @self: a channel, not yet connected
 * @capture: (transfer none): what records its port and the clients on it
 */
void spice_share_channel_set_capture (SpiceShareChannel *self, Capture *capture);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpiceShareChannel, g_object_unref)

G_END_DECLS
