/* One job that changes the tree; see dav-tree.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-tree.h"

#include <errno.h>

#include "dav/dav-status.h"
#include "dav/dav-xml-write.h"

typedef struct
{
  DavTreeKind kind;
  DavMount *mount;
  DavGuard *guard;
  char *path;
  char *target;
  ShareTreeFlags flags;
  gboolean ran;
  guint status; /* decided before anything was done */
  int error;
  gboolean created;
  ShareFailures *failures;
} DavTree;

/* What is gone is locked no more, whether or not the client still waits for the answer; and what is
 * being done in it goes on where it is now, which is to be known before anybody may lock that. */
static void
dav_tree_settle_locks (const DavTree *self)
{
  if (!self->ran || self->status != 0)
    return;
  /* After an error too: not all of them say that nothing was moved. */
  if (self->kind == DAV_TREE_MOVE)
    dav_lock_table_move_changes (self->mount->locks, self->path, self->target);
  if (self->error != 0)
    return;
  if (self->kind == DAV_TREE_DELETE || self->kind == DAV_TREE_MOVE)
    dav_lock_table_remove_tree (self->mount->locks, self->path);
  if (self->kind == DAV_TREE_MOVE)
    dav_lock_table_remove_tree (self->mount->locks, self->target);
}

static void
dav_tree_free (gpointer data)
{
  DavTree *self = data;

  dav_tree_settle_locks (self);
  dav_mount_unref (self->mount);
  dav_guard_free (self->guard);
  share_failures_free (self->failures);
  g_free (self->path);
  g_free (self->target);
  g_free (self);
}

static void
dav_tree_job (Share *share, gpointer data)
{
  DavTree *self = data;
  ShareStat stat;
  int error = share_stat (share, self->path, &stat);

  self->ran = TRUE;
  self->status = dav_guard_evaluate (self->guard, share, error == 0 ? &stat : NULL);
  if (self->status != 0)
    return;

  switch (self->kind)
    {
    case DAV_TREE_DELETE:
    case DAV_TREE_MOVE:
      if ((self->flags & SHARE_TREE_SHALLOW) != 0 && error == 0 && stat.type == SHARE_TYPE_FOLDER)
        {
          self->status = SOUP_STATUS_BAD_REQUEST;
          return;
        }
      if (self->kind == DAV_TREE_DELETE)
        self->error = share_remove (share, self->path, self->failures);
      else
        self->error
            = share_move (share, self->path, self->target, self->flags & ~SHARE_TREE_SHALLOW,
                          self->failures, &self->created);
      break;
    case DAV_TREE_MKCOL:
      self->error = share_make_folder (share, self->path);
      self->created = self->error == 0;
      break;
    case DAV_TREE_COPY:
      self->error = share_copy (share, self->path, self->target, self->flags, self->failures,
                                &self->created);
      break;
    }
}

static guint
dav_tree_get_status (const DavTree *self)
{
  switch (self->error)
    {
    case 0:
      return self->created ? SOUP_STATUS_CREATED : SOUP_STATUS_NO_CONTENT;
    case -ENOTDIR:
      return self->kind == DAV_TREE_DELETE ? SOUP_STATUS_NOT_FOUND : SOUP_STATUS_CONFLICT;
    case -ENOENT:
      return self->kind == DAV_TREE_MKCOL ? SOUP_STATUS_CONFLICT : SOUP_STATUS_NOT_FOUND;
    case -EEXIST:
    case -EBUSY:
      if (self->kind == DAV_TREE_MKCOL)
        return SOUP_STATUS_METHOD_NOT_ALLOWED;
      break;
    case -EINVAL:
    case -ENAMETOOLONG:
      if (self->kind != DAV_TREE_DELETE)
        return SOUP_STATUS_FORBIDDEN;
      break;
    default:
      break;
    }
  return dav_status_from_errno (self->error);
}

/* RFC 4918 sections 9.6.1, 9.8.5 and 9.9.4. */
static void
dav_tree_answer_failures (DavRequest *request, const DavTree *self)
{
  GString *out = g_string_new (NULL);
  g_autoptr (GBytes) body = NULL;

  dav_xml_begin_multistatus (out);
  for (guint i = 0; i < share_failures_get_size (self->failures); i++)
    {
      const ShareFailure *failure = share_failures_get (self->failures, i);
      g_autofree char *shown = dav_mount_show_path (request->mount, failure->path);

      dav_xml_append_status (out, shown, FALSE, dav_status_from_errno (failure->error), NULL, NULL);
    }
  dav_xml_end_multistatus (out);

  request->refusal = dav_refusal_from_errno (share_failures_get (self->failures, 0)->error);
  body = g_string_free_to_bytes (out);
  dav_request_answer (request, SOUP_STATUS_MULTI_STATUS, DAV_XML_CONTENT_TYPE, body);
}

static void
dav_tree_done (DavRequest *request, gpointer data)
{
  DavTree *self = data;
  guint status = self->status != 0 ? self->status : dav_tree_get_status (self);

  if (self->status == 0 && self->error != 0 && share_failures_get_size (self->failures) > 0)
    dav_tree_answer_failures (request, self);
  else if (SOUP_STATUS_IS_SUCCESSFUL (status))
    dav_request_answer (request, status, NULL, NULL);
  else
    dav_request_refuse (request, status, dav_refusal_from_errno (self->error));
}

void
dav_tree_run (DavRequest *request,
              DavTreeKind kind,
              DavGuard *guard,
              const char *target,
              ShareTreeFlags flags)
{
  DavTree *self = g_new0 (DavTree, 1);

  self->kind = kind;
  self->mount = dav_mount_ref (request->mount);
  self->guard = guard;
  self->path = g_strdup (request->path);
  self->target = g_strdup (target);
  self->flags = flags;
  self->failures = share_failures_new ();
  if (kind == DAV_TREE_MKCOL)
    dav_request_run (request, dav_tree_job, dav_tree_done, self, dav_tree_free);
  else
    dav_request_run_long (request, dav_tree_job, dav_tree_done, self, dav_tree_free);
}
