/* A GSource that is ready for as long as a predicate holds.
 *
 * No file descriptor and no wake-up: everything of the mux happens in the thread that runs the
 * context, so whatever changes the predicate has changed it by the time the context prepares again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef gboolean (*MuxPredicate) (gpointer data);

/**
 * mux_source_new:
 * @predicate: cheap; called at every turn of the context
 * @data: (transfer none): for @predicate; must outlive the source
 *
 * The source calls its GSourceFunc if it has one; without (as the child of another) it just makes
 * its parent ready.
 *
 * Returns: (transfer full): a source
 */
GSource *mux_source_new (MuxPredicate predicate, gpointer data);

G_END_DECLS
