/* COPY and MOVE (RFC 4918 sections 9.8 and 9.9).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-clipboard.h"
#include "dav/dav-headers.h"
#include "dav/dav-path.h"
#include "dav/dav-tree.h"

/* Returns: (nullable): the path of Destination; %NULL: the request is answered */
static char *
dav_copy_move_get_target (DavRequest *request)
{
  const char *destination = dav_request_get_header (request, "Destination");
  const char *host = dav_request_get_header (request, "Host");
  g_autofree char *target = NULL;
  DavPathResult result;

  if (destination == NULL)
    {
      dav_request_fail (request, SOUP_STATUS_BAD_REQUEST);
      return NULL;
    }
  result = dav_path_decode_reference (destination, host, &target);
  if (result != DAV_PATH_OK)
    {
      dav_request_fail (request, result == DAV_PATH_FOREIGN ? SOUP_STATUS_BAD_GATEWAY
                                                            : SOUP_STATUS_BAD_REQUEST);
      return NULL;
    }
  if (dav_clipboard_is_within (target))
    {
      dav_request_fail (request, SOUP_STATUS_FORBIDDEN);
      return NULL;
    }
  return g_steal_pointer (&target);
}

static void
dav_copy_move_run (DavRequest *request, DavTreeKind kind)
{
  DavDepth depth = dav_depth_parse (dav_request_get_header (request, "Depth"));
  ShareTreeFlags flags = SHARE_TREE_DEFAULT;
  gboolean overwrite;
  g_autofree char *target = NULL;
  g_autoptr (DavGuard) guard = NULL;

  if (depth == DAV_DEPTH_INVALID || depth == DAV_DEPTH_1
      || !dav_overwrite_parse (dav_request_get_header (request, "Overwrite"), &overwrite))
    {
      dav_request_fail (request, SOUP_STATUS_BAD_REQUEST);
      return;
    }
  if (depth == DAV_DEPTH_0)
    flags |= SHARE_TREE_SHALLOW;
  if (overwrite)
    flags |= SHARE_TREE_OVERWRITE;

  target = dav_copy_move_get_target (request);
  if (target == NULL)
    return;
  guard = dav_guard_new (request);
  if (guard == NULL
      || (kind == DAV_TREE_MOVE
          && !dav_guard_begin_change (guard, request, request->path, DAV_LOCK_CHECK_TREE))
      || !dav_guard_begin_change (guard, request, target, DAV_LOCK_CHECK_TREE))
    return;

  dav_tree_run (request, kind, g_steal_pointer (&guard), target, flags);
}

void
dav_copy_run (DavRequest *request)
{
  dav_copy_move_run (request, DAV_TREE_COPY);
}

void
dav_move_run (DavRequest *request)
{
  dav_copy_move_run (request, DAV_TREE_MOVE);
}
