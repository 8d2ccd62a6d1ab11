/* Where new content waits until it is complete; see staging.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/dir-buffer.h"
#include "share/resolver.h"
#include "share/share-private.h"
#include "share/tree-private.h"

#define OWNER_NAME "owner"
#define OWNER_MARK "This folder belongs to a running spice-share, which removes it.\n"

/* Attempts to make one, when another viewer's start takes each for a leftover in the instant before
 * it is locked. */
#define STAGING_ATTEMPTS 8

/* Levels between a folder and the root of its mount. */
#define STAGING_MAX_CLIMB 4096

struct _Staging
{
  int base; /* the folder that holds it, O_PATH */
  ShareStat base_stat;
  char name[STAGING_NAME_SIZE];
  int folder;
  struct stat folder_stat;
  int owner; /* holds the lock */
  guint users;
};

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

gboolean
staging_is_one (Share *share, guint64 dev, guint64 inode)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&share->staging_lock);

  for (GList *link = share->staging.head; link; link = link->next)
    {
      const struct stat *st = &((Staging *)link->data)->folder_stat;

      if (st->st_dev == dev && st->st_ino == inode)
        return TRUE;
    }
  return FALSE;
}

/* Whoever has other names for it has this one. */
static gboolean
is_found_by_alias (Staging *self)
{
  char upper[STAGING_NAME_SIZE];
  struct stat st;

  for (gsize i = 0; i < sizeof upper; i++)
    upper[i] = g_ascii_toupper (self->name[i]);
  return fstatat (self->base, upper, &st, AT_SYMLINK_NOFOLLOW) == 0
         && st.st_dev == self->folder_stat.st_dev && st.st_ino == self->folder_stat.st_ino;
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
  close (self->base);
  g_free (self);
}

/* Removes a staging folder whose lock is held by the caller. The mark goes last, so that what is
 * left by a removal that was cut short is still known to be ours. */
static void
remove_folder (Share *share, int base, const char *name, int folder)
{
  DirBuffer buffer = { 0 };
  DirEntry entry;

  lseek (folder, 0, SEEK_SET);
  while (dir_buffer_next (&buffer, folder, &entry) > 0)
    if (strcmp (entry.name, OWNER_NAME) != 0)
      tree_purge (share, folder, entry.name);
  /* Not before it is empty otherwise. */
  buffer = (DirBuffer){ 0 };
  lseek (folder, 0, SEEK_SET);
  while (dir_buffer_next (&buffer, folder, &entry) > 0)
    if (strcmp (entry.name, OWNER_NAME) != 0)
      return;
  unlinkat (folder, OWNER_NAME, 0);
  unlinkat (base, name, AT_REMOVEDIR);
}

/* Makes the file that says whose folder it is, and locks it.
 *
 * Returns: 0, -EAGAIN if somebody else had it first, or another negative errno */
static int
lock_folder (Staging *self)
{
  struct stat st;

  self->owner
      = openat (self->folder, OWNER_NAME, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (self->owner < 0)
    return errno == ENOENT ? -EAGAIN : -errno;
  /* A file system without locks: nobody will ever get one and take this for a leftover. */
  if (flock (self->owner, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
    return -EAGAIN;
  if (write (self->owner, OWNER_MARK, strlen (OWNER_MARK)) != (ssize_t)strlen (OWNER_MARK))
    return errno == ENOENT ? -EAGAIN : -errno;
  if (fstat (self->owner, &st) < 0)
    return -errno;
  return st.st_nlink == 0 ? -EAGAIN : 0;
}

/* One attempt to make the folder. */
static int
make_folder (Share *share, Staging *self)
{
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
  /* The parent may have an ACL that is inherited. */
  else if (fchmod (self->folder, 0700) < 0 || fstat (self->folder, &self->folder_stat) < 0)
    error = -errno;
  else
    error = lock_folder (self);
  if (error < 0)
    {
      unlinkat (self->folder, OWNER_NAME, 0);
      unlinkat (self->base, self->name, AT_REMOVEDIR);
      close_folder (self);
    }
  return error;
}

static int
staging_new (Share *share, int base, const ShareStat *base_stat, Staging **staging)
{
  Staging *self = g_new0 (Staging, 1);
  int error = -EAGAIN;

  self->folder = -1;
  self->owner = -1;
  self->base_stat = *base_stat;
  self->base = fcntl (base, F_DUPFD_CLOEXEC, 3);
  if (self->base < 0)
    {
      error = -errno;
      g_free (self);
      return error;
    }
  for (int i = 0; i < STAGING_ATTEMPTS && error == -EAGAIN; i++)
    error = make_folder (share, self);
  if (error < 0)
    {
      staging_free (self);
      return error;
    }
  if (is_found_by_alias (self))
    g_atomic_int_set (&share->staging_has_aliases, TRUE);
  g_queue_push_tail (&share->staging, self);
  *staging = self;
  return 0;
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

static Staging *
find_staging (Share *share, const ShareStat *base_stat)
{
  for (GList *link = share->staging.head; link; link = link->next)
    {
      Staging *self = link->data;
      struct stat st;

      if (!share_stat_same_file (&self->base_stat, base_stat)
          || !same_mount (&self->base_stat, base_stat))
        continue;
      /* Somebody may have removed it: what waits in it is lost, but not the next. */
      if (fstatat (self->base, self->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return self;
    }
  return NULL;
}

/* Called with the staging lock. */
static int
acquire_at (Share *share, int base, const ShareStat *base_stat, gboolean clear, Staging **staging)
{
  *staging = find_staging (share, base_stat);
  if (*staging)
    return 0;
  if (clear)
    staging_clear_leftovers (share, base);
  return staging_new (share, base, base_stat, staging);
}

int
staging_acquire (Share *share, int folder, Staging **staging)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&share->staging_lock);
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
  if (error == 0)
    (*staging)->users++;
  return error;
}

void
staging_release (Share *share, Staging *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&share->staging_lock);

  self->users--;
}

void
staging_remove_unused (Share *share)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&share->staging_lock);

  for (GList *link = share->staging.head, *next; link; link = next)
    {
      Staging *self = link->data;

      next = link->next;
      if (self->users > 0)
        continue;
      g_queue_delete_link (&share->staging, link);
      remove_folder (share, self->base, self->name, self->folder);
      staging_free (self);
    }
}

/* Whether the folder of a leftover is marked as ours, or was never used. Called with its lock. */
static gboolean
may_clear (int folder, int owner)
{
  char text[sizeof OWNER_MARK];
  DirBuffer buffer = { 0 };
  DirEntry entry;
  ssize_t size = pread (owner, text, sizeof text, 0);

  if (size == (ssize_t)strlen (OWNER_MARK) && memcmp (text, OWNER_MARK, (gsize)size) == 0)
    return TRUE;
  if (size != 0)
    return FALSE;
  while (dir_buffer_next (&buffer, folder, &entry) > 0)
    if (strcmp (entry.name, OWNER_NAME) != 0)
      return FALSE;
  return TRUE;
}

static gboolean
clear_leftover (Share *share, int base, const char *name, int folder)
{
  struct stat st;
  gboolean cleared = FALSE;
  int owner;

  /* Nobody else can have put anything there. (On FAT everything may be read by all.) */
  if (fstat (folder, &st) < 0 || st.st_uid != geteuid () || (st.st_mode & 0022))
    return FALSE;
  owner = openat (folder, OWNER_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (owner < 0)
    /* Killed before it could mark it: then it is empty. */
    return errno == ENOENT && unlinkat (base, name, AT_REMOVEDIR) == 0;
  if (fstat (owner, &st) == 0 && S_ISREG (st.st_mode) && flock (owner, LOCK_EX | LOCK_NB) == 0
      && may_clear (folder, owner))
    {
      remove_folder (share, base, name, folder);
      cleared = fstatat (base, name, &st, AT_SYMLINK_NOFOLLOW) < 0;
    }
  close (owner);
  return cleared;
}

/* Only what we would have named so ourselves. */
static gboolean
is_our_name (const char *name)
{
  return strlen (name) == STAGING_NAME_SIZE - 1 && g_str_has_prefix (name, STAGING_PREFIX)
         && strspn (name + strlen (STAGING_PREFIX), "0123456789abcdef")
                == STAGING_NAME_SIZE - 1 - strlen (STAGING_PREFIX);
}

int
staging_clear_leftover (Share *share, int folder, const char *name)
{
  gboolean cleared;
  int fd;

  if (!is_our_name (name))
    return -EBUSY;
  fd = openat (folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return -EBUSY;
  cleared = clear_leftover (share, folder, name, fd);
  close (fd);
  return cleared ? 0 : -EBUSY;
}

void
staging_clear_leftovers (Share *share, int folder)
{
  int fd = resolver_open_plain (folder, "", O_RDONLY | O_DIRECTORY);
  DirBuffer buffer = { 0 };
  DirEntry entry;

  if (fd < 0)
    return;
  while (dir_buffer_next (&buffer, fd, &entry) > 0)
    staging_clear_leftover (share, fd, entry.name);
  close (fd);
}
