/* The XML of answers: multistatus, lock discovery, errors (RFC 4918 section 14).
 *
 * A listing of 10,000 files passes through here, so constant text is copied by its known length and
 * nothing is formatted by printf.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-xml-write.h"

#include <libsoup/soup.h>

#include "dav/dav-xml-live.h"

#define XML_DECLARATION "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"

/* D and Z are declared by the root element of a multistatus; no default namespace ever is, so an
 * element without prefix is in none. */
#define NAMESPACES " xmlns:D=\"" DAV_NS "\" xmlns:Z=\"" DAV_NS_MICROSOFT "\""

static void
append_status_element (GString *out, guint status)
{
  dav_xml_append_literal (out, "<D:status>HTTP/1.1 ");
  dav_xml_append_number (out, status);
  dav_xml_append_literal (out, " ");
  g_string_append (out, soup_status_get_phrase (status));
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
      dav_xml_append_href (out, lock->root, lock->root_is_folder);
      dav_xml_append_literal (out, "</D:");
      g_string_append (out, condition);
      dav_xml_append_literal (out, ">");
    }
  else
    dav_xml_append_literal (out, "/>");
  dav_xml_append_literal (out, "</D:error>");
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
  DavPropFlags has = dav_xml_get_live (resource);
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
  dav_xml_append_href (out, resource->path, resource->is_folder);

  propstat = out->len;
  begin_propstat (out);
  props = out->len;
  if (request->kind == DAV_PROPFIND_PROPNAME)
    dav_xml_append_live_names (out, has);
  else
    dav_xml_append_live_props (out, resource, request->live & has);
  all_found = append_found_props (out, request, resource) && missing == 0;
  if (out->len > props || all_found)
    end_propstat (out, 200);
  else
    g_string_truncate (out, propstat);

  if (!all_found)
    {
      begin_propstat (out);
      dav_xml_append_live_names (out, missing);
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
  dav_xml_append_href (out, path, is_folder);
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
  dav_xml_append_href (out, path, is_folder);
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
  dav_xml_append_active_lock (out, lock, now);
  dav_xml_append_literal (out, "</D:lockdiscovery></D:prop>\n");
}

void
dav_xml_append_error_body (GString *out, const char *condition, const DavLock *lock)
{
  dav_xml_append_literal (out, XML_DECLARATION);
  append_error_element (out, NAMESPACES, condition, lock);
  dav_xml_append_literal (out, "\n");
}
