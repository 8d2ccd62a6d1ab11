/* `spice-share status`: every running viewer's share, once or again and again.
 *
 * On a terminal a table, and with --watch one that is drawn anew in its place; in a pipe a line for
 * each share, or a JSON document a line.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/commands.h"

#include "cli/exit-status.h"
#include "cli/status-print.h"
#include "cli/viewers.h"
#include "ui/share-choices.h"

#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <unistd.h>

/* The counters change twice a second at most. */
#define WATCH_INTERVAL_MS 500

/* Home, and erase to the end (ECMA-48). */
#define CLEAR "\033[H\033[J"

typedef struct
{
  GDBusConnection *bus;
  GMainLoop *loop;
  gboolean json;
  gboolean table;
  char *last;
  int status;
} Watch;

static void
append_viewer (Watch *watch, GString *out, const Viewer *viewer, gint64 now)
{
  g_auto (ShareSnapshot) snapshot = { 0 };

  viewer_get_snapshot (viewer, &snapshot);
  if (watch->json)
    status_append_json (out, viewer->pid, &snapshot, now);
  else if (watch->table)
    status_append_rows (out, viewer->pid, &snapshot, now);
  else
    status_append_line (out, viewer->pid, &snapshot, now);
}

/* Nobody is there to say it: what viewers that are started will do. */
static void
append_for_later (GString *out)
{
  g_autoptr (ShareUiChoices) choices = share_ui_choices_new ();
  g_autofree char *dir = NULL;
  g_autofree char *choice = NULL;
  gboolean read_only;

  share_ui_choices_get_effective (choices, NULL, &dir, &read_only);
  choice = status_describe_choice (dir, read_only);
  g_string_append (out, _ ("No viewer with spice-share is connected to a virtual machine.\n"));
  g_string_append_printf (out, _ ("Set for those started from now on: %s\n"), choice);
}

static char *
describe (Watch *watch, GError **error)
{
  g_autoptr (GPtrArray) viewers = viewers_list (watch->bus, error);
  g_autoptr (GString) out = g_string_new (NULL);
  gint64 now = g_get_real_time ();

  if (viewers == NULL)
    return NULL;
  if (watch->json)
    g_string_append (out, "[");
  for (guint i = 0; i < viewers->len; i++)
    {
      if (watch->json && i > 0)
        g_string_append_c (out, ',');
      append_viewer (watch, out, g_ptr_array_index (viewers, i), now);
    }
  if (watch->json)
    g_string_append (out, "]\n");
  else if (watch->table && viewers->len == 0)
    append_for_later (out);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* What is the same as before is not said again. */
static gboolean
show (gpointer user_data)
{
  Watch *watch = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *now = describe (watch, &error);

  if (now == NULL)
    {
      g_printerr ("spice-share: %s\n", error->message);
      watch->status = EXIT_STATUS_FAILED;
      g_main_loop_quit (watch->loop);
      return G_SOURCE_REMOVE;
    }
  if (g_strcmp0 (now, watch->last) == 0)
    return G_SOURCE_CONTINUE;
  if (watch->last != NULL && watch->table)
    g_print (CLEAR);
  g_print ("%s", now);
  fflush (stdout);
  g_free (watch->last);
  watch->last = g_steal_pointer (&now);
  return G_SOURCE_CONTINUE;
}

static gboolean
end (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_CONTINUE;
}

int
command_status (char **argv)
{
  gboolean again = FALSE;
  Watch watch = { .status = EXIT_STATUS_OK };
  const GOptionEntry entries[] = {
    { "watch", 'w', 0, G_OPTION_ARG_NONE, &again, N_ ("Go on until interrupted"), NULL },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &watch.json, N_ ("Print JSON, a document a line"), NULL },
    { NULL },
  };
  g_auto (GStrv) words = command_parse (
      entries, "", _ ("Shows what running viewers share, and what is being copied."), 0, argv);
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;

  if (words == NULL)
    return EXIT_STATUS_USAGE;
  bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (bus == NULL)
    {
      g_printerr (_ ("spice-share: there is no session bus, so viewers cannot be found: %s\n"),
                  error->message);
      return EXIT_STATUS_FAILED;
    }

  watch.bus = bus;
  watch.loop = loop;
  watch.table = !watch.json && isatty (STDOUT_FILENO);
  if (again && watch.table)
    g_print (CLEAR);
  show (&watch);
  if (again && watch.status == EXIT_STATUS_OK)
    {
      guint interval = g_timeout_add (WATCH_INTERVAL_MS, show, &watch);
      guint interrupted = g_unix_signal_add (SIGINT, end, loop);
      guint terminated = g_unix_signal_add (SIGTERM, end, loop);

      g_main_loop_run (loop);
      if (watch.status == EXIT_STATUS_OK)
        g_source_remove (interval);
      g_source_remove (interrupted);
      g_source_remove (terminated);
    }
  g_free (watch.last);
  return watch.status;
}
