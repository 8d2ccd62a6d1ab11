/* What a request is served from: a share, the locks on it, and buffers.
 *
 * A request keeps the mount it began with. When the server is given another share the old mount is
 * over: its locks are forgotten, its share closes by itself once no request holds it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-buffer.h"
#include "dav/dav-lock.h"
#include "share/share.h"

G_BEGIN_DECLS

/**
 * DavMount:
 * @prefix: what comes before a path of the share in an href: "" or ".spice-clipboard/id/name"
 *
 * Worker thread only.
 */
typedef struct
{
  guint refs;
  Share *share;
  DavLockTable *locks;
  DavBuffers *buffers;
  char *prefix;
} DavMount;

/**
 * dav_mount_new:
 * @share: (transfer none): kept until the mount goes
 * @prefix: (transfer none): copied
 *
 * Returns: (transfer full): a mount without locks
 */
DavMount *dav_mount_new (Share *share, const char *prefix);
/**
 * dav_mount_ref:
 *
 * Returns: (transfer full): @self
 */
DavMount *dav_mount_ref (DavMount *self);
void dav_mount_unref (DavMount *self);

/**
 * dav_mount_show_path:
 * @path: a path of the share
 *
 * Returns: (transfer full): the path a client knows it by
 */
char *dav_mount_show_path (DavMount *self, const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavMount, dav_mount_unref)

G_END_DECLS
