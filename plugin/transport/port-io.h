/* The payload of a port channel: messages in, messages out, between spice-gtk and a worker.
 *
 * In: the handlers of DATA and COMPRESSED_DATA, which run in the channel's coroutine, and hold the
 * guest back while the worker's inbox is full (DESIGN P2, P6). Out: whatever the worker has, as
 * DATA or COMPRESSED_DATA (DESIGN P3, P5).
 *
 * Main thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <spice-client.h>

#include "worker/worker.h"

G_BEGIN_DECLS

typedef struct _PortIO PortIO;

/**
 * PortIOStats:
 *
 * Totals since the PortIO was made, in bytes.
 */
typedef struct
{
  guint64 wire_in;
  guint64 wire_out;
  guint64 bytes_out; /* payload before compression */
} PortIOStats;

/**
 * port_io_new:
 * @channel: (transfer none): the channel, which owns what is returned
 *
 * Returns: (transfer full): without a worker; port_io_free()
 */
PortIO *port_io_new (SpicePortChannel *channel);

/**
 * port_io_free:
 *
 * When the channel is finalized, which has taken our signal handler with it.
 */
void port_io_free (PortIO *self);

/**
 * port_io_set_worker:
 * @worker: (nullable) (transfer none): where messages go to and come from; must be unset before it
 *   is stopped
 */
void port_io_set_worker (PortIO *self, Worker *worker);

/**
 * port_io_set_view_only:
 * @view_only: whether spice-gtk drops everything the session sends, and never completes it (P13):
 *   then nothing is sent, and what the guest sends is thrown away. Streams end when it changes, of
 *   which the guest is not told
 *
 * Returns: whether it has changed
 */
gboolean port_io_set_view_only (PortIO *self, gboolean view_only);

/**
 * port_io_set_capture:
 * @capture: (nullable) (transfer none): what records the messages from now on
 */
void port_io_set_capture (PortIO *self, Capture *capture);

/**
 * port_io_handle_message:
 * @message: of type DATA or COMPRESSED_DATA
 * @compressed: which of them
 * @stock: spice-gtk's handler of DATA, which emits `port-data`
 *
 * In the coroutine. Returns when the worker has room, or the connection ends, or after 250 ms (in a
 * migration 10 ms; with much waiting 2 s, and with all that may wait not before).
 */
void port_io_handle_message (PortIO *self,
                             SpiceMsgIn *message,
                             gboolean compressed,
                             spice_msg_handler stock);

/**
 * port_io_send:
 *
 * Sends what the worker has, if it may: see port_io_set_migrating().
 */
void port_io_send (PortIO *self);

/**
 * port_io_set_migrating:
 * @migrating: whether the virtual machine is being copied to another host, and runs on here
 *
 * Until then little is sent (send-pace.h), and the guest is held back less. It ends by itself when
 * the channel has moved.
 */
void port_io_set_migrating (PortIO *self, gboolean migrating);

/**
 * port_io_handle_migrate:
 * @message: of type MIGRATE
 * @stock: spice-gtk's handler of it, in which the channel moves to the other server
 *
 * In the coroutine. Nothing is queued meanwhile: it would have the form that the old server wants.
 */
void port_io_handle_migrate (PortIO *self, SpiceMsgIn *message, spice_msg_handler stock);

/**
 * port_io_is_writing:
 *
 * Returns: whether the coroutine is in the middle of writing a message of ours, as far as is known
 */
gboolean port_io_is_writing (PortIO *self);

/**
 * port_io_set_compression:
 * @mode: what is wanted; what the server and spice-gtk can do is asked for every message
 */
void port_io_set_compression (PortIO *self, CompressMode mode);

/**
 * port_io_connected:
 * port_io_disconnected:
 *
 * The connection is there, or gone: a handler that holds the guest back gives up. Any context.
 */
void port_io_connected (PortIO *self);
void port_io_disconnected (PortIO *self);

void port_io_get_stats (PortIO *self, PortIOStats *stats);

G_END_DECLS
