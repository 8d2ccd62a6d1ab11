/* PROPPATCH (RFC 4918 section 9.2): all of it, or none.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>

#include "dav/dav-date.h"
#include "dav/dav-deadprops.h"
#include "dav/dav-guard.h"
#include "dav/dav-request.h"
#include "dav/dav-status.h"
#include "dav/dav-xml-write.h"

/* Of the job while it runs, then of the worker. */
typedef struct
{
  DavGuard *guard;
  char *path;         /* in the share */
  GPtrArray *updates; /* DavPropUpdate */
  GPtrArray *changes; /* DavDeadpropChange, of the updates that are none of a live property */
  GArray *indices;    /* guint: which update a change belongs to */
  gboolean has_mtime;
  gint64 mtime;
  guint mtime_index; /* the update it comes from */
  guint refused;     /* status of an update that cannot be done; 0: there is none */
  const char *condition;
  guint status; /* refused by the guard */
  int error;    /* of the request as a whole */
  ShareStat stat;
  int failure;  /* of one update, when it was tried */
  guint failed; /* the one refused, or tried in vain */
} DavPatch;

static void
dav_patch_free (gpointer data)
{
  DavPatch *self = data;

  dav_guard_free (self->guard);
  g_ptr_array_unref (self->updates);
  g_ptr_array_unref (self->changes);
  g_array_unref (self->indices);
  g_free (self->path);
  g_free (self);
}

static void
dav_patch_job (Share *share, gpointer data)
{
  DavPatch *self = data;
  g_autoptr (ShareAttributes) attributes = NULL;
  guint failed;

  self->error = share_attributes_open (share, self->path, &self->stat, &attributes);
  if (self->error < 0)
    return;
  self->status = dav_guard_evaluate (self->guard, share, &self->stat);
  if (self->status != 0 || self->refused != 0)
    return;

  if (self->has_mtime)
    {
      self->failed = self->mtime_index;
      self->failure = share_attributes_set_mtime (attributes, self->mtime, 0);
      if (self->failure < 0)
        return;
    }

  self->failure = dav_deadprops_apply (attributes, self->changes, &failed);
  if (self->failure < 0)
    {
      self->failed = g_array_index (self->indices, guint, failed);
      if (self->has_mtime)
        share_attributes_set_mtime (attributes, self->stat.mtime, self->stat.mtime_nsec);
    }
}

/* Answers with @status for the update that failed and 424 for the others; with 200 for all if
 * @status is 0. */
static void
dav_patch_answer (DavPatch *self, DavRequest *request, guint status)
{
  g_autofree DavPropStatus *statuses = g_new0 (DavPropStatus, self->updates->len);
  g_autofree char *shown = dav_mount_show_path (request->mount, self->path);
  g_autoptr (GBytes) body = NULL;
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < self->updates->len; i++)
    {
      const DavPropUpdate *update = g_ptr_array_index (self->updates, i);

      statuses[i].prop = update->prop;
      if (status == 0)
        statuses[i].status = SOUP_STATUS_OK;
      else if (i == self->failed)
        {
          statuses[i].status = status;
          statuses[i].condition = self->condition;
        }
      else
        statuses[i].status = SOUP_STATUS_FAILED_DEPENDENCY;
    }

  dav_xml_begin_multistatus (out);
  dav_xml_append_prop_statuses (out, shown, self->stat.type == SHARE_TYPE_FOLDER, statuses,
                                self->updates->len);
  dav_xml_end_multistatus (out);
  body = g_string_free_to_bytes (out);
  dav_request_answer (request, SOUP_STATUS_MULTI_STATUS, DAV_XML_CONTENT_TYPE, body);
}

static guint
dav_patch_get_status (int failure)
{
  /* No attributes here at all, or not on this kind of file. */
  if (failure == -EOPNOTSUPP)
    return SOUP_STATUS_FORBIDDEN;
  if (failure == -E2BIG || failure == -ERANGE)
    return SOUP_STATUS_INSUFFICIENT_STORAGE;

  return dav_status_from_errno (failure);
}

static void
dav_patch_done (DavRequest *request, gpointer data)
{
  DavPatch *self = data;

  if (self->error < 0)
    dav_request_fail_errno (request, self->error);
  else if (self->status != 0)
    dav_request_fail (request, self->status);
  else if (self->refused != 0)
    dav_patch_answer (self, request, self->refused);
  else
    dav_patch_answer (self, request, self->failure < 0 ? dav_patch_get_status (self->failure) : 0);
}

static void
dav_patch_refuse (DavPatch *self, guint index, guint status, const char *condition)
{
  if (self->refused != 0)
    return;

  self->failed = index;
  self->refused = status;
  self->condition = condition;
}

/* Sorts the updates into what the job will do. */
static void
dav_patch_plan (DavPatch *self)
{
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  for (guint i = 0; i < self->updates->len; i++)
    {
      const DavPropUpdate *update = g_ptr_array_index (self->updates, i);
      const DavLiveProp *live = dav_live_prop_find (update->prop->ns, update->prop->name);

      if (live == NULL)
        {
          DavDeadpropChange *change = dav_deadprop_change_new (update->prop, update->remove);

          if (change == NULL)
            {
              dav_patch_refuse (self, i, SOUP_STATUS_INSUFFICIENT_STORAGE, NULL);
              continue;
            }
          g_ptr_array_add (self->changes, change);
          g_array_append_val (self->indices, i);
        }
      else if (live->is_protected || update->remove)
        {
          dav_patch_refuse (self, i, SOUP_STATUS_FORBIDDEN, "cannot-modify-protected-property");
        }
      else
        {
          /* The one that can be set is a time. */
          g_autofree char *date = g_strstrip (g_strdup (update->prop->xml));

          if (!dav_date_parse_http (date, now, &self->mtime))
            dav_patch_refuse (self, i, SOUP_STATUS_CONFLICT, NULL);
          self->has_mtime = TRUE;
          self->mtime_index = i;
        }
    }
}

void
dav_proppatch_run (DavRequest *request)
{
  g_autoptr (GPtrArray) updates = NULL;
  g_autoptr (DavGuard) guard = NULL;
  DavXmlResult result;
  DavPatch *self;

  result = dav_proppatch_parse (request->body != NULL ? (const char *)request->body->data : "",
                                request->body != NULL ? request->body->len : 0, &updates);
  if (result != DAV_XML_OK)
    {
      dav_request_fail (request, dav_xml_result_get_status (result));
      return;
    }
  guard = dav_guard_new (request);
  if (guard == NULL
      || !dav_guard_begin_change (guard, request, request->path, DAV_LOCK_CHECK_CONTENT))
    return;

  self = g_new0 (DavPatch, 1);
  self->guard = g_steal_pointer (&guard);
  self->path = g_strdup (request->path);
  self->updates = g_steal_pointer (&updates);
  self->changes = g_ptr_array_new_with_free_func ((GDestroyNotify)dav_deadprop_change_free);
  self->indices = g_array_new (FALSE, FALSE, sizeof (guint));
  dav_patch_plan (self);
  dav_request_run (request, dav_patch_job, dav_patch_done, self, dav_patch_free);
}
