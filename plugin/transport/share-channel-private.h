/* The inside of the channel, for the files that make up the type.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "transport/channel-migration.h"
#include "transport/clipboard.h"
#include "transport/port-io.h"
#include "transport/share-channel.h"
#include "transport/spice-private.h"
#include "worker/worker.h"

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpiceSession, g_object_unref)

struct _SpiceShareChannel
{
  SpiceWebdavChannel parent_instance;

  PortIO *io;
  Worker *worker;              /* (nullable): from the first connection until dispose */
  Capture *capture;            /* (nullable) */
  Clipboard *clipboard;        /* (nullable): the same */
  ChannelMigration *migration; /* (nullable): for a channel that only serves one */
  SpicePrivateCaps caps;
  gboolean for_migration;
  gboolean disposed;

  gboolean ready;
  gint64 connected_at;
  SpiceShareCompression compression;

  char *wanted_path; /* (nullable): to be shared as soon as the channel is ready */
  ShareFlags wanted_flags;
  GCancellable *opening; /* (nullable): of the folder that is being opened */
  Share *share;          /* (nullable): what is served */

  GError *last_error;
  gint64 last_error_at;
  WorkerStats stats;
};

typedef enum
{
  SPICE_SHARE_CHANNEL_READY = 1,
  SPICE_SHARE_CHANNEL_SHARING,
  SPICE_SHARE_CHANNEL_SHARED_DIR,
  SPICE_SHARE_CHANNEL_READ_ONLY,
  SPICE_SHARE_CHANNEL_CONNECTED_AT,
  SPICE_SHARE_CHANNEL_LAST_ERROR,
  SPICE_SHARE_CHANNEL_LAST_ERROR_AT,
  SPICE_SHARE_CHANNEL_BYTES_IN,
  SPICE_SHARE_CHANNEL_BYTES_OUT,
  SPICE_SHARE_CHANNEL_WIRE_BYTES_IN,
  SPICE_SHARE_CHANNEL_WIRE_BYTES_OUT,
  SPICE_SHARE_CHANNEL_CLIENTS,
  SPICE_SHARE_CHANNEL_REQUESTS,
  SPICE_SHARE_CHANNEL_REFUSED,
  SPICE_SHARE_CHANNEL_LAST_REFUSAL,
  SPICE_SHARE_CHANNEL_TRANSFERS,
  SPICE_SHARE_CHANNEL_COMPRESSION,
  SPICE_SHARE_CHANNEL_N_PROPERTIES
} SpiceShareChannelProperty;

/**
 * spice_share_channel_get_incompatible:
 *
 * Returns: (transfer none) (nullable): why the class, once it is initialised, cannot be used with
 * this spice-gtk
 */
const GError *spice_share_channel_get_incompatible (void);

/* In share-channel-sharing.c. */

/**
 * spice_share_channel_dup_session:
 *
 * Returns: (transfer full) (nullable): the session of the channel
 */
SpiceSession *spice_share_channel_dup_session (SpiceShareChannel *self);

/* Opens the wanted folder, and serves it in place of what was. */
void spice_share_channel_share_wanted (SpiceShareChannel *self);

/* Takes the folder away from the guest. */
void spice_share_channel_stop_serving (SpiceShareChannel *self);

/* The channel's own answer to the action signal. */
void
spice_share_channel_share_directory (SpiceShareChannel *self, const char *path, gboolean read_only);

/* In share-channel-properties.c. */

void spice_share_channel_install_properties (GObjectClass *klass);
void spice_share_channel_notify (SpiceShareChannel *self, SpiceShareChannelProperty property);

G_END_DECLS
