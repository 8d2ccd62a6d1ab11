/* The state of a share as a line, as rows of a table, and as JSON (RFC 8259). Pure.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ui/share-state.h"

G_BEGIN_DECLS

/**
 * status_describe_choice:
 * @dir: (type filename): a folder, "" for none
 *
 * Returns: (transfer full): what is shared, and whether only to be read, as a person reads it
 */
char *status_describe_choice (const char *dir, gboolean read_only);

/**
 * status_append_line:
 * @pid: the viewer
 * @now: unix time in us, for the rate
 *
 * Appends one line without a tab inside a field, for pipes: pid, VM, state, “rw” or “ro”, folder,
 * bytes to and from the guest, transfers under way and their bytes per second. Fields are separated
 * by tabs.
 */
void status_append_line (GString *out, guint pid, const ShareSnapshot *snapshot, gint64 now);

/**
 * status_append_rows:
 * @now: unix time in us, for the rates
 *
 * Appends what a person reads on a terminal: a line for the share, one for each transfer, one for
 * what is wrong.
 */
void status_append_rows (GString *out, guint pid, const ShareSnapshot *snapshot, gint64 now);

/**
 * status_append_json:
 *
 * Appends one JSON object on one line, without a newline. File names that are no UTF-8 are shown
 * with replacement characters.
 */
void status_append_json (GString *out, guint pid, const ShareSnapshot *snapshot, gint64 now);

G_END_DECLS
