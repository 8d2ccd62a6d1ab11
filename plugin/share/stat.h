/* What the file system knows of a file or folder, in a plain struct.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#include "share/share.h"

struct statx;

G_BEGIN_DECLS

/**
 * ShareType:
 * @SHARE_TYPE_FILE: a regular file
 * @SHARE_TYPE_FOLDER: a folder
 * @SHARE_TYPE_OTHER: FIFO, device, socket, or a link that was not followed; the guest never sees
 *   one: functions that take a path fail with -EACCES instead
 */
typedef enum
{
  SHARE_TYPE_FILE,
  SHARE_TYPE_FOLDER,
  SHARE_TYPE_OTHER,
} ShareType;

/**
 * ShareStat:
 * @size: bytes; of no meaning for a folder
 * @mtime: last modification, seconds since 1970 (may be negative)
 * @mtime_nsec: 0 to 999,999,999
 * @ctime, @ctime_nsec: the last change of anything, its names and its mode too
 * @has_btime: whether the file system records a birth time
 * @dev: with @inode: which file this is
 * @mount_id: of the mount it was seen through; 0 where the kernel does not say (before 5.8)
 * @mode: permission bits (07777)
 */
typedef struct
{
  ShareType type;
  guint64 size;
  gint64 mtime;
  guint32 mtime_nsec;
  gint64 ctime;
  guint32 ctime_nsec;
  gboolean has_btime;
  gint64 btime;
  guint64 inode;
  guint64 dev;
  guint64 mount_id;
  guint32 mode;
  guint32 nlink;
  guint32 gid;
} ShareStat;

/**
 * share_stat_same_file:
 *
 * Whether both are the same file or folder, whatever has become of its content. Any thread.
 */
gboolean share_stat_same_file (const ShareStat *a, const ShareStat *b);

/**
 * share_stat_same_version:
 *
 * Whether both are the same file with, as far as the file system can tell, the same content: what
 * a strong ETag promises (inode, size, modification time in ns). Any thread.
 */
gboolean share_stat_same_version (const ShareStat *a, const ShareStat *b);

/**
 * share_stat_only_grew:
 *
 * Whether @now may be @before with more at its end, as logs and recordings become. Somebody may
 * have changed its beginning as well: that cannot be told. Any thread.
 */
gboolean share_stat_only_grew (const ShareStat *before, const ShareStat *now);

/**
 * share_stat:
 * @path: share-relative; links are followed
 * @stat: (out caller-allocates):
 *
 * In a ShareJob.
 *
 * Returns: 0 or a negative errno (resolver.h); -EACCES if it is neither a file nor a folder
 */
int share_stat (Share *self, const char *path, ShareStat *stat);

/**
 * share_stat_fd:
 * @fd: any descriptor, O_PATH too
 *
 * In a ShareJob. Never fails for what @fd is: SHARE_TYPE_OTHER is returned as such.
 */
int share_stat_fd (int fd, ShareStat *stat);

/**
 * share_stat_at:
 * @folder: descriptor of a folder
 * @name: a name inside it; a link is not followed and is SHARE_TYPE_OTHER
 *
 * In a ShareJob.
 */
int share_stat_at (int folder, const char *name, ShareStat *stat);

/**
 * ShareSpace:
 * @available: bytes this user can still write
 * @used: bytes in use on that file system
 */
typedef struct
{
  guint64 available;
  guint64 used;
} ShareSpace;

/**
 * share_get_space:
 *
 * statvfs of the file system that holds @path (RFC 4331: no walk). In a ShareJob.
 */
int share_get_space (Share *self, const char *path, ShareSpace *space);

G_END_DECLS
