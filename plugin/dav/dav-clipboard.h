/* Where copied files are found: /.spice-clipboard/id/name/….
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-path.h"

G_BEGIN_DECLS

/* The folder spice-gtk names in what it tells the guest. */
#define DAV_CLIPBOARD ".spice-clipboard"

/**
 * dav_clipboard_is_within:
 *
 * Whether @path belongs to the clipboard, and so never to the share.
 */
static inline gboolean
dav_clipboard_is_within (const char *path)
{
  return dav_path_is_within (path, DAV_CLIPBOARD);
}

G_END_DECLS
