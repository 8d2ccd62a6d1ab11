/* The files on their way; see transfer-list.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/transfer-list.h"

#include "ui/transfer-row.h"

#include <glib/gi18n-lib.h>

struct _ShareUiTransferList
{
  GtkBox parent_instance;

  /* Transfer id (gint64 *) to ShareUiTransferRow; the container owns the row. */
  GHashTable *rows;

  GtkWidget *more;
};

G_DEFINE_FINAL_TYPE (ShareUiTransferList, share_ui_transfer_list, GTK_TYPE_BOX)

static void
share_ui_transfer_list_finalize (GObject *object)
{
  g_hash_table_unref (SHARE_UI_TRANSFER_LIST (object)->rows);

  G_OBJECT_CLASS (share_ui_transfer_list_parent_class)->finalize (object);
}

static void
share_ui_transfer_list_class_init (ShareUiTransferListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = share_ui_transfer_list_finalize;
}

static void
share_ui_transfer_list_init (ShareUiTransferList *self)
{
  self->rows = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->more = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (self->more), 0);
  gtk_style_context_add_class (gtk_widget_get_style_context (self->more),
                               GTK_STYLE_CLASS_DIM_LABEL);
  gtk_widget_set_no_show_all (self->more, TRUE);
  gtk_box_pack_end (GTK_BOX (self), self->more, FALSE, FALSE, 0);
}

static void
drop_finished (ShareUiTransferList *self, GHashTable *alive)
{
  GHashTableIter iter;
  gpointer id, row;

  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, &id, &row))
    if (!g_hash_table_contains (alive, id))
      {
        gtk_widget_destroy (row);
        g_hash_table_iter_remove (&iter);
      }
}

void
share_ui_transfer_list_update (ShareUiTransferList *self, GVariant *transfers, gint64 now)
{
  g_autoptr (GHashTable) alive = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  GVariantIter iter;
  guint64 id, done, total;
  const char *path, *direction;
  gint64 start;
  gint64 unix_now = g_get_real_time ();
  guint n = 0, hidden = 0;

  /* The first rows are those of the first transfers: nothing jumps while others come and go. */
  if (transfers != NULL)
    {
      g_variant_iter_init (&iter, transfers);
      while (
          g_variant_iter_next (&iter, "(t&s&sttx)", &id, &path, &direction, &done, &total, &start))
        if (n < TRANSFER_LIST_MAX_ROWS)
          {
            g_hash_table_add (alive, g_memdup2 (&id, sizeof id));
            n++;
          }
        else
          hidden++;
    }
  drop_finished (self, alive);

  if (transfers != NULL)
    {
      g_variant_iter_init (&iter, transfers);
      while (
          g_variant_iter_next (&iter, "(t&s&sttx)", &id, &path, &direction, &done, &total, &start))
        {
          GtkWidget *row = g_hash_table_lookup (self->rows, &id);

          if (!g_hash_table_contains (alive, &id))
            continue;
          if (row == NULL)
            {
              row = share_ui_transfer_row_new (path, g_str_equal (direction, "download"));
              gtk_box_pack_start (GTK_BOX (self), row, FALSE, FALSE, 0);
              g_hash_table_insert (self->rows, g_memdup2 (&id, sizeof id), row);
            }
          share_ui_transfer_row_update (SHARE_UI_TRANSFER_ROW (row), now, done, total,
                                        unix_now - start);
        }
    }

  if (hidden > 0)
    {
      g_autofree char *text = g_strdup_printf (
          g_dngettext (GETTEXT_PACKAGE, "and %u more", "and %u more", hidden), hidden);

      gtk_label_set_text (GTK_LABEL (self->more), text);
    }
  gtk_widget_set_visible (self->more, hidden > 0);
}
