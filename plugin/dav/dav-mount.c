/* A share and its locks; see dav-mount.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-mount.h"

DavMount *
dav_mount_new (Share *share, const char *prefix)
{
  DavMount *self = g_new0 (DavMount, 1);

  self->refs = 1;
  self->share = share_ref (share);
  self->locks = dav_lock_table_new ();
  self->buffers = dav_buffers_new ();
  self->prefix = g_strdup (prefix);
  return self;
}

DavMount *
dav_mount_ref (DavMount *self)
{
  self->refs++;
  return self;
}

void
dav_mount_unref (DavMount *self)
{
  if (--self->refs > 0)
    return;

  dav_lock_table_free (self->locks);
  dav_buffers_unref (self->buffers);
  share_unref (self->share);
  g_free (self->prefix);
  g_free (self);
}

char *
dav_mount_show_path (DavMount *self, const char *path)
{
  return g_build_filename (self->prefix, path, NULL);
}
