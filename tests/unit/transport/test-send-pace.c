/* How fast messages go while the virtual machine moves.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "transport/send-pace.h"

/* How many messages go from now on until one has to wait. */
static guint
count_sent (SendPace *pace, gint64 now, guint max)
{
  guint n = 0;

  while (n < max && send_pace_wait (pace, now) == 0)
    {
      send_pace_sent (pace, now);
      n++;
    }
  return n;
}

static void
test_unlimited (void)
{
  SendPace pace = { 0 };

  g_assert_cmpuint (count_sent (&pace, 1000, 1000), ==, 1000);
  send_pace_begin (&pace, 2000);
  send_pace_end (&pace);
  g_assert_cmpuint (count_sent (&pace, 2000, 1000), ==, 1000);
}

/* What went before the migration does not count. */
static void
test_burst (void)
{
  const gint64 start = 5000000;
  SendPace pace = { 0 };

  count_sent (&pace, start, 1000);
  send_pace_begin (&pace, start);
  g_assert_cmpuint (count_sent (&pace, start, 1000), ==, SEND_PACE_BURST);
  g_assert_cmpint (send_pace_wait (&pace, start), ==, SEND_PACE_INTERVAL);
  g_assert_cmpint (send_pace_wait (&pace, start + SEND_PACE_INTERVAL - 1), ==, 1);
  g_assert_cmpuint (count_sent (&pace, start + SEND_PACE_INTERVAL, 1000), ==, 1);
  /* Announced twice: the burst is not given twice. */
  send_pace_begin (&pace, start + SEND_PACE_INTERVAL);
  g_assert_cmpuint (count_sent (&pace, start + SEND_PACE_INTERVAL, 1000), ==, 0);
}

/* Time in which nothing was sent is saved, up to the burst. */
static void
test_saved (void)
{
  SendPace pace = { 0 };
  gint64 now = 0;

  send_pace_begin (&pace, now);
  count_sent (&pace, now, 1000);
  now += 3 * SEND_PACE_INTERVAL;
  g_assert_cmpuint (count_sent (&pace, now, 1000), ==, 3);
  now += 1000 * (gint64)SEND_PACE_INTERVAL;
  g_assert_cmpuint (count_sent (&pace, now, 1000), ==, SEND_PACE_BURST);
}

/* A guest that takes nothing for half a minute: what is sent meanwhile leaves the server room. */
static void
test_stuck_guest (void)
{
  SendPace pace = { 0 };
  guint n = 0;

  send_pace_begin (&pace, 0);
  for (gint64 now = 0; now < 29 * G_USEC_PER_SEC; now += 1000)
    n += count_sent (&pace, now, 1000);
  g_assert_cmpuint (n, >, 29 * G_USEC_PER_SEC / SEND_PACE_INTERVAL);
  g_assert_cmpuint (n, <, 128);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/send-pace/unlimited", test_unlimited);
  g_test_add_func ("/send-pace/burst", test_burst);
  g_test_add_func ("/send-pace/saved", test_saved);
  g_test_add_func ("/send-pace/stuck-guest", test_stuck_guest);
  return g_test_run ();
}
