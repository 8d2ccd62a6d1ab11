/* A person's choices; see share-steering.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/share-steering.h"

void
share_steering_init (ShareSteering *self)
{
  self->model = share_ui_model_new ();
  self->choices = share_ui_choices_new ();
}

void
share_steering_clear (ShareSteering *self)
{
  g_clear_object (&self->model);
  g_clear_object (&self->choices);
}

static const char *
vm_uuid (ShareSteering *self)
{
  return share_ui_model_get_snapshot (self->model)->vm_uuid;
}

void
share_steering_share (ShareSteering *self, ShareScope scope, const char *dir, gboolean read_only)
{
  share_ui_model_expect (self->model);
  if (!share_ui_choices_apply (self->choices, scope, vm_uuid (self), dir, read_only))
    share_ui_model_share (self->model, dir, read_only);
}

void
share_steering_stop (ShareSteering *self, ShareScope scope)
{
  share_ui_model_expect (self->model);
  if (!share_ui_choices_apply (self->choices, scope, vm_uuid (self), NULL, FALSE))
    share_ui_model_stop (self->model);
}

void
share_steering_follow_all (ShareSteering *self)
{
  share_ui_model_expect (self->model);
  share_ui_choices_follow_all (self->choices, vm_uuid (self));
}

ShareScope
share_steering_get_scope (ShareSteering *self)
{
  return share_ui_choices_get_scope (self->choices, vm_uuid (self));
}

char *
share_steering_dup_folder (ShareSteering *self, gboolean *read_only)
{
  const ShareSnapshot *snapshot = share_ui_model_get_snapshot (self->model);
  g_autofree char *dir = NULL;
  g_auto (GStrv) recent = NULL;

  if (snapshot->sharing && snapshot->dir != NULL)
    {
      *read_only = snapshot->read_only;
      return g_strdup (snapshot->dir);
    }

  share_ui_choices_get_effective (self->choices, snapshot->vm_uuid, &dir, read_only);
  if (*dir != '\0')
    return g_steal_pointer (&dir);
  recent = share_ui_choices_get_recent (self->choices);
  return g_strdup (recent[0]);
}
