/* The process's umask, without the race of setting it to read it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * umask_load:
 *
 * Reads it from /proc/self/status, once for the process. On an unconfined thread, before the first
 * share.
 */
void umask_load (void);

/**
 * umask_get:
 *
 * Returns: what umask_load() found; 077 where it found nothing. Any thread.
 */
guint umask_get (void);

G_END_DECLS
