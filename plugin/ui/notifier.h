/* ShareUiNotifier: tells by a notification of the desktop what nobody at this window asked for.
 *
 * Errors, and sharing that something else started or stopped: the setting, a program on the bus.
 * Through the viewer's GApplication where the desktop knows it by a desktop file of its id; else
 * (remote-viewer's is org.virt-manager.virt-viewer, and no such file is installed) straight to
 * org.freedesktop.Notifications. Where there is no bus, nothing happens.
 *
 * Main thread only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ui/share-steering.h"

G_BEGIN_DECLS

/* Not more often than this for each kind of event. */
#define SHARE_UI_NOTIFIER_INTERVAL_US (10 * G_USEC_PER_SEC)

/* A share that begins within this of the connection is the viewer starting, and no news. */
#define SHARE_UI_NOTIFIER_STARTUP_US (5 * G_USEC_PER_SEC)

#define SHARE_UI_TYPE_NOTIFIER (share_ui_notifier_get_type ())
G_DECLARE_FINAL_TYPE (ShareUiNotifier, share_ui_notifier, SHARE_UI, NOTIFIER, GObject)

/**
 * share_ui_notifier_new:
 * @steering: (transfer none): outlives the notifier
 *
 * Returns: (transfer full): a notifier
 */
ShareUiNotifier *share_ui_notifier_new (ShareSteering *steering);

/**
 * share_ui_notifier_is_news:
 * @now: unix time in us
 * @expected: whether the person at this window asked for it
 *
 * Pure. Returns: whether @event is worth a notification
 */
gboolean share_ui_notifier_is_news (ShareUiEvent event,
                                    const ShareSnapshot *snapshot,
                                    gint64 now,
                                    gboolean expected);

G_END_DECLS
