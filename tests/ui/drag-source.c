/* drag-source FOLDER: a small window at the lower right of the screen; what is dragged out of it is
 * FOLDER, as a file manager would drag it. Prints “ready” when it is there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gtk/gtk.h>

static void
on_get (GtkWidget *widget,
        GdkDragContext *context,
        GtkSelectionData *data,
        guint info,
        guint when,
        gpointer user_data)
{
  char *uris[] = { user_data, NULL };

  gtk_selection_data_set_uris (data, uris);
}

static gboolean
on_map (GtkWidget *window, GdkEvent *event, gpointer user_data)
{
  int x, y;

  gtk_window_get_position (GTK_WINDOW (window), &x, &y);
  g_print ("ready %d %d\n", x + 50, y + 50);
  return FALSE;
}

int
main (int argc, char **argv)
{
  GtkWidget *window, *source;
  g_autofree char *uri = NULL;

  gtk_init (&argc, &argv);
  if (argc != 2)
    return 2;
  uri = g_filename_to_uri (argv[1], NULL, NULL);
  /* No window manager here: a popup is put where it is told, and lies on top. */
  window = gtk_window_new (GTK_WINDOW_POPUP);
  gtk_window_set_default_size (GTK_WINDOW (window), 100, 100);
  gtk_window_move (GTK_WINDOW (window), 900, 700);
  source = gtk_event_box_new ();
  gtk_container_add (GTK_CONTAINER (source), gtk_label_new ("folder"));
  gtk_container_add (GTK_CONTAINER (window), source);
  gtk_drag_source_set (source, GDK_BUTTON1_MASK, NULL, 0, GDK_ACTION_COPY);
  gtk_drag_source_add_uri_targets (source);
  g_signal_connect (source, "drag-data-get", G_CALLBACK (on_get), uri);
  g_signal_connect (window, "map-event", G_CALLBACK (on_map), NULL);
  gtk_widget_show_all (window);
  gtk_main ();
  return 0;
}
