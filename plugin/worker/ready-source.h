/* A GSource that another thread makes ready by g_source_set_ready_time (source, 0).
 *
 * However often it was made ready before it is dispatched, it is dispatched once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ready_source_new:
 * @callback: called whenever the source has become ready
 * @context: where
 *
 * Returns: (transfer full): the source, attached; to be ended by g_source_destroy()
 */
GSource *
ready_source_new (void (*callback) (gpointer user_data), gpointer user_data, GMainContext *context);

G_END_DECLS
