/* The entries of a folder, in batches; see folder.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "share/dir-buffer.h"
#include "share/share-handle.h"
#include "share/share-private.h"
#include "share/xattr-fd.h"
#include "share/xattr.h"

struct _ShareFolder
{
  ShareHandle handle;
  int fd;
  char *path; /* share-relative, for links */
  DirBuffer buffer;
  int error; /* a negative errno: reading has failed, and does not go on behind the gap */
};

static void
share_folder_release (ShareHandle *handle)
{
  close (((ShareFolder *)handle)->fd);
}

static void
share_folder_destroy (ShareHandle *handle)
{
  g_free (((ShareFolder *)handle)->path);
  g_free (handle);
}

int
share_folder_open (Share *share, const char *path, ShareStat *stat, ShareFolder **folder)
{
  int fd = share_open_to_read (share, path, SHARE_TYPE_FOLDER, stat);

  if (fd < 0)
    return fd;
  *folder = g_new0 (ShareFolder, 1);
  (*folder)->fd = fd;
  (*folder)->path = g_strdup (path);
  share_handle_init (&(*folder)->handle, share, share_folder_release, share_folder_destroy);
  return 0;
}

/* Whether @error says that there is nothing the guest can reach. Any other one says nothing of
 * that: a guest that synchronizes must not take it for a file that was removed. */
static gboolean
is_out_of_reach (int error)
{
  switch (error)
    {
    case -ENOENT:
    case -ENOTDIR:
    case -EINVAL:
    case -ENAMETOOLONG:
    case -EXDEV:
    case -ELOOP:
    case -EACCES:
    case -EPERM:
      return TRUE;
    default:
      return FALSE;
    }
}

static int
stat_entry (ShareFolder *self, const char *name, ShareEntry *entry, gboolean with_xattrs)
{
  int error = share_stat_at (self->fd, name, &entry->stat);
  int fd;

  if (error < 0)
    return error;
  if (entry->stat.type != SHARE_TYPE_OTHER)
    {
      entry->has_xattrs = with_xattrs && xattr_any_at (self->fd, name);
      return 0;
    }
  fd = resolver_open_at (self->handle.share, self->path, self->fd, name);
  if (fd < 0)
    return fd;
  error = share_stat_fd (fd, &entry->stat);
  close (fd);
  entry->has_xattrs = with_xattrs;
  return error == 0 && entry->stat.type == SHARE_TYPE_OTHER ? -EACCES : error;
}

/* Whether the guest may know of @dirent, and if so what it is. */
static gboolean
fill_entry (ShareFolder *self, const DirEntry *dirent, ShareEntry *entry, gboolean with_xattrs)
{
  if (dirent->type != DT_UNKNOWN && dirent->type != DT_REG && dirent->type != DT_DIR
      && dirent->type != DT_LNK)
    return FALSE;
  if (resolver_check_name (dirent->name, self->handle.share->flags) < 0)
    return FALSE;

  entry->error = stat_entry (self, dirent->name, entry, with_xattrs);
  if (entry->error < 0)
    {
      if (is_out_of_reach (entry->error))
        return FALSE;
      entry->stat
          = (ShareStat){ .type = dirent->type == DT_DIR ? SHARE_TYPE_FOLDER : SHARE_TYPE_FILE };
      entry->has_xattrs = FALSE;
    }
  strcpy (entry->name, dirent->name);
  return TRUE;
}

int
share_folder_next (ShareFolder *self, ShareEntry *entries, guint n_entries, gboolean with_xattrs)
{
  guint n = 0;

  while (n < n_entries && self->error == 0)
    {
      DirEntry dirent;
      int result = share_is_closed (self->handle.share)
                       ? -ECANCELED
                       : dir_buffer_next (&self->buffer, self->fd, &dirent);

      if (result == 0)
        break;
      if (result < 0)
        self->error = result;
      else if (fill_entry (self, &dirent, &entries[n], with_xattrs))
        n++;
    }
  return n > 0 ? (int)n : self->error;
}

int
share_folder_list_xattrs (ShareFolder *self, const char *name, GStrv *attributes)
{
  int error = resolver_check_name (name, self->handle.share->flags);
  int fd = error < 0 ? error : resolver_open_at (self->handle.share, self->path, self->fd, name);

  if (fd < 0)
    return fd;
  error = xattr_fd_list (fd, attributes);
  close (fd);
  return error;
}

int
share_folder_get_xattr (ShareFolder *self, const char *name, const char *attribute, GBytes **value)
{
  int error = resolver_check_name (name, self->handle.share->flags);
  int fd;

  if (error == 0)
    error = share_xattr_check_name (attribute);
  fd = error < 0 ? error : resolver_open_at (self->handle.share, self->path, self->fd, name);
  if (fd < 0)
    return fd;
  error = xattr_fd_get (fd, attribute, value);
  close (fd);
  return error;
}

void
share_folder_free (ShareFolder *self)
{
  share_handle_drop (&self->handle);
}
