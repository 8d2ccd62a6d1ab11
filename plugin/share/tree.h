/* What the methods that change the tree do: make, remove, copy, move.
 *
 * RFC 4918, 9.3 (MKCOL), 9.6 (DELETE), 9.8 (COPY), 9.9 (MOVE), without HTTP. "Same" and "inside"
 * are decided by device and inode along the real parents, never by comparing strings. All in a
 * ShareJob; all return 0 or a negative errno:
 *   -EROFS    read-only share (or file system)
 *   -EBUSY    the root itself
 *   -ENOENT   what is acted on (for copy and move: the source) is missing
 *   -ENOTDIR  the parent of what is to be made (for copy and move: of the target) is missing, or no
 *             folder
 *   -EEXIST   the target exists and SHARE_TREE_OVERWRITE is not set
 *   -ELOOP    onto itself, into its own inside, or onto a folder that contains the source
 *   -EACCES   a name that is reserved, hidden, or taken by something the guest cannot see
 *   -ECANCELED the share was closed meanwhile, or nobody wants it any more (share_run())
 * A copy that nobody wants any more, also that of a move, leaves nothing behind; a removal leaves
 * what it has not come to; but a move whose copy is in place is gone on with.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#include "share/stat.h"

G_BEGIN_DECLS

/**
 * SHARE_FAILURES_MAX:
 *
 * Failures kept for one operation, which stops when there are so many.
 */
#define SHARE_FAILURES_MAX 100

/**
 * ShareFailure:
 * @path: share-relative, of a member (for copy: of the target's member, as RFC 4918 wants it)
 * @error: a negative errno
 */
typedef struct
{
  char *path;
  int error;
} ShareFailure;

/**
 * ShareFailures:
 *
 * Members an operation could not deal with: what a 207 lists. Any thread, one at a time.
 */
typedef struct _ShareFailures ShareFailures;

/**
 * share_failures_new:
 *
 * Returns: (transfer full): none yet
 */
ShareFailures *share_failures_new (void);
void share_failures_free (ShareFailures *self);
guint share_failures_get_size (ShareFailures *self);
/**
 * share_failures_get:
 * @i: less than share_failures_get_size()
 *
 * Returns: (transfer none): one of them, until @self is freed
 */
const ShareFailure *share_failures_get (ShareFailures *self, guint i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ShareFailures, share_failures_free)

/**
 * ShareTreeFlags:
 * @SHARE_TREE_OVERWRITE: what is at the target is replaced (removed with all its inside, not
 * merged)
 * @SHARE_TREE_SHALLOW: copy only: Depth 0, a folder without its members
 */
typedef enum
{
  SHARE_TREE_DEFAULT = 0,
  SHARE_TREE_OVERWRITE = 1 << 0,
  SHARE_TREE_SHALLOW = 1 << 1,
} ShareTreeFlags;

/**
 * share_make_folder:
 *
 * -EEXIST if anything has that name.
 */
int share_make_folder (Share *share, const char *path);

/**
 * share_remove:
 * @failures: members that could not be removed are added; their parents then stay as well
 *
 * Removes a file, or a folder with all its inside. A link is removed, not followed. What the guest
 * cannot see (hidden names with SHARE_DENY_HIDDEN, another viewer's uploads) is not removed, and
 * its folder stays: -ENOTEMPTY. Gives up between two steps when the share is closed or nobody wants
 * it any more.
 *
 * Returns: 0 if all of it is gone; otherwise an error: with @failures for a 207, without any for a
 *   plain status
 */
int share_remove (Share *share, const char *path, ShareFailures *failures);

/**
 * share_copy:
 * @failures: members that could not be copied are added; or, if that is why the copy is not in
 * place, members of what was at the target that could not be removed
 * @created: (out) (optional): whether the target did not exist before
 *
 * Copies what the guest sees (links that stay inside count as what they lead to) with content,
 * permission bits, and user.* attributes. Built in the staging folder and moved into place, so
 * nobody sees a half.
 *
 * Returns: 0; an error with @failures: the rest is in place, or the rest of what was there is gone
 *   (where a folder cannot be renamed, as in a lower layer of overlayfs); an error without: nothing
 *   was changed
 */
int share_copy (Share *share,
                const char *source,
                const char *target,
                ShareTreeFlags flags,
                ShareFailures *failures,
                gboolean *created);

/**
 * share_move:
 *
 * As share_copy(), by one rename where the file system can: a link is moved as such, and a folder
 * takes all of its inside along. Between file systems by copy and remove; then @failures are
 * members that stayed where they were: such as could not be removed, or (-EAGAIN) are not what was
 * copied, because somebody wrote to them or made them meanwhile.
 */
int share_move (Share *share,
                const char *source,
                const char *target,
                ShareTreeFlags flags,
                ShareFailures *failures,
                gboolean *created);

G_END_DECLS
