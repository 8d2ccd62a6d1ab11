/* libxml2's event parser with everything a guest could turn against us cut off or bounded.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-xml-sax.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "dav/dav-xml-fragment.h"
#include "dav/dav-xml-scan.h"

struct _DavXmlSax
{
  const DavXmlHandler *handler;
  gpointer user_data;
  xmlParserCtxt *parser;
  DavXmlResult result;

  guint depth;                        /* of open elements */
  guint n_nodes;                      /* elements and attributes so far */
  char *langs[DAV_XML_MAX_DEPTH + 1]; /* xml:lang where given, by depth */

  DavXmlFragment *fragment; /* (nullable): while capturing */
  guint captured_depth;     /* of the element whose content that is */
  gsize captured;           /* bytes captured before, in all */
};

static void
count_captured (DavXmlSax *self)
{
  gsize length;

  /* A declaration far outside may have to be repeated in each child, so this needs a bound of its
   * own. */
  dav_xml_fragment_get (self->fragment, &length);
  if (self->captured + length > DAV_XML_BODY_MAX)
    dav_xml_sax_fail (self, DAV_XML_TOO_LARGE);
}

static void
read_lang (DavXmlSax *self, int n_attributes, const xmlChar **attributes)
{
  int i;

  for (i = 0; i < n_attributes; i++)
    {
      const xmlChar **attribute = &attributes[5 * i];

      if (xmlStrEqual (attribute[1], BAD_CAST "xml") && xmlStrEqual (attribute[0], BAD_CAST "lang"))
        {
          g_free (self->langs[self->depth]);
          self->langs[self->depth]
              = g_strndup ((const char *)attribute[3], (gsize)(attribute[4] - attribute[3]));
        }
    }
}

static void
on_start (void *data,
          const xmlChar *name,
          const xmlChar *prefix,
          const xmlChar *uri,
          int n_namespaces,
          const xmlChar **namespaces,
          int n_attributes,
          int n_defaulted,
          const xmlChar **attributes)
{
  DavXmlSax *self = data;

  /* Both are bounded by dav_xml_scan_check(), so this cannot overflow. */
  self->n_nodes += 1 + (guint)n_attributes + (guint)n_namespaces;
  if (self->depth == DAV_XML_MAX_DEPTH || self->n_nodes > DAV_XML_MAX_NODES)
    {
      dav_xml_sax_fail (self, DAV_XML_TOO_LARGE);
      return;
    }
  self->depth++;
  if (self->result != DAV_XML_OK)
    return;

  if (self->fragment != NULL)
    {
      dav_xml_fragment_start (self->fragment, name, prefix, uri, n_namespaces, namespaces,
                              n_attributes, attributes);
      count_captured (self);
      return;
    }

  read_lang (self, n_attributes, attributes);
  self->handler->start (self, self->depth, uri != NULL ? (const char *)uri : "", (const char *)name,
                        self->user_data);
}

/* Hands the end of an element to the handler, with its content if that was captured. */
static void
end_element (DavXmlSax *self)
{
  g_autoptr (DavXmlFragment) fragment = g_steal_pointer (&self->fragment);
  const char *xml = NULL;
  gsize length;

  if (fragment != NULL)
    {
      xml = dav_xml_fragment_get (fragment, &length);
      self->captured += length;
    }
  self->handler->end (self, self->depth, xml, self->user_data);
  g_clear_pointer (&self->langs[self->depth], g_free);
}

static void
on_end (void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
  DavXmlSax *self = data;

  if (self->result == DAV_XML_OK)
    {
      if (self->fragment != NULL && self->depth > self->captured_depth)
        dav_xml_fragment_end (self->fragment, name, prefix);
      else
        end_element (self);
    }
  self->depth--;
}

static void
on_text (void *data, const xmlChar *text, int length)
{
  DavXmlSax *self = data;

  if (self->result != DAV_XML_OK || self->fragment == NULL)
    return;

  dav_xml_fragment_text (self->fragment, (const char *)text, (gsize)length);
  count_captured (self);
}

/* Without this libxml2 prints to stderr. What is not well-formed it tells otherwise, but what
 * breaks the rules of namespaces only in one breath with names of namespaces that are no URI, which
 * do no harm. */
static void
on_error (void *data, xmlErrorPtr error)
{
  DavXmlSax *self = data;

  if (error->domain == XML_FROM_NAMESPACE && error->code != XML_WAR_NS_URI
      && error->code != XML_WAR_NS_URI_RELATIVE && self->result != DAV_XML_TOO_LARGE)
    self->result = DAV_XML_MALFORMED;
}

DavXmlResult
dav_xml_sax_parse (const char *data, gsize length, const DavXmlHandler *handler, gpointer user_data)
{
  DavXmlSax self = { .handler = handler, .user_data = user_data };
  g_autofree char *text = NULL;
  gsize text_length, i;

  self.result = dav_xml_scan_decode (data, length, &text, &text_length);
  if (self.result == DAV_XML_OK)
    self.result = dav_xml_scan_check (text);
  if (self.result != DAV_XML_OK)
    return self.result;

  /* An empty text gives no context. */
  self.parser = xmlCreateMemoryParserCtxt (text, (int)text_length);
  if (self.parser == NULL)
    return DAV_XML_MALFORMED;

  *self.parser->sax = (xmlSAXHandler){
    .initialized = XML_SAX2_MAGIC,
    .startElementNs = on_start,
    .endElementNs = on_end,
    .characters = on_text,
    .ignorableWhitespace = on_text,
    .serror = on_error,
  };
  self.parser->userData = &self;
  /* There is no DTD, hence no entity to expand: NOENT only means that `&amp;` in an attribute
   * comes as `&`. The encoding was settled above, whatever the document says of itself. */
  xmlCtxtUseOptions (self.parser, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_IGNORE_ENC);

  xmlParseDocument (self.parser);
  if (self.result != DAV_XML_TOO_LARGE && !self.parser->wellFormed)
    self.result = DAV_XML_MALFORMED;

  if (self.parser->myDoc != NULL)
    xmlFreeDoc (self.parser->myDoc);
  xmlFreeParserCtxt (self.parser);
  g_clear_pointer (&self.fragment, dav_xml_fragment_free);
  for (i = 0; i < G_N_ELEMENTS (self.langs); i++)
    g_free (self.langs[i]);

  return self.result;
}

void
dav_xml_sax_capture (DavXmlSax *self)
{
  self->fragment = dav_xml_fragment_new ();
  self->captured_depth = self->depth;
}

void
dav_xml_sax_fail (DavXmlSax *self, DavXmlResult result)
{
  self->result = result;

  /* Whether what is not valid is at least well-formed is still to be found out. */
  if (result == DAV_XML_TOO_LARGE)
    xmlStopParser (self->parser);
}

const char *
dav_xml_sax_get_lang (DavXmlSax *self)
{
  guint depth;

  for (depth = self->depth; depth > 0; depth--)
    if (self->langs[depth] != NULL)
      return self->langs[depth][0] != '\0' ? self->langs[depth] : NULL;

  return NULL;
}
