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

#include "share/stat.h"

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
 * ShareAttributes:
 *
 * One file or folder whose attributes are being changed, whatever becomes of its name meanwhile.
 */
typedef struct _ShareAttributes ShareAttributes;

/**
 * share_attributes_open:
 * @stat: (out caller-allocates): as it is now
 * @attributes: (out) (transfer full): to be closed by the same job, which opens no other meanwhile
 *
 * Until it is closed no other job of this share changes these attributes, copies them, or replaces
 * the file by another one that is to inherit them (claim.h). -EROFS on a read-only share.
 */
int share_attributes_open (Share *share,
                           const char *path,
                           ShareStat *stat,
                           ShareAttributes **attributes);
void share_attributes_close (ShareAttributes *self);

/**
 * share_attributes_list:
 * share_attributes_get:
 *
 * As share_xattr_list() and share_xattr_get().
 */
int share_attributes_list (ShareAttributes *self, GStrv *attributes);
int share_attributes_get (ShareAttributes *self, const char *attribute, GBytes **value);

/**
 * share_attributes_set:
 *
 * Makes or replaces one, in one step: a reader sees the old value or the new.
 */
int
share_attributes_set (ShareAttributes *self, const char *attribute, const void *value, gsize size);

/**
 * share_attributes_remove:
 *
 * -ENODATA if there is no such attribute.
 */
int share_attributes_remove (ShareAttributes *self, const char *attribute);

/**
 * share_attributes_set_mtime:
 * @mtime: seconds since 1970
 * @nsec: 0 to 999,999,999
 *
 * Sets the modification time.
 */
int share_attributes_set_mtime (ShareAttributes *self, gint64 mtime, guint32 nsec);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ShareAttributes, share_attributes_close)

G_END_DECLS
