/* MKCOL (RFC 4918 section 9.3).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-tree.h"

void
dav_mkcol_run (DavRequest *request)
{
  g_autoptr (DavGuard) guard = dav_guard_new (request);

  if (guard == NULL
      || !dav_guard_begin_change (guard, request, request->path, DAV_LOCK_CHECK_MEMBER))
    return;

  dav_tree_run (request, DAV_TREE_MKCOL, g_steal_pointer (&guard), NULL, SHARE_TREE_DEFAULT);
}
