/* How long the guest is held back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "transport/guest-hold.h"

#include "worker/traffic.h"

/* The more waits the longer, and from some point on for ever: that is the cap. */
static void
test_grows (void)
{
  const GuestHold hold = { 0 };
  gint64 last = 0;

  g_assert_cmpint (guest_hold_get (&hold, 0), ==, 0);
  g_assert_cmpint (guest_hold_get (&hold, TRAFFIC_IN_MAX - 1), ==, 0);
  for (guint factor = 1; factor <= 4; factor *= 2)
    {
      gint64 time = guest_hold_get (&hold, factor * TRAFFIC_IN_MAX);

      g_assert_cmpint (time, >, last);
      last = time;
    }
  g_assert_cmpint (last, ==, G_MAXINT64);
  g_assert_cmpint (guest_hold_get (&hold, G_MAXSIZE), ==, G_MAXINT64);
}

/* While the machine moves a full inbox takes more, but not without end. */
static void
test_migration (void)
{
  GuestHold hold = { 0 };
  const gsize full = 8 * TRAFFIC_IN_MAX;

  guest_hold_taken (&hold, full);
  guest_hold_begin_migration (&hold);
  for (guint i = 0; i < GUEST_HOLD_EXCESS_MAX; i++)
    {
      g_assert_cmpint (guest_hold_get (&hold, full), <, G_USEC_PER_SEC / 10);
      guest_hold_taken (&hold, full);
      guest_hold_taken (&hold, 0);
    }
  g_assert_cmpint (guest_hold_get (&hold, full), ==, G_MAXINT64);
  g_assert_cmpint (guest_hold_get (&hold, 0), ==, 0);

  guest_hold_end_migration (&hold);
  guest_hold_begin_migration (&hold);
  g_assert_cmpint (guest_hold_get (&hold, full), <, G_USEC_PER_SEC / 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guest-hold/grows", test_grows);
  g_test_add_func ("/guest-hold/migration", test_migration);
  return g_test_run ();
}
