/* A share: one folder of the host, its flags, its threads; see share.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/share.h"

#include <unistd.h>

#include "share/landlock.h"
#include "share/share-handle.h"
#include "share/share-private.h"

/* One share_run(). */
typedef struct
{
  Share *share;
  const gint *unwanted; /* (atomic) (nullable) */
  ShareJob job;
  ShareDone done;
  gpointer data;
  GMainContext *context;
  gboolean ran;
} ShareRun;

static void
enter_thread (gpointer user_data)
{
  Share *self = user_data;

  /* Not logged here: a confined thread that asks for the local time spoils it for the process. */
  if (landlock_confine_thread (self->root, self->root_stat.type == SHARE_TYPE_FOLDER,
                               share_is_read_only (self)))
    g_atomic_int_set (&self->confined, TRUE);
}

static void
tidy_up (gpointer user_data)
{
  staging_remove_unused (user_data);
}

static void
last_job_ended (gpointer user_data)
{
  Share *self = user_data;

  share_handle_release_all (self);
  staging_remove_unused (self);
  share_unref (self); /* share_close() */
}

Share *
share_new (const char *path, ShareFlags flags, int root, const ShareStat *root_stat)
{
  static const FilePoolHooks hooks
      = { .enter = enter_thread, .idle = tidy_up, .last = last_job_ended };
  Share *self = g_new0 (Share, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->path = g_strdup (path);
  self->flags = flags;
  self->root = root;
  self->root_stat = *root_stat;
  self->pool = file_pool_new (&hooks, self);
  g_mutex_init (&self->lock);
  g_queue_init (&self->handles);
  g_mutex_init (&self->staging_lock);
  g_cond_init (&self->staging_cond);
  g_queue_init (&self->staging);
  g_mutex_init (&self->claims_lock);
  g_cond_init (&self->claims_cond);
  g_queue_init (&self->claims);
  return self;
}

static void
share_free (Share *self)
{
  g_assert (self->handles.length == 0 && self->staging.length == 0 && self->claims.length == 0);
  file_pool_unref (self->pool);
  close (self->root); /* O_PATH: the file system is not asked */
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->staging_lock);
  g_cond_clear (&self->staging_cond);
  g_mutex_clear (&self->claims_lock);
  g_cond_clear (&self->claims_cond);
  g_free (self->path);
  g_free (self);
}

Share *
share_ref (Share *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
share_unref (Share *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  if (share_is_closed (self))
    {
      share_free (self);
      return;
    }
  /* Nobody else knows of it any more: this thread has it for itself until it is closed. */
  g_atomic_ref_count_init (&self->ref_count);
  share_close (self);
  share_unref (self);
}

const char *
share_get_path (Share *self)
{
  return self->path;
}

gboolean
share_is_read_only (Share *self)
{
  return (self->flags & SHARE_READ_ONLY) || self->root_stat.type != SHARE_TYPE_FOLDER;
}

gboolean
share_is_confined (Share *self)
{
  return g_atomic_int_get (&self->confined);
}

gboolean
share_is_closed (Share *self)
{
  return g_atomic_int_get (&self->closed);
}

void
share_close (Share *self)
{
  if (!g_atomic_int_compare_and_exchange (&self->closed, FALSE, TRUE))
    return;

  share_ref (self); /* last_job_ended() */
  if (!file_pool_close (self->pool))
    share_unref (self);
}

static void
share_run_free (gpointer data)
{
  ShareRun *run = data;

  share_unref (run->share);
  g_main_context_unref (run->context);
  g_free (run);
}

static gboolean
share_run_done (gpointer data)
{
  ShareRun *run = data;

  run->done (run->share, run->ran, run->data);
  return G_SOURCE_REMOVE;
}

/* Not g_main_context_invoke(): it would call back right here if the context's owner happened not to
 * be iterating it. Once attached, the run may be over and its context gone before this thread gets
 * any further, and GLib looks at the context when the source is let go of: so it is kept till then.
 */
static void
share_run_post (ShareRun *run)
{
  g_autoptr (GMainContext) context = g_main_context_ref (run->context);
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "spice-share file job done");
  g_source_set_callback (source, share_run_done, run, share_run_free);
  g_source_attach (source, context);
}

/* The job this thread is in. */
static __thread const ShareRun *current_run;

gboolean
share_is_in_job (Share *self)
{
  return current_run && current_run->share == self;
}

static gboolean
share_run_is_unwanted (const ShareRun *run)
{
  return share_is_closed (run->share) || (run->unwanted && g_atomic_int_get (run->unwanted));
}

gboolean
share_job_is_unwanted (Share *self)
{
  return share_is_in_job (self) ? share_run_is_unwanted (current_run) : share_is_closed (self);
}

static void
share_run_work (gpointer data)
{
  ShareRun *run = data;

  run->ran = !share_run_is_unwanted (run);
  if (run->ran)
    {
      current_run = run;
      run->job (run->share, run->data);
      current_run = NULL;
    }
  share_run_post (run);
}

static void
share_run_drop (gpointer data)
{
  share_run_post (data);
}

void
share_run (Share *self,
           ShareRunFlags flags,
           const gint *unwanted,
           ShareJob job,
           ShareDone done,
           gpointer data)
{
  FileJobKind kind = flags & SHARE_RUN_LONG ? FILE_JOB_LONG : FILE_JOB_SHORT;
  ShareRun *run = g_new0 (ShareRun, 1);

  run->share = share_ref (self);
  run->unwanted = unwanted;
  run->job = job;
  run->done = done;
  run->data = data;
  run->context = g_main_context_ref_thread_default ();
  if (!file_pool_push (self->pool, kind, share_run_work, share_run_drop, run))
    share_run_post (run);
}
