/* Reads HTTP/1.1 responses from a byte stream cut anywhere: pure, for tests only.
 *
 * It is strict where a client must be able to trust a server (status line, one framing), so that a
 * broken answer fails a test instead of being repaired.
 *
 * Documents: RFC 9112.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  HTTP_READER_HEAD,
  HTTP_READER_BODY,
  HTTP_READER_DONE,
  HTTP_READER_BROKEN,
} HttpReaderState;

/**
 * HttpReader:
 * @status: of the final response, 0 before
 * @headers: (element-type utf8 utf8): names in lower case
 * @body: what came, if @keep_body
 * @n_interim: responses of 1xx seen before the final one
 *
 * One response. Fill @head_only (the request was HEAD) and @keep_body before the first byte.
 */
typedef struct
{
  gboolean head_only;
  gboolean keep_body;

  HttpReaderState state;
  guint status;
  guint n_interim;
  guint last_interim;
  GHashTable *headers;
  GByteArray *body;
  guint64 body_bytes;
  GChecksum *checksum; /* nullable: of the body, if set before */
  char *broken;        /* why, for HTTP_READER_BROKEN */

  /*< private >*/
  int part;
  GString *line;
  guint64 left;
} HttpReader;

HttpReader *http_reader_new (gboolean head_only, gboolean keep_body);
void http_reader_free (HttpReader *self);

/**
 * http_reader_feed:
 *
 * Returns: how many bytes belong to this response; the rest is the next one's
 */
gsize http_reader_feed (HttpReader *self, const guint8 *data, gsize len);

/**
 * http_reader_end:
 *
 * The stream ended: completes a body that goes on until then, breaks any other.
 */
void http_reader_end (HttpReader *self);

/**
 * http_reader_header:
 *
 * Returns: (transfer none) (nullable): the value of a field; @name in lower case
 */
const char *http_reader_header (HttpReader *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpReader, http_reader_free)

G_END_DECLS
