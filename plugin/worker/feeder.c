/* See feeder.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "worker/feeder.h"

#include "worker/vmc-codec.h"

struct _Feeder
{
  Traffic *traffic;
  Mux *mux;

  GArray *batch; /* of Inbound; what was fed has no payload any more */
  guint next;    /* in batch */
  GBytes *data;  /* (nullable): the next message, inflated */
  gsize offset;  /* what of data the mux has taken */
  gboolean blocked;
  gboolean failed;
  guint64 bytes;
};

Feeder *
feeder_new (Traffic *traffic, Mux *mux)
{
  Feeder *self = g_new0 (Feeder, 1);

  self->traffic = traffic;
  self->mux = mux;
  self->batch = inbound_batch_new ();
  return self;
}

void
feeder_free (Feeder *self)
{
  g_clear_pointer (&self->data, g_bytes_unref);
  g_array_unref (self->batch);
  g_free (self);
}

static Inbound *
next_inbound (Feeder *self)
{
  if (self->next == self->batch->len)
    {
      g_array_set_size (self->batch, 0);
      self->next = 0;
      traffic_take (self->traffic, self->batch);
      if (self->batch->len == 0)
        return NULL;
    }
  return &g_array_index (self->batch, Inbound, self->next);
}

/* Returns whether self->data is there. */
static gboolean
inflate_next (Feeder *self, GError **error)
{
  Inbound *inbound = next_inbound (self);

  if (inbound == NULL)
    return FALSE;
  self->data
      = inbound->compressed ? vmc_decode (inbound->payload, error) : g_bytes_ref (inbound->payload);
  self->offset = 0;
  if (self->data == NULL)
    {
      self->failed = TRUE;
      return FALSE;
    }
  self->bytes += g_bytes_get_size (self->data);
  return TRUE;
}

static void
message_done (Feeder *self)
{
  Inbound *inbound = &g_array_index (self->batch, Inbound, self->next);
  gsize cost = inbound_get_cost (inbound);

  g_clear_pointer (&self->data, g_bytes_unref);
  g_clear_pointer (&inbound->payload, g_bytes_unref);
  self->next++;
  traffic_consumed (self->traffic, cost);
}

FeederResult
feeder_run (Feeder *self, GError **error)
{
  for (guint i = 0; i < FEEDER_BATCH; i++)
    {
      if (self->blocked || self->failed)
        return FEEDER_IDLE;
      if (self->data == NULL && !inflate_next (self, error))
        return self->failed ? FEEDER_FAILED : FEEDER_IDLE;

      self->offset += mux_feed (self->mux, self->data, self->offset);
      if (self->offset < g_bytes_get_size (self->data))
        {
          self->blocked = TRUE;
          return FEEDER_IDLE;
        }
      message_done (self);
    }
  return FEEDER_MORE;
}

void
feeder_unblock (Feeder *self)
{
  self->blocked = FALSE;
}

void
feeder_reset (Feeder *self)
{
  gsize taken = 0;

  for (guint i = self->next; i < self->batch->len; i++)
    taken += inbound_get_cost (&g_array_index (self->batch, Inbound, i));
  traffic_consumed (self->traffic, taken);
  g_array_set_size (self->batch, 0);
  self->next = 0;
  g_clear_pointer (&self->data, g_bytes_unref);
  self->blocked = FALSE;
  self->failed = FALSE;
}

guint64
feeder_get_bytes (Feeder *self)
{
  return self->bytes;
}
