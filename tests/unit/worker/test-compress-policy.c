/* When a message is compressed: a wire and an LZ4 of given speeds, played with made-up time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "worker/compress-policy.h"

#define MESSAGE (128u * 1024)

/* One that holds nothing up. */
#define OTHER_END .reader = 4e9, .unread = 1e6

typedef struct
{
  double wire;   /* bytes a second */
  double lz4;    /* bytes read a second */
  double yield;  /* bytes written per byte read */
  double reader; /* bytes a second that the other end takes, after LZ4 */
  double unread; /* wire bytes that may wait for it */
} World;

/* What is on its way. */
typedef struct
{
  double size;    /* wire bytes */
  double read_at; /* us */
} Message;

/* The time from which on there is room for @size more bytes. */
static double
room_from (GQueue *messages, const World *world, double size)
{
  double unread = size;
  double from = 0;

  for (GList *l = messages->head; l != NULL; l = l->next)
    unread += ((Message *)l->data)->size;
  while (unread > world->unread && !g_queue_is_empty (messages))
    {
      g_autofree Message *message = g_queue_pop_head (messages);

      unread -= message->size;
      from = message->read_at;
    }
  return from;
}

/* Sends messages for @seconds; returns the share of them that were compressed in the second half.
 */
static double
play (CompressPolicy *policy, const World *world, double seconds, double *goodput)
{
  static double clock = 1000000;
  static guint64 sent;
  double start = clock;
  double now = start, wire_free = start, reader_free = start;
  GQueue messages = G_QUEUE_INIT;
  guint n = 0, n_compressed = 0;
  guint64 sent_before = sent;

  while (now < start + seconds * 1e6)
    {
      gboolean compressed;
      double size = MESSAGE, leaves;

      compress_policy_sent (policy, sent, wire_free > now, now);
      compressed = compress_policy_wants (policy, MESSAGE, now);
      if (compressed)
        {
          double elapsed = MESSAGE / world->lz4 * 1e6;

          compress_policy_result (policy, MESSAGE,
                                  world->yield >= 1 ? 0 : (gsize)(MESSAGE * world->yield), elapsed);
          now += elapsed;
          size = MESSAGE * MIN (world->yield, 1);
        }
      leaves = MAX (MAX (now, wire_free), room_from (&messages, world, size));
      wire_free = leaves + size / world->wire * 1e6;
      reader_free = MAX (reader_free, wire_free) + MESSAGE / world->reader * 1e6;
      g_queue_push_tail (&messages, g_memdup2 (&(Message){ size, reader_free }, sizeof (Message)));
      sent += MESSAGE;
      /* One message may wait; then the worker does. */
      now = MAX (now + 10, leaves);
      if (now > start + seconds / 2 * 1e6)
        {
          n++;
          n_compressed += compressed;
        }
    }
  g_queue_clear_full (&messages, g_free);
  clock = now;
  if (goodput != NULL)
    *goodput = (double)(sent - sent_before) / seconds;
  return (double)n_compressed / n;
}

static void
test_slow_wire (void)
{
  const World world = { .wire = 12.5e6, .lz4 = 500e6, .yield = 0.4, OTHER_END };
  CompressPolicy policy;
  double goodput;

  compress_policy_init (&policy, COMPRESS_AUTO);
  g_assert_cmpfloat (play (&policy, &world, 20, &goodput), >, 0.7);
  g_assert_cmpfloat (goodput, >, 12.5e6 * 1.9);
}

static void
test_fast_wire (void)
{
  const World world = { .wire = 1e9, .lz4 = 500e6, .yield = 0.4, OTHER_END };
  CompressPolicy policy;
  double goodput;

  compress_policy_init (&policy, COMPRESS_AUTO);
  g_assert_cmpfloat (play (&policy, &world, 5, &goodput), <, 0.05);
  g_assert_cmpfloat (goodput, >, 0.9 * 1e9);
}

static void
test_incompressible (void)
{
  const World world = { .wire = 12.5e6, .lz4 = 500e6, .yield = 1, OTHER_END };
  CompressPolicy policy;

  compress_policy_init (&policy, COMPRESS_AUTO);
  g_assert_cmpfloat (play (&policy, &world, 20, NULL), <, 0.05);
}

/* Zeros, as in the image of a disk: LZ4 is faster than the wire, but the other end is not, and what
 * it has not read yet would be a hundred times as much. */
static void
test_slow_reader (void)
{
  const World world = { .wire = 2e9, .lz4 = 5e9, .yield = 0.004, .reader = 200e6, .unread = 4e6 };
  CompressPolicy policy;
  double goodput;

  compress_policy_init (&policy, COMPRESS_AUTO);
  g_assert_cmpfloat (play (&policy, &world, 20, &goodput), <, 0.2);
  g_assert_cmpfloat (goodput, >, 0.9 * 200e6);
}

/* Even zeros. */
static void
test_fast_wire_and_lz4 (void)
{
  const World world = { .wire = 1e9, .lz4 = 5e9, .yield = 0.004, OTHER_END };
  CompressPolicy policy;

  compress_policy_init (&policy, COMPRESS_AUTO);
  g_assert_cmpfloat (play (&policy, &world, 5, NULL), <, 0.05);
}

/* However well something shrinks, so much of it goes plain that the other end is not flooded. */
static void
test_ratio (void)
{
  const World world = { .wire = 12.5e6, .lz4 = 5e9, .yield = 0.004, OTHER_END };
  CompressPolicy policy;
  double goodput;

  compress_policy_init (&policy, COMPRESS_AUTO);
  g_assert_cmpfloat (play (&policy, &world, 20, &goodput), >, 0.8);
  g_assert_cmpfloat (goodput, <, 12.5e6 * COMPRESS_RATIO_MAX);
  g_assert_cmpfloat (goodput, >, 12.5e6 * COMPRESS_RATIO_MAX * 0.8);
}

/* The wire gets slower, then faster again: the policy follows. */
static void
test_follows_the_wire (void)
{
  World world = { .wire = 1e9, .lz4 = 500e6, .yield = 0.3, OTHER_END };
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
  g_test_add_func ("/compress-policy/slow-reader", test_slow_reader);
  g_test_add_func ("/compress-policy/fast-wire-and-lz4", test_fast_wire_and_lz4);
  g_test_add_func ("/compress-policy/ratio", test_ratio);
  g_test_add_func ("/compress-policy/follows-the-wire", test_follows_the_wire);
  g_test_add_func ("/compress-policy/modes", test_modes);
  return g_test_run ();
}
