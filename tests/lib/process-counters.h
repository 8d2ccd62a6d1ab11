/* What a process holds, for tests that watch it over many rounds.
 *
 * Documents: proc(5).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <sys/types.h>

#include <glib.h>

G_BEGIN_DECLS

/**
 * ProcessCounters:
 * @rss_kib: resident memory that is the process's own (RssAnon), in KiB
 * @fds: open descriptors
 * @threads: threads
 */
typedef struct
{
  guint64 rss_kib;
  guint fds;
  guint threads;
} ProcessCounters;

/* All zero for a process that is gone. */
void process_counters_read (ProcessCounters *self, pid_t pid);

G_END_DECLS
