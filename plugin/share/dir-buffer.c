/* getdents64(2); see dir-buffer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/dir-buffer.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

void
dir_buffer_reset (DirBuffer *self)
{
  self->used = 0;
  self->at = 0;
}

int
dir_buffer_next (DirBuffer *self, int fd, DirEntry *entry)
{
  for (;;)
    {
      const struct dirent64 *dirent;

      if (self->at == self->used)
        {
          ssize_t n = getdents64 (fd, self->entries, sizeof self->entries);

          dir_buffer_reset (self);
          if (n < 0 && errno == EINTR)
            continue;
          /* A folder that was removed meanwhile has no entries. */
          if (n <= 0)
            return n < 0 && errno != ENOENT ? -errno : 0;
          self->used = (gsize)n;
        }
      dirent = (const struct dirent64 *)((const char *)self->entries + self->at);
      self->at += dirent->d_reclen;
      if (strcmp (dirent->d_name, ".") == 0 || strcmp (dirent->d_name, "..") == 0
          || strlen (dirent->d_name) > NAME_MAX)
        continue;
      entry->name = dirent->d_name;
      entry->type = dirent->d_type;
      entry->position = dirent->d_off;
      return 1;
    }
}
