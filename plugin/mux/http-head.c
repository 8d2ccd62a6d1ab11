/* The head of an HTTP/1 request, checked line by line (RFC 9112, RFC 9110, RFC 4918).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/http-head.h"

#include <gio/gio.h>
#include <string.h>

#include "mux/http-gate.h"

/* libsoup interns the name of every method it is given, for ever: it only gets to see these.
 * CONNECT is not among them (libsoup treats its target apart), nor is TRACE (it echoes secrets). */
static const char *const methods[] = {
  "GET",  "PROPFIND", "PUT",  "HEAD",   "OPTIONS",   "DELETE", "MKCOL",
  "MOVE", "COPY",     "LOCK", "UNLOCK", "PROPPATCH", "POST",
};

static gboolean
is_token (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

static gboolean
equals (const char *text, gsize size, const char *word)
{
  return size == strlen (word) && g_ascii_strncasecmp (text, word, size) == 0;
}

void
http_head_init (HttpHead *self)
{
  *self = (HttpHead){ .length = -1 };
}

gboolean
http_method_is_known (const char *method, gsize size)
{
  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    if (size == strlen (methods[i]) && memcmp (method, methods[i], size) == 0)
      return TRUE;

  return FALSE;
}

/* Origin form only (RFC 9112, 3.2.1): a server of one folder is nobody's proxy, and the absolute
 * form would bring a second host name past the check of Host. */
static gboolean
target_is_valid (const char *target, gsize size)
{
  if (size == 0 || target[0] != '/')
    return FALSE;

  for (gsize i = 0; i < size; i++)
    {
      guchar c = target[i];

      if (c <= ' ' || c == 0x7f || c == '#')
        return FALSE;
      if (c == '%'
          && (size - i < 3 || !g_ascii_isxdigit (target[i + 1])
              || !g_ascii_isxdigit (target[i + 2])))
        return FALSE;
    }

  /* Not legal unescaped, but sent (curl does); libsoup refuses what is not UTF-8. */
  return g_utf8_validate_len (target, size, NULL);
}

guint
http_head_read_request_line (HttpHead *self, const char *line, gsize size)
{
  const char *end = line + size;
  const char *target, *version;
  gsize method_size, target_size;

  target = memchr (line, ' ', size);
  if (target == NULL || target == line)
    return 400;
  method_size = target - line;
  for (gsize i = 0; i < method_size; i++)
    if (!is_token (line[i]))
      return 400;

  target++;
  version = memchr (target, ' ', end - target);
  if (version == NULL)
    return 400;
  target_size = version - target;

  version++;
  if (end - version != 8 || memcmp (version, "HTTP/", 5) != 0 || !g_ascii_isdigit (version[5])
      || version[6] != '.' || !g_ascii_isdigit (version[7]))
    return 400;
  if (version[5] != '1' || version[7] > '1')
    return 505;
  self->minor = version[7] - '0';

  if (!http_method_is_known (line, method_size))
    return 501;

  if (target_size == 1 && target[0] == '*')
    return equals (line, method_size, "OPTIONS") ? 0 : 400;

  return target_is_valid (target, target_size) ? 0 : 400;
}

gboolean
http_field_split (const char *line,
                  gsize size,
                  gsize *name_size,
                  const char **value,
                  gsize *value_size)
{
  const char *colon = memchr (line, ':', size);
  const char *begin, *end = line + size;

  if (colon == NULL || colon == line)
    return FALSE;

  for (const char *p = line; p < colon; p++)
    if (!is_token (*p))
      return FALSE;

  for (const char *p = colon + 1; p < end; p++)
    if ((guchar)*p < ' ' ? *p != '\t' : *p == 0x7f)
      return FALSE;

  begin = colon + 1;
  while (begin < end && (*begin == ' ' || *begin == '\t'))
    begin++;
  while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
    end--;

  *name_size = colon - line;
  *value = begin;
  *value_size = end - begin;
  return TRUE;
}

/* host [":" port] of RFC 3986, without the characters that only serve to deceive: libsoup pastes
 * the value into a URI, where `a?b` would make the path a query. Who may be asked for is the
 * server's business (P14), not ours. */
static gboolean
host_is_valid (const char *host, gsize size)
{
  gsize n = 0;

  if (size == 0 || size > HTTP_GATE_HOST_MAX)
    return FALSE;

  if (host[0] == '[')
    {
      const char *end = memchr (host, ']', size);
      g_autofree char *address = NULL;

      if (end == NULL)
        return FALSE;
      address = g_strndup (host + 1, end - host - 1);
      if (strchr (address, ':') == NULL || strchr (address, '%') != NULL
          || !g_hostname_is_ip_address (address))
        return FALSE;
      n = end - host + 1;
    }
  else
    {
      while (n < size && (g_ascii_isalnum (host[n]) || strchr ("-._~", host[n]) != NULL))
        n++;
      if (n == 0)
        return FALSE;
    }

  if (n < size)
    {
      guint port = 0;

      if (host[n] != ':' || size - n < 2 || size - n > 6)
        return FALSE;
      for (n++; n < size; n++)
        {
          if (!g_ascii_isdigit (host[n]))
            return FALSE;
          port = port * 10 + (host[n] - '0');
        }
      if (port > 65535)
        return FALSE;
    }

  return TRUE;
}

static gboolean
parse_length (const char *text, gsize size, gint64 *length)
{
  gint64 n = 0;

  if (size == 0)
    return FALSE;

  for (gsize i = 0; i < size; i++)
    {
      gint digit = text[i] - '0';

      if (digit < 0 || digit > 9 || n > (G_MAXINT64 - digit) / 10)
        return FALSE;
      n = n * 10 + digit;
    }

  *length = n;
  return TRUE;
}

/* libsoup drops the fields that an HTTP/1.0 request names in Connection, the length of its body
 * too: body bytes would become a request. Nobody names these. */
static gboolean
connection_names_framing (const char *value, gsize size)
{
  static const char *const framing[] = { "content-length", "transfer-encoding", "host", "expect" };
  const char *end = value + size;

  while (value < end)
    {
      const char *comma = memchr (value, ',', end - value);
      const char *stop = comma != NULL ? comma : end;
      const char *next = comma != NULL ? comma + 1 : end;

      while (value < stop && (*value == ' ' || *value == '\t'))
        value++;
      while (stop > value && (stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
      for (gsize i = 0; i < G_N_ELEMENTS (framing); i++)
        if (equals (value, stop - value, framing[i]))
          return TRUE;
      value = next;
    }

  return FALSE;
}

guint
http_head_read_field (HttpHead *self, const char *line, gsize size)
{
  const char *value;
  gsize name_size, value_size;

  if (++self->n_fields > HTTP_GATE_FIELDS_MAX)
    return 431;

  /* A line that goes on with white space (obs-fold) is no field either. */
  if (!http_field_split (line, size, &name_size, &value, &value_size))
    return 400;

  if (equals (line, name_size, "Host"))
    {
      if (self->has_host || !host_is_valid (value, value_size))
        return 400;
      self->has_host = TRUE;
    }
  else if (equals (line, name_size, "Content-Length"))
    {
      if (self->length >= 0 || !parse_length (value, value_size, &self->length))
        return 400;
    }
  else if (equals (line, name_size, "Transfer-Encoding"))
    {
      if (self->chunked)
        return 400;
      if (!equals (value, value_size, "chunked"))
        return 501;
      self->chunked = TRUE;
    }
  else if (equals (line, name_size, "Expect"))
    {
      if (self->has_expect)
        return 400;
      if (!equals (value, value_size, "100-continue"))
        return 417;
      self->has_expect = TRUE;
    }
  else if (equals (line, name_size, "Connection"))
    {
      self->names_framing |= connection_names_framing (value, value_size);
    }

  return 0;
}

guint
http_head_end (HttpHead *self)
{
  /* HTTP/1.0 could do without, but libsoup would then make one up from the socket's address. */
  if (!self->has_host)
    return 400;
  if (self->names_framing)
    return 400;
  if (self->chunked && (self->length >= 0 || self->minor == 0))
    return 400;
  if (self->has_expect && self->minor == 0)
    return 417;

  return 0;
}
