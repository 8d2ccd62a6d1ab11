/* environment.d and enabled-gtk-modules; see activation.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/activation.h"

#include <glib/gstdio.h>

/* Late, so that it adds to what other files have set. */
#define FILE_NAME "90-spice-share.conf"

/* Of gnome-settings-daemon 43 (Budgie's too) and cinnamon-settings-daemon 5.6. MATE's and Xfce's
 * have no such key in GSettings: there the environment alone counts. */
static const char *const desktop_schemas[] = {
  "org.gnome.settings-daemon.plugins.xsettings",
  "org.cinnamon.settings-daemon.plugins.xsettings",
};

char *
activation_file (void)
{
  return g_build_filename (g_get_user_config_dir (), "environment.d", FILE_NAME, NULL);
}

gboolean
activation_has (const char *list, const char *module)
{
  g_auto (GStrv) modules = g_strsplit (list != NULL ? list : "", ":", -1);

  return g_strv_contains ((const char *const *)modules, module);
}

/* A desktop of another version may have none, or make something else of it. */
static gboolean
has_list_of_modules (GSettingsSchema *schema)
{
  g_autoptr (GSettingsSchemaKey) key = NULL;

  if (!g_settings_schema_has_key (schema, ACTIVATION_DESKTOP_KEY))
    return FALSE;
  key = g_settings_schema_get_key (schema, ACTIVATION_DESKTOP_KEY);
  return g_variant_type_equal (g_settings_schema_key_get_value_type (key),
                               G_VARIANT_TYPE_STRING_ARRAY);
}

GPtrArray *
activation_desktop_settings (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  GPtrArray *found = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; source != NULL && i < G_N_ELEMENTS (desktop_schemas); i++)
    {
      g_autoptr (GSettingsSchema) schema
          = g_settings_schema_source_lookup (source, desktop_schemas[i], TRUE);

      if (schema != NULL && has_list_of_modules (schema))
        g_ptr_array_add (found, g_settings_new_full (schema, NULL, NULL));
    }
  return found;
}

gboolean
activation_desktop_passes_on (GDBusConnection *bus, const char *module)
{
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      bus, "org.gtk.Settings", "/org/gtk/Settings", "org.freedesktop.DBus.Properties", "Get",
      g_variant_new ("(ss)", "org.gtk.Settings", "Modules"), G_VARIANT_TYPE ("(v)"),
      G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL);

  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(v)", &value);
  return g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
         && activation_has (g_variant_get_string (value, NULL), module);
}

gboolean
activation_file_is_read (void)
{
  g_autofree char *socket
      = g_build_filename (g_get_user_runtime_dir (), "systemd", "private", NULL);

  return g_file_test (socket, G_FILE_TEST_EXISTS);
}

/* The key with @module, or without it; not written where that is so already. */
static void
set_in_desktop (GSettings *settings, const char *module, gboolean wanted)
{
  g_auto (GStrv) old = g_settings_get_strv (settings, ACTIVATION_DESKTOP_KEY);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;

  if (g_strv_contains ((const char *const *)old, module) == wanted)
    return;
  for (char **at = old; *at != NULL; at++)
    if (!g_str_equal (*at, module))
      g_strv_builder_add (builder, *at);
  if (wanted)
    g_strv_builder_add (builder, module);
  all = g_strv_builder_end (builder);
  g_settings_set_strv (settings, ACTIVATION_DESKTOP_KEY, (const char *const *)all);
}

static void
set_in_desktops (GPtrArray *desktop, const char *module, gboolean wanted)
{
  for (guint i = 0; i < desktop->len; i++)
    set_in_desktop (g_ptr_array_index (desktop, i), module, wanted);
  g_settings_sync ();
}

gboolean
activation_enable (const char *module, GPtrArray *desktop, GError **error)
{
  g_autofree char *path = activation_file ();
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *text = g_strdup_printf ("# Written by “spice-share enable”.\n"
                                           "GTK_MODULES=${GTK_MODULES:+$GTK_MODULES:}%s\n",
                                           module);

  if (g_mkdir_with_parents (folder, 0700) < 0)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", folder,
                   g_strerror (errno));
      return FALSE;
    }
  if (!g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, error))
    return FALSE;
  set_in_desktops (desktop, module, TRUE);
  return TRUE;
}

gboolean
activation_disable (const char *module, GPtrArray *desktop, GError **error)
{
  g_autofree char *path = activation_file ();

  if (g_unlink (path) < 0 && errno != ENOENT)
    {
      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", path,
                   g_strerror (errno));
      return FALSE;
    }
  set_in_desktops (desktop, module, FALSE);
  return TRUE;
}
