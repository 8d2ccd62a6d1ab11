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

#include "share/claim.h"
#include "share/resolver.h"
#include "share/share-private.h"
#include "share/xattr-fd.h"

G_STATIC_ASSERT (SHARE_XATTR_VALUE_MAX == XATTR_SIZE_MAX);

struct _ShareAttributes
{
  Share *share;
  int fd; /* O_PATH */
  ShareClaim claim;
};

int
share_xattr_check_name (const char *attribute)
{
  if (!g_str_has_prefix (attribute, "user.") || attribute[strlen ("user.")] == '\0')
    return -EINVAL;
  return strlen (attribute) > XATTR_NAME_MAX ? -ERANGE : 0;
}

/* Returns: an O_PATH descriptor of a file or folder, or a negative errno */
static int
open_visible (Share *share, const char *path, ShareStat *stat)
{
  int fd = resolver_open (share, path);
  int error;

  if (fd < 0)
    return fd;
  error = share_stat_fd (fd, stat);
  if (error == 0 && stat->type == SHARE_TYPE_OTHER)
    error = -EACCES;
  if (error == 0)
    return fd;
  close (fd);
  return error;
}

/* Reading by path */

int
share_xattr_list (Share *share, const char *path, GStrv *attributes)
{
  ShareStat stat;
  int fd = open_visible (share, path, &stat);
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
  ShareStat stat;
  int error = share_xattr_check_name (attribute);
  int fd = error < 0 ? error : open_visible (share, path, &stat);

  if (fd < 0)
    return fd;
  error = xattr_fd_get (fd, attribute, value);
  close (fd);
  return error;
}

/* Changing */

/* Claims what @path leads to once it is claimed: who had it before may have put another file there.
 *
 * Returns: 0 with @self->fd, or a negative errno */
static int
claim_current (ShareAttributes *self, const char *path, ShareStat *stat)
{
  for (int i = 0; i < CLAIM_ATTEMPTS; i++)
    {
      ShareStat claimed;
      int error;

      self->fd = open_visible (self->share, path, &claimed);
      if (self->fd < 0)
        return self->fd;
      share_claim (self->share, &self->claim, &claimed);
      error = share_stat (self->share, path, stat);
      if (error == 0 && share_stat_same_file (stat, &claimed))
        return 0;
      share_unclaim (self->share, &self->claim);
      close (self->fd);
      if (error < 0)
        return error;
    }
  return -EAGAIN;
}

int
share_attributes_open (Share *share,
                       const char *path,
                       ShareStat *stat,
                       ShareAttributes **attributes)
{
  g_autofree ShareAttributes *self = g_new0 (ShareAttributes, 1);
  int error;

  if (share_is_read_only (share))
    return -EROFS;
  self->share = share;
  error = claim_current (self, path, stat);
  if (error < 0)
    return error;
  *attributes = g_steal_pointer (&self);
  return 0;
}

void
share_attributes_close (ShareAttributes *self)
{
  share_unclaim (self->share, &self->claim);
  close (self->fd);
  g_free (self);
}

int
share_attributes_list (ShareAttributes *self, GStrv *attributes)
{
  return xattr_fd_list (self->fd, attributes);
}

int
share_attributes_get (ShareAttributes *self, const char *attribute, GBytes **value)
{
  int error = share_xattr_check_name (attribute);

  return error < 0 ? error : xattr_fd_get (self->fd, attribute, value);
}

int
share_attributes_set (ShareAttributes *self, const char *attribute, const void *value, gsize size)
{
  int error = share_xattr_check_name (attribute);

  return error < 0 ? error : xattr_fd_set (self->fd, attribute, value, size);
}

int
share_attributes_remove (ShareAttributes *self, const char *attribute)
{
  int error = share_xattr_check_name (attribute);

  return error < 0 ? error : xattr_fd_remove (self->fd, attribute);
}

int
share_attributes_set_mtime (ShareAttributes *self, gint64 mtime, guint32 nsec)
{
  char link[sizeof "/proc/self/fd/" + 3 * sizeof (int)];
  struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = mtime, .tv_nsec = nsec } };

  /* UTIME_NOW and UTIME_OMIT are nanosecond values too. */
  if (nsec >= 1000000000)
    return -EINVAL;
  g_snprintf (link, sizeof link, "/proc/self/fd/%d", self->fd);
  return utimensat (AT_FDCWD, link, times, 0) < 0 ? -errno : 0;
}
