/* Dead properties as anybody on the host may have written them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include "dav/dav-deadprops.h"
#include "dav/dav-xml-read.h"
#include "dav/dav-xml-write.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr (GPtrArray) props = NULL;
  g_autoptr (DavPropfind) request = NULL;
  g_autoptr (GString) xml = g_string_new (NULL);
  DavResource resource = { .path = "a", .birth_time = G_MININT64 };
  DavXmlResult result;

  if (size > DAV_DEADPROPS_MAX_SIZE)
    return 0;

  g_ptr_array_add (values, g_bytes_new (data, size));
  props = dav_deadprops_decode (values);
  resource.props = props;
  g_assert_cmpint (dav_propfind_parse ("", 0, &request), ==, DAV_XML_OK);
  dav_xml_begin_multistatus (xml);
  dav_xml_append_resource (xml, request, &resource);
  dav_xml_end_multistatus (xml);

  /* The answer is deeper and longer than the property by itself. */
  result = dav_xml_check (xml->str, xml->len, DAV_NS, "multistatus");
  g_assert_true (result == DAV_XML_OK || result == DAV_XML_TOO_LARGE);

  return 0;
}
