/* When a message is compressed: a wire and an LZ4 of given speeds, played with made-up time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "worker/compress-policy.h"

#define MESSAGE (128u * 1024)

typedef struct
{
  double wire;  /* bytes a second */
  double lz4;   /* bytes read a second */
  double yield; /* bytes written per byte read */
} World;

/* Sends messages for @seconds; returns the share of them that were compressed in the second half.
 */
static double
play (CompressPolicy *policy, const World *world, double seconds, double *goodput)
{
  static double clock = 1000000;
  double start = clock;
  double now = start, wire_free = start;
  guint64 sent = 0;
  guint n = 0, n_compressed = 0;
  double raw = 0;

  while (now < start + seconds * 1e6)
    {
      gboolean compressed;
      double size = MESSAGE;

      compress_policy_wire (policy, sent, wire_free > now, now);
      compressed = compress_policy_wants (policy, MESSAGE, now);
      if (compressed)
        {
          double elapsed = MESSAGE / world->lz4 * 1e6;

          compress_policy_result (policy, MESSAGE,
                                  world->yield >= 1 ? 0 : (gsize)(MESSAGE * world->yield), elapsed);
          now += elapsed;
          size = MESSAGE * MIN (world->yield, 1);
        }
      /* One message may wait; then the worker does. */
      now = MAX (now + 10, wire_free - size / world->wire * 1e6);
      wire_free = MAX (wire_free, now) + size / world->wire * 1e6;
      sent += size;
      raw += MESSAGE;
      if (now > start + seconds / 2 * 1e6)
        {
          n++;
          n_compressed += compressed;
        }
    }
  clock = now;
  if (goodput != NULL)
    *goodput = raw / seconds;
  return (double)n_compressed / n;
}

static void
test_slow_wire (void)
{
  const World world = { .wire = 12.5e6, .lz4 = 500e6, .yield = 0.4 };
  CompressPolicy policy;
  double goodput;

  compress_policy_init (&policy, COMPRESS_AUTO);
  g_assert_cmpfloat (play (&policy, &world, 20, &goodput), >, 0.7);
  g_assert_cmpfloat (goodput, >, 12.5e6 * 1.9);
}

static void
test_fast_wire (void)
{
  const World world = { .wire = 1e9, .lz4 = 500e6, .yield = 0.4 };
  CompressPolicy policy;
  double goodput;

  compress_policy_init (&policy, COMPRESS_AUTO);
  g_assert_cmpfloat (play (&policy, &world, 5, &goodput), <, 0.05);
  g_assert_cmpfloat (goodput, >, 0.9 * 1e9);
}

static void
test_incompressible (void)
{
  const World world = { .wire = 12.5e6, .lz4 = 500e6, .yield = 1 };
  CompressPolicy policy;

  compress_policy_init (&policy, COMPRESS_AUTO);
  g_assert_cmpfloat (play (&policy, &world, 20, NULL), <, 0.05);
}

/* The wire gets slower, then faster again: the policy follows. */
static void
test_follows_the_wire (void)
{
  World world = { .wire = 1e9, .lz4 = 500e6, .yield = 0.3 };
  CompressPolicy policy;

  compress_policy_init (&policy, COMPRESS_AUTO);
  g_assert_cmpfloat (play (&policy, &world, 5, NULL), <, 0.05);
  world.wire = 10e6;
  g_assert_cmpfloat (play (&policy, &world, 20, NULL), >, 0.7);
  world.wire = 2e9;
  g_assert_cmpfloat (play (&policy, &world, 20, NULL), <, 0.05);
}

static void
test_modes (void)
{
  CompressPolicy policy;

  compress_policy_init (&policy, COMPRESS_ALWAYS);
  g_assert_true (compress_policy_wants (&policy, MESSAGE, 1));
  for (guint i = 0; i < 10; i++)
    compress_policy_result (&policy, MESSAGE, 0, 10);
  g_assert_true (compress_policy_wants (&policy, MESSAGE, 2));

  compress_policy_init (&policy, COMPRESS_NEVER);
  g_assert_false (compress_policy_wants (&policy, MESSAGE, 1));

  /* Nothing is known of the wire yet: only bulk is worth it. */
  compress_policy_init (&policy, COMPRESS_AUTO);
  g_assert_false (compress_policy_wants (&policy, 4096, 1));
  g_assert_true (compress_policy_wants (&policy, MESSAGE, 2));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/compress-policy/slow-wire", test_slow_wire);
  g_test_add_func ("/compress-policy/fast-wire", test_fast_wire);
  g_test_add_func ("/compress-policy/incompressible", test_incompressible);
  g_test_add_func ("/compress-policy/follows-the-wire", test_follows_the_wire);
  g_test_add_func ("/compress-policy/modes", test_modes);
  return g_test_run ();
}
