/* The live properties in XML: their values of one resource, and the locks among them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-xml-live.h"

#include "dav/dav-date.h"
#include "dav/dav-etag.h"
#include "dav/dav-path.h"
#include "dav/dav-xml-text.h"

void
dav_xml_append_href (GString *out, const char *path, gboolean is_folder)
{
  dav_xml_append_literal (out, "<D:href>");
  dav_path_append_href (out, path, is_folder);
  dav_xml_append_literal (out, "</D:href>");
}

void
dav_xml_append_active_lock (GString *out, const DavLock *lock, gint64 now)
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
  dav_xml_append_href (out, lock->root, lock->root_is_folder);
  dav_xml_append_literal (out, "</D:lockroot></D:activelock>");
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
DavPropFlags
dav_xml_get_live (const DavResource *resource)
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
    dav_xml_append_active_lock (out, g_ptr_array_index (resource->locks, i), resource->now);
  dav_xml_append_literal (out, "</D:lockdiscovery>");
}

#define LOCK_ENTRY(scope)                                                                          \
  "<D:lockentry><D:lockscope><D:" scope                                                            \
  "/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"

/* The values of the live properties in @live, which @resource has. */
void
dav_xml_append_live_props (GString *out, const DavResource *resource, DavPropFlags live)
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

void
dav_xml_append_live_names (GString *out, DavPropFlags live)
{
  guint i;

  for (i = 0; i < n_dav_live_props; i++)
    if (live & dav_live_props[i].flag)
      append_live_name (out, &dav_live_props[i]);
}
