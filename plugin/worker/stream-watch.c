/* See stream-watch.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "worker/stream-watch.h"

void
stream_watch_begin (StreamWatch *self, guint64 bytes)
{
  *self = (StreamWatch){ .begin = bytes };
}

void
stream_watch_claim (StreamWatch *self)
{
  self->claimed = TRUE;
  self->goes_on = FALSE;
}

void
stream_watch_look (StreamWatch *self, guint64 bytes)
{
  guint64 seen = bytes - self->begin;

  if (!self->claimed
      && (seen >= STREAM_WATCH_DEVICE || (self->seen >= STREAM_WATCH_FRAME && seen > self->seen)))
    self->goes_on = TRUE;
  self->seen = seen;
}
