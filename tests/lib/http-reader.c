/* Reads HTTP/1.1 responses. See http-reader.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "http-reader.h"

#include <string.h>

/* A head longer than this is a broken server, not a test. */
#define MAX_LINE (256 * 1024)

enum
{
  PART_STATUS,
  PART_FIELD,
  PART_LENGTH,
  PART_CHUNK_SIZE,
  PART_CHUNK,
  PART_CHUNK_END,
  PART_TRAILER,
  PART_UNTIL_END,
};

HttpReader *
http_reader_new (gboolean head_only, gboolean keep_body)
{
  HttpReader *self = g_new0 (HttpReader, 1);

  self->head_only = head_only;
  self->keep_body = keep_body;
  self->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->body = g_byte_array_new ();
  self->line = g_string_new (NULL);
  return self;
}

void
http_reader_free (HttpReader *self)
{
  g_hash_table_unref (self->headers);
  g_byte_array_unref (self->body);
  g_string_free (self->line, TRUE);
  g_clear_pointer (&self->checksum, g_checksum_free);
  g_free (self->broken);
  g_free (self);
}

static void
break_off (HttpReader *self, const char *why)
{
  self->state = HTTP_READER_BROKEN;
  self->broken = g_strdup_printf ("%s: '%.120s'", why, self->line->str);
}

static void
end_of_head (HttpReader *self)
{
  const char *length = http_reader_header (self, "content-length");
  const char *coding = http_reader_header (self, "transfer-encoding");

  if (self->status / 100 == 1)
    {
      self->n_interim++;
      self->last_interim = self->status;
      self->status = 0;
      g_hash_table_remove_all (self->headers);
      self->part = PART_STATUS;
      return;
    }
  self->state = HTTP_READER_BODY;
  if (self->head_only || self->status == 204 || self->status == 304)
    self->state = HTTP_READER_DONE;
  else if (coding != NULL && length != NULL)
    break_off (self, "both Content-Length and Transfer-Encoding");
  else if (coding != NULL && g_ascii_strcasecmp (coding, "chunked") == 0)
    self->part = PART_CHUNK_SIZE;
  else if (coding != NULL)
    break_off (self, "unknown Transfer-Encoding");
  else if (length == NULL)
    self->part = PART_UNTIL_END;
  else if (!g_ascii_string_to_unsigned (length, 10, 0, G_MAXINT64, &self->left, NULL))
    break_off (self, "bad Content-Length");
  else if (self->left == 0)
    self->state = HTTP_READER_DONE;
  else
    self->part = PART_LENGTH;
}

static void
take_status_line (HttpReader *self)
{
  const char *line = self->line->str;

  if (!g_str_has_prefix (line, "HTTP/1.1 ") || strlen (line) < 12 || !g_ascii_isdigit (line[9])
      || !g_ascii_isdigit (line[10]) || !g_ascii_isdigit (line[11])
      || (line[12] != ' ' && line[12] != '\0'))
    {
      break_off (self, "not a status line");
      return;
    }
  self->status = g_ascii_strtoull (line + 9, NULL, 10);
  self->part = PART_FIELD;
}

static void
take_field (HttpReader *self)
{
  char *colon = strchr (self->line->str, ':');
  g_autofree char *name = NULL;
  const char *old;

  if (self->line->len == 0)
    {
      end_of_head (self);
      return;
    }
  if (colon == NULL)
    {
      break_off (self, "a field without a colon");
      return;
    }
  name = g_ascii_strdown (self->line->str, colon - self->line->str);
  old = http_reader_header (self, name);
  g_hash_table_replace (self->headers, g_strdup (name),
                        old == NULL ? g_strstrip (g_strdup (colon + 1))
                                    : g_strjoin (", ", old, g_strstrip (colon + 1), NULL));
}

static void
take_chunk_size (HttpReader *self)
{
  char *end;

  self->left = g_ascii_strtoull (self->line->str, &end, 16);
  if (end == self->line->str || (*end != '\0' && *end != ';'))
    break_off (self, "bad chunk size");
  else
    self->part = self->left == 0 ? PART_TRAILER : PART_CHUNK;
}

static void
take_line (HttpReader *self)
{
  switch (self->part)
    {
    case PART_STATUS:
      take_status_line (self);
      break;
    case PART_FIELD:
      take_field (self);
      break;
    case PART_CHUNK_SIZE:
      take_chunk_size (self);
      break;
    case PART_CHUNK_END:
      if (self->line->len == 0)
        self->part = PART_CHUNK_SIZE;
      else
        break_off (self, "no line end after a chunk");
      break;
    case PART_TRAILER:
      if (self->line->len == 0)
        self->state = HTTP_READER_DONE;
      break;
    default:
      g_assert_not_reached ();
    }
}

static gsize
feed_line (HttpReader *self, const guint8 *data, gsize len)
{
  const guint8 *end = memchr (data, '\n', len);
  gsize n = end != NULL ? (gsize)(end - data) + 1 : len;

  if (memchr (data, '\0', n) != NULL || self->line->len + n > MAX_LINE)
    {
      break_off (self, "no line of text");
      return n;
    }
  g_string_append_len (self->line, (const char *)data, n);
  if (end == NULL)
    return n;
  if (!g_str_has_suffix (self->line->str, "\r\n"))
    {
      break_off (self, "a line without CR");
      return n;
    }
  g_string_truncate (self->line, self->line->len - 2);
  take_line (self);
  g_string_truncate (self->line, 0);
  return n;
}

static void
take_body (HttpReader *self, const guint8 *data, gsize len)
{
  self->body_bytes += len;
  if (self->keep_body)
    g_byte_array_append (self->body, data, len);
  if (self->checksum != NULL)
    g_checksum_update (self->checksum, data, len);
}

static gsize
feed_body (HttpReader *self, const guint8 *data, gsize len)
{
  gsize n = self->part == PART_UNTIL_END ? len : MIN (len, self->left);

  take_body (self, data, n);
  if (self->part == PART_UNTIL_END)
    return n;
  self->left -= n;
  if (self->left == 0 && self->part == PART_LENGTH)
    self->state = HTTP_READER_DONE;
  else if (self->left == 0)
    self->part = PART_CHUNK_END;
  return n;
}

gsize
http_reader_feed (HttpReader *self, const guint8 *data, gsize len)
{
  gsize used = 0;

  while (used < len && self->state != HTTP_READER_DONE && self->state != HTTP_READER_BROKEN)
    {
      if (self->part == PART_LENGTH || self->part == PART_CHUNK || self->part == PART_UNTIL_END)
        used += feed_body (self, data + used, len - used);
      else
        used += feed_line (self, data + used, len - used);
    }
  return used;
}

void
http_reader_end (HttpReader *self)
{
  if (self->state == HTTP_READER_BODY && self->part == PART_UNTIL_END)
    self->state = HTTP_READER_DONE;
  else if (self->state != HTTP_READER_DONE && self->state != HTTP_READER_BROKEN)
    break_off (self, "the stream ended inside a response");
}

const char *
http_reader_header (HttpReader *self, const char *name)
{
  return g_hash_table_lookup (self->headers, name);
}
