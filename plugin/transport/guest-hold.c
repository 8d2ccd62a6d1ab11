/* See guest-hold.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "transport/guest-hold.h"

#include "worker/traffic.h"

/* For one message: nobody tells the coroutine that a viewer disconnected the channel meanwhile
 * (P6 b), but for the end of the session. The more waits already the less may come: from twice
 * TRAFFIC_IN_MAX on longer, from four times on nothing. */
#define HOLD_MAX 250000
#define HOLD_MAX_LONG 2000000
#define HOLD_MAX_MIGRATING 10000

void
guest_hold_begin_migration (GuestHold *self)
{
  *self = (GuestHold){ TRUE, 0 };
}

void
guest_hold_end_migration (GuestHold *self)
{
  self->migrating = FALSE;
}

gint64
guest_hold_get (const GuestHold *self, gsize waiting)
{
  if (waiting < TRAFFIC_IN_MAX)
    return 0;
  if (self->migrating && self->excess < GUEST_HOLD_EXCESS_MAX)
    return HOLD_MAX_MIGRATING;
  if (waiting < 2 * TRAFFIC_IN_MAX)
    return HOLD_MAX;
  return waiting < 4 * TRAFFIC_IN_MAX ? HOLD_MAX_LONG : G_MAXINT64;
}

void
guest_hold_taken (GuestHold *self, gsize waiting)
{
  if (self->migrating && waiting >= TRAFFIC_IN_MAX)
    self->excess++;
}
