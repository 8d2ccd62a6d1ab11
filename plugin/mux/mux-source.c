/* A GSource that is ready for as long as a predicate holds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux-source.h"

typedef struct
{
  GSource parent;
  MuxPredicate predicate;
  gpointer data;
} MuxSource;

static gboolean
mux_source_prepare (GSource *source, gint *timeout)
{
  MuxSource *self = (MuxSource *)source;

  *timeout = -1;
  return self->predicate (self->data);
}

static gboolean
mux_source_check (GSource *source)
{
  MuxSource *self = (MuxSource *)source;

  return self->predicate (self->data);
}

static gboolean
mux_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback != NULL ? callback (user_data) : G_SOURCE_CONTINUE;
}

static GSourceFuncs mux_source_funcs = {
  .prepare = mux_source_prepare,
  .check = mux_source_check,
  .dispatch = mux_source_dispatch,
};

GSource *
mux_source_new (MuxPredicate predicate, gpointer data)
{
  GSource *source = g_source_new (&mux_source_funcs, sizeof (MuxSource));
  MuxSource *self = (MuxSource *)source;

  self->predicate = predicate;
  self->data = data;

  return source;
}
