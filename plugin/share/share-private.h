/* What the files of this part know of a share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "share/file-pool.h"
#include "share/share.h"
#include "share/staging.h"
#include "share/stat.h"

G_BEGIN_DECLS

struct _Share
{
  gatomicrefcount ref_count;
  char *path;
  ShareFlags flags;
  int root; /* O_PATH */
  ShareStat root_stat;
  FilePool *pool;
  int closed;   /* atomic */
  int confined; /* atomic */

  GMutex lock;    /* never held across a system call on files */
  GQueue handles; /* ShareHandle.link */

  GMutex staging_lock;     /* never held across a system call: one mount must not hold up another */
  GCond staging_cond;      /* an entry was made, or is gone */
  GQueue staging;          /* Staging */
  int staging_has_aliases; /* atomic */

  GMutex claims_lock; /* never held across a system call */
  GCond claims_cond;
  GQueue claims; /* ShareClaim.link */
};

/**
 * share_new:
 * @root: (transfer full): O_PATH descriptor
 * @root_stat: of it
 *
 * For share-open.c.
 *
 * Returns: (transfer full): an open share
 */
Share *share_new (const char *path, ShareFlags flags, int root, const ShareStat *root_stat);

/**
 * share_open_to_read:
 * @type: a file or a folder
 * @stat: (out caller-allocates) (optional): of it
 *
 * Returns: (transfer full): a descriptor, or a negative errno: -EISDIR or -ENOTDIR for the other of
 *   the two, -EACCES for anything else. In a ShareJob
 */
int share_open_to_read (Share *share, const char *path, ShareType type, ShareStat *stat);

/**
 * share_is_in_job:
 *
 * Whether the caller is a ShareJob of this share, and so may make system calls.
 */
gboolean share_is_in_job (Share *self);

/**
 * share_job_is_unwanted:
 *
 * Whether the job the caller is in works for nobody: the share was closed, or who began it has no
 * use for it any more. Any thread.
 */
gboolean share_job_is_unwanted (Share *self);

G_END_DECLS
