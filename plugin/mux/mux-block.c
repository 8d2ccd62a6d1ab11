/* Memory for one full frame, used again and again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux-block.h"

G_LOCK_DEFINE_STATIC (pool);
static guint8 *kept[MUX_BLOCK_KEEP];
static guint n_kept;
static guint n_holders;

guint8 *
mux_block_new (void)
{
  guint8 *block = NULL;

  G_LOCK (pool);
  if (n_kept > 0)
    block = kept[--n_kept];
  G_UNLOCK (pool);

  return block != NULL ? block : g_malloc (MUX_BLOCK_SIZE);
}

void
mux_block_free (gpointer block)
{
  G_LOCK (pool);
  if (block != NULL && n_holders > 0 && n_kept < MUX_BLOCK_KEEP)
    kept[n_kept++] = g_steal_pointer (&block);
  G_UNLOCK (pool);

  g_free (block);
}

void
mux_block_hold (void)
{
  G_LOCK (pool);
  n_holders++;
  G_UNLOCK (pool);
}

void
mux_block_release (void)
{
  G_LOCK (pool);
  if (--n_holders == 0)
    while (n_kept > 0)
      g_free (kept[--n_kept]);
  G_UNLOCK (pool);
}

guint
mux_block_get_n_kept (void)
{
  guint n;

  G_LOCK (pool);
  n = n_kept;
  G_UNLOCK (pool);

  return n;
}
