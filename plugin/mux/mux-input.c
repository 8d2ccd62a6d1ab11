/* What a client sends, as a GInputStream in memory (pollable; never blocks).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux-input.h"

#include <string.h>

#include "mux/mux-queue.h"
#include "mux/mux-source.h"

struct _MuxInput
{
  GInputStream parent_instance;

  MuxQueue queue;
  gboolean fresh; /* nothing of the current request was read */
  gboolean broken;
  void (*was_read) (gpointer user_data);
  gpointer user_data;
};

static void mux_input_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MuxInput,
                               mux_input,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      mux_input_pollable_init))

MuxInput *
mux_input_new (void (*was_read) (gpointer user_data), gpointer user_data)
{
  MuxInput *self = g_object_new (MUX_TYPE_INPUT, NULL);

  self->was_read = was_read;
  self->user_data = user_data;

  return self;
}

static void
mux_input_finalize (GObject *object)
{
  mux_queue_clear (&MUX_INPUT (object)->queue);

  G_OBJECT_CLASS (mux_input_parent_class)->finalize (object);
}

static gssize
mux_input_read (GInputStream *stream,
                void *buffer,
                gsize count,
                GCancellable *cancellable,
                GError **error)
{
  MuxInput *self = MUX_INPUT (stream);
  const guint8 *data;
  gsize size;

  data = mux_queue_peek (&self->queue, &size, NULL);
  if (data == NULL)
    {
      if (self->broken)
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "The client has gone");
      else
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Nothing has arrived");
      return -1;
    }

  /* One piece at a time: so a read ends where a head ends, and libsoup, which reads a head in
   * blocks, need not move the beginning of the body about for every line of it. */
  count = MIN (count, size);
  memcpy (buffer, data, count);
  mux_queue_skip (&self->queue, count);
  self->fresh = FALSE;

  if (self->was_read != NULL)
    self->was_read (self->user_data);
  return count;
}

static gboolean
mux_input_close (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  mux_input_break (MUX_INPUT (stream));
  return TRUE;
}

static void
mux_input_class_init (MuxInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mux_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = mux_input_read;
  G_INPUT_STREAM_CLASS (klass)->close_fn = mux_input_close;
}

static void
mux_input_init (MuxInput *self)
{
  self->fresh = TRUE;
}

static gboolean
mux_input_ready (gpointer data)
{
  MuxInput *self = data;

  return self->queue.size > 0 || self->broken;
}

static gboolean
mux_input_is_readable (GPollableInputStream *stream)
{
  return mux_input_ready (stream);
}

static gssize
mux_input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  return mux_input_read (G_INPUT_STREAM (stream), buffer, count, NULL, error);
}

static GSource *
mux_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  GSource *source = g_pollable_source_new_full (stream, NULL, cancellable);
  g_autoptr (GSource) child = mux_source_new (mux_input_ready, stream);

  g_source_add_child_source (source, child);
  return source;
}

static void
mux_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = mux_input_is_readable;
  iface->read_nonblocking = mux_input_read_nonblocking;
  iface->create_source = mux_input_create_source;
}

void
mux_input_push (MuxInput *self, GBytes *bytes, const guint8 *data, gsize size)
{
  if (!self->broken)
    mux_queue_push (&self->queue, bytes, data, size);
}

void
mux_input_push_head (MuxInput *self, const guint8 *data, gsize size)
{
  mux_input_push (self, NULL, data, size);
  mux_queue_seal (&self->queue);
}

gsize
mux_input_get_size (MuxInput *self)
{
  return self->queue.size;
}

/* SoupServer lets go of a kept-alive connection only if it has read something since its last
 * response (P17, zombies); it skips an empty line before a request, and then meets the error. */
static void
mux_input_push_wake_up (MuxInput *self)
{
  mux_queue_push (&self->queue, NULL, (const guint8 *)"\r\n", 2);
}

void
mux_input_end_request (MuxInput *self)
{
  if (self->broken && !self->fresh)
    mux_input_push_wake_up (self);
  self->fresh = TRUE;
}

void
mux_input_break (MuxInput *self)
{
  if (self->broken)
    return;

  mux_queue_clear (&self->queue);
  if (self->fresh)
    mux_input_push_wake_up (self);
  self->broken = TRUE;
}

void
mux_input_forget_owner (MuxInput *self)
{
  self->was_read = NULL;
}
