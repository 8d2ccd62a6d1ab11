/* ChannelObject: one channel as an object of org.spice_space.Share1.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "bus/share1-generated.h"

G_BEGIN_DECLS

/* How long a call of Share waits for the folder to be served, in seconds: less than the 25 s after
 * which a caller gives up by itself. */
#define CHANNEL_OBJECT_PATIENCE_SECONDS 15

/* Calls of Share that may wait at a time; more are refused. */
#define CHANNEL_OBJECT_MAX_WAITING 16

/* The error of a call that failed; the message is a sentence for people. */
#define CHANNEL_OBJECT_ERROR_FAILED "org.spice_space.Share1.Error.Failed"

#define CHANNEL_TYPE_OBJECT (channel_object_get_type ())
G_DECLARE_FINAL_TYPE (ChannelObject, channel_object, CHANNEL, OBJECT, ShareBusShare1Skeleton)

/**
 * channel_object_new:
 * @channel: (transfer none): is not kept alive
 *
 * Returns: (transfer full): its object, on no bus yet
 */
ChannelObject *channel_object_new (GObject *channel);

G_END_DECLS
