/* Extended attributes of what a descriptor stands for; see xattr-fd.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/xattr-fd.h"

#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

#define USER_PREFIX "user."
#define MAGIC_LINK_SIZE (sizeof "/proc/self/fd/" + 3 * sizeof (int))

static const char *
magic_link (int fd, char link[MAGIC_LINK_SIZE])
{
  g_snprintf (link, MAGIC_LINK_SIZE, "/proc/self/fd/%d", fd);
  return link;
}

int
xattr_fd_list (int fd, GStrv *attributes)
{
  char link[MAGIC_LINK_SIZE];
  g_autofree char *names = NULL;
  g_autoptr (GPtrArray) found = NULL;
  ssize_t size = listxattr (magic_link (fd, link), NULL, 0);

  /* Another process may add one between the calls: then there is room for any list. */
  for (gsize room = size > 0 ? (gsize)size : 0; size > 0;)
    {
      names = g_realloc (names, room);
      size = listxattr (link, names, room);
      if (size >= 0 || errno != ERANGE || room == XATTR_LIST_MAX)
        break;
      room = XATTR_LIST_MAX;
      size = 1;
    }
  if (size < 0)
    return -errno;

  found = g_ptr_array_new_with_free_func (g_free);
  for (gsize at = 0; at < (gsize)size; at += strlen (names + at) + 1)
    if (g_str_has_prefix (names + at, USER_PREFIX))
      g_ptr_array_add (found, g_strdup (names + at));
  g_ptr_array_add (found, NULL);
  *attributes = (GStrv)g_ptr_array_free (g_steal_pointer (&found), FALSE);
  return 0;
}

int
xattr_fd_get (int fd, const char *attribute, GBytes **value)
{
  char link[MAGIC_LINK_SIZE];
  g_autofree char *buffer = NULL;
  gsize room = 1024;
  ssize_t size;

  magic_link (fd, link);
  for (;;)
    {
      buffer = g_realloc (buffer, room);
      size = getxattr (link, attribute, buffer, room);
      if (size >= 0 || errno != ERANGE || room == XATTR_SIZE_MAX)
        break;
      room = XATTR_SIZE_MAX;
    }
  if (size < 0)
    return -errno;
  *value = g_bytes_new (buffer, (gsize)size);
  return 0;
}

int
xattr_fd_set (int fd, const char *attribute, const void *value, gsize size)
{
  char link[MAGIC_LINK_SIZE];

  return setxattr (magic_link (fd, link), attribute, value, size, 0) < 0 ? -errno : 0;
}

int
xattr_fd_remove (int fd, const char *attribute)
{
  char link[MAGIC_LINK_SIZE];

  return removexattr (magic_link (fd, link), attribute) < 0 ? -errno : 0;
}

int
xattr_fd_copy (int source, int target)
{
  g_auto (GStrv) attributes = NULL;
  int error = xattr_fd_list (source, &attributes);

  if (error < 0)
    return error == -EOPNOTSUPP ? 0 : error;
  for (char **attribute = attributes; *attribute && error == 0; attribute++)
    {
      g_autoptr (GBytes) value = NULL;
      gconstpointer data;
      gsize size;

      error = xattr_fd_get (source, *attribute, &value);
      if (error == 0)
        {
          data = g_bytes_get_data (value, &size);
          error = xattr_fd_set (target, *attribute, data, size);
          if (error == -EOPNOTSUPP)
            return 0;
        }
      else if (error == -ENODATA)
        error = 0; /* removed meanwhile */
    }
  return error;
}

gboolean
xattr_any_at (int folder, const char *name)
{
  char link[MAGIC_LINK_SIZE];
  char path[MAGIC_LINK_SIZE + 1 + NAME_MAX];

  g_snprintf (path, sizeof path, "%s/%s", magic_link (folder, link), name);
  return llistxattr (path, NULL, 0) > 0;
}
