/* Something a job has opened; see share-handle.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/share-handle.h"

#include "share/share-private.h"

void
share_handle_init (ShareHandle *self,
                   Share *share,
                   void (*release) (ShareHandle *self),
                   void (*destroy) (ShareHandle *self))
{
  self->share = share_ref (share);
  self->release = release;
  self->destroy = destroy;
  self->link.data = self;
  self->state = SHARE_HANDLE_LIVE;

  g_mutex_lock (&share->lock);
  g_queue_push_tail_link (&share->handles, &self->link);
  g_mutex_unlock (&share->lock);
}

static void
handle_free (ShareHandle *self)
{
  Share *share = self->share;

  self->destroy (self);
  share_unref (share);
}

static void
release_dropped (gpointer data)
{
  ShareHandle *self = data;

  self->release (self);
  handle_free (self);
}

void
share_handle_drop (ShareHandle *self)
{
  /* Of our own: the pool may free the handle, and end, before we are through. */
  g_autoptr (Share) share = share_ref (self->share);
  gboolean in_job = share_is_in_job (share);
  ShareHandleState state;

  g_mutex_lock (&share->lock);
  state = self->state;
  self->dropped = TRUE; /* before the pool has it, which frees it */
  if (state == SHARE_HANDLE_LIVE)
    {
      self->state = SHARE_HANDLE_RELEASING;
      g_queue_unlink (&share->handles, &self->link);
      if (!in_job && !file_pool_push_release (share->pool, release_dropped, self))
        {
          /* The last thread is about to call share_handle_release_all(): it is left to that. */
          self->state = SHARE_HANDLE_LIVE;
          g_queue_push_tail_link (&share->handles, &self->link);
        }
    }
  g_mutex_unlock (&share->lock);

  if (state == SHARE_HANDLE_RELEASED)
    handle_free (self);
  else if (state == SHARE_HANDLE_LIVE && in_job)
    release_dropped (self);
}

void
share_handle_release_all (Share *share)
{
  GQueue handles;
  GList *link;

  g_mutex_lock (&share->lock);
  handles = share->handles;
  g_queue_init (&share->handles);
  for (link = handles.head; link; link = link->next)
    ((ShareHandle *)link->data)->state = SHARE_HANDLE_RELEASING;
  g_mutex_unlock (&share->lock);

  while ((link = g_queue_pop_head_link (&handles)))
    {
      ShareHandle *self = link->data;
      gboolean dropped;

      self->release (self);
      g_mutex_lock (&share->lock);
      self->state = SHARE_HANDLE_RELEASED;
      dropped = self->dropped;
      g_mutex_unlock (&share->lock);
      if (dropped)
        handle_free (self);
    }
}
