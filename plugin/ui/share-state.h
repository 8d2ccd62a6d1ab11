/* What a channel says of itself, and the one word the header bar has for it. Pure.
 *
 * The snapshot mirrors the properties that transport/share-channel.h lists; nothing here knows
 * where they came from.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ShareState:
 * @SHARE_STATE_OFF: nothing is served
 * @SHARE_STATE_WAITING: a folder is open, but nobody in the guest asks for it yet
 * @SHARE_STATE_SHARED: the guest can read and write a folder
 * @SHARE_STATE_READ_ONLY: the guest can read a folder
 * @SHARE_STATE_TRANSFERRING: a file is being copied at this moment
 * @SHARE_STATE_ERROR: the last thing that happened went wrong
 */
typedef enum
{
  SHARE_STATE_OFF,
  SHARE_STATE_WAITING,
  SHARE_STATE_SHARED,
  SHARE_STATE_READ_ONLY,
  SHARE_STATE_TRANSFERRING,
  SHARE_STATE_ERROR,
} ShareState;

#define SHARE_STATE_COUNT (SHARE_STATE_ERROR + 1)

/**
 * ShareSnapshot:
 * @present: there is a channel at all: the VM has the port
 * @ready: the channel is up
 * @guest_open: the guest's daemon has opened its side of the port
 * @sharing: a folder is open and served
 * @read_only: and it is served read-only
 * @dir: (nullable) (owned): the folder served
 * @error: (nullable) (owned): the last error
 * @error_at: when it happened, unix time in us, 0 = never
 * @settled_at: when a share last started, or was stopped by someone: errors before that are
 *   history. Unix time in us, 0 = never
 * @vm_name: (nullable) (owned): the VM's name
 * @vm_uuid: (nullable) (owned): the VM's UUID, lower case with dashes, %NULL while unknown
 * @connected_at: unix time in us, 0 = not connected
 * @bytes_in: payload bytes from the guest
 * @bytes_out: payload bytes to the guest
 * @wire_bytes_in: what they took on the wire
 * @wire_bytes_out: what they took on the wire
 * @clients: connections of the guest's programs
 * @requests: requests since the channel was made
 * @refused: those of them that were refused for a reason a person can do something about
 * @last_refusal: (nullable) (owned): the last one, GVariant (xss), see transport/share-channel.h
 * @transfers: (nullable) (owned): GVariant a(tssttx), see transport/share-channel.h
 */
typedef struct
{
  gboolean present;
  gboolean ready;
  gboolean guest_open;
  gboolean sharing;
  gboolean read_only;
  char *dir;
  GError *error;
  gint64 error_at;
  gint64 settled_at;
  char *vm_name;
  char *vm_uuid;
  gint64 connected_at;
  guint64 bytes_in;
  guint64 bytes_out;
  guint64 wire_bytes_in;
  guint64 wire_bytes_out;
  guint clients;
  guint64 requests;
  guint64 refused;
  GVariant *last_refusal;
  GVariant *transfers;
} ShareSnapshot;

void share_snapshot_clear (ShareSnapshot *snapshot);

/**
 * share_state_from_snapshot:
 *
 * An error wins while nothing good has happened since; then what is served decides.
 */
ShareState share_state_from_snapshot (const ShareSnapshot *snapshot);

/**
 * share_state_icon_name:
 *
 * Returns: (transfer none): a symbolic icon of its own shape, from this part's resources
 */
const char *share_state_icon_name (ShareState state);

/**
 * share_state_title:
 *
 * Returns: (transfer none): the state in one or two words of the user's language
 */
const char *share_state_title (ShareState state);

/**
 * share_state_describe:
 *
 * Returns: (transfer full): a sentence: what is going on, and what to do next where there is
 *   something to do. For tooltips and screen readers too.
 */
char *share_state_describe (const ShareSnapshot *snapshot);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ShareSnapshot, share_snapshot_clear)

G_END_DECLS
