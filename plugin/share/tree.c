/* Make, copy, move; see tree.h. (Remove: tree-remove.c.)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/resolver.h"
#include "share/share-private.h"
#include "share/tree-private.h"

/* Levels looked at between a folder and the root of the share. */
#define TREE_MAX_CLIMB 4096

/* The two names of a copy or a move, checked. Descriptors are -1 if they are not open. */
typedef struct
{
  int source_parent;
  const char *source_name;
  ShareStat source;           /* of the name itself: a link is SHARE_TYPE_OTHER */
  ShareStat target_of_source; /* of what the guest sees under it */
  int parent;
  const char *name;
  gboolean exists;
  ShareStat target;
  ShareStat parent_stat;
  ShareStat source_parent_stat;
} Names;

static void
names_clear (Names *self)
{
  if (self->source_parent >= 0)
    close (self->source_parent);
  if (self->parent >= 0)
    close (self->parent);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Names, names_clear)

/* The folder in which something is to be made.
 *
 * Returns: (transfer full): an O_PATH descriptor or a negative errno */
static int
open_new_parent (Share *share, const char *path, const char **name)
{
  const char *slash = strrchr (path, '/');
  ShareStat stat;
  int parent, error;

  if (*path && resolver_check_name (slash ? slash + 1 : path, share->flags) == -ENOENT)
    return -EACCES;
  parent = resolver_open_parent (share, path, name);
  if (parent < 0)
    return parent == -ENOENT ? -ENOTDIR : parent;
  error = share_stat_fd (parent, &stat);
  if (error == 0 && stat.type == SHARE_TYPE_FOLDER)
    return parent;
  close (parent);
  return error < 0 ? error : -ENOTDIR;
}

int
share_make_folder (Share *share, const char *path)
{
  const char *name;
  int parent, error;

  if (share_is_read_only (share))
    return -EROFS;
  if (!*path)
    return -EEXIST;
  parent = open_new_parent (share, path, &name);
  if (parent < 0)
    return parent;
  error = mkdirat (parent, name, 0777) < 0 ? -errno : 0;
  close (parent);
  return error;
}

/* Whether @folder is @ancestor or inside it, by its real parents up to the root of the share.
 *
 * Returns: 1, 0, or a negative errno */
static int
is_inside (Share *share, int folder, const ShareStat *ancestor)
{
  int fd = fcntl (folder, F_DUPFD_CLOEXEC, 3);
  int result = -errno;

  for (int i = 0; fd >= 0; i++)
    {
      ShareStat stat;
      int up = -1;

      result = share_stat_fd (fd, &stat);
      if (result == 0 && share_stat_same_file (&stat, ancestor))
        result = 1;
      else if (result == 0 && !share_stat_same_file (&stat, &share->root_stat))
        {
          up = i < TREE_MAX_CLIMB ? openat (fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
          if (up < 0)
            result = i < TREE_MAX_CLIMB ? -errno : -ELOOP;
        }
      close (fd);
      fd = up;
    }
  return result;
}

static int
open_names (Share *share, const char *source, const char *target, Names *names)
{
  int error;

  if (share_is_read_only (share))
    return -EROFS;
  error = share_stat (share, source, &names->target_of_source);
  if (error < 0)
    return error == -ENOTDIR ? -ENOENT : error;
  if (!*target || !*source)
    return -EBUSY;

  names->source_parent = resolver_open_parent (share, source, &names->source_name);
  if (names->source_parent < 0)
    return names->source_parent;
  names->parent = open_new_parent (share, target, &names->name);
  if (names->parent < 0)
    return names->parent;
  error = share_stat_fd (names->parent, &names->parent_stat);
  if (error == 0)
    error = share_stat_fd (names->source_parent, &names->source_parent_stat);
  if (error == 0)
    error = share_stat_at (names->source_parent, names->source_name, &names->source);
  if (error < 0)
    return error;

  error = share_stat_at (names->parent, names->name, &names->target);
  names->exists = error == 0;
  return error == -ENOENT ? 0 : error;
}

/* Whether the target's name is the very one of the source. (Hard links are two files here.) */
static gboolean
is_same_name (const Names *names)
{
  return names->exists && share_stat_same_file (&names->source, &names->target)
         && share_stat_same_file (&names->parent_stat, &names->source_parent_stat)
         && strcmp (names->source_name, names->name) == 0;
}

/* What a copy and a move may never do, and what needs SHARE_TREE_OVERWRITE.
 *
 * @source: what would be put there */
static int
check_names (Share *share,
             const Names *names,
             const ShareStat *source,
             const char *target_path,
             ShareTreeFlags flags)
{
  ShareStat visible;
  int error = 0;

  if (is_same_name (names))
    return -ELOOP;
  if (source->type == SHARE_TYPE_FOLDER)
    {
      if (names->exists && share_stat_same_file (source, &names->target))
        return -ELOOP;
      error = is_inside (share, names->parent, source);
    }
  if (error == 0 && names->exists && names->target.type == SHARE_TYPE_FOLDER)
    error = is_inside (share, names->source_parent, &names->target);
  if (error != 0)
    return error < 0 ? error : -ELOOP;
  if (!names->exists)
    return 0;

  if (names->target.type == SHARE_TYPE_OTHER && share_stat (share, target_path, &visible) < 0)
    return -EACCES;
  if (!(flags & SHARE_TREE_OVERWRITE))
    return -EEXIST;
  return names->target.type == SHARE_TYPE_FOLDER
             ? tree_check_removable (share, names->parent, names->name)
             : 0;
}

/* For a folder that cannot be renamed at all (a lower layer of overlayfs): what is there is removed
 * where it is, to make room for @temp, which is beside it by then: nothing is removed for something
 * that cannot get there (from another key's folder, project or branch). From the removal on it is
 * not as if nothing had happened, which is said by what is in @failures.
 *
 * @failures: of the copy; if the target cannot be replaced: of its removal instead */
static int
replace_in_place (Share *share,
                  int folder,
                  const char *temp,
                  const Names *names,
                  const char *target,
                  ShareFailures *failures)
{
  g_autoptr (ShareFailures) removal = share_failures_new ();
  char beside[STAGING_NAME_SIZE] = STAGING_PREFIX;
  int error = staging_make_name (beside + strlen (STAGING_PREFIX));

  if (error == 0)
    error = rename_no_replace (folder, temp, names->parent, beside);
  if (error < 0)
    {
      failures_clear (failures);
      return error;
    }
  error = tree_remove (share, names->parent, names->name, target, removal);
  if (error == 0)
    error = rename_no_replace (names->parent, beside, names->parent, names->name);
  if (error == 0)
    return 0;
  tree_purge (share, names->parent, beside);
  failures_clear (failures);
  failures_move (removal, failures);
  if (share_failures_get_size (failures) == 0)
    failures_add (failures, target, "", error);
  return error;
}

/* Copies into a staging folder and moves that into place. */
static int
copy_into_place (Share *share,
                 const char *source,
                 const char *target,
                 const Names *names,
                 TreeCopyFlags copy_flags,
                 gboolean overwrite,
                 ShareFailures *failures)
{
  char temp[STAGING_NAME_SIZE];
  Staging *staging;
  TreeLateMode late = { .folder = -1 };
  gboolean as_link = (copy_flags & TREE_COPY_EXACT) && names->source.type == SHARE_TYPE_OTHER;
  int error = staging_acquire (share, names->parent, &staging);
  int folder;

  if (error < 0)
    return error;
  folder = staging_get_folder (staging);
  error = staging_make_name (temp);
  if (error == 0)
    error = as_link ? tree_copy_link (names->source_parent, names->source_name, folder, temp)
                    : tree_copy (share, source, folder, temp, target, copy_flags, failures, &late);
  if (error == 0)
    error = tree_install (share, folder, temp, names->parent, names->name, overwrite);
  if (error == -EXDEV && names->exists && names->target.type == SHARE_TYPE_FOLDER && overwrite)
    error = replace_in_place (share, folder, temp, names, target, failures);
  else if (error < 0)
    failures_clear (failures);
  if (error < 0)
    tree_purge (share, folder, temp);
  tree_late_mode_set (&late);
  staging_release (share, staging);
  return error;
}

int
share_copy (Share *share,
            const char *source,
            const char *target,
            ShareTreeFlags flags,
            ShareFailures *failures,
            gboolean *created)
{
  g_auto (Names) names = { .source_parent = -1, .parent = -1 };
  int error = open_names (share, source, target, &names);

  if (error == 0)
    error = check_names (share, &names, &names.target_of_source, target, flags);
  /* A copy onto the file that a link leads to would read what it replaces. */
  if (error == 0 && names.exists && share_stat_same_file (&names.target_of_source, &names.target)
      && names.source.type == SHARE_TYPE_OTHER)
    error = -ELOOP;
  if (error == 0)
    error = copy_into_place (share, source, target, &names,
                             flags & SHARE_TREE_SHALLOW ? TREE_COPY_SHALLOW : TREE_COPY_DEFAULT,
                             (flags & SHARE_TREE_OVERWRITE) != 0, failures);
  if (error < 0)
    return error;
  if (created)
    *created = !names.exists;
  return share_failures_get_size (failures) > 0 ? share_failures_get (failures, 0)->error : 0;
}

/* Whether it is one name spelt anew ("a" and "A"), where the file system does not tell them apart.
 */
static gboolean
is_respelling (const Names *names)
{
  return names->exists && share_stat_same_file (&names->source, &names->target)
         && share_stat_same_file (&names->parent_stat, &names->source_parent_stat)
         && strcmp (names->source_name, names->name) != 0
         && (names->source.type == SHARE_TYPE_FOLDER || names->source.nlink == 1);
}

/* Copying takes its time. What somebody wrote to the source meanwhile is nowhere else: it stays. */
static int
move_between_file_systems (Share *share,
                           const char *source,
                           const char *target,
                           const Names *names,
                           gboolean overwrite,
                           ShareFailures *failures)
{
  TreeCopied copied = { .folder = names->parent, .name = names->name };
  int error;

  clock_gettime (CLOCK_REALTIME_COARSE, &copied.begun);
  error = copy_into_place (share, source, target, names, TREE_COPY_EXACT, overwrite, failures);
  if (error < 0)
    return error;
  error = tree_remove_copied (share, names->source_parent, names->source_name, &copied, source,
                              failures);
  if (error < 0 && share_failures_get_size (failures) == 0)
    failures_add (failures, source, "", error);
  return error;
}

int
share_move (Share *share,
            const char *source,
            const char *target,
            ShareTreeFlags flags,
            ShareFailures *failures,
            gboolean *created)
{
  g_auto (Names) names = { .source_parent = -1, .parent = -1 };
  gboolean overwrite = (flags & SHARE_TREE_OVERWRITE) != 0;
  int error = open_names (share, source, target, &names);

  if (error == 0 && !is_respelling (&names))
    error = check_names (share, &names, &names.source, target, flags);
  if (error < 0)
    return error;
  if (created)
    *created = !names.exists;
  if (is_respelling (&names))
    return renameat (names.source_parent, names.source_name, names.parent, names.name) < 0 ? -errno
                                                                                           : 0;
  /* Two hard links of one file: a rename would leave both. */
  if (names.exists && share_stat_same_file (&names.source, &names.target))
    return unlinkat (names.source_parent, names.source_name, 0) < 0 ? -errno : 0;
  error = tree_install (share, names.source_parent, names.source_name, names.parent, names.name,
                        overwrite);
  if (error == -EXDEV)
    error = move_between_file_systems (share, source, target, &names, overwrite, failures);
  return error;
}
