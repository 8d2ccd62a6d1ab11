/* ShareBus: this process's channels on the session bus, as data/org.spice_space.Share1.xml says.
 *
 * A channel is any object with the properties and signals that transport/share-channel.h lists.
 * Without a session bus, nothing happens and nothing is said: it is an extra.
 *
 * Main thread only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The name a process owns is this and its pid in decimal. */
#define SHARE_BUS_NAME_PREFIX "org.spice_space.Share1.p"
#define SHARE_BUS_PATH "/org/spice_space/Share1"

#define SHARE_TYPE_BUS (share_bus_get_type ())
G_DECLARE_FINAL_TYPE (ShareBus, share_bus, SHARE, BUS, GObject)

/**
 * share_bus_new:
 *
 * Connects to the session bus, if there is one, without waiting for it.
 *
 * Returns: (transfer full): a bus without channels
 */
ShareBus *share_bus_new (void);

/**
 * share_bus_add_channel:
 * @channel: (transfer none): is not kept alive; its object leaves the bus when it goes
 */
void share_bus_add_channel (ShareBus *self, GObject *channel);

G_END_DECLS
