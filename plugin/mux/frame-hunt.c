/* See frame-hunt.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/frame-hunt.h"

#include <string.h>

#include "mux/http-head.h"

void
frame_hunt_forget (FrameHunt *self)
{
  self->n_known = 0;
}

void
frame_hunt_know (FrameHunt *self, gint64 client)
{
  if (self->n_known < FRAME_HUNT_MAX_KNOWN)
    self->known[self->n_known++] = client;
}

void
frame_hunt_begin (FrameHunt *self)
{
  self->n_tail = 0;
}

static gboolean
is_known (FrameHunt *self, gint64 client)
{
  for (guint i = 0; i < self->n_known; i++)
    if (self->known[i] == client)
      return TRUE;
  return FALSE;
}

/* Ids are pointers (P11), those of programs: 48 bits at most, whatever they are extended with. */
static gboolean
may_be_id (const guint8 *data)
{
  return (data[7] == 0 && data[6] == 0) || (data[7] == 0xff && data[6] == 0xff);
}

/* "PROPFIND /", "OPTIONS *" */
static gboolean
is_request (const guint8 *data, gsize size)
{
  const guint8 *space = memchr (data, ' ', MIN (size, FRAME_HUNT_METHOD + 1));

  return space != NULL && space + 1 < data + size && (space[1] == '/' || space[1] == '*')
         && http_method_is_known ((const char *)data, space - data);
}

static gboolean
is_frame (FrameHunt *self, const guint8 *data, gsize size)
{
  MuxFrameReader reader = { 0 };
  gsize used;

  if (!may_be_id (data) || !mux_frame_reader_read_header (&reader, data, size, &used))
    return FALSE;
  return is_known (self, reader.client)
         || (reader.left >= FRAME_HUNT_MIN_REQUEST && is_request (data + used, size - used));
}

gboolean
frame_hunt_feed (FrameHunt *self,
                 const guint8 *data,
                 gsize size,
                 guint8 *frame,
                 gsize *n_frame,
                 gsize *used)
{
  /* What was left of the last piece, with the beginning of this one. */
  guint8 seam[2 * FRAME_HUNT_WINDOW];
  guint n_tail = self->n_tail;
  gsize n_seam = n_tail + MIN (size, FRAME_HUNT_WINDOW);
  gsize total = n_tail + size;

  memcpy (seam, self->tail, n_tail);
  memcpy (seam + n_tail, data, n_seam - n_tail);
  for (gsize at = 0; at + MUX_HEADER_SIZE <= total; at++)
    {
      const guint8 *here = at < n_tail ? seam + at : data + (at - n_tail);
      gsize n = at < n_tail ? n_seam - at : total - at;

      n = MIN (n, FRAME_HUNT_WINDOW);
      if (!is_frame (self, here, n))
        continue;
      /* A known client's header may lie wholly in what was seen before. */
      *n_frame = MAX (n_tail > at ? n_tail - at : 0, MUX_HEADER_SIZE);
      memcpy (frame, here, *n_frame);
      *used = at + *n_frame - n_tail;
      self->n_tail = 0;
      return TRUE;
    }

  n_tail = MIN (total, sizeof self->tail);
  if (size >= n_tail)
    memcpy (self->tail, data + size - n_tail, n_tail);
  else
    {
      memmove (self->tail, self->tail + (total - n_tail), n_tail - size);
      memcpy (self->tail + n_tail - size, data, size);
    }
  self->n_tail = n_tail;
  *used = size;
  return FALSE;
}
