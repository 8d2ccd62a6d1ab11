/* Rate and time left; see transfer-rate.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/transfer-rate.h"

#include <math.h>

void
transfer_rate_begin (TransferRate *rate, gint64 now, guint64 bytes, gint64 elapsed)
{
  *rate = (TransferRate){ .at = now, .bytes = bytes };
  if (elapsed >= TRANSFER_RATE_MIN_STEP_US)
    rate->per_second = (double)bytes * G_USEC_PER_SEC / (double)elapsed;
}

void
transfer_rate_sample (TransferRate *rate, gint64 now, guint64 bytes)
{
  double step, weight;
  gint64 elapsed;

  if (rate->at == 0 || bytes < rate->bytes)
    {
      transfer_rate_begin (rate, now, bytes, 0);
      return;
    }

  elapsed = now - rate->at;
  if (elapsed < TRANSFER_RATE_MIN_STEP_US)
    return;

  step = (double)(bytes - rate->bytes) * G_USEC_PER_SEC / (double)elapsed;
  weight = rate->per_second > 0 ? 1 - exp (-(double)elapsed / TRANSFER_RATE_TAU_US) : 1;
  rate->per_second += weight * (step - rate->per_second);
  rate->at = now;
  rate->bytes = bytes;
}

gint64
transfer_rate_seconds_left (const TransferRate *rate, guint64 total)
{
  double seconds;

  if (total == G_MAXUINT64 || total < rate->bytes)
    return -1;
  if (total == rate->bytes)
    return 0;
  if (rate->per_second < 1)
    return -1;
  seconds = ceil ((double)(total - rate->bytes) / rate->per_second);
  return seconds > TRANSFER_RATE_MAX_SECONDS ? -1 : (gint64)seconds;
}
