/* Copying a tree as the guest sees it; see tree-private.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/claim.h"
#include "share/mode.h"
#include "share/resolver.h"
#include "share/share-private.h"
#include "share/tree-private.h"
#include "share/tree-walk.h"
#include "share/xattr-fd.h"

/* Bytes between two looks at whether anybody wants it still. */
#define COPY_STEP (16 * 1024 * 1024)

/* Bytes a read and a write go through, where the kernel cannot copy by itself. */
#define COPY_BUFFER (256 * 1024)

/* One copy. */
typedef struct
{
  Share *share;
  const char *source; /* share-relative */
  const char *path;   /* of the copy, share-relative */
  int top;            /* the copy's topmost folder */
  TreeCopyFlags flags;
  ShareFailures *failures;
  TreeLateMode *late;
} Copy;

/* After these nothing more will succeed, and a half is of no use. */
static gboolean
ends_it (int error)
{
  return error == -ENOSPC || error == -EDQUOT || error == -EIO || error == -EFBIG || error == -EROFS
         || error == -ECANCELED || error == -EMFILE || error == -ENFILE;
}

/* The plain way. Both descriptors go on where they are. */
static int
copy_by_hand (Share *share, int source, int target)
{
  g_autofree char *buffer = g_malloc (COPY_BUFFER);

  for (;;)
    {
      ssize_t size = read (source, buffer, COPY_BUFFER);

      if (share_job_is_unwanted (share))
        return -ECANCELED;
      if (size < 0 && errno == EINTR)
        continue;
      if (size <= 0)
        return size < 0 ? -errno : 0;
      for (ssize_t done = 0; done < size;)
        {
          ssize_t n = write (target, buffer + done, (gsize)(size - done));

          if (n < 0 && errno == EINTR)
            continue;
          if (n <= 0)
            return n < 0 ? -errno : -EIO;
          done += n;
        }
    }
}

static int
copy_content (Share *share, int source, int target)
{
  if (ioctl (target, FICLONE, source) == 0)
    return 0;
  for (;;)
    {
      ssize_t n = copy_file_range (source, NULL, target, NULL, COPY_STEP, 0);

      if (share_job_is_unwanted (share))
        return -ECANCELED;
      if (n < 0 && errno == EINTR)
        continue;
      if (n > 0)
        continue;
      if (n < 0 && ends_it (-errno))
        return -errno;
      /* At the end, or somewhere it does not work: some file systems say 0 then. */
      return copy_by_hand (share, source, target);
    }
}

/* Whether what was copied is one version of the source: -EAGAIN if somebody wrote to it meanwhile.
 * To a copy it does no harm that more came to its end; what was moved is going to be removed. */
static int
check_unchanged (Copy *self, int source, const ShareStat *before)
{
  ShareStat now;
  int error = share_stat_fd (source, &now);

  if (error < 0 || share_stat_same_version (before, &now))
    return error;
  return !(self->flags & TREE_COPY_EXACT) && share_stat_only_grew (before, &now) ? 0 : -EAGAIN;
}

/* A copy is new, but what was moved is as old as it was, where a time can be given at all. */
static int
keep_time (int target, const ShareStat *stat)
{
  struct timespec times[2]
      = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = stat->mtime, .tv_nsec = stat->mtime_nsec } };
  int error = futimens (target, times) < 0 ? -errno : 0;

  return mode_is_not_kept (error) ? 0 : error;
}

/* Not in the middle of a change. */
static int
copy_attributes (Copy *self, int source, const ShareStat *stat, int target)
{
  ShareClaim claim;
  int error;

  share_claim (self->share, &claim, stat);
  error = xattr_fd_copy (source, target);
  share_unclaim (self->share, &claim);
  return error;
}

static int
copy_file (Copy *self, int place, const ShareStat *stat, int folder, const char *name)
{
  int source = resolver_reopen (place, O_RDONLY);
  int target, error;

  if (source < 0)
    return source;
  target = openat (folder, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (target < 0)
    error = -errno;
  else
    {
      error = copy_content (self->share, source, target);
      if (error == 0)
        error = check_unchanged (self, source, stat);
      if (error == 0)
        error = copy_attributes (self, place, stat, target);
      if (error == 0)
        error = mode_copy (place, target, TRUE);
      if (error == 0 && (self->flags & TREE_COPY_EXACT))
        error = keep_time (target, stat);
      if (close (target) < 0 && error == 0 && errno != EINTR)
        error = -errno;
      if (error < 0)
        unlinkat (folder, name, 0);
    }
  close (source);
  return error;
}

static int
open_source (gpointer user_data, const char *path)
{
  Copy *self = user_data;
  g_autofree char *whole = g_build_filename (self->source, path, NULL);
  int place = resolver_open (self->share, whole);
  int fd = place < 0 ? place : resolver_reopen (place, O_RDONLY | O_DIRECTORY);

  if (place >= 0)
    close (place);
  return fd;
}

/* Whether a folder that a link leads to is one the walk is inside of. */
static gboolean
is_inside_of (Copy *self, const char *path, const ShareStat *target)
{
  g_autofree char *whole = g_build_filename (self->source, path, NULL);

  for (char *slash = strrchr (whole, '/');; slash = strrchr (whole, '/'))
    {
      ShareStat stat;

      *(slash ? slash : whole) = '\0';
      if (share_stat (self->share, whole, &stat) < 0 || share_stat_same_file (&stat, target))
        return TRUE;
      if (!*whole)
        return FALSE;
    }
}

/* Returns: 0 to go on, or a negative errno */
static int
fail (Copy *self, const char *path, int error)
{
  if (ends_it (error) || (self->flags & TREE_COPY_EXACT))
    return error;
  return failures_add (self->failures, self->path, path, error) ? 0 : error;
}

/* Copies an entry that the guest can see, into @folder. */
static int
copy_visible (Copy *self,
              TreeWalk *walk,
              const TreeEvent *event,
              int place,
              const ShareStat *stat,
              gboolean is_link,
              int folder)
{
  if (stat->type == SHARE_TYPE_FILE)
    return copy_file (self, place, stat, folder, event->name);
  if (is_link && is_inside_of (self, event->path, stat))
    return -ELOOP;
  if (mkdirat (folder, event->name, 0700) < 0)
    return -errno;
  tree_walk_descend (walk);
  return 0;
}

/* Opens what the guest sees under the event's name.
 *
 * Returns: (transfer full): an O_PATH descriptor, -ENOENT if it sees nothing, or another negative
 *   errno */
static int
open_visible (Copy *self,
              const TreeEvent *event,
              const char *folder,
              ShareStat *stat,
              gboolean *is_link)
{
  g_autofree char *whole = g_build_filename (self->source, folder, NULL);
  int error = share_stat_at (event->folder, event->name, stat);
  int place;

  if (error < 0)
    return error;
  *is_link = stat->type == SHARE_TYPE_OTHER;
  place = resolver_open_at (self->share, whole, event->folder, event->name);
  if (place < 0)
    return *is_link ? -ENOENT : place;
  error = share_stat_fd (place, stat);
  if (error == 0 && stat->type == SHARE_TYPE_OTHER)
    error = -ENOENT;
  if (error == 0)
    return place;
  close (place);
  return error;
}

static int
copy_entry (Copy *self, TreeWalk *walk, const TreeEvent *event)
{
  g_autofree char *folder_path = tree_event_get_folder (event);
  int folder, place, error;
  ShareStat stat;
  gboolean is_link;

  if (share_job_is_unwanted (self->share))
    return -ECANCELED;
  if (resolver_check_name (event->name, self->share->flags) < 0)
    return self->flags & TREE_COPY_EXACT ? -EACCES : 0;
  folder = resolver_open_plain (self->top, folder_path, O_PATH | O_DIRECTORY);
  if (folder < 0)
    return folder;
  if ((self->flags & TREE_COPY_EXACT)
      && tree_copy_link (event->folder, event->name, folder, event->name) == 0)
    {
      close (folder);
      return 0;
    }
  place = open_visible (self, event, folder_path, &stat, &is_link);
  error = place < 0 ? place : copy_visible (self, walk, event, place, &stat, is_link, folder);
  if (place >= 0)
    close (place);
  close (folder);
  if (place == -ENOENT)
    {
      if (!(self->flags & TREE_COPY_EXACT))
        return 0;
      error = -EACCES;
    }
  return error < 0 ? fail (self, event->path, error) : 0;
}

/* What a folder is given when its inside is complete. */
static int
finish_folder (Copy *self, int source, int target)
{
  ShareStat stat;
  int error = share_stat_fd (source, &stat);

  if (error == 0)
    error = copy_attributes (self, source, &stat, target);
  if (error == 0)
    error = mode_copy (source, target, TRUE);
  if (error == 0)
    error = mode_copy_default (source, target);
  if (error == 0 && (self->flags & TREE_COPY_EXACT))
    error = keep_time (target, &stat);
  return error;
}

static int
copy_left (Copy *self, const TreeEvent *event)
{
  int source = open_source (self, event->path);
  int target
      = source < 0 ? source : resolver_open_plain (self->top, event->path, O_RDONLY | O_DIRECTORY);
  int error = target < 0 ? target : finish_folder (self, source, target);

  if (target >= 0)
    close (target);
  if (source >= 0)
    close (source);
  return error < 0 ? fail (self, event->path, error) : 0;
}

/* A folder that cannot be read has no copy. */
static int
copy_failed (Copy *self, const TreeEvent *event)
{
  g_autofree char *folder_path = tree_event_get_folder (event);
  int folder = resolver_open_plain (self->top, folder_path, O_PATH | O_DIRECTORY);

  if (folder >= 0)
    {
      unlinkat (folder, event->name, AT_REMOVEDIR);
      close (folder);
    }
  return fail (self, event->path, event->error);
}

static int
copy_inside (Copy *self)
{
  g_autoptr (TreeWalk) walk = tree_walk_new (open_source, self);
  TreeEvent event;
  int result;

  while ((result = tree_walk_next (walk, &event)) > 0)
    {
      if (event.type == TREE_ENTRY)
        result = copy_entry (self, walk, &event);
      else if (event.type == TREE_LEAVE)
        result = copy_left (self, &event);
      else if (event.type == TREE_FAILED)
        /* Of the top nothing can be copied: that is no partial success. */
        result = *event.path ? copy_failed (self, &event) : event.error;
      if (result < 0)
        return result;
    }
  return result;
}

/* A rename into another folder changes the "..": only who may write to it may do that. */
static int
stay_movable (Copy *self)
{
  ShareStat stat;
  int error = share_stat_fd (self->top, &stat);

  if (error < 0 || (stat.mode & 0200))
    return error;
  error = mode_set (self->top, stat.mode | 0700);
  if (error == 0)
    {
      *self->late = (TreeLateMode){ .folder = self->top, .mode = stat.mode };
      self->top = -1;
    }
  return error;
}

static int
copy_folder (Copy *self, int place, int folder, const char *name)
{
  int error;

  if (mkdirat (folder, name, 0700) < 0)
    return -errno;
  self->top = resolver_open_plain (folder, name, O_RDONLY | O_DIRECTORY);
  if (self->top < 0)
    return self->top;
  error = self->flags & TREE_COPY_SHALLOW ? 0 : copy_inside (self);
  if (error == 0)
    error = finish_folder (self, place, self->top);
  if (error == 0)
    error = stay_movable (self);
  if (self->top >= 0)
    close (self->top);
  return error;
}

void
tree_late_mode_set (TreeLateMode *self)
{
  if (self->folder < 0)
    return;
  /* It has its place: nothing is undone for its mode. */
  (void)!mode_set (self->folder, self->mode);
  close (self->folder);
  self->folder = -1;
}

int
tree_copy_link (int source_folder, const char *source, int folder, const char *name)
{
  char text[PATH_MAX];
  ssize_t length = readlinkat (source_folder, source, text, sizeof text - 1);

  if (length < 0)
    return -errno;
  text[length] = '\0';
  return symlinkat (text, folder, name) < 0 ? -errno : 0;
}

int
tree_copy (Share *share,
           const char *source,
           int folder,
           const char *name,
           const char *path,
           TreeCopyFlags flags,
           ShareFailures *failures,
           TreeLateMode *late)
{
  Copy self = { .share = share,
                .source = source,
                .path = path,
                .flags = flags,
                .failures = failures,
                .late = late };
  ShareStat stat;
  int place = resolver_open (share, source);
  int error = place < 0 ? place : share_stat_fd (place, &stat);

  if (error == 0 && stat.type == SHARE_TYPE_FILE)
    error = copy_file (&self, place, &stat, folder, name);
  else if (error == 0)
    error = stat.type == SHARE_TYPE_FOLDER ? copy_folder (&self, place, folder, name) : -EACCES;
  if (place >= 0)
    close (place);
  return error;
}
