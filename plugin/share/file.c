/* A regular file of a share, open for reading; see file.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "share/resolver.h"
#include "share/share-handle.h"
#include "share/share-private.h"

struct _ShareFile
{
  ShareHandle handle;
  int fd;
};

static void
share_file_release (ShareHandle *handle)
{
  close (((ShareFile *)handle)->fd);
}

static void
share_file_destroy (ShareHandle *handle)
{
  g_free (handle);
}

int
share_open_to_read (Share *share, const char *path, ShareType type, ShareStat *stat)
{
  int place = resolver_open (share, path);
  ShareStat found;
  int fd, error;

  if (place < 0)
    return place;
  error = share_stat_fd (place, &found);
  if (error == 0 && found.type != type)
    error = found.type == SHARE_TYPE_FOLDER ? -EISDIR
            : found.type == SHARE_TYPE_FILE ? -ENOTDIR
                                            : -EACCES;
  fd = error < 0 ? error : resolver_reopen (place, O_RDONLY);
  close (place);
  if (fd >= 0 && stat)
    *stat = found;
  return fd;
}

int
share_file_open (Share *share, const char *path, ShareStat *stat, ShareFile **file)
{
  int fd = share_open_to_read (share, path, SHARE_TYPE_FILE, stat);

  if (fd < 0)
    return fd;
  *file = g_new0 (ShareFile, 1);
  (*file)->fd = fd;
  share_handle_init (&(*file)->handle, share, share_file_release, share_file_destroy);
  return 0;
}

gssize
share_file_read (ShareFile *self, void *buffer, gsize size, guint64 offset)
{
  gsize done = 0;

  while (done < size)
    {
      ssize_t n;

      if (offset > G_MAXINT64 - done)
        break;
      n = pread (self->fd, (char *)buffer + done, size - done, (off_t)(offset + done));
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && done == 0)
        return -errno;
      if (n <= 0)
        break;
      done += (gsize)n;
    }
  return (gssize)done;
}

int
share_file_stat (ShareFile *self, ShareStat *stat)
{
  return share_stat_fd (self->fd, stat);
}

void
share_file_free (ShareFile *self)
{
  share_handle_drop (&self->handle);
}
