/* Who goes when there is one client too many.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "mux/mux-client.h"

G_BEGIN_DECLS

/**
 * mux_eviction_find:
 * @live: (element-type MuxClient): few enough to look at each
 * @silence_time: how long a request may have been unfinished, in ms
 * @status: (out): what the client is told: 0, nothing, since it asks for nothing
 *
 * Returns: (transfer none) (nullable): the longest idle client, or else the longest silent one;
 *   %NULL if all are at work
 */
MuxClient *mux_eviction_find (const GQueue *live, guint silence_time, guint *status);

G_END_DECLS
