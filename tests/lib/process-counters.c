/* See process-counters.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "process-counters.h"

#include <string.h>

static guint
count_entries (pid_t pid, const char *folder)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/%s", (int)pid, folder);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

void
process_counters_read (ProcessCounters *self, pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int)pid);
  g_autofree char *status = NULL;
  const char *line = NULL;

  *self = (ProcessCounters){ 0 };
  if (g_file_get_contents (path, &status, NULL, NULL))
    line = strstr (status, "\nRssAnon:");
  if (line == NULL)
    return;
  self->rss_kib = g_ascii_strtoull (line + strlen ("\nRssAnon:"), NULL, 10);
  self->fds = count_entries (pid, "fd");
  self->threads = count_entries (pid, "task");
}
