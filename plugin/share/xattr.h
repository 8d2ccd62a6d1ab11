/* Extended attributes and times of a file or folder: where dead properties live.
 *
 * Only names that begin with "user." are accepted (-EINVAL for others). A file system without them
 * answers -EOPNOTSUPP, one whose room for them is used up -ENOSPC or -E2BIG. Links are followed.
 * All in a ShareJob; all return 0 or a negative errno.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#include "share/share.h"

G_BEGIN_DECLS

/**
 * SHARE_XATTR_VALUE_MAX:
 *
 * Bytes of one value: the kernel's limit.
 */
#define SHARE_XATTR_VALUE_MAX 65536

/**
 * share_xattr_check_name:
 *
 * Returns: 0, -EINVAL without "user.", or -ERANGE if it is longer than Linux allows (255 bytes).
 *   Pure; any thread.
 */
int share_xattr_check_name (const char *attribute);

/**
 * share_xattr_list:
 * @attributes: (out) (transfer full): names, "user." included; empty if there are none
 */
int share_xattr_list (Share *share, const char *path, GStrv *attributes);

/**
 * share_xattr_get:
 * @value: (out) (transfer full):
 *
 * -ENODATA if there is no such attribute.
 */
int share_xattr_get (Share *share, const char *path, const char *attribute, GBytes **value);

/**
 * share_xattr_set:
 *
 * Makes or replaces one, in one step: a reader sees the old value or the new. -EROFS on a read-only
 * share.
 */
int share_xattr_set (Share *share,
                     const char *path,
                     const char *attribute,
                     const void *value,
                     gsize size);

/**
 * share_xattr_remove:
 *
 * -ENODATA if there is no such attribute. -EROFS on a read-only share.
 */
int share_xattr_remove (Share *share, const char *path, const char *attribute);

/**
 * share_set_mtime:
 * @mtime: seconds since 1970
 * @nsec: 0 to 999,999,999
 *
 * Sets the modification time. -EROFS on a read-only share.
 */
int share_set_mtime (Share *share, const char *path, gint64 mtime, guint32 nsec);

G_END_DECLS
