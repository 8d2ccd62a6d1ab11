/* The viewers that run now, found on the session bus (data/org.spice_space.Share1.xml).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "bus/share1-generated.h"
#include "ui/share-state.h"

G_BEGIN_DECLS

/**
 * Viewer:
 * @pid: the process
 * @path: (owned): the channel's object
 * @proxy: (owned): the same, with its properties
 *
 * One channel of a viewer; a viewer has one for each virtual machine it shows.
 */
typedef struct
{
  guint pid;
  char *path;
  ShareBusShare1 *proxy;
} Viewer;

void viewer_free (Viewer *viewer);

/**
 * viewers_list:
 * @bus: a session bus
 *
 * Waits for the bus.
 *
 * Returns: (transfer full) (element-type Viewer): in the order of pid and path
 */
GPtrArray *viewers_list (GDBusConnection *bus, GError **error);

/**
 * viewers_is_spice:
 * @pid: a process that has the module
 *
 * Waits for the bus.
 *
 * Returns: whether it has a SPICE session, with a channel or without
 */
gboolean viewers_is_spice (GDBusConnection *bus, guint pid);

/**
 * viewers_match:
 * @viewer: one of them
 * @vm: (nullable): name or UUID of a VM
 *
 * Returns: whether @viewer shows @vm; with %NULL each one does
 */
gboolean viewers_match (const Viewer *viewer, const char *vm);

/**
 * viewer_get_snapshot:
 * @snapshot: (out caller-allocates): to be cleared by the caller
 *
 * Reads the properties as they are known here, and asks for the transfers.
 */
void viewer_get_snapshot (const Viewer *viewer, ShareSnapshot *snapshot);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Viewer, viewer_free)

G_END_DECLS
