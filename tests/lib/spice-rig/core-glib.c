/* SpiceCoreInterface on a GLib main context. See core-glib.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "core-glib.h"

#include <glib-unix.h>

struct SpiceTimer
{
  GSource *source; /* owned; NULL while it does not run */
  SpiceTimerFunc func;
  void *opaque;
};

struct SpiceWatch
{
  GSource source;
  gpointer tag;
  int fd;
  SpiceWatchFunc func;
  void *opaque;
};

static void
timer_cancel (SpiceTimer *self)
{
  if (self->source == NULL)
    return;
  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

static gboolean
timer_fired (gpointer user_data)
{
  SpiceTimer *self = user_data;

  /* A timer is for one shot, and its function may start or remove it: not touched afterwards. */
  timer_cancel (self);
  self->func (self->opaque);
  return G_SOURCE_REMOVE;
}

static SpiceTimer *
timer_add (SpiceTimerFunc func, void *opaque)
{
  SpiceTimer *self = g_new0 (SpiceTimer, 1);

  self->func = func;
  self->opaque = opaque;
  return self;
}

static void
timer_start (SpiceTimer *self, uint32_t ms)
{
  timer_cancel (self);
  self->source = g_timeout_source_new (ms);
  g_source_set_callback (self->source, timer_fired, self, NULL);
  g_source_attach (self->source, NULL);
}

static void
timer_remove (SpiceTimer *self)
{
  timer_cancel (self);
  g_free (self);
}

static GIOCondition
condition_of_mask (int mask)
{
  return ((mask & SPICE_WATCH_EVENT_READ) != 0 ? G_IO_IN | G_IO_HUP | G_IO_ERR : 0)
         | ((mask & SPICE_WATCH_EVENT_WRITE) != 0 ? G_IO_OUT | G_IO_ERR : 0);
}

static gboolean
watch_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  SpiceWatch *self = (SpiceWatch *)source;
  GIOCondition condition = g_source_query_unix_fd (source, self->tag);
  int event = 0;

  if ((condition & (G_IO_IN | G_IO_HUP | G_IO_ERR)) != 0)
    event |= SPICE_WATCH_EVENT_READ;
  if ((condition & G_IO_OUT) != 0)
    event |= SPICE_WATCH_EVENT_WRITE;
  if (event != 0)
    self->func (self->fd, event, self->opaque);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs watch_funcs = { .dispatch = watch_dispatch };

static SpiceWatch *
watch_add (int fd, int event_mask, SpiceWatchFunc func, void *opaque)
{
  GSource *source = g_source_new (&watch_funcs, sizeof (SpiceWatch));
  SpiceWatch *self = (SpiceWatch *)source;

  self->fd = fd;
  self->func = func;
  self->opaque = opaque;
  self->tag = g_source_add_unix_fd (source, fd, condition_of_mask (event_mask));
  g_source_attach (source, NULL);
  return self;
}

static void
watch_update_mask (SpiceWatch *self, int event_mask)
{
  g_source_modify_unix_fd (&self->source, self->tag, condition_of_mask (event_mask));
}

static void
watch_remove (SpiceWatch *self)
{
  g_source_destroy (&self->source);
  g_source_unref (&self->source);
}

SpiceCoreInterface *
core_glib_get (CoreGlibChannelEvent channel_event)
{
  static SpiceCoreInterface core = {
    .base = {
      .type = SPICE_INTERFACE_CORE,
      .description = "GLib main context",
      .major_version = SPICE_INTERFACE_CORE_MAJOR,
      .minor_version = SPICE_INTERFACE_CORE_MINOR,
    },
    .timer_add = timer_add,
    .timer_start = timer_start,
    .timer_cancel = timer_cancel,
    .timer_remove = timer_remove,
    .watch_add = watch_add,
    .watch_update_mask = watch_update_mask,
    .watch_remove = watch_remove,
  };

  core.channel_event = channel_event;
  return &core;
}
