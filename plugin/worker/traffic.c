/* See traffic.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "worker/traffic.h"

struct _Traffic
{
  GMutex lock;

  GArray *in;      /* of Inbound */
  gsize in_bytes;  /* of cost: waiting, or taken and not yet consumed */
  GQueue out;      /* of Outbound */
  gsize out_bytes; /* of trains: waiting, or popped and not yet written */
  gsize out_limit; /* that the worker stopped at */

  guint64 sent;     /* bytes of trains */
  gboolean ran_dry; /* since the last sample */
  gboolean reset;   /* not yet seen by the worker */
};

void
outbound_clear (Outbound *self)
{
  g_clear_pointer (&self->train, g_bytes_unref);
  g_clear_pointer (&self->compressed, g_bytes_unref);
}

static void
outbound_free (gpointer data)
{
  outbound_clear (data);
  g_free (data);
}

static void
inbound_clear (gpointer data)
{
  g_clear_pointer (&((Inbound *)data)->payload, g_bytes_unref);
}

GArray *
inbound_batch_new (void)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (Inbound));

  g_array_set_clear_func (array, inbound_clear);
  return array;
}

Traffic *
traffic_new (void)
{
  Traffic *self = g_new0 (Traffic, 1);

  g_mutex_init (&self->lock);
  self->in = inbound_batch_new ();
  g_queue_init (&self->out);
  self->ran_dry = TRUE;
  return self;
}

void
traffic_free (Traffic *self)
{
  g_array_unref (self->in);
  g_queue_clear_full (&self->out, outbound_free);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gboolean
traffic_push (Traffic *self, Inbound inbound)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->in_bytes += inbound_get_cost (&inbound);
  g_array_append_val (self->in, inbound);
  return self->in->len == 1;
}

gsize
traffic_get_waiting (Traffic *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->in_bytes;
}

gboolean
traffic_pop (Traffic *self, Outbound *outbound)
{
  g_autofree Outbound *next = NULL;

  g_mutex_lock (&self->lock);
  next = g_queue_pop_head (&self->out);
  g_mutex_unlock (&self->lock);
  if (next == NULL)
    return FALSE;
  *outbound = *next;
  return TRUE;
}

gboolean
traffic_written (Traffic *self, gsize size)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gsize before = self->out_bytes;

  self->out_bytes -= MIN (size, before);
  self->sent += size;
  self->ran_dry |= self->out_bytes == 0;
  return before >= self->out_limit / 2 && self->out_bytes < self->out_limit / 2;
}

void
traffic_reset (Traffic *self)
{
  GQueue dropped;
  g_autoptr (GArray) old = inbound_batch_new ();
  GArray *swap;

  g_mutex_lock (&self->lock);
  self->reset = TRUE;
  swap = self->in;
  self->in = old;
  old = swap;
  for (guint i = 0; i < old->len; i++)
    self->in_bytes -= inbound_get_cost (&g_array_index (old, Inbound, i));
  dropped = self->out;
  g_queue_init (&self->out);
  for (GList *l = dropped.head; l != NULL; l = l->next)
    self->out_bytes -= g_bytes_get_size (((Outbound *)l->data)->train);
  g_mutex_unlock (&self->lock);

  g_queue_clear_full (&dropped, outbound_free);
}

void
traffic_take (Traffic *self, GArray *batch)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  /* What came after a reset waits until the worker has seen the reset. */
  if (self->reset || self->in->len == 0)
    return;
  g_array_append_vals (batch, self->in->data, self->in->len);
  /* The payloads have moved: forget them without clearing them. */
  g_array_set_clear_func (self->in, NULL);
  g_array_set_size (self->in, 0);
  g_array_set_clear_func (self->in, inbound_clear);
}

void
traffic_consumed (Traffic *self, gsize cost)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->in_bytes -= MIN (cost, self->in_bytes);
}

gboolean
traffic_has_room (Traffic *self, gsize limit)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->out_limit = limit;
  return self->out_bytes < limit;
}

gboolean
traffic_queue (Traffic *self, Outbound outbound)
{
  Outbound *item;
  gboolean was_empty;

  g_mutex_lock (&self->lock);
  if (self->reset) /* made before it: the guest must not see it any more */
    {
      g_mutex_unlock (&self->lock);
      outbound_clear (&outbound);
      return FALSE;
    }
  item = g_new (Outbound, 1);
  *item = outbound;
  self->out_bytes += g_bytes_get_size (outbound.train);
  was_empty = g_queue_is_empty (&self->out);
  g_queue_push_tail (&self->out, item);
  g_mutex_unlock (&self->lock);
  return was_empty;
}

gboolean
traffic_sample (Traffic *self, guint64 *sent)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gboolean busy = !self->ran_dry;

  *sent = self->sent;
  self->ran_dry = self->out_bytes == 0;
  return busy;
}

gboolean
traffic_see_reset (Traffic *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gboolean reset = self->reset;

  self->reset = FALSE;
  return reset;
}
