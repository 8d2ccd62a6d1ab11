/* The worker's main context: one that asks the kernel only when it has nothing else to do.
 *
 * Everything in it but the wake-up is a source that looks at memory. A request takes some seven
 * rounds of the loop, and a poll() of no wait in each would be most of what the worker does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * busy_context_new:
 *
 * A source that waits for a descriptor is dispatched only once no other one is ready.
 *
 * Returns: (transfer full): a context
 */
GMainContext *busy_context_new (void);

G_END_DECLS
