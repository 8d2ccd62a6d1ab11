/* See worker-report.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "worker/worker-report.h"

void
worker_stats_clear (WorkerStats *stats)
{
  g_clear_pointer (&stats->transfers, g_variant_unref);
  g_clear_pointer (&stats->last_refusal, g_variant_unref);
}

void
worker_report_init (WorkerReport *self)
{
  *self = (WorkerReport){ 0 };
  g_mutex_init (&self->lock);
}

void
worker_report_clear (WorkerReport *self)
{
  g_clear_error (&self->failure);
  worker_stats_clear (&self->stats);
  g_mutex_clear (&self->lock);
}

void
worker_report_set_stats (WorkerReport *self, WorkerStats stats)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  worker_stats_clear (&self->stats);
  self->stats = stats;
  self->stats_changed = TRUE;
}

void
worker_report_fail (WorkerReport *self, GError *failure)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->failure == NULL)
    self->failure = failure;
  else
    g_error_free (failure);
}

void
worker_report_get_stats (WorkerReport *self, WorkerStats *stats)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  *stats = self->stats;
  if (stats->transfers != NULL)
    g_variant_ref (stats->transfers);
  if (stats->last_refusal != NULL)
    g_variant_ref (stats->last_refusal);
  self->stats_changed = FALSE;
}

gboolean
worker_report_has_stats (WorkerReport *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->stats_changed;
}

GError *
worker_report_take_failure (WorkerReport *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return g_steal_pointer (&self->failure);
}
