/* Text for XML and HTML, fast.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-xml-text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Decimal digits of a guint64. */
#define DECIMAL_MAX 20

void
dav_xml_append_number (GString *out, guint64 number)
{
  char digits[DECIMAL_MAX];
  char *start = digits + sizeof digits;

  do
    *--start = (char)('0' + number % 10);
  while ((number /= 10) > 0);

  g_string_append_len (out, start, digits + sizeof digits - start);
}

static gboolean
is_xml_char (gunichar c)
{
  return c >= 0x20 ? c != 0xfffe && c != 0xffff : c == '\t' || c == '\n' || c == '\r';
}

/* One character at @text that is not plain; returns where the next begins. */
static const char *
append_special (GString *out, const char *text)
{
  gunichar c;

  switch (*text)
    {
    case '&':
      dav_xml_append_literal (out, "&amp;");
      return text + 1;
    case '<':
      dav_xml_append_literal (out, "&lt;");
      return text + 1;
    case '>':
      dav_xml_append_literal (out, "&gt;");
      return text + 1;
    case '"':
      dav_xml_append_literal (out, "&quot;");
      return text + 1;
    case '\'':
      dav_xml_append_literal (out, "&#39;");
      return text + 1;
    case '\t':
    case '\n':
    case '\r':
      dav_xml_append_literal (out, "&#");
      dav_xml_append_number (out, (guint64)*text);
      dav_xml_append_literal (out, ";");
      return text + 1;
    default:
      break;
    }

  c = g_utf8_get_char_validated (text, -1);
  if (c == (gunichar)-1 || c == (gunichar)-2)
    {
      dav_xml_append_literal (out, REPLACEMENT);
      return text + 1;
    }
  if (is_xml_char (c))
    g_string_append_len (out, text, g_utf8_next_char (text) - text);
  else
    dav_xml_append_literal (out, REPLACEMENT);

  return g_utf8_next_char (text);
}

static gboolean
is_plain (char byte)
{
  return byte >= ' ' && byte < 0x7f && byte != '&' && byte != '<' && byte != '>' && byte != '"'
         && byte != '\'';
}

void
dav_xml_append_text (GString *out, const char *text)
{
  while (*text != '\0')
    {
      const char *run = text;

      while (is_plain (*text))
        text++;
      g_string_append_len (out, run, text - run);
      if (*text != '\0')
        text = append_special (out, text);
    }
}
