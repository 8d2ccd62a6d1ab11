/* The verdict on a stream without a request.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "worker/stream-watch.h"

static void
test_leftover (void)
{
  StreamWatch watch = { 0 };

  stream_watch_begin (&watch, 1000);
  stream_watch_look (&watch, 1000 + STREAM_WATCH_DEVICE - 1);
  g_assert_false (watch.goes_on);
  stream_watch_look (&watch, 1000 + STREAM_WATCH_DEVICE - 1);
  g_assert_false (watch.goes_on);
}

/* All at once, and then nothing. */
static void
test_much (void)
{
  StreamWatch watch = { 0 };

  stream_watch_begin (&watch, 1000);
  stream_watch_look (&watch, 1000 + STREAM_WATCH_DEVICE);
  g_assert_true (watch.goes_on);
  stream_watch_look (&watch, 1000 + STREAM_WATCH_DEVICE);
  g_assert_true (watch.goes_on);
}

static void
test_more (void)
{
  StreamWatch watch = { 0 };

  stream_watch_look (&watch, STREAM_WATCH_FRAME - 1);
  stream_watch_look (&watch, STREAM_WATCH_FRAME);
  g_assert_false (watch.goes_on);
  stream_watch_look (&watch, STREAM_WATCH_FRAME + 1);
  g_assert_true (watch.goes_on);
}

static void
test_claimed (void)
{
  StreamWatch watch = { 0 };

  stream_watch_look (&watch, STREAM_WATCH_DEVICE);
  stream_watch_claim (&watch);
  g_assert_true (watch.claimed);
  g_assert_false (watch.goes_on);
  stream_watch_look (&watch, 2 * STREAM_WATCH_DEVICE);
  g_assert_false (watch.goes_on);
}

/* What was seen of one stream says nothing about the next. */
static void
test_next_stream (void)
{
  StreamWatch watch = { 0 };

  stream_watch_look (&watch, STREAM_WATCH_FRAME);
  stream_watch_claim (&watch);
  stream_watch_begin (&watch, STREAM_WATCH_FRAME);
  g_assert_false (watch.claimed);
  stream_watch_look (&watch, 3 * STREAM_WATCH_FRAME);
  g_assert_false (watch.goes_on);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stream-watch/leftover", test_leftover);
  g_test_add_func ("/stream-watch/much", test_much);
  g_test_add_func ("/stream-watch/more", test_more);
  g_test_add_func ("/stream-watch/claimed", test_claimed);
  g_test_add_func ("/stream-watch/next-stream", test_next_stream);
  return g_test_run ();
}
