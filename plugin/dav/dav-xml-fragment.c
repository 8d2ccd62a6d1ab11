/* The content of an element, written so that it can stand anywhere.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-xml-fragment.h"

#include <string.h>

/* A declaration that was written and is in force. Strings are of the parser's dictionary. */
typedef struct
{
  const xmlChar *prefix; /* %NULL: the default namespace */
  const xmlChar *uri;    /* %NULL: none */
} Binding;

struct _DavXmlFragment
{
  GString *xml;
  GArray *bindings;     /* Binding, innermost last */
  GArray *marks;        /* guint: length of bindings before each open element */
  gboolean is_tag_open; /* the `>` of the last start tag is still to come */
};

DavXmlFragment *
dav_xml_fragment_new (void)
{
  DavXmlFragment *self = g_new0 (DavXmlFragment, 1);

  self->xml = g_string_new (NULL);
  self->bindings = g_array_new (FALSE, FALSE, sizeof (Binding));
  self->marks = g_array_new (FALSE, FALSE, sizeof (guint));

  return self;
}

void
dav_xml_fragment_free (DavXmlFragment *self)
{
  g_array_unref (self->marks);
  g_array_unref (self->bindings);
  g_string_free (self->xml, TRUE);
  g_free (self);
}

static void
append_escaped (GString *xml, const char *text, gsize length)
{
  const char *end = text + length;
  const char *run;

  while (text < end)
    {
      for (run = text; text < end && strchr ("&<>\"\t\n\r", *text) == NULL; text++)
        ;
      g_string_append_len (xml, run, text - run);
      if (text == end)
        break;

      switch (*text++)
        {
        case '&':
          g_string_append (xml, "&amp;");
          break;
        case '<':
          g_string_append (xml, "&lt;");
          break;
        case '>':
          g_string_append (xml, "&gt;");
          break;
        case '"':
          g_string_append (xml, "&quot;");
          break;
        default:
          /* A parser would make these a space in an attribute, and a CR a LF in text. */
          g_string_append_printf (xml, "&#%d;", text[-1]);
          break;
        }
    }
}

static void
append_name (GString *xml, const xmlChar *name, const xmlChar *prefix)
{
  if (prefix != NULL)
    {
      g_string_append (xml, (const char *)prefix);
      g_string_append_c (xml, ':');
    }
  g_string_append (xml, (const char *)name);
}

/* Writes a declaration, and remembers it. */
static void
declare (DavXmlFragment *self, const xmlChar *prefix, const xmlChar *uri)
{
  Binding binding = { prefix, uri };

  g_string_append (self->xml, prefix != NULL ? " xmlns:" : " xmlns");
  if (prefix != NULL)
    g_string_append (self->xml, (const char *)prefix);
  g_string_append (self->xml, "=\"");
  if (uri != NULL)
    append_escaped (self->xml, (const char *)uri, strlen ((const char *)uri));
  g_string_append_c (self->xml, '"');
  g_array_append_val (self->bindings, binding);
}

/* Declares @prefix as @uri unless it is so already. */
static void
use (DavXmlFragment *self, const xmlChar *prefix, const xmlChar *uri)
{
  const xmlChar *current = NULL;
  guint i;

  if (xmlStrEqual (prefix, BAD_CAST "xml"))
    return;

  for (i = self->bindings->len; i > 0; i--)
    {
      const Binding *binding = &g_array_index (self->bindings, Binding, i - 1);

      if (xmlStrEqual (binding->prefix, prefix))
        {
          current = binding->uri;
          break;
        }
    }
  if (!xmlStrEqual (current, uri))
    declare (self, prefix, uri);
}

static void
close_tag (DavXmlFragment *self)
{
  if (self->is_tag_open)
    g_string_append_c (self->xml, '>');
  self->is_tag_open = FALSE;
}

void
dav_xml_fragment_start (DavXmlFragment *self,
                        const xmlChar *name,
                        const xmlChar *prefix,
                        const xmlChar *uri,
                        int n_namespaces,
                        const xmlChar **namespaces,
                        int n_attributes,
                        const xmlChar **attributes)
{
  guint mark = self->bindings->len;
  int i;

  close_tag (self);
  g_string_append_c (self->xml, '<');
  append_name (self->xml, name, prefix);
  g_array_append_val (self->marks, mark);

  for (i = 0; i < n_namespaces; i++)
    {
      const xmlChar *declared = namespaces[2 * i + 1];

      declare (self, namespaces[2 * i], declared != NULL && *declared != '\0' ? declared : NULL);
    }
  use (self, prefix, uri);

  /* Five pointers an attribute: name, prefix, namespace, value and where the value ends. */
  for (i = 0; i < n_attributes; i++)
    if (attributes[5 * i + 1] != NULL)
      use (self, attributes[5 * i + 1], attributes[5 * i + 2]);
  for (i = 0; i < n_attributes; i++)
    {
      const xmlChar **attribute = &attributes[5 * i];

      g_string_append_c (self->xml, ' ');
      append_name (self->xml, attribute[0], attribute[1]);
      g_string_append (self->xml, "=\"");
      append_escaped (self->xml, (const char *)attribute[3], (gsize)(attribute[4] - attribute[3]));
      g_string_append_c (self->xml, '"');
    }

  self->is_tag_open = TRUE;
}

void
dav_xml_fragment_end (DavXmlFragment *self, const xmlChar *name, const xmlChar *prefix)
{
  if (self->is_tag_open)
    g_string_append (self->xml, "/>");
  else
    {
      g_string_append (self->xml, "</");
      append_name (self->xml, name, prefix);
      g_string_append_c (self->xml, '>');
    }
  self->is_tag_open = FALSE;

  g_array_set_size (self->bindings, g_array_index (self->marks, guint, self->marks->len - 1));
  g_array_set_size (self->marks, self->marks->len - 1);
}

void
dav_xml_fragment_text (DavXmlFragment *self, const char *text, gsize length)
{
  const char *end = text + length;
  const char *run;

  close_tag (self);
  while (text < end)
    {
      for (run = text; text < end && strchr ("&<>\r", *text) == NULL; text++)
        ;
      g_string_append_len (self->xml, run, text - run);
      if (text < end)
        append_escaped (self->xml, text++, 1);
    }
}

const char *
dav_xml_fragment_get (DavXmlFragment *self, gsize *length)
{
  if (length != NULL)
    *length = self->xml->len;

  return self->xml->str;
}
