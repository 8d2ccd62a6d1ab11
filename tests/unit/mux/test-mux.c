/* The mux, with a real SoupServer behind it: limits, turns, closes, ids used again (DESIGN P11).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux-fixture.h"

#include <string.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static void
test_keep_alive (Fixture *f, gconstpointer data)
{
  for (guint i = 1; i <= 1000; i++)
    {
      fixture_send (f, 7, GET ("/size/100"));
      g_assert_cmpuint (fixture_wait_status (f, 7, 1), ==, 200);
      fixture_forget (f, 7);
    }

  g_assert_cmpuint (f->n_accepted, ==, 1);
  g_assert_cmpuint (f->requests->len, ==, 1000);
  g_assert_cmpuint (mux_get_n_clients (f->mux), ==, 1);
  g_assert_cmpuint (fixture_n_closed (f, 7), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function)                                                                        \
  g_test_add ("/mux/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  ADD ("keep-alive", test_keep_alive);

  return g_test_run ();
}
