/* The state of a share in one word and in one sentence; see share-state.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/share-state.h"

#include <glib/gi18n-lib.h>

void
share_snapshot_clear (ShareSnapshot *snapshot)
{
  g_clear_pointer (&snapshot->dir, g_free);
  g_clear_error (&snapshot->error);
  g_clear_pointer (&snapshot->vm_name, g_free);
  g_clear_pointer (&snapshot->vm_uuid, g_free);
  g_clear_pointer (&snapshot->last_refusal, g_variant_unref);
  g_clear_pointer (&snapshot->transfers, g_variant_unref);
  *snapshot = (ShareSnapshot){ 0 };
}

ShareState
share_state_from_snapshot (const ShareSnapshot *snapshot)
{
  if (snapshot->error != NULL && snapshot->error_at > snapshot->settled_at)
    return SHARE_STATE_ERROR;
  if (!snapshot->present || !snapshot->sharing)
    return SHARE_STATE_OFF;
  if (!snapshot->guest_open)
    return SHARE_STATE_WAITING;
  if (snapshot->transfers != NULL && g_variant_n_children (snapshot->transfers) > 0)
    return SHARE_STATE_TRANSFERRING;
  return snapshot->read_only ? SHARE_STATE_READ_ONLY : SHARE_STATE_SHARED;
}

const char *
share_state_icon_name (ShareState state)
{
  static const char *const names[SHARE_STATE_COUNT] = {
    [SHARE_STATE_OFF] = "spice-share-off-symbolic",
    [SHARE_STATE_WAITING] = "spice-share-waiting-symbolic",
    [SHARE_STATE_SHARED] = "spice-share-shared-symbolic",
    [SHARE_STATE_READ_ONLY] = "spice-share-read-only-symbolic",
    [SHARE_STATE_TRANSFERRING] = "spice-share-transferring-symbolic",
    [SHARE_STATE_ERROR] = "spice-share-error-symbolic",
  };

  return names[state];
}

const char *
share_state_title (ShareState state)
{
  static const char *const titles[SHARE_STATE_COUNT] = {
    [SHARE_STATE_OFF] = N_ ("Off"),
    [SHARE_STATE_WAITING] = N_ ("Waiting for the guest"),
    [SHARE_STATE_SHARED] = N_ ("Shared"),
    [SHARE_STATE_READ_ONLY] = N_ ("Shared read-only"),
    [SHARE_STATE_TRANSFERRING] = N_ ("Transferring"),
    [SHARE_STATE_ERROR] = N_ ("Error"),
  };

  return _ (titles[state]);
}

char *
share_state_describe (const ShareSnapshot *snapshot)
{
  g_autofree char *name = NULL;

  if (snapshot->dir != NULL)
    name = g_filename_display_basename (snapshot->dir);

  switch (share_state_from_snapshot (snapshot))
    {
    case SHARE_STATE_OFF:
      if (!snapshot->present)
        return g_strdup (_ ("This virtual machine has no port for a shared folder. "
                            "“spice-share doctor” shows how to add it."));
      return g_strdup (_ ("No folder is shared. Choose one, or drop it on this button."));
    case SHARE_STATE_WAITING:
      return g_strdup_printf (_ ("“%s” is ready, but the guest has not opened its side. "
                                 "Is spice-webdavd running in the guest?"),
                              name != NULL ? name : "");
    case SHARE_STATE_SHARED:
      return g_strdup_printf (_ ("The guest can read and change “%s”."), name != NULL ? name : "");
    case SHARE_STATE_READ_ONLY:
      return g_strdup_printf (_ ("The guest can read “%s”, but not change it."),
                              name != NULL ? name : "");
    case SHARE_STATE_TRANSFERRING:
      {
        guint n = (guint)MIN (g_variant_n_children (snapshot->transfers), G_MAXUINT);

        return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "“%2$s”: %1$u file is being copied.",
                                             "“%2$s”: %1$u files are being copied.", n),
                                n, name != NULL ? name : "");
      }
    case SHARE_STATE_ERROR:
      return g_strdup (snapshot->error->message);
    }
  return g_strdup ("");
}
