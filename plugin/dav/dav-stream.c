/* The stream between the mux and libsoup; see dav-stream.h.
 *
 * libsoup closes the body of a chunked response with g_output_stream_close_async(), which GIO runs
 * in a thread of its own with blocking writes. The mux's stream belongs to one thread, so those few
 * bytes (the last chunk) are only noted there, and written in the stream's own context.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-stream.h"

/* "0\r\n" and "\r\n" are all that libsoup ever writes from another thread. */
#define DAV_STREAM_MAX_TAIL 64

#define DAV_TYPE_INPUT (dav_input_get_type ())
G_DECLARE_FINAL_TYPE (DavInput, dav_input, DAV, INPUT, GInputStream)

#define DAV_TYPE_OUTPUT (dav_output_get_type ())
G_DECLARE_FINAL_TYPE (DavOutput, dav_output, DAV, OUTPUT, GOutputStream)

struct _DavInput
{
  GInputStream parent_instance;

  GPollableInputStream *base;
  DavStream *stream; /* unowned; NULL once it is gone */
};

struct _DavOutput
{
  GOutputStream parent_instance;

  GPollableOutputStream *base;
  GMainContext *context;
  GSource *flush;     /* waits for @base to take the tail */
  GIOStream *closing; /* to be closed when the tail is out */
  DavStream *stream;  /* unowned; NULL once it is gone */
  guint64 written;
  gboolean failed; /* nothing more goes out */

  GMutex mutex; /* guards the rest, which any thread may touch */
  guint tail_length;
  guint8 tail[DAV_STREAM_MAX_TAIL];
};

struct _DavStream
{
  GIOStream parent_instance;

  GIOStream *base;
  DavInput *input;
  DavOutput *output;
  const DavStreamOps *ops;
  gpointer user_data;
  gint64 active;
  gboolean in_request;
  gboolean lost;
  gboolean closed;
};

static void dav_input_pollable_init (GPollableInputStreamInterface *iface);
static void dav_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DavInput,
                               dav_input,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      dav_input_pollable_init))
G_DEFINE_FINAL_TYPE_WITH_CODE (DavOutput,
                               dav_output,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      dav_output_pollable_init))
G_DEFINE_FINAL_TYPE (DavStream, dav_stream, G_TYPE_IO_STREAM)

/* Input */

static void
dav_input_finalize (GObject *object)
{
  DavInput *self = DAV_INPUT (object);

  g_clear_object (&self->base);
  G_OBJECT_CLASS (dav_input_parent_class)->finalize (object);
}

static gboolean
dav_input_close (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
dav_input_class_init (DavInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dav_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->close_fn = dav_input_close;
}

static void
dav_input_init (DavInput *self)
{
}

static gboolean
dav_input_is_readable (GPollableInputStream *pollable)
{
  return g_pollable_input_stream_is_readable (DAV_INPUT (pollable)->base);
}

/* Not wrapped once more: whoever asks has a callback that looks at its data alone, and each source
 * around a source costs a wakeup of the loop whenever it fires. */
static GSource *
dav_input_create_source (GPollableInputStream *pollable, GCancellable *cancellable)
{
  return g_pollable_input_stream_create_source (DAV_INPUT (pollable)->base, cancellable);
}

static gssize
dav_input_read_nonblocking (GPollableInputStream *pollable,
                            void *buffer,
                            gsize count,
                            GError **error)
{
  DavInput *self = DAV_INPUT (pollable);
  DavStream *stream = self->stream;
  g_autoptr (GError) local = NULL;
  gssize n;

  if (stream != NULL && stream->lost)
    n = 0;
  else
    n = g_pollable_input_stream_read_nonblocking (self->base, buffer, count, NULL, &local);

  if (n > 0 && stream != NULL)
    stream->active = g_get_monotonic_time ();

  if (stream != NULL && !stream->in_request && n <= 0
      && !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      if (!stream->lost)
        {
          stream->lost = TRUE;
          stream->ops->lost (stream->user_data);
        }
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Ended between two requests");
      return -1;
    }

  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return n;
}

static void
dav_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = dav_input_is_readable;
  iface->create_source = dav_input_create_source;
  iface->read_nonblocking = dav_input_read_nonblocking;
}

/* Output */

static void
dav_output_finalize (GObject *object)
{
  DavOutput *self = DAV_OUTPUT (object);

  g_assert (self->flush == NULL && self->closing == NULL);
  g_clear_object (&self->base);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_mutex_clear (&self->mutex);
  G_OBJECT_CLASS (dav_output_parent_class)->finalize (object);
}

/* Nothing more goes out. */
static void
dav_output_end (DavOutput *self)
{
  g_autoptr (GIOStream) closing = g_steal_pointer (&self->closing);

  self->failed = TRUE;
  if (self->flush != NULL)
    {
      g_source_destroy (self->flush);
      g_clear_pointer (&self->flush, g_source_unref);
    }
  if (closing != NULL)
    g_io_stream_close (closing, NULL, NULL);
}

static gboolean dav_output_flush_tail (DavOutput *self);

/* Later, when nobody waits for the outcome but who was told that it would take a while. */
static void
dav_output_go_on (DavOutput *self)
{
  if (!dav_output_flush_tail (self))
    return;
  if (self->closing != NULL)
    dav_output_end (self);
  else if (self->stream != NULL && !self->stream->closed)
    self->stream->ops->flushed (self->stream->user_data);
}

static gboolean
dav_output_flushable (GObject *pollable, gpointer user_data)
{
  g_autoptr (DavOutput) self = g_object_ref (DAV_OUTPUT (user_data));

  g_clear_pointer (&self->flush, g_source_unref);
  dav_output_go_on (self);
  return G_SOURCE_REMOVE;
}

/* Whether nothing of the tail is left; if not, it goes on by itself when @base can take more. */
static gboolean
dav_output_flush_tail (DavOutput *self)
{
  guint8 tail[DAV_STREAM_MAX_TAIL];
  g_autoptr (GError) error = NULL;
  guint length;
  gssize n;

  g_mutex_lock (&self->mutex);
  length = self->tail_length;
  memcpy (tail, self->tail, length);
  g_mutex_unlock (&self->mutex);

  if (length == 0 || self->failed)
    return TRUE;

  n = g_pollable_output_stream_write_nonblocking (self->base, tail, length, NULL, &error);
  if (n < 0 && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      dav_output_end (self);
      return TRUE;
    }
  if (n > 0)
    {
      self->written += n;
      g_mutex_lock (&self->mutex);
      self->tail_length -= n;
      memmove (self->tail, self->tail + n, self->tail_length);
      length = self->tail_length;
      g_mutex_unlock (&self->mutex);
    }
  if (length == 0)
    return TRUE;

  if (self->flush == NULL)
    {
      self->flush = g_pollable_output_stream_create_source (self->base, NULL);
      g_source_set_callback (self->flush, G_SOURCE_FUNC (dav_output_flushable), g_object_ref (self),
                             g_object_unref);
      g_source_attach (self->flush, self->context);
    }
  return FALSE;
}

static gboolean
dav_output_tail_came (gpointer user_data)
{
  DavOutput *self = DAV_OUTPUT (user_data);

  dav_output_go_on (self);
  return G_SOURCE_REMOVE;
}

/* Only ever called from GIO's thread that closes a chunked body. */
static gssize
dav_output_write (GOutputStream *stream,
                  const void *buffer,
                  gsize count,
                  GCancellable *cancellable,
                  GError **error)
{
  DavOutput *self = DAV_OUTPUT (stream);
  g_autoptr (GSource) source = NULL;
  gboolean fits;

  g_mutex_lock (&self->mutex);
  fits = count <= DAV_STREAM_MAX_TAIL - self->tail_length;
  if (fits)
    {
      memcpy (self->tail + self->tail_length, buffer, count);
      self->tail_length += count;
    }
  g_mutex_unlock (&self->mutex);

  if (!fits)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "Too much to end a body with");
      return -1;
    }

  /* Not g_main_context_invoke(), which might call right here. */
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, dav_output_tail_came, g_object_ref (self), g_object_unref);
  g_source_attach (source, self->context);
  return count;
}

static gboolean
dav_output_close (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
dav_output_class_init (DavOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dav_output_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = dav_output_write;
  G_OUTPUT_STREAM_CLASS (klass)->close_fn = dav_output_close;
}

static void
dav_output_init (DavOutput *self)
{
  g_mutex_init (&self->mutex);
}

static gboolean
dav_output_is_writable (GPollableOutputStream *pollable)
{
  return g_pollable_output_stream_is_writable (DAV_OUTPUT (pollable)->base);
}

static GSource *
dav_output_create_source (GPollableOutputStream *pollable, GCancellable *cancellable)
{
  return g_pollable_output_stream_create_source (DAV_OUTPUT (pollable)->base, cancellable);
}

static gssize
dav_output_write_nonblocking (GPollableOutputStream *pollable,
                              const void *buffer,
                              gsize count,
                              GError **error)
{
  DavOutput *self = DAV_OUTPUT (pollable);
  gssize n;

  if (!dav_output_flush_tail (self))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "The last response waits");
      return -1;
    }
  if (self->failed)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The client is gone");
      return -1;
    }

  n = g_pollable_output_stream_write_nonblocking (self->base, buffer, count, NULL, error);
  if (n > 0)
    {
      self->written += n;
      if (self->stream != NULL)
        self->stream->active = g_get_monotonic_time ();
    }
  return n;
}

static void
dav_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = dav_output_is_writable;
  iface->create_source = dav_output_create_source;
  iface->write_nonblocking = dav_output_write_nonblocking;
}

/* Both */

DavStream *
dav_stream_new (GIOStream *base, const DavStreamOps *ops, gpointer user_data)
{
  DavStream *self = g_object_new (DAV_TYPE_STREAM, NULL);

  self->base = g_object_ref (base);
  self->ops = ops;
  self->user_data = user_data;
  self->active = g_get_monotonic_time ();
  self->input->base = g_object_ref (G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (base)));
  self->output->base
      = g_object_ref (G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (base)));
  self->output->context = g_main_context_ref_thread_default ();

  return self;
}

static void
dav_stream_finalize (GObject *object)
{
  DavStream *self = DAV_STREAM (object);

  self->input->stream = NULL;
  self->output->stream = NULL;
  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_object (&self->base);
  G_OBJECT_CLASS (dav_stream_parent_class)->finalize (object);
}

static GInputStream *
dav_stream_get_input_stream (GIOStream *stream)
{
  return G_INPUT_STREAM (DAV_STREAM (stream)->input);
}

static GOutputStream *
dav_stream_get_output_stream (GIOStream *stream)
{
  return G_OUTPUT_STREAM (DAV_STREAM (stream)->output);
}

static gboolean
dav_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  DavStream *self = DAV_STREAM (stream);

  if (self->closed)
    return TRUE;

  self->closed = TRUE;
  self->ops->closed (self->user_data);

  self->output->closing = g_object_ref (self->base);
  if (dav_output_flush_tail (self->output))
    dav_output_end (self->output);
  return TRUE;
}

static void
dav_stream_class_init (DavStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = dav_stream_finalize;
  G_IO_STREAM_CLASS (klass)->get_input_stream = dav_stream_get_input_stream;
  G_IO_STREAM_CLASS (klass)->get_output_stream = dav_stream_get_output_stream;
  G_IO_STREAM_CLASS (klass)->close_fn = dav_stream_close;
}

static void
dav_stream_init (DavStream *self)
{
  self->input = g_object_new (DAV_TYPE_INPUT, NULL);
  self->input->stream = self;
  self->output = g_object_new (DAV_TYPE_OUTPUT, NULL);
  self->output->stream = self;
}

void
dav_stream_set_in_request (DavStream *self, gboolean in_request)
{
  self->in_request = in_request;
}

void
dav_stream_cut (DavStream *self)
{
  self->output->failed = TRUE;
}

gboolean
dav_stream_is_flushed (DavStream *self)
{
  return dav_output_flush_tail (self->output);
}

guint64
dav_stream_get_written (DavStream *self)
{
  return self->output->written;
}

gint64
dav_stream_get_active (DavStream *self)
{
  return self->active;
}
