/* See check-folder.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/check-folder.h"

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

gboolean
check_folder (const char *path, ShareFlags flags, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (Share) share = NULL;

  g_main_context_push_thread_default (context);
  share_open_async (path, flags, NULL, on_opened, &result);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);

  share = share_open_finish (result, error);
  if (share == NULL)
    return FALSE;
  share_close (share);
  return TRUE;
}
