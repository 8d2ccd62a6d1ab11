/* An emission hook on GtkWidget::map (DESIGN P16); see header-hook.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/header-hook.h"

typedef struct
{
  HeaderHookMake make;
  gpointer user_data;
} Hook;

static GQuark
done_quark (void)
{
  return g_quark_from_static_string ("spice-share-header-hook");
}

static guint
map_signal (void)
{
  static gpointer klass = NULL;

  /* The signal exists once the class does. */
  if (klass == NULL)
    klass = g_type_class_ref (GTK_TYPE_WIDGET);
  return g_signal_lookup ("map", GTK_TYPE_WIDGET);
}

static gboolean
on_map (GSignalInvocationHint *hint, guint n_values, const GValue *values, gpointer user_data)
{
  Hook *hook = user_data;
  GObject *object = g_value_get_object (&values[0]);

  if (!GTK_IS_HEADER_BAR (object)
      || !GTK_IS_APPLICATION_WINDOW (gtk_widget_get_toplevel (GTK_WIDGET (object)))
      || g_object_get_qdata (object, done_quark ()) != NULL)
    return G_SOURCE_CONTINUE;

  g_object_set_qdata (object, done_quark (), hook);
  gtk_header_bar_pack_start (GTK_HEADER_BAR (object), hook->make (hook->user_data));
  return G_SOURCE_CONTINUE;
}

void
header_hook_install (HeaderHookMake make, gpointer user_data)
{
  Hook *hook = g_new (Hook, 1);

  *hook = (Hook){ .make = make, .user_data = user_data };
  g_signal_add_emission_hook (map_signal (), 0, on_map, hook, g_free);
}
