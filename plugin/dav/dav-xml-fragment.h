/* The content of an element, written so that it can stand anywhere.
 *
 * A property's value or a lock's owner is given back in another document than it came in, so each
 * prefix it uses is declared where it is used first. Prefixes are kept as they were, for content
 * that refers to them. RFC 4918 section 4.3. Pure; used by dav-xml-sax.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>
#include <libxml/parser.h>

G_BEGIN_DECLS

typedef struct _DavXmlFragment DavXmlFragment;

/**
 * dav_xml_fragment_new:
 *
 * Returns: (transfer full): an empty one
 */
DavXmlFragment *dav_xml_fragment_new (void);
void dav_xml_fragment_free (DavXmlFragment *self);

/**
 * dav_xml_fragment_start:
 *
 * Parameters as of libxml2's startElementNsSAX2Func.
 */
void dav_xml_fragment_start (DavXmlFragment *self,
                             const xmlChar *name,
                             const xmlChar *prefix,
                             const xmlChar *uri,
                             int n_namespaces,
                             const xmlChar **namespaces,
                             int n_attributes,
                             const xmlChar **attributes);
void dav_xml_fragment_end (DavXmlFragment *self, const xmlChar *name, const xmlChar *prefix);
void dav_xml_fragment_text (DavXmlFragment *self, const char *text, gsize length);

/**
 * dav_xml_fragment_get:
 * @length: (out) (optional): in bytes
 *
 * Returns: (transfer none): what was written so far
 */
const char *dav_xml_fragment_get (DavXmlFragment *self, gsize *length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavXmlFragment, dav_xml_fragment_free)

G_END_DECLS
