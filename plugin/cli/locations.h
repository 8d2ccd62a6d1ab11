/* Where the other files of spice-share lie: beside this program in the build tree, else installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * locations_use:
 *
 * Translations are found from now on, and in the build tree the schema, by this process and by
 * those it starts (GSETTINGS_SCHEMA_DIR). Main thread, before anything reads a setting.
 */
void locations_use (void);

/**
 * locations_dup_module:
 *
 * Returns: (transfer full): what GTK_MODULES is to name: the installed module by its name where GTK
 *   looks for modules, otherwise by its path, and the built one by its path
 */
char *locations_dup_module (void);

/**
 * locations_dup_module_path:
 *
 * Returns: (transfer full) (type filename): the module's file
 */
char *locations_dup_module_path (void);

/**
 * locations_dup_core_path:
 *
 * Returns: (transfer full) (type filename): the file that the module loads into a viewer
 */
char *locations_dup_core_path (void);

G_END_DECLS
