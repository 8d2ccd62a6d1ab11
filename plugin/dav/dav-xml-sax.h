/* libxml2's event parser with everything a guest could turn against us cut off or bounded.
 *
 * Used by dav-xml-read.c alone. Worker thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-xml-read.h"

G_BEGIN_DECLS

typedef struct _DavXmlSax DavXmlSax;

/**
 * DavXmlHandler:
 * @start: an element begins; @depth is 1 for the root; @ns is "" for no namespace
 * @end: it ended; @xml is its content if @start called dav_xml_sax_capture(), else %NULL; not
 *   called for what is inside a captured element, nor is @start
 */
typedef struct
{
  void (*start) (DavXmlSax *sax, guint depth, const char *ns, const char *name, gpointer user_data);
  void (*end) (DavXmlSax *sax, guint depth, const char *xml, gpointer user_data);
} DavXmlHandler;

/**
 * dav_xml_sax_parse:
 * @data: a document, UTF-8 or UTF-16
 *
 * Returns: %DAV_XML_OK, or what is wrong with it: the parser's word or the handler's
 */
DavXmlResult dav_xml_sax_parse (const char *data,
                                gsize length,
                                const DavXmlHandler *handler,
                                gpointer user_data);

/**
 * dav_xml_sax_capture:
 *
 * From @start: collect the content of this element, serialised so that it stands by itself.
 */
void dav_xml_sax_capture (DavXmlSax *self);

/**
 * dav_xml_sax_fail:
 *
 * From a handler, which is not called again: the document is refused with @result, unless it is
 * not even well-formed.
 */
void dav_xml_sax_fail (DavXmlSax *self, DavXmlResult result);

/**
 * dav_xml_sax_get_lang:
 *
 * Returns: (transfer none) (nullable): xml:lang in force at the element of the handler, until it
 *   returns
 */
const char *dav_xml_sax_get_lang (DavXmlSax *self);

G_END_DECLS
