/* What is on its way between the channel and the worker: two bounded queues and their lock.
 *
 * In: payloads of messages, taken by the worker in batches. Out: messages ready to send, counted
 * until the transport has written them. A reset empties both, and holds back what comes after it
 * until the worker has seen it, so that nothing of one connection reaches the next.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What may wait for the worker, in bytes; then the guest is held back. */
#define TRAFFIC_IN_MAX (4u * 1024 * 1024)

/* What a message costs beyond its payload, in bytes: a guest may write them one by one. */
#define TRAFFIC_MESSAGE_COST 128

/* What may wait for the wire, in bytes before compression: queued, or popped and not yet written.
 * Enough to keep it busy (128 KiB cost processor time, 512 KiB were no faster); what comes later
 * waits behind all of it, so there is less where several want to send much. */
#define TRAFFIC_OUT_MAX (192u * 1024)
#define TRAFFIC_OUT_CONTENDED (64u * 1024)

/**
 * Inbound:
 * @payload: of a message of the port, as it came
 * @compressed: whether it is a payload of COMPRESSED_DATA
 */
typedef struct
{
  GBytes *payload;
  gboolean compressed;
} Inbound;

/**
 * Outbound:
 * @train: whole frames
 * @compressed: (nullable): a payload of COMPRESSED_DATA that holds all of @train; a small plain
 *   message goes before it (DESIGN P5). Where the server has no LZ4 (any more), send @train
 */
typedef struct
{
  GBytes *train;
  GBytes *compressed;
} Outbound;

/**
 * inbound_get_cost:
 *
 * Returns: what it counts for while it waits, in bytes
 */
static inline gsize
inbound_get_cost (const Inbound *self)
{
  return g_bytes_get_size (self->payload) + TRAFFIC_MESSAGE_COST;
}

void outbound_clear (Outbound *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outbound, outbound_clear)

typedef struct _Traffic Traffic;

/**
 * traffic_new:
 *
 * Returns: (transfer full): nothing is on its way
 */
Traffic *traffic_new (void);
void traffic_free (Traffic *self);

/* ---- the channel's side ---- */

/**
 * traffic_push:
 * @inbound: (transfer full): its payload
 *
 * Returns: whether the worker has to be woken
 */
gboolean traffic_push (Traffic *self, Inbound inbound);

/**
 * traffic_get_waiting:
 *
 * Returns: what was pushed and is not consumed yet, as inbound_get_cost() has it; from
 *   %TRAFFIC_IN_MAX on the guest should be held back (what is pushed is taken all the same)
 */
gsize traffic_get_waiting (Traffic *self);

/**
 * traffic_pop:
 * @outbound: (out caller-allocates) (transfer full): the next message to send
 *
 * Returns: %FALSE if there is none
 */
gboolean traffic_pop (Traffic *self, Outbound *outbound);

/**
 * traffic_written:
 * @size: of the train of a message that was popped, in bytes
 *
 * Returns: whether the worker has to be woken: it stopped at the limit, and half of it is gone
 */
gboolean traffic_written (Traffic *self, gsize size);

/**
 * traffic_reset:
 *
 * Drops what waits in both directions.
 */
void traffic_reset (Traffic *self);

/* ---- the worker's side ---- */

/**
 * traffic_take:
 * @batch: (element-type Inbound): empty; filled with what waits
 *
 * What is taken still counts until traffic_consumed().
 */
void traffic_take (Traffic *self, GArray *batch);
void traffic_consumed (Traffic *self, gsize cost);

/**
 * traffic_has_room:
 * @limit: what may wait for the wire, in bytes, until this is asked again
 *
 * Whether another message may be queued.
 */
gboolean traffic_has_room (Traffic *self, gsize limit);

/**
 * traffic_queue:
 * @outbound: (transfer full): a message to send
 *
 * Returns: whether the channel has to be woken
 */
gboolean traffic_queue (Traffic *self, Outbound outbound);

/**
 * traffic_sample:
 * @sent: (out): bytes written since the start, before compression
 *
 * Returns: whether the wire was busy all the time since the last call
 */
gboolean traffic_sample (Traffic *self, guint64 *sent);

/**
 * traffic_see_reset:
 *
 * Returns: whether there was a reset since the last call; what was taken before it is to be dropped
 */
gboolean traffic_see_reset (Traffic *self);

/**
 * inbound_batch_new:
 *
 * Returns: (transfer full) (element-type Inbound): an array that owns its payloads
 */
GArray *inbound_batch_new (void);

G_END_DECLS
