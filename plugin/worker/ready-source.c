/* See ready-source.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "worker/ready-source.h"

typedef struct
{
  GSource source;
  void (*callback) (gpointer user_data);
  gpointer user_data;
  GMainContext
      *context; /* kept: a source that was destroyed tells none, and may still be signalled */
  gint ready;   /* (atomic) */
} ReadySource;

static gboolean
prepare (GSource *source, gint *timeout)
{
  return g_atomic_int_get (&((ReadySource *)source)->ready);
}

static gboolean
check (GSource *source)
{
  return g_atomic_int_get (&((ReadySource *)source)->ready);
}

static gboolean
dispatch (GSource *source, GSourceFunc unused, gpointer unused_data)
{
  ReadySource *self = (ReadySource *)source;

  if (g_source_get_ready_time (source) != -1)
    g_source_set_ready_time (source, -1);
  g_atomic_int_set (&self->ready, FALSE);
  self->callback (self->user_data);
  return G_SOURCE_CONTINUE;
}

static void
finalize (GSource *source)
{
  g_main_context_unref (((ReadySource *)source)->context);
}

GSource *
ready_source_new (void (*callback) (gpointer user_data), gpointer user_data, GMainContext *context)
{
  static GSourceFuncs funcs
      = { .prepare = prepare, .check = check, .dispatch = dispatch, .finalize = finalize };
  GSource *source = g_source_new (&funcs, sizeof (ReadySource));

  ((ReadySource *)source)->callback = callback;
  ((ReadySource *)source)->user_data = user_data;
  ((ReadySource *)source)->context = g_main_context_ref (context);
  g_source_set_static_name (source, "spice-share");
  g_source_attach (source, context);
  return source;
}

void
ready_source_signal (GSource *source)
{
  ReadySource *self = (ReadySource *)source;

  if (!g_atomic_int_compare_and_exchange (&self->ready, FALSE, TRUE))
    return;
  if (!g_main_context_is_owner (self->context))
    g_main_context_wakeup (self->context);
}
