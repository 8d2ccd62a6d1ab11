/* A client as a GIOStream in memory: no file descriptor, no copy by the kernel, one thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux-stream.h"

struct _MuxStream
{
  GIOStream parent_instance;

  MuxInput *input;
  MuxOutput *output;
  const MuxStreamFuncs *funcs;
  gpointer owner;
};

enum
{
  HANG_UP,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MuxStream, mux_stream, G_TYPE_IO_STREAM)

MuxStream *
mux_stream_new (const MuxStreamFuncs *funcs, gpointer owner)
{
  MuxStream *self = g_object_new (MUX_TYPE_STREAM, NULL);

  self->funcs = funcs;
  self->owner = owner;
  self->input = mux_input_new (funcs->was_read, owner);
  self->output = mux_output_new (funcs->wrote, owner);

  return self;
}

static void
mux_stream_finalize (GObject *object)
{
  MuxStream *self = MUX_STREAM (object);

  g_clear_object (&self->input);
  g_clear_object (&self->output);

  G_OBJECT_CLASS (mux_stream_parent_class)->finalize (object);
}

static GInputStream *
mux_stream_get_input_stream (GIOStream *stream)
{
  return G_INPUT_STREAM (MUX_STREAM (stream)->input);
}

static GOutputStream *
mux_stream_get_output_stream (GIOStream *stream)
{
  return G_OUTPUT_STREAM (MUX_STREAM (stream)->output);
}

static gboolean
mux_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  MuxStream *self = MUX_STREAM (stream);

  mux_input_break (self->input);
  mux_output_break (self->output);
  if (self->owner != NULL)
    self->funcs->closed (self->owner);

  return TRUE;
}

/* GIOStream's own would close in a thread. */
static void
mux_stream_close_async (GIOStream *stream,
                        int priority,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, mux_stream_close_async);
  mux_stream_close (stream, NULL, NULL);
  g_task_return_boolean (task, TRUE);
}

static gboolean
mux_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
mux_stream_class_init (MuxStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = mux_stream_finalize;
  stream_class->get_input_stream = mux_stream_get_input_stream;
  stream_class->get_output_stream = mux_stream_get_output_stream;
  stream_class->close_fn = mux_stream_close;
  stream_class->close_async = mux_stream_close_async;
  stream_class->close_finish = mux_stream_close_finish;

  signals[HANG_UP] = g_signal_new ("hang-up", MUX_TYPE_STREAM, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
mux_stream_init (MuxStream *self)
{
}

MuxInput *
mux_stream_get_input (MuxStream *self)
{
  return self->input;
}

MuxOutput *
mux_stream_get_output (MuxStream *self)
{
  return self->output;
}

gpointer
mux_stream_get_owner (MuxStream *self)
{
  return self->owner;
}

void
mux_stream_hang_up (MuxStream *self)
{
  if (self->owner == NULL)
    return;

  self->owner = NULL;
  mux_input_forget_owner (self->input);
  mux_output_forget_owner (self->output);
  mux_input_break (self->input);
  mux_output_break (self->output);

  if (!g_io_stream_is_closed (G_IO_STREAM (self)))
    g_signal_emit (self, signals[HANG_UP], 0);
}
