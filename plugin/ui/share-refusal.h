/* What the guest is refused, as people read it: the request, why, and what to do. Pure.
 *
 * The reasons are those of `last-refusal` (transport/share-channel.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ui/share-state.h"

G_BEGIN_DECLS

/* What a panel shows of a request, in characters. */
#define SHARE_REFUSAL_SHORT 60

/**
 * ShareRefusal:
 * @at: unix time in us
 * @request: (owned): method and path; the guest's own words
 * @advice: a sentence or two, translated; "" where the reason is not known here
 */
typedef struct
{
  gint64 at;
  char *request;
  const char *advice;
} ShareRefusal;

/**
 * share_refusal_read:
 * @refusal: (out caller-allocates): to be cleared where %TRUE is returned
 *
 * Returns: %FALSE if nothing was refused, or what was would not be any more
 */
gboolean share_refusal_read (const ShareSnapshot *snapshot, ShareRefusal *refusal);

void share_refusal_clear (ShareRefusal *refusal);

/**
 * share_refusal_describe:
 *
 * Returns: (transfer full) (nullable): all of it in a few sentences; %NULL as share_refusal_read()
 */
char *share_refusal_describe (const ShareSnapshot *snapshot);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ShareRefusal, share_refusal_clear)

G_END_DECLS
