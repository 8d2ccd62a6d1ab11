/* What must never reach libxml2: other encodings, document types, tags with endless attributes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-xml-scan.h"

#include <string.h>

typedef enum
{
  FORM_UTF8,
  FORM_UTF16_LE,
  FORM_UTF16_BE,
} Form;

/* By the byte order mark, or else by where the NUL of the first `<` stands. */
static Form
detect_form (const guint8 *bytes, gsize length)
{
  if (length >= 2)
    {
      if ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == '<' && bytes[1] == 0))
        return FORM_UTF16_LE;
      if ((bytes[0] == 0xfe && bytes[1] == 0xff) || (bytes[0] == 0 && bytes[1] == '<'))
        return FORM_UTF16_BE;
    }

  return FORM_UTF8;
}

static char *
decode_utf16 (const guint8 *bytes, gsize length, Form form, gsize *utf8_length)
{
  gsize n_units = length / 2;
  g_autofree gunichar2 *units = g_new (gunichar2, n_units + 1);
  g_autofree char *utf8 = NULL;
  glong n_read, n_written;
  gsize i;

  for (i = 0; i < n_units; i++)
    units[i] = form == FORM_UTF16_LE ? (gunichar2)(bytes[2 * i] | bytes[2 * i + 1] << 8)
                                     : (gunichar2)(bytes[2 * i] << 8 | bytes[2 * i + 1]);

  /* Stops at a NUL, which is not allowed either. */
  utf8 = g_utf16_to_utf8 (units, (glong)n_units, &n_read, &n_written, NULL);
  if (utf8 == NULL || (gsize)n_read != n_units || length % 2 != 0)
    return NULL;

  *utf8_length = (gsize)n_written;
  return g_steal_pointer (&utf8);
}

DavXmlResult
dav_xml_scan_decode (const char *data, gsize length, char **utf8, gsize *utf8_length)
{
  static const char mark[] = "\xef\xbb\xbf";
  g_autofree char *text = NULL;
  gsize text_length = length;
  gsize mark_length;
  Form form;

  if (length > DAV_XML_BODY_MAX)
    return DAV_XML_TOO_LARGE;

  form = detect_form ((const guint8 *)data, length);
  if (form == FORM_UTF8)
    text = g_utf8_validate_len (data, length, NULL) ? g_strndup (data, length) : NULL;
  else
    text = decode_utf16 ((const guint8 *)data, length, form, &text_length);
  if (text == NULL)
    return DAV_XML_MALFORMED;

  mark_length = g_str_has_prefix (text, mark) ? strlen (mark) : 0;
  memmove (text, text + mark_length, text_length - mark_length + 1);
  *utf8_length = text_length - mark_length;
  *utf8 = g_steal_pointer (&text);
  return DAV_XML_OK;
}

/* Skips to behind @end, or to the end of the text. Not by strstr(), for which AddressSanitizer
 * measures all the rest of the text each time. */
static const char *
skip_past (const char *cursor, const char *end)
{
  const char *found;

  for (found = strchr (cursor, end[0]); found != NULL; found = strchr (found + 1, end[0]))
    if (g_str_has_prefix (found, end))
      return found + strlen (end);

  return cursor + strlen (cursor);
}

/* Skips a comment. Two hyphens end it or are an error, of which libxml2 would report each one there
 * is: %NULL then. */
static const char *
skip_comment (const char *cursor)
{
  cursor = skip_past (cursor, "--");

  return *cursor == '>' || *cursor == '\0' ? cursor : NULL;
}

/* @cursor is in a tag, behind its `<`. Returns %NULL if it has too many attributes. */
static const char *
skip_tag (const char *cursor)
{
  guint n_attributes = 0;

  while (*cursor != '\0' && *cursor != '>')
    {
      if (*cursor == '"' || *cursor == '\'')
        {
          const char *close = strchr (cursor + 1, *cursor);

          if (close == NULL)
            return cursor + strlen (cursor);
          if (++n_attributes > DAV_XML_MAX_ATTRIBUTES)
            return NULL;
          cursor = close;
        }
      cursor++;
    }

  return cursor;
}

DavXmlResult
dav_xml_scan_check (const char *utf8)
{
  const char *cursor = utf8;

  while ((cursor = strchr (cursor, '<')) != NULL)
    {
      if (g_str_has_prefix (cursor, "<!--"))
        {
          cursor = skip_comment (cursor + 4);
          if (cursor == NULL)
            return DAV_XML_MALFORMED;
        }
      else if (g_str_has_prefix (cursor, "<![CDATA["))
        cursor = skip_past (cursor + 9, "]]>");
      else if (g_str_has_prefix (cursor, "<!"))
        return DAV_XML_MALFORMED;
      else if (g_str_has_prefix (cursor, "<?"))
        cursor = skip_past (cursor + 2, "?>");
      else
        {
          cursor = skip_tag (cursor + 1);
          if (cursor == NULL)
            return DAV_XML_TOO_LARGE;
        }
    }

  return DAV_XML_OK;
}
