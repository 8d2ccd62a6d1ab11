/* The benchmark: this module and the stock viewer side by side, on one real SPICE server.
 *
 *   bench [--repeat N] [--only NAME,…] [--against TEST-VIEWER] [--json FILE]
 *
 * Each workload runs on each side in turn, a server and a viewer process of their own every time;
 * what counts is the median, and the ratio to stock. With --against, a test-viewer built from
 * another revision takes stock's place.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay.h"
#include "rig.h"

#define MIB (1024.0 * 1024)
#define LARGE (256 * 1024 * 1024)
#define LINK_RATE 12500000

/* One side of one run. */
typedef struct
{
  Rig *rig;
  RigChild *viewer;
  RigChild *relay; /* (nullable) */
  gint64 next_id;
} Run;

typedef enum
{
  MORE_IS_BETTER,
  LESS_IS_BETTER,
} Direction;

typedef struct
{
  const char *name;
  const char *title;
  const char *unit;
  Direction direction;
  double bar; /* least ratio to stock, as gain; 0: none */
  gboolean slow_link;
  double (*run) (Run *run);
} Workload;

static guint64
cpu_ticks (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int)pid);
  g_autofree char *text = NULL;
  const char *fields;
  unsigned long user = 0, system = 0;

  if (!g_file_get_contents (path, &text, NULL, NULL) || (fields = strrchr (text, ')')) == NULL)
    return 0;
  sscanf (fields, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return user + system;
}

static double
seconds_since (gint64 start)
{
  return (double)(g_get_monotonic_time () - start) / G_USEC_PER_SEC;
}

/* ---- workloads ---- */

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
one_after_the_other (Run *run, const char *method, guint n, const guint8 *body, gsize size)
{
  gint64 id = run->next_id++;
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < n;)
    {
      g_autofree char *path = g_strdup_printf ("/small-%u", i);
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
  return one_after_the_other (run, "GET", 2000, NULL, 0);
}

static double
run_put_small (Run *run)
{
  return one_after_the_other (run, "PUT", 500, rig_content_get (RIG_CONTENT_RANDOM), 4096);
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
  double worst = 0, sum = 0;
  const guint n = 20;

  rig_make_file (run->rig, "large", RIG_CONTENT_RANDOM, 64 * 1024 * 1024);
  rig_make_file (run->rig, "huge", RIG_CONTENT_RANDOM, 4096ull * 1024 * 1024);
  make_small_files (run, 1);
  for (guint i = 0; i < G_N_ELEMENTS (downloads); i++)
    downloads[i] = rig_peer_start_download (run->rig->peer, run->next_id++, "/huge");
  for (guint i = 0; i < n; i++)
    {
      gint64 start = g_get_monotonic_time ();
      g_autoptr (RigExchange) exchange
          = rig_peer_request (run->rig->peer, run->next_id++, "GET", "/small-0", NULL, NULL, 0);
      double elapsed = seconds_since (start) * 1000;

      rig_assert_status (exchange, 200);
      worst = MAX (worst, elapsed);
      sum += elapsed;
    }
  for (guint i = 0; i < G_N_ELEMENTS (downloads); i++)
    rig_exchange_free (downloads[i]);
  return sum / n;
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

      one_after_the_other (run, "GET", 4, NULL, 0);
      rig_peer_close_client (run->rig->peer, id);
    }
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
  before = cpu_ticks (pid);
  for (guint i = 0; i < 4; i++)
    {
      if (get)
        download (run, "/large", LARGE);
      else
        upload (run, "/up", RIG_CONTENT_RANDOM, LARGE);
    }
  return (double)(cpu_ticks (pid) - before) / sysconf (_SC_CLK_TCK);
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

/* The longest time the viewer's main loop was busy, over what it is when nothing happens. */
static double
run_gap (Run *run)
{
  gint64 idle, busy;
  const char *line;
  gint64 until;
  unsigned long rss;

  make_small_files (run, 1000);
  rig_make_file (run->rig, "large", RIG_CONTENT_RANDOM, LARGE);
  rig_child_send (run->viewer, "reset-gap");
  until = g_get_monotonic_time () + G_USEC_PER_SEC;
  while (g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, FALSE);
  line = rig_child_ask (run->viewer, "stats", "stats ");
  sscanf (line, "%lu %" G_GINT64_FORMAT, &rss, &idle);
  rig_child_send (run->viewer, "reset-gap");

  download (run, "/large", LARGE);
  upload (run, "/up", RIG_CONTENT_RANDOM, LARGE);
  {
    g_autoptr (RigExchange) list
        = rig_peer_request (run->rig->peer, run->next_id++, "PROPFIND", "/", "Depth: 1\r\n", "", 0);
    g_autoptr (RigExchange) copy
        = rig_peer_request (run->rig->peer, run->next_id++, "COPY", "/large",
                            "Destination: http://localhost:9843/copy\r\n", NULL, 0);
    g_autoptr (RigExchange) remove = NULL;

    g_assert_cmpuint (list->reader->status, ==, 207);
    g_assert_cmpuint (copy->reader->status, ==, 201);
    remove = rig_peer_request (run->rig->peer, run->next_id++, "DELETE", "/copy", NULL, NULL, 0);
    g_assert_cmpuint (remove->reader->status, ==, 204);
  }
  line = rig_child_ask (run->viewer, "stats", "stats ");
  sscanf (line, "%lu %" G_GINT64_FORMAT, &rss, &busy);
  return (double)MAX (busy - idle, 0) / 1000;
}

static const Workload workloads[] = {
  { "get-large", "GET 256 MiB, random", "MiB/s", MORE_IS_BETTER, 1.1, FALSE, run_get_large },
  { "put-large", "PUT 256 MiB, random", "MiB/s", MORE_IS_BETTER, 2.5, FALSE, run_put_large },
  { "get-small", "GET 4 KiB, one by one", "/s", MORE_IS_BETTER, 12, FALSE, run_get_small },
  { "put-small", "PUT 4 KiB, one by one", "/s", MORE_IS_BETTER, 8, FALSE, run_put_small },
  { "list", "PROPFIND of 10,000 files", "ms", LESS_IS_BETTER, 20, FALSE, run_list },
  { "link-get", "GET mixed, 12.5 MB/s link", "MiB/s", MORE_IS_BETTER, 1.9, TRUE, run_link_get },
  { "link-put", "PUT mixed, 12.5 MB/s link", "MiB/s", MORE_IS_BETTER, 1.7, TRUE, run_link_put },
  { "latency", "GET 4 KiB beside 8 downloads", "ms", LESS_IS_BETTER, 5, FALSE, run_latency },
  { "aged", "GET after 3,000 connections", "of fresh", MORE_IS_BETTER, 0, FALSE, run_aged },
  { "memory-get", "memory, GET 4 GiB", "MiB more", LESS_IS_BETTER, 0, FALSE, run_memory_get },
  { "memory-put", "memory, PUT 4 GiB", "MiB more", LESS_IS_BETTER, 0, FALSE, run_memory_put },
  { "gap", "longest gap of the main loop", "ms", LESS_IS_BETTER, 0, FALSE, run_gap },
  { "cpu-get", "CPU of the viewer, GET", "s/GiB", LESS_IS_BETTER, 1, FALSE, run_cpu_get },
  { "cpu-put", "CPU of the viewer, PUT", "s/GiB", LESS_IS_BETTER, 1, FALSE, run_cpu_put },
};

/* ---- running them ---- */

static double
run_one (const Workload *workload, const char *const *viewer)
{
  g_autoptr (Rig) rig = rig_new (RIG_TCP);
  g_autoptr (RigChild) relay = NULL;
  g_autoptr (RigChild) child = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  guint16 port = rig->tcp_port;
  Run run = { rig, NULL, NULL, 1 };
  double value;

  if (workload->slow_link)
    {
      g_autofree char *program = rig_program ("relay");
      g_autofree char *target = g_strdup_printf ("%u", port);
      g_autofree char *rate = g_strdup_printf ("%u", LINK_RATE);
      const char *const relay_argv[] = { program, target, rate, NULL };

      relay = rig_child_new (relay_argv, NULL);
      port = atoi (rig_child_wait (relay, "port ", 1, 10));
    }
  for (guint i = 0; viewer[i] != NULL; i++)
    g_ptr_array_add (argv, g_strdup (viewer[i]));
  g_ptr_array_add (argv, g_strdup ("--share"));
  g_ptr_array_add (argv, g_strdup (rig->share));
  g_ptr_array_add (argv, g_strdup_printf ("spice://127.0.0.1:%u", port));
  g_ptr_array_add (argv, NULL);
  child = rig_child_new ((const char *const *)argv->pdata, NULL);
  rig_child_wait (child, "open", 1, 20);
  run.viewer = child;
  run.relay = relay;
  value = workload->run (&run);
  return value;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

int
main (int argc, char **argv)
{
  int repeat = 3;
  g_autofree char *only = NULL;
  g_autofree char *against = NULL;
  g_autofree char *json = NULL;
  g_auto (GStrv) names = NULL;
  const GOptionEntry entries[]
      = { { "repeat", 0, 0, G_OPTION_ARG_INT, &repeat, "Runs of each workload and side", "N" },
          { "only", 0, 0, G_OPTION_ARG_STRING, &only, "These workloads, with commas", "NAMES" },
          { "against", 0, 0, G_OPTION_ARG_FILENAME, &against, "Instead of stock", "TEST-VIEWER" },
          { "json", 0, 0, G_OPTION_ARG_FILENAME, &json, "The table for programs", "FILE" },
          { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *program = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || repeat < 1 || repeat > 99)
    {
      g_printerr ("bench: %s\n", error == NULL ? "--repeat" : error->message);
      return 2;
    }
  rig_test_init (&argc, &argv);
  names = only == NULL ? NULL : g_strsplit (only, ",", -1);
  program = rig_program ("test-viewer");
  g_print ("%-32s %10s %20s %20s %7s\n", "", "", against == NULL ? "stock" : "other", "spice-share",
           "gain");
  for (guint w = 0; w < G_N_ELEMENTS (workloads); w++)
    {
      const Workload *workload = workloads + w;
      const char *const ours[] = { program, NULL };
      const char *const stock[]
          = { against == NULL ? program : against, against == NULL ? "--stock" : NULL, NULL };
      double values[2][99];

      if (names != NULL && !g_strv_contains ((const char *const *)names, workload->name))
        continue;
      for (int i = 0; i < repeat; i++)
        {
          values[0][i] = run_one (workload, stock);
          values[1][i] = run_one (workload, ours);
        }
      for (int side = 0; side < 2; side++)
        qsort (values[side], repeat, sizeof (double), compare);
      g_print ("%-32s %10s", workload->title, workload->unit);
      for (int side = 0; side < 2; side++)
        g_print (" %9.1f (%.1f-%.1f)", values[side][repeat / 2], values[side][0],
                 values[side][repeat - 1]);
      g_print (" %6.2f\n", workload->direction == MORE_IS_BETTER
                               ? values[1][repeat / 2] / values[0][repeat / 2]
                               : values[0][repeat / 2] / values[1][repeat / 2]);
    }
  return 0;
}
