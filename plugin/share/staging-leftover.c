/* Removing staging folders, above all those of viewers that are no more; see staging.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/dir-buffer.h"
#include "share/mode.h"
#include "share/resolver.h"
#include "share/staging-private.h"
#include "share/tree-private.h"

/* The mark goes last, so that what is left by a removal that was cut short is still known to be
 * ours. */
void
staging_remove_folder (Share *share, int base, const char *name, int folder)
{
  DirBuffer buffer = { 0 };
  DirEntry entry;

  lseek (folder, 0, SEEK_SET);
  while (dir_buffer_next (&buffer, folder, &entry) > 0)
    if (strcmp (entry.name, STAGING_OWNER_NAME) != 0)
      tree_purge (share, folder, entry.name);
  /* Not before it is empty otherwise. */
  buffer = (DirBuffer){ 0 };
  lseek (folder, 0, SEEK_SET);
  while (dir_buffer_next (&buffer, folder, &entry) > 0)
    if (strcmp (entry.name, STAGING_OWNER_NAME) != 0)
      return;
  unlinkat (folder, STAGING_OWNER_NAME, 0);
  unlinkat (base, name, AT_REMOVEDIR);
}

/* Whether the folder of a leftover is marked as ours, or was never used. Called with its lock. */
static gboolean
may_clear (int folder, int owner)
{
  char text[sizeof STAGING_OWNER_MARK];
  DirBuffer buffer = { 0 };
  DirEntry entry;
  ssize_t size = pread (owner, text, sizeof text, 0);

  if (size == (ssize_t)strlen (STAGING_OWNER_MARK)
      && memcmp (text, STAGING_OWNER_MARK, (gsize)size) == 0)
    return TRUE;
  if (size != 0)
    return FALSE;
  while (dir_buffer_next (&buffer, folder, &entry) > 0)
    if (strcmp (entry.name, STAGING_OWNER_NAME) != 0)
      return FALSE;
  return TRUE;
}

/* Whether somebody else can have put anything there, which he might not remove himself. Not where
 * all is open to all and no mode is kept (ntfs-3g): there everybody can remove everything anyway.
 * (On FAT everything may be read by all.) */
static gboolean
is_open_to_others (int folder, const struct stat *st)
{
  mode_t mode = st->st_mode & 07777;
  struct stat now;

  if ((mode & 0022) == 0)
    return FALSE;
  if (mode_set (folder, mode & ~(mode_t)0022) < 0 || fstat (folder, &now) < 0)
    return TRUE;
  if ((now.st_mode & 07777) == mode)
    return FALSE;
  /* A mode is kept here, and this one is none that we give. */
  (void)!mode_set (folder, mode);
  return TRUE;
}

static gboolean
clear_leftover (Share *share, int base, const char *name, int folder)
{
  struct stat st;
  gboolean cleared = FALSE;
  int owner;

  if (fstat (folder, &st) < 0 || st.st_uid != geteuid () || is_open_to_others (folder, &st))
    return FALSE;
  owner = openat (folder, STAGING_OWNER_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (owner < 0)
    /* Killed before it could mark it: then it is empty. */
    return errno == ENOENT && unlinkat (base, name, AT_REMOVEDIR) == 0;
  if (fstat (owner, &st) == 0 && S_ISREG (st.st_mode) && flock (owner, LOCK_EX | LOCK_NB) == 0
      && may_clear (folder, owner))
    {
      staging_remove_folder (share, base, name, folder);
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
