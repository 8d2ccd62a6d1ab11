/* Whose turn it is to send: one frame each, in turn, and a small answer before the large ones,
 * which get every other turn for as long as small ones keep coming.
 *
 * Who has just asked is mostly answered in no time, if the processor is free to do it: so for an
 * instant the large ones wait, which would only fill the queues that the answer stands in.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How long large answers wait for somebody else's at most, in us. */
#define MUX_TURNS_WAIT_MAX 1000

typedef struct
{
  GQueue small;
  GQueue large;
  gboolean large_next; /* small ones have had their turn */
  gint64 large_after;  /* (monotonic, us) when large ones have waited long enough; 0: now */
  gboolean may_wait;   /* a large one has had its turn since they waited last */
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
 * mux_turns_expect:
 * @now: monotonic, in us
 *
 * Somebody has asked. Until the next one is added, large ones wait, %MUX_TURNS_WAIT_MAX at most;
 * but not twice without a turn between, or many who ask would keep them waiting for ever.
 */
void mux_turns_expect (MuxTurns *self, gint64 now);

/**
 * mux_turns_next:
 * @now: monotonic, in us
 * @again: (out) (optional): if there is none because large ones wait: until when; otherwise -1
 *
 * Returns: (nullable): the data of the next turn, which waits on until it is removed
 */
gpointer mux_turns_next (const MuxTurns *self, gint64 now, gint64 *again);

/**
 * mux_turns_is_contended:
 *
 * Returns: whether several large ones wait
 */
gboolean mux_turns_is_contended (const MuxTurns *self);

/**
 * mux_turns_sent:
 * @small: whether it was small ones that were sent
 */
void mux_turns_sent (MuxTurns *self, gboolean small);

G_END_DECLS
