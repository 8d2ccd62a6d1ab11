/* ShareUiViewerBox: virt-viewer's own “Share folder” tick box, kept true.
 *
 * The box (Preferences, virt-viewer's virt-viewer-app.c) is bound to the property `share-folder`
 * of the VirtViewerSession, which is the `session` of the viewer's GApplication. The viewer
 * connects the channel when it becomes true and disconnects it when it becomes false
 * (virt-viewer-session-spice.c), which would end a share that only paused. So when the box is
 * set to tell the truth, the viewer's own handler of that change is blocked, and no other.
 *
 * Everything is found by name; in another viewer nothing is found and nothing happens.
 *
 * Main thread only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ui/share-steering.h"

G_BEGIN_DECLS

#define SHARE_UI_TYPE_VIEWER_BOX (share_ui_viewer_box_get_type ())
G_DECLARE_FINAL_TYPE (ShareUiViewerBox, share_ui_viewer_box, SHARE_UI, VIEWER_BOX, GObject)

/**
 * share_ui_viewer_box_new:
 * @steering: (transfer none): outlives the box; its model is followed, and asked to share when
 *   somebody ticks the box
 *
 * Returns: (transfer full): what keeps the box true
 */
ShareUiViewerBox *share_ui_viewer_box_new (ShareSteering *steering);

G_END_DECLS
