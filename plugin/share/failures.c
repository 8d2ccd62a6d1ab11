/* Members an operation could not deal with; see tree.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/tree-private.h"

struct _ShareFailures
{
  GPtrArray *list; /* ShareFailure, at most SHARE_FAILURES_MAX */
};

static void
failure_free (gpointer data)
{
  ShareFailure *failure = data;

  g_free (failure->path);
  g_free (failure);
}

ShareFailures *
share_failures_new (void)
{
  ShareFailures *self = g_new0 (ShareFailures, 1);

  self->list = g_ptr_array_new_with_free_func (failure_free);
  return self;
}

void
share_failures_free (ShareFailures *self)
{
  g_ptr_array_unref (self->list);
  g_free (self);
}

guint
share_failures_get_size (ShareFailures *self)
{
  return self->list->len;
}

const ShareFailure *
share_failures_get (ShareFailures *self, guint i)
{
  return g_ptr_array_index (self->list, i);
}

gboolean
failures_add (ShareFailures *self, const char *top, const char *path, int error)
{
  ShareFailure *failure = g_new (ShareFailure, 1);

  failure->path = g_build_filename (top, path, NULL);
  failure->error = error;
  g_ptr_array_add (self->list, failure);
  return self->list->len < SHARE_FAILURES_MAX;
}

void
failures_clear (ShareFailures *self)
{
  g_ptr_array_set_size (self->list, 0);
}

void
failures_move (ShareFailures *self, ShareFailures *other)
{
  g_ptr_array_extend_and_steal (other->list, g_steal_pointer (&self->list));
  self->list = g_ptr_array_new_with_free_func (failure_free);
}
