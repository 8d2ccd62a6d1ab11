/* Memory for one full frame, used again and again.
 *
 * malloc() gives what is freed at its top back to the kernel at once: with blocks of this size that
 * was a page fault every 4 KiB, and forty times slower than the rest of a download.
 *
 * Any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#include "mux/mux-frame.h"

G_BEGIN_DECLS

#define MUX_BLOCK_SIZE MUX_MAX_FRAME
/* Blocks that are kept while nobody uses them. */
#define MUX_BLOCK_KEEP 32

/**
 * mux_block_new:
 *
 * Returns: (transfer full): %MUX_BLOCK_SIZE bytes, not initialised
 */
guint8 *mux_block_new (void);

void mux_block_free (gpointer block);

/**
 * mux_block_hold:
 *
 * Freed blocks are kept for use again until everybody who called this has called
 * mux_block_release().
 */
void mux_block_hold (void);

void mux_block_release (void);

/**
 * mux_block_get_n_kept:
 *
 * Returns: blocks that are kept while nobody uses them
 */
guint mux_block_get_n_kept (void);

G_END_DECLS
