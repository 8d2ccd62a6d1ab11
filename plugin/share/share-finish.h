/* The end of the process: what of ours lies in shared folders is to be gone before it.
 *
 * A share removes its folder of unfinished uploads in a thread of its own, when the last job has
 * ended, and nobody waits for that (share.h). But a program that ends takes its threads along.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a program that ends may spend on it, in us; a disk that hangs is not waited for longer. What
 * is left then, the next share of that folder clears (staging-leftover.h). */
#define SHARE_FINISH_TIME (G_USEC_PER_SEC / 2)

/* A folder of ours was made, or is gone. Any thread. */
void share_finish_expect (void);
void share_finish_done (void);

/**
 * share_finish:
 * @timeout: how long to wait, in us
 *
 * To be called when all shares were closed, at the end of the process; returns at once if nothing
 * of ours is in any folder. Any thread.
 *
 * Returns: whether nothing is
 */
gboolean share_finish (gint64 timeout);

G_END_DECLS
