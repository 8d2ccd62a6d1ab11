/* New content of a file, written beside and moved into place when it is complete.
 *
 * The content goes to a file with a random name in the share's staging folder (staging.h) and
 * reaches its target by one rename, so that a reader sees the old file or the new one, and an
 * upload that ends early, or a full disk, leaves the old one untouched. The file is closed, and its
 * close checked, before the rename: network file systems report a full disk there.
 *
 * No fsync: after a crash of the host the last seconds may be missing, as with any program (4 KiB
 * over 4 KiB: 0.19 ms without, 0.95 ms with it, on a fast disk). But the old content shall not be
 * gone before the new one is there: ext4 (auto_da_alloc) and btrfs begin to write out what is
 * renamed over a file, but not for an exchange of names, and XFS never. So that is begun here,
 * which costs nothing: ext4 then commits the rename after the data, and the others most likely do.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#include "share/stat.h"

G_BEGIN_DECLS

typedef struct _ShareUpload ShareUpload;

/**
 * ShareUploadFlags:
 * @SHARE_UPLOAD_NO_REPLACE: only as a new file (If-None-Match: *): -EEXIST if there is one, checked
 *   by the file system at the moment of the rename
 * @SHARE_UPLOAD_ONLY_REPLACE: only in the place of a file: -ENOENT if there is none, -ESTALE if it
 *   goes, or becomes another version, while it is being replaced
 */
typedef enum
{
  SHARE_UPLOAD_DEFAULT = 0,
  SHARE_UPLOAD_NO_REPLACE = 1 << 0,
  SHARE_UPLOAD_ONLY_REPLACE = 1 << 1,
} ShareUploadFlags;

/**
 * share_upload_begin:
 * @path: the target; where it is a link inside the share, what it leads to
 * @upload: (out) (transfer full):
 *
 * Checks what can be checked before the first byte: -EROFS on a read-only share, -ENOTDIR if the
 * parent is missing or no folder, -EISDIR for a folder, -EACCES for a target the guest cannot see,
 * a reserved or hidden name, or a file its owner made read-only, -EBUSY for the root. In a
 * ShareJob.
 */
int share_upload_begin (Share *share, const char *path, ShareUpload **upload);

/**
 * share_upload_write:
 *
 * Appends all of it. In a ShareJob; one job at a time.
 *
 * Returns: 0 or a negative errno (-ENOSPC, -EDQUOT, -EFBIG, -EIO, …); after an error only free it
 */
int share_upload_write (ShareUpload *self, const void *data, gsize size);

/**
 * share_upload_commit:
 * @expected: (nullable): the target as it was when the request's conditions were checked: if it is
 *   another version by now (share_stat_same_version()), or gone, -ESTALE and nothing is changed.
 *   Compare and swap as far as Linux can: checked before, and where the file system exchanges two
 *   names in one step, checked again on what was swapped out, and swapped back.
 * @result: (out caller-allocates) (optional): the new file
 * @created: (out) (optional): whether there was none before
 *
 * Moves the content into place. -ENOTDIR if that is no longer where the path leads: if the folder
 * was renamed, say, which the answer could not tell, nor whoever asked whether this may be done.
 *
 * A new file has mode 0666 less the umask, or what the folder's
 * default access control list says; one that was there hands down its permission bits (not
 * set-user-id and the like) or its access control list, its group where possible and its user.*
 * attributes. After an error the target is as it was. Either way only share_upload_free() is left.
 * In a ShareJob.
 */
int share_upload_commit (ShareUpload *self,
                         ShareUploadFlags flags,
                         const ShareStat *expected,
                         ShareStat *result,
                         gboolean *created);

/**
 * share_upload_free:
 *
 * Without a commit: abandons it and removes the temporary file. Any thread, share open or closed:
 * never waits, the pool does it. No job may be using it.
 */
void share_upload_free (ShareUpload *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ShareUpload, share_upload_free)

G_END_DECLS
