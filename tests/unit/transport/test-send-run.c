/* How much is sent without a break.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "transport/send-run.h"

static void
test_break (void)
{
  const gsize size = 64 * 1024;
  const gint64 now = 1000;
  SendRun run = { 0 };
  guint n = 0;

  for (; send_run_wait (&run, now) == 0; n++)
    send_run_sent (&run, size, now);
  g_assert_cmpuint (n, ==, SEND_RUN_MAX / size);
  g_assert_cmpint (send_run_wait (&run, now), ==, SEND_RUN_BREAK);
  g_assert_cmpint (send_run_wait (&run, now + SEND_RUN_BREAK - 1), ==, 1);
  g_assert_cmpint (send_run_wait (&run, now + SEND_RUN_BREAK), ==, 0);
}

/* After a break a whole run follows, and what went before it does not count. */
static void
test_again (void)
{
  SendRun run = { 0 };

  send_run_sent (&run, SEND_RUN_MAX + 1, 0);
  g_assert_cmpint (send_run_wait (&run, 0), ==, SEND_RUN_BREAK);
  send_run_sent (&run, SEND_RUN_MAX - 1, SEND_RUN_BREAK);
  g_assert_cmpint (send_run_wait (&run, SEND_RUN_BREAK), ==, 0);
  send_run_sent (&run, 1, SEND_RUN_BREAK);
  g_assert_cmpint (send_run_wait (&run, SEND_RUN_BREAK), ==, SEND_RUN_BREAK);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/send-run/break", test_break);
  g_test_add_func ("/send-run/again", test_again);
  return g_test_run ();
}
