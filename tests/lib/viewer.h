/* A viewer session inside a test: main and webdav channel, nothing on a screen.
 *
 * With the stock channel, or with ours if the test called spice_share_channel_install() before.
 * Default main context.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <spice-client.h>

G_BEGIN_DECLS

/**
 * Viewer:
 * @session: the session
 * @webdav: (nullable): its channel of type 11, as soon as there is one
 * @port: (nullable): its channel of type 10, never connected by the viewer
 * @connected: the webdav channel is up (SPICE_CHANNEL_OPENED)
 * @n_closed: how often a channel ended (closed or in error)
 */
typedef struct
{
  SpiceSession *session;
  SpiceChannel *webdav;
  SpiceChannel *port;
  gboolean connected;
  guint n_closed;
  SpiceChannelEvent last_event;
} Viewer;

/**
 * ViewerSetup:
 * @shared_dir: (nullable): SpiceSession:shared-dir
 * @share_dir_ro: SpiceSession:share-dir-ro
 * @read_only: SpiceSession:read-only (view only)
 * @ca_file: (nullable)
 * @password: (nullable)
 * @keep_webdav_closed: do not connect the webdav channel; the test or a controller does
 * @all_channels: connect what else the server has, as a viewer with a window does: spice-gtk waits
 *   for ever for the migration of a channel that is not connected
 */
typedef struct
{
  const char *shared_dir;
  gboolean share_dir_ro;
  gboolean read_only;
  const char *ca_file;
  const char *password;
  gboolean keep_webdav_closed;
  gboolean all_channels;
} ViewerSetup;

/**
 * viewer_new:
 * @uri: of the server
 *
 * Makes the session and begins to connect.
 */
Viewer *viewer_new (const char *uri, const ViewerSetup *setup);

/* Disconnects and waits until every channel is gone. */
void viewer_free (Viewer *self);

/* Iterates until the port is open in the viewer: requests of the guest are served from now on. */
void viewer_wait_open (Viewer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Viewer, viewer_free)

G_END_DECLS
