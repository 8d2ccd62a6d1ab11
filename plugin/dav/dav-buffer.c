/* Buffers of one size; see dav-buffer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-buffer.h"

struct _DavBuffers
{
  guint refs; /* the owners, and every buffer that is out */
  GPtrArray *idle;
};

typedef struct
{
  DavBuffers *buffers;
  guint8 *buffer;
} DavBufferOut;

DavBuffers *
dav_buffers_new (void)
{
  DavBuffers *self = g_new0 (DavBuffers, 1);

  self->refs = 1;
  self->idle = g_ptr_array_new_with_free_func (g_free);
  return self;
}

DavBuffers *
dav_buffers_ref (DavBuffers *self)
{
  self->refs++;
  return self;
}

void
dav_buffers_unref (DavBuffers *self)
{
  if (--self->refs > 0)
    return;

  g_ptr_array_unref (self->idle);
  g_free (self);
}

guint8 *
dav_buffers_take (DavBuffers *self)
{
  self->refs++;
  if (self->idle->len > 0)
    return g_ptr_array_steal_index_fast (self->idle, self->idle->len - 1);
  return g_malloc (DAV_BUFFER_SIZE);
}

void
dav_buffers_give_back (DavBuffers *self, guint8 *buffer)
{
  if (self->idle->len < DAV_BUFFER_KEEP)
    g_ptr_array_add (self->idle, buffer);
  else
    g_free (buffer);
  dav_buffers_unref (self);
}

static void
dav_buffers_came_back (gpointer data)
{
  g_autofree DavBufferOut *out = data;

  dav_buffers_give_back (out->buffers, out->buffer);
}

GBytes *
dav_buffers_wrap (DavBuffers *self, guint8 *buffer, gsize length)
{
  DavBufferOut *out = g_new (DavBufferOut, 1);

  out->buffers = self;
  out->buffer = buffer;
  return g_bytes_new_with_free_func (buffer, length, dav_buffers_came_back, out);
}

guint
dav_buffers_get_n_idle (DavBuffers *self)
{
  return self->idle->len;
}
