/* A child process that talks in lines. See rig-child.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rig-child.h"

#include "rig-wait.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

/* Patience with a child that is told to end, before the next stronger means. */
#define END_SECONDS 5

struct _RigChild
{
  GSubprocess *process;
  GDataInputStream *out;
  GPtrArray *lines;
  GCancellable *cancellable;
  gboolean reading;
  gboolean exited;
};

static void read_next (RigChild *self);

static void
line_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RigChild *self = user_data;
  g_autofree char *line
      = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, NULL);

  self->reading = FALSE;
  if (line == NULL)
    return;
  g_test_message ("%s: %s", g_subprocess_get_identifier (self->process), line);
  g_ptr_array_add (self->lines, g_steal_pointer (&line));
  read_next (self);
}

static void
read_next (RigChild *self)
{
  self->reading = TRUE;
  g_data_input_stream_read_line_async (self->out, G_PRIORITY_DEFAULT, self->cancellable, line_read,
                                       self);
}

static void
exited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RigChild *self = user_data;

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  self->exited = TRUE;
}

static void
die_with_parent (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

RigChild *
rig_child_new (const char *const *argv, const char *const *environ)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GError) error = NULL;
  RigChild *self = g_new0 (RigChild, 1);

  for (guint i = 0; environ != NULL && environ[i] != NULL; i++)
    {
      g_auto (GStrv) pair = g_strsplit (environ[i], "=", 2);

      g_subprocess_launcher_setenv (launcher, pair[0], pair[1], TRUE);
    }
  g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
  self->process = g_subprocess_launcher_spawnv (launcher, argv, &error);
  g_assert_no_error (error);
  self->lines = g_ptr_array_new_with_free_func (g_free);
  self->cancellable = g_cancellable_new ();
  self->out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  read_next (self);
  g_subprocess_wait_async (self->process, NULL, exited, self);
  return self;
}

static gboolean
end_tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Waits without failing: the test is over, what remains is to be clean. */
static gboolean
wait_end (RigChild *self)
{
  gint64 end = g_get_monotonic_time () + (gint64)END_SECONDS * patience () * G_USEC_PER_SEC;
  guint id = g_timeout_add (RIG_WAIT_TICK_MS, end_tick, NULL);

  while (!self->exited && g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (id);
  return self->exited;
}

void
rig_child_free (RigChild *self)
{
  g_output_stream_close (g_subprocess_get_stdin_pipe (self->process), NULL, NULL);
  if (!self->exited)
    g_subprocess_send_signal (self->process, SIGTERM);
  if (!wait_end (self))
    {
      g_test_message ("process %s had to be killed", g_subprocess_get_identifier (self->process));
      g_subprocess_force_exit (self->process);
      wait_end (self);
    }
  g_cancellable_cancel (self->cancellable);
  while (self->reading)
    g_main_context_iteration (NULL, TRUE);
  g_object_unref (self->cancellable);
  g_object_unref (self->out);
  g_object_unref (self->process);
  g_ptr_array_unref (self->lines);
  g_free (self);
}

pid_t
rig_child_get_pid (RigChild *self)
{
  const char *id = g_subprocess_get_identifier (self->process);

  return id != NULL ? (pid_t)g_ascii_strtoll (id, NULL, 10) : -1;
}

gboolean
rig_child_is_running (RigChild *self)
{
  return !self->exited;
}

int
rig_child_wait_exit (RigChild *self, guint seconds)
{
  rig_wait_until (self->exited && !self->reading, seconds);
  return g_subprocess_get_if_exited (self->process) ? g_subprocess_get_exit_status (self->process)
                                                    : -1;
}

void
rig_child_send (RigChild *self, const char *line)
{
  g_autofree char *text = g_strconcat (line, "\n", NULL);
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (g_subprocess_get_stdin_pipe (self->process), text, strlen (text), NULL,
                             NULL, &error);
  g_assert_no_error (error);
}

static const char *
nth (RigChild *self, const char *prefix, guint n)
{
  for (guint i = 0; i < self->lines->len; i++)
    {
      const char *line = g_ptr_array_index (self->lines, i);

      if (g_str_has_prefix (line, prefix) && --n == 0)
        return line + strlen (prefix);
    }
  return NULL;
}

guint
rig_child_count (RigChild *self, const char *prefix)
{
  guint n = 0;

  for (guint i = 0; i < self->lines->len; i++)
    n += g_str_has_prefix (g_ptr_array_index (self->lines, i), prefix) ? 1 : 0;
  return n;
}

const char *
rig_child_wait (RigChild *self, const char *prefix, guint n, guint seconds)
{
  gint64 end = g_get_monotonic_time () + (gint64)seconds * patience () * G_USEC_PER_SEC;
  guint id = g_timeout_add (RIG_WAIT_TICK_MS, end_tick, NULL);
  const char *found;

  while ((found = nth (self, prefix, n)) == NULL)
    {
      if (g_get_monotonic_time () > end || (self->exited && !self->reading))
        {
          g_autofree char *output = rig_child_dup_output (self);

          if (!self->exited)
            g_error ("no line '%s' (number %u) in time; it said:\n%s", prefix, n, output);
          if (g_subprocess_get_if_signaled (self->process))
            g_error ("signal %d ended the child before a line '%s' (number %u); it said:\n%s",
                     g_subprocess_get_term_sig (self->process), prefix, n, output);
          g_error ("the child ended with %d before a line '%s' (number %u); it said:\n%s",
                   g_subprocess_get_exit_status (self->process), prefix, n, output);
        }
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (id);
  return found;
}

const char *
rig_child_ask (RigChild *self, const char *line, const char *prefix)
{
  guint before = rig_child_count (self, prefix);

  rig_child_send (self, line);
  return rig_child_wait (self, prefix, before + 1, 10);
}

char *
rig_child_dup_output (RigChild *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->lines->len; i++)
    g_string_append_printf (text, "%s\n", (char *)g_ptr_array_index (self->lines, i));
  return g_string_free (text, FALSE);
}

guint64
rig_process_get_ticks (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int)pid);
  g_autofree char *stat = NULL;
  g_auto (GStrv) fields = NULL;

  g_assert_true (g_file_get_contents (path, &stat, NULL, NULL));
  fields = g_strsplit (strrchr (stat, ')') + 2, " ", -1);
  return g_ascii_strtoull (fields[11], NULL, 10) + g_ascii_strtoull (fields[12], NULL, 10);
}

guint64
rig_process_get_rss_kib (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int)pid);
  g_autofree char *status = NULL;
  const char *line;

  if (!g_file_get_contents (path, &status, NULL, NULL)
      || (line = strstr (status, "VmRSS:")) == NULL)
    return 0;
  return g_ascii_strtoull (line + strlen ("VmRSS:"), NULL, 10);
}
