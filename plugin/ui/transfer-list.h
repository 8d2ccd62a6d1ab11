/* ShareUiTransferList: the files on their way, one row each, kept across updates.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Rows shown; the rest is a number. */
#define TRANSFER_LIST_MAX_ROWS 5

#define SHARE_UI_TYPE_TRANSFER_LIST (share_ui_transfer_list_get_type ())
G_DECLARE_FINAL_TYPE (ShareUiTransferList, share_ui_transfer_list, SHARE_UI, TRANSFER_LIST, GtkBox)

/**
 * share_ui_transfer_list_update:
 * @transfers: (nullable): GVariant a(tssttx) of transport/share-channel.h
 * @now: monotonic time, us
 */
void share_ui_transfer_list_update (ShareUiTransferList *self, GVariant *transfers, gint64 now);

G_END_DECLS
