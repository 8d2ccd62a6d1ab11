/* The settings of one VM; see vm-settings.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "vm-settings.h"

#include "base/home.h"
#include "settings.h"

#define SCHEMA "org.spice-space.webdav.vm"
#define PATH_PREFIX "/org/spice-space/webdav/vm/"

#define KEY_OVERRIDE "override"
#define KEY_DIR "share-dir"
#define KEY_READ_ONLY "share-dir-ro"

struct _ShareVmSettings
{
  GObject parent;

  GSettings *gsettings;
  gboolean override;
  char *dir; /* expanded; NULL for none */
  gboolean read_only;
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ShareVmSettings, share_vm_settings, G_TYPE_OBJECT)

/* Returns whether anything is another value. */
static gboolean
read_all (ShareVmSettings *self)
{
  gboolean override = g_settings_get_boolean (self->gsettings, KEY_OVERRIDE);
  gboolean read_only = g_settings_get_boolean (self->gsettings, KEY_READ_ONLY);
  g_autofree char *written = g_settings_get_string (self->gsettings, KEY_DIR);
  g_autofree char *dir = *written != '\0' ? share_expand_home (written) : NULL;

  if (override == self->override && read_only == self->read_only && g_strcmp0 (dir, self->dir) == 0)
    return FALSE;
  self->override = override;
  self->read_only = read_only;
  g_free (self->dir);
  self->dir = g_steal_pointer (&dir);
  return TRUE;
}

/* All are read at once, so that a folder never goes with the read-only flag of the one before. */
static void
gsettings_changed (GSettings *gsettings, const char *key, ShareVmSettings *self)
{
  if (read_all (self))
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

ShareVmSettings *
share_vm_settings_new (const char *uuid)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;
  g_autofree char *path = g_strconcat (PATH_PREFIX, uuid, "/", NULL);
  ShareVmSettings *self;

  /* g_settings_new() ends the process when the schema is missing. */
  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, SCHEMA, TRUE);
  if (schema == NULL)
    return NULL;

  self = g_object_new (SHARE_TYPE_VM_SETTINGS, NULL);
  self->gsettings = g_settings_new_full (schema, NULL, path);
  /* Before the first read: only a key that was read after connecting is watched. */
  g_signal_connect (self->gsettings, "changed", G_CALLBACK (gsettings_changed), self);
  read_all (self);
  return self;
}

static void
share_vm_settings_finalize (GObject *object)
{
  ShareVmSettings *self = SHARE_VM_SETTINGS (object);

  g_signal_handlers_disconnect_by_data (self->gsettings, self);
  g_object_unref (self->gsettings);
  g_free (self->dir);

  G_OBJECT_CLASS (share_vm_settings_parent_class)->finalize (object);
}

static void
share_vm_settings_class_init (ShareVmSettingsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = share_vm_settings_finalize;

  signals[SIGNAL_CHANGED] = g_signal_new ("changed", SHARE_TYPE_VM_SETTINGS, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
share_vm_settings_init (ShareVmSettings *self)
{
}

gboolean
share_vm_settings_get_override (ShareVmSettings *self)
{
  return self->override;
}

const char *
share_vm_settings_get_dir (ShareVmSettings *self)
{
  return self->dir;
}

gboolean
share_vm_settings_get_read_only (ShareVmSettings *self)
{
  return self->read_only;
}
