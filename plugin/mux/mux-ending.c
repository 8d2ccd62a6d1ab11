/* See mux-ending.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux-ending.h"

#include <string.h>

#include "mux/http-gate.h"
#include "mux/mux-frame.h"

void
mux_ending_begin (MuxEnding *self, guint status, gboolean drop)
{
  self->canned = status != 0 ? http_canned_response (status) : NULL;
  self->send_close = TRUE;
  self->drop = drop;
}

gboolean
mux_ending_peek_frame (const MuxEnding *self, gsize *size)
{
  *size = self->canned != NULL ? strlen (self->canned) : 0;
  return *size > 0 || self->send_close;
}

void
mux_ending_copy_frame (MuxEnding *self, gint64 client, guint8 *frame)
{
  if (self->canned != NULL)
    {
      gsize size = strlen (self->canned);

      mux_frame_write_header (frame, client, size);
      memcpy (frame + MUX_HEADER_SIZE, self->canned, size);
      self->canned = NULL;
    }
  else
    {
      mux_frame_write_header (frame, client, 0);
      self->send_close = FALSE;
    }
}

gboolean
mux_ending_has_answered (const MuxEnding *self)
{
  return self->canned == NULL;
}
