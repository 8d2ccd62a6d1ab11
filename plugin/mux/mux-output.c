/* What a client is sent, as a GOutputStream in memory (pollable; never blocks).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux-output.h"

#include <string.h>

#include "mux/mux-block.h"
#include "mux/mux-frame.h"
#include "mux/mux-source.h"

/* What fits into this needs no whole block. */
#define SMALL_MAX 4096

typedef struct
{
  guint8 *memory; /* MUX_HEADER_SIZE, then data */
  gsize capacity; /* of data: SMALL_MAX, from malloc (); or MUX_MAX_DATA, a block */
  gsize size;
} Block;

struct _MuxOutput
{
  GOutputStream parent_instance;

  GQueue blocks;
  gsize size;
  guint64 n_written;
  char status[10]; /* how the response began: "HTTP/1.1 2" */
  guint n_status;
  gboolean full; /* until half of it is taken */
  gboolean broken;
  void (*wrote) (gpointer user_data);
  gpointer user_data;
};

static void mux_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (MuxOutput,
                               mux_output,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      mux_output_pollable_init))

MuxOutput *
mux_output_new (void (*wrote) (gpointer user_data), gpointer user_data)
{
  MuxOutput *self = g_object_new (MUX_TYPE_OUTPUT, NULL);

  self->wrote = wrote;
  self->user_data = user_data;

  return self;
}

static void
block_free (gpointer data)
{
  Block *block = data;

  if (block->capacity == MUX_MAX_DATA)
    mux_block_free (block->memory);
  else
    g_free (block->memory);
  g_free (block);
}

static void
mux_output_finalize (GObject *object)
{
  MuxOutput *self = MUX_OUTPUT (object);

  g_queue_clear_full (&self->blocks, block_free);

  G_OBJECT_CLASS (mux_output_parent_class)->finalize (object);
}

/* The block that takes the next bytes, with room for at least one. */
static Block *
mux_output_get_room (MuxOutput *self, gsize wanted)
{
  Block *block = g_queue_peek_tail (&self->blocks);

  if (block == NULL || block->size == MUX_MAX_DATA)
    {
      block = g_new0 (Block, 1);
      g_queue_push_tail (&self->blocks, block);
    }

  if (block->capacity == 0 && wanted <= SMALL_MAX)
    {
      block->capacity = SMALL_MAX;
      block->memory = g_malloc (MUX_HEADER_SIZE + SMALL_MAX);
    }
  else if (block->size == block->capacity)
    {
      guint8 *memory = mux_block_new ();

      if (block->size > 0)
        memcpy (memory + MUX_HEADER_SIZE, block->memory + MUX_HEADER_SIZE, block->size);
      g_free (block->memory);
      block->capacity = MUX_MAX_DATA;
      block->memory = memory;
    }

  return block;
}

static void
mux_output_append (MuxOutput *self, const guint8 *data, gsize size)
{
  gsize n_status = MIN (size, sizeof self->status - self->n_status);

  if (size == 0)
    return;

  memcpy (self->status + self->n_status, data, n_status);
  self->n_status += n_status;
  self->size += size;
  self->n_written += size;

  while (size > 0)
    {
      Block *block = mux_output_get_room (self, size);
      gsize n = MIN (size, block->capacity - block->size);

      memcpy (block->memory + MUX_HEADER_SIZE + block->size, data, n);
      block->size += n;
      data += n;
      size -= n;
    }

  self->full = self->size >= MUX_OUTPUT_MAX;
  if (self->wrote != NULL)
    self->wrote (self->user_data);
}

static gssize
mux_output_write (GOutputStream *stream,
                  const void *buffer,
                  gsize count,
                  GCancellable *cancellable,
                  GError **error)
{
  MuxOutput *self = MUX_OUTPUT (stream);

  if (self->broken)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "The client has gone");
      return -1;
    }
  if (self->full)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK,
                           "The client's buffer is full");
      return -1;
    }

  count = MIN (count, MUX_OUTPUT_MAX - self->size);
  mux_output_append (self, buffer, count);
  return count;
}

static gboolean
mux_output_close (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  mux_output_break (MUX_OUTPUT (stream));
  return TRUE;
}

static void
mux_output_class_init (MuxOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mux_output_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = mux_output_write;
  G_OUTPUT_STREAM_CLASS (klass)->close_fn = mux_output_close;
}

static void
mux_output_init (MuxOutput *self)
{
  g_queue_init (&self->blocks);
}

static gboolean
mux_output_ready (gpointer data)
{
  MuxOutput *self = data;

  return !self->full || self->broken;
}

static gboolean
mux_output_is_writable (GPollableOutputStream *stream)
{
  return mux_output_ready (stream);
}

static gssize
mux_output_write_nonblocking (GPollableOutputStream *stream,
                              const void *buffer,
                              gsize count,
                              GError **error)
{
  return mux_output_write (G_OUTPUT_STREAM (stream), buffer, count, NULL, error);
}

static GSource *
mux_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  GSource *source = g_pollable_source_new_full (stream, NULL, cancellable);
  g_autoptr (GSource) child = mux_source_new (mux_output_ready, stream);

  g_source_add_child_source (source, child);
  return source;
}

static void
mux_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = mux_output_is_writable;
  iface->write_nonblocking = mux_output_write_nonblocking;
  iface->create_source = mux_output_create_source;
}

gsize
mux_output_get_size (MuxOutput *self)
{
  return self->size;
}

guint64
mux_output_get_n_written (MuxOutput *self)
{
  return self->n_written;
}

guint64
mux_output_get_n_taken (MuxOutput *self)
{
  return self->n_written - self->size;
}

gsize
mux_output_peek_frame (MuxOutput *self)
{
  Block *block;

  block = g_queue_peek_head (&self->blocks);
  return block != NULL ? block->size : 0;
}

static Block *
mux_output_take_block (MuxOutput *self)
{
  Block *block = g_queue_pop_head (&self->blocks);

  self->size -= block->size;
  if (self->size <= MUX_OUTPUT_MAX / 2)
    self->full = FALSE;

  return block;
}

GBytes *
mux_output_steal_frame (MuxOutput *self, gint64 client)
{
  Block *block = mux_output_take_block (self);
  gsize size = MUX_HEADER_SIZE + block->size;
  gboolean small = block->capacity != MUX_MAX_DATA;
  guint8 *memory = g_steal_pointer (&block->memory);

  mux_frame_write_header (memory, client, block->size);
  g_free (block);

  return g_bytes_new_with_free_func (memory, size, small ? g_free : mux_block_free, memory);
}

void
mux_output_copy_frame (MuxOutput *self, gint64 client, guint8 *frame)
{
  Block *block = mux_output_take_block (self);

  mux_frame_write_header (frame, client, block->size);
  memcpy (frame + MUX_HEADER_SIZE, block->memory + MUX_HEADER_SIZE, block->size);
  block_free (block);
}

void
mux_output_begin_response (MuxOutput *self)
{
  self->n_status = 0;
}

gboolean
mux_output_has_final (MuxOutput *self)
{
  return self->n_status > 0 && (self->n_status < sizeof self->status || self->status[9] != '1');
}

void
mux_output_break (MuxOutput *self)
{
  self->broken = TRUE;
}

void
mux_output_discard (MuxOutput *self)
{
  g_queue_clear_full (&self->blocks, block_free);
  /* As if it had never been written: n_taken stays what was really taken. */
  self->n_written -= self->size;
  self->size = 0;
  self->full = FALSE;
}

void
mux_output_forget_owner (MuxOutput *self)
{
  self->wrote = NULL;
}
