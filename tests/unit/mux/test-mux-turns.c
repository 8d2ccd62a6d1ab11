/* Whose turn it is: small answers first but not only, and large ones wait for an answer that is
 * being made, but not for ever.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux-turns.h"

static MuxTurn
turn (const char *name)
{
  return (MuxTurn){ .link = { .data = (gpointer)name } };
}

/* Takes the next turn at @now; "" if nobody has it. */
static const char *
take (MuxTurns *turns, gint64 now, MuxTurn *turn)
{
  const char *name = mux_turns_next (turns, now, NULL);

  if (name == NULL)
    return "";
  g_assert_true (name == turn->link.data);
  mux_turns_sent (turns, turn->queue == &turns->small);
  mux_turns_remove (turn);
  return name;
}

static void
test_small_first (void)
{
  MuxTurns turns;
  MuxTurn small = turn ("small"), more = turn ("more"), large = turn ("large");

  mux_turns_init (&turns);
  mux_turns_add (&turns, &large, FALSE);
  mux_turns_add (&turns, &small, TRUE);
  mux_turns_add (&turns, &more, TRUE);
  g_assert_cmpstr (take (&turns, 1, &small), ==, "small");
  g_assert_cmpstr (take (&turns, 1, &large), ==, "large");
  g_assert_cmpstr (take (&turns, 1, &more), ==, "more");
  g_assert_cmpstr (take (&turns, 1, &more), ==, "");
}

static void
test_wait (void)
{
  MuxTurns turns;
  MuxTurn small = turn ("small"), large = turn ("large");
  gint64 again;

  mux_turns_init (&turns);
  mux_turns_add (&turns, &large, FALSE);
  mux_turns_expect (&turns, 100);
  g_assert_null (mux_turns_next (&turns, 100, &again));
  g_assert_cmpint (again, ==, 100 + MUX_TURNS_WAIT_MAX);

  /* The answer is there, and goes first. */
  mux_turns_add (&turns, &small, TRUE);
  g_assert_cmpstr (mux_turns_next (&turns, 100, &again), ==, "small");
  g_assert_cmpint (again, ==, -1);
  g_assert_cmpstr (take (&turns, 100, &small), ==, "small");
  g_assert_cmpstr (take (&turns, 100, &large), ==, "large");
}

static void
test_no_answer (void)
{
  MuxTurns turns;
  MuxTurn large = turn ("large");

  mux_turns_init (&turns);
  mux_turns_add (&turns, &large, FALSE);
  mux_turns_expect (&turns, 100);
  g_assert_null (mux_turns_next (&turns, 99 + MUX_TURNS_WAIT_MAX, NULL));
  g_assert_cmpstr (take (&turns, 100 + MUX_TURNS_WAIT_MAX, &large), ==, "large");
}

/* Nobody is kept waiting by many who ask one after the other. */
static void
test_asked_again (void)
{
  MuxTurns turns;
  MuxTurn large = turn ("large");
  gint64 now = 100;

  mux_turns_init (&turns);
  mux_turns_add (&turns, &large, FALSE);
  for (guint i = 0; i < 3; i++)
    {
      mux_turns_expect (&turns, now);
      mux_turns_expect (&turns, now + MUX_TURNS_WAIT_MAX / 2);
      g_assert_cmpstr (take (&turns, now, &large), ==, "");
      now += MUX_TURNS_WAIT_MAX;
      mux_turns_expect (&turns, now);
      g_assert_cmpstr (take (&turns, now, &large), ==, "large");
      mux_turns_add (&turns, &large, FALSE);
    }
}

static void
test_contended (void)
{
  MuxTurns turns;
  MuxTurn small = turn ("small"), large = turn ("large"), more = turn ("more");

  mux_turns_init (&turns);
  mux_turns_add (&turns, &large, FALSE);
  mux_turns_add (&turns, &small, TRUE);
  g_assert_false (mux_turns_is_contended (&turns));
  mux_turns_add (&turns, &more, FALSE);
  g_assert_true (mux_turns_is_contended (&turns));
  mux_turns_remove (&large);
  g_assert_false (mux_turns_is_contended (&turns));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mux-turns/small-first", test_small_first);
  g_test_add_func ("/mux-turns/wait", test_wait);
  g_test_add_func ("/mux-turns/no-answer", test_no_answer);
  g_test_add_func ("/mux-turns/asked-again", test_asked_again);
  g_test_add_func ("/mux-turns/contended", test_contended);
  return g_test_run ();
}
