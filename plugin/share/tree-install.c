/* Putting something finished under its name; see tree-private.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/share-private.h"
#include "share/tree-private.h"

/* A second name is never given over another file. */
static int
link_no_replace (int from_folder, const char *from, int to_folder, const char *to)
{
  int error;

  if (linkat (from_folder, from, to_folder, to, 0) < 0)
    return -errno;
  if (unlinkat (from_folder, from, 0) == 0 || errno == ENOENT)
    return 0;
  error = -errno;
  unlinkat (to_folder, to, 0);
  return error;
}

/* A folder is renamed over nothing but an empty one, which this is. */
static int
folder_no_replace (int from_folder, const char *from, int to_folder, const char *to)
{
  int error;

  if (mkdirat (to_folder, to, 0700) < 0)
    return -errno;
  if (renameat (from_folder, from, to_folder, to) == 0)
    return 0;
  error = errno == ENOTEMPTY ? -EEXIST : -errno;
  unlinkat (to_folder, to, AT_REMOVEDIR);
  return error;
}

/* For file systems that know neither the flag nor second names, as FAT on old kernels. */
static int
look_and_rename (int from_folder, const char *from, int to_folder, const char *to)
{
  ShareStat stat;
  int error = share_stat_at (to_folder, to, &stat);

  if (error != -ENOENT)
    return error < 0 ? error : -EEXIST;
  return renameat (from_folder, from, to_folder, to) < 0 ? -errno : 0;
}

int
rename_no_replace (int from_folder, const char *from, int to_folder, const char *to)
{
  ShareStat stat;
  int error;

  if (renameat2 (from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return -errno;

  /* NFS has no such flag. */
  error = share_stat_at (from_folder, from, &stat);
  if (error < 0)
    return error;
  if (stat.type == SHARE_TYPE_FOLDER)
    return folder_no_replace (from_folder, from, to_folder, to);
  error = link_no_replace (from_folder, from, to_folder, to);
  if (error == -EPERM || error == -EOPNOTSUPP || error == -ENOSYS || error == -EMLINK)
    return look_and_rename (from_folder, from, to_folder, to);
  return error;
}

/* Moves what nobody wants any more out of sight, and removes it there. */
static int
discard (Share *share, Staging *staging, int folder, const char *name)
{
  char temp[STAGING_NAME_SIZE];
  int error = staging_make_name (temp);

  if (error == 0 && renameat (folder, name, staging_get_folder (staging), temp) < 0)
    error = -errno;
  return error < 0 ? error : tree_purge (share, staging_get_folder (staging), temp);
}

/* Without RENAME_EXCHANGE: for a moment there is nothing under the name. */
static int
replace_in_two_steps (Share *share,
                      Staging *staging,
                      int source_folder,
                      const char *source,
                      int folder,
                      const char *name)
{
  char temp[STAGING_NAME_SIZE];
  int error = staging_make_name (temp);

  if (error < 0)
    return error;
  if (renameat (folder, name, staging_get_folder (staging), temp) < 0)
    return -errno;
  error = rename_no_replace (source_folder, source, folder, name);
  if (error < 0)
    {
      rename_no_replace (staging_get_folder (staging), temp, folder, name);
      return error;
    }
  tree_purge (share, staging_get_folder (staging), temp);
  return 0;
}

/* The two change places, so that the old one is never without a name until the new one has its. */
static int
replace (Share *share, int source_folder, const char *source, int folder, const char *name)
{
  Staging *staging;
  int error = staging_acquire (share, folder, &staging);

  if (error < 0)
    return error;
  if (renameat2 (source_folder, source, folder, name, RENAME_EXCHANGE) < 0)
    error = errno == EINVAL || errno == ENOSYS
                ? replace_in_two_steps (share, staging, source_folder, source, folder, name)
                : -errno;
  else
    {
      error = discard (share, staging, source_folder, source);
      if (error < 0)
        {
          /* It cannot be put out of sight: nothing has happened. If it is out of sight and cannot
           * be removed, the staging folder keeps trying. */
          ShareStat stat;

          if (share_stat_at (source_folder, source, &stat) == 0)
            renameat2 (source_folder, source, folder, name, RENAME_EXCHANGE);
          else
            error = 0;
        }
    }
  staging_release (share, staging);
  return error;
}

int
tree_install (Share *share,
              int source_folder,
              const char *source,
              int folder,
              const char *name,
              gboolean overwrite)
{
  int error = rename_no_replace (source_folder, source, folder, name);
  ShareStat new_stat, old_stat;

  if (error != -EEXIST || !overwrite)
    return error;
  error = share_stat_at (source_folder, source, &new_stat);
  if (error == 0)
    error = share_stat_at (folder, name, &old_stat);
  if (error < 0)
    return error;
  if (new_stat.type != SHARE_TYPE_FOLDER && old_stat.type != SHARE_TYPE_FOLDER)
    return renameat (source_folder, source, folder, name) < 0 ? -errno : 0;
  return replace (share, source_folder, source, folder, name);
}
