/* Who decides what is shared: a pure state machine for one SpiceSession.
 *
 * The session's `shared-dir` and `share-dir-ro` are the truth at run time; GSettings feeds them,
 * and so does the person at the viewer. What happened goes in, what is to be shared comes out. No
 * GObject, no signal, no file system: paths are compared as text.
 *
 * The rules (DESIGN, "Who decides what is shared"):
 *  - the setting names a folder: connect the channel, share it;
 *  - the setting is emptied: sharing stops, the viewer's own folder is put back in the session;
 *  - the viewer or a person changes the session's folder: that is shared until the setting changes;
 *  - nobody asked, and the viewer connects by itself: the session's folder as stock does, but never
 *    the home folder or / unless a person chose it;
 *  - the viewer takes the channel down: nobody brings it up again but the viewer, or a change of
 *    the setting;
 *  - a view-only session shares nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ShareRefusal:
 * @SHARE_REFUSAL_VIEW_ONLY: the session is view-only
 * @SHARE_REFUSAL_UNCHOSEN: the home folder or /, which nobody chose
 * @SHARE_REFUSAL_RELATIVE: the setting is not an absolute path
 *
 * Why a folder that stands to be shared is not.
 */
typedef enum
{
  SHARE_REFUSAL_NONE,
  SHARE_REFUSAL_VIEW_ONLY,
  SHARE_REFUSAL_UNCHOSEN,
  SHARE_REFUSAL_RELATIVE,
} ShareRefusal;

/**
 * SharePlan:
 * @dir: (type filename) (nullable): share this on the channel now; %NULL: share nothing
 * @read_only: how
 * @connect: bring the channel up
 * @refusal: tell the user why @dir is %NULL
 * @refused_dir: (type filename) (nullable): the folder that @refusal is about
 *
 * What is to be true of one channel. The strings are the policy's, until its next event.
 */
typedef struct
{
  const char *dir;
  gboolean read_only;
  gboolean connect;
  ShareRefusal refusal;
  const char *refused_dir;
} SharePlan;

typedef struct _SharePolicy SharePolicy;

/**
 * share_policy_new:
 * @home: (type filename): the home folder
 * @default_dir: (type filename) (nullable): what a session has as its folder when nobody chose one
 * @session_dir: (type filename) (nullable): what this session has
 * @session_read_only: and how
 *
 * Returns: (transfer full): a policy for one session
 */
SharePolicy *share_policy_new (const char *home,
                               const char *default_dir,
                               const char *session_dir,
                               gboolean session_read_only);
void share_policy_free (SharePolicy *self);

/* Events. After those of the setting the session is to be given share_policy_get_session(). */

/**
 * share_policy_setting_dir:
 * @dir: (type filename) (nullable): the folder the setting names now; %NULL: none
 * @read_only: the other setting, as it stands now
 */
void share_policy_setting_dir (SharePolicy *self, const char *dir, gboolean read_only);
void share_policy_setting_read_only (SharePolicy *self, gboolean read_only);

/* The session's properties were changed by somebody else (the viewer's dialog). */
void share_policy_session_dir (SharePolicy *self, const char *dir);
void share_policy_session_read_only (SharePolicy *self, gboolean read_only);
void share_policy_view_only (SharePolicy *self, gboolean view_only);

/* A person asked on the channel itself (its action signals). */
void share_policy_ask (SharePolicy *self, const char *dir, gboolean read_only);
void share_policy_ask_stop (SharePolicy *self);

/**
 * share_policy_channel_up:
 * @by_viewer: whether the viewer connected it, and not a plan of ours
 */
void share_policy_channel_up (SharePolicy *self, gboolean by_viewer);

/* State. */

/**
 * share_policy_get_session:
 * @read_only: (out): what `share-dir-ro` is to be
 *
 * Returns: (transfer none) (type filename) (nullable): what `shared-dir` is to be, until the next
 *   event
 */
const char *share_policy_get_session (SharePolicy *self, gboolean *read_only);

/**
 * share_policy_plan:
 * @up: whether the channel is connected
 * @held: whether the viewer took it down
 */
SharePlan share_policy_plan (SharePolicy *self, gboolean up, gboolean held);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SharePolicy, share_policy_free)

G_END_DECLS
