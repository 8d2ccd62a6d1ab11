/* Where new content waits until it is complete; see staging.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/xattr.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/mode.h"
#include "share/share-finish.h"
#include "share/share-private.h"
#include "share/staging-private.h"
#include "share/xattr-fd.h"

/* Attempts to make one, when another viewer's start takes each for a leftover in the instant before
 * it is locked. */
#define STAGING_ATTEMPTS 8

/* Levels between a folder and the root of its mount. */
#define STAGING_MAX_CLIMB 4096

typedef enum
{
  STAGING_MAKING,   /* by one thread; who wants the same one waits */
  STAGING_READY,    /* there */
  STAGING_LOST,     /* somebody removed it under its users */
  STAGING_REMOVING, /* by one thread; who wants one makes another */
} StagingState;

/* An entry of Share.staging. Its maker writes everything but @state, @users and what tells the
 * folder, which need the staging lock, and nobody else looks at it before it is ready. */
struct _Staging
{
  StagingState state;
  guint users;
  ShareStat base_stat;
  guint64 folder_dev; /* 0 with @folder_inode: there is none yet */
  guint64 folder_inode;
  int base; /* the folder that holds it, O_PATH */
  char name[STAGING_NAME_SIZE];
  int folder;
  int owner; /* holds the lock of the file system */
};

/* Leftovers on another mount than the share's own, to be removed by a job of its own. */
typedef struct
{
  Share *share;
  int base;
} StagingClearing;

gboolean
staging_is_reserved (const char *name, gsize length)
{
  return length >= strlen (STAGING_PREFIX)
         && g_ascii_strncasecmp (name, STAGING_PREFIX, strlen (STAGING_PREFIX)) == 0;
}

gboolean
staging_has_aliases (Share *share)
{
  return g_atomic_int_get (&share->staging_has_aliases);
}

/* The entry of a staging folder. Called with the staging lock. */
static Staging *
find_folder (Share *share, guint64 dev, guint64 inode)
{
  for (GList *link = share->staging.head; link; link = link->next)
    {
      Staging *self = link->data;

      if (self->folder_inode == inode && self->folder_dev == dev)
        return self;
    }
  return NULL;
}

gboolean
staging_is_one (Share *share, guint64 dev, guint64 inode)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&share->staging_lock);

  return find_folder (share, dev, inode) != NULL;
}

/* Whoever has other names for it has this one. */
static gboolean
is_found_by_alias (Staging *self, const struct stat *folder_stat)
{
  char upper[STAGING_NAME_SIZE];
  struct stat st;

  for (gsize i = 0; i < sizeof upper; i++)
    upper[i] = g_ascii_toupper (self->name[i]);
  return fstatat (self->base, upper, &st, AT_SYMLINK_NOFOLLOW) == 0
         && st.st_dev == folder_stat->st_dev && st.st_ino == folder_stat->st_ino;
}

int
staging_make_name (char *name)
{
  guint8 random[STAGING_RANDOM_BYTES];

  if (getrandom (random, sizeof random, 0) != (ssize_t)sizeof random)
    return -EIO;
  for (gsize i = 0; i < sizeof random; i++)
    g_snprintf (name + 2 * i, 3, "%02x", random[i]);
  return 0;
}

int
staging_get_folder (Staging *self)
{
  return self->folder;
}

static void
close_folder (Staging *self)
{
  if (self->owner >= 0)
    close (self->owner);
  if (self->folder >= 0)
    close (self->folder);
  self->owner = self->folder = -1;
}

static void
staging_free (Staging *self)
{
  close_folder (self);
  if (self->base >= 0)
    close (self->base);
  g_free (self);
}

/* Says which folder it is, before anything is in it. */
static void
set_folder (Share *share, Staging *self, guint64 dev, guint64 inode)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&share->staging_lock);

  self->folder_dev = dev;
  self->folder_inode = inode;
}

/* Makes the file that says whose folder it is, and locks it.
 *
 * Returns: 0, -EAGAIN if somebody else had it first, or another negative errno */
static int
lock_folder (Staging *self)
{
  struct stat st;

  self->owner = openat (self->folder, STAGING_OWNER_NAME,
                        O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (self->owner < 0)
    return errno == ENOENT ? -EAGAIN : -errno;
  /* A file system without locks: nobody will ever get one and take this for a leftover. */
  if (flock (self->owner, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
    return -EAGAIN;
  if (write (self->owner, STAGING_OWNER_MARK, strlen (STAGING_OWNER_MARK))
      != (ssize_t)strlen (STAGING_OWNER_MARK))
    return errno == ENOENT ? -EAGAIN : -errno;
  if (fstat (self->owner, &st) < 0)
    return -errno;
  return st.st_nlink == 0 ? -EAGAIN : 0;
}

/* One attempt to make the folder. */
static int
make_folder (Share *share, Staging *self)
{
  struct stat st;
  int error;

  memcpy (self->name, STAGING_PREFIX, strlen (STAGING_PREFIX));
  error = staging_make_name (self->name + strlen (STAGING_PREFIX));
  if (error < 0)
    return error;
  if (mkdirat (self->base, self->name, 0700) < 0)
    return errno == EEXIST ? -EAGAIN : -errno;
  self->folder = openat (self->base, self->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (self->folder < 0)
    error = errno == ENOENT ? -EAGAIN : -errno;
  else
    {
      /* The parent may have an ACL that is inherited. What is made here goes elsewhere. */
      error = mode_set (self->folder, 0700);
      xattr_fd_remove (self->folder, XATTR_NAME_POSIX_ACL_DEFAULT);
    }
  if (error == 0 && fstat (self->folder, &st) < 0)
    error = -errno;
  if (error == 0)
    {
      set_folder (share, self, st.st_dev, st.st_ino);
      if (is_found_by_alias (self, &st))
        g_atomic_int_set (&share->staging_has_aliases, TRUE);
      error = lock_folder (self);
    }
  if (error < 0)
    {
      unlinkat (self->folder, STAGING_OWNER_NAME, 0);
      unlinkat (self->base, self->name, AT_REMOVEDIR);
      set_folder (share, self, 0, 0);
      close_folder (self);
    }
  return error;
}

static gboolean
same_mount (const ShareStat *a, const ShareStat *b)
{
  return a->dev == b->dev && a->mount_id == b->mount_id;
}

/* The topmost folder of @folder's mount that is inside the share.
 *
 * Returns: (transfer full): a descriptor or a negative errno */
static int
open_base (Share *share, int folder, const ShareStat *folder_stat, ShareStat *base_stat)
{
  gboolean at_root = same_mount (folder_stat, &share->root_stat);
  int fd = fcntl (at_root ? share->root : folder, F_DUPFD_CLOEXEC, 3);

  if (fd < 0)
    return -errno;
  *base_stat = at_root ? share->root_stat : *folder_stat;
  for (int i = 0; !at_root && i < STAGING_MAX_CLIMB; i++)
    {
      ShareStat stat;
      int up = openat (fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
      int error = up < 0 ? -errno : share_stat_fd (up, &stat);

      if (error == 0 && !same_mount (&stat, folder_stat))
        {
          close (up);
          return fd;
        }
      /* The root of everything, and no mount of ours on the way: it was moved out of the share. */
      if (error == 0 && share_stat_same_file (&stat, base_stat))
        error = -EXDEV;
      close (fd);
      if (error < 0)
        {
          if (up >= 0)
            close (up);
          return error;
        }
      fd = up;
      *base_stat = stat;
    }
  if (at_root)
    return fd;
  close (fd);
  return -ELOOP;
}

/* The entry for @base_stat that is ready or being made. Called with the staging lock. */
static Staging *
find_staging (Share *share, const ShareStat *base_stat)
{
  for (GList *link = share->staging.head; link; link = link->next)
    {
      Staging *self = link->data;

      if (self->state <= STAGING_READY && share_stat_same_file (&self->base_stat, base_stat)
          && same_mount (&self->base_stat, base_stat))
        return self;
    }
  return NULL;
}

/* Takes the entry for @base_stat; waits for one that is being made.
 *
 * @make: (out): whether there was none: it is new, and the caller is to make it */
static Staging *
take_entry (Share *share, const ShareStat *base_stat, gboolean *make)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&share->staging_lock);
  Staging *self;

  while ((self = find_staging (share, base_stat)) && self->state == STAGING_MAKING)
    g_cond_wait (&share->staging_cond, &share->staging_lock);
  *make = !self;
  if (!self)
    {
      self = g_new0 (Staging, 1);
      self->base_stat = *base_stat;
      self->base = self->folder = self->owner = -1;
      g_queue_push_tail (&share->staging, self);
    }
  self->users++;
  return self;
}

/* Gives an entry back whose folder is there no more; who wants one makes another. */
static void
lose_entry (Share *share, Staging *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&share->staging_lock);

  self->state = STAGING_LOST;
  self->users--;
}

static void
set_ready (Share *share, Staging *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&share->staging_lock);

  self->state = STAGING_READY;
  g_cond_broadcast (&share->staging_cond);
}

/* Takes @self off the list, and frees it. */
static void
remove_entry (Share *share, Staging *self)
{
  g_mutex_lock (&share->staging_lock);
  g_queue_remove (&share->staging, self);
  g_cond_broadcast (&share->staging_cond);
  g_mutex_unlock (&share->staging_lock);
  staging_free (self);
}

static int
make_staging (Share *share, Staging *self, int base)
{
  int error = -EAGAIN;

  self->base = fcntl (base, F_DUPFD_CLOEXEC, 3);
  if (self->base < 0)
    error = -errno;
  for (int i = 0; i < STAGING_ATTEMPTS && error == -EAGAIN; i++)
    error = make_folder (share, self);
  if (error < 0)
    {
      remove_entry (share, self);
      return error;
    }
  share_finish_expect ();
  set_ready (share, self);
  return 0;
}

static void
clearing_free (gpointer data)
{
  StagingClearing *self = data;

  close (self->base);
  share_unref (self->share);
  g_free (self);
}

static void
clear_base (gpointer data)
{
  StagingClearing *self = data;

  staging_clear_leftovers (self->share, self->base);
  clearing_free (self);
}

/* What a killed viewer was copying may take long to remove, and nobody waits for that. */
static void
clear_later (Share *share, int base)
{
  int fd = fcntl (base, F_DUPFD_CLOEXEC, 3);
  StagingClearing *clearing;

  if (fd < 0)
    return;
  clearing = g_new (StagingClearing, 1);
  clearing->share = share_ref (share);
  clearing->base = fd;
  if (!file_pool_push_from_job (share->pool, FILE_JOB_LONG, clear_base, clearing_free, clearing))
    clearing_free (clearing);
}

static int
acquire_at (Share *share, int base, const ShareStat *base_stat, gboolean clear, Staging **staging)
{
  for (;;)
    {
      gboolean make;
      Staging *self = take_entry (share, base_stat, &make);
      struct stat st;

      if (make)
        {
          int error = make_staging (share, self, base);

          if (error < 0)
            return error;
          if (clear)
            clear_later (share, base);
        }
      /* Somebody may have removed it: what waits in it is lost, but not the next. */
      else if (fstatat (self->base, self->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        {
          lose_entry (share, self);
          continue;
        }
      *staging = self;
      return 0;
    }
}

int
staging_acquire (Share *share, int folder, Staging **staging)
{
  ShareStat folder_stat, base_stat;
  int error = share_stat_fd (folder, &folder_stat);
  int base = error < 0 ? error : open_base (share, folder, &folder_stat, &base_stat);

  if (base < 0)
    return base;
  /* The root of the share was cleared when it was opened. */
  error = acquire_at (share, base, &base_stat,
                      !share_stat_same_file (&base_stat, &share->root_stat), staging);
  close (base);
  if (error == -EACCES || error == -EPERM || error == -EROFS)
    error = acquire_at (share, folder, &folder_stat, FALSE, staging);
  return error;
}

void
staging_release (Share *share, Staging *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&share->staging_lock);

  self->users--;
}

/* An entry nobody uses, which is now the caller's to remove. */
static Staging *
take_unused (Share *share)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&share->staging_lock);

  for (GList *link = share->staging.head; link; link = link->next)
    {
      Staging *self = link->data;

      if (self->users == 0 && self->state != STAGING_REMOVING)
        {
          self->state = STAGING_REMOVING;
          return self;
        }
    }
  return NULL;
}

/* Until it is gone it stays on the list, so that no guest sees it. */
static void
remove_staging (Share *share, Staging *self)
{
  staging_remove_folder (share, self->base, self->name, self->folder);
  remove_entry (share, self);
  share_finish_done ();
}

void
staging_remove_unused (Share *share)
{
  Staging *self;

  while ((self = take_unused (share)))
    remove_staging (share, self);
}

void
staging_remove_if_unused (Share *share, guint64 dev, guint64 inode)
{
  Staging *self;

  g_mutex_lock (&share->staging_lock);
  while ((self = find_folder (share, dev, inode)) && self->state == STAGING_REMOVING)
    g_cond_wait (&share->staging_cond, &share->staging_lock);
  if (self && self->users == 0)
    self->state = STAGING_REMOVING;
  else
    self = NULL;
  g_mutex_unlock (&share->staging_lock);
  if (self)
    remove_staging (share, self);
}
