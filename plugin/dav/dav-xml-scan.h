/* What must never reach libxml2: other encodings, document types, tags with endless attributes.
 *
 * libxml2 compares each attribute of a tag with all others before it reports the tag, so a body of
 * 1 MiB could keep it busy for many seconds. Pure functions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-xml-read.h"

G_BEGIN_DECLS

/* Attributes, namespace declarations among them, of one tag. */
#define DAV_XML_MAX_ATTRIBUTES 32

/**
 * dav_xml_scan_decode:
 * @utf8: (out) (transfer full): the document in UTF-8, without byte order mark
 *
 * Returns: %DAV_XML_MALFORMED if it is neither UTF-8 nor UTF-16
 */
DavXmlResult dav_xml_scan_decode (const char *data, gsize length, char **utf8, gsize *utf8_length);

/**
 * dav_xml_scan_check:
 * @utf8: nul-terminated
 *
 * Agrees with the grammar of XML up to the first place that is not well-formed, where libxml2
 * stops.
 */
DavXmlResult dav_xml_scan_check (const char *utf8);

G_END_DECLS
