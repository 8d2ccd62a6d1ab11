/* A virtual machine that moves from one host to another.
 *
 * Each host is a spice-rig of its own; what moves between them is the guest's end of the port.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "share-test.h"

G_BEGIN_DECLS

/* How long anything may take, in seconds. */
#define MIGRATION_SECONDS 30

/* Where the machine will be: another host, where it does not run yet. */
typedef struct
{
  RigChild *server;
  char *incoming; /* where the guest comes in */
  char *port;
} Destination;

/* With TLS as the rig's own host (RIG_TLS). */
Destination destination_new (Rig *rig);
void destination_clear (Destination *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Destination, destination_clear)

/* As `client_migrate_info`: the viewer connects to the other host, too. */
void migration_announce (Rig *rig, Destination *dest, gboolean seamless);

/* Waits until a counter hardly moves any more. */
void migration_wait_still (guint64 (*count) (gpointer data), gpointer data);

/* The machine has run on while it was copied: its guest has taken what was on its way. */
void migration_wait_calm (Rig *rig);

/**
 * migration_move:
 * @command: of spice-rig: "migrate", or "migrate-switch PORT"
 *
 * The machine stops here and runs there; the rig's server is the other one from now on.
 */
void migration_move (Rig *rig, Destination *dest, const char *command);

/* With all channels, as a viewer has them, in this process. */
ShareViewer *migration_viewer_new (Rig *rig, SpiceShareCompression compression);

/* Nothing has happened, as far as anybody can see. */
void migration_assert_undisturbed (ShareViewer *viewer);

/* With a checksum (SHA-256) of what comes. */
RigExchange *migration_start_download (Rig *rig, gint64 id, const char *path);

G_END_DECLS
