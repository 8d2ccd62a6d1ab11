/* Permission bits of what we made ourselves; see mode.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/mode.h"

#include <errno.h>
#include <linux/xattr.h>
#include <sys/stat.h>

#include "share/acl.h"
#include "share/stat.h"
#include "share/umask.h"
#include "share/xattr-fd.h"

/* The mode and the list behind it are two calls, and the owner may change them in between. */
#define MODE_COPY_ATTEMPTS 8

gboolean
mode_is_not_kept (int error)
{
  return error == -EOPNOTSUPP || error == -ENOSYS || error == -EPERM;
}

int
mode_set (int fd, mode_t mode)
{
  int error = fchmod (fd, mode) < 0 ? -errno : 0;

  return mode_is_not_kept (error) ? 0 : error;
}

static int
copy_once (int source, int target, mode_t mode, gboolean has_group)
{
  g_autoptr (GBytes) list = NULL;
  g_autofree guint8 *acl = NULL;
  gsize size;
  int error = xattr_fd_get (source, XATTR_NAME_POSIX_ACL_ACCESS, &list);

  if (error == -ENODATA || mode_is_not_kept (error))
    {
      mode_t both = mode & (mode >> 3) & 7;

      return mode_set (target, has_group ? mode : (mode & 0700) | both << 3 | both);
    }
  if (error < 0)
    return error;
  acl = g_bytes_unref_to_data (g_steal_pointer (&list), &size);
  if (has_group || acl_leave_group (acl, size))
    error = xattr_fd_set (target, XATTR_NAME_POSIX_ACL_ACCESS, acl, size);
  else
    error = -EINVAL;
  /* It names somebody who is nobody here. */
  if (error == -EINVAL || mode_is_not_kept (error))
    return mode_set (target, acl_narrow_mode (acl, size, mode));
  return error;
}

int
mode_copy (int source, int target, gboolean has_group)
{
  ShareStat before, now;
  int error = share_stat_fd (source, &before);

  for (int i = 0; error == 0 && i < MODE_COPY_ATTEMPTS; i++)
    {
      error = copy_once (source, target, before.mode & 0777, has_group);
      if (error == 0)
        error = share_stat_fd (source, &now);
      if (error < 0 || now.mode == before.mode)
        return error;
      before = now;
    }
  return error < 0 ? error : -EAGAIN;
}

int
mode_copy_default (int source, int target)
{
  g_autoptr (GBytes) acl = NULL;
  gconstpointer data;
  gsize size;
  int error = xattr_fd_get (source, XATTR_NAME_POSIX_ACL_DEFAULT, &acl);

  if (error == 0)
    {
      data = g_bytes_get_data (acl, &size);
      error = xattr_fd_set (target, XATTR_NAME_POSIX_ACL_DEFAULT, data, size);
    }
  return error == -ENODATA || error == -EINVAL || mode_is_not_kept (error) ? 0 : error;
}

int
mode_set_new (int folder, int target)
{
  g_autoptr (GBytes) list = NULL;
  int error = xattr_fd_get (folder, XATTR_NAME_POSIX_ACL_DEFAULT, &list);

  if (error == 0)
    {
      gsize size;
      g_autofree guint8 *acl = g_bytes_unref_to_data (g_steal_pointer (&list), &size);

      error = acl_restrict (acl, size, 0666)
                  ? xattr_fd_set (target, XATTR_NAME_POSIX_ACL_ACCESS, acl, size)
                  : -EINVAL;
    }
  if (error == -ENODATA || error == -EINVAL || mode_is_not_kept (error))
    return mode_set (target, 0666 & ~umask_get ());
  return error;
}
