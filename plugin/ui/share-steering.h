/* ShareSteering: what a person does at this window, turned into settings or action signals.
 *
 * A choice is written to GSettings, which the controller follows. Where that changes nothing (it
 * was the setting already, as after the viewer's own box was unticked) or cannot be written, the
 * channel is asked directly.
 *
 * Main thread only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ui/share-model.h"
#include "ui/share-choices.h"

G_BEGIN_DECLS

/**
 * ShareSteering:
 * @model: the channel's state
 * @choices: where choices go
 *
 * Fields are set by share_steering_init() and read-only after it. Shared by the widgets of all
 * windows; lives as long as the process.
 */
typedef struct
{
  ShareUiModel *model;
  ShareUiChoices *choices;
} ShareSteering;

void share_steering_init (ShareSteering *self);
void share_steering_clear (ShareSteering *self);

/**
 * share_steering_share:
 * @dir: (type filename): absolute path of a folder
 */
void
share_steering_share (ShareSteering *self, ShareScope scope, const char *dir, gboolean read_only);

/**
 * share_steering_stop:
 *
 * Nothing is shared in @scope any more.
 */
void share_steering_stop (ShareSteering *self, ShareScope scope);

/**
 * share_steering_follow_all:
 *
 * This VM gets what all get.
 */
void share_steering_follow_all (ShareSteering *self);

/**
 * share_steering_get_scope:
 *
 * Returns: whose setting is in effect for the VM of this window
 */
ShareScope share_steering_get_scope (ShareSteering *self);

/**
 * share_steering_dup_folder:
 * @read_only: (out): whether it would be shared read-only
 *
 * Returns: (transfer full) (type filename) (nullable): the folder to show: what is shared, else
 *   what the settings say, else what was shared last
 */
char *share_steering_dup_folder (ShareSteering *self, gboolean *read_only);

G_END_DECLS
