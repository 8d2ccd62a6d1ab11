/* Entry of the UI part; see ui.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/ui.h"

#include "ui/header-hook.h"
#include "ui/notifier.h"
#include "ui/share-button.h"
#include "ui/ui-resources.h"
#include "ui/viewer-box.h"

#define ICONS "/org/spice-space/share/icons"

/* One for the process: the windows of a viewer show the same VM. */
static ShareSteering steering;
static ShareUiViewerBox *viewer_box;
static ShareUiNotifier *notifier;

static GtkWidget *
make_button (gpointer user_data)
{
  static gboolean have_icons = FALSE;

  /* Not before there is a window: GTK calls its modules before it opens the display. */
  if (!have_icons)
    gtk_icon_theme_add_resource_path (gtk_icon_theme_get_default (), ICONS);
  have_icons = TRUE;
  return share_ui_button_new (&steering);
}

G_MODULE_EXPORT void
spice_share_ui_init (void)
{
  if (steering.model != NULL)
    return;

  g_resources_register (spice_share_ui_get_resource ());
  share_steering_init (&steering);
  viewer_box = share_ui_viewer_box_new (&steering);
  notifier = share_ui_notifier_new (&steering);
  header_hook_install (make_button, NULL);
}

G_MODULE_EXPORT void
spice_share_ui_add_session (GObject *session)
{
  if (steering.model != NULL)
    share_ui_model_add_session (steering.model, session);
}

G_MODULE_EXPORT void
spice_share_ui_add_channel (GObject *channel)
{
  if (steering.model != NULL)
    share_ui_model_add_channel (steering.model, channel);
}
