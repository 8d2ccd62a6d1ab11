/* A child process that talks in lines: spice-rig, a viewer, a daemon. For tests.
 *
 * It is killed when the test dies, and its standard output is kept line by line.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _RigChild RigChild;

/**
 * rig_child_new:
 * @argv: (array zero-terminated=1): program (looked up in PATH) and arguments
 * @environ: (nullable) (array zero-terminated=1): "NAME=value", added to this process's own
 */
RigChild *rig_child_new (const char *const *argv, const char *const *environ);

/* Ends it (end of its input, then SIGTERM, then SIGKILL) and waits. */
void rig_child_free (RigChild *self);

pid_t rig_child_get_pid (RigChild *self);
gboolean rig_child_is_running (RigChild *self);

/**
 * rig_child_wait_exit:
 *
 * Returns: the exit status; -1 for a death by a signal
 */
int rig_child_wait_exit (RigChild *self, guint seconds);

/* One line to its standard input; the line end comes by itself. */
void rig_child_send (RigChild *self, const char *line);

/* Lines that begin with @prefix so far. */
guint rig_child_count (RigChild *self, const char *prefix);

/**
 * rig_child_wait:
 * @n: how many lines that begin with @prefix must have come
 *
 * Returns: (transfer none): the @n-th of them, after @prefix
 */
const char *rig_child_wait (RigChild *self, const char *prefix, guint n, guint seconds);

/**
 * rig_child_ask:
 *
 * Sends @line, waits for the next line that begins with @prefix.
 *
 * Returns: (transfer none): what follows @prefix
 */
const char *rig_child_ask (RigChild *self, const char *line, const char *prefix);

/* Everything it printed, for a failing test's message. */
char *rig_child_dup_output (RigChild *self);

/* Processor time of a process so far, in clock ticks. */
guint64 rig_process_get_ticks (pid_t pid);

/* VmRSS of a process, in KiB. */
guint64 rig_process_get_rss_kib (pid_t pid);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RigChild, rig_child_free)

G_END_DECLS
