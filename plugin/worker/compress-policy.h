/* Whether the next message is worth compressing: the wire's measured speed against LZ4's.
 *
 * The wire sends a message of n bytes in n / wire; compressed, the slower of n / lz4 and
 * n * yield / wire counts, since the wire drains while LZ4 works on the next one. So an ssh tunnel
 * on loopback compresses, and a local virtual machine does not. Pure: times are arguments. One
 * thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  COMPRESS_AUTO,
  COMPRESS_ALWAYS,
  COMPRESS_NEVER,
} CompressMode;

typedef struct
{
  CompressMode mode;

  double wire_rate; /* bytes a second; 0: not measured yet */
  double lz4_rate;  /* bytes read a second; 0: not measured yet */
  double yield;     /* bytes written per byte read, 1 if it does not shrink */

  gint64 window_start;       /* us; 0: no window */
  guint64 window_start_sent; /* bytes, at the start of the window */
  gboolean window_busy;      /* the wire never ran dry in it */

  gint64 next_probe;   /* us: when to look at the way not taken again */
  gboolean compressed; /* the way taken last */
  gint64 probe_until;  /* us: send raw until then, to measure the wire */
  guint skip;          /* messages to leave alone, after some that did not shrink */
  guint skip_next;     /* how many the next failure costs */
} CompressPolicy;

void compress_policy_init (CompressPolicy *self, CompressMode mode);

/**
 * compress_policy_wire:
 * @sent: wire bytes the transport has taken since it was made
 * @backlog: whether more was waiting all the time since the last call
 * @now: us, monotonic
 *
 * A wire that never ran dry tells its speed; one that did, while plain bulk was sent to measure it,
 * that it is no slower than this.
 */
void compress_policy_wire (CompressPolicy *self, guint64 sent, gboolean backlog, gint64 now);

/**
 * compress_policy_wants:
 * @size: of the next message, in bytes
 * @now: us, monotonic
 */
gboolean compress_policy_wants (CompressPolicy *self, gsize size, gint64 now);

/**
 * compress_policy_result:
 * @in: bytes that were compressed
 * @out: bytes it took; 0 if it did not shrink
 * @elapsed: what it took, in us
 */
void compress_policy_result (CompressPolicy *self, gsize in, gsize out, gint64 elapsed);

G_END_DECLS
