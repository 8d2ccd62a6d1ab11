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

/**
 * activation_desktop_passes_on:
 * @bus: the session bus
 *
 * The key alone does nothing: GTK reads what the desktop's settings daemon makes of it, by
 * XSETTINGS or, in Wayland, from org.gtk.Settings. The daemons that know the key own that name in
 * X11, too. Waits for the bus.
 *
 * Returns: whether programs of this session are told to load @module
 */
gboolean activation_desktop_passes_on (GDBusConnection *bus, const char *module);

/**
 * activation_file_is_read:
 *
 * Returns: whether a systemd user session runs here, as nothing else reads activation_file(); not
 *   whether the desktop hands its environment on to programs, which nobody can know before a login
 */
gboolean activation_file_is_read (void);

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
