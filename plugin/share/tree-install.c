/* Putting something finished under its name; see tree-private.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "share/share-private.h"
#include "share/tree-private.h"

int
rename_no_replace (int from_folder, const char *from, int to_folder, const char *to)
{
  ShareStat stat;
  int error;

  if (renameat2 (from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return -errno;
  error = share_stat_at (to_folder, to, &stat);
  if (error != -ENOENT)
    return error < 0 ? error : -EEXIST;
  return renameat (from_folder, from, to_folder, to) < 0 ? -errno : 0;
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
