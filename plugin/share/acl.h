/* Access control lists as the kernel hands them out: the values of system.posix_acl_access and
 * system.posix_acl_default (linux/posix_acl_xattr.h), whose meaning is acl(5)'s. Pure; any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * acl_get_group:
 *
 * Returns: what the owning group may do (0 to 7), which the group's bits of the mode do not tell:
 *   they are the mask, the most that anybody named in the list may do. 0 if @acl is none
 */
guint acl_get_group (const guint8 *acl, gsize size);

/**
 * acl_restrict:
 * @acl: (inout): in: a folder's default list; out: the access list of what is made there
 * @mode: as given to open(2) (0777); no umask
 *
 * Returns: %FALSE if @acl is none, and untouched
 */
gboolean acl_restrict (guint8 *acl, gsize size, guint mode);

G_END_DECLS
