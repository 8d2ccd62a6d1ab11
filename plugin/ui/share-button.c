/* The header bar's button; see share-button.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/share-button.h"

#include "ui/share-panel.h"

#include <glib/gi18n-lib.h>

/* The header bar, and the popover's own edge and arrow. */
#define AROUND_PANEL_PX 90

/* Enough for the switch and a line; below it the window is of no use anyway. */
#define MIN_PANEL_PX 120

struct _ShareUiButton
{
  GtkMenuButton parent_instance;

  ShareSteering *steering;
  GtkWidget *icon;

  /* The revealer we hang in, held open while the panel is; weak. */
  GtkWidget *revealer;
  gboolean hide_later;
};

G_DEFINE_FINAL_TYPE (ShareUiButton, share_ui_button, GTK_TYPE_MENU_BUTTON)

static void on_reveal_child (GObject *revealer, GParamSpec *pspec, ShareUiButton *self);

static void
let_revealer_go (ShareUiButton *self)
{
  if (self->revealer == NULL)
    return;
  g_signal_handlers_disconnect_by_func (self->revealer, on_reveal_child, self);
  if (self->hide_later)
    gtk_revealer_set_reveal_child (GTK_REVEALER (self->revealer), FALSE);
  g_clear_weak_pointer (&self->revealer);
}

static void
share_ui_button_destroy (GtkWidget *widget)
{
  let_revealer_go (SHARE_UI_BUTTON (widget));

  GTK_WIDGET_CLASS (share_ui_button_parent_class)->destroy (widget);
}

static void
share_ui_button_class_init (ShareUiButtonClass *klass)
{
  GTK_WIDGET_CLASS (klass)->destroy = share_ui_button_destroy;
}

static void
share_ui_button_init (ShareUiButton *self)
{
}

static void
update (ShareUiButton *self)
{
  const ShareSnapshot *snapshot = share_ui_model_get_snapshot (self->steering->model);
  ShareState state = share_state_from_snapshot (snapshot);
  g_autofree char *sentence = share_state_describe (snapshot);
  AtkObject *accessible = gtk_widget_get_accessible (GTK_WIDGET (self));
  /* Translators: the button's name for a screen reader, and its state */
  g_autofree char *name = g_strdup_printf (_ ("Shared folder: %s"), share_state_title (state));

  gtk_image_set_from_icon_name (GTK_IMAGE (self->icon), share_state_icon_name (state),
                                GTK_ICON_SIZE_BUTTON);
  gtk_widget_set_visible (GTK_WIDGET (self), share_ui_model_has_session (self->steering->model));
  /* The open panel says it itself, and the tooltip would lie on top of it. */
  gtk_widget_set_tooltip_text (
      GTK_WIDGET (self), gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self)) ? NULL : sentence);
  if (g_strcmp0 (atk_object_get_name (accessible), name) != 0)
    atk_object_set_name (accessible, name);
  if (g_strcmp0 (atk_object_get_description (accessible), sentence) != 0)
    atk_object_set_description (accessible, sentence);
}

gboolean
share_ui_button_take_uris (ShareUiButton *self, const char *const *uris)
{
  g_autofree char *dir = uris[0] != NULL ? g_filename_from_uri (uris[0], NULL, NULL) : NULL;
  g_autofree char *before = NULL;
  gboolean read_only;

  if (dir == NULL)
    return FALSE;
  before = share_steering_dup_folder (self->steering, &read_only);
  share_steering_share (self->steering, share_steering_get_scope (self->steering), dir, read_only);
  return TRUE;
}

static void
on_drop (GtkWidget *widget,
         GdkDragContext *context,
         int x,
         int y,
         GtkSelectionData *data,
         guint info,
         guint when,
         gpointer user_data)
{
  g_auto (GStrv) uris = gtk_selection_data_get_uris (data);

  if (uris != NULL)
    share_ui_button_take_uris (SHARE_UI_BUTTON (widget), (const char *const *)uris);
}

/* The bar of virt-viewer's full screen goes up a second after the pointer has left it, and would
 * take the panel along before anybody has read it. */
static void
on_reveal_child (GObject *revealer, GParamSpec *pspec, ShareUiButton *self)
{
  if (gtk_revealer_get_reveal_child (GTK_REVEALER (revealer)))
    return;
  self->hide_later = TRUE;
  gtk_revealer_set_reveal_child (GTK_REVEALER (revealer), TRUE);
}

static void
on_toggled (ShareUiButton *self)
{
  GtkWidget *revealer = gtk_widget_get_ancestor (GTK_WIDGET (self), GTK_TYPE_REVEALER);

  update (self);
  let_revealer_go (self);
  if (revealer == NULL || !gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self)))
    return;
  self->hide_later = FALSE;
  g_set_weak_pointer (&self->revealer, revealer);
  g_signal_connect_object (revealer, "notify::reveal-child", G_CALLBACK (on_reveal_child), self, 0);
}

/* A popover is drawn inside its window, and this one may be higher than a small screen's. */
static void
fit_into_window (ShareUiButton *self, GtkWidget *scrolled)
{
  int height = gtk_widget_get_allocated_height (gtk_widget_get_toplevel (GTK_WIDGET (self)));

  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scrolled),
                                              MAX (height - AROUND_PANEL_PX, MIN_PANEL_PX));
}

/* The panel is not made before it is looked at: a file chooser talks to the desktop's volume
 * monitors. */
static void
on_popover_show (GtkWidget *popover, ShareUiButton *self)
{
  GtkWidget *scrolled = gtk_bin_get_child (GTK_BIN (popover));
  GtkWidget *panel;

  if (scrolled == NULL)
    {
      scrolled = gtk_scrolled_window_new (NULL, NULL);
      g_object_set (scrolled, "hscrollbar-policy", GTK_POLICY_NEVER, "propagate-natural-height",
                    TRUE, "propagate-natural-width", TRUE, NULL);
      panel = share_ui_panel_new (self->steering);
      gtk_container_add (GTK_CONTAINER (scrolled), panel);
      gtk_widget_show (panel);
      gtk_widget_show (scrolled);
      gtk_container_add (GTK_CONTAINER (popover), scrolled);
    }
  fit_into_window (self, scrolled);
}

GtkWidget *
share_ui_button_new (ShareSteering *steering)
{
  ShareUiButton *self
      = g_object_new (SHARE_UI_TYPE_BUTTON, "use-popover", TRUE, "no-show-all", TRUE, NULL);
  GtkWidget *popover = gtk_popover_new (GTK_WIDGET (self));

  self->steering = steering;
  self->icon = gtk_image_new ();
  gtk_container_add (GTK_CONTAINER (self), self->icon);
  gtk_widget_show (self->icon);
  g_signal_connect_object (popover, "show", G_CALLBACK (on_popover_show), self, 0);
  gtk_menu_button_set_popover (GTK_MENU_BUTTON (self), popover);

  gtk_drag_dest_set (GTK_WIDGET (self), GTK_DEST_DEFAULT_ALL, NULL, 0, GDK_ACTION_COPY);
  gtk_drag_dest_add_uri_targets (GTK_WIDGET (self));
  g_signal_connect (self, "drag-data-received", G_CALLBACK (on_drop), NULL);

  g_signal_connect_object (steering->model, "changed", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect (self, "toggled", G_CALLBACK (on_toggled), NULL);
  update (self);
  return GTK_WIDGET (self);
}
