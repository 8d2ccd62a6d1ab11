/* A viewer session with our channel in it, and a record of what the channel says.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "transport/share-channel.h"
#include "viewer.h"

G_BEGIN_DECLS

/**
 * ShareViewer:
 * @viewer: the session
 * @events: (element-type utf8): the channel's signals, in their order: "ready",
 *   "sharing-started PATH 0|1", "sharing-stopped", "share-error TEXT"
 * @on_event: (nullable): called for each of them
 */
typedef struct
{
  Viewer *viewer;
  GPtrArray *events;
  void (*on_event) (const char *event, gpointer user_data);
  gpointer user_data;
  /*< private >*/
  char *path;
  guint flags;
  SpiceShareCompression compression;
} ShareViewer;

/**
 * share_viewer_new:
 * @setup: of the session; the channel does not look at `shared_dir`
 * @path: (nullable): what every channel of this viewer shares from the start
 * @flags: #ShareFlags
 */
ShareViewer *share_viewer_new (const char *uri,
                               const ViewerSetup *setup,
                               const char *path,
                               guint flags,
                               SpiceShareCompression compression);
void share_viewer_free (ShareViewer *self);

/* The channel, which must be there. */
SpiceShareChannel *share_viewer_get_channel (ShareViewer *self);

/* How many events so far begin with @prefix. */
guint share_viewer_count (ShareViewer *self, const char *prefix);

/* Iterates until the port is open in the viewer and the folder is shared. */
void share_viewer_wait_sharing (ShareViewer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ShareViewer, share_viewer_free)

G_END_DECLS
