/* Where new content waits until it is complete: a private folder on the target's file system.
 *
 * `.spice-share-` and 32 random hexadecimal digits, mode 0700, at the root of the share (on another
 * mount inside the share: at the root of that mount; where that may not be written: beside the
 * target). It holds a file `owner`, which says that it is ours and is locked by flock(2) as long as
 * its share is open, so that another viewer's start can tell the leftovers of a killed viewer from
 * the uploads of a living one. Made at the first need, removed when nothing was uploaded for a
 * while and when the share is closed.
 *
 * No name that begins with the prefix exists for a guest, at any depth (resolver.h). What waits
 * inside has a random name that owes nothing to its target's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "share/share.h"

G_BEGIN_DECLS

/**
 * STAGING_PREFIX:
 *
 * Reserved, whatever the case of its letters (some file systems do not tell the difference).
 */
#define STAGING_PREFIX ".spice-share-"

#define STAGING_RANDOM_BYTES 16

/**
 * STAGING_NAME_SIZE:
 *
 * Room for the name of a staging folder, or of something inside one, with its NUL.
 */
#define STAGING_NAME_SIZE (sizeof STAGING_PREFIX + 2 * STAGING_RANDOM_BYTES)

typedef struct _Staging Staging;

/**
 * staging_is_reserved:
 *
 * Whether @name (@length bytes) belongs to us. Pure; any thread.
 */
gboolean staging_is_reserved (const char *name, gsize length);

/**
 * staging_has_aliases:
 *
 * Whether a folder of this share lies on a file system that finds it by other names too, which no
 * look at a name tells (FAT's short names, Unicode's foldings): then it is to be told by what it
 * is, staging_is_one(). Any thread.
 */
gboolean staging_has_aliases (Share *share);

/**
 * staging_is_one:
 *
 * Whether this is a staging folder of @share. In a pool thread.
 */
gboolean staging_is_one (Share *share, guint64 dev, guint64 inode);

/**
 * staging_acquire:
 * @folder: descriptor of the folder the new thing is to be moved into
 * @staging: (out): to be given back by staging_release()
 *
 * A staging folder from which @folder is one rename away. In a ShareJob. Waits for no other mount
 * than that of @folder, and not for the removal of what a killed viewer left there, which is a job
 * of its own.
 *
 * Returns: 0 or a negative errno
 */
int staging_acquire (Share *share, int folder, Staging **staging);

/**
 * staging_get_folder:
 *
 * Returns: (transfer none): its descriptor
 */
int staging_get_folder (Staging *self);

/**
 * staging_release:
 *
 * In a pool thread.
 */
void staging_release (Share *share, Staging *self);

/**
 * staging_make_name:
 * @name: (out): STAGING_NAME_SIZE bytes
 *
 * A random name for something in a staging folder.
 *
 * Returns: 0 or a negative errno
 */
int staging_make_name (char *name);

/**
 * staging_remove_unused:
 *
 * Removes the staging folders nothing waits in. In a pool thread.
 */
void staging_remove_unused (Share *share);

/**
 * staging_remove_if_unused:
 *
 * The same for one, known by what it is, and for no other: waits until whoever is removing it is
 * through. In a pool thread.
 */
void staging_remove_if_unused (Share *share, guint64 dev, guint64 inode);

/**
 * staging_clear_leftovers:
 * @folder: descriptor of a folder that may hold staging folders
 *
 * Removes those of viewers that are no more: of our name, owned by this user, private (where modes
 * are kept), marked, and with a lock that can be had. In a pool thread.
 */
void staging_clear_leftovers (Share *share, int folder);

/**
 * staging_clear_leftover:
 *
 * The same for a single @name.
 *
 * Returns: 0, or -EBUSY if it is not ours to remove
 */
int staging_clear_leftover (Share *share, int folder, const char *name);

G_END_DECLS
