/* Attachment: a channel of the session, and what it was told.
 *
 * It asks policy.h what is to be true of its channel, makes that so, and tells the policy what
 * happens there. What a person asks for on the channel concerns the whole session, so it is handed
 * back. Main context only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "policy.h"
#include "settings.h"
#include "transport/share-channel.h"

G_BEGIN_DECLS

typedef struct _Attachment Attachment;

/**
 * AttachmentAsked:
 * @to_share: whether a folder is to be shared, which the session is to know of; otherwise sharing
 *   is to stop
 *
 * A person asked on the channel itself, and the policy knows: every channel of the session is to be
 * carried out. Runs in the channel's signal, in the main context; the attachment may be freed in
 * it.
 */
typedef void (*AttachmentAsked) (gboolean to_share, gpointer user_data);

/**
 * attachment_new:
 * @channel: (transfer none): a channel that was just constructed; not kept alive, free the
 *   attachment before it goes
 * @policy: (transfer none): of the channel's session; must outlive the attachment
 * @settings: (transfer none): the wishes of this process; must outlive the attachment
 * @asked: (scope forever): what to tell the session
 * @user_data: for @asked
 *
 * Takes charge of what @channel shares. Neither connects nor shares before the main loop runs: the
 * viewer is still in the middle of making the channel.
 *
 * Returns: (transfer full): free with attachment_free()
 */
Attachment *attachment_new (SpiceShareChannel *channel,
                            SharePolicy *policy,
                            ShareSettings *settings,
                            AttachmentAsked asked,
                            gpointer user_data);

/**
 * attachment_free:
 * @self: (transfer full)
 *
 * Leaves the channel as it is.
 */
void attachment_free (Attachment *self);

/**
 * attachment_get_channel:
 *
 * Returns: (transfer none)
 */
SpiceShareChannel *attachment_get_channel (Attachment *self);

/**
 * attachment_forget_held:
 *
 * The wish is another one now: that the viewer took the channel down no longer counts.
 */
void attachment_forget_held (Attachment *self);

/**
 * attachment_carry_out:
 * @asked: somebody asked just now, so a folder that could not be opened the last time is tried
 *   again, and a refusal is told again
 *
 * Makes true of the channel what the policy plans for it. Does nothing until the viewer has
 * finished making the channel. An error is the channel's `share-error`.
 */
void attachment_carry_out (Attachment *self, gboolean asked);

G_END_DECLS
