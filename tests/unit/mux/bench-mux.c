/* How fast bytes and requests go through mux, gate, streams and SoupServer, on one core.
 *
 * Not run by default: meson test --benchmark mux
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux-fixture.h"

#include <string.h>

#include "mux/mux-frame.h"

#define HOST " HTTP/1.1\r\nHost: localhost\r\n"
#define GIB ((gsize)1024 * 1024 * 1024)
#define MAX_PULL (128 * 1024)
#define N_REQUESTS 50000

/* Pulls and forgets; returns how many bytes that were. */
static gsize
drain (Fixture *f)
{
  gsize size = 0;
  GBytes *bytes;

  while ((bytes = mux_pull (f->mux, MAX_PULL)) != NULL)
    {
      size += g_bytes_get_size (bytes);
      g_bytes_unref (bytes);
    }

  return size;
}

static void
report (const char *what, double amount, const char *unit, gint64 begin)
{
  double seconds = (g_get_monotonic_time () - begin) / (double)G_USEC_PER_SEC;

  g_test_message ("%s: %.0f %s/s", what, amount / seconds, unit);
}

static void
bench_download (Fixture *f, gconstpointer data)
{
  gsize size = 0;
  gint64 begin = g_get_monotonic_time ();

  f->manual = TRUE;
  fixture_send (f, 1, "GET /size/2147483648" HOST "\r\n");
  while (size < 2 * GIB)
    {
      g_main_context_iteration (f->context, TRUE);
      size += drain (f);
    }
  report ("download", size / 1e6, "MB", begin);
}

static void
bench_upload (Fixture *f, gconstpointer data)
{
  g_autofree guint8 *frame = g_malloc0 (MUX_MAX_FRAME);
  gsize size = 0;
  gint64 begin = g_get_monotonic_time ();

  mux_frame_write_header (frame, 1, 32768);
  fixture_send (f, 1, "PUT /count" HOST "Content-Length: 2147483648\r\n\r\n");
  while (size < 2 * GIB)
    {
      /* As the port delivers: memory of its own for each message. */
      fixture_feed_bytes (f, g_bytes_new (frame, MUX_HEADER_SIZE + 32768));
      size += 32768;
      while (f->unfed.length > 0)
        g_main_context_iteration (f->context, TRUE);
    }
  g_assert_cmpuint (fixture_wait_status (f, 1, 1), ==, 200);
  report ("upload", size / 1e6, "MB", begin);
}

static void
bench_requests (Fixture *f, gconstpointer data)
{
  gint64 begin = g_get_monotonic_time ();

  f->manual = TRUE;
  for (guint i = 0; i < N_REQUESTS; i++)
    {
      fixture_send (f, 1,
                    "GET /size/100" HOST
                    "User-Agent: bench\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n");
      while (drain (f) == 0)
        g_main_context_iteration (f->context, TRUE);
    }
  report ("one client", N_REQUESTS, "requests", begin);

  begin = g_get_monotonic_time ();
  for (guint i = 0; i < N_REQUESTS; i += 32)
    {
      gsize size = 0;

      for (guint j = 0; j < 32; j++)
        fixture_send (f, j,
                      "GET /size/100" HOST
                      "User-Agent: bench\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n");
      while (f->requests->len < N_REQUESTS + i + 32)
        {
          g_main_context_iteration (f->context, TRUE);
          size += drain (f);
        }
      while (drain (f) > 0)
        ;
      fixture_settle (f);
      drain (f);
    }
  report ("32 clients", N_REQUESTS, "requests", begin);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function)                                                                        \
  g_test_add ("/mux/bench/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  ADD ("download", bench_download);
  ADD ("upload", bench_upload);
  ADD ("requests", bench_requests);

  return g_test_run ();
}
