/* ShareUiChoices: what a person asked for, written where the controller reads it.
 *
 * org.spice-space.webdav holds what is shared with every VM, org.spice-space.webdav.vm at
 * /org/spice-space/webdav/vm/<uuid>/ what overrides it for one. Where the schemas are not
 * installed there is nothing to write to, and a choice lasts as long as the channel does.
 *
 * Main thread only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Folders remembered; the oldest is forgotten first. */
#define SHARE_UI_CHOICES_RECENT_MAX 6

/**
 * ShareScope:
 * @SHARE_SCOPE_ALL: for every VM that has no setting of its own
 * @SHARE_SCOPE_VM: for one VM
 */
typedef enum
{
  SHARE_SCOPE_ALL,
  SHARE_SCOPE_VM,
} ShareScope;

#define SHARE_UI_TYPE_CHOICES (share_ui_choices_get_type ())
G_DECLARE_FINAL_TYPE (ShareUiChoices, share_ui_choices, SHARE_UI, CHOICES, GObject)

/**
 * share_ui_choices_new:
 *
 * Returns: (transfer full): the choices, as GSettings has them
 */
ShareUiChoices *share_ui_choices_new (void);

/**
 * share_ui_choices_can_write:
 * @vm_uuid: (nullable): a VM's UUID
 *
 * Returns: whether share_ui_choices_apply() has a place to write to for @scope
 */
gboolean share_ui_choices_can_write (ShareUiChoices *self, ShareScope scope, const char *vm_uuid);

/**
 * share_ui_choices_is_kept:
 *
 * Returns: whether settings outlive this process (GSettings falls back to a backend in memory where
 *   there is none)
 */
gboolean share_ui_choices_is_kept (void);

/**
 * share_ui_choices_get_scope:
 * @vm_uuid: (nullable): a VM's UUID
 *
 * Returns: whose setting is in effect for that VM
 */
ShareScope share_ui_choices_get_scope (ShareUiChoices *self, const char *vm_uuid);

/**
 * share_ui_choices_get_effective:
 * @vm_uuid: (nullable): a VM's UUID
 * @dir: (out) (transfer full): the folder in effect, "" for none
 */
void share_ui_choices_get_effective (ShareUiChoices *self,
                                     const char *vm_uuid,
                                     char **dir,
                                     gboolean *read_only);

/**
 * share_ui_choices_apply:
 * @vm_uuid: (nullable): the VM
 * @dir: (type filename) (nullable): the folder to share, %NULL for none
 * @read_only: how; ignored, and left as it was, where @dir is %NULL
 *
 * Makes @dir and @read_only the setting in effect for @vm_uuid: its own for %SHARE_SCOPE_VM,
 * everybody's, and none of its own, for %SHARE_SCOPE_ALL. A folder is remembered as recent.
 *
 * Returns: %TRUE if a setting is another one now, so the controller will act; %FALSE where it
 *   could not be written or was so already: then the channel has to be asked
 */
gboolean share_ui_choices_apply (ShareUiChoices *self,
                                 ShareScope scope,
                                 const char *vm_uuid,
                                 const char *dir,
                                 gboolean read_only);

/**
 * share_ui_choices_follow_all:
 * @vm_uuid: the VM
 *
 * Ends the override of a VM; its keys stay, for the next time.
 */
void share_ui_choices_follow_all (ShareUiChoices *self, const char *vm_uuid);

/**
 * share_ui_choices_get_recent:
 *
 * Returns: (transfer full) (array zero-terminated): folders, newest first
 */
char **share_ui_choices_get_recent (ShareUiChoices *self);

/**
 * share_ui_choices_get_notifications:
 *
 * Returns: whether the user wants notifications
 */
gboolean share_ui_choices_get_notifications (ShareUiChoices *self);

G_END_DECLS
