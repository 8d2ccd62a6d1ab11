/* Where GTK programs of this user learn to load the module, for good.
 *
 * Two places: a file of our own for environment.d(5), which a systemd user session reads at login,
 * and the key enabled-gtk-modules of the desktop's settings daemon, which XSETTINGS carry to
 * running programs (and which hides what gtk-modules of settings.ini says).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * activation_file:
 *
 * Returns: (transfer full) (type filename): our file of environment.d, whether it exists or not
 */
char *activation_file (void);

/**
 * activation_add:
 * @list: a list of modules, separated by colons
 * @module: a module's name or path
 *
 * Pure. Returns: (transfer full): @list with @module in it, once
 */
char *activation_add (const char *list, const char *module);

/**
 * activation_has:
 *
 * Pure. Returns: whether @list, separated by colons, names @module
 */
gboolean activation_has (const char *list, const char *module);

/**
 * activation_desktop_settings:
 *
 * Returns: (transfer full) (element-type GSettings): the settings of each desktop installed here
 *   that has the key enabled-gtk-modules
 */
GPtrArray *activation_desktop_settings (void);

#define ACTIVATION_DESKTOP_KEY "enabled-gtk-modules"

/**
 * activation_enable:
 * @module: what GTK_MODULES is to name
 * @desktop: (element-type GSettings): of activation_desktop_settings()
 *
 * Keeps what else is set. Idempotent.
 */
gboolean activation_enable (const char *module, GPtrArray *desktop, GError **error);

/**
 * activation_disable:
 *
 * Undoes activation_enable(), and only that. Idempotent.
 */
gboolean activation_disable (const char *module, GPtrArray *desktop, GError **error);

G_END_DECLS
