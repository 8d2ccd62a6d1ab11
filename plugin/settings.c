/* GSettings and overrides, merged; see settings.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "settings.h"

#include <glib/gi18n-lib.h>

#include "base/home.h"
#include "base/log.h"

#define KEY_DIR "share-dir"
#define KEY_READ_ONLY "share-dir-ro"
#define KEY_COMPRESSION "compression"
#define KEY_SYMLINKS "symlinks"
#define KEY_HIDDEN "hidden-files"

static const char *const keys_needed[]
    = { KEY_DIR, KEY_READ_ONLY, KEY_COMPRESSION, KEY_SYMLINKS, KEY_HIDDEN };

/* Indexed by SpiceShareCompression; the schema has the same nicks. */
static const char *const compression_nicks[] = { "auto", "always", "never" };

typedef struct
{
  char *dir; /* as written; "" asks for nothing */
  gboolean read_only;
  SpiceShareCompression compression;
  ShareFlags flags;
} Values;

struct _ShareSettings
{
  GObject parent;

  GSettings *gsettings; /* NULL: the schema is not installed */
  Values stored;        /* what GSettings said last */
  ShareOverrides *overrides;
  char *dir; /* the folder asked for, expanded; NULL for none */
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ShareSettings, share_settings, G_TYPE_OBJECT)

/* Overrides */

ShareOverrides *
share_overrides_new (void)
{
  return g_new0 (ShareOverrides, 1);
}

void
share_overrides_free (ShareOverrides *overrides)
{
  g_free (overrides->dir);
  g_free (overrides->capture);
  g_free (overrides);
}

static ShareOverrides *
overrides_copy (const ShareOverrides *overrides)
{
  ShareOverrides *copy = share_overrides_new ();

  if (overrides != NULL)
    {
      *copy = *overrides;
      copy->dir = g_strdup (overrides->dir);
      copy->capture = g_strdup (overrides->capture);
    }
  return copy;
}

static char *
take_variable (const char *name)
{
  char *value = g_strdup (g_getenv (name));

  if (value != NULL)
    g_unsetenv (name);
  return value;
}

ShareOverrides *
share_overrides_take_environment (void)
{
  ShareOverrides *overrides = share_overrides_new ();
  g_autofree char *dir = take_variable (SHARE_ENV_DIR);
  g_autofree char *read_only = take_variable (SHARE_ENV_DIR_RO);
  g_autofree char *compression = take_variable (SHARE_ENV_COMPRESSION);
  g_autofree char *capture = take_variable (SHARE_ENV_CAPTURE);

  if (dir != NULL && *dir != '\0')
    {
      overrides->keys |= SHARE_SETTINGS_DIR;
      overrides->dir = g_steal_pointer (&dir);
    }
  if (read_only != NULL && *read_only != '\0')
    {
      overrides->keys |= SHARE_SETTINGS_READ_ONLY;
      overrides->read_only = !g_str_equal (read_only, "0");
      if (overrides->read_only && !g_str_equal (read_only, "1"))
        g_warning (_ ("%s is “%s”, but only 0 and 1 are known; the folder is shared read-only."),
                   SHARE_ENV_DIR_RO, read_only);
    }
  if (compression != NULL && *compression != '\0')
    {
      if (share_compression_from_nick (compression, &overrides->compression))
        overrides->keys |= SHARE_SETTINGS_COMPRESSION;
      else
        g_warning (_ ("%s is “%s”, but only auto, always and never are known; it is ignored."),
                   SHARE_ENV_COMPRESSION, compression);
    }
  if (capture != NULL && *capture != '\0')
    overrides->capture = g_steal_pointer (&capture);
  return overrides;
}

gboolean
share_compression_from_nick (const char *nick, SpiceShareCompression *compression)
{
  for (guint i = 0; i < G_N_ELEMENTS (compression_nicks); i++)
    if (g_str_equal (nick, compression_nicks[i]))
      {
        *compression = (SpiceShareCompression)i;
        return TRUE;
      }
  return FALSE;
}

const char *
share_compression_to_nick (SpiceShareCompression compression)
{
  return compression_nicks[compression];
}

/* Settings */

static void
values_clear (Values *values)
{
  g_clear_pointer (&values->dir, g_free);
}

static Values
values_read (GSettings *gsettings)
{
  Values values = { NULL };

  if (gsettings == NULL)
    {
      values.dir = g_strdup ("");
      values.compression = SPICE_SHARE_COMPRESSION_AUTO;
      return values;
    }
  values.dir = g_settings_get_string (gsettings, KEY_DIR);
  values.read_only = g_settings_get_boolean (gsettings, KEY_READ_ONLY);
  values.compression = (SpiceShareCompression)g_settings_get_enum (gsettings, KEY_COMPRESSION);
  if (g_settings_get_enum (gsettings, KEY_SYMLINKS) != 0)
    values.flags |= SHARE_DENY_SYMLINKS;
  if (g_settings_get_enum (gsettings, KEY_HIDDEN) != 0)
    values.flags |= SHARE_DENY_HIDDEN;
  return values;
}

static ShareSettingsKeys
values_compare (const Values *a, const Values *b)
{
  ShareSettingsKeys keys = 0;

  if (!g_str_equal (a->dir, b->dir))
    keys |= SHARE_SETTINGS_DIR;
  if (a->read_only != b->read_only)
    keys |= SHARE_SETTINGS_READ_ONLY;
  if (a->compression != b->compression)
    keys |= SHARE_SETTINGS_COMPRESSION;
  if (a->flags != b->flags)
    keys |= SHARE_SETTINGS_FLAGS;
  return keys;
}

static void
update_dir (ShareSettings *self)
{
  const char *dir
      = (self->overrides->keys & SHARE_SETTINGS_DIR) != 0 ? self->overrides->dir : self->stored.dir;

  g_free (self->dir);
  self->dir = *dir != '\0' ? share_expand_home (dir) : NULL;
}

/* Called for each key that a backend says may have changed: the keyfile backend names all of them
 * when any did. All values are read at once, so that a folder never goes with the read-only flag of
 * the one before. */
static void
gsettings_changed (GSettings *gsettings, const char *key, ShareSettings *self)
{
  Values now = values_read (gsettings);
  ShareSettingsKeys keys = values_compare (&self->stored, &now);

  values_clear (&self->stored);
  self->stored = now;
  if (keys == 0)
    return;

  self->overrides->keys &= ~keys;
  update_dir (self);
  share_debug ("settings changed: keys 0x%x, share-dir '%s'", keys, self->stored.dir);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0, (guint)keys);
}

/* g_settings_new() ends the process when the schema is missing, and reading a key that an older
 * installation of the schema lacks does so as well. */
static GSettings *
open_gsettings (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, SHARE_SETTINGS_SCHEMA, TRUE);
  if (schema == NULL)
    {
      g_warning (
          _ ("The settings schema %s is not installed: the defaults are used, and changes of "
             "settings are not seen."),
          SHARE_SETTINGS_SCHEMA);
      return NULL;
    }
  for (guint i = 0; i < G_N_ELEMENTS (keys_needed); i++)
    if (!g_settings_schema_has_key (schema, keys_needed[i]))
      {
        g_warning (_ ("The installed settings schema %s is of another version, it lacks “%s”: the "
                      "defaults are used, and changes of settings are not seen."),
                   SHARE_SETTINGS_SCHEMA, keys_needed[i]);
        return NULL;
      }
  return g_settings_new_full (schema, NULL, NULL);
}

ShareSettings *
share_settings_new (const ShareOverrides *overrides)
{
  ShareSettings *self = g_object_new (SHARE_TYPE_SETTINGS, NULL);

  self->overrides = overrides_copy (overrides);
  update_dir (self);
  return self;
}

static void
share_settings_finalize (GObject *object)
{
  ShareSettings *self = SHARE_SETTINGS (object);

  if (self->gsettings != NULL)
    g_signal_handlers_disconnect_by_data (self->gsettings, self);
  g_clear_object (&self->gsettings);
  values_clear (&self->stored);
  g_clear_pointer (&self->overrides, share_overrides_free);
  g_free (self->dir);

  G_OBJECT_CLASS (share_settings_parent_class)->finalize (object);
}

static void
share_settings_class_init (ShareSettingsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = share_settings_finalize;

  signals[SIGNAL_CHANGED] = g_signal_new ("changed", SHARE_TYPE_SETTINGS, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
share_settings_init (ShareSettings *self)
{
  self->gsettings = open_gsettings ();
  /* Before the first read: only a key that was read after connecting is watched. */
  if (self->gsettings != NULL)
    g_signal_connect (self->gsettings, "changed", G_CALLBACK (gsettings_changed), self);
  self->stored = values_read (self->gsettings);
}

const char *
share_settings_get_dir (ShareSettings *self)
{
  return self->dir;
}

gboolean
share_settings_get_read_only (ShareSettings *self)
{
  return (self->overrides->keys & SHARE_SETTINGS_READ_ONLY) != 0 ? self->overrides->read_only
                                                                 : self->stored.read_only;
}

SpiceShareCompression
share_settings_get_compression (ShareSettings *self)
{
  return (self->overrides->keys & SHARE_SETTINGS_COMPRESSION) != 0 ? self->overrides->compression
                                                                   : self->stored.compression;
}

gboolean
share_settings_is_overridden (ShareSettings *self)
{
  return (self->overrides->keys & (SHARE_SETTINGS_DIR | SHARE_SETTINGS_READ_ONLY)) != 0;
}

void
share_settings_drop_override (ShareSettings *self)
{
  self->overrides->keys &= ~(SHARE_SETTINGS_DIR | SHARE_SETTINGS_READ_ONLY);
  update_dir (self);
}

ShareFlags
share_settings_get_flags (ShareSettings *self)
{
  return self->stored.flags;
}
