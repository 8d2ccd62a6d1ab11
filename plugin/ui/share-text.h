/* Numbers as people read them, in the user's language. Pure.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * share_text_duration:
 * @seconds: not negative
 *
 * Returns: (transfer full): “9 s left”, “4 min left”, “2 h left”
 */
char *share_text_duration (gint64 seconds);

/**
 * share_text_progress:
 * @done: bytes moved
 * @total: bytes in all, %G_MAXUINT64 = unknown
 * @per_second: bytes per second, 0 = unknown
 * @seconds_left: -1 = unknown
 *
 * Returns: (transfer full): “1.2 MB of 5 MB · 3 MB/s · 2 s left”, with what is known
 */
char *share_text_progress (guint64 done, guint64 total, double per_second, gint64 seconds_left);

/**
 * share_text_totals:
 * @to_guest: payload bytes
 * @from_guest: payload bytes
 * @requests: how many
 *
 * Returns: (transfer full): one line
 */
char *share_text_totals (guint64 to_guest, guint64 from_guest, guint64 requests);

/**
 * share_text_saved:
 * @payload: bytes before compression
 * @wire: bytes on the wire
 *
 * Returns: (transfer full) (nullable): what compression saved, %NULL where that is nothing worth
 *   a line (less than 1 %)
 */
char *share_text_saved (guint64 payload, guint64 wire);

/**
 * share_text_clock:
 * @unix_us: unix time in us
 *
 * Returns: (transfer full): the local time of day as the locale writes it
 */
char *share_text_clock (gint64 unix_us);

G_END_DECLS
