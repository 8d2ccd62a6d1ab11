/* What a worker tells the main thread about itself: the latest counters, and how it failed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * WorkerStats:
 *
 * Totals since the worker was made, but where something else is said. To be cleared with
 * worker_stats_clear().
 */
typedef struct
{
  guint64 bytes_in; /* payload, inflated */
  guint64 requests;
  guint64 refused;
  guint clients;
  gboolean claimed;       /* since the last reset: as StreamWatch says */
  gboolean goes_on;       /* the same */
  GVariant *transfers;    /* (nullable) (owned): as SpiceShareChannel:transfers */
  GVariant *last_refusal; /* (nullable) (owned): as SpiceShareChannel:last-refusal */
} WorkerStats;

void worker_stats_clear (WorkerStats *stats);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WorkerStats, worker_stats_clear)

/**
 * WorkerReport:
 *
 * Written by one thread and read by another; each waits no longer than the other takes to copy.
 */
typedef struct
{
  /*< private >*/
  GMutex lock;
  WorkerStats stats;
  gboolean stats_changed;
  GError *failure; /* (nullable) */
} WorkerReport;

void worker_report_init (WorkerReport *self);
void worker_report_clear (WorkerReport *self);

/**
 * worker_report_set_stats:
 * @stats: (transfer full): what it holds
 */
void worker_report_set_stats (WorkerReport *self, WorkerStats stats);

/**
 * worker_report_fail:
 * @failure: (transfer full): the first one counts, until it is taken
 */
void worker_report_fail (WorkerReport *self, GError *failure);

/**
 * worker_report_get_stats:
 * @stats: (out caller-allocates) (transfer full): the latest; worker_report_has_stats() is %FALSE
 *   until there are newer ones
 */
void worker_report_get_stats (WorkerReport *self, WorkerStats *stats);

/**
 * worker_report_has_stats:
 *
 * Returns: whether there are counters that nobody has got yet
 */
gboolean worker_report_has_stats (WorkerReport *self);

/**
 * worker_report_take_failure:
 *
 * Returns: (transfer full) (nullable): how it failed
 */
GError *worker_report_take_failure (WorkerReport *self);

G_END_DECLS
