/* ShareUiButton: the header bar's button: the state as a symbol, the panel in a popover, and a
 * place to drop a folder on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ui/share-steering.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SHARE_UI_TYPE_BUTTON (share_ui_button_get_type ())
G_DECLARE_FINAL_TYPE (ShareUiButton, share_ui_button, SHARE_UI, BUTTON, GtkMenuButton)

/**
 * share_ui_button_new:
 * @steering: (transfer none): outlives the button
 *
 * It shows itself while its model has a session.
 *
 * Returns: (transfer floating): the button
 */
GtkWidget *share_ui_button_new (ShareSteering *steering);

/**
 * share_ui_button_take_uris:
 * @uris: (array zero-terminated=1): what was dropped on the button
 *
 * Shares the first one, if it names a local file. Whether that is a folder is found out, and
 * said, by the share: the file system is not looked at here.
 *
 * Returns: %FALSE where there is nothing to share
 */
gboolean share_ui_button_take_uris (ShareUiButton *self, const char *const *uris);

G_END_DECLS
