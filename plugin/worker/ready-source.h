/* A GSource that is made ready by hand, from any thread.
 *
 * However often it is made ready before it is dispatched, it is dispatched once. Its context is
 * woken once, or not at all if it runs already: g_source_set_ready_time() would write to the
 * context's eventfd every time.
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
 * g_source_set_ready_time() makes it ready too, at a time.
 *
 * Returns: (transfer full): the source, attached; to be ended by g_source_destroy()
 */
GSource *
ready_source_new (void (*callback) (gpointer user_data), gpointer user_data, GMainContext *context);

/**
 * ready_source_signal:
 *
 * Makes it ready. Any thread.
 */
void ready_source_signal (GSource *source);

G_END_DECLS
