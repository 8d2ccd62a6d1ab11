/* What the file system knows of a file or folder; see stat.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/stat.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "share/resolver.h"

#define STAT_MASK (STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID)

static ShareType
type_of_mode (guint mode)
{
  if (S_ISREG (mode))
    return SHARE_TYPE_FILE;
  return S_ISDIR (mode) ? SHARE_TYPE_FOLDER : SHARE_TYPE_OTHER;
}

static int
stat_at (int folder, const char *name, int flags, ShareStat *stat)
{
  struct statx stx;

  if (statx (folder, name, flags | AT_NO_AUTOMOUNT, STAT_MASK, &stx) < 0)
    return -errno;

  *stat = (ShareStat){
    .type = type_of_mode (stx.stx_mode),
    .size = stx.stx_size,
    .mtime = stx.stx_mtime.tv_sec,
    .mtime_nsec = stx.stx_mtime.tv_nsec,
    .ctime = stx.stx_ctime.tv_sec,
    .ctime_nsec = stx.stx_ctime.tv_nsec,
    .has_btime = (stx.stx_mask & STATX_BTIME) != 0,
    .btime = stx.stx_btime.tv_sec,
    .inode = stx.stx_ino,
    .dev = makedev (stx.stx_dev_major, stx.stx_dev_minor),
    .mount_id = stx.stx_mask & STATX_MNT_ID ? stx.stx_mnt_id : 0,
    .mode = stx.stx_mode & 07777,
    .nlink = stx.stx_nlink,
    .gid = stx.stx_gid,
  };
  return 0;
}

int
share_stat_fd (int fd, ShareStat *stat)
{
  return stat_at (fd, "", AT_EMPTY_PATH, stat);
}

int
share_stat_at (int folder, const char *name, ShareStat *stat)
{
  return stat_at (folder, name, AT_SYMLINK_NOFOLLOW, stat);
}

int
share_stat (Share *self, const char *path, ShareStat *stat)
{
  int fd = resolver_open (self, path);
  int error;

  if (fd < 0)
    return fd;
  error = share_stat_fd (fd, stat);
  close (fd);
  if (error == 0 && stat->type == SHARE_TYPE_OTHER)
    return -EACCES;
  return error;
}

gboolean
share_stat_same_file (const ShareStat *a, const ShareStat *b)
{
  return a->inode == b->inode && a->dev == b->dev;
}

gboolean
share_stat_same_version (const ShareStat *a, const ShareStat *b)
{
  return share_stat_same_file (a, b) && a->size == b->size && a->mtime == b->mtime
         && a->mtime_nsec == b->mtime_nsec;
}

gboolean
share_stat_only_grew (const ShareStat *before, const ShareStat *now)
{
  return share_stat_same_file (before, now) && now->size > before->size
         && (now->mtime > before->mtime
             || (now->mtime == before->mtime && now->mtime_nsec >= before->mtime_nsec));
}

/* A guest may ask for any file system: no product may wrap. */
static guint64
space_of_blocks (guint64 blocks, guint64 block_size)
{
  guint64 bytes;

  return g_uint64_checked_mul (&bytes, blocks, block_size) ? bytes : G_MAXUINT64;
}

int
share_get_space (Share *self, const char *path, ShareSpace *space)
{
  int fd = resolver_open (self, path);
  struct statvfs st;
  int error;

  if (fd < 0)
    return fd;
  error = fstatvfs (fd, &st) < 0 ? -errno : 0;
  close (fd);
  if (error == 0)
    {
      space->available = space_of_blocks (st.f_bavail, st.f_frsize);
      space->used = space_of_blocks (st.f_blocks - st.f_bfree, st.f_frsize);
    }
  return error;
}
