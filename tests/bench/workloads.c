/* See workloads.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "workloads.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MIB (1024.0 * 1024)
#define LARGE (256 * 1024 * 1024)

/* A link of 100 Mbit/s, in bytes a second. */
#define LINK_RATE 12500000

static double
seconds_since (gint64 start)
{
  return (double)(g_get_monotonic_time () - start) / G_USEC_PER_SEC;
}

static double
download (Run *run, const char *path, guint64 size)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (RigExchange) exchange = rig_peer_start_download (run->rig->peer, run->next_id++, path);

  rig_exchange_wait (exchange);
  rig_assert_status (exchange, 200);
  return (double)size / MIB / seconds_since (start);
}

static double
upload (Run *run, const char *path, RigContent content, guint64 size)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (RigExchange) exchange
      = rig_peer_start_upload (run->rig->peer, run->next_id++, path, NULL, content, size);

  rig_exchange_wait (exchange);
  g_assert_true (exchange->reader->status == 201 || exchange->reader->status == 200
                 || exchange->reader->status == 204);
  return (double)size / MIB / seconds_since (start);
}

static double
run_get_large (Run *run)
{
  rig_make_file (run->rig, "large", RIG_CONTENT_RANDOM, LARGE);
  download (run, "/large", LARGE); /* the page cache, and the kernel's buffers */
  return download (run, "/large", LARGE);
}

static double
run_put_large (Run *run)
{
  upload (run, "/first", RIG_CONTENT_RANDOM, LARGE); /* as for a download */
  return upload (run, "/up", RIG_CONTENT_RANDOM, LARGE);
}

static void
make_small_files (Run *run, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("small-%u", i);

      rig_write_file (run->rig, name, rig_content_get (RIG_CONTENT_TEXT) + i, 4096);
    }
}

/* Requests one after the other, on one connection as long as the server keeps it: stock ends it
 * after most responses, and tells so only when the next request is already on its way. */
static double
one_after_the_other (Run *run,
                     const char *method,
                     guint first,
                     guint n,
                     const guint8 *body,
                     gsize size)
{
  gint64 id = run->next_id++;
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < n;)
    {
      g_autofree char *path = g_strdup_printf ("/small-%u", first + i);
      g_autoptr (RigExchange) exchange
          = rig_peer_request (run->rig->peer, id, method, path, NULL, body, size);

      if (exchange->reader->state == HTTP_READER_DONE)
        {
          g_assert_cmpuint (exchange->reader->status / 100, ==, 2);
          i++;
        }
      if (exchange->closed || exchange->reader->state != HTTP_READER_DONE)
        id = run->next_id++;
    }
  return n / seconds_since (start);
}

static double
run_get_small (Run *run)
{
  make_small_files (run, 2000);
  return one_after_the_other (run, "GET", 0, 2000, NULL, 0);
}

static double
run_put_small (Run *run)
{
  const guint8 *body = rig_content_get (RIG_CONTENT_RANDOM);

  one_after_the_other (run, "PUT", 0, 50, body, 4096); /* the first ones wake processors up */
  return one_after_the_other (run, "PUT", 50, 500, body, 4096);
}

static double
run_list (Run *run)
{
  static const char body[]
      = "<?xml version=\"1.0\"?><propfind xmlns=\"DAV:\"><allprop/></propfind>";
  g_autoptr (RigExchange) exchange = NULL;
  gint64 start;

  make_small_files (run, 10000);
  start = g_get_monotonic_time ();
  exchange = rig_peer_request (run->rig->peer, run->next_id++, "PROPFIND", "/", "Depth: 1\r\n",
                               body, strlen (body));
  rig_assert_status (exchange, 207);
  return seconds_since (start) * 1000;
}

static double
run_link_get (Run *run)
{
  rig_make_file (run->rig, "text", RIG_CONTENT_TEXT, 32 * 1024 * 1024);
  rig_make_file (run->rig, "random", RIG_CONTENT_RANDOM, 8 * 1024 * 1024);
  {
    gint64 start = g_get_monotonic_time ();

    download (run, "/text", 1);
    download (run, "/random", 1);
    return 40 / seconds_since (start);
  }
}

static double
run_link_put (Run *run)
{
  gint64 start = g_get_monotonic_time ();

  upload (run, "/text", RIG_CONTENT_TEXT, 32 * 1024 * 1024);
  upload (run, "/random", RIG_CONTENT_RANDOM, 8 * 1024 * 1024);
  return 40 / seconds_since (start);
}

/* How long a small file takes while 8 large downloads run; the guest reads as fast as it can. */
static double
run_latency (Run *run)
{
  RigExchange *downloads[8];
  gint64 start;
  const guint n = 100;

  rig_make_file (run->rig, "huge", RIG_CONTENT_RANDOM, 16384ull * 1024 * 1024);
  make_small_files (run, 1);
  for (guint i = 0; i < G_N_ELEMENTS (downloads); i++)
    downloads[i] = rig_peer_start_download (run->rig->peer, run->next_id++, "/huge");
  for (guint i = 0; i < G_N_ELEMENTS (downloads); i++)
    rig_wait_until (downloads[i]->reader->body_bytes > 16 * MIB, 60);

  start = g_get_monotonic_time ();
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (RigExchange) exchange
          = rig_peer_request (run->rig->peer, run->next_id++, "GET", "/small-0", NULL, NULL, 0);

      rig_assert_status (exchange, 200);
    }
  start = g_get_monotonic_time () - start;
  for (guint i = 0; i < G_N_ELEMENTS (downloads); i++)
    {
      g_assert_false (rig_exchange_is_over (downloads[i]));
      rig_exchange_free (downloads[i]);
    }
  return (double)start / 1000 / n;
}

/* Throughput after 3,000 connections and 12,000 requests, as a share of what it was fresh. */
static double
run_aged (Run *run)
{
  double fresh, aged;

  rig_make_file (run->rig, "large", RIG_CONTENT_RANDOM, LARGE / 4);
  make_small_files (run, 4);
  download (run, "/large", LARGE / 4);
  fresh = download (run, "/large", LARGE / 4);
  for (guint i = 0; i < 3000; i++)
    {
      gint64 id = run->next_id++;

      one_after_the_other (run, "GET", 0, 4, NULL, 0);
      rig_peer_close_client (run->rig->peer, id);
    }
  download (run, "/large", LARGE / 4); /* the kernel's buffers again, as before */
  aged = download (run, "/large", LARGE / 4);
  return aged / fresh;
}

static double
memory_growth (Run *run, gboolean get)
{
  guint64 before, peak = 0;
  const guint64 size = 4096ull * 1024 * 1024;
  pid_t pid = rig_child_get_pid (run->viewer);
  RigExchange *exchange;

  rig_make_file (run->rig, "huge", RIG_CONTENT_RANDOM, size);
  before = rig_process_get_rss_kib (pid);
  exchange = get ? rig_peer_start_download (run->rig->peer, run->next_id++, "/huge")
                 : rig_peer_start_upload (run->rig->peer, run->next_id++, "/up", NULL,
                                          RIG_CONTENT_RANDOM, size);
  while (!rig_exchange_is_over (exchange))
    {
      gint64 slice = g_get_monotonic_time () + 20000;

      while (g_get_monotonic_time () < slice)
        g_main_context_iteration (NULL, FALSE);
      peak = MAX (peak, rig_process_get_rss_kib (pid));
    }
  rig_exchange_free (exchange);
  return (double)(peak - MIN (peak, before)) / 1024;
}

static double
run_memory_get (Run *run)
{
  return memory_growth (run, TRUE);
}

static double
run_memory_put (Run *run)
{
  return memory_growth (run, FALSE);
}

static double
cpu_per_gib (Run *run, gboolean get)
{
  pid_t pid = rig_child_get_pid (run->viewer);
  guint64 before;

  rig_make_file (run->rig, "large", RIG_CONTENT_RANDOM, LARGE);
  if (get)
    download (run, "/large", LARGE);
  before = rig_process_get_ticks (pid);
  for (guint i = 0; i < 4; i++)
    {
      if (get)
        download (run, "/large", LARGE);
      else
        upload (run, "/up", RIG_CONTENT_RANDOM, LARGE);
    }
  return (double)(rig_process_get_ticks (pid) - before) / sysconf (_SC_CLK_TCK);
}

static double
run_cpu_get (Run *run)
{
  return cpu_per_gib (run, TRUE);
}

static double
run_cpu_put (Run *run)
{
  return cpu_per_gib (run, FALSE);
}

/* The longest time the viewer's main loop was busy since the last call, in us. */
static gint64
take_gap (Run *run, gboolean redraw)
{
  unsigned long rss;
  gint64 redraw_gap, default_gap;

  g_assert_cmpint (sscanf (rig_child_ask (run->viewer, "stats", "stats "),
                           "%lu %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, &rss, &redraw_gap,
                           &default_gap),
                   ==, 3);
  rig_child_send (run->viewer, "reset-gap");
  return redraw ? redraw_gap : default_gap;
}

static void
request_ok (Run *run, const char *method, const char *path, const char *headers)
{
  g_autoptr (RigExchange) exchange
      = rig_peer_request (run->rig->peer, run->next_id++, method, path, headers, NULL, 0);

  g_assert_cmpuint (exchange->reader->status / 100, ==, 2);
}

/* Over what it is when nothing happens. */
static double
gap (Run *run, gboolean redraw)
{
  gint64 until, idle, busy;

  make_small_files (run, 10000);
  rig_make_file (run->rig, "large", RIG_CONTENT_RANDOM, LARGE);
  take_gap (run, redraw);
  until = g_get_monotonic_time () + G_USEC_PER_SEC;
  while (g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, FALSE);
  idle = take_gap (run, redraw);

  download (run, "/large", LARGE);
  upload (run, "/up", RIG_CONTENT_RANDOM, LARGE);
  request_ok (run, "PROPFIND", "/", "Depth: 1\r\n");
  request_ok (run, "COPY", "/large", "Destination: http://localhost:9843/copy\r\n");
  request_ok (run, "MKCOL", "/many", NULL);
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *from = g_strdup_printf ("%s/small-%u", run->rig->share, i);
      g_autofree char *to = g_strdup_printf ("%s/many/%u", run->rig->share, i);

      g_assert_cmpint (rename (from, to), ==, 0);
    }
  request_ok (run, "DELETE", "/many", NULL);
  busy = take_gap (run, redraw);
  return (double)MAX (busy - idle, 0) / 1000;
}

static double
run_gap_redraw (Run *run)
{
  return gap (run, TRUE);
}

static double
run_gap_default (Run *run)
{
  return gap (run, FALSE);
}

/* Raw bytes from the viewer to the guest, as a GET moves them. */
static double
limit_get (Run *run)
{
  gint64 start = 0;

  for (int i = 0; i < 2; i++) /* the first time for the kernel's buffers */
    {
      guint64 before = rig_peer_get_bytes_read (run->rig->peer);

      start = g_get_monotonic_time ();
      rig_child_send (run->viewer, "send " G_STRINGIFY (268435456));
      while (rig_peer_get_bytes_read (run->rig->peer) < before + LARGE)
        g_main_context_iteration (NULL, TRUE);
    }
  return LARGE / MIB / seconds_since (start);
}

/* And from the guest to the viewer, which throws them away. */
static double
limit_put (Run *run)
{
  const gsize chunk = 1024 * 1024;
  gint64 start = 0;

  for (int i = 0; i < 2; i++)
    {
      start = g_get_monotonic_time ();
      for (gsize sent = 0; sent < LARGE; sent += chunk)
        {
          rig_peer_write_raw (run->rig->peer, rig_content_get (RIG_CONTENT_RANDOM), chunk);
          while (rig_peer_get_queued (run->rig->peer) > 4 * chunk)
            g_main_context_iteration (NULL, TRUE);
        }
      while (rig_peer_get_queued (run->rig->peer) > 0)
        g_main_context_iteration (NULL, TRUE);
    }
  return LARGE / MIB / seconds_since (start);
}

/* Of a frame of the mux, in bytes. */
#define FRAME_HEADER 10

/* Messages to the viewer and back, one after the other, of the sizes a request and its answer have.
 */
static double
limit_turns (Run *run, gsize request, gsize answer)
{
  const guint n = 2000;
  g_autofree char *command = g_strdup_printf ("answer %" G_GSIZE_FORMAT, answer);
  gint64 start;

  rig_child_ask (run->viewer, command, "answering");
  start = g_get_monotonic_time ();
  for (guint i = 0; i < n; i++)
    {
      guint64 before = rig_peer_get_bytes_read (run->rig->peer);

      rig_peer_write_raw (run->rig->peer, rig_content_get (RIG_CONTENT_RANDOM), request);
      while (rig_peer_get_bytes_read (run->rig->peer) < before + FRAME_HEADER + answer)
        g_main_context_iteration (NULL, TRUE);
    }
  return n / seconds_since (start);
}

static double
limit_get_small (Run *run)
{
  return limit_turns (run, 128, 4096 + 512);
}

static double
limit_put_small (Run *run)
{
  return limit_turns (run, 4096 + 128, 256);
}

const Workload workloads[] = {
  { "get-large", "GET 256 MiB, random", "MiB/s", MORE_IS_BETTER, 1.1, 0, 0, FALSE, run_get_large,
    limit_get },
  { "put-large", "PUT 256 MiB, random", "MiB/s", MORE_IS_BETTER, 2.5, 0, 0, FALSE, run_put_large,
    limit_put },
  { "get-small", "GET 4 KiB, one by one", "/s", MORE_IS_BETTER, 12, 0, 0, FALSE, run_get_small,
    limit_get_small },
  { "put-small", "PUT 4 KiB, one by one", "/s", MORE_IS_BETTER, 8, 0, 0, FALSE, run_put_small,
    limit_put_small },
  { "list", "PROPFIND of 10,000 files", "ms", LESS_IS_BETTER, 20, 0, 0, FALSE, run_list },
  { "link-get", "GET mixed files, 12.5 MB/s link", "MiB/s", MORE_IS_BETTER, 1.9, 0, LINK_RATE,
    FALSE, run_link_get },
  { "link-put", "PUT mixed files, 12.5 MB/s link", "MiB/s", MORE_IS_BETTER, 1.7, 0, LINK_RATE,
    FALSE, run_link_put },
  { "latency", "GET 4 KiB beside 8 downloads", "ms", LESS_IS_BETTER, 5, 0, 0, FALSE, run_latency },
  { "aged", "the same GET after 3,000 connections", "of fresh", MORE_IS_BETTER, 0, 0, 0, FALSE,
    run_aged },
  { "memory-get", "memory for a GET of 4 GiB", "MiB", LESS_IS_BETTER, 0, 24, 0, FALSE,
    run_memory_get },
  { "memory-put", "memory for a PUT of 4 GiB", "MiB", LESS_IS_BETTER, 0, 24, 0, FALSE,
    run_memory_put },
  { "gap-redraw", "main loop busy, redraw priority", "ms", LESS_IS_BETTER, 0, 10, 0, TRUE,
    run_gap_redraw },
  { "gap-default", "main loop busy, default priority", "ms", LESS_IS_BETTER, 0, 10, 0, TRUE,
    run_gap_default },
  { "cpu-get", "CPU of the viewer, GET", "s/GiB", LESS_IS_BETTER, 1, 0, 0, FALSE, run_cpu_get },
  { "cpu-put", "CPU of the viewer, PUT", "s/GiB", LESS_IS_BETTER, 1, 0, 0, FALSE, run_cpu_put },
};

const guint n_workloads = G_N_ELEMENTS (workloads);
