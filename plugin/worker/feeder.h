/* From the inbox to the mux: messages are taken in batches, inflated, and fed as far as they go.
 *
 * The worker's thread only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "mux/mux.h"
#include "worker/traffic.h"

G_BEGIN_DECLS

/* Messages fed before the other sources of the worker get their turn. */
#define FEEDER_BATCH 16

/**
 * FeederResult:
 * @FEEDER_IDLE: nothing can be done before a message comes, the mux has room or there is a reset
 * @FEEDER_MORE: there may be more; come back soon
 * @FEEDER_FAILED: a message could not be read; nothing is read any more until the reset
 */
typedef enum
{
  FEEDER_IDLE,
  FEEDER_MORE,
  FEEDER_FAILED,
} FeederResult;

typedef struct _Feeder Feeder;

/**
 * feeder_new:
 * @traffic: (transfer none): where messages come from; must outlive the feeder
 * @mux: (transfer none): where they go; must outlive the feeder
 *
 * Returns: (transfer full): a feeder
 */
Feeder *feeder_new (Traffic *traffic, Mux *mux);
void feeder_free (Feeder *self);

/**
 * feeder_run:
 * @error: with %FEEDER_FAILED, once: what is wrong (%SPICE_SHARE_ERROR_PROTOCOL)
 */
FeederResult feeder_run (Feeder *self, GError **error);

/**
 * feeder_unblock:
 *
 * The mux has room again (#MuxOps.input_ready).
 */
void feeder_unblock (Feeder *self);

/**
 * feeder_reset:
 *
 * Drops what was taken before a reset. The mux is the caller's to reset.
 */
void feeder_reset (Feeder *self);

/**
 * feeder_get_bytes:
 *
 * Returns: inflated bytes taken since the feeder was made
 */
guint64 feeder_get_bytes (Feeder *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Feeder, feeder_free)

G_END_DECLS
