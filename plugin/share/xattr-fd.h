/* Extended attributes of what a descriptor stands for, O_PATH ones included.
 *
 * O_PATH descriptors take no attribute calls of their own; the magic link /proc/self/fd/N does, and
 * leads to just that inode. In a pool thread; 0 or a negative errno.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * xattr_fd_list:
 * @attributes: (out) (transfer full): those that begin with "user."
 */
int xattr_fd_list (int fd, GStrv *attributes);

/**
 * xattr_fd_get:
 * @value: (out) (transfer full):
 */
int xattr_fd_get (int fd, const char *attribute, GBytes **value);

int xattr_fd_set (int fd, const char *attribute, const void *value, gsize size);
int xattr_fd_remove (int fd, const char *attribute);

/**
 * xattr_fd_copy:
 *
 * All user.* attributes of @source to @target. Where a file system knows none, on either side,
 * there is nothing to copy.
 */
int xattr_fd_copy (int source, int target);

/**
 * xattr_any_at:
 *
 * Whether the entry @name of @folder has any attribute, of whatever kind; a link is not followed.
 */
gboolean xattr_any_at (int folder, const char *name);

G_END_DECLS
