/* The one way to the file system; see resolver.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "share/dir-buffer.h"
#include "share/share-private.h"

/* Names looked at in one resolution, those of links included: links that lead to and fro do not
 * keep a thread for ever. */
#define RESOLVER_MAX_STEPS 8192

/* Under RESOLVE_BENEATH the kernel gives up with EAGAIN when something is renamed meanwhile. */
#define RESOLVER_RETRIES 16

static int no_openat2; /* atomic: learnt from the kernel */
static int forced;     /* atomic: asked for by a test */

/* A resolution name by name. @real never holds a link, so ".." in the text of a link is @real less
 * its last name, and one descriptor is enough however deep the path is. */
typedef struct
{
  Share *share;
  int fd;           /* O_PATH, of @real */
  mode_t type;      /* of @fd */
  GString *real;    /* share-relative */
  GString *pending; /* what is left to walk */
  guint links;
  guint steps;
} Walk;

static int
check_name (const char *name, gsize length, ShareFlags flags)
{
  if (length == 0 || memchr (name, '\0', length))
    return -EINVAL;
  if (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')))
    return -EINVAL;
  if (length > RESOLVER_NAME_MAX)
    return -ENAMETOOLONG;
  if (staging_is_reserved (name, length) || ((flags & SHARE_DENY_HIDDEN) && name[0] == '.'))
    return -ENOENT;
  return 0;
}

int
resolver_check_name (const char *name, ShareFlags flags)
{
  return strchr (name, '/') ? -EINVAL : check_name (name, strlen (name), flags);
}

int
resolver_check_path (const char *path, gsize length, ShareFlags flags)
{
  const char *end = path + length;

  if (length == 0)
    return 0;
  if (length >= PATH_MAX)
    return -ENAMETOOLONG;
  for (const char *name = path;;)
    {
      const char *slash = memchr (name, '/', (gsize)(end - name));
      int error = check_name (name, (gsize)((slash ? slash : end) - name), flags);

      if (error < 0 || !slash)
        return error;
      name = slash + 1;
    }
}

void
resolver_force_fallback (gboolean force)
{
  g_atomic_int_set (&forced, force);
}

static gboolean
have_openat2 (void)
{
  return !g_atomic_int_get (&forced) && !g_atomic_int_get (&no_openat2);
}

/* Returns: a descriptor or a negative errno; -ENOSYS where the caller has to do without */
static int
open_beneath (int folder, const char *path, int flags)
{
  struct open_how how
      = { .flags = (guint64)(flags | O_CLOEXEC),
          .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS };

  if (!have_openat2 ())
    return -ENOSYS;
  for (int i = 0; i < RESOLVER_RETRIES; i++)
    {
      int fd = (int)syscall (SYS_openat2, folder, path, &how, sizeof how);

      if (fd >= 0)
        return fd;
      /* EPERM is what some containers' seccomp filters say to system calls they do not know. */
      if (errno == ENOSYS || errno == EPERM)
        {
          g_atomic_int_set (&no_openat2, TRUE);
          return -ENOSYS;
        }
      if (errno != EAGAIN && errno != EINTR)
        return -errno;
    }
  return -ENOSYS;
}

static int
duplicate (int fd)
{
  int copy = fcntl (fd, F_DUPFD_CLOEXEC, 3);

  return copy < 0 ? -errno : copy;
}

/* openat() of one name, never through a link.
 *
 * Returns: a descriptor or a negative errno, -ELOOP for a link */
static int
open_name (int folder, const char *name, int flags, struct stat *st)
{
  int fd = openat (folder, name, flags | O_NOFOLLOW | O_CLOEXEC);

  if (fd < 0)
    return -errno;
  if (fstat (fd, st) < 0)
    {
      int error = -errno;

      close (fd);
      return error;
    }
  return fd;
}

/* resolver_open_plain() where there is no openat2. */
static int
open_stepwise (int folder, const char *path, int flags)
{
  int fd = duplicate (folder);
  char name[RESOLVER_NAME_MAX + 1];

  while (fd >= 0)
    {
      const char *slash = strchrnul (path, '/');
      gsize length = (gsize)(slash - path);
      struct stat st;
      int next;

      if (length == 0 || length > RESOLVER_NAME_MAX)
        next = length == 0 ? -EINVAL : -ENAMETOOLONG;
      else
        {
          memcpy (name, path, length);
          name[length] = '\0';
          next = open_name (fd, name, *slash ? O_PATH | O_DIRECTORY : flags, &st);
          if (next >= 0 && S_ISLNK (st.st_mode))
            {
              close (next);
              next = -ELOOP;
            }
        }
      close (fd);
      fd = next;
      if (!*slash)
        break;
      path = slash + 1;
    }
  return fd;
}

int
resolver_open_plain (int folder, const char *path, int flags)
{
  int fd;

  if (!*path)
    return flags & O_PATH ? duplicate (folder) : resolver_reopen (folder, flags);
  fd = open_beneath (folder, path, flags);
  return fd == -ENOSYS ? open_stepwise (folder, path, flags) : fd;
}

/* Whether @folder lists @name, whatever the case of its letters. */
static gboolean
is_listed (int folder, const char *name)
{
  int fd = resolver_reopen (folder, O_RDONLY);
  DirBuffer buffer = { 0 };
  gboolean listed = FALSE;
  DirEntry entry;

  while (fd >= 0 && !listed && dir_buffer_next (&buffer, fd, &entry) > 0)
    listed = g_ascii_strcasecmp (entry.name, name) == 0;
  if (fd >= 0)
    close (fd);
  return listed;
}

/* Whether a name that may be asked for has to be looked at with what it stands for: where a file
 * system finds a file by more names than it lists. Short names as FAT makes them have a tilde. */
static gboolean
may_be_alias (Share *share, const char *names)
{
  return staging_has_aliases (share)
         || ((share->flags & SHARE_DENY_HIDDEN) && strchr (names, '~') != NULL);
}

/* Whether @name is another name for something the guest cannot see. */
static gboolean
is_alias (Share *share, int folder, const char *name, const struct stat *st)
{
  if (S_ISDIR (st->st_mode) && staging_has_aliases (share)
      && staging_is_one (share, st->st_dev, st->st_ino))
    return TRUE;
  return (share->flags & SHARE_DENY_HIDDEN) && strchr (name, '~') && !is_listed (folder, name);
}

static int
walk_up (Walk *self)
{
  char *slash = strrchr (self->real->str, '/');
  int fd;

  if (self->real->len == 0)
    return -EXDEV;
  g_string_truncate (self->real, slash ? (gsize)(slash - self->real->str) : 0);
  fd = resolver_open_plain (self->share->root, self->real->str, O_PATH);
  if (fd < 0)
    return fd;
  close (self->fd);
  self->fd = fd;
  return 0;
}

/* Puts the text of the link @fd before what is left to walk. */
static int
walk_link (Walk *self, int fd)
{
  char text[PATH_MAX];
  ssize_t length;

  if ((self->share->flags & SHARE_DENY_SYMLINKS) || ++self->links > RESOLVER_MAX_LINKS)
    return -ELOOP;
  length = readlinkat (fd, "", text, sizeof text);
  if (length < 0)
    return -errno;
  if (length == 0)
    return -ENOENT;
  if (text[0] == '/')
    return -EXDEV;
  if ((gsize)length + 1 + self->pending->len >= PATH_MAX)
    return -ENAMETOOLONG;
  g_string_prepend_c (self->pending, '/');
  g_string_prepend_len (self->pending, text, length);
  return 0;
}

/* Takes the next name from what is left.
 *
 * Returns: 1, 0 if there is none, or a negative errno */
static int
walk_take_name (Walk *self, char *name)
{
  const char *text = self->pending->str;
  gsize skip = strspn (text, "/");
  gsize length = strcspn (text + skip, "/");

  if (length > RESOLVER_NAME_MAX)
    return -ENAMETOOLONG;
  memcpy (name, text + skip, length);
  name[length] = '\0';
  skip += length;
  skip += strspn (text + skip, "/");
  g_string_erase (self->pending, 0, (gssize)skip);
  return length > 0;
}

/* Walks to the end. With @target_name not to the last thing itself, but to its folder.
 *
 * Returns: 0 with @self->fd, or a negative errno */
static int
walk (Walk *self, char *target_name)
{
  char name[RESOLVER_NAME_MAX + 1];
  int result;

  while ((result = walk_take_name (self, name)) > 0)
    {
      gboolean is_last = self->pending->len == 0;
      struct stat st;
      int fd;

      if (++self->steps > RESOLVER_MAX_STEPS)
        return -ELOOP;
      if (self->type != S_IFDIR)
        return -ENOTDIR;
      if (strcmp (name, ".") == 0)
        continue;
      if (strcmp (name, "..") == 0)
        {
          result = walk_up (self);
          if (result < 0)
            return result;
          continue;
        }
      result = check_name (name, strlen (name), self->share->flags);
      if (result < 0)
        return result;

      fd = open_name (self->fd, name, O_PATH, &st);
      if (fd >= 0 && is_alias (self->share, self->fd, name, &st))
        {
          close (fd);
          return -ENOENT;
        }
      if (fd >= 0 && S_ISLNK (st.st_mode))
        {
          result = walk_link (self, fd);
          close (fd);
          if (result < 0)
            return result;
          continue;
        }
      if (target_name && is_last && (fd >= 0 || fd == -ENOENT))
        {
          if (fd >= 0)
            close (fd);
          strcpy (target_name, name);
          return 0;
        }
      if (fd < 0)
        return fd;
      close (self->fd);
      self->fd = fd;
      self->type = st.st_mode & S_IFMT;
      if (self->real->len > 0)
        g_string_append_c (self->real, '/');
      g_string_append (self->real, name);
    }
  return result < 0 || !target_name ? result : -EISDIR;
}

/* Returns: an O_PATH descriptor of @path, or with @target_name of its folder; or a negative errno
 */
static int
open_walking (Share *self, const char *path, char *target_name)
{
  g_autoptr (GString) real = g_string_new (NULL);
  g_autoptr (GString) pending = g_string_new (path);
  Walk state = { .share = self, .real = real, .pending = pending };
  struct stat st;
  int error;

  state.fd = duplicate (self->root);
  if (state.fd < 0)
    return state.fd;
  error = fstat (state.fd, &st) < 0 ? -errno : 0;
  state.type = st.st_mode & S_IFMT;
  if (error == 0)
    error = walk (&state, target_name);
  if (error == 0)
    return state.fd;
  close (state.fd);
  return error;
}

/* resolver_open() of a path that was checked. */
static int
open_checked (Share *self, const char *path)
{
  int fd;

  if (!*path)
    return duplicate (self->root);
  if (may_be_alias (self, path))
    return open_walking (self, path, NULL);
  fd = open_beneath (self->root, path, O_PATH);
  if (fd == -ENOSYS || (fd == -ELOOP && !(self->flags & SHARE_DENY_SYMLINKS)))
    return open_walking (self, path, NULL);
  return fd;
}

int
resolver_open (Share *self, const char *path)
{
  int error = resolver_check_path (path, strlen (path), self->flags);

  return error < 0 ? error : open_checked (self, path);
}

int
resolver_open_parent (Share *self, const char *path, const char **name)
{
  int error = resolver_check_path (path, strlen (path), self->flags);
  const char *slash = strrchr (path, '/');
  g_autofree char *parent = NULL;
  struct stat st;
  int fd;

  if (error < 0)
    return error;
  if (!*path)
    return -EBUSY;
  *name = slash ? slash + 1 : path;
  parent = g_strndup (path, slash ? (gsize)(slash - path) : 0);
  fd = open_checked (self, parent);
  if (fd >= 0 && may_be_alias (self, *name) && fstatat (fd, *name, &st, AT_SYMLINK_NOFOLLOW) == 0
      && is_alias (self, fd, *name, &st))
    {
      close (fd);
      return -ENOENT;
    }
  return fd;
}

int
resolver_open_target (Share *self, const char *path, char *name)
{
  const char *last;
  int parent = resolver_open_parent (self, path, &last);
  struct stat st;

  if (parent < 0)
    return parent;
  if (fstatat (parent, last, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISLNK (st.st_mode))
    {
      strcpy (name, last);
      return parent;
    }
  close (parent);
  return open_walking (self, path, name);
}

int
resolver_open_at (Share *self, const char *folder_path, int folder, const char *name)
{
  struct stat st;
  int fd = open_name (folder, name, O_PATH, &st);
  g_autofree char *path = NULL;

  if (fd < 0 || !S_ISLNK (st.st_mode))
    return fd;
  close (fd);
  path = g_build_filename (folder_path, name, NULL);
  return resolver_open (self, path);
}

int
resolver_reopen (int fd, int flags)
{
  char path[sizeof "/proc/self/fd/" + 3 * sizeof (int)];
  struct stat st;
  int copy;

  if (fstat (fd, &st) < 0)
    return -errno;
  if (S_ISDIR (st.st_mode))
    copy = openat (fd, ".", flags | O_DIRECTORY | O_CLOEXEC);
  else if (S_ISREG (st.st_mode))
    {
      g_snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
      copy = open (path, flags | O_NOCTTY | O_CLOEXEC);
      /* The inode is in our hands: what is missing is /proc. */
      if (copy < 0 && errno == ENOENT)
        return -ENOSYS;
    }
  else
    return -EACCES;
  return copy < 0 ? -errno : copy;
}
