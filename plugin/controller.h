/* The controller: GSettings <-> SpiceSession <-> SpiceShareChannel.
 *
 * One for each session; it lives as long as the session does and carries what a person decided over
 * a reconnection. It asks policy.h what is to be shared and makes it so. Main context only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "settings.h"
#include "transport/share-channel.h"

G_BEGIN_DECLS

#define SHARE_TYPE_CONTROLLER (share_controller_get_type ())
G_DECLARE_FINAL_TYPE (ShareController, share_controller, SHARE, CONTROLLER, GObject)

/**
 * share_controller_attach:
 * @channel: (transfer none): a channel that was just constructed, with its session
 * @settings: (transfer none): the wishes of this process
 *
 * Takes charge of what @channel shares, from now until its session lets it go. Neither connects nor
 * shares before it returns: the viewer is still in the middle of making the channel.
 */
void share_controller_attach (SpiceShareChannel *channel, ShareSettings *settings);

G_END_DECLS
