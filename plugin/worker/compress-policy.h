/* Whether the next message is worth compressing: how fast plain ones leave, against LZ4.
 *
 * A plain message of n bytes leaves in n / plain_rate; compressed, the slower of n / lz4_rate and
 * n * yield / plain_rate counts, since the wire drains while LZ4 works on the next one. That is
 * an estimate: once it is known how fast compressed messages really leave, that counts, because the
 * plain ones may have been held up by the reader, not by the wire. So an ssh tunnel on loopback
 * compresses, and a local virtual machine does not. Pure: times are arguments. One thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How many times smaller the wire's bytes may be on the whole, with %COMPRESS_AUTO. The server
 * reads as long as there is anything to read, and looks at nothing else meanwhile, not even at the
 * guest's next request. What its kernel keeps for it, some MiB, must not become GiB of zeros. */
#define COMPRESS_RATIO_MAX 8

typedef enum
{
  COMPRESS_AUTO,
  COMPRESS_ALWAYS,
  COMPRESS_NEVER,
} CompressMode;

typedef struct
{
  CompressMode mode;

  double plain_rate;  /* bytes a second that leave as plain messages; 0: not measured yet */
  double packed_rate; /* and that leave compressed, before compression; 0: not measured lately */
  double lz4_rate;    /* bytes read a second; 0: not measured yet */
  double yield;       /* bytes written per byte read, 1 if it does not shrink */

  gint64 window_start;       /* us; 0: no window */
  guint64 window_start_sent; /* bytes, at the start of the window */
  gboolean window_busy;      /* something waited to be sent all the time */
  gboolean window_plain;     /* it is of plain messages */

  gint64 next_probe;   /* us: when to look at the way not taken again */
  gint64 forget;       /* us: when packed_rate is too old, while plain messages are sent */
  gboolean compressed; /* the way taken last */
  gint64 probe_until;  /* us: send plain until then, to measure it */
  guint skip;          /* messages to leave alone, after some that did not shrink */
  guint skip_next;     /* how many the next failure costs */
  gsize saved;         /* bytes by which messages shrank beyond COMPRESS_RATIO_MAX */
} CompressPolicy;

void compress_policy_init (CompressPolicy *self, CompressMode mode);

/**
 * compress_policy_sent:
 * @sent: bytes the transport has sent since it was made, before compression
 * @backlog: whether more was waiting all the time since the last call
 * @now: us, monotonic
 *
 * If more was waiting all the time, this is the speed of the wire. If not, although plain messages
 * were sent to measure it, the wire is at least that fast.
 */
void compress_policy_sent (CompressPolicy *self, guint64 sent, gboolean backlog, gint64 now);

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
