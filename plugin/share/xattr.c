/* Extended attributes and times; see xattr.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/xattr.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/resolver.h"
#include "share/share-private.h"
#include "share/xattr-fd.h"

G_STATIC_ASSERT (SHARE_XATTR_VALUE_MAX == XATTR_SIZE_MAX);

int
share_xattr_check_name (const char *attribute)
{
  if (!g_str_has_prefix (attribute, "user.") || attribute[strlen ("user.")] == '\0')
    return -EINVAL;
  return strlen (attribute) > XATTR_NAME_MAX ? -ERANGE : 0;
}

/* Returns: an O_PATH descriptor of a file or folder, or a negative errno */
static int
open_visible (Share *share, const char *path, gboolean to_change)
{
  ShareStat stat;
  int fd, error;

  if (to_change && share_is_read_only (share))
    return -EROFS;
  fd = resolver_open (share, path);
  if (fd < 0)
    return fd;
  error = share_stat_fd (fd, &stat);
  if (error == 0 && stat.type == SHARE_TYPE_OTHER)
    error = -EACCES;
  if (error == 0)
    return fd;
  close (fd);
  return error;
}

int
share_xattr_list (Share *share, const char *path, GStrv *attributes)
{
  int fd = open_visible (share, path, FALSE);
  int error;

  if (fd < 0)
    return fd;
  error = xattr_fd_list (fd, attributes);
  close (fd);
  return error;
}

int
share_xattr_get (Share *share, const char *path, const char *attribute, GBytes **value)
{
  int error = share_xattr_check_name (attribute);
  int fd = error < 0 ? error : open_visible (share, path, FALSE);

  if (fd < 0)
    return fd;
  error = xattr_fd_get (fd, attribute, value);
  close (fd);
  return error;
}

int
share_xattr_set (Share *share,
                 const char *path,
                 const char *attribute,
                 const void *value,
                 gsize size)
{
  int error = share_xattr_check_name (attribute);
  int fd = error < 0 ? error : open_visible (share, path, TRUE);

  if (fd < 0)
    return fd;
  error = xattr_fd_set (fd, attribute, value, size);
  close (fd);
  return error;
}

int
share_xattr_remove (Share *share, const char *path, const char *attribute)
{
  int error = share_xattr_check_name (attribute);
  int fd = error < 0 ? error : open_visible (share, path, TRUE);

  if (fd < 0)
    return fd;
  error = xattr_fd_remove (fd, attribute);
  close (fd);
  return error;
}

int
share_set_mtime (Share *share, const char *path, gint64 mtime, guint32 nsec)
{
  char link[sizeof "/proc/self/fd/" + 3 * sizeof (int)];
  struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = mtime, .tv_nsec = nsec } };
  int fd, error;

  /* UTIME_NOW and UTIME_OMIT are nanosecond values too. */
  if (nsec >= 1000000000)
    return -EINVAL;
  fd = open_visible (share, path, TRUE);
  if (fd < 0)
    return fd;
  g_snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  error = utimensat (AT_FDCWD, link, times, 0) < 0 ? -errno : 0;
  close (fd);
  return error;
}
