/* Removing a tree, entry by entry, never through a link; see tree.h and tree-private.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/resolver.h"
#include "share/share-private.h"
#include "share/tree-private.h"
#include "share/tree-walk.h"

/* A folder that is not empty although every entry was removed is read again: some file systems
 * lose their place while entries vanish, and others may add some. Per tree, so that it ends. */
#define TREE_REMOVE_RETRIES 64

/* The coarsest clock and the latest beginning of a file system's times are FAT's: two seconds, and
 * 1980 wherever one lives. */
#define TREE_COARSE_SECONDS 2
#define TREE_FIRST_SECOND (315532800 + 24 * 60 * 60)

/* One removal. */
typedef struct
{
  Share *share;
  int top;
  const char *path;
  ShareFailures *failures;  /* NULL: nobody wants to know */
  const TreeCopied *copied; /* tree_remove_copied() */
  int copy;                 /* its topmost folder */
  gboolean purge;           /* tree_purge() */
  gboolean may_stop;        /* when nobody wants it any more */
  guint retries;
} Removal;

static int
open_inside (gpointer user_data, const char *path)
{
  const int *top = user_data;

  return resolver_open_plain (*top, path, O_RDONLY | O_DIRECTORY);
}

/* Removes a file, a link, or an empty folder.
 *
 * Returns: 0, -ENOTEMPTY for a folder with something in it, or another negative errno */
static int
remove_name (int folder, const char *name)
{
  if (unlinkat (folder, name, 0) == 0 || errno == ENOENT)
    return 0;
  if (errno != EISDIR && errno != EPERM)
    return -errno;
  if (errno == EPERM)
    {
      ShareStat stat;

      if (share_stat_at (folder, name, &stat) < 0 || stat.type != SHARE_TYPE_FOLDER)
        return -EPERM;
    }
  if (unlinkat (folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
    return 0;
  return errno == EEXIST ? -ENOTEMPTY : -errno;
}

/* Removes a folder that was emptied, and nothing else: emptying takes its time, and what somebody
 * has put there under its name meanwhile was not what was to be removed.
 *
 * Returns: as remove_name(), or -EAGAIN for what is no folder any more, and stays */
static int
remove_emptied (int folder, const char *name)
{
  if (unlinkat (folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
    return 0;
  if (errno == ENOTDIR)
    return -EAGAIN;
  return errno == EEXIST ? -ENOTEMPTY : -errno;
}

/* Returns: 0 to go on, or a negative errno */
static int
fail (Removal *self, TreeWalk *walk, const char *path, int error)
{
  gboolean first = tree_walk_spoil (walk);

  if (!self->failures)
    return 0;
  /* That a folder is not empty is said once, and only if nothing in it says why. */
  if (error == -ENOTEMPTY && !first)
    return 0;
  return failures_add (self->failures, self->path, path, error) ? 0 : error;
}

/* A staging folder nobody needs: a leftover, or one of this share in which nothing waits. */
static gboolean
remove_staging (Removal *self, const TreeEvent *event)
{
  ShareStat stat;

  if (!staging_is_reserved (event->name, strlen (event->name)))
    return FALSE;
  if (staging_clear_leftover (self->share, event->folder, event->name) == 0)
    return TRUE;
  if (share_stat_at (event->folder, event->name, &stat) == 0)
    staging_remove_if_unused (self->share, stat.dev, stat.inode);
  return share_stat_at (event->folder, event->name, &stat) == -ENOENT;
}

static gboolean
is_earlier (gint64 seconds, guint32 nsec, const struct timespec *time)
{
  return seconds < time->tv_sec || (seconds == time->tv_sec && nsec < time->tv_nsec);
}

/* Whether @copy was given the time that @source has. Where its file system keeps another one than
 * it was given, or the one at which it was written, what counts is that nobody has touched @source
 * since before. */
static gboolean
has_time_of (const ShareStat *copy, const ShareStat *source, const struct timespec *begun)
{
  guint64 later = (guint64)MAX (copy->mtime, source->mtime);
  guint64 earlier = (guint64)MIN (copy->mtime, source->mtime);

  if (copy->mtime == source->mtime && copy->mtime_nsec == source->mtime_nsec)
    return TRUE;
  if (!is_earlier (source->mtime, source->mtime_nsec, begun)
      || !is_earlier (source->ctime, source->ctime_nsec, begun))
    return FALSE;
  return later - earlier < TREE_COARSE_SECONDS || source->mtime < TREE_FIRST_SECOND
         || !is_earlier (copy->mtime, copy->mtime_nsec, begun);
}

static gboolean
is_same_link (int folder, const char *name, int copy_folder, const char *copy)
{
  char text[PATH_MAX], copied[PATH_MAX];
  ssize_t length = readlinkat (folder, name, text, sizeof text);

  return length > 0 && readlinkat (copy_folder, copy, copied, sizeof copied) == length
         && memcmp (text, copied, (gsize)length) == 0;
}

/* Returns: 0 if it is what was copied, or gone; -EAGAIN or another negative errno if it is to stay
 */
static int
check_copied (Removal *self, int folder, const char *name, int copy_folder, const char *copy_name)
{
  ShareStat stat, copy;
  int error = share_stat_at (folder, name, &stat);
  gboolean same;

  if (error < 0)
    return error == -ENOENT ? 0 : error;
  error = share_stat_at (copy_folder, copy_name, &copy);
  if (error < 0)
    return error == -ENOENT ? -EAGAIN : error;
  same = stat.type == copy.type;
  if (stat.type == SHARE_TYPE_FILE)
    same = same && stat.size == copy.size && has_time_of (&copy, &stat, &self->copied->begun);
  else if (stat.type == SHARE_TYPE_OTHER)
    same = same && is_same_link (folder, name, copy_folder, copy_name);
  return same ? 0 : -EAGAIN;
}

static int
check_copied_entry (Removal *self, const TreeEvent *event)
{
  g_autofree char *path = tree_event_get_folder (event);
  int folder = resolver_open_plain (self->copy, path, O_PATH | O_DIRECTORY);
  int error;

  if (folder < 0)
    return folder == -ENOENT ? -EAGAIN : folder;
  error = check_copied (self, event->folder, event->name, folder, event->name);
  close (folder);
  return error;
}

static int
remove_entry (Removal *self, TreeWalk *walk, const TreeEvent *event)
{
  int error;

  if (!self->purge)
    {
      if (self->may_stop ? share_job_is_unwanted (self->share) : share_is_closed (self->share))
        return -ECANCELED;
      if (resolver_check_name (event->name, self->share->flags) < 0
          && !remove_staging (self, event))
        {
          g_autofree char *folder = tree_event_get_folder (event);

          return fail (self, walk, folder, -ENOTEMPTY);
        }
    }
  error = self->copied ? check_copied_entry (self, event) : 0;
  if (error == 0)
    error = remove_name (event->folder, event->name);
  if (error == -ENOTEMPTY)
    {
      /* Of our own, a copy of a folder that nobody may write to. */
      if (self->purge)
        fchmodat (event->folder, event->name, 0700, AT_SYMLINK_NOFOLLOW);
      tree_walk_descend (walk);
      return 0;
    }
  return error < 0 ? fail (self, walk, event->path, error) : 0;
}

static int
remove_left (Removal *self, TreeWalk *walk, const TreeEvent *event)
{
  int error;

  if (event->spoilt)
    return 0;
  error = remove_emptied (event->folder, event->name);
  if (error == -ENOTEMPTY && self->retries++ < TREE_REMOVE_RETRIES)
    {
      tree_walk_descend (walk);
      return 0;
    }
  return error < 0 ? fail (self, walk, event->path, error) : 0;
}

/* All that is inside @self->top.
 *
 * Returns: 0 or a negative errno that ended it */
static int
remove_inside (Removal *self)
{
  g_autoptr (TreeWalk) walk = tree_walk_new (open_inside, &self->top);
  TreeEvent event;
  int result;

  while ((result = tree_walk_next (walk, &event)) > 0)
    {
      if (event.type == TREE_ENTRY)
        result = remove_entry (self, walk, &event);
      else if (event.type == TREE_LEAVE)
        result = remove_left (self, walk, &event);
      else if (event.type == TREE_FAILED)
        result = fail (self, walk, event.path, event.error);
      if (result < 0)
        return result;
    }
  return result;
}

static int
remove_tree (Removal *self, int parent, const char *name)
{
  int error = remove_name (parent, name);

  if (error != -ENOTEMPTY)
    return error;
  do
    {
      guint failed = self->failures ? share_failures_get_size (self->failures) : 0;

      if (self->purge)
        fchmodat (parent, name, 0700, AT_SYMLINK_NOFOLLOW);
      self->top = resolver_open_plain (parent, name, O_PATH | O_DIRECTORY);
      if (self->top < 0)
        return self->top;
      error = remove_inside (self);
      close (self->top);
      if (error < 0)
        return error;
      if (self->failures && share_failures_get_size (self->failures) > failed)
        return share_failures_get (self->failures, failed)->error;
      error = remove_emptied (parent, name);
    }
  while (error == -ENOTEMPTY && self->retries++ < TREE_REMOVE_RETRIES);
  return error;
}

int
tree_remove (Share *share, int parent, const char *name, const char *path, ShareFailures *failures)
{
  Removal self = { .share = share, .path = path, .failures = failures };

  return remove_tree (&self, parent, name);
}

int
tree_remove_copied (Share *share,
                    int parent,
                    const char *name,
                    const TreeCopied *copied,
                    const char *path,
                    ShareFailures *failures)
{
  Removal self = { .share = share, .path = path, .failures = failures, .copied = copied };
  int error = check_copied (&self, parent, name, copied->folder, copied->name);

  if (error < 0)
    return error;
  self.copy = resolver_open_plain (copied->folder, copied->name, O_PATH | O_DIRECTORY);
  /* What is no folder has no inside to look at. */
  if (self.copy < 0 && self.copy != -ENOTDIR && self.copy != -ELOOP)
    return self.copy;
  error = remove_tree (&self, parent, name);
  if (self.copy >= 0)
    close (self.copy);
  return error;
}

int
tree_purge (Share *share, int parent, const char *name)
{
  Removal self = { .share = share, .purge = TRUE };

  return remove_tree (&self, parent, name);
}

static int
check_entry (Share *share, TreeWalk *walk, const TreeEvent *event, const ShareStat *top_stat)
{
  ShareStat stat;

  if (resolver_check_name (event->name, share->flags) < 0)
    return -ENOTEMPTY;
  if (faccessat (event->folder, ".", W_OK | X_OK, AT_EACCESS) < 0)
    return -errno;
  if ((event->d_type != DT_DIR && event->d_type != DT_UNKNOWN)
      || share_stat_at (event->folder, event->name, &stat) < 0 || stat.type != SHARE_TYPE_FOLDER)
    return 0;
  /* Another file system in it would be emptied, and its mount point would stay. */
  if (stat.dev != top_stat->dev || stat.mount_id != top_stat->mount_id)
    return -EBUSY;
  tree_walk_descend (walk);
  return 0;
}

static int
check_inside (Share *share, int top, const ShareStat *top_stat)
{
  g_autoptr (TreeWalk) walk = tree_walk_new (open_inside, &top);
  TreeEvent event;
  int result;

  while ((result = tree_walk_next (walk, &event)) > 0)
    {
      if (share_job_is_unwanted (share))
        return -ECANCELED;
      if (event.type == TREE_FAILED)
        return event.error;
      if (event.type == TREE_ENTRY)
        result = check_entry (share, walk, &event, top_stat);
      if (result < 0)
        return result;
    }
  return result;
}

int
tree_check_removable (Share *share, int parent, const char *name)
{
  int top = resolver_open_plain (parent, name, O_PATH | O_DIRECTORY);
  ShareStat top_stat;
  int error;

  if (top < 0)
    return top == -ENOTDIR || top == -ELOOP ? 0 : top;
  error = share_stat_fd (top, &top_stat);
  if (error == 0)
    error = check_inside (share, top, &top_stat);
  close (top);
  return error;
}

int
share_remove (Share *share, const char *path, ShareFailures *failures)
{
  /* What is not removed yet is what whoever gave up may want to keep. */
  Removal self = { .share = share, .path = path, .failures = failures, .may_stop = TRUE };
  ShareStat stat;
  const char *name;
  int parent, error;

  if (share_is_read_only (share))
    return -EROFS;
  if (!*path)
    return -EBUSY;
  /* What the guest cannot see it cannot remove; a link that leads nowhere is such a thing. */
  error = share_stat (share, path, &stat);
  if (error < 0)
    return error == -ENOTDIR ? -ENOENT : error;
  parent = resolver_open_parent (share, path, &name);
  if (parent < 0)
    return parent;
  error = remove_tree (&self, parent, name);
  close (parent);
  return error;
}
