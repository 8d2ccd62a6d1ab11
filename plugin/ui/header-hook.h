/* Finds the header bars of the viewer's windows and puts a button into each.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * HeaderHookMake:
 *
 * Returns: (transfer floating): the widget for one more header bar, which shows itself
 */
typedef GtkWidget *(*HeaderHookMake) (gpointer user_data);

/**
 * header_hook_install:
 * @make: called once for each header bar, before it is first drawn
 *
 * From now on, for as long as the process lives, every GtkHeaderBar that is mapped in a
 * GtkApplicationWindow gets a widget of @make, once; dialogs and other windows get nothing. The
 * header bar owns the widget, so all of it goes with the window. Works for the bar of virt-viewer's
 * full screen too.
 */
void header_hook_install (HeaderHookMake make, gpointer user_data);

G_END_DECLS
