/* The threads of one share; see file-pool.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/file-pool.h"

#include <pthread.h>
#include <signal.h>

typedef struct
{
  GDestroyNotify work;
  GDestroyNotify drop; /* NULL: a release, which is never dropped */
  gpointer data;
  FileJobKind kind;
  guint64 number; /* which came first */
} FileJob;

struct _FilePool
{
  gatomicrefcount ref_count; /* the owner's, and one a thread */
  FilePoolHooks hooks;
  gpointer user_data;

  GMutex lock; /* never held across a system call on files */
  GCond cond;
  GQueue jobs;      /* FileJob of FILE_JOB_SHORT, with the next at most FILE_POOL_MAX_QUEUED */
  GQueue long_jobs; /* FileJob of FILE_JOB_LONG */
  GQueue releases;  /* FileJob */
  guint64 n_jobs;   /* ever queued */
  guint n_threads;
  guint n_waiting; /* threads without a job */
  guint n_running; /* jobs, hooks, and threads that have not called enter yet */
  guint n_long;    /* of them, FILE_JOB_LONG */
  gboolean tidy;   /* idle was called since the last job */
  gboolean closed;
  gboolean finished; /* last was called */
};

FilePool *
file_pool_new (const FilePoolHooks *hooks, gpointer user_data)
{
  FilePool *self = g_new0 (FilePool, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->hooks = *hooks;
  self->user_data = user_data;
  self->tidy = TRUE;
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->jobs);
  g_queue_init (&self->long_jobs);
  g_queue_init (&self->releases);
  return self;
}

void
file_pool_unref (FilePool *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_assert (self->jobs.length == 0 && self->long_jobs.length == 0 && self->releases.length == 0
            && self->n_threads == 0);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  g_free (self);
}

/* The viewer's signal handlers belong to the viewer's threads; and a write over RLIMIT_FSIZE shall
 * be EFBIG here, not the end of the process. What a fault raises stays deliverable. */
static void
block_signals (void)
{
  sigset_t set;

  sigfillset (&set);
  sigdelset (&set, SIGSEGV);
  sigdelset (&set, SIGBUS);
  sigdelset (&set, SIGILL);
  sigdelset (&set, SIGFPE);
  sigdelset (&set, SIGABRT);
  pthread_sigmask (SIG_BLOCK, &set, NULL);
}

/* Called with the lock, which is let go of meanwhile. */
static void
run_hook (FilePool *self, void (*hook) (gpointer))
{
  self->n_running++;
  g_mutex_unlock (&self->lock);
  hook (self->user_data);
  g_mutex_lock (&self->lock);
  self->n_running--;
}

/* What a thread is to do next: of the jobs that may begin the one that came first. Called with the
 * lock. */
static FileJob *
take_job (FilePool *self)
{
  FileJob *release = g_queue_pop_head (&self->releases);
  FileJob *job = g_queue_peek_head (&self->jobs);
  FileJob *long_job
      = self->n_long < FILE_POOL_MAX_LONG ? g_queue_peek_head (&self->long_jobs) : NULL;

  if (release)
    return release;
  if (long_job && (!job || long_job->number < job->number))
    return g_queue_pop_head (&self->long_jobs);
  return g_queue_pop_head (&self->jobs);
}

/* Called with the lock, which is let go of meanwhile. */
static void
run_job (FilePool *self, FileJob *job)
{
  gboolean is_long = job->kind == FILE_JOB_LONG;

  self->tidy = FALSE;
  self->n_running++;
  self->n_long += is_long;
  g_mutex_unlock (&self->lock);
  job->work (job->data);
  g_free (job);
  g_mutex_lock (&self->lock);
  self->n_long -= is_long;
  self->n_running--;
}

/* Called with the lock. Waits for something to do; tidies up after a while without. */
static void
wait_for_job (FilePool *self)
{
  gint64 deadline = g_get_monotonic_time () + FILE_POOL_IDLE_SECONDS * G_TIME_SPAN_SECOND;

  self->n_waiting++;
  if (self->tidy || self->n_running > 0)
    g_cond_wait (&self->cond, &self->lock);
  else if (!g_cond_wait_until (&self->cond, &self->lock, deadline) && !self->closed && !self->tidy
           && self->n_running == 0)
    {
      self->tidy = TRUE;
      self->n_waiting--;
      run_hook (self, self->hooks.idle);
      return;
    }
  self->n_waiting--;
}

static gpointer
pool_thread (gpointer data)
{
  FilePool *self = data;

  block_signals ();
  self->hooks.enter (self->user_data);

  g_mutex_lock (&self->lock);
  self->n_running--;
  while (!self->finished)
    {
      FileJob *job = take_job (self);

      if (job)
        run_job (self, job);
      else if (self->closed && self->n_running == 0)
        {
          self->finished = TRUE;
          run_hook (self, self->hooks.last);
        }
      else
        wait_for_job (self);
    }
  self->n_threads--;
  /* The others are to see that it is finished. */
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  file_pool_unref (self);
  return NULL;
}

/* Called with the lock: sees to it that there is a thread for the job that was just queued. One
 * that waits is to be woken when the lock is let go of, or it would only wait for that. */
static void
provide_thread (FilePool *self)
{
  guint n_ready = self->jobs.length + self->releases.length
                  + MIN (self->long_jobs.length, FILE_POOL_MAX_LONG - self->n_long);
  GThread *thread;

  /* A waiting thread that was woken for an earlier job is no longer free. */
  if (n_ready <= self->n_waiting || self->n_threads == FILE_POOL_THREADS)
    return;
  g_atomic_ref_count_inc (&self->ref_count);
  thread = g_thread_try_new ("spice-share-io", pool_thread, self, NULL);
  if (!thread)
    {
      g_atomic_ref_count_dec (&self->ref_count);
      return;
    }
  self->n_threads++;
  self->n_running++;
  g_thread_unref (thread);
}

static FileJob *
file_job_new (FileJobKind kind, GDestroyNotify work, GDestroyNotify drop, gpointer data)
{
  FileJob *job = g_new0 (FileJob, 1);

  job->kind = kind;
  job->work = work;
  job->drop = drop;
  job->data = data;
  return job;
}

/* Called with the lock.
 *
 * Returns: (transfer none) (nullable): the queue it was put at the end of */
static GQueue *
queue_job (FilePool *self,
           FileJobKind kind,
           GDestroyNotify work,
           GDestroyNotify drop,
           gpointer data)
{
  GQueue *queue = kind == FILE_JOB_LONG ? &self->long_jobs : &self->jobs;
  FileJob *job;

  if (self->closed || self->jobs.length + self->long_jobs.length >= FILE_POOL_MAX_QUEUED)
    return NULL;
  job = file_job_new (kind, work, drop, data);
  job->number = self->n_jobs++;
  g_queue_push_tail (queue, job);
  return queue;
}

gboolean
file_pool_push (FilePool *self,
                FileJobKind kind,
                GDestroyNotify work,
                GDestroyNotify drop,
                gpointer data)
{
  GQueue *queue;

  g_mutex_lock (&self->lock);
  queue = queue_job (self, kind, work, drop, data);
  if (queue)
    {
      provide_thread (self);
      if (self->n_threads == 0)
        {
          /* The process has no more threads: nobody would ever come. */
          g_free (g_queue_pop_tail (queue));
          queue = NULL;
        }
    }
  g_mutex_unlock (&self->lock);
  if (queue)
    g_cond_signal (&self->cond);
  return queue != NULL;
}

gboolean
file_pool_push_from_job (FilePool *self,
                         FileJobKind kind,
                         GDestroyNotify work,
                         GDestroyNotify drop,
                         gpointer data)
{
  gboolean queued;

  g_mutex_lock (&self->lock);
  queued = queue_job (self, kind, work, drop, data) != NULL;
  g_mutex_unlock (&self->lock);
  if (queued)
    g_cond_signal (&self->cond);
  return queued;
}

gboolean
file_pool_push_release (FilePool *self, GDestroyNotify work, gpointer data)
{
  gboolean queued;

  g_mutex_lock (&self->lock);
  queued = !self->finished && self->n_threads > 0;
  if (queued)
    {
      g_queue_push_tail (&self->releases, file_job_new (FILE_JOB_SHORT, work, NULL, data));
      provide_thread (self);
    }
  g_mutex_unlock (&self->lock);
  if (queued)
    g_cond_signal (&self->cond);
  return queued;
}

gboolean
file_pool_close (FilePool *self)
{
  GQueue dropped[2];
  gboolean last;
  FileJob *job;

  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  dropped[0] = self->jobs;
  dropped[1] = self->long_jobs;
  g_queue_init (&self->jobs);
  g_queue_init (&self->long_jobs);
  last = self->n_threads > 0 && !self->finished;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);

  for (guint i = 0; i < G_N_ELEMENTS (dropped); i++)
    while ((job = g_queue_pop_head (&dropped[i])))
      {
        job->drop (job->data);
        g_free (job);
      }
  return last;
}
