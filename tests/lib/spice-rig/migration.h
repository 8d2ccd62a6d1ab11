/* Live migration between two spice-rigs, as QEMU and its management do it for two virtual machines.
 *
 * What a machine's state is for QEMU, the guest's socket is here: the source stops its machine,
 * hands the socket's descriptor (with all that lies unread in it) to the destination, and tells
 * spice-server that the migration is complete; the destination starts its machine when it has got
 * the socket.
 *
 * Documents: spice-migration.h of libspice-server 0.15; ui/spice-core.c of QEMU 7.2 for the order
 * of calls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "guest-port.h"

G_BEGIN_DECLS

typedef struct _Migration Migration;

/**
 * MigrationEvent:
 * @event: "migrate-connected" (the viewer has answered, or none is there), "migrate-ended" (it has
 *   left), "migrated-in" (the guest is here, and runs)
 */
typedef void (*MigrationEvent) (const char *event, gpointer user_data);

/**
 * migration_new:
 * @server: an initialised server
 * @port: the port whose guest side moves
 */
Migration *
migration_new (SpiceServer *server, GuestPort *port, MigrationEvent event, gpointer user_data);
void migration_free (Migration *self);

/**
 * migration_listen:
 * @path: (type filename): a UNIX socket, by which the guest will come
 *
 * This server is a destination; its machine must not have been started.
 */
gboolean migration_listen (Migration *self, const char *path, GError **error);

/**
 * migration_connect:
 * @port: of the destination's SPICE server on 127.0.0.1
 * @subject: (nullable): what its certificate is for, and @port is the one for TLS; %NULL for TCP
 * @seamless: as QEMU's `-spice seamless-migration=on`
 *
 * As `client_migrate_info`: the viewer connects to the destination, too.
 */
void migration_connect (Migration *self, guint16 port, const char *subject, gboolean seamless);

/**
 * migration_complete:
 * @path: (type filename): where the destination listens for the guest
 *
 * Stops the machine, moves the guest, and ends the migration that migration_connect() began.
 */
gboolean migration_complete (Migration *self, const char *path, GError **error);

/**
 * migration_switch:
 *
 * The same without migration_connect() before: the viewer is told to connect elsewhere.
 */
gboolean migration_switch (Migration *self, guint16 tcp_port, const char *path, GError **error);

G_END_DECLS
