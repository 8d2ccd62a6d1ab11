/* See share-finish.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/share-finish.h"

static GMutex lock;
static GCond cond;
static guint n_folders; /* of all shares of the process */

void
share_finish_expect (void)
{
  g_mutex_lock (&lock);
  n_folders++;
  g_mutex_unlock (&lock);
}

void
share_finish_done (void)
{
  g_mutex_lock (&lock);
  n_folders--;
  g_cond_broadcast (&cond);
  g_mutex_unlock (&lock);
}

gboolean
share_finish (gint64 timeout)
{
  gint64 deadline = g_get_monotonic_time () + timeout;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);

  while (n_folders > 0)
    if (!g_cond_wait_until (&cond, &lock, deadline))
      return FALSE;
  return TRUE;
}
