/* What the user asks for: GSettings `org.spice-space.webdav`, and the overrides of one process.
 *
 * An override (from the options of `spice-share`, by environment into a viewer) holds until its key
 * changes in GSettings: the later wish wins. Where the schema is not installed one warning says so
 * and the defaults hold, with the overrides.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

#include "share/share.h"
#include "transport/share-channel.h"

G_BEGIN_DECLS

#define SHARE_SETTINGS_SCHEMA "org.spice-space.webdav"

/* The environment of the overrides; share_overrides_take_environment() removes it again. */
#define SHARE_ENV_DIR "SPICE_SHARE_DIR"
#define SHARE_ENV_DIR_RO "SPICE_SHARE_DIR_RO"
#define SHARE_ENV_COMPRESSION "SPICE_SHARE_COMPRESSION"
#define SHARE_ENV_CAPTURE "SPICE_SHARE_CAPTURE"

/**
 * ShareSettingsKeys:
 *
 * Which wishes changed. Symbolic links and hidden files are one: both are flags of the share.
 */
typedef enum
{
  SHARE_SETTINGS_DIR = 1 << 0,
  SHARE_SETTINGS_READ_ONLY = 1 << 1,
  SHARE_SETTINGS_COMPRESSION = 1 << 2,
  SHARE_SETTINGS_FLAGS = 1 << 3,
} ShareSettingsKeys;

/**
 * ShareOverrides:
 * @keys: which of the members count
 * @dir: (type filename): as a user writes it, a leading `~/` included
 * @capture: (type filename) (nullable): where to record what passes; there is no key for it
 *
 * Wishes for this process only.
 */
typedef struct
{
  ShareSettingsKeys keys;
  char *dir;
  gboolean read_only;
  SpiceShareCompression compression;
  char *capture;
} ShareOverrides;

/**
 * share_overrides_new:
 *
 * Returns: (transfer full): none of the members counts
 */
ShareOverrides *share_overrides_new (void);
void share_overrides_free (ShareOverrides *overrides);

/**
 * share_overrides_take_environment:
 *
 * Reads the overrides of the environment and removes them from it, so that programs the viewer
 * starts do not inherit them. Values that mean nothing are warned about; a read-only flag that
 * means nothing counts as read-only. Main thread, before others run: the environment is the
 * process's.
 *
 * Returns: (transfer full)
 */
ShareOverrides *share_overrides_take_environment (void);

/**
 * share_compression_from_nick:
 * @nick: "auto", "always" or "never"
 *
 * Returns: whether @nick was one of them; then @compression is set
 */
gboolean share_compression_from_nick (const char *nick, SpiceShareCompression *compression);

/**
 * share_compression_to_nick:
 *
 * Returns: (transfer none): "auto", "always" or "never", in static memory
 */
const char *share_compression_to_nick (SpiceShareCompression compression);

#define SHARE_TYPE_SETTINGS (share_settings_get_type ())
G_DECLARE_FINAL_TYPE (ShareSettings, share_settings, SHARE, SETTINGS, GObject)

/**
 * share_settings_new:
 * @overrides: (nullable) (transfer none): wishes of this process
 *
 * Signal `changed (guint keys)`: GSettings brought another value for these #ShareSettingsKeys; in
 * the main context that was the thread's default here. A wish that is written again with
 * the same value is no change.
 *
 * Returns: (transfer full): the settings, followed from now on
 */
ShareSettings *share_settings_new (const ShareOverrides *overrides);

/**
 * share_settings_get_dir:
 *
 * Returns: (transfer none) (type filename) (nullable): the folder to share, `~/` replaced,
 * otherwise as written (so it may be relative, or not exist), until the next `changed`; %NULL: the
 * settings ask for nothing
 */
const char *share_settings_get_dir (ShareSettings *self);
gboolean share_settings_get_read_only (ShareSettings *self);
SpiceShareCompression share_settings_get_compression (ShareSettings *self);

/**
 * share_settings_is_overridden:
 *
 * Returns: whether the folder or its read-only flag is an override of this process
 */
gboolean share_settings_is_overridden (ShareSettings *self);

/**
 * share_settings_drop_override:
 *
 * A later wish came from elsewhere: those two overrides are over. Signals nothing.
 */
void share_settings_drop_override (ShareSettings *self);

/**
 * share_settings_get_flags:
 *
 * Returns: %SHARE_DENY_SYMLINKS and %SHARE_DENY_HIDDEN as set; never %SHARE_READ_ONLY, which the
 *   session has the last word on
 */
ShareFlags share_settings_get_flags (ShareSettings *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ShareOverrides, share_overrides_free)

G_END_DECLS
