/* Who is changing the attributes of a file as a whole; see claim.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/claim.h"

#include "share/share-private.h"

static gboolean
is_claimed (Share *share, const ShareStat *stat)
{
  for (GList *link = share->claims.head; link; link = link->next)
    if (share_stat_same_file (&((ShareClaim *)link->data)->stat, stat))
      return TRUE;
  return FALSE;
}

void
share_claim (Share *share, ShareClaim *claim, const ShareStat *stat)
{
  *claim = (ShareClaim){ .stat = *stat, .link = { .data = claim } };

  g_mutex_lock (&share->claims_lock);
  while (is_claimed (share, stat))
    g_cond_wait (&share->claims_cond, &share->claims_lock);
  g_queue_push_tail_link (&share->claims, &claim->link);
  g_mutex_unlock (&share->claims_lock);
}

void
share_unclaim (Share *share, ShareClaim *claim)
{
  g_mutex_lock (&share->claims_lock);
  g_queue_unlink (&share->claims, &claim->link);
  g_cond_broadcast (&share->claims_cond);
  g_mutex_unlock (&share->claims_lock);
}
