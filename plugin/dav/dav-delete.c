/* DELETE (RFC 4918 section 9.6).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-headers.h"
#include "dav/dav-tree.h"

void
dav_delete_run (DavRequest *request)
{
  g_autoptr (DavGuard) guard = NULL;
  DavDepth depth = dav_depth_parse (dav_request_get_header (request, "Depth"));

  /* Of a file every depth means the same; a folder goes with all that is in it or not at all. */
  if (depth == DAV_DEPTH_INVALID || depth == DAV_DEPTH_1)
    {
      dav_request_fail (request, SOUP_STATUS_BAD_REQUEST);
      return;
    }

  guard = dav_guard_new (request);
  if (guard == NULL || !dav_guard_begin_change (guard, request, request->path, DAV_LOCK_CHECK_TREE))
    return;

  dav_tree_run (request, DAV_TREE_DELETE, g_steal_pointer (&guard), NULL,
                depth == DAV_DEPTH_0 ? SHARE_TREE_SHALLOW : SHARE_TREE_DEFAULT);
}
