/* The gate: what of a guest's bytes may reach libsoup, and where each request ends.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/http-gate.h"

#include <string.h>

#include "mux/http-head.h"

/* A head's memory is kept from one request to the next, unless it grew beyond this. */
#define HEAD_KEEP 4096

typedef enum
{
  CHUNK_SIZE,
  CHUNK_DATA,
  CHUNK_END,
  CHUNK_TRAILERS,
} ChunkState;

typedef enum
{
  LINE_PART, /* all bytes were taken, its end is still to come */
  LINE_WHOLE,
  LINE_TOO_LONG,
  LINE_BAD, /* ends or breaks in any way but CRLF, or holds a NUL */
} LineResult;

struct _HttpGate
{
  HttpGateState state;
  guint status; /* why it is refused */

  HttpHead head;
  GByteArray *text;  /* the head so far; in a chunked body, the line so far */
  gsize line;        /* where in text the current line begins */
  gboolean has_line; /* the request line was read */
  gboolean passed;   /* text was passed on and can be forgotten */

  guint64 left; /* data to come: of the body, or of its current chunk */
  ChunkState chunk;
  gsize n_trailers; /* bytes of trailers so far */
  char framing[24]; /* what is passed on in place of the guest's framing */
};

HttpGate *
http_gate_new (void)
{
  HttpGate *self = g_new0 (HttpGate, 1);

  self->text = g_byte_array_new ();
  http_head_init (&self->head);

  return self;
}

void
http_gate_free (HttpGate *self)
{
  g_byte_array_unref (self->text);
  g_free (self);
}

HttpGateState
http_gate_get_state (HttpGate *self)
{
  return self->state;
}

guint
http_gate_get_status (HttpGate *self)
{
  return self->status;
}

static void
forget_text (HttpGate *self)
{
  if (self->text->len > HEAD_KEEP)
    {
      g_byte_array_unref (self->text);
      self->text = g_byte_array_new ();
    }
  g_byte_array_set_size (self->text, 0);
  self->line = 0;
}

static HttpGateResult
refuse (HttpGate *self, guint status)
{
  self->state = HTTP_GATE_REFUSED;
  self->status = status;
  forget_text (self);

  return status == 413 || status == 414 || status == 431 ? HTTP_GATE_TOO_MUCH : HTTP_GATE_MALFORMED;
}

/* Takes bytes up to and including the next LF, at most @max of a line. A whole line is the first
 * @length bytes of text[line..]; its CRLF follows them. */
static LineResult
take_line (HttpGate *self, const guint8 *data, gsize size, gsize max, gsize *used, gsize *length)
{
  const guint8 *lf;
  gsize have = self->text->len - self->line;
  gsize n;

  size = MIN (size, max - have);
  lf = memchr (data, '\n', size);
  n = lf != NULL ? (gsize)(lf - data) + 1 : size;
  g_byte_array_append (self->text, data, n);
  *used = n;
  have += n;

  if (lf == NULL)
    return have == max ? LINE_TOO_LONG : LINE_PART;

  if (have < 2 || self->text->data[self->text->len - 2] != '\r'
      || memchr (self->text->data + self->line, '\r', have - 2) != NULL
      || memchr (self->text->data + self->line, '\0', have - 2) != NULL)
    return LINE_BAD;

  *length = have - 2;
  return LINE_WHOLE;
}

/* The head is complete: how its body is framed. */
static void
begin_body (HttpGate *self)
{
  self->has_line = FALSE;
  self->left = self->head.length > 0 ? (guint64)self->head.length : 0;
  if (self->head.chunked)
    {
      self->chunk = CHUNK_SIZE;
      self->n_trailers = 0;
      self->left = 0;
    }
  self->state = self->head.chunked || self->left > 0 ? HTTP_GATE_BODY : HTTP_GATE_AWAITING;
}

static HttpGateResult
read_head (HttpGate *self,
           const guint8 *data,
           gsize size,
           gsize *used,
           const guint8 **out,
           gsize *out_size)
{
  gsize max = self->has_line ? HTTP_GATE_HEAD_MAX - self->line : HTTP_GATE_LINE_MAX;
  gsize length = 0;
  const char *line;
  guint status = 0;

  if (self->state == HTTP_GATE_IDLE)
    {
      http_head_init (&self->head);
      self->state = HTTP_GATE_HEAD;
    }

  switch (take_line (self, data, size, max, used, &length))
    {
    case LINE_PART:
      return HTTP_GATE_NEED_MORE;
    case LINE_TOO_LONG:
      return refuse (self, self->has_line ? 431 : 414);
    case LINE_BAD:
      return refuse (self, 400);
    case LINE_WHOLE:
    default:
      break;
    }

  line = (const char *)self->text->data + self->line;

  if (!self->has_line && length == 0)
    {
      /* RFC 9112, 2.2: empty lines before a request are skipped, and libsoup need not see them. */
      forget_text (self);
      self->state = HTTP_GATE_IDLE;
      return HTTP_GATE_NEED_MORE;
    }

  if (!self->has_line)
    {
      status = http_head_read_request_line (&self->head, line, length);
      self->has_line = TRUE;
    }
  else if (length > 0)
    {
      status = http_head_read_field (&self->head, line, length);
    }
  else
    {
      status = http_head_end (&self->head);
      if (status == 0)
        {
          begin_body (self);
          *out = self->text->data;
          *out_size = self->text->len;
          self->passed = TRUE;
          return HTTP_GATE_PASS_HEAD;
        }
    }

  if (status != 0)
    return refuse (self, status);

  self->line = self->text->len;
  if (HTTP_GATE_HEAD_MAX == self->line)
    return refuse (self, 431);
  return HTTP_GATE_NEED_MORE;
}

/* chunk-size [ chunk-ext ], RFC 9112, 7.1. Extensions are dropped, none is defined.
 *
 * Returns 0 or the status to refuse with. */
static guint
parse_chunk_size (const char *line, gsize length, guint64 *size)
{
  guint64 n = 0;
  gsize i = 0;

  while (i < length && g_ascii_isxdigit (line[i]))
    {
      if (n > (guint64)G_MAXINT64 >> 4)
        return 413;
      n = n << 4 | (guint64)g_ascii_xdigit_value (line[i++]);
    }
  if (i == 0)
    return 400;

  if (i < length && line[i] != ';')
    return 400;
  for (; i < length; i++)
    if ((guchar)line[i] < ' ' ? line[i] != '\t' : line[i] == 0x7f)
      return 400;

  *size = n;
  return 0;
}

static HttpGateResult
read_chunk_line (HttpGate *self,
                 const guint8 *data,
                 gsize size,
                 gsize *used,
                 const guint8 **out,
                 gsize *out_size)
{
  gboolean trailers = self->chunk == CHUNK_TRAILERS;
  gsize max = trailers                   ? HTTP_GATE_TRAILERS_MAX - self->n_trailers
              : self->chunk == CHUNK_END ? 2
                                         : HTTP_GATE_CHUNK_LINE_MAX;
  gsize length = 0;
  const char *line;
  guint status;
  int n = 0;

  switch (take_line (self, data, size, max, used, &length))
    {
    case LINE_PART:
      return HTTP_GATE_NEED_MORE;
    case LINE_TOO_LONG:
      return refuse (self, trailers ? 431 : self->chunk == CHUNK_END ? 400 : 413);
    case LINE_BAD:
      return refuse (self, 400);
    case LINE_WHOLE:
    default:
      break;
    }

  line = (const char *)self->text->data + self->line;

  switch (self->chunk)
    {
    case CHUNK_SIZE:
      status = parse_chunk_size (line, length, &self->left);
      if (status != 0)
        return refuse (self, status);
      self->chunk = self->left > 0 ? CHUNK_DATA : CHUNK_TRAILERS;
      if (self->left > 0)
        n = g_snprintf (self->framing, sizeof self->framing, "%" G_GINT64_MODIFIER "x\r\n",
                        self->left);
      break;

    case CHUNK_END:
      if (length > 0)
        return refuse (self, 400);
      self->chunk = CHUNK_SIZE;
      n = g_snprintf (self->framing, sizeof self->framing, "\r\n");
      break;

    case CHUNK_TRAILERS:
      if (length > 0)
        {
          const char *value;
          gsize name_size, value_size;

          if (!http_field_split (line, length, &name_size, &value, &value_size))
            return refuse (self, 400);
          self->n_trailers += length + 2;
          if (self->n_trailers == HTTP_GATE_TRAILERS_MAX)
            return refuse (self, 431);
          break;
        }
      /* libsoup takes one line for all trailers, so it must never see any. */
      n = g_snprintf (self->framing, sizeof self->framing, "0\r\n\r\n");
      self->state = HTTP_GATE_AWAITING;
      break;

    case CHUNK_DATA:
    default:
      g_assert_not_reached ();
    }

  forget_text (self);
  if (n == 0)
    return HTTP_GATE_NEED_MORE;
  *out = (const guint8 *)self->framing;
  *out_size = n;
  return HTTP_GATE_PASS_FRAMING;
}

static HttpGateResult
read_data (HttpGate *self,
           const guint8 *data,
           gsize size,
           gsize *used,
           const guint8 **out,
           gsize *out_size)
{
  gsize n = (gsize)MIN ((guint64)size, self->left);

  self->left -= n;
  if (self->left == 0)
    {
      if (self->head.chunked)
        self->chunk = CHUNK_END;
      else
        self->state = HTTP_GATE_AWAITING;
    }

  *used = n;
  *out = data;
  *out_size = n;
  return HTTP_GATE_PASS_DATA;
}

HttpGateResult
http_gate_read (HttpGate *self,
                const guint8 *data,
                gsize size,
                gsize *used,
                const guint8 **out,
                gsize *out_size)
{
  g_assert (size > 0);

  *used = 0;
  *out = NULL;
  *out_size = 0;

  if (self->passed)
    {
      forget_text (self);
      self->passed = FALSE;
    }

  switch (self->state)
    {
    case HTTP_GATE_IDLE:
    case HTTP_GATE_HEAD:
      return read_head (self, data, size, used, out, out_size);

    case HTTP_GATE_BODY:
      if (self->head.chunked && self->chunk != CHUNK_DATA)
        return read_chunk_line (self, data, size, used, out, out_size);
      return read_data (self, data, size, used, out, out_size);

    case HTTP_GATE_AWAITING:
      return HTTP_GATE_HELD;

    case HTTP_GATE_REFUSED:
    default:
      *used = size;
      return refuse (self, self->status);
    }
}

gboolean
http_gate_response_done (HttpGate *self)
{
  if (self->state == HTTP_GATE_AWAITING)
    self->state = HTTP_GATE_IDLE;

  return self->state == HTTP_GATE_IDLE || self->state == HTTP_GATE_HEAD;
}

const char *
http_canned_response (guint status)
{
#define CANNED(line) "HTTP/1.1 " line "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
  switch (status)
    {
    case 408:
      return CANNED ("408 Request Timeout");
    case 413:
      return CANNED ("413 Content Too Large");
    case 414:
      return CANNED ("414 URI Too Long");
    case 417:
      return CANNED ("417 Expectation Failed");
    case 431:
      return CANNED ("431 Request Header Fields Too Large");
    case 500:
      return CANNED ("500 Internal Server Error");
    case 501:
      return CANNED ("501 Not Implemented");
    case 503:
      return CANNED ("503 Service Unavailable");
    case 505:
      return CANNED ("505 HTTP Version Not Supported");
    default:
      return CANNED ("400 Bad Request");
    }
#undef CANNED
}
