/* A share: one folder of the host, its flags, and the threads that may touch it.
 *
 * Every file system call happens in a job on the share's own pool (file-pool.h), whose threads are
 * confined to the folder by Landlock where the kernel has it, and every path goes through one
 * resolver (resolver.h). Nothing here knows of HTTP.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ShareFlags:
 * @SHARE_READ_ONLY: nothing in the folder may change
 * @SHARE_DENY_SYMLINKS: no symbolic link is followed (default: relative ones that stay inside)
 * @SHARE_DENY_HIDDEN: names that begin with a dot do not exist for the guest
 * @SHARE_FILE_ROOT: the root may be a regular file (file clipboard); without it a file is refused
 *   as SPICE_SHARE_ERROR_NOT_FOLDER
 */
typedef enum
{
  SHARE_READ_ONLY = 1 << 0,
  SHARE_DENY_SYMLINKS = 1 << 1,
  SHARE_DENY_HIDDEN = 1 << 2,
  SHARE_FILE_ROOT = 1 << 3,
} ShareFlags;

typedef struct _Share Share;

/**
 * share_open_async:
 * @path: (type filename): absolute path of a folder (with SHARE_FILE_ROOT: or of a regular file,
 *   which is then the root itself and has the share-relative path "")
 *
 * Opens the root on a thread of its own (a dead network mount blocks only that thread). The
 * callback comes in the caller's thread-default main context; after @cancellable at once, whatever
 * that thread does. Errors are SPICE_SHARE_ERROR with a translated sentence that names the folder,
 * or G_IO_ERROR_CANCELLED.
 */
void share_open_async (const char *path,
                       ShareFlags flags,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);

/**
 * share_open_finish:
 *
 * Returns: (transfer full) (nullable): an open share; share_close() and share_unref() end it
 */
Share *share_open_finish (GAsyncResult *result, GError **error);

/**
 * share_ref:
 *
 * Any thread, as share_unref().
 *
 * Returns: (transfer full): @self
 */
Share *share_ref (Share *self);
void share_unref (Share *self);

/**
 * share_get_path:
 *
 * Returns: (transfer none) (type filename): as it was given to share_open_async(). Any thread
 */
const char *share_get_path (Share *self);

/**
 * share_is_read_only:
 *
 * Whether nothing may be changed: SHARE_READ_ONLY, or the root is a single file. Any thread.
 */
gboolean share_is_read_only (Share *self);

/**
 * share_close:
 *
 * No job begins any more: those that wait, and those of a later share_run(), are not run, and their
 * #ShareDone says so. Those that run see share_is_closed() and give up at the next step. Never
 * waits. Clears our temporary files when the last job has ended.
 */
void share_close (Share *self);
gboolean share_is_closed (Share *self); /* any thread */

/**
 * share_is_confined:
 *
 * Whether Landlock confines the threads of this share; known after the first job. Any thread.
 */
gboolean share_is_confined (Share *self);

/**
 * ShareJob:
 *
 * Runs in a thread of the pool that is confined to the share: raw system calls and the resolver
 * only (DESIGN P9); no GIO, no g_content_type_*, no thread creation, no translation.
 *
 * What a job may call: stat.h, file.h, folder.h, upload.h, tree.h, xattr.h. All of them return 0 or
 * a count, or a negative errno. Paths are share-relative bytes as resolver.h describes them.
 */
typedef void (*ShareJob) (Share *self, gpointer data);

/**
 * ShareRunFlags:
 * @SHARE_RUN_LONG: takes as long as there is to copy or to remove; FILE_POOL_MAX_LONG of these run
 *   at a time, so that others need not wait for them
 */
typedef enum
{
  SHARE_RUN_LONG = 1 << 0,
} ShareRunFlags;

/**
 * ShareDone:
 * @ran: %FALSE if the job was not run: the share was closed before it began, nobody wanted it any
 *   more, or FILE_POOL_MAX_QUEUED jobs of this share wait already
 *
 * Runs in the thread-default main context of the caller of share_run(), never from inside that
 * call. Always called, exactly once, as long as that context is iterated.
 */
typedef void (*ShareDone) (Share *self, gboolean ran, gpointer data);

/**
 * share_run:
 * @job: what to do in a thread of the pool
 * @done: what to do here afterwards
 * @unwanted: (nullable): (atomic) set by whoever asks once the result is of no use any more: the
 *   job is then not begun, and one that is under way ends where that does no harm (tree.h). Stays
 *   until @done
 * @data: (transfer none): for both: @job has it to itself until it returns, then it is @done's,
 * which is also where to free it
 *
 * Any thread that iterates its thread-default main context. The share is kept until @done has
 * returned.
 */
void share_run (Share *self,
                ShareRunFlags flags,
                const gint *unwanted,
                ShareJob job,
                ShareDone done,
                gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Share, share_unref)

G_END_DECLS
