/* How fast bytes move and how long the rest will take. Pure: times and counts in, numbers out.
 *
 * The rate is an exponentially weighted mean of what was seen between two samples, with a time
 * constant rather than a weight per sample, so it does not depend on how often it is asked.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Time constant of the mean. */
#define TRANSFER_RATE_TAU_US (3 * G_USEC_PER_SEC)

/* Two samples nearer than this are one: a burst of notifications is no rate. */
#define TRANSFER_RATE_MIN_STEP_US (G_USEC_PER_SEC / 10)

/* What takes longer than this has no time left worth showing, in seconds. */
#define TRANSFER_RATE_MAX_SECONDS (100 * 60 * 60)

/**
 * TransferRate:
 * @at: time of the last sample, us; 0 = none yet
 * @bytes: count at that time
 * @per_second: the mean, bytes per second; 0 while unknown
 *
 * Zero-initialised before the first sample.
 */
typedef struct
{
  gint64 at;
  guint64 bytes;
  double per_second;
} TransferRate;

/**
 * transfer_rate_begin:
 * @now: any clock that goes forward, us
 * @bytes: bytes so far
 * @elapsed: how long that took, us; 0 = unknown
 *
 * Begins with the mean of what was before anybody looked.
 */
void transfer_rate_begin (TransferRate *rate, gint64 now, guint64 bytes, gint64 elapsed);

/**
 * transfer_rate_sample:
 * @now: any clock that goes forward, us
 * @bytes: bytes so far; a smaller count than before starts anew
 */
void transfer_rate_sample (TransferRate *rate, gint64 now, guint64 bytes);

/**
 * transfer_rate_seconds_left:
 * @total: bytes in all, %G_MAXUINT64 = unknown
 *
 * Returns: whole seconds, rounded up, or -1 where nobody can tell
 */
gint64 transfer_rate_seconds_left (const TransferRate *rate, guint64 total);

G_END_DECLS
