/* See busy-context.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "worker/busy-context.h"

static gint
poll_if_idle (GPollFD *fds, guint n_fds, gint timeout)
{
  if (timeout != 0)
    return g_poll (fds, n_fds, timeout);

  for (guint i = 0; i < n_fds; i++)
    fds[i].revents = 0;
  return 0;
}

GMainContext *
busy_context_new (void)
{
  GMainContext *context = g_main_context_new ();

  g_main_context_set_poll_func (context, poll_if_idle);
  return context;
}
