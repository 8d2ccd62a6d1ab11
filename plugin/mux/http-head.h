/* The head of an HTTP/1 request, checked line by line (RFC 9112, RFC 9110, RFC 4918).
 *
 * Pure. A line comes without its CRLF. What passes is accepted by libsoup too, and framed in the
 * same way (the tests compare the two).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * HttpHead:
 * @n_fields: fields seen
 * @minor: HTTP/1.minor
 * @chunked: the body is chunked
 * @length: bytes in the body, -1 if no Content-Length was seen
 *
 * All zero but for @length (-1) before the first line: http_head_init().
 */
typedef struct
{
  guint n_fields;
  guint minor;
  gboolean chunked;
  gint64 length;

  /*< private >*/
  gboolean has_host;
  gboolean has_expect;
  gboolean names_framing;
} HttpHead;

void http_head_init (HttpHead *self);

/* Whether a request of this method may reach libsoup. Case counts. */
gboolean http_method_is_known (const char *method, gsize size);

/* Each returns 0, or the HTTP status to refuse the request with. */
guint http_head_read_request_line (HttpHead *self, const char *line, gsize size);
guint http_head_read_field (HttpHead *self, const char *line, gsize size);
guint http_head_end (HttpHead *self);

/**
 * http_field_split:
 * @line: `name: value`, without CRLF
 * @name_size: (out): the name is the first so many bytes
 * @value: (out): the value, without white space around it
 * @value_size: (out): its size
 *
 * Returns: %FALSE if that is no field: the name is no token, white space before the colon or the
 *   name, control characters
 */
gboolean http_field_split (const char *line,
                           gsize size,
                           gsize *name_size,
                           const char **value,
                           gsize *value_size);

G_END_DECLS
