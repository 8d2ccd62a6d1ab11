/* See mux-eviction.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux-eviction.h"

/* Who has been @since the longest; NULL if nobody is. */
static MuxClient *
find_longest (const GQueue *live, gint64 (*since) (MuxClient *client))
{
  MuxClient *found = NULL;

  for (GList *link = live->head; link != NULL; link = link->next)
    if (since (link->data) != 0 && (found == NULL || since (link->data) < since (found)))
      found = link->data;

  return found;
}

MuxClient *
mux_eviction_find (const GQueue *live, guint silence_time, guint *status)
{
  MuxClient *client = find_longest (live, mux_client_get_idle_since);

  *status = 0;
  if (client != NULL)
    return client;

  *status = 408;
  client = find_longest (live, mux_client_get_silent_since);
  if (client == NULL
      || g_get_monotonic_time () - mux_client_get_silent_since (client)
             < silence_time * G_TIME_SPAN_MILLISECOND)
    return NULL;

  return client;
}
