/* New content of a file; see upload.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/claim.h"
#include "share/mode.h"
#include "share/resolver.h"
#include "share/share-handle.h"
#include "share/share-private.h"
#include "share/tree-private.h"
#include "share/xattr-fd.h"

/* Attempts to put another writer's content back, when others keep writing. */
#define UPLOAD_PUT_BACKS 16

struct _ShareUpload
{
  ShareHandle handle;
  char *path; /* the target's */
  int parent; /* the target's folder, O_PATH */
  char name[RESOLVER_NAME_MAX + 1];
  Staging *staging;
  char temp[STAGING_NAME_SIZE];
  gboolean waits; /* @temp is there */
  int fd;         /* what is written, or -1 */
};

static void
share_upload_release (ShareHandle *handle)
{
  ShareUpload *self = (ShareUpload *)handle;

  if (self->fd >= 0)
    close (self->fd);
  if (self->waits)
    unlinkat (staging_get_folder (self->staging), self->temp, 0);
  staging_release (handle->share, self->staging);
  close (self->parent);
}

static void
share_upload_destroy (ShareHandle *handle)
{
  ShareUpload *self = (ShareUpload *)handle;

  g_free (self->path);
  g_free (self);
}

/* What stands at the target now, as an O_PATH descriptor.
 *
 * Returns: it, -ENOENT if there is nothing, or another negative errno if it cannot be replaced */
static int
open_old (int parent, const char *name, ShareStat *stat)
{
  char link[sizeof "/proc/self/fd/" + 3 * sizeof (int)];
  int fd = openat (parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  int error;

  if (fd < 0)
    return -errno;
  error = share_stat_fd (fd, stat);
  if (error == 0 && stat->type != SHARE_TYPE_FILE)
    error = stat->type == SHARE_TYPE_FOLDER ? -EISDIR : -EACCES;
  /* A rename asks only the folder; but who made this file read-only meant its content. */
  g_snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  if (error == 0 && faccessat (AT_FDCWD, link, W_OK, AT_EACCESS) < 0)
    error = -errno;
  if (error == 0)
    return fd;
  close (fd);
  return error;
}

/* The folder that is to hold the target, and its name there.
 *
 * Returns: (transfer full): a descriptor or a negative errno */
static int
open_target (Share *share, const char *path, char *name)
{
  const char *slash = strrchr (path, '/');
  int parent;

  if (resolver_check_name (slash ? slash + 1 : path, share->flags) == -ENOENT)
    return -EACCES;
  parent = resolver_open_target (share, path, name);
  return parent == -ENOENT ? -ENOTDIR : parent;
}

static int
open_temp (ShareUpload *self)
{
  int error = staging_make_name (self->temp);

  if (error < 0)
    return error;
  self->fd = openat (staging_get_folder (self->staging), self->temp,
                     O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
  return self->fd < 0 ? -errno : 0;
}

int
share_upload_begin (Share *share, const char *path, ShareUpload **upload)
{
  g_autofree ShareUpload *self = g_new0 (ShareUpload, 1);
  ShareStat stat;
  int old, error;

  if (share_is_read_only (share))
    return -EROFS;
  self->fd = -1;
  self->parent = open_target (share, path, self->name);
  if (self->parent < 0)
    return self->parent;

  error = share_stat_fd (self->parent, &stat);
  if (error == 0 && stat.type != SHARE_TYPE_FOLDER)
    error = -ENOTDIR;
  old = error < 0 ? error : open_old (self->parent, self->name, &stat);
  if (old >= 0)
    close (old);
  error = old >= 0 || old == -ENOENT ? 0 : old;
  if (error == 0)
    error = staging_acquire (share, self->parent, &self->staging);
  if (error == 0)
    {
      error = open_temp (self);
      if (error < 0)
        staging_release (share, self->staging);
    }
  if (error < 0)
    {
      close (self->parent);
      return error;
    }
  self->path = g_strdup (path);
  self->waits = TRUE;
  share_handle_init (&self->handle, share, share_upload_release, share_upload_destroy);
  *upload = g_steal_pointer (&self);
  return 0;
}

int
share_upload_write (ShareUpload *self, const void *data, gsize size)
{
  const char *at = data;

  while (size > 0)
    {
      ssize_t n = write (self->fd, at, size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return n < 0 ? -errno : -EIO;
      at += n;
      size -= (gsize)n;
    }
  return 0;
}

/* Mode, group and attributes: those of the file that is replaced, or a new one's. */
static int
take_over (ShareUpload *self, int old, const ShareStat *old_stat)
{
  ShareStat stat;
  int error = share_stat_fd (self->parent, &stat);

  if (error < 0)
    return error;
  if (old >= 0)
    {
      error = xattr_fd_copy (old, self->fd);
      if (error < 0)
        return error;
    }
  /* The staging folder need not have the group of the target's; not everybody may set it. */
  if (old >= 0 || (stat.mode & S_ISGID))
    (void)!fchown (self->fd, (uid_t)-1, old >= 0 ? old_stat->gid : stat.gid);
  if (old < 0)
    return mode_set_new (self->parent, self->fd);
  error = share_stat_fd (self->fd, &stat);
  return error < 0 ? error : mode_copy (old, self->fd, stat.gid == old_stat->gid);
}

static int
exchange (ShareUpload *self)
{
  return renameat2 (staging_get_folder (self->staging), self->temp, self->parent, self->name,
                    RENAME_EXCHANGE)
                 < 0
             ? -errno
             : 0;
}

/* Puts back what was exchanged for ours by mistake. Whoever writes meanwhile came later than both:
 * then what we are handed is not what we had put there last, and goes back in its turn. */
static int
put_back (ShareUpload *self, const ShareStat *ours)
{
  int staging = staging_get_folder (self->staging);
  ShareStat put = *ours;

  for (int i = 0; i < UPLOAD_PUT_BACKS; i++)
    {
      ShareStat to_put, got;
      int error = share_stat_at (staging, self->temp, &to_put);

      if (error == 0)
        error = exchange (self);
      if (error == 0)
        error = share_stat_at (staging, self->temp, &got);
      /* -ENOENT: removed meanwhile, which then is the last word. */
      if (error < 0)
        return error == -ENOENT ? -ESTALE : error;
      if (share_stat_same_file (&got, &put))
        break;
      put = to_put;
    }
  return -ESTALE;
}

/* Replaces @expected, and nothing else. */
static int
swap_in (ShareUpload *self, const ShareStat *ours, const ShareStat *expected)
{
  int staging = staging_get_folder (self->staging);
  int error = exchange (self);
  ShareStat stat;

  if (error == -ENOENT)
    return -ESTALE;
  if (error == -EINVAL || error == -ENOSYS)
    {
      /* As near to the rename as can be. */
      if (share_stat_at (self->parent, self->name, &stat) < 0
          || !share_stat_same_version (&stat, expected))
        return -ESTALE;
      return renameat (staging, self->temp, self->parent, self->name) < 0 ? -errno : 0;
    }
  if (error < 0)
    return error;
  if (share_stat_at (staging, self->temp, &stat) < 0 || !share_stat_same_version (&stat, expected))
    return put_back (self, ours);
  unlinkat (staging, self->temp, 0);
  return 0;
}

static int
move_into_place (ShareUpload *self,
                 ShareUploadFlags flags,
                 const ShareStat *ours,
                 const ShareStat *expected)
{
  int staging = staging_get_folder (self->staging);

  if (flags & SHARE_UPLOAD_NO_REPLACE)
    return rename_no_replace (staging, self->temp, self->parent, self->name);
  if (expected)
    return swap_in (self, ours, expected);
  return renameat (staging, self->temp, self->parent, self->name) < 0 ? -errno : 0;
}

/* Network file systems say at the close that there was no room. What is to replace a file is on its
 * way to the disk before (upload.h); not every file system can be told so. */
static int
close_written (ShareUpload *self, gboolean replaces)
{
  int error;

  if (replaces)
    (void)sync_file_range (self->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
  error = close (self->fd) < 0 && errno != EINTR ? -errno : 0;
  self->fd = -1;
  return error;
}

/* What stands at the target, claimed: nobody changes its attributes between their being copied and
 * its being replaced.
 *
 * Returns: as open_old() */
static int
claim_old (ShareUpload *self, ShareClaim *claim, ShareStat *stat)
{
  for (int i = 0; i < CLAIM_ATTEMPTS; i++)
    {
      ShareStat claimed;
      int old = open_old (self->parent, self->name, &claimed);
      int error;

      if (old < 0)
        return old;
      share_claim (self->handle.share, claim, &claimed);
      error = share_stat_at (self->parent, self->name, stat);
      if (error == 0 && share_stat_same_file (stat, &claimed))
        return old;
      share_unclaim (self->handle.share, claim);
      close (old);
      if (error < 0 && error != -ENOENT)
        return error;
    }
  return -EAGAIN;
}

/* Gives the new file what it inherits of @old (-ENOENT: there is none), and puts it in its place.
 */
static int
replace_old (ShareUpload *self,
             ShareUploadFlags flags,
             int old,
             const ShareStat *old_stat,
             const ShareStat *expected,
             ShareStat *result)
{
  ShareStat ours;
  int place = -1;
  int error = old < 0 && old != -ENOENT ? old : 0;

  if (error == 0 && expected && (old < 0 || !share_stat_same_version (old_stat, expected)))
    error = -ESTALE;
  if (error == 0 && old >= 0 && (flags & SHARE_UPLOAD_NO_REPLACE))
    error = -EEXIST;
  if (error == 0 && old < 0 && (flags & SHARE_UPLOAD_ONLY_REPLACE))
    error = -ENOENT;
  if (error == 0)
    error = take_over (self, old, old_stat);
  if (error == 0)
    {
      /* To say later what became of just this file, whoever replaces it next. */
      place = openat (staging_get_folder (self->staging), self->temp,
                      O_PATH | O_NOFOLLOW | O_CLOEXEC);
      error = place < 0 ? -errno : close_written (self, old >= 0);
    }
  if (error == 0)
    error = share_stat_fd (place, &ours);
  if (error == 0)
    {
      /* A plain rename would make the file if it went just now. */
      if (!expected && (flags & SHARE_UPLOAD_ONLY_REPLACE))
        expected = old_stat;
      error = move_into_place (self, flags, &ours, expected);
    }
  if (error == 0)
    {
      self->waits = FALSE;
      if (result)
        error = share_stat_fd (place, result);
    }
  if (place >= 0)
    close (place);
  return error;
}

/* Whether the path still leads to the folder and the name that it led to at first.
 *
 * Returns: 0 or a negative errno */
static int
check_place (ShareUpload *self)
{
  char name[RESOLVER_NAME_MAX + 1];
  ShareStat then, now;
  int parent = open_target (self->handle.share, self->path, name);
  int error;

  if (parent < 0)
    return parent;
  error = share_stat_fd (parent, &now);
  close (parent);
  if (error == 0)
    error = share_stat_fd (self->parent, &then);
  if (error == 0 && (!share_stat_same_file (&now, &then) || strcmp (name, self->name) != 0))
    error = -ENOTDIR;
  return error;
}

int
share_upload_commit (ShareUpload *self,
                     ShareUploadFlags flags,
                     const ShareStat *expected,
                     ShareStat *result,
                     gboolean *created)
{
  ShareClaim claim;
  ShareStat old_stat;
  int error = check_place (self);
  int old;

  if (error < 0)
    return error;
  old = claim_old (self, &claim, &old_stat);
  error = replace_old (self, flags, old, &old_stat, expected, result);
  if (created)
    *created = old < 0;
  if (old >= 0)
    {
      share_unclaim (self->handle.share, &claim);
      close (old);
    }
  return error;
}

void
share_upload_free (ShareUpload *self)
{
  share_handle_drop (&self->handle);
}
