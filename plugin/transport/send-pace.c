/* See send-pace.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "transport/send-pace.h"

void
send_pace_begin (SendPace *self, gint64 now)
{
  if (self->limited)
    return;
  self->limited = TRUE;
  self->full_at = now;
}

void
send_pace_end (SendPace *self)
{
  self->limited = FALSE;
}

gint64
send_pace_wait (const SendPace *self, gint64 now)
{
  gint64 owed = self->full_at - now;

  if (!self->limited)
    return 0;
  return MAX (0, owed - (SEND_PACE_BURST - 1) * SEND_PACE_INTERVAL);
}

void
send_pace_sent (SendPace *self, gint64 now)
{
  self->full_at = MAX (self->full_at, now) + SEND_PACE_INTERVAL;
}
