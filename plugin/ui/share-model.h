/* ShareUiModel: what the widgets show, read from the channels of this process by property name.
 *
 * The channel remains the only truth: the model holds a copy of its properties, never a decision.
 * A viewer makes a new channel when it connects again, so the model follows the newest one alive.
 *
 * Signals:
 *   changed ()             the snapshot is another one; at most once per turn of the main loop
 *   event (ShareUiEvent)   something happened on the channel, at that moment
 *
 * Main thread only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ui/share-state.h"

G_BEGIN_DECLS

/**
 * ShareUiEvent:
 * @SHARE_UI_EVENT_STARTED: a folder is served
 * @SHARE_UI_EVENT_STOPPED: nothing is served any more, and the channel is up
 * @SHARE_UI_EVENT_FAILED: there is a new last error
 */
typedef enum
{
  SHARE_UI_EVENT_STARTED,
  SHARE_UI_EVENT_STOPPED,
  SHARE_UI_EVENT_FAILED,
} ShareUiEvent;

#define SHARE_UI_EVENT_COUNT (SHARE_UI_EVENT_FAILED + 1)

#define SHARE_UI_TYPE_MODEL (share_ui_model_get_type ())
G_DECLARE_FINAL_TYPE (ShareUiModel, share_ui_model, SHARE_UI, MODEL, GObject)

/**
 * share_ui_model_new:
 *
 * Returns: (transfer full): a model without session or channel
 */
ShareUiModel *share_ui_model_new (void);

/**
 * share_ui_model_add_session:
 * @session: (transfer none): a connection to a virtual machine that may have a channel; it is not
 *   kept alive
 */
void share_ui_model_add_session (ShareUiModel *self, GObject *session);

/**
 * share_ui_model_has_session:
 *
 * Returns: whether there is one, as of the last `changed`. Without, nothing of this part belongs in
 *   the viewer's window
 */
gboolean share_ui_model_has_session (ShareUiModel *self);

/**
 * share_ui_model_add_channel:
 * @channel: (transfer none): any object with the properties and action signals of
 *   transport/share-channel.h; it is not kept alive
 */
void share_ui_model_add_channel (ShareUiModel *self, GObject *channel);

/**
 * share_ui_model_get_snapshot:
 *
 * Returns: (transfer none): as of the last `changed`
 */
const ShareSnapshot *share_ui_model_get_snapshot (ShareUiModel *self);

/**
 * share_ui_model_share:
 * @dir: (type filename): absolute path of a folder
 *
 * Asks the channel to share @dir, by its action signal. Without a channel nothing happens.
 */
void share_ui_model_share (ShareUiModel *self, const char *dir, gboolean read_only);

/**
 * share_ui_model_stop:
 *
 * Asks the channel to stop, by its action signal.
 */
void share_ui_model_stop (ShareUiModel *self);

/**
 * share_ui_model_expect:
 *
 * Tells the model that the person at this window has just asked for a change, so that the start
 * or end that follows is not news to them.
 */
void share_ui_model_expect (ShareUiModel *self);

/**
 * share_ui_model_is_expected:
 *
 * Returns: whether a start or end that is signalled now is what share_ui_model_expect() announced
 */
gboolean share_ui_model_is_expected (ShareUiModel *self);

/**
 * share_ui_model_read:
 * @snapshot: (out caller-allocates): to be cleared by the caller
 *
 * Reads the channel as it is now, for who cannot wait for `changed`.
 */
void share_ui_model_read (ShareUiModel *self, ShareSnapshot *snapshot);

G_END_DECLS
