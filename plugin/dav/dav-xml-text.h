/* Text for XML and HTML, fast.
 *
 * Pure functions, any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * dav_xml_append_literal:
 * @text: a string literal, as it stands
 */
#define dav_xml_append_literal(out, text) g_string_append_len ((out), "" text, sizeof (text) - 1)

/**
 * dav_xml_append_number:
 *
 * Appends @number in decimal.
 */
void dav_xml_append_number (GString *out, guint64 number);

/**
 * dav_xml_append_text:
 * @text: bytes in any encoding
 *
 * Appends @text as character data or attribute value of XML or HTML: markup escaped; what is not
 * UTF-8 or no character of XML 1.0 becomes U+FFFD.
 */
void dav_xml_append_text (GString *out, const char *text);

G_END_DECLS
