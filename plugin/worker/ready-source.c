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
} ReadySource;

static gboolean
dispatch (GSource *source, GSourceFunc unused, gpointer unused_data)
{
  ReadySource *self = (ReadySource *)source;

  g_source_set_ready_time (source, -1);
  self->callback (self->user_data);
  return G_SOURCE_CONTINUE;
}

GSource *
ready_source_new (void (*callback) (gpointer user_data), gpointer user_data, GMainContext *context)
{
  static GSourceFuncs funcs = { .dispatch = dispatch };
  GSource *source = g_source_new (&funcs, sizeof (ReadySource));

  ((ReadySource *)source)->callback = callback;
  ((ReadySource *)source)->user_data = user_data;
  g_source_set_static_name (source, "spice-share");
  g_source_attach (source, context);
  return source;
}
