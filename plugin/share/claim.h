/* Who is changing the attributes of a file as a whole.
 *
 * Several attributes that are one change (PROPPATCH), and attributes that are carried to a copy or
 * a successor while they might change, take more than one system call. Whoever makes them claims
 * the file first, and the next of this share waits; two files never wait for each other. What
 * others on the host do in between cannot be kept out.
 *
 * A job claims one file at a time, so nobody waits in a circle, and a claim whose owner hangs in a
 * dead network mount holds up only those who want that very file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "share/stat.h"

G_BEGIN_DECLS

/**
 * CLAIM_ATTEMPTS:
 *
 * How often what a name leads to may be replaced while it is being claimed.
 */
#define CLAIM_ATTEMPTS 64

/* Memory of its job. */
typedef struct
{
  ShareStat stat; /* of what is claimed */
  GList link;
} ShareClaim;

/**
 * share_claim:
 * @stat: of the file or folder
 *
 * Waits until nobody else has it. In a ShareJob that has no other claim.
 */
void share_claim (Share *share, ShareClaim *claim, const ShareStat *stat);
void share_unclaim (Share *share, ShareClaim *claim);

G_END_DECLS
