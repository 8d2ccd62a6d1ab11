/* The benchmark: the stock viewer with this module and without, side by side, on one real SPICE
 * server.
 *
 *   bench --build DIR [--repeat N] [--only NAME,…] [--against DIR] [--json FILE] [--data FILE]
 *
 * Each workload runs on each side in turn, a server and a viewer process of their own every time;
 * what counts is the median, and the gain: how many times better than stock. With --against, the
 * module built from another revision takes stock's place. Where raw bytes through the server and
 * the stock channel set a limit, it is measured in the same run. Needs an X server.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "workloads.h"

#define MAX_REPEAT 99

typedef enum
{
  SIDE_OTHER, /* stock, or another revision */
  SIDE_OURS,
  SIDE_LIMIT,
  N_SIDES
} Side;

/* What is below a build folder. */
#define MODULE "/plugin/libspice-share.so"
#define TEST_VIEWER "tests/lib/test-viewer"

/* A viewer that has not run for so long has nothing more to do, in us. */
#define IDLE_US 500000

typedef struct
{
  const char *dir; /* where our module was built; NULL: the stock channel */
} Build;

typedef struct
{
  double median;
  double min;
  double max;
} Result;

/* Emptied and put aside, not removed: for some seconds ext4 looks at every inode that was freed
 * before it makes a new file, and that would be most of what the next run measures. */
static void
keep_share (const char *share, const char *kept)
{
  static guint n;
  g_autoptr (GDir) dir = g_dir_open (share, 0, NULL);
  g_autofree char *aside = g_strdup_printf ("%s/%u", kept, n++);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (share, name, NULL);

      if (truncate (path, 0) != 0 && errno != EISDIR)
        g_error ("%s: %s", path, g_strerror (errno));
    }
  g_assert_cmpint (g_rename (share, aside), ==, 0);
}

/* Until it has drawn its window, and done what else a program does that begins. */
static void
wait_until_idle (RigChild *viewer)
{
  guint64 last = 0;
  gint64 since = 0;

  rig_wait_until (({
                    guint64 now = rig_process_get_ticks (rig_child_get_pid (viewer));

                    if (now != last)
                      since = g_get_monotonic_time ();
                    last = now;
                    g_get_monotonic_time () - since > IDLE_US;
                  }),
                  30);
}

/* The stock viewer, as users start it, with our module or without. */
static RigChild *
start_spicy (Rig *rig, const Build *build, guint port)
{
  g_autofree char *uri = g_strdup_printf ("--uri=spice://127.0.0.1:%u", port);
  g_autofree char *dir = g_strconcat ("--spice-shared-dir=", rig->share, NULL);
  g_autofree char *modules
      = g_strconcat ("GTK_MODULES=", build->dir, build->dir == NULL ? NULL : MODULE, NULL);
  const char *const argv[] = { "spicy", uri, dir, NULL };
  const char *const environ[] = { modules, NULL };
  RigChild *viewer = rig_child_new (argv, environ);

  rig_child_wait (rig->server, "client 1", 1, 20);
  wait_until_idle (viewer);
  return viewer;
}

/* The same channels in a program that measures its own main loop. */
static RigChild *
start_test_viewer (Rig *rig, const Build *build, guint port)
{
  g_autofree char *program = build->dir == NULL ? rig_program ("test-viewer")
                                                : g_build_filename (build->dir, TEST_VIEWER, NULL);
  g_autofree char *uri = g_strdup_printf ("spice://127.0.0.1:%u", port);
  const char *const argv[]
      = { program, "--share", rig->share, uri, build->dir == NULL ? "--stock" : NULL, NULL };
  RigChild *viewer = rig_child_new (argv, NULL);

  rig_child_wait (viewer, "open", 1, 20);
  if (build->dir != NULL)
    rig_child_wait (viewer, "sharing-started", 1, 20);
  return viewer;
}

/* Raw bytes, by spice-gtk's own port channel. */
static RigChild *
start_raw_viewer (guint port)
{
  g_autofree char *program = rig_program ("../bench/raw-viewer");
  g_autofree char *uri = g_strdup_printf ("spice://127.0.0.1:%u", port);
  const char *const argv[] = { program, uri, NULL };
  RigChild *viewer = rig_child_new (argv, NULL);

  rig_child_wait (viewer, "open", 1, 20);
  return viewer;
}

/* One run of one side, on a server of its own; @build: NULL for the limit of the stack. */
static double
run_one (const Workload *workload, const Build *build, const char *kept)
{
  g_autoptr (Rig) rig = rig_new (build == NULL ? RIG_OTHER_PORT : RIG_TCP);
  g_autoptr (RigChild) relay = NULL;
  guint port = rig->tcp_port;
  Run run = { rig, NULL, 1 };
  double value;

  if (workload->rate > 0)
    {
      g_autofree char *program = rig_program ("relay");
      g_autofree char *target = g_strdup_printf ("%u", port);
      g_autofree char *rate = g_strdup_printf ("%u", workload->rate);
      const char *const relay_argv[] = { program, target, rate, NULL };

      relay = rig_child_new (relay_argv, NULL);
      port = atoi (rig_child_wait (relay, "port ", 1, 10));
    }
  if (build == NULL)
    run.viewer = start_raw_viewer (port);
  else if (workload->looks_inside)
    run.viewer = start_test_viewer (rig, build, port);
  else
    run.viewer = start_spicy (rig, build, port);
  value = build == NULL ? workload->limit (&run) : workload->run (&run);
  rig_child_free (run.viewer);
  keep_share (rig->share, kept);
  return value;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

static Result
summarize (double *values, int n)
{
  qsort (values, n, sizeof *values, compare);
  return (Result){ values[n / 2], values[0], values[n - 1] };
}

static double
gain (const Workload *workload, const Result *results)
{
  double other = results[SIDE_OTHER].median, ours = results[SIDE_OURS].median;

  return workload->direction == MORE_IS_BETTER ? ours / other : other / ours;
}

static void
append_json (GString *json, const Workload *workload, const Result *results)
{
  static const char *const names[] = { "other", "ours", "limit" };

  g_string_append_printf (json, "%s\n  {\"name\": \"%s\", \"title\": \"%s\", \"unit\": \"%s\"",
                          json->len > 1 ? "," : "", workload->name, workload->title,
                          workload->unit);
  for (Side side = 0; side < N_SIDES; side++)
    {
      char median[G_ASCII_DTOSTR_BUF_SIZE], min[G_ASCII_DTOSTR_BUF_SIZE],
          max[G_ASCII_DTOSTR_BUF_SIZE];

      if (side == SIDE_LIMIT && workload->limit == NULL)
        continue;
      g_string_append_printf (json, ", \"%s\": {\"median\": %s, \"min\": %s, \"max\": %s}",
                              names[side],
                              g_ascii_dtostr (median, sizeof median, results[side].median),
                              g_ascii_dtostr (min, sizeof min, results[side].min),
                              g_ascii_dtostr (max, sizeof max, results[side].max));
    }
  g_string_append (json, "}");
}

static void
print_row (const Workload *workload, const Result *results, gboolean stock)
{
  g_print ("| %s | %s |", workload->title, workload->unit);
  for (Side side = 0; side < SIDE_LIMIT; side++)
    g_print (" %.4g (%.4g–%.4g) |", results[side].median, results[side].min, results[side].max);
  g_print (" %.2f |", gain (workload, results));
  if (!stock)
    g_print (" |");
  else if (workload->bar > 0)
    g_print (" ≥ %g |", workload->bar);
  else if (workload->most > 0)
    g_print (" ≤ %g %s |", workload->most, workload->unit);
  else
    g_print (" |");
  if (workload->limit != NULL)
    g_print (" %.0f %% of %.4g |", 100 * results[SIDE_OURS].median / results[SIDE_LIMIT].median,
             results[SIDE_LIMIT].median);
  else
    g_print (" |");
  g_print ("\n");
}

int
main (int argc, char **argv)
{
  int repeat = 3;
  g_autofree char *only = NULL;
  g_autofree char *build = NULL;
  g_autofree char *against = NULL;
  g_autofree char *json_file = NULL;
  g_autofree char *data_file = NULL;
  const GOptionEntry entries[]
      = { { "repeat", 0, 0, G_OPTION_ARG_INT, &repeat, "Runs of each workload and side", "N" },
          { "only", 0, 0, G_OPTION_ARG_STRING, &only, "These workloads, with commas", "NAMES" },
          { "build", 0, 0, G_OPTION_ARG_FILENAME, &build, "Where the module was built", "DIR" },
          { "against", 0, 0, G_OPTION_ARG_FILENAME, &against, "The same, instead of stock", "DIR" },
          { "json", 0, 0, G_OPTION_ARG_FILENAME, &json_file, "The table for programs", "FILE" },
          { "data", 0, 0, G_OPTION_ARG_FILENAME, &data_file, "The gains for gnuplot", "FILE" },
          { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) json = g_string_new ("[");
  g_autoptr (GString) data = g_string_new (NULL);
  g_auto (GStrv) names = NULL;
  g_autofree char *kept = NULL;
  const char *remove[] = { "rm", "-rf", "--", NULL, NULL };

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || repeat < 1 || repeat > MAX_REPEAT
      || build == NULL)
    {
      g_printerr ("bench: %s\n", error == NULL ? "--build, --repeat" : error->message);
      return 2;
    }
  rig_test_init (&argc, &argv);
  names = only == NULL ? NULL : g_strsplit (only, ",", -1);
  remove[3] = kept = g_dir_make_tmp ("bench-XXXXXX", NULL);
  g_assert_nonnull (kept);

  g_print ("| work | unit | %s | spice-share | gain | asked for | limit of the stack |\n",
           against == NULL ? "stock" : "other revision");
  g_print ("|---|---|---|---|---|---|---|\n");
  for (guint w = 0; w < n_workloads; w++)
    {
      const Workload *workload = workloads + w;
      const Build other = { against }, ours = { build };
      double values[N_SIDES][MAX_REPEAT];
      Result results[N_SIDES] = { 0 };

      if (names != NULL && !g_strv_contains ((const char *const *)names, workload->name))
        continue;
      for (int i = 0; i < repeat; i++)
        {
          values[SIDE_OTHER][i] = run_one (workload, &other, kept);
          values[SIDE_OURS][i] = run_one (workload, &ours, kept);
          if (workload->limit != NULL)
            values[SIDE_LIMIT][i] = run_one (workload, NULL, kept);
        }
      for (Side side = 0; side < N_SIDES; side++)
        if (side != SIDE_LIMIT || workload->limit != NULL)
          results[side] = summarize (values[side], repeat);
      print_row (workload, results, against == NULL);
      append_json (json, workload, results);
      g_string_append_printf (data, "\"%s\" %g\n", workload->title, gain (workload, results));
    }
  g_string_append (json, "\n]\n");
  g_spawn_sync (NULL, (char **)remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
  if ((json_file != NULL && !g_file_set_contents (json_file, json->str, json->len, &error))
      || (data_file != NULL && !g_file_set_contents (data_file, data->str, data->len, &error)))
    {
      g_printerr ("bench: %s\n", error->message);
      return 1;
    }
  return 0;
}
