/* Access control lists as the kernel hands them out: the values of system.posix_acl_access and
 * system.posix_acl_default (linux/posix_acl_xattr.h), whose meaning is acl(5)'s. Pure; any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * acl_narrow_mode:
 * @mode: of the file that has the list (0777): its group's bits are the mask, the most that anybody
 *   named in the list may do, and not what the owning group may
 *
 * Without the list who is named in it counts as one of the owning group or of all others, and the
 * owning group may be another.
 *
 * Returns: what is left of @mode if nobody may do more by it alone than by the list: the owner's
 *   bits if @acl is none
 */
guint acl_narrow_mode (const guint8 *acl, gsize size, guint mode);

/**
 * acl_restrict:
 * @acl: (inout): in: a folder's default list; out: the access list of what is made there
 * @mode: as given to open(2) (0777); no umask
 *
 * Returns: %FALSE if @acl is none, and untouched
 */
gboolean acl_restrict (guint8 *acl, gsize size, guint mode);

/**
 * acl_leave_group:
 * @acl: (inout): of a file that is going to have another group
 *
 * Its group's members were among all others, and the old one's are going to be: both may do what
 * both might.
 *
 * Returns: %FALSE if @acl is none, and untouched
 */
gboolean acl_leave_group (guint8 *acl, gsize size);

G_END_DECLS
