/* The installation and the settings; see doctor-checks.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/doctor-checks.h"

#include "cli/activation.h"
#include "cli/check-folder.h"
#include "cli/locations.h"
#include "cli/printable.h"
#include "cli/status-print.h"
#include "settings.h"
#include "ui/share-choices.h"

#include <dlfcn.h>
#include <glib/gi18n-lib.h>

/* GTK 3 viewers that people use; others work too. */
static const char *const viewers[] = { "remote-viewer", "virt-viewer", "spicy", "gnome-boxes" };

static const char *const keys[]
    = { "share-dir", "share-dir-ro", "compression", "symlinks", "hidden-files" };

void
report_add (Report *report, FindingKind kind, const char *finding, const char *advice)
{
  static const char *const marks[] = {
    [FINDING_GOOD] = "✓",
    [FINDING_NOTE] = "·",
    [FINDING_BAD] = "✗",
  };
  g_auto (GStrv) lines = g_strsplit (advice != NULL ? advice : "", "\n", -1);

  g_string_append_printf (report->text, "%s ", marks[kind]);
  append_printable (report->text, finding);
  g_string_append_c (report->text, '\n');
  for (char **line = lines; *line != NULL; line++)
    if (**line != '\0')
      {
        g_string_append (report->text, "    ");
        append_printable (report->text, *line);
        g_string_append_c (report->text, '\n');
      }
  if (kind == FINDING_BAD)
    report->n_bad++;
}

static void G_GNUC_PRINTF (4, 5)
    add (Report *report, FindingKind kind, const char *advice, const char *format, ...)
{
  g_autofree char *finding = NULL;
  va_list args;

  va_start (args, format);
  finding = g_strdup_vprintf (format, args);
  va_end (args);
  report_add (report, kind, finding, advice);
}

static gboolean
loads (Report *report, const char *path)
{
  void *handle = dlopen (path, RTLD_NOW | RTLD_LOCAL);

  if (handle == NULL)
    {
      add (report, FINDING_BAD, _ ("Install spice-share again, with the libraries it needs."),
           _ ("Cannot be loaded: %s"), dlerror ());
      return FALSE;
    }
  dlclose (handle);
  return TRUE;
}

static gboolean
is_in_desktop (const char *module)
{
  g_autoptr (GPtrArray) desktop = activation_desktop_settings ();
  gboolean found = FALSE;

  for (guint i = 0; i < desktop->len; i++)
    {
      g_auto (GStrv) modules
          = g_settings_get_strv (g_ptr_array_index (desktop, i), ACTIVATION_DESKTOP_KEY);

      found = found || g_strv_contains ((const char *const *)modules, module);
    }
  return found;
}

static void
check_enabled (Report *report, GDBusConnection *bus, const char *module)
{
  g_autofree char *file = activation_file ();

  if (activation_has (g_getenv ("GTK_MODULES"), module)
      || (bus != NULL && activation_desktop_passes_on (bus, module)))
    report_add (report, FINDING_GOOD, _ ("Viewers load the module by themselves"), NULL);
  else if (!is_in_desktop (module) && !g_file_test (file, G_FILE_TEST_EXISTS))
    report_add (report, FINDING_NOTE,
                _ ("Viewers load the module only when spice-share starts them"),
                _ ("“spice-share enable” lets all of them do it."));
  else
    {
      g_autofree char *by_hand = g_strdup_printf (
          _ ("Write into ~/.profile: export GTK_MODULES=\"${GTK_MODULES:+$GTK_MODULES:}%s\""),
          module);
      g_autofree char *advice = NULL;

      /* Without the bus it is not known either whether a settings daemon runs. */
      if (bus == NULL || activation_file_is_read ())
        advice = g_strconcat (
            _ ("Log out and in again. Whether your desktop then hands it on to programs cannot be "
               "known from here; if it does not:"),
            "\n", by_hand, NULL);
      report_add (report, FINDING_NOTE,
                  advice != NULL
                      ? _ ("The module is enabled, but not in effect in this session")
                      : _ ("The module is enabled, but nothing in this session makes use of that"),
                  advice != NULL ? advice : by_hand);
    }
}

void
check_module (Report *report, GDBusConnection *bus)
{
  g_autofree char *module = locations_dup_module ();
  g_autofree char *path = locations_dup_module_path ();
  g_autofree char *core = locations_dup_core_path ();

  if (!g_file_test (path, G_FILE_TEST_EXISTS) || !g_file_test (core, G_FILE_TEST_EXISTS))
    {
      add (report, FINDING_BAD, _ ("Install spice-share again."), _ ("The module is missing: %s"),
           g_file_test (path, G_FILE_TEST_EXISTS) ? core : path);
      return;
    }
  if (loads (report, path) && loads (report, core))
    add (report, FINDING_GOOD, NULL, _ ("The module is there and can be loaded: %s"), path);
  check_enabled (report, bus, module);
}

/* The libraries of a program, as the dynamic linker lists them; "" for a script. */
static char *
list_libraries (const char *program)
{
  const char *const argv[] = { "ldd", program, NULL };
  char *out = NULL;

  if (!g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                     NULL, NULL, &out, NULL, NULL, NULL))
    return g_strdup ("");
  return out;
}

void
check_viewers (Report *report)
{
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (viewers); i++)
    {
      g_autofree char *program = g_find_program_in_path (viewers[i]);
      g_autofree char *libraries = program != NULL ? list_libraries (program) : NULL;

      if (program == NULL)
        continue;
      n++;
      if (strstr (libraries, "libsoup-2.4.so") != NULL)
        add (report, FINDING_BAD, _ ("Use another viewer, or a newer version of this one."),
             _ ("%s uses libsoup 2.4, which cannot live in one process with libsoup 3"), program);
      else if (strstr (libraries, "libgtk-3.so") != NULL
               && strstr (libraries, "libspice-client-glib-2.0.so") != NULL)
        add (report, FINDING_GOOD, NULL, _ ("%s can load the module"), program);
      else
        add (report, FINDING_NOTE, NULL,
             _ ("%s is not linked to GTK 3 and spice-gtk, so the module stays out of it"), program);
    }
  if (n == 0)
    report_add (report, FINDING_BAD, _ ("No SPICE viewer is installed"),
                _ ("Install virt-viewer, which has remote-viewer."));
}

static const char *
origin_of (GSettings *settings, const char *key)
{
  g_autoptr (GVariant) user = g_settings_get_user_value (settings, key);

  if (!g_settings_is_writable (settings, key))
    return _ ("locked by the administrator");
  return user != NULL ? _ ("set by you") : _ ("the default");
}

static void
check_environment (Report *report)
{
  static const char *const variables[] = { SHARE_ENV_DIR, SHARE_ENV_DIR_RO, SHARE_ENV_COMPRESSION };

  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    if (g_getenv (variables[i]) != NULL)
      add (report, FINDING_NOTE, NULL,
           _ ("%s=%s in the environment comes before the setting, for viewers started from here"),
           variables[i], g_getenv (variables[i]));
}

gboolean
check_settings (Report *report)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;
  g_autoptr (GSettings) settings = NULL;
  gboolean complete = TRUE;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, SHARE_SETTINGS_SCHEMA, TRUE);
  if (schema == NULL)
    {
      add (report, FINDING_BAD,
           _ ("Install spice-share again, and run glib-compile-schemas on the folder of schemas."),
           _ ("The settings schema %s is not installed"), SHARE_SETTINGS_SCHEMA);
      return FALSE;
    }
  settings = g_settings_new_full (schema, NULL, NULL);
  if (!share_ui_choices_is_kept ())
    report_add (report, FINDING_BAD, _ ("Settings are kept in memory only, by each program alone"),
                _ ("Install dconf (Debian: dconf-gsettings-backend), or unset GSETTINGS_BACKEND."));

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (GVariant) value = NULL;
      g_autofree char *text = NULL;

      if (!g_settings_schema_has_key (schema, keys[i]))
        {
          add (report, FINDING_BAD, _ ("Remove the older version of spice-share."),
               _ ("The installed settings schema is of another version, it lacks “%s”"), keys[i]);
          complete = FALSE;
          continue;
        }
      value = g_settings_get_value (settings, keys[i]);
      text = g_variant_print (value, FALSE);
      add (report, FINDING_GOOD, NULL, "%s = %s (%s)", keys[i], text,
           origin_of (settings, keys[i]));
    }
  check_environment (report);
  return complete;
}

void
check_shared_folder (Report *report)
{
  g_autoptr (ShareSettings) settings = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *choice = NULL;
  gboolean read_only;
  const char *dir;

  settings = share_settings_new (NULL);
  dir = share_settings_get_dir (settings);
  read_only = share_settings_get_read_only (settings);
  if (dir == NULL)
    report_add (
        report, FINDING_NOTE, _ ("The settings share no folder"),
        _ ("“spice-share set FOLDER”, or the button in the viewer's header bar, shares one."));
  else if (!g_path_is_absolute (dir))
    add (report, FINDING_BAD, _ ("Write the whole path, beginning with “/” or “~/”."),
         _ ("“%s” is no absolute path"), dir);
  else if (!check_folder (dir, read_only ? SHARE_READ_ONLY : 0, &error))
    report_add (report, FINDING_BAD, error->message, NULL);
  else
    {
      choice = status_describe_choice (dir, read_only);
      add (report, FINDING_GOOD, NULL, _ ("The folder can be shared: %s"), choice);
    }
}
