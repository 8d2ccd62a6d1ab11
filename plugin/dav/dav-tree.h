/* What DELETE, MKCOL, COPY and MOVE have in common: one job that changes the tree, and the answer
 * that says what became of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-guard.h"
#include "dav/dav-request.h"
#include "share/tree.h"

G_BEGIN_DECLS

typedef enum
{
  DAV_TREE_DELETE,
  DAV_TREE_MKCOL,
  DAV_TREE_COPY,
  DAV_TREE_MOVE,
} DavTreeKind;

/**
 * dav_tree_run:
 * @guard: (transfer full): evaluated in the job; locks were checked
 * @target: (nullable): where to, of COPY and MOVE
 * @flags: SHARE_TREE_SHALLOW: Depth was 0 (a folder is then not deleted nor moved: 400)
 *
 * Answers @request.
 */
void dav_tree_run (DavRequest *request,
                   DavTreeKind kind,
                   DavGuard *guard,
                   const char *target,
                   ShareTreeFlags flags);

G_END_DECLS
