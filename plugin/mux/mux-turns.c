/* See mux-turns.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux-turns.h"

void
mux_turns_init (MuxTurns *self)
{
  g_queue_init (&self->small);
  g_queue_init (&self->large);
  self->large_next = FALSE;
  self->large_after = 0;
  self->may_wait = TRUE;
}

void
mux_turns_add (MuxTurns *self, MuxTurn *turn, gboolean small)
{
  turn->queue = small ? &self->small : &self->large;
  g_queue_push_tail_link (turn->queue, &turn->link);
  self->large_after = 0;
}

void
mux_turns_remove (MuxTurn *turn)
{
  if (turn->queue != NULL)
    g_queue_unlink (turn->queue, &turn->link);
  turn->queue = NULL;
}

void
mux_turns_expect (MuxTurns *self, gint64 now)
{
  if (!self->may_wait)
    return;

  self->may_wait = FALSE;
  self->large_after = now + MUX_TURNS_WAIT_MAX;
}

gpointer
mux_turns_next (const MuxTurns *self, gint64 now, gint64 *again)
{
  gboolean waits = now < self->large_after;
  const GList *small = self->small.head, *large = waits ? NULL : self->large.head;
  const GList *next = small == NULL || (self->large_next && large != NULL) ? large : small;

  if (again != NULL)
    *again = waits && next == NULL && self->large.head != NULL ? self->large_after : -1;
  return next != NULL ? next->data : NULL;
}

gboolean
mux_turns_is_contended (const MuxTurns *self)
{
  return self->large.length > 1;
}

void
mux_turns_sent (MuxTurns *self, gboolean small)
{
  self->large_next = small;
  self->may_wait |= !small;
}
