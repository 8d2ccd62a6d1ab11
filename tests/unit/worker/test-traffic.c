/* The queues between channel and worker: their limits, and that a reset lets nothing through.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "worker/traffic.h"

static GBytes *
bytes_of (gsize size)
{
  return g_bytes_new_take (g_malloc0 (size), size);
}

static Inbound
inbound (gsize size)
{
  return (Inbound){ bytes_of (size), FALSE };
}

static Outbound
outbound (gsize size)
{
  return (Outbound){ bytes_of (size), NULL };
}

static void
test_in_limit (void)
{
  Traffic *traffic = traffic_new ();
  g_autoptr (GArray) batch = inbound_batch_new ();
  const gsize cost = 64 * 1024, size = cost - TRAFFIC_MESSAGE_COST;
  gsize pushed = 0;

  g_assert_true (traffic_push (traffic, inbound (size)));
  for (pushed = cost; traffic_get_waiting (traffic) < TRAFFIC_IN_MAX; pushed += cost)
    g_assert_false (traffic_push (traffic, inbound (size)));
  g_assert_cmpuint (pushed, ==, TRAFFIC_IN_MAX);

  /* What the worker has taken, but not digested, still counts. */
  traffic_take (traffic, batch);
  g_assert_cmpuint (batch->len, ==, TRAFFIC_IN_MAX / cost);
  g_assert_cmpuint (traffic_get_waiting (traffic), >=, TRAFFIC_IN_MAX);
  traffic_consumed (traffic, cost);
  g_assert_cmpuint (traffic_get_waiting (traffic), <, TRAFFIC_IN_MAX);

  g_assert_true (traffic_push (traffic, inbound (size)));
  g_assert_cmpuint (traffic_get_waiting (traffic), >=, TRAFFIC_IN_MAX);
  traffic_free (traffic);
}

/* A guest that writes single bytes. */
static void
test_small_messages (void)
{
  Traffic *traffic = traffic_new ();
  g_autoptr (GArray) batch = inbound_batch_new ();
  guint n = 0;

  for (; traffic_get_waiting (traffic) < TRAFFIC_IN_MAX; n++)
    traffic_push (traffic, inbound (1));
  g_assert_cmpuint (n, <=, TRAFFIC_IN_MAX / TRAFFIC_MESSAGE_COST);

  traffic_take (traffic, batch);
  g_assert_cmpuint (batch->len, ==, n);
  for (guint i = 0; i < n; i++)
    traffic_consumed (traffic, inbound_get_cost (&g_array_index (batch, Inbound, i)));
  g_assert_cmpuint (traffic_get_waiting (traffic), ==, 0);

  traffic_push (traffic, inbound (1));
  traffic_reset (traffic);
  g_assert_cmpuint (traffic_get_waiting (traffic), ==, 0);
  traffic_free (traffic);
}

static void
test_out_limit (void)
{
  Traffic *traffic = traffic_new ();
  const gsize size = 64 * 1024;
  guint n = 0, n_wakes = 0;

  g_assert_true (traffic_queue (traffic, outbound (size)));
  for (n = 1; traffic_has_room (traffic, TRAFFIC_OUT_MAX); n++)
    g_assert_false (traffic_queue (traffic, outbound (size)));
  g_assert_cmpuint (n, ==, TRAFFIC_OUT_MAX / size);

  for (guint i = 0; i < n; i++)
    {
      g_auto (Outbound) message = { NULL, NULL };

      g_assert_true (traffic_pop (traffic, &message));
      /* Popped is not written. */
      g_assert_true (i > 0 || !traffic_has_room (traffic, TRAFFIC_OUT_MAX));
    }
  for (guint i = 0; i < n; i++)
    n_wakes += traffic_written (traffic, size);
  g_assert_cmpuint (n_wakes, ==, 1);
  g_assert_true (traffic_has_room (traffic, TRAFFIC_OUT_MAX));
  traffic_free (traffic);
}

/* Several clients have much to send: less may wait, and the worker is woken as soon. */
static void
test_contended (void)
{
  Traffic *traffic = traffic_new ();

  traffic_queue (traffic, outbound (TRAFFIC_OUT_CONTENDED));
  g_assert_true (traffic_has_room (traffic, TRAFFIC_OUT_MAX));
  g_assert_false (traffic_has_room (traffic, TRAFFIC_OUT_CONTENDED));
  g_assert_false (traffic_written (traffic, TRAFFIC_OUT_CONTENDED / 2));
  g_assert_true (traffic_written (traffic, 1));
  traffic_free (traffic);
}

static void
test_reset (void)
{
  Traffic *traffic = traffic_new ();
  g_autoptr (GArray) batch = inbound_batch_new ();
  g_auto (Outbound) message = { NULL, NULL };

  traffic_push (traffic, inbound (TRAFFIC_IN_MAX));
  traffic_queue (traffic, outbound (1000));
  traffic_queue (traffic, outbound (TRAFFIC_OUT_MAX));
  g_assert_true (traffic_pop (traffic, &message));
  traffic_reset (traffic);
  g_assert_cmpuint (traffic_get_waiting (traffic), <, TRAFFIC_IN_MAX);
  g_assert_true (traffic_has_room (traffic, TRAFFIC_OUT_MAX));

  /* Of what follows, the worker gets nothing before it has seen the reset, and what the worker
   * still makes of the old connection goes nowhere. */
  traffic_push (traffic, inbound (10));
  traffic_take (traffic, batch);
  g_assert_cmpuint (batch->len, ==, 0);
  g_assert_false (traffic_queue (traffic, outbound (20)));
  outbound_clear (&message);
  g_assert_false (traffic_pop (traffic, &message));

  g_assert_true (traffic_see_reset (traffic));
  g_assert_false (traffic_see_reset (traffic));
  traffic_take (traffic, batch);
  g_assert_cmpuint (batch->len, ==, 1);
  g_assert_true (traffic_queue (traffic, outbound (20)));
  g_assert_true (traffic_pop (traffic, &message));

  /* The message popped before the reset completes late. */
  traffic_written (traffic, 1000);
  traffic_written (traffic, 20);
  g_assert_true (traffic_has_room (traffic, TRAFFIC_OUT_MAX));
  traffic_free (traffic);
}

static void
test_sample (void)
{
  Traffic *traffic = traffic_new ();
  g_auto (Outbound) message = { NULL, NULL };
  guint64 sent;

  g_assert_false (traffic_sample (traffic, &sent));
  traffic_queue (traffic, outbound (10));
  traffic_queue (traffic, outbound (10));
  g_assert_false (traffic_sample (traffic, &sent));
  traffic_written (traffic, 10);
  g_assert_true (traffic_sample (traffic, &sent));
  g_assert_cmpuint (sent, ==, 10);
  traffic_written (traffic, 10);
  traffic_queue (traffic, outbound (10));
  g_assert_false (traffic_sample (traffic, &sent));
  g_assert_cmpuint (sent, ==, 20);
  traffic_free (traffic);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/traffic/in-limit", test_in_limit);
  g_test_add_func ("/traffic/small-messages", test_small_messages);
  g_test_add_func ("/traffic/out-limit", test_out_limit);
  g_test_add_func ("/traffic/contended", test_contended);
  g_test_add_func ("/traffic/reset", test_reset);
  g_test_add_func ("/traffic/sample", test_sample);
  return g_test_run ();
}
