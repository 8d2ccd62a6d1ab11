/* Bodies of PROPFIND, PROPPATCH and LOCK: whatever is accepted can be written as XML again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "dav/dav-xml-read.h"
#include "dav/dav-xml-write.h"

/* What we say is well-formed, though it may be longer than what we would read. */
static void
check_written (const GString *xml, const char *ns, const char *name)
{
  DavXmlResult result = dav_xml_check (xml->str, xml->len, ns, name);

  g_assert_true (result == DAV_XML_OK || result == DAV_XML_TOO_LARGE);
}

static void
check_propfind (const char *data, gsize size)
{
  const DavResource resource
      = { .path = "a&b", .content_type = "text/plain", .birth_time = G_MININT64 };
  g_autoptr (DavPropfind) request = NULL;
  g_autoptr (GString) xml = g_string_new (NULL);

  if (dav_propfind_parse (data, size, &request) != DAV_XML_OK)
    return;

  g_assert_cmpuint (request->others->len, <=, DAV_XML_MAX_PROPS);
  dav_xml_begin_multistatus (xml);
  dav_xml_append_resource (xml, request, &resource);
  dav_xml_end_multistatus (xml);
  check_written (xml, DAV_NS, "multistatus");
}

static void
check_proppatch (const char *data, gsize size)
{
  g_autoptr (GPtrArray) updates = NULL;

  if (dav_proppatch_parse (data, size, &updates) != DAV_XML_OK)
    return;

  g_assert_cmpuint (updates->len, <=, DAV_XML_MAX_PROPS);
  for (guint i = 0; i < updates->len; i++)
    {
      const DavPropUpdate *update = g_ptr_array_index (updates, i);
      g_autoptr (GString) xml = g_string_new (NULL);

      dav_xml_append_prop (xml, update->prop);
      check_written (xml, update->prop->ns, update->prop->name);
    }
}

static void
check_lock (const char *data, gsize size)
{
  DavLock lock = { .token = (char *)"urn:uuid:a", .root = (char *)"a" };
  g_autoptr (DavLockInfo) info = NULL;
  g_autoptr (GString) xml = g_string_new (NULL);

  if (dav_lock_info_parse (data, size, &info) != DAV_XML_OK)
    return;

  lock.owner = info->owner;
  dav_xml_append_lock_body (xml, &lock, 0);
  check_written (xml, DAV_NS, "prop");
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  check_propfind ((const char *)data, size);
  check_proppatch ((const char *)data, size);
  check_lock ((const char *)data, size);

  return 0;
}
