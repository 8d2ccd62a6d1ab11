/* ShareUiPanel: what is shared, how, and what is on its way; the popover's content.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ui/share-steering.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SHARE_UI_TYPE_PANEL (share_ui_panel_get_type ())
G_DECLARE_FINAL_TYPE (ShareUiPanel, share_ui_panel, SHARE_UI, PANEL, GtkBox)

/**
 * share_ui_panel_new:
 * @steering: (transfer none): outlives the panel
 *
 * Returns: (transfer floating): the panel
 */
GtkWidget *share_ui_panel_new (ShareSteering *steering);

G_END_DECLS
