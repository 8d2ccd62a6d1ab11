/* What staging.c and staging-leftover.c know of a staging folder.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "share/staging.h"

G_BEGIN_DECLS

/* The file in it that is locked as long as it is used, and what that says. */
#define STAGING_OWNER_NAME "owner"
#define STAGING_OWNER_MARK "This folder belongs to a running spice-share, which removes it.\n"

/**
 * staging_remove_folder:
 * @base: descriptor of the folder that holds it
 * @folder: its own
 *
 * Removes a staging folder with all its inside. The caller holds the lock of its owner file.
 */
void staging_remove_folder (Share *share, int base, const char *name, int folder);

G_END_DECLS
