/* What the user asks for with one VM in mind: GSettings `org.spice-space.webdav.vm` at
 * `/org/spice-space/webdav/vm/<uuid>/`.
 *
 * Main thread only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define SHARE_TYPE_VM_SETTINGS (share_vm_settings_get_type ())
G_DECLARE_FINAL_TYPE (ShareVmSettings, share_vm_settings, SHARE, VM_SETTINGS, GObject)

/**
 * share_vm_settings_new:
 * @uuid: lower case with dashes, as vm_identity_read() gives it
 *
 * Signal `changed ()`: what the getters return is something else now.
 *
 * Returns: (transfer full) (nullable): %NULL where the schema is not installed
 */
ShareVmSettings *share_vm_settings_new (const char *uuid);

/**
 * share_vm_settings_get_override:
 *
 * Returns: whether these settings count, in the place of the general ones
 */
gboolean share_vm_settings_get_override (ShareVmSettings *self);

/**
 * share_vm_settings_get_dir:
 *
 * Returns: (transfer none) (type filename) (nullable): as share_settings_get_dir()
 */
const char *share_vm_settings_get_dir (ShareVmSettings *self);
gboolean share_vm_settings_get_read_only (ShareVmSettings *self);

G_END_DECLS
