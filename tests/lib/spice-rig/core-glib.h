/* SpiceCoreInterface on a GLib main context: what spice-server's own event loop needs.
 *
 * Documents: spice-core.h of libspice-server 0.15.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>
#include <spice.h>

G_BEGIN_DECLS

/**
 * CoreGlibChannelEvent:
 * @event: SPICE_CHANNEL_EVENT_*
 * @info: (transfer none): which channel
 *
 * May come from spice-server's worker threads too.
 */
typedef void (*CoreGlibChannelEvent) (int event, SpiceChannelEventInfo *info);

/**
 * core_glib_get:
 * @channel_event: called for each channel that comes or goes
 *
 * Returns: (transfer none): the interface, on the default main context. One a process.
 */
SpiceCoreInterface *core_glib_get (CoreGlibChannelEvent channel_event);

G_END_DECLS
