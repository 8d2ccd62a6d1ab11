/* The XML of answers: multistatus, lock discovery, errors (RFC 4918 section 14).
 *
 * A listing of 10,000 files passes through here, so constant text is copied by its known length and
 * nothing is formatted by printf.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-xml-write.h"

#include <string.h>

#include "dav/dav-date.h"
#include "dav/dav-etag.h"
#include "dav/dav-path.h"

#define XML_DECLARATION "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"

/* D and Z are declared by the root element of a multistatus; no default namespace ever is, so an
 * element without prefix is in none. */
#define NAMESPACES " xmlns:D=\"" DAV_NS "\" xmlns:Z=\"" DAV_NS_MICROSOFT "\""

static void
append_href (GString *out, const char *path, gboolean is_folder)
{
  dav_xml_append_literal (out, "<D:href>");
  dav_path_append_href (out, path, is_folder);
  dav_xml_append_literal (out, "</D:href>");
}

static const char *
get_phrase (guint status)
{
  static const struct
  {
    guint status;
    const char *phrase;
  } phrases[] = {
    { 200, "OK" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 409, "Conflict" },
    { 412, "Precondition Failed" },
    { 422, "Unprocessable Entity" },
    { 423, "Locked" },
    { 424, "Failed Dependency" },
    { 500, "Internal Server Error" },
    { 503, "Service Unavailable" },
    { 507, "Insufficient Storage" },
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (phrases); i++)
    if (phrases[i].status == status)
      return phrases[i].phrase;

  /* A phrase may be empty (RFC 9112 section 4). */
  return "";
}

static void
append_status_element (GString *out, guint status)
{
  dav_xml_append_literal (out, "<D:status>HTTP/1.1 ");
  dav_xml_append_number (out, status);
  dav_xml_append_literal (out, " ");
  g_string_append (out, get_phrase (status));
  dav_xml_append_literal (out, "</D:status>");
}

/* @attributes: of the element, if it is the root of its document. */
static void
append_error_element (GString *out,
                      const char *attributes,
                      const char *condition,
                      const DavLock *lock)
{
  dav_xml_append_literal (out, "<D:error");
  g_string_append (out, attributes);
  dav_xml_append_literal (out, "><D:");
  g_string_append (out, condition);
  if (lock != NULL)
    {
      dav_xml_append_literal (out, ">");
      append_href (out, lock->root, lock->root_is_folder);
      dav_xml_append_literal (out, "</D:");
      g_string_append (out, condition);
      dav_xml_append_literal (out, ">");
    }
  else
    dav_xml_append_literal (out, "/>");
  dav_xml_append_literal (out, "</D:error>");
}

static void
append_active_lock (GString *out, const DavLock *lock, gint64 now)
{
  gint64 left = MAX (lock->expires - now, 0) / G_USEC_PER_SEC;

  dav_xml_append_literal (out, "<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope>");
  if (lock->is_exclusive)
    dav_xml_append_literal (out, "<D:exclusive/>");
  else
    dav_xml_append_literal (out, "<D:shared/>");
  dav_xml_append_literal (out, "</D:lockscope><D:depth>");
  if (lock->is_infinite)
    dav_xml_append_literal (out, "infinity");
  else
    dav_xml_append_literal (out, "0");
  dav_xml_append_literal (out, "</D:depth>");
  if (lock->owner != NULL)
    {
      dav_xml_append_literal (out, "<D:owner>");
      g_string_append (out, lock->owner);
      dav_xml_append_literal (out, "</D:owner>");
    }
  dav_xml_append_literal (out, "<D:timeout>Second-");
  dav_xml_append_number (out, (guint64)left);
  dav_xml_append_literal (out, "</D:timeout><D:locktoken><D:href>");
  g_string_append (out, lock->token);
  dav_xml_append_literal (out, "</D:href></D:locktoken><D:lockroot>");
  append_href (out, lock->root, lock->root_is_folder);
  dav_xml_append_literal (out, "</D:lockroot></D:activelock>");
}

/* The tag of a property that is not live. `n` is declared in place, for it alone. */
static void
append_prop_tag (GString *out, const DavProp *prop)
{
  dav_xml_append_literal (out, "<");
  if (prop->ns[0] != '\0')
    dav_xml_append_literal (out, "n:");
  g_string_append (out, prop->name);
  if (prop->ns[0] != '\0')
    {
      dav_xml_append_literal (out, " xmlns:n=\"");
      dav_xml_append_text (out, prop->ns);
      dav_xml_append_literal (out, "\"");
    }
}

static void
append_prop_name (GString *out, const DavProp *prop)
{
  append_prop_tag (out, prop);
  dav_xml_append_literal (out, "/>");
}

void
dav_xml_append_prop (GString *out, const DavProp *prop)
{
  append_prop_tag (out, prop);
  if (prop->lang != NULL)
    {
      dav_xml_append_literal (out, " xml:lang=\"");
      dav_xml_append_text (out, prop->lang);
      dav_xml_append_literal (out, "\"");
    }
  if (prop->xml == NULL || prop->xml[0] == '\0')
    {
      dav_xml_append_literal (out, "/>");
      return;
    }
  dav_xml_append_literal (out, ">");
  g_string_append (out, prop->xml);
  if (prop->ns[0] != '\0')
    dav_xml_append_literal (out, "</n:");
  else
    dav_xml_append_literal (out, "</");
  g_string_append (out, prop->name);
  dav_xml_append_literal (out, ">");
}

static void
append_live_name (GString *out, const DavLiveProp *prop)
{
  if (prop->flag == DAV_PROP_WIN32_LAST_MODIFIED)
    dav_xml_append_literal (out, "<Z:");
  else
    dav_xml_append_literal (out, "<D:");
  g_string_append (out, prop->name);
  dav_xml_append_literal (out, "/>");
}

/* The live properties @resource has. */
static DavPropFlags
get_live (const DavResource *resource)
{
  DavPropFlags live = DAV_PROP_LIVE;

  if (resource->is_folder)
    live &= ~(DAV_PROP_CONTENT_LENGTH | DAV_PROP_CONTENT_TYPE | DAV_PROP_ETAG);
  if (resource->content_type == NULL)
    live &= ~DAV_PROP_CONTENT_TYPE;
  if (resource->birth_time == G_MININT64)
    live &= ~DAV_PROP_CREATION_DATE;
  if (!resource->has_quota)
    live &= ~DAV_PROP_QUOTA;

  return live;
}

static void
append_locks (GString *out, const DavResource *resource)
{
  guint i;

  if (resource->locks == NULL || resource->locks->len == 0)
    {
      dav_xml_append_literal (out, "<D:lockdiscovery/>");
      return;
    }
  dav_xml_append_literal (out, "<D:lockdiscovery>");
  for (i = 0; i < resource->locks->len; i++)
    append_active_lock (out, g_ptr_array_index (resource->locks, i), resource->now);
  dav_xml_append_literal (out, "</D:lockdiscovery>");
}

#define LOCK_ENTRY(scope)                                                                          \
  "<D:lockentry><D:lockscope><D:" scope                                                            \
  "/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"

/* The values of the live properties in @live, which @resource has. */
static void
append_live (GString *out, const DavResource *resource, DavPropFlags live)
{
  char date[DAV_DATE_SIZE];
  char etag[DAV_ETAG_SIZE];

  if (live & DAV_PROP_CREATION_DATE)
    {
      dav_date_format_iso (resource->birth_time, date);
      dav_xml_append_literal (out, "<D:creationdate>");
      g_string_append (out, date);
      dav_xml_append_literal (out, "</D:creationdate>");
    }
  if (live & DAV_PROP_DISPLAY_NAME)
    {
      dav_xml_append_literal (out, "<D:displayname>");
      dav_xml_append_text (out,
                           resource->path[0] != '\0' ? dav_path_get_name (resource->path) : "/");
      dav_xml_append_literal (out, "</D:displayname>");
    }
  if (live & DAV_PROP_CONTENT_LENGTH)
    {
      dav_xml_append_literal (out, "<D:getcontentlength>");
      dav_xml_append_number (out, resource->size);
      dav_xml_append_literal (out, "</D:getcontentlength>");
    }
  if (live & DAV_PROP_CONTENT_TYPE)
    {
      dav_xml_append_literal (out, "<D:getcontenttype>");
      dav_xml_append_text (out, resource->content_type);
      dav_xml_append_literal (out, "</D:getcontenttype>");
    }
  if (live & DAV_PROP_ETAG)
    {
      dav_etag_format (resource->inode, resource->size, resource->mtime, resource->mtime_ns, etag);
      dav_xml_append_literal (out, "<D:getetag>");
      dav_xml_append_text (out, etag);
      dav_xml_append_literal (out, "</D:getetag>");
    }
  if (live & (DAV_PROP_LAST_MODIFIED | DAV_PROP_WIN32_LAST_MODIFIED))
    dav_date_format_http (resource->mtime, date);
  if (live & DAV_PROP_LAST_MODIFIED)
    {
      dav_xml_append_literal (out, "<D:getlastmodified>");
      g_string_append (out, date);
      dav_xml_append_literal (out, "</D:getlastmodified>");
    }
  if (live & DAV_PROP_RESOURCE_TYPE)
    {
      if (resource->is_folder)
        dav_xml_append_literal (out, "<D:resourcetype><D:collection/></D:resourcetype>");
      else
        dav_xml_append_literal (out, "<D:resourcetype/>");
    }
  if (live & DAV_PROP_SUPPORTED_LOCK)
    {
      if (resource->is_read_only)
        dav_xml_append_literal (out, "<D:supportedlock/>");
      else
        dav_xml_append_literal (out, "<D:supportedlock>" LOCK_ENTRY ("exclusive")
                                         LOCK_ENTRY ("shared") "</D:supportedlock>");
    }
  if (live & DAV_PROP_LOCK_DISCOVERY)
    append_locks (out, resource);
  if (live & DAV_PROP_QUOTA_AVAILABLE)
    {
      dav_xml_append_literal (out, "<D:quota-available-bytes>");
      dav_xml_append_number (out, resource->quota_available);
      dav_xml_append_literal (out, "</D:quota-available-bytes>");
    }
  if (live & DAV_PROP_QUOTA_USED)
    {
      dav_xml_append_literal (out, "<D:quota-used-bytes>");
      dav_xml_append_number (out, resource->quota_used);
      dav_xml_append_literal (out, "</D:quota-used-bytes>");
    }
  if (live & DAV_PROP_WIN32_LAST_MODIFIED)
    {
      dav_xml_append_literal (out, "<Z:Win32LastModifiedTime>");
      g_string_append (out, date);
      dav_xml_append_literal (out, "</Z:Win32LastModifiedTime>");
    }
}

static void
append_live_names (GString *out, DavPropFlags live)
{
  guint i;

  for (i = 0; i < n_dav_live_props; i++)
    if (live & dav_live_props[i].flag)
      append_live_name (out, &dav_live_props[i]);
}

static const DavProp *
find_prop (const GPtrArray *props, const DavProp *name)
{
  guint i;

  for (i = 0; props != NULL && i < props->len; i++)
    if (dav_prop_same_name (g_ptr_array_index (props, i), name))
      return g_ptr_array_index (props, i);

  return NULL;
}

static void
begin_propstat (GString *out)
{
  dav_xml_append_literal (out, "<D:propstat><D:prop>");
}

static void
end_propstat (GString *out, guint status)
{
  dav_xml_append_literal (out, "</D:prop>");
  append_status_element (out, status);
  dav_xml_append_literal (out, "</D:propstat>");
}

/* The dead properties that answer @request; returns whether all it names are there. */
static gboolean
append_found_props (GString *out, const DavPropfind *request, const DavResource *resource)
{
  const GPtrArray *props = resource->props;
  gboolean all_found = TRUE;
  guint i;

  if (request->kind != DAV_PROPFIND_PROP)
    for (i = 0; props != NULL && i < props->len; i++)
      {
        if (request->kind == DAV_PROPFIND_PROPNAME)
          append_prop_name (out, g_ptr_array_index (props, i));
        else
          dav_xml_append_prop (out, g_ptr_array_index (props, i));
      }

  for (i = 0; i < request->others->len; i++)
    {
      const DavProp *prop = find_prop (props, g_ptr_array_index (request->others, i));

      if (prop == NULL)
        all_found = FALSE;
      else if (request->kind == DAV_PROPFIND_PROP)
        dav_xml_append_prop (out, prop);
    }

  return all_found;
}

void
dav_xml_append_resource (GString *out, const DavPropfind *request, const DavResource *resource)
{
  DavPropFlags has = get_live (resource);
  DavPropFlags missing = 0;
  gboolean all_found;
  gsize propstat, props;
  guint i;

  /* What allprop would include is not missed by anyone who did not name it. */
  if (request->kind == DAV_PROPFIND_PROP)
    missing = request->live & ~has;
  else if (request->kind == DAV_PROPFIND_ALLPROP)
    missing = request->live & ~has & DAV_PROP_QUOTA;

  dav_xml_append_literal (out, "<D:response>");
  append_href (out, resource->path, resource->is_folder);

  propstat = out->len;
  begin_propstat (out);
  props = out->len;
  if (request->kind == DAV_PROPFIND_PROPNAME)
    append_live_names (out, has);
  else
    append_live (out, resource, request->live & has);
  all_found = append_found_props (out, request, resource) && missing == 0;
  if (out->len > props || all_found)
    end_propstat (out, 200);
  else
    g_string_truncate (out, propstat);

  if (!all_found)
    {
      begin_propstat (out);
      append_live_names (out, missing);
      for (i = 0; i < request->others->len; i++)
        if (find_prop (resource->props, g_ptr_array_index (request->others, i)) == NULL)
          append_prop_name (out, g_ptr_array_index (request->others, i));
      end_propstat (out, 404);
    }

  dav_xml_append_literal (out, "</D:response>\n");
}

void
dav_xml_begin_multistatus (GString *out)
{
  dav_xml_append_literal (out, XML_DECLARATION "<D:multistatus" NAMESPACES ">\n");
}

void
dav_xml_end_multistatus (GString *out)
{
  dav_xml_append_literal (out, "</D:multistatus>\n");
}

void
dav_xml_append_status (GString *out,
                       const char *path,
                       gboolean is_folder,
                       guint status,
                       const char *condition,
                       const DavLock *lock)
{
  dav_xml_append_literal (out, "<D:response>");
  append_href (out, path, is_folder);
  append_status_element (out, status);
  if (condition != NULL)
    append_error_element (out, "", condition, lock);
  dav_xml_append_literal (out, "</D:response>\n");
}

static gboolean
same_outcome (const DavPropStatus *a, const DavPropStatus *b)
{
  return a->status == b->status && g_strcmp0 (a->condition, b->condition) == 0;
}

/* Whether an earlier one than @index has its outcome: then it is in that one's propstat. */
static gboolean
is_repeated (const DavPropStatus *statuses, guint index)
{
  guint i;

  for (i = 0; i < index; i++)
    if (same_outcome (&statuses[i], &statuses[index]))
      return TRUE;

  return FALSE;
}

void
dav_xml_append_prop_statuses (GString *out,
                              const char *path,
                              gboolean is_folder,
                              const DavPropStatus *statuses,
                              guint n_statuses)
{
  guint i, j;

  dav_xml_append_literal (out, "<D:response>");
  append_href (out, path, is_folder);
  for (i = 0; i < n_statuses; i++)
    {
      if (is_repeated (statuses, i))
        continue;

      begin_propstat (out);
      for (j = i; j < n_statuses; j++)
        if (same_outcome (&statuses[i], &statuses[j]))
          append_prop_name (out, statuses[j].prop);
      dav_xml_append_literal (out, "</D:prop>");
      append_status_element (out, statuses[i].status);
      if (statuses[i].condition != NULL)
        append_error_element (out, "", statuses[i].condition, NULL);
      dav_xml_append_literal (out, "</D:propstat>");
    }
  dav_xml_append_literal (out, "</D:response>\n");
}

void
dav_xml_append_lock_body (GString *out, const DavLock *lock, gint64 now)
{
  dav_xml_append_literal (out, XML_DECLARATION "<D:prop" NAMESPACES "><D:lockdiscovery>");
  append_active_lock (out, lock, now);
  dav_xml_append_literal (out, "</D:lockdiscovery></D:prop>\n");
}

void
dav_xml_append_error_body (GString *out, const char *condition, const DavLock *lock)
{
  dav_xml_append_literal (out, XML_DECLARATION);
  append_error_element (out, NAMESPACES, condition, lock);
  dav_xml_append_literal (out, "\n");
}
