/* See send-run.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "transport/send-run.h"

gint64
send_run_wait (const SendRun *self, gint64 now)
{
  return MAX (0, self->until - now);
}

void
send_run_sent (SendRun *self, gsize size, gint64 now)
{
  self->sent += size;
  if (self->sent < SEND_RUN_MAX)
    return;
  self->sent = 0;
  self->until = now + SEND_RUN_BREAK;
}
