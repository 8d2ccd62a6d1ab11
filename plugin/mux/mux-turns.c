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
}

void
mux_turns_add (MuxTurns *self, MuxTurn *turn, gboolean small)
{
  turn->queue = small ? &self->small : &self->large;
  g_queue_push_tail_link (turn->queue, &turn->link);
}

void
mux_turns_remove (MuxTurn *turn)
{
  if (turn->queue != NULL)
    g_queue_unlink (turn->queue, &turn->link);
  turn->queue = NULL;
}

gpointer
mux_turns_next (const MuxTurns *self)
{
  const GList *small = self->small.head, *large = self->large.head;
  const GList *next = small == NULL || (self->large_next && large != NULL) ? large : small;

  return next != NULL ? next->data : NULL;
}

void
mux_turns_sent (MuxTurns *self, gboolean small)
{
  self->large_next = small;
}
