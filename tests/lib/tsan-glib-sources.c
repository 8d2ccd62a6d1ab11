/* tsan-glib-sources.c - what GLib's sources order between threads, told to ThreadSanitizer
 *
 * See tsan-glib.c. What is done before g_source_attach(), g_main_context_invoke() or g_idle_add()
 * is done before the source is looked at, or its callback called, by the thread of the context; and
 * a source or callback is over before what it was given is freed. Nothing is told of
 * g_source_set_ready_time(), g_main_context_wakeup() and the like: who hands something over by them
 * has a lock for it.
 *
 * Sources of GLib's own kinds are made inside libglib, where nothing is seen: with these, the
 * callback is wrapped (and g_idle_remove_by_data() does not find it; spice-gtk calls it for what it
 * no longer adds). Those of all others (GIO, libsoup, spice-gtk, ours) come by g_source_new(),
 * and have their functions wrapped.
 *
 * Documents: GLib 2.74 Reference Manual (The Main Event Loop), the interface of ThreadSanitizer
 * (sanitizer/tsan_interface.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tsan-glib.h"

#include <glib-unix.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>

/* Callbacks of GLib's own kinds */

typedef struct
{
  gpointer attached; /* what is released when the callback's source is attached */
  GSourceFunc callback;
  gpointer data;
  GDestroyNotify notify;
} Callback;

static Callback *
callback_new (gpointer attached, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  Callback *self = check_memory (malloc (sizeof *self));

  *self = (Callback){ attached != NULL ? attached : self, func, data, notify };
  __tsan_release (self);
  __tsan_release (self->attached);
  return self;
}

static void
callback_free (gpointer data)
{
  Callback *self = data;

  __tsan_acquire (self);
  if (self->notify != NULL)
    self->notify (self->data);
  free (self);
}

static void
callback_begin (Callback *self)
{
  __tsan_acquire (self);
  __tsan_acquire (self->attached);
}

static gboolean
call_back (gpointer data)
{
  Callback *self = data;
  gboolean again;

  callback_begin (self);
  again = self->callback (self->data);
  __tsan_release (self);
  return again;
}

static void
child_ended (GPid pid, int status, gpointer data)
{
  Callback *self = data;

  callback_begin (self);
  ((GChildWatchFunc)(void (*) (void))self->callback) (pid, status, self->data);
  __tsan_release (self);
}

static gboolean
fd_ready (int fd, GIOCondition condition, gpointer data)
{
  Callback *self = data;
  gboolean again;

  callback_begin (self);
  again = ((GUnixFDSourceFunc)(void (*) (void))self->callback) (fd, condition, self->data);
  __tsan_release (self);
  return again;
}

static gboolean
io_ready (GIOChannel *channel, GIOCondition condition, gpointer data)
{
  Callback *self = data;
  gboolean again;

  callback_begin (self);
  again = ((GIOFunc)(void (*) (void))self->callback) (channel, condition, self->data);
  __tsan_release (self);
  return again;
}

INSTEAD void
g_source_set_callback (GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  const GSourceFuncs *kind = source->source_funcs;
  GSourceFunc instead = NULL;

  __tsan_release (source);
  if (kind == &g_idle_funcs || kind == &g_timeout_funcs || kind == &g_unix_signal_funcs)
    instead = call_back;
  else if (kind == &g_child_watch_funcs)
    instead = G_SOURCE_FUNC (child_ended);
  else if (kind == &g_unix_fd_source_funcs)
    instead = G_SOURCE_FUNC (fd_ready);
  else if (kind == &g_io_watch_funcs)
    instead = G_SOURCE_FUNC (io_ready);
  if (func == NULL || instead == NULL)
    NEXT (g_source_set_callback) (source, func, data, notify);
  else
    NEXT (g_source_set_callback)
  (source, instead, callback_new (source, func, data, notify), callback_free);
}

INSTEAD guint
g_source_attach (GSource *source, GMainContext *context)
{
  __tsan_release (source);
  return NEXT (g_source_attach) (source, context);
}

/* What libglib makes, sets and attaches in one go, done here, where it is seen. */

static guint
add (GSource *source, int priority, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  guint id;

  g_source_set_priority (source, priority);
  g_source_set_callback (source, func, data, notify);
  id = g_source_attach (source, NULL);
  g_source_unref (source);
  return id;
}

INSTEAD guint
g_idle_add_full (int priority, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  return add (g_idle_source_new (), priority, func, data, notify);
}

INSTEAD guint
g_idle_add (GSourceFunc func, gpointer data)
{
  return g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, func, data, NULL);
}

INSTEAD guint
g_timeout_add_full (int priority,
                    guint interval,
                    GSourceFunc func,
                    gpointer data,
                    GDestroyNotify notify)
{
  return add (g_timeout_source_new (interval), priority, func, data, notify);
}

INSTEAD guint
g_timeout_add (guint interval, GSourceFunc func, gpointer data)
{
  return g_timeout_add_full (G_PRIORITY_DEFAULT, interval, func, data, NULL);
}

INSTEAD guint
g_timeout_add_seconds_full (int priority,
                            guint interval,
                            GSourceFunc func,
                            gpointer data,
                            GDestroyNotify notify)
{
  return add (g_timeout_source_new_seconds (interval), priority, func, data, notify);
}

INSTEAD guint
g_timeout_add_seconds (guint interval, GSourceFunc func, gpointer data)
{
  return g_timeout_add_seconds_full (G_PRIORITY_DEFAULT, interval, func, data, NULL);
}

INSTEAD guint
g_unix_signal_add (int signum, GSourceFunc func, gpointer data)
{
  return add (g_unix_signal_source_new (signum), G_PRIORITY_DEFAULT, func, data, NULL);
}

INSTEAD guint
g_child_watch_add (GPid pid, GChildWatchFunc func, gpointer data)
{
  return add (g_child_watch_source_new (pid), G_PRIORITY_DEFAULT, G_SOURCE_FUNC (func), data, NULL);
}

/* Called at once where the context is the caller's. */
INSTEAD void
g_main_context_invoke_full (GMainContext *context,
                            int priority,
                            GSourceFunc func,
                            gpointer data,
                            GDestroyNotify notify)
{
  NEXT (g_main_context_invoke_full)
  (context, priority, call_back, callback_new (NULL, func, data, notify), callback_free);
}

INSTEAD void
g_main_context_invoke (GMainContext *context, GSourceFunc func, gpointer data)
{
  g_main_context_invoke_full (context, G_PRIORITY_DEFAULT, func, data, NULL);
}

/* Others' kinds; there are few, and they stay. */

typedef struct Kind Kind;

struct Kind
{
  GSourceFuncs instead; /* what a source has for its functions */
  const GSourceFuncs *theirs;
  Kind *next;
};

static pthread_mutex_t kinds_lock = PTHREAD_MUTEX_INITIALIZER;
static Kind *kinds;

static const GSourceFuncs *
theirs (GSource *source)
{
  return ((const Kind *)source->source_funcs)->theirs;
}

/* References are told of by themselves: who drops one has not attached the source. */
static gpointer
references (GSource *source)
{
  return &source->ref_count;
}

static gboolean
source_prepare (GSource *source, int *timeout)
{
  __tsan_acquire (source);
  return theirs (source)->prepare (source, timeout);
}

static gboolean
source_check (GSource *source)
{
  __tsan_acquire (source);
  return theirs (source)->check (source);
}

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  gboolean again;

  __tsan_acquire (source);
  again = theirs (source)->dispatch (source, callback, user_data);
  __tsan_release (references (source));
  return again;
}

static void
source_finalize (GSource *source)
{
  __tsan_acquire (references (source));
  theirs (source)->finalize (source);
}

static Kind *
kind_of (GSourceFuncs *funcs)
{
  Kind *kind;

  pthread_mutex_lock (&kinds_lock);
  for (kind = kinds; kind != NULL && kind->theirs != funcs; kind = kind->next)
    ;
  if (kind == NULL)
    {
      kind = check_memory (malloc (sizeof *kind));
      *kind = (Kind){ *funcs, funcs, kinds };
      if (funcs->prepare != NULL)
        kind->instead.prepare = source_prepare;
      if (funcs->check != NULL)
        kind->instead.check = source_check;
      kind->instead.dispatch = source_dispatch;
      if (funcs->finalize != NULL)
        kind->instead.finalize = source_finalize;
      kinds = kind;
    }
  pthread_mutex_unlock (&kinds_lock);
  return kind;
}

INSTEAD GSource *
g_source_new (GSourceFuncs *funcs, guint size)
{
  return NEXT (g_source_new) (&kind_of (funcs)->instead, size);
}

INSTEAD void
g_source_unref (GSource *source)
{
  __tsan_release (references (source));
  NEXT (g_source_unref) (source);
}
