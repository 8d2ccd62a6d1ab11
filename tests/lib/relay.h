/* A TCP relay in front of a SPICE server: counts what really goes over the wire, and can be slow.
 *
 * Two threads a connection, one a direction; the functions here are for any thread. Also built as
 * a program (relay-main.c), for the benchmark.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "spice-wire.h"

G_BEGIN_DECLS

typedef struct _Relay Relay;

/**
 * relay_new:
 * @target_port: port of the server, on 127.0.0.1
 * @port: where to listen on 127.0.0.1, 0 for any free port
 * @rate: bytes a second in each direction of each connection, 0 for no limit. With a limit the
 *   relay holds 64 KiB a direction at most, so that both ends notice it.
 */
Relay *relay_new (guint16 target_port, guint16 port, guint64 rate);

/* Ends every connection. */
void relay_free (Relay *self);

guint16 relay_get_port (Relay *self);

/* For connections that exist, too. */
void relay_set_rate (Relay *self, guint64 rate);

/* Cuts every connection, as a network that fails does; new ones are served. */
void relay_cut (Relay *self);

/**
 * relay_get_bytes:
 *
 * Returns: all bytes of all connections so far
 */
guint64 relay_get_bytes (Relay *self, SpiceWireDirection direction);

/**
 * relay_get_messages:
 * @channel_type: of the connections to count, 11 for webdav
 * @message_type: of the messages, 102 for COMPRESSED_DATA
 *
 * Returns: how many have passed, over all connections so far. 0 with TLS.
 */
guint64 relay_get_messages (Relay *self,
                            int channel_type,
                            SpiceWireDirection direction,
                            guint message_type);

/* The same for the bytes of their bodies. */
guint64 relay_get_message_bytes (Relay *self,
                                 int channel_type,
                                 SpiceWireDirection direction,
                                 guint message_type);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Relay, relay_free)

G_END_DECLS
