/* Names of properties, and the table of those the server itself knows (live properties).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-props.h"

#include <string.h>

const DavLiveProp dav_live_props[] = {
  { DAV_PROP_CREATION_DATE, DAV_NS, "creationdate", TRUE },
  { DAV_PROP_DISPLAY_NAME, DAV_NS, "displayname", TRUE },
  { DAV_PROP_CONTENT_LENGTH, DAV_NS, "getcontentlength", TRUE },
  { DAV_PROP_CONTENT_TYPE, DAV_NS, "getcontenttype", TRUE },
  { DAV_PROP_ETAG, DAV_NS, "getetag", TRUE },
  { DAV_PROP_LAST_MODIFIED, DAV_NS, "getlastmodified", TRUE },
  { DAV_PROP_RESOURCE_TYPE, DAV_NS, "resourcetype", TRUE },
  { DAV_PROP_SUPPORTED_LOCK, DAV_NS, "supportedlock", TRUE },
  { DAV_PROP_LOCK_DISCOVERY, DAV_NS, "lockdiscovery", TRUE },
  { DAV_PROP_QUOTA_AVAILABLE, DAV_NS, "quota-available-bytes", TRUE },
  { DAV_PROP_QUOTA_USED, DAV_NS, "quota-used-bytes", TRUE },
  { DAV_PROP_WIN32_LAST_MODIFIED, DAV_NS_MICROSOFT, "Win32LastModifiedTime", FALSE },
};

const guint n_dav_live_props = G_N_ELEMENTS (dav_live_props);

const DavLiveProp *
dav_live_prop_find (const char *ns, const char *name)
{
  guint i;

  for (i = 0; i < n_dav_live_props; i++)
    if (strcmp (name, dav_live_props[i].name) == 0 && strcmp (ns, dav_live_props[i].ns) == 0)
      return &dav_live_props[i];

  return NULL;
}

DavProp *
dav_prop_new (const char *ns, const char *name, const char *lang, const char *xml)
{
  DavProp *self = g_new0 (DavProp, 1);

  self->ns = g_strdup (ns);
  self->name = g_strdup (name);
  self->lang = g_strdup (lang);
  self->xml = g_strdup (xml);

  return self;
}

void
dav_prop_free (DavProp *self)
{
  g_free (self->ns);
  g_free (self->name);
  g_free (self->lang);
  g_free (self->xml);
  g_free (self);
}

gboolean
dav_prop_same_name (const DavProp *a, const DavProp *b)
{
  return strcmp (a->name, b->name) == 0 && strcmp (a->ns, b->ns) == 0;
}
