/* GSettings of the share, general and per VM; see share-choices.h.
 *
 * g_settings_new() ends the process where a schema is missing, so every schema and key is looked
 * up first.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/share-choices.h"

#include "base/home.h"

#define G_SETTINGS_ENABLE_BACKEND
#include <gio/gsettingsbackend.h>

#define SCHEMA "org.spice-space.webdav"
#define VM_SCHEMA "org.spice-space.webdav.vm"
#define VM_PATH "/org/spice-space/webdav/vm/"
#define UI_SCHEMA "org.spice-space.webdav.ui"

#define KEY_DIR "share-dir"
#define KEY_READ_ONLY "share-dir-ro"
#define KEY_OVERRIDE "override"
#define KEY_RECENT "recent-dirs"
#define KEY_NOTIFICATIONS "notifications"

struct _ShareUiChoices
{
  GObject parent_instance;

  /* Each is NULL where its schema is not installed. */
  GSettings *general;
  GSettings *ui;

  /* The VM asked for last: almost always the same one. */
  GSettings *vm;
  char *vm_uuid;
};

G_DEFINE_FINAL_TYPE (ShareUiChoices, share_ui_choices, G_TYPE_OBJECT)

/* In delay-apply mode: what belongs together is applied as one change, so that the controller
 * never sees half of it. */
static GSettings *
open_schema (const char *id, const char *path)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;
  GSettings *settings;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, id, TRUE);
  if (schema == NULL)
    return NULL;
  settings = g_settings_new_full (schema, NULL, path);
  g_settings_delay (settings);
  return settings;
}

ShareUiChoices *
share_ui_choices_new (void)
{
  return g_object_new (SHARE_UI_TYPE_CHOICES, NULL);
}

static void
share_ui_choices_finalize (GObject *object)
{
  ShareUiChoices *self = SHARE_UI_CHOICES (object);

  g_clear_object (&self->general);
  g_clear_object (&self->ui);
  g_clear_object (&self->vm);
  g_free (self->vm_uuid);

  G_OBJECT_CLASS (share_ui_choices_parent_class)->finalize (object);
}

static void
share_ui_choices_class_init (ShareUiChoicesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = share_ui_choices_finalize;
}

static void
share_ui_choices_init (ShareUiChoices *self)
{
  self->general = open_schema (SCHEMA, NULL);
  self->ui = open_schema (UI_SCHEMA, NULL);
}

static GSettings *
settings_of_vm (ShareUiChoices *self, const char *vm_uuid)
{
  g_autofree char *path = NULL;

  if (vm_uuid == NULL)
    return NULL;
  if (g_strcmp0 (vm_uuid, self->vm_uuid) == 0)
    return self->vm;

  path = g_strconcat (VM_PATH, vm_uuid, "/", NULL);
  g_clear_object (&self->vm);
  g_free (self->vm_uuid);
  self->vm = open_schema (VM_SCHEMA, path);
  self->vm_uuid = g_strdup (vm_uuid);
  return self->vm;
}

static GSettings *
settings_of_scope (ShareUiChoices *self, ShareScope scope, const char *vm_uuid)
{
  return scope == SHARE_SCOPE_VM ? settings_of_vm (self, vm_uuid) : self->general;
}

gboolean
share_ui_choices_can_write (ShareUiChoices *self, ShareScope scope, const char *vm_uuid)
{
  GSettings *settings = settings_of_scope (self, scope, vm_uuid);

  return settings != NULL && g_settings_is_writable (settings, KEY_DIR);
}

gboolean
share_ui_choices_is_kept (void)
{
  g_autoptr (GSettingsBackend) backend = g_settings_backend_get_default ();

  /* No public type. */
  return !g_str_equal (G_OBJECT_TYPE_NAME (backend), "GMemorySettingsBackend");
}

ShareScope
share_ui_choices_get_scope (ShareUiChoices *self, const char *vm_uuid)
{
  GSettings *vm = settings_of_vm (self, vm_uuid);

  return vm != NULL && g_settings_get_boolean (vm, KEY_OVERRIDE) ? SHARE_SCOPE_VM : SHARE_SCOPE_ALL;
}

void
share_ui_choices_get_effective (ShareUiChoices *self,
                                const char *vm_uuid,
                                char **dir,
                                gboolean *read_only)
{
  ShareScope scope = share_ui_choices_get_scope (self, vm_uuid);
  GSettings *settings = settings_of_scope (self, scope, vm_uuid);
  g_autofree char *written
      = settings != NULL ? g_settings_get_string (settings, KEY_DIR) : g_strdup ("");

  /* As a person may have written it with gsettings. */
  *dir = share_expand_home (written);
  *read_only = settings != NULL && g_settings_get_boolean (settings, KEY_READ_ONLY);
}

static void
remember (ShareUiChoices *self, const char *dir)
{
  g_auto (GStrv) old = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;
  guint n = 1;

  if (self->ui == NULL)
    return;
  old = g_settings_get_strv (self->ui, KEY_RECENT);
  g_strv_builder_add (builder, dir);
  for (char **at = old; *at != NULL && n < SHARE_UI_CHOICES_RECENT_MAX; at++)
    {
      if (g_str_equal (*at, dir))
        continue;
      g_strv_builder_add (builder, *at);
      n++;
    }
  all = g_strv_builder_end (builder);
  g_settings_set_strv (self->ui, KEY_RECENT, (const char *const *)all);
  g_settings_apply (self->ui);
}

/* @dir: NULL for none. */
static gboolean
write_share (GSettings *settings, gboolean is_vm, const char *dir, gboolean read_only)
{
  g_autofree char *old_dir = g_settings_get_string (settings, KEY_DIR);
  const char *new_dir = dir != NULL ? dir : "";
  gboolean old_read_only = g_settings_get_boolean (settings, KEY_READ_ONLY);
  gboolean new_read_only = dir != NULL ? read_only : old_read_only;
  gboolean done = TRUE;

  /* Only what changes: an administrator may have locked what is right already. */
  if (!g_str_equal (old_dir, new_dir))
    done = g_settings_set_string (settings, KEY_DIR, new_dir) && done;
  if (old_read_only != new_read_only)
    done = g_settings_set_boolean (settings, KEY_READ_ONLY, new_read_only) && done;
  if (is_vm && !g_settings_get_boolean (settings, KEY_OVERRIDE))
    done = g_settings_set_boolean (settings, KEY_OVERRIDE, TRUE) && done;
  if (!g_settings_get_has_unapplied (settings))
    return FALSE;
  if (done)
    g_settings_apply (settings);
  else
    g_settings_revert (settings);
  return done;
}

gboolean
share_ui_choices_apply (ShareUiChoices *self,
                        ShareScope scope,
                        const char *vm_uuid,
                        const char *dir,
                        gboolean read_only)
{
  GSettings *settings = settings_of_scope (self, scope, vm_uuid);
  gboolean changed = FALSE;

  /* Settings hold text; a folder whose name is none can still be shared, just not remembered. */
  if (dir != NULL && !g_utf8_validate (dir, -1, NULL))
    return FALSE;
  if (dir != NULL)
    remember (self, dir);
  if (!share_ui_choices_can_write (self, scope, vm_uuid))
    return FALSE;

  changed = write_share (settings, scope == SHARE_SCOPE_VM, dir, read_only);
  if (scope == SHARE_SCOPE_ALL && share_ui_choices_get_scope (self, vm_uuid) == SHARE_SCOPE_VM)
    {
      share_ui_choices_follow_all (self, vm_uuid);
      changed = TRUE;
    }
  return changed;
}

void
share_ui_choices_follow_all (ShareUiChoices *self, const char *vm_uuid)
{
  GSettings *vm = settings_of_vm (self, vm_uuid);

  if (vm == NULL)
    return;
  g_settings_reset (vm, KEY_OVERRIDE);
  g_settings_apply (vm);
}

char **
share_ui_choices_get_recent (ShareUiChoices *self)
{
  return self->ui != NULL ? g_settings_get_strv (self->ui, KEY_RECENT) : g_new0 (char *, 1);
}

gboolean
share_ui_choices_get_notifications (ShareUiChoices *self)
{
  return self->ui == NULL || g_settings_get_boolean (self->ui, KEY_NOTIFICATIONS);
}
