/* What the tree operations share among themselves.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <time.h>

#include "share/staging.h"
#include "share/tree.h"

G_BEGIN_DECLS

/**
 * failures_add:
 * @top: share-relative path of what is worked on
 * @path: relative to it
 *
 * Returns: %FALSE if that was one too many to go on
 */
gboolean failures_add (ShareFailures *self, const char *top, const char *path, int error);
void failures_clear (ShareFailures *self);

/**
 * failures_move:
 *
 * Moves all that is in @self to the end of @other.
 */
void failures_move (ShareFailures *self, ShareFailures *other);

/**
 * tree_remove:
 * @parent: descriptor of the folder that holds @name
 * @path: share-relative, for @failures
 *
 * share_remove() without the resolver, and gone on with when nobody waits for it any more: it is
 * the second half of something whose first is done, and stopping would leave neither the old state
 * nor the new. A folder that holds what the guest cannot see stays.
 */
int
tree_remove (Share *share, int parent, const char *name, const char *path, ShareFailures *failures);

/**
 * TreeCopied:
 * @folder, @name: where the copy is
 * @begun: by CLOCK_REALTIME_COARSE, which file systems go by: before anything was copied
 *
 * What a move between file systems has copied, with TREE_COPY_EXACT.
 */
typedef struct
{
  int folder;
  const char *name;
  struct timespec begun;
} TreeCopied;

/**
 * tree_remove_copied:
 * @copied: what was made of it
 *
 * tree_remove() of what @copied has as it is now, looked at just before it is removed. What is
 * another version by then, or is not in the copy, stays: -EAGAIN.
 */
int tree_remove_copied (Share *share,
                        int parent,
                        const char *name,
                        const TreeCopied *copied,
                        const char *path,
                        ShareFailures *failures);

/**
 * tree_purge:
 *
 * Removes all of it, whatever it is, also when the share is closed: for our own staging folders.
 */
int tree_purge (Share *share, int parent, const char *name);

/**
 * tree_check_removable:
 *
 * Whether tree_remove() is likely to succeed, without trying: for what is swapped out before it is
 * removed, and could not be brought back.
 *
 * Returns: 0, -ENOTEMPTY if it holds what the guest cannot see, -EBUSY for a mount, or -EACCES
 */
int tree_check_removable (Share *share, int parent, const char *name);

/**
 * TreeCopyFlags:
 * @TREE_COPY_SHALLOW: a folder without its members
 * @TREE_COPY_EXACT: for a move: links are copied as links, and what cannot be copied ends it with
 * an error
 */
typedef enum
{
  TREE_COPY_DEFAULT = 0,
  TREE_COPY_SHALLOW = 1 << 0,
  TREE_COPY_EXACT = 1 << 1,
} TreeCopyFlags;

/**
 * TreeLateMode:
 * @folder: (transfer full): a folder its owner may write to until it is installed, or -1
 * @mode: what it is to have then
 */
typedef struct
{
  int folder;
  guint mode;
} TreeLateMode;

/**
 * tree_late_mode_set:
 *
 * Closes @self->folder too, also where it is no more.
 */
void tree_late_mode_set (TreeLateMode *self);

/**
 * tree_copy:
 * @source: share-relative
 * @folder, @name: what is made: nothing of that name may be there
 * @path: share-relative path the copy is to have in the end, for @failures
 * @late: (inout): in: with no folder; out: for tree_late_mode_set() when the copy is in its place
 *
 * Returns: 0, or a negative errno that ended it (-ENOSPC and the like, -ECANCELED); what was made
 * so far is then left to the caller. Members that could not be copied are in @failures and no
 * error.
 */
int tree_copy (Share *share,
               const char *source,
               int folder,
               const char *name,
               const char *path,
               TreeCopyFlags flags,
               ShareFailures *failures,
               TreeLateMode *late);

/**
 * tree_copy_link:
 *
 * Makes a link with the same text. -EINVAL if @source is no link.
 */
int tree_copy_link (int source_folder, const char *source, int folder, const char *name);

/**
 * tree_install:
 * @source_folder, @source: what is moved
 * @folder, @name: where to
 * @overwrite: whether what is there may be replaced; it must be removable
 *
 * One rename, or one exchange of both names, after which what was there is moved into a staging
 * folder and removed; so a reader finds the old or the new.
 *
 * Returns: 0 or a negative errno, -EXDEV between file systems
 */
int tree_install (Share *share,
                  int source_folder,
                  const char *source,
                  int folder,
                  const char *name,
                  gboolean overwrite);

/**
 * rename_no_replace:
 *
 * Where the file system cannot do both in one step, by what it does in one: a second name, or a
 * folder that is made first. Where it cannot do that either, it looks before.
 *
 * Returns: 0, -EEXIST, or another negative errno
 */
int rename_no_replace (int from_folder, const char *from, int to_folder, const char *to);

G_END_DECLS
