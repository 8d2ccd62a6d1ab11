/* The one door of libspice-share-ui.so, opened by g_module_symbol() where GTK 3 is in the process.
 *
 * Nothing here knows of SPICE: a channel is any object with the properties, signals and action
 * signals that transport/share-channel.h lists.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * spice_share_ui_init:
 *
 * Puts the button into the header bars of windows that are mapped from now on, where it shows while
 * there is a session. Main thread; the display need not be open yet. Idempotent.
 */
void spice_share_ui_init (void);

/**
 * spice_share_ui_add_session:
 * @session: (transfer none): what channels belong to; it is not kept alive
 *
 * Main thread, after spice_share_ui_init().
 */
void spice_share_ui_add_session (GObject *session);

/**
 * spice_share_ui_add_channel:
 * @channel: (transfer none): a channel; it is not kept alive
 *
 * Main thread, after spice_share_ui_init().
 */
void spice_share_ui_add_channel (GObject *channel);

G_END_DECLS
