/* Opening a share: the one moment at which an absolute path is used.
 *
 * On a thread of its own: the folder may be on a network mount whose server is gone, and GLib's
 * pool for GTask, which the rest of the viewer uses, has few threads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/share.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "share/landlock.h"
#include "share/resolver.h"
#include "share/share-private.h"
#include "share/umask.h"

/* One share_open_async(). */
typedef struct
{
  gatomicrefcount ref_count; /* the task's, the thread's, the cancellable's */
  char *path;
  ShareFlags flags;
  GTask *task; /* until it is answered */
  gulong cancelled_id;
  int answered; /* atomic: by the thread, or by the cancellable */
} ShareOpen;

static void
share_open_unref (gpointer data)
{
  ShareOpen *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_free (self->path);
  g_free (self);
}

static GError *
error_for_errno (const char *path, int error)
{
  g_autofree char *name = g_filename_display_name (path);

  switch (error)
    {
    case ENOENT:
      return g_error_new (SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_NOT_FOUND,
                          _ ("The folder “%s” does not exist. Choose another folder to share."),
                          name);
    case ENOTDIR:
      return g_error_new (SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_NOT_FOLDER,
                          _ ("“%s” is not a folder. Choose a folder to share."), name);
    case EACCES:
    case EPERM:
      return g_error_new (
          SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_NOT_READABLE,
          _ ("You are not allowed to read the folder “%s”. Change its permissions or "
             "choose another folder to share."),
          name);
    default:
      return g_error_new (SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_FAILED,
                          _ ("The folder “%s” cannot be shared: %s. Choose another folder, or try "
                             "again later."),
                          name, g_strerror (error));
    }
}

/* Whether the root can be used, tried and not guessed: listing and entering a folder, reading a
 * file. */
static int
check_readable (int root, const ShareStat *stat)
{
  int fd = stat->type == SHARE_TYPE_FOLDER ? openat (root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                           : resolver_reopen (root, O_RDONLY);

  if (fd < 0)
    return stat->type == SHARE_TYPE_FOLDER ? -errno : fd;
  close (fd);
  if (stat->type == SHARE_TYPE_FOLDER && faccessat (root, ".", R_OK | X_OK, AT_EACCESS) < 0)
    return -errno;
  return 0;
}

static Share *
open_root (const char *path, ShareFlags flags, int *error)
{
  int root = open (path, O_PATH | O_CLOEXEC);
  ShareStat stat;

  *error = root < 0 ? -errno : share_stat_fd (root, &stat);
  if (*error == 0 && stat.type != SHARE_TYPE_FOLDER
      && (stat.type != SHARE_TYPE_FILE || !(flags & SHARE_FILE_ROOT)))
    *error = -ENOTDIR;
  if (*error == 0)
    *error = check_readable (root, &stat);
  if (*error == 0)
    return share_new (path, flags, root, &stat);

  if (root >= 0)
    close (root);
  return NULL;
}

static void
clear_leftovers (gpointer data)
{
  Share *share = data;

  staging_clear_leftovers (share, share->root);
  share_unref (share);
}

/* The task, for the one who may answer it. */
static GTask *
share_open_claim (ShareOpen *self)
{
  if (g_atomic_int_compare_and_exchange (&self->answered, FALSE, TRUE))
    return g_steal_pointer (&self->task);
  return NULL;
}

static gpointer
open_thread (gpointer data)
{
  ShareOpen *self = data;
  int error = 0;
  g_autoptr (Share) share = NULL;
  g_autoptr (GTask) task = NULL;

  umask_load ();
  share = open_root (self->path, self->flags, &error);
  task = share_open_claim (self);
  if (task && !share)
    g_task_return_error (task, error_for_errno (self->path, -error));
  else if (task)
    {
      share_debug ("%s: opened%s, Landlock ABI %d", self->path,
                   share_is_read_only (share) ? " read-only" : "", landlock_get_abi ());
      if (!share_is_read_only (share)
          && !file_pool_push (share->pool, FILE_JOB_LONG, clear_leftovers,
                              (GDestroyNotify)share_unref, share_ref (share)))
        share_unref (share);
      g_task_return_pointer (task, g_steal_pointer (&share), (GDestroyNotify)share_unref);
    }
  share_open_unref (self);
  return NULL;
}

static void
open_cancelled (GCancellable *cancellable, gpointer data)
{
  g_autoptr (GTask) task = share_open_claim (data);

  if (task)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s", g_strerror (ECANCELED));
}

void
share_open_async (const char *path,
                  ShareFlags flags,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  ShareOpen *self = g_new0 (ShareOpen, 1);
  GThread *thread;

  g_task_set_source_tag (task, share_open_async);
  /* @answered decides; a share that was cancelled after its answer is closed by finish(). */
  g_task_set_check_cancellable (task, FALSE);
  g_atomic_ref_count_init (&self->ref_count);
  self->path = g_strdup (path);
  self->flags = flags;
  self->task = g_object_ref (task);
  g_task_set_task_data (task, self, share_open_unref);

  if (cancellable)
    {
      g_atomic_ref_count_inc (&self->ref_count);
      self->cancelled_id = g_cancellable_connect (cancellable, G_CALLBACK (open_cancelled), self,
                                                  share_open_unref);
    }

  g_atomic_ref_count_inc (&self->ref_count);
  thread = g_thread_try_new ("spice-share-open", open_thread, self, NULL);
  if (thread)
    {
      g_thread_unref (thread);
      return;
    }
  g_clear_object (&task);
  task = share_open_claim (self);
  if (task)
    g_task_return_error (task, error_for_errno (path, EAGAIN));
  share_open_unref (self);
}

Share *
share_open_finish (GAsyncResult *result, GError **error)
{
  ShareOpen *self = g_task_get_task_data (G_TASK (result));
  GCancellable *cancellable = g_task_get_cancellable (G_TASK (result));
  g_autoptr (Share) share = NULL;
  g_autoptr (GError) failure = NULL;

  if (cancellable)
    g_clear_signal_handler (&self->cancelled_id, cancellable);
  share = g_task_propagate_pointer (G_TASK (result), &failure);

  /* Cancelled while the answer, of either kind, was on its way to the caller, who may be gone or
   * want another one. */
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    {
      if (share)
        share_close (share);
      return NULL;
    }
  if (failure)
    g_propagate_error (error, g_steal_pointer (&failure));
  return g_steal_pointer (&share);
}
