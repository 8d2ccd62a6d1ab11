/* Where frames begin in a stream that begins anywhere, cut in every way.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "mux/frame-hunt.h"

#define POINTER G_GINT64_CONSTANT (0x55d0c8a3b2f0)

static void
add_frame (GByteArray *stream, gint64 client, const char *data, gsize size)
{
  guint8 header[MUX_HEADER_SIZE];

  mux_frame_write_header (header, client, size);
  g_byte_array_append (stream, header, sizeof header);
  g_byte_array_append (stream, (const guint8 *)data, size);
}

/* Feeds pieces of @step bytes. Returns where the frame begins, or -1. */
static gssize
hunt (const FrameHunt *known, GByteArray *stream, gsize step)
{
  FrameHunt self = *known;
  guint8 begin[FRAME_HUNT_WINDOW];
  gsize n_begin, used;

  for (gsize at = 0; at < stream->len; at += step)
    {
      gsize n = MIN (step, stream->len - at);
      /* Of its own, so that a sanitizer sees what is read beyond. */
      g_autofree guint8 *piece = g_memdup2 (stream->data + at, n);

      if (frame_hunt_feed (&self, piece, n, begin, &n_begin, &used))
        {
          g_assert_cmpuint (used, <=, n);
          g_assert_cmpuint (n_begin, <=, at + used);
          g_assert_cmpmem (begin, n_begin, stream->data + at + used - n_begin, n_begin);
          return at + used - n_begin;
        }
      g_assert_cmpuint (used, ==, n);
    }
  return -1;
}

static void
check (const FrameHunt *known, GByteArray *stream, gssize expected)
{
  for (gsize step = 1; step <= stream->len; step++)
    g_assert_cmpint (hunt (known, stream, step), ==, expected);
}

/* The rest of a body that has what looks like requests in it, then a request. */
static void
test_request (void)
{
  static const char body[] = "log: GET / HTTP/1.1 PROPFIND /x\r\n\r\nPUT /a";
  static const char *const requests[] = { "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                                          "PROPPATCH /x HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n" };

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    for (gsize skip = 0; skip < MUX_HEADER_SIZE + sizeof body; skip++)
      {
        g_autoptr (GByteArray) stream = g_byte_array_new ();
        FrameHunt known = { 0 };

        add_frame (stream, POINTER + 8, body, sizeof body);
        g_byte_array_remove_range (stream, 0, skip);
        add_frame (stream, POINTER, requests[i], strlen (requests[i]));
        check (&known, stream, MUX_HEADER_SIZE + sizeof body - skip);
      }
}

/* A client that was there before, in the middle of its upload, and one that is closed. */
static void
test_known (void)
{
  FrameHunt known = { 0 };
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  g_autoptr (GByteArray) closed = g_byte_array_new ();

  frame_hunt_know (&known, -POINTER);
  frame_hunt_know (&known, POINTER);
  g_byte_array_append (stream, (const guint8 *)"\0\0rest of it", 12);
  add_frame (stream, POINTER, "more of it", 10);
  check (&known, stream, 12);
  g_byte_array_append (closed, (const guint8 *)"x", 1);
  add_frame (closed, -POINTER, "", 0);
  check (&known, closed, 1);

  frame_hunt_forget (&known);
  check (&known, stream, -1);
}

/* The first frame of a stream that begins with one is found at once. */
static void
test_in_step (void)
{
  static const char head[] = "PROPFIND / HTTP/1.1\r\n";
  const FrameHunt known = { 0 };
  g_autoptr (GByteArray) stream = g_byte_array_new ();

  add_frame (stream, POINTER, head, strlen (head));
  check (&known, stream, 0);
}

static void
test_nothing (void)
{
  static const char *const bad[]
      = { "BREW / HTTP/1.1\r\n\r\n", "GETS / HTTP/1.1\r\n\r\n",  "GET x HTTP/1.1\r\n\r\n", "GET /",
          " / HTTP/1.1\r\n\r\n\r\n", "PROPPATCHX / HTTP/1.1\r\n" };
  const FrameHunt known = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GByteArray) stream = g_byte_array_new ();

      add_frame (stream, POINTER, bad[i], strlen (bad[i]));
      check (&known, stream, -1);
    }
}

/* More clients than are remembered. */
static void
test_limit (void)
{
  FrameHunt known = { 0 };

  for (guint i = 0; i <= FRAME_HUNT_MAX_KNOWN; i++)
    frame_hunt_know (&known, POINTER + i);
  for (guint i = 0; i <= FRAME_HUNT_MAX_KNOWN; i++)
    {
      g_autoptr (GByteArray) stream = g_byte_array_new ();

      add_frame (stream, POINTER + i, "more", 4);
      g_assert_cmpint (hunt (&known, stream, 7), ==, i < FRAME_HUNT_MAX_KNOWN ? 0 : -1);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame-hunt/request", test_request);
  g_test_add_func ("/frame-hunt/known", test_known);
  g_test_add_func ("/frame-hunt/in-step", test_in_step);
  g_test_add_func ("/frame-hunt/nothing", test_nothing);
  g_test_add_func ("/frame-hunt/limit", test_limit);
  return g_test_run ();
}
