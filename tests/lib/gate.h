/* Where the calls of a program's stand-ins for system calls wait until they are let go on: a slow
 * disk that is as slow as a test wants it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Static memory; open at first. */
typedef struct
{
  GMutex lock;
  GCond cond;
  gboolean closed;
  guint n_reached; /* calls that came, also those that went on */
} Gate;

static inline void
gate_close (Gate *self)
{
  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  self->n_reached = 0;
  g_mutex_unlock (&self->lock);
}

static inline void
gate_open (Gate *self)
{
  g_mutex_lock (&self->lock);
  self->closed = FALSE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static inline void
gate_pass (Gate *self)
{
  g_mutex_lock (&self->lock);
  self->n_reached++;
  while (self->closed)
    g_cond_wait (&self->cond, &self->lock);
  g_mutex_unlock (&self->lock);
}

static inline guint
gate_get_reached (Gate *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n_reached;
  g_mutex_unlock (&self->lock);
  return n;
}

G_END_DECLS
