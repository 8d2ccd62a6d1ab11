/* A SpiceShareChannel that shares nothing and connects to nothing, but writes down what it was told
 * to do, so that the controller can be watched without a server.
 *
 * It has the signals and properties of transport/share-channel.h that the controller uses, on a
 * real SpiceWebdavChannel of a real session. spice_channel_connect() is taken over too.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "transport/share-channel.h"

G_BEGIN_DECLS

SpiceShareChannel *fake_share_channel_new (SpiceSession *session);

/**
 * fake_share_channel_take_log:
 *
 * Returns: (transfer full): what it was told since the last time: "connect", "share DIR FLAGS",
 *   "stop", "fail CODE", "compression N", separated by "; "
 */
char *fake_share_channel_take_log (SpiceShareChannel *self);

/* The connection is up, or was lost, or ended for the reason @event. */
void fake_share_channel_come_up (SpiceShareChannel *self);
void fake_share_channel_go_down (SpiceShareChannel *self, SpiceChannelEvent event);

/* The answer to share(). */
void fake_share_channel_opened (SpiceShareChannel *self);
void fake_share_channel_not_opened (SpiceShareChannel *self);

G_END_DECLS
