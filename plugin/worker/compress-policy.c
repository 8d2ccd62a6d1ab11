/* See compress-policy.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "worker/compress-policy.h"

/* A window of measurement, in us: long enough to look past the kernel's socket buffers. */
#define WINDOW 40000

/* Before the wire is measured only messages of this many bytes are compressed: what is smaller is
 * no bulk, and waits for the wire's delay, not for its speed. */
#define BULK (32u * 1024)

/* How often the way not taken is looked at, in us: while compressing, plain messages for a while;
 * while not, one message compressed, which costs next to nothing. */
#define PROBE_INTERVAL 4000000
#define PROBE_TIME (WINDOW * 3 / 2)
#define RETRY_INTERVAL 250000

/* How much faster a way must be to be worth a change, and what a measurement weighs. */
#define MARGIN 1.1
#define WEIGHT 0.5

/* Less than this saved is no gain; so many messages are then left alone at most. */
#define MIN_YIELD (15.0 / 16)
#define MAX_SKIP 64

void
compress_policy_init (CompressPolicy *self, CompressMode mode)
{
  *self = (CompressPolicy){ .mode = mode, .yield = 1, .skip_next = 1 };
}

static void
average (double *value, double sample)
{
  *value = *value == 0 ? sample : *value * (1 - WEIGHT) + sample * WEIGHT;
}

void
compress_policy_wire (CompressPolicy *self, guint64 sent, gboolean backlog, gint64 now)
{
  double rate;

  if (self->window_start == 0 || sent < self->window_start_sent)
    {
      self->window_start = now;
      self->window_start_sent = sent;
      self->window_busy = TRUE;
      return;
    }
  self->window_busy &= backlog;
  if (now - self->window_start < WINDOW)
    return;

  rate = (double)(sent - self->window_start_sent) * 1e6 / (double)(now - self->window_start);
  if (self->window_busy)
    average (&self->wire_rate, rate);
  else if (self->window_start < self->probe_until)
    self->wire_rate = MAX (self->wire_rate, rate);
  self->window_start = 0;
}

static gboolean
is_faster (const CompressPolicy *self)
{
  double raw = 1 / self->wire_rate;
  double lz4 = MAX (1 / self->lz4_rate, self->yield / self->wire_rate);

  return lz4 * MARGIN < raw;
}

gboolean
compress_policy_wants (CompressPolicy *self, gsize size, gint64 now)
{
  if (self->mode != COMPRESS_AUTO)
    return self->mode == COMPRESS_ALWAYS;

  if (self->skip > 0)
    {
      self->skip--;
      return FALSE;
    }
  if (self->wire_rate == 0)
    {
      /* A slow wire is worth more than a fast one loses, until plain messages tell which it is. */
      if (size < BULK)
        return FALSE;
      self->compressed = TRUE;
      if (self->next_probe == 0)
        self->next_probe = now + WINDOW;
    }
  if (now >= self->next_probe && self->next_probe > 0)
    {
      self->next_probe = now + (self->compressed ? PROBE_INTERVAL : RETRY_INTERVAL);
      if (!self->compressed)
        return TRUE;
      self->probe_until = now + PROBE_TIME;
      self->window_start = 0;
    }
  if (now < self->probe_until)
    return FALSE;
  if (self->wire_rate > 0)
    self->compressed = self->lz4_rate == 0 || is_faster (self);
  return self->compressed;
}

void
compress_policy_result (CompressPolicy *self, gsize in, gsize out, gint64 elapsed)
{
  double yield = out == 0 ? 1 : (double)out / (double)in;

  average (&self->lz4_rate, (double)in * 1e6 / (double)MAX (elapsed, 1));
  average (&self->yield, yield);

  if (yield > MIN_YIELD)
    {
      self->skip = self->skip_next;
      self->skip_next = MIN (self->skip_next * 2, MAX_SKIP);
    }
  else
    {
      self->skip_next = 1;
    }
}
