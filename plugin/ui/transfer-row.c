/* One file on its way; see transfer-row.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/transfer-row.h"

#include "ui/share-text.h"
#include "ui/transfer-rate.h"

#include <glib/gi18n-lib.h>

/* Where the total is unknown the bar moves by this much at each update. */
#define PULSE_STEP 0.1

struct _ShareUiTransferRow
{
  GtkBox parent_instance;

  GtkWidget *bar;
  GtkWidget *detail;

  TransferRate rate;
};

G_DEFINE_FINAL_TYPE (ShareUiTransferRow, share_ui_transfer_row, GTK_TYPE_BOX)

GtkWidget *
share_ui_transfer_row_new (const char *path, gboolean to_guest)
{
  ShareUiTransferRow *self
      = g_object_new (SHARE_UI_TYPE_TRANSFER_ROW, "orientation", GTK_ORIENTATION_VERTICAL, NULL);
  g_autofree char *base = g_path_get_basename (path);
  const char *direction = to_guest ? _ ("to the guest") : _ ("from the guest");
  g_autofree char *name = g_strdup_printf ("%s, %s", base, direction);
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *icon = gtk_image_new_from_icon_name (
      to_guest ? "go-next-symbolic" : "go-previous-symbolic", GTK_ICON_SIZE_MENU);
  GtkWidget *title = gtk_label_new (base);
  GtkWidget *side = gtk_label_new (direction);

  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_widget_set_tooltip_text (title, path);
  gtk_style_context_add_class (gtk_widget_get_style_context (side), GTK_STYLE_CLASS_DIM_LABEL);

  gtk_box_pack_start (GTK_BOX (line), icon, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (line), title, TRUE, TRUE, 0);
  gtk_box_pack_end (GTK_BOX (line), side, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (self), line, FALSE, FALSE, 0);

  self->bar = gtk_progress_bar_new ();
  gtk_progress_bar_set_pulse_step (GTK_PROGRESS_BAR (self->bar), PULSE_STEP);
  atk_object_set_name (gtk_widget_get_accessible (self->bar), name);
  gtk_box_pack_start (GTK_BOX (self), self->bar, FALSE, FALSE, 3);

  self->detail = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (self->detail), 0);
  gtk_label_set_ellipsize (GTK_LABEL (self->detail), PANGO_ELLIPSIZE_END);
  gtk_style_context_add_class (gtk_widget_get_style_context (self->detail),
                               GTK_STYLE_CLASS_DIM_LABEL);
  gtk_box_pack_start (GTK_BOX (self), self->detail, FALSE, FALSE, 0);

  gtk_widget_show_all (GTK_WIDGET (self));
  return GTK_WIDGET (self);
}

static void
share_ui_transfer_row_class_init (ShareUiTransferRowClass *klass)
{
}

static void
share_ui_transfer_row_init (ShareUiTransferRow *self)
{
}

void
share_ui_transfer_row_update (ShareUiTransferRow *self,
                              gint64 now,
                              guint64 done,
                              guint64 total,
                              gint64 elapsed)
{
  g_autofree char *text = NULL;

  if (self->rate.at == 0)
    transfer_rate_begin (&self->rate, now, done, elapsed);
  else
    transfer_rate_sample (&self->rate, now, done);
  text = share_text_progress (done, total, self->rate.per_second,
                              transfer_rate_seconds_left (&self->rate, total));
  gtk_label_set_text (GTK_LABEL (self->detail), text);
  atk_object_set_description (gtk_widget_get_accessible (self->bar), text);

  if (total == G_MAXUINT64)
    gtk_progress_bar_pulse (GTK_PROGRESS_BAR (self->bar));
  else
    gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (self->bar),
                                   total > 0 ? MIN ((double)done / (double)total, 1) : 1);
}
