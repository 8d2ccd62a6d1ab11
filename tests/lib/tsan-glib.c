/* tsan-glib.c - what GLib orders between threads, told to ThreadSanitizer
 *
 * The distribution's GLib is not built with -fsanitize=thread: it takes its locks by futex and
 * hands sources and references over by atomic operations that ThreadSanitizer does not see, so that
 * all of it would be reported. This is linked into the tests of a build with -Db_sanitize=thread,
 * and stands before GLib's own functions: locks and conditions are pthread's, as in GLib where
 * there are no futexes; what GLib keeps to itself is done by GLib and told to ThreadSanitizer
 * besides. No more is told than what the documentation of GLib promises, so that a race of ours
 * remains one.
 *
 * libglib binds its own calls to itself, so none of its own locks comes here; those of libgobject,
 * libgio, libsoup and libspice-client-glib do, as ours do. Sources are in tsan-glib-sources.c.
 *
 * Documents: GLib 2.74 Reference Manual (Threads, Reference Counting, Byte Arrays, File Utilities),
 * the interface of ThreadSanitizer (sanitizer/tsan_interface.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsan-glib.h"

#include <errno.h>
#include <glib-object.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>
#include <string.h>
#include <unistd.h>

/* Options and suppressions */

const char *__tsan_default_options (void);
const char *__tsan_default_suppressions (void);

INSTEAD const char *
__tsan_default_options (void)
{
  return "second_deadlock_stack=1:history_size=4";
}

INSTEAD const char *
__tsan_default_suppressions (void)
{
  return "called_from_lib:libglib-2.0.so.0\n"
         "called_from_lib:libfontconfig.so.1\n"; /* tells others' threads of fonts */
}

/* Locks */

static pthread_mutex_t *
mutex_of (GMutex *mutex)
{
  pthread_mutex_t *lock = __atomic_load_n (&mutex->p, __ATOMIC_ACQUIRE);
  gpointer none = NULL;

  if (lock != NULL)
    return lock;
  lock = check_memory (malloc (sizeof *lock));
  pthread_mutex_init (lock, NULL);
  if (__atomic_compare_exchange_n (&mutex->p, &none, lock, FALSE, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE))
    return lock;
  pthread_mutex_destroy (lock);
  free (lock);
  return none;
}

INSTEAD void
g_mutex_init (GMutex *mutex)
{
  mutex->p = NULL;
}

/* GIO counts the references of what is not an object (GDBusWorker) by atomic operations of its own,
 * and the last one to drop one clears the lock that others have had. Only there is a lock that is
 * cleared taken first: who clears one of ours has to be ordered after those that had it. Nobody
 * has it any more, and no order of locks follows from trying. */
static gboolean
is_in_gio (const void *address)
{
  Dl_info info;

  return dladdr (address, &info) != 0 && strstr (info.dli_fname, "/libgio-2.0.so") != NULL;
}

INSTEAD void
g_mutex_clear (GMutex *mutex)
{
  pthread_mutex_t *lock = __atomic_load_n (&mutex->p, __ATOMIC_ACQUIRE);

  if (lock == NULL)
    return;
  if (is_in_gio (__builtin_return_address (0)) && pthread_mutex_trylock (lock) == 0)
    pthread_mutex_unlock (lock);
  pthread_mutex_destroy (lock);
  free (lock);
  mutex->p = NULL;
}

INSTEAD void
g_mutex_lock (GMutex *mutex)
{
  if (pthread_mutex_lock (mutex_of (mutex)) != 0)
    abort ();
}

INSTEAD gboolean
g_mutex_trylock (GMutex *mutex)
{
  return pthread_mutex_trylock (mutex_of (mutex)) == 0;
}

INSTEAD void
g_mutex_unlock (GMutex *mutex)
{
  if (pthread_mutex_unlock (mutex_of (mutex)) != 0)
    abort ();
}

/* Conditions; a time is one of g_get_monotonic_time(). */

static pthread_cond_t *
cond_of (GCond *cond)
{
  pthread_cond_t *condition = __atomic_load_n (&cond->p, __ATOMIC_ACQUIRE);
  gpointer none = NULL;
  pthread_condattr_t attributes;

  if (condition != NULL)
    return condition;
  condition = check_memory (malloc (sizeof *condition));
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (condition, &attributes);
  pthread_condattr_destroy (&attributes);
  if (__atomic_compare_exchange_n (&cond->p, &none, condition, FALSE, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE))
    return condition;
  pthread_cond_destroy (condition);
  free (condition);
  return none;
}

INSTEAD void
g_cond_init (GCond *cond)
{
  cond->p = NULL;
}

INSTEAD void
g_cond_clear (GCond *cond)
{
  if (cond->p == NULL)
    return;
  pthread_cond_destroy (cond->p);
  free (cond->p);
  cond->p = NULL;
}

INSTEAD void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  if (pthread_cond_wait (cond_of (cond), mutex_of (mutex)) != 0)
    abort ();
}

INSTEAD gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  struct timespec end
      = { .tv_sec = end_time / G_USEC_PER_SEC, .tv_nsec = end_time % G_USEC_PER_SEC * 1000 };
  int error = pthread_cond_timedwait (cond_of (cond), mutex_of (mutex), &end);

  if (error != 0 && error != ETIMEDOUT)
    abort ();
  return error == 0;
}

INSTEAD void
g_cond_signal (GCond *cond)
{
  pthread_cond_signal (cond_of (cond));
}

INSTEAD void
g_cond_broadcast (GCond *cond)
{
  pthread_cond_broadcast (cond_of (cond));
}

/* Once. The fast way is a macro that loads the location atomically; so it has to be stored here. */

static pthread_mutex_t once_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t once_done = PTHREAD_COND_INITIALIZER;
static GSList *once_under_way;

gboolean (g_once_init_enter) (volatile void *location);
void (g_once_init_leave) (volatile void *location, gsize result);

INSTEAD
gboolean (g_once_init_enter) (volatile void *location)
{
  gsize *value = (gsize *)location;
  gboolean ours = FALSE;

  pthread_mutex_lock (&once_lock);
  while (__atomic_load_n (value, __ATOMIC_ACQUIRE) == 0 && !ours)
    if (g_slist_find (once_under_way, value) != NULL)
      pthread_cond_wait (&once_done, &once_lock);
    else
      {
        once_under_way = g_slist_prepend (once_under_way, value);
        ours = TRUE;
      }
  pthread_mutex_unlock (&once_lock);
  return ours;
}

INSTEAD void (g_once_init_leave) (volatile void *location, gsize result)
{
  gsize *value = (gsize *)location;

  pthread_mutex_lock (&once_lock);
  __atomic_store_n (value, result, __ATOMIC_RELEASE);
  once_under_way = g_slist_remove (once_under_way, value);
  pthread_cond_broadcast (&once_done);
  pthread_mutex_unlock (&once_lock);
}

/* Pools of threads, which GTask uses: what is done before g_thread_pool_push() is done before the
 * function gets it, and all of them are over when the pool is. */

typedef struct
{
  GFunc func;
  gpointer user_data;
} PoolFunction;

static void
pool_function (gpointer data, gpointer user_data)
{
  PoolFunction *self = user_data;

  __tsan_acquire (data);
  self->func (data, self->user_data);
  __tsan_release (self);
}

INSTEAD GThreadPool *
g_thread_pool_new (GFunc func,
                   gpointer user_data,
                   gint max_threads,
                   gboolean exclusive,
                   GError **error)
{
  PoolFunction *self = check_memory (malloc (sizeof *self));

  *self = (PoolFunction){ func, user_data };
  return NEXT (g_thread_pool_new) (pool_function, self, max_threads, exclusive, error);
}

INSTEAD gboolean
g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error)
{
  __tsan_release (data);
  return NEXT (g_thread_pool_push) (pool, data, error);
}

INSTEAD void
g_thread_pool_free (GThreadPool *pool, gboolean immediate, gboolean wait)
{
  gpointer function = pool->user_data;

  NEXT (g_thread_pool_free) (pool, immediate, wait);
  if (!wait)
    return; /* it may still be called */
  __tsan_acquire (function);
  free (function);
}

/* Memory: GLib's own is its own business, see the suppressions; what others free is freed here. */
INSTEAD void (g_free) (gpointer memory) { free (memory); }

/* Files: what libglib closes is not looked at, and the descriptor's number would still be the old
 * file's when the kernel gives it to another thread. */
INSTEAD
gboolean (g_close) (gint fd, GError **error)
{
  int code;

  if (close (fd) == 0 || errno == EINTR)
    return TRUE;
  code = errno;
  g_set_error_literal (error, G_FILE_ERROR, g_file_error_from_errno (code), g_strerror (code));
  errno = code;
  return FALSE;
}

/* References: who drops one has done with the object before the last one is dropped. */

INSTEAD void (g_atomic_ref_count_inc) (gatomicrefcount *count)
{
  __atomic_fetch_add (count, 1, __ATOMIC_RELAXED);
}

INSTEAD
gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  return __atomic_fetch_sub (count, 1, __ATOMIC_ACQ_REL) == 1;
}

INSTEAD void
g_object_unref (gpointer object)
{
  __tsan_release (object);
  __tsan_acquire (object);
  NEXT (g_object_unref) (object);
}

typedef struct
{
  GBytes *bytes;
  GDestroyNotify free_func;
  gpointer user_data;
} BytesFree;

static void
bytes_free (gpointer data)
{
  BytesFree *self = data;

  __tsan_acquire (self);
  __tsan_acquire (self->bytes);
  self->free_func (self->user_data);
  free (self);
}

INSTEAD GBytes *
g_bytes_new_with_free_func (gconstpointer data,
                            gsize size,
                            GDestroyNotify free_func,
                            gpointer user_data)
{
  BytesFree *self;

  if (free_func == NULL)
    return NEXT (g_bytes_new_with_free_func) (data, size, NULL, NULL);
  self = check_memory (malloc (sizeof *self));
  *self = (BytesFree){ NULL, free_func, user_data };
  self->bytes = NEXT (g_bytes_new_with_free_func) (data, size, bytes_free, self);
  __tsan_release (self);
  return self->bytes;
}

INSTEAD void
g_bytes_unref (GBytes *bytes)
{
  if (bytes == NULL)
    return;
  __tsan_release (bytes);
  NEXT (g_bytes_unref) (bytes);
}
