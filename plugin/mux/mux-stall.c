/* See mux-stall.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux-stall.h"

struct _MuxStall
{
  gboolean waits;  /* the port is held back, */
  MuxClient *full; /* because of this client, if it still exists */
  guint time;      /* in ms */
  GSource *source; /* the watch */
  gint64 last_progress;
};

MuxStall *
mux_stall_new (guint time)
{
  MuxStall *self = g_new0 (MuxStall, 1);

  self->time = time;

  return self;
}

void
mux_stall_free (MuxStall *self)
{
  mux_stall_end (self);
  g_free (self);
}

void
mux_stall_set_time (MuxStall *self, guint time)
{
  self->time = time;
}

static gboolean
mux_stall_check (gpointer user_data)
{
  MuxStall *self = user_data;
  gint64 deadline = self->last_progress + self->time * G_TIME_SPAN_MILLISECOND;

  if (g_get_monotonic_time () < deadline)
    {
      g_source_set_ready_time (self->source, deadline);
      return G_SOURCE_CONTINUE;
    }

  g_clear_pointer (&self->source, g_source_unref);
  if (self->full != NULL)
    mux_client_stalled (self->full);
  return G_SOURCE_REMOVE;
}

void
mux_stall_begin (MuxStall *self, MuxClient *client)
{
  self->waits = TRUE;
  self->full = client;
  if (self->source != NULL)
    return;

  self->last_progress = g_get_monotonic_time ();
  self->source = g_timeout_source_new (self->time);
  g_source_set_callback (self->source, mux_stall_check, self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
}

gboolean
mux_stall_is_over (MuxStall *self)
{
  return self->waits && (self->full == NULL || !mux_client_is_full (self->full));
}

void
mux_stall_end (MuxStall *self)
{
  self->waits = FALSE;
  self->full = NULL;
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_clear_pointer (&self->source, g_source_unref);
    }
}

void
mux_stall_progress (MuxStall *self, MuxClient *client)
{
  if (self->full == client)
    self->last_progress = g_get_monotonic_time ();
}

void
mux_stall_forget (MuxStall *self, MuxClient *client)
{
  if (self->full == client)
    self->full = NULL;
}
