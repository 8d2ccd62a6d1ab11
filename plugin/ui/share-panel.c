/* The popover's content; see share-panel.h.
 *
 * It follows the model only while it is mapped, and never writes a setting because it was told
 * of one: handlers are blocked while the widgets are brought up to date.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/share-panel.h"

#include "ui/share-refusal.h"
#include "ui/share-text.h"
#include "ui/transfer-list.h"

#include <glib/gi18n-lib.h>

/* How often rates are brought up to date while nothing moves, in seconds. */
#define TICK_SECONDS 1

/* How long the switch shows what was asked for before it shows what is. */
#define PENDING_US (5 * G_USEC_PER_SEC)

struct _ShareUiPanel
{
  GtkBox parent_instance;

  ShareSteering *steering;

  GtkWidget *state;
  GtkWidget *on_off;
  GtkWidget *sentence;
  GtkWidget *folder;
  GtkWidget *read_only;
  GtkWidget *for_all;
  GtkWidget *for_vm;
  GtkWidget *live;
  GtkWidget *transfers;
  GtkWidget *totals;
  GtkWidget *saved;
  GtkWidget *refusal_box;
  GtkWidget *refusal;
  GtkWidget *error_box;
  GtkWidget *error;

  /* The recent folders offered by the chooser, as last set. */
  char **shortcuts;

  /* The folder last put into the chooser. */
  char *shown_folder;

  /* What the person asked the switch for, until it is so, fails, or takes too long. */
  gboolean pending;
  gboolean wanted;
  gint64 pending_since;
  gint64 pending_error_at;

  gboolean updating;

  /* While it is mapped: what stands still tells nobody. */
  guint tick;
};

G_DEFINE_FINAL_TYPE (ShareUiPanel, share_ui_panel, GTK_TYPE_BOX)

static void update (ShareUiPanel *self);

GtkWidget *
share_ui_panel_new (ShareSteering *steering)
{
  ShareUiPanel *self = g_object_new (SHARE_UI_TYPE_PANEL, NULL);

  self->steering = steering;
  g_signal_connect_object (steering->model, "changed", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  return GTK_WIDGET (self);
}

static void
share_ui_panel_finalize (GObject *object)
{
  ShareUiPanel *self = SHARE_UI_PANEL (object);

  g_assert (self->tick == 0);
  g_strfreev (self->shortcuts);
  g_free (self->shown_folder);

  G_OBJECT_CLASS (share_ui_panel_parent_class)->finalize (object);
}

static gboolean
on_tick (gpointer user_data)
{
  update (user_data);
  return G_SOURCE_CONTINUE;
}

static void
share_ui_panel_map (GtkWidget *widget)
{
  ShareUiPanel *self = SHARE_UI_PANEL (widget);

  GTK_WIDGET_CLASS (share_ui_panel_parent_class)->map (widget);
  update (self);
  self->tick = g_timeout_add_seconds (TICK_SECONDS, on_tick, self);
}

static void
share_ui_panel_unmap (GtkWidget *widget)
{
  g_clear_handle_id (&SHARE_UI_PANEL (widget)->tick, g_source_remove);
  GTK_WIDGET_CLASS (share_ui_panel_parent_class)->unmap (widget);
}

static ShareScope
chosen_scope (ShareUiPanel *self)
{
  return gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->for_vm)) ? SHARE_SCOPE_VM
                                                                         : SHARE_SCOPE_ALL;
}

static gboolean
chosen_read_only (ShareUiPanel *self)
{
  return gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->read_only));
}

static void
set_pending (ShareUiPanel *self, gboolean wanted)
{
  self->pending = TRUE;
  self->wanted = wanted;
  self->pending_since = g_get_monotonic_time ();
  self->pending_error_at = share_ui_model_get_snapshot (self->steering->model)->error_at;
}

static void
share_now (ShareUiPanel *self, const char *dir)
{
  set_pending (self, TRUE);
  share_steering_share (self->steering, chosen_scope (self), dir, chosen_read_only (self));
}

static void
on_switched (GtkSwitch *on_off, GParamSpec *pspec, ShareUiPanel *self)
{
  if (self->updating)
    return;
  if (!gtk_switch_get_active (on_off))
    {
      set_pending (self, FALSE);
      share_steering_stop (self->steering, chosen_scope (self));
    }
  else if (self->shown_folder != NULL)
    share_now (self, self->shown_folder);
}

static void
on_folder_set (GtkFileChooserButton *folder, ShareUiPanel *self)
{
  g_autofree char *dir = gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (folder));

  if (dir != NULL)
    share_now (self, dir);
}

static void
on_read_only_toggled (GtkToggleButton *read_only, ShareUiPanel *self)
{
  const ShareSnapshot *snapshot = share_ui_model_get_snapshot (self->steering->model);

  if (!self->updating && snapshot->sharing && snapshot->dir != NULL)
    share_now (self, snapshot->dir);
}

static void
on_scope_toggled (GtkToggleButton *for_vm, ShareUiPanel *self)
{
  const ShareSnapshot *snapshot = share_ui_model_get_snapshot (self->steering->model);

  if (self->updating)
    return;
  if (!gtk_toggle_button_get_active (for_vm))
    share_steering_follow_all (self->steering);
  else if (snapshot->sharing && snapshot->dir != NULL)
    share_now (self, snapshot->dir);
  else
    share_steering_stop (self->steering, SHARE_SCOPE_VM);
}

static void
share_ui_panel_class_init (ShareUiPanelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->finalize = share_ui_panel_finalize;
  widget_class->map = share_ui_panel_map;
  widget_class->unmap = share_ui_panel_unmap;

  g_type_ensure (SHARE_UI_TYPE_TRANSFER_LIST);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/spice-space/share/share-panel.ui");
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, state);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, on_off);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, sentence);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, folder);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, read_only);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, for_all);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, for_vm);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, live);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, transfers);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, totals);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, saved);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, refusal_box);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, refusal);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, error_box);
  gtk_widget_class_bind_template_child (widget_class, ShareUiPanel, error);
  gtk_widget_class_bind_template_callback (widget_class, on_switched);
  gtk_widget_class_bind_template_callback (widget_class, on_folder_set);
  gtk_widget_class_bind_template_callback (widget_class, on_read_only_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_scope_toggled);
}

static void
share_ui_panel_init (ShareUiPanel *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
update_shortcuts (ShareUiPanel *self)
{
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (self->folder);
  g_auto (GStrv) recent = share_ui_choices_get_recent (self->steering->choices);

  if (self->shortcuts != NULL
      && g_strv_equal ((const char *const *)self->shortcuts, (const char *const *)recent))
    return;
  for (char **at = self->shortcuts; at != NULL && *at != NULL; at++)
    gtk_file_chooser_remove_shortcut_folder (chooser, *at, NULL);
  for (char **at = recent; *at != NULL; at++)
    gtk_file_chooser_add_shortcut_folder (chooser, *at, NULL);
  g_strfreev (self->shortcuts);
  self->shortcuts = g_steal_pointer (&recent);
}

/* “For this one only”, and which one that is. */
static void
update_vm_label (ShareUiPanel *self, const char *vm_name)
{
  g_autoptr (GString) text = g_string_new (_ ("For _this one only"));

  if (vm_name != NULL)
    {
      g_autoptr (GString) name = g_string_new (vm_name);

      g_string_replace (name, "_", "__", 0);
      g_string_append_printf (text, " (%s)", name->str);
    }
  if (g_strcmp0 (gtk_button_get_label (GTK_BUTTON (self->for_vm)), text->str) != 0)
    gtk_button_set_label (GTK_BUTTON (self->for_vm), text->str);
}

static void
update_choices (ShareUiPanel *self, const ShareSnapshot *snapshot)
{
  gboolean read_only;
  g_autofree char *dir = share_steering_dup_folder (self->steering, &read_only);
  gboolean for_vm = share_steering_get_scope (self->steering) == SHARE_SCOPE_VM;
  gboolean on = snapshot->sharing;

  if (self->pending
      && (on == self->wanted || snapshot->error_at != self->pending_error_at
          || g_get_monotonic_time () - self->pending_since > PENDING_US))
    self->pending = FALSE;
  if (self->pending)
    on = self->wanted;

  update_shortcuts (self);
  if (g_strcmp0 (dir, self->shown_folder) != 0)
    {
      g_free (self->shown_folder);
      self->shown_folder = g_strdup (dir);
      if (dir != NULL)
        gtk_file_chooser_set_filename (GTK_FILE_CHOOSER (self->folder), dir);
      else
        gtk_file_chooser_unselect_all (GTK_FILE_CHOOSER (self->folder));
    }
  /* Setting what it is already would end the slide of a click that has not counted yet. */
  if (gtk_switch_get_active (GTK_SWITCH (self->on_off)) != on)
    gtk_switch_set_active (GTK_SWITCH (self->on_off), on);
  gtk_widget_set_sensitive (self->on_off, snapshot->present && (on || dir != NULL));
  gtk_widget_set_sensitive (self->folder, snapshot->present);
  if (!self->pending)
    gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (self->read_only), read_only);
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (for_vm ? self->for_vm : self->for_all), TRUE);
  update_vm_label (self, snapshot->vm_name);
  gtk_widget_set_sensitive (
      self->for_vm,
      share_ui_choices_can_write (self->steering->choices, SHARE_SCOPE_VM, snapshot->vm_uuid));
}

static void
update_live (ShareUiPanel *self, const ShareSnapshot *snapshot)
{
  guint64 payload = snapshot->bytes_in + snapshot->bytes_out;
  guint64 wire = snapshot->wire_bytes_in + snapshot->wire_bytes_out;
  g_autofree char *totals
      = share_text_totals (snapshot->bytes_out, snapshot->bytes_in, snapshot->requests);
  g_autofree char *saved = share_text_saved (payload, wire);

  share_ui_transfer_list_update (SHARE_UI_TRANSFER_LIST (self->transfers), snapshot->transfers,
                                 g_get_monotonic_time ());
  gtk_label_set_text (GTK_LABEL (self->totals), totals);
  gtk_label_set_text (GTK_LABEL (self->saved), saved != NULL ? saved : "");
  gtk_widget_set_visible (self->saved, saved != NULL);
  gtk_widget_set_visible (self->live, snapshot->requests > 0 || payload > 0);
}

/* An error that is over stays readable: what happened, and when. */
static void
update_error (ShareUiPanel *self, const ShareSnapshot *snapshot, ShareState state)
{
  gboolean visible = snapshot->error != NULL && state != SHARE_STATE_ERROR;

  if (visible)
    {
      g_autofree char *clock = share_text_clock (snapshot->error_at);
      /* Translators: a time of day, and an error that happened then */
      g_autofree char *text = g_strdup_printf (_ ("%s: %s"), clock, snapshot->error->message);

      gtk_label_set_text (GTK_LABEL (self->error), text);
    }
  gtk_widget_set_visible (self->error_box, visible);
}

static void
update_refusal (ShareUiPanel *self, const ShareSnapshot *snapshot)
{
  g_autofree char *text = share_refusal_describe (snapshot);

  gtk_label_set_text (GTK_LABEL (self->refusal), text != NULL ? text : "");
  gtk_widget_set_visible (self->refusal_box, text != NULL);
}

static void
update (ShareUiPanel *self)
{
  const ShareSnapshot *snapshot = share_ui_model_get_snapshot (self->steering->model);
  ShareState state = share_state_from_snapshot (snapshot);
  g_autofree char *sentence = NULL;

  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;

  self->updating = TRUE;
  sentence = share_state_describe (snapshot);
  gtk_label_set_text (GTK_LABEL (self->state), share_state_title (state));
  gtk_label_set_text (GTK_LABEL (self->sentence), sentence);
  update_choices (self, snapshot);
  update_live (self, snapshot);
  update_refusal (self, snapshot);
  update_error (self, snapshot, state);
  self->updating = FALSE;
}
