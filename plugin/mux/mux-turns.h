/* Whose turn it is to send: one frame each, in turn, and a small answer before the large ones,
 * which get every other turn for as long as small ones keep coming.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  GQueue small;
  GQueue large;
  gboolean large_next; /* small ones have had their turn */
} MuxTurns;

/**
 * MuxTurn:
 * @link: its data is the one whose turn it is
 * @queue: (nullable): where it waits
 */
typedef struct
{
  GList link;
  GQueue *queue;
} MuxTurn;

void mux_turns_init (MuxTurns *self);

/**
 * mux_turns_add:
 * @turn: waits for nothing
 * @small: whether it is to go before the large ones
 */
void mux_turns_add (MuxTurns *self, MuxTurn *turn, gboolean small);

/**
 * mux_turns_remove:
 * @turn: may wait or not
 */
void mux_turns_remove (MuxTurn *turn);

/**
 * mux_turns_next:
 *
 * Returns: (nullable): the data of the next turn, which waits on until it is removed
 */
gpointer mux_turns_next (const MuxTurns *self);

/**
 * mux_turns_sent:
 * @small: whether it was small ones that were sent
 */
void mux_turns_sent (MuxTurns *self, gboolean small);

G_END_DECLS
