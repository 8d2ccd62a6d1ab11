/* PROPFIND, Depth 0 and 1 (RFC 4918 section 9.1).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>

#include "dav/dav-deadprops.h"
#include "dav/dav-guard.h"
#include "dav/dav-headers.h"
#include "dav/dav-listing.h"
#include "dav/dav-request.h"
#include "dav/dav-status.h"
#include "dav/dav-xml-write.h"

/* Bytes of dead properties read ahead of the text that is made of them; one file more may be. */
#define DAV_FIND_DEAD_SIZE (256 * 1024)

/* Of the job while it runs, then of the worker. */
typedef struct
{
  guint refs;
  DavGuard *guard;
  DavPropfind *wanted;
  char *path;    /* in the share */
  char *shown;   /* in hrefs */
  gboolean list; /* Depth 1 */
  int error;
  guint status;
  ShareStat stat;
  gboolean has_space;
  ShareSpace space;
  ShareFolder *folder;
  GPtrArray *locks;
  gboolean wants_dead;
  GPtrArray *dead;                            /* of the folder itself, as stored */
  GPtrArray *entries_dead[DAV_LISTING_BATCH]; /* of the entries of a batch, likewise */
} DavFind;

static void
dav_find_unref (gpointer data)
{
  DavFind *self = data;

  if (--self->refs > 0)
    return;

  g_clear_pointer (&self->guard, dav_guard_free);
  g_clear_pointer (&self->wanted, dav_propfind_free);
  g_clear_pointer (&self->folder, share_folder_free);
  g_clear_pointer (&self->dead, g_ptr_array_unref);
  for (guint i = 0; i < DAV_LISTING_BATCH; i++)
    g_clear_pointer (&self->entries_dead[i], g_ptr_array_unref);
  g_ptr_array_unref (self->locks);
  g_free (self->path);
  g_free (self->shown);
  g_free (self);
}

static void
dav_find_job (Share *share, gpointer data)
{
  DavFind *self = data;

  if (self->list)
    self->error = share_folder_open (share, self->path, &self->stat, &self->folder);
  if (!self->list || self->error == -ENOTDIR)
    self->error = share_stat (share, self->path, &self->stat);
  if (self->error < 0)
    return;

  self->status = dav_guard_evaluate (self->guard, share, &self->stat);
  if (self->status != 0)
    return;
  if ((self->wanted->live & DAV_PROP_QUOTA) != 0)
    self->has_space = share_get_space (share, self->path, &self->space) == 0;
  if (self->wants_dead)
    self->dead = dav_deadprops_read (share, self->path);
}

/* Appends what is asked of one file or folder. */
static void
dav_find_append (DavRequest *request,
                 DavFind *self,
                 GString *out,
                 const char *path,
                 const char *shown,
                 const ShareStat *stat,
                 const GPtrArray *values)
{
  g_autoptr (GPtrArray) props = dav_deadprops_decode (values);
  DavResource resource = {
    .path = shown,
    .is_folder = stat->type == SHARE_TYPE_FOLDER,
    .inode = stat->inode,
    .size = stat->size,
    .mtime = stat->mtime,
    .mtime_ns = stat->mtime_nsec,
    .birth_time = stat->has_btime ? stat->btime : G_MININT64,
    .has_quota = self->has_space,
    .quota_available = self->space.available,
    .quota_used = self->space.used,
    .props = props,
    .locks = self->locks,
    .is_read_only = share_is_read_only (request->mount->share),
    .now = g_get_monotonic_time (),
  };

  if (!resource.is_folder && (self->wanted->live & DAV_PROP_CONTENT_TYPE) != 0)
    resource.content_type = dav_mime_guess (request->mime, shown);
  g_ptr_array_set_size (self->locks, 0);
  if ((self->wanted->live & DAV_PROP_LOCK_DISCOVERY) != 0)
    dav_lock_table_discover (request->mount->locks, path, self->locks, resource.now);

  dav_xml_append_resource (out, self->wanted, &resource);
}

/* Twice for each entry of a listing: g_build_filename() takes longer. */
static char *
dav_find_join (const char *folder, const char *name)
{
  return *folder == '\0' ? g_strdup (name) : g_strconcat (folder, "/", name, NULL);
}

/* In the job: the dead properties of entries, no more at once than is kept in memory. */
static guint
dav_find_read (ShareFolder *folder,
               const ShareEntry *entries,
               guint first,
               guint n_entries,
               gpointer data)
{
  DavFind *self = data;
  gsize size = 0;
  guint n = 0;

  while (n < n_entries && size < DAV_FIND_DEAD_SIZE)
    {
      guint i = first + n++;
      GPtrArray *values;

      if (!self->wants_dead || !entries[i].has_xattrs)
        continue;
      values = dav_deadprops_read_entry (folder, entries[i].name);
      for (guint j = 0; values != NULL && j < values->len; j++)
        size += g_bytes_get_size (g_ptr_array_index (values, j));
      self->entries_dead[i] = values;
    }
  return n;
}

static void
dav_find_entry (DavRequest *request,
                GString *out,
                const ShareEntry *entry,
                guint index,
                gpointer data)
{
  DavFind *self = data;
  g_autofree char *path = dav_find_join (self->path, entry->name);
  g_autofree char *shown = dav_find_join (self->shown, entry->name);

  if (entry->error < 0)
    dav_xml_append_status (out, shown, entry->stat.type == SHARE_TYPE_FOLDER,
                           dav_status_from_errno (entry->error), NULL, NULL);
  else
    dav_find_append (request, self, out, path, shown, &entry->stat, self->entries_dead[index]);
  g_clear_pointer (&self->entries_dead[index], g_ptr_array_unref);
}

static void
dav_find_end (DavRequest *request, GString *out, gpointer data)
{
  dav_xml_end_multistatus (out);
}

static const DavListingOps dav_find_ops = {
  .read = dav_find_read,
  .entry = dav_find_entry,
  .end = dav_find_end,
  .free_data = dav_find_unref,
};

static void
dav_find_done (DavRequest *request, gpointer data)
{
  DavFind *self = data;
  GString *out;

  if (self->error < 0)
    {
      dav_request_fail_errno (request, self->error);
      return;
    }
  if (self->status != 0)
    {
      dav_request_fail (request, self->status);
      return;
    }

  out = g_string_new (NULL);
  dav_xml_begin_multistatus (out);
  dav_find_append (request, self, out, self->path, self->shown, &self->stat, self->dead);
  if (self->folder != NULL)
    {
      self->refs++;
      dav_listing_answer (request, g_steal_pointer (&self->folder), SOUP_STATUS_MULTI_STATUS,
                          DAV_XML_CONTENT_TYPE, out, self->wants_dead, &dav_find_ops, self);
    }
  else
    {
      g_autoptr (GBytes) body = NULL;

      dav_xml_end_multistatus (out);
      body = g_string_free_to_bytes (out);
      dav_request_answer (request, SOUP_STATUS_MULTI_STATUS, DAV_XML_CONTENT_TYPE, body);
    }
}

void
dav_propfind_run (DavRequest *request)
{
  g_autoptr (DavPropfind) wanted = NULL;
  g_autoptr (DavGuard) guard = NULL;
  DavDepth depth = dav_depth_parse (dav_request_get_header (request, "Depth"));
  DavXmlResult result;
  DavFind *self;

  if (depth == DAV_DEPTH_INVALID)
    {
      dav_request_fail (request, SOUP_STATUS_BAD_REQUEST);
      return;
    }

  result = dav_propfind_parse (request->body != NULL ? (const char *)request->body->data : "",
                               request->body != NULL ? request->body->len : 0, &wanted);
  if (result != DAV_XML_OK)
    {
      dav_request_fail (request, dav_xml_result_get_status (result));
      return;
    }
  if (depth == DAV_DEPTH_INFINITY)
    {
      dav_request_fail_condition (request, SOUP_STATUS_FORBIDDEN, "propfind-finite-depth", NULL);
      return;
    }
  guard = dav_guard_new (request);
  if (guard == NULL)
    return;

  self = g_new0 (DavFind, 1);
  self->refs = 1;
  self->guard = g_steal_pointer (&guard);
  self->wanted = g_steal_pointer (&wanted);
  self->path = g_strdup (request->path);
  self->shown = dav_mount_show_path (request->mount, request->path);
  self->list = depth == DAV_DEPTH_1;
  self->wants_dead = self->wanted->kind != DAV_PROPFIND_PROP || self->wanted->others->len > 0;
  self->locks = g_ptr_array_new ();
  dav_request_run (request, dav_find_job, dav_find_done, self, dav_find_unref);
}
