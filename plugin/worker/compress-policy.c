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
 * while not, one message compressed, which costs next to nothing, and now and then as many as it
 * takes to measure how fast they leave. */
#define PROBE_INTERVAL 4000000
#define PROBE_TIME (WINDOW * 3 / 2)
#define RETRY_INTERVAL 250000

/* How much faster a way must be to be worth a change, and what a measurement weighs. */
#define MARGIN 1.1
#define WEIGHT 0.5

/* Where plain messages leave this fast, in bytes a second, LZ4 wins little at best: what shrinks
 * well would only wait elsewhere, and the processor is wanted by the guest. */
#define FAST 400e6

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
compress_policy_sent (CompressPolicy *self, guint64 sent, gboolean backlog, gint64 now)
{
  gboolean probing = now < self->probe_until;
  gboolean plain = probing || !self->compressed;
  double *measured = plain ? &self->plain_rate : &self->packed_rate;
  double rate;

  if (self->window_start == 0 || sent < self->window_start_sent || plain != self->window_plain)
    {
      self->window_start = now;
      self->window_start_sent = sent;
      self->window_busy = TRUE;
      self->window_plain = plain;
      return;
    }
  self->window_busy &= backlog;
  if (now - self->window_start < WINDOW)
    return;

  rate = (double)(sent - self->window_start_sent) * 1e6 / (double)(now - self->window_start);
  if (self->window_busy)
    average (measured, rate);
  else if (probing || (!plain && *measured > 0))
    *measured = MAX (*measured, rate);
  self->window_start = 0;
}

static gboolean
is_faster (const CompressPolicy *self)
{
  double plain = 1 / self->plain_rate;
  double hoped = MAX (1 / self->lz4_rate, self->yield / self->plain_rate);
  double packed = self->packed_rate > 0 ? MAX (hoped, 1 / self->packed_rate) : hoped;

  return self->plain_rate < FAST && packed * MARGIN < plain;
}

static void
take_way (CompressPolicy *self, gboolean compressed, gint64 now)
{
  if (compressed == self->compressed)
    return;
  self->compressed = compressed;
  self->forget = now + PROBE_INTERVAL;
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
  if (self->saved >= size - size / COMPRESS_RATIO_MAX)
    {
      self->saved -= size - size / COMPRESS_RATIO_MAX;
      return FALSE;
    }
  if (self->plain_rate == 0)
    {
      /* A slow wire is worth more than a fast one loses, until plain messages tell which it is. */
      if (size < BULK)
        return FALSE;
      take_way (self, TRUE, now);
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
  if (!self->compressed && now >= self->forget)
    self->packed_rate = 0;
  if (self->plain_rate > 0)
    take_way (self, self->lz4_rate == 0 || is_faster (self), now);
  return self->compressed;
}

void
compress_policy_result (CompressPolicy *self, gsize in, gsize out, gint64 elapsed)
{
  double yield = out == 0 ? 1 : (double)out / (double)in;

  average (&self->lz4_rate, (double)in * 1e6 / (double)MAX (elapsed, 1));
  average (&self->yield, yield);

  if (out > 0 && out < in / COMPRESS_RATIO_MAX)
    self->saved += in / COMPRESS_RATIO_MAX - out;
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
