/* ShareUiTransferRow: one file on its way: name, direction, progress, rate, time left.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SHARE_UI_TYPE_TRANSFER_ROW (share_ui_transfer_row_get_type ())
G_DECLARE_FINAL_TYPE (ShareUiTransferRow, share_ui_transfer_row, SHARE_UI, TRANSFER_ROW, GtkBox)

/**
 * share_ui_transfer_row_new:
 * @path: path below the share; its last part is shown
 * @to_guest: direction
 *
 * Returns: (transfer floating): the row
 */
GtkWidget *share_ui_transfer_row_new (const char *path, gboolean to_guest);

/**
 * share_ui_transfer_row_update:
 * @now: monotonic time, us
 * @done: bytes moved
 * @total: bytes in all, %G_MAXUINT64 = unknown
 * @elapsed: since the transfer began, us
 */
void share_ui_transfer_row_update (ShareUiTransferRow *self,
                                   gint64 now,
                                   guint64 done,
                                   guint64 total,
                                   gint64 elapsed);

G_END_DECLS
