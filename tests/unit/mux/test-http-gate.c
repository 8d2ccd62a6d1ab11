/* The gate: scripted conversations, each in one piece, byte by byte, and cut in two everywhere.
 *
 * Every line of DESIGN P17 "What it accepts" is here. What passes is also given to libsoup's own
 * parser, which must accept it and frame it alike.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib.h>
#include <libsoup/soup.h>
#include <string.h>

#include "mux/http-gate.h"

#define H "Host: localhost\r\n"
#define GET "GET / HTTP/1.1\r\n" H "\r\n"
#define PUT(field) "PUT /f HTTP/1.1\r\n" H field "\r\n\r\n"
#define CHUNKED PUT ("Transfer-Encoding: chunked")

typedef struct
{
  const char *name;
  const char *in;
  gssize in_size;      /* -1: in is a string */
  guint status;        /* that it is refused with; 0: passes */
  const char *out;     /* what passes, NULL: the input */
  HttpGateState state; /* at the end, if it passes */
} Case;

static const Case cases[] = {
  { "get", GET, -1, 0, NULL, HTTP_GATE_AWAITING },
  { "two", GET GET, -1, 0, NULL, HTTP_GATE_AWAITING },
  { "get-query", "GET /a%20b?c=d&e HTTP/1.1\r\n" H "\r\n", -1, 0, NULL, HTTP_GATE_AWAITING },
  { "get-1.0", "GET / HTTP/1.0\r\n" H "\r\n", -1, 0, NULL, HTTP_GATE_AWAITING },
  { "options-star", "OPTIONS * HTTP/1.1\r\n" H "\r\n", -1, 0, NULL, HTTP_GATE_AWAITING },
  { "utf-8", "GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n", -1, 0, NULL, HTTP_GATE_AWAITING },
  { "obs-text", "GET / HTTP/1.1\r\n" H "X-A: \xff\r\n\r\n", -1, 0, NULL, HTTP_GATE_AWAITING },
  { "empty-value", "GET / HTTP/1.1\r\n" H "X-A:\r\n\r\n", -1, 0, NULL, HTTP_GATE_AWAITING },
  { "tab-value", "GET / HTTP/1.1\r\n" H "X-A:\t b \t\r\n\r\n", -1, 0, NULL, HTTP_GATE_AWAITING },
  { "empty-lines", "\r\n\r\n" GET "\r\n" GET, -1, 0, GET GET, HTTP_GATE_AWAITING },
  { "put", PUT ("Content-Length: 5") "hello", -1, 0, NULL, HTTP_GATE_AWAITING },
  { "put-zeros", PUT ("Content-Length: 0005") "hello", -1, 0, NULL, HTTP_GATE_AWAITING },
  { "put-empty", PUT ("Content-Length: 0"), -1, 0, NULL, HTTP_GATE_AWAITING },
  { "put-most", PUT ("Content-Length: 9223372036854775807") "h", -1, 0, NULL, HTTP_GATE_BODY },
  { "put-part", PUT ("Content-Length: 5") "hell", -1, 0, NULL, HTTP_GATE_BODY },
  { "put-get", PUT ("Content-Length: 5") "GET /" GET, -1, 0, NULL, HTTP_GATE_AWAITING },
  { "expect", PUT ("Expect: 100-Continue\r\nContent-Length: 5") "hello", -1, 0, NULL,
    HTTP_GATE_AWAITING },
  { "half-head", "GET / HTTP/1.1\r\n" H, -1, 0, "", HTTP_GATE_HEAD },
  { "half-line", "GET / HT", -1, 0, "", HTTP_GATE_HEAD },
  { "half-empty-line", GET "\r", -1, 0, GET, HTTP_GATE_HEAD },
  { "only-empty-lines", "\r\n\r\n\r\n", -1, 0, "", HTTP_GATE_IDLE },

  { "methods",
    "HEAD / HTTP/1.1\r\n" H "\r\nDELETE / HTTP/1.1\r\n" H "\r\nMKCOL / HTTP/1.1\r\n" H
    "\r\nCOPY / HTTP/1.1\r\n" H "\r\nMOVE / HTTP/1.1\r\n" H "\r\nPROPFIND / HTTP/1.1\r\n" H
    "\r\nPROPPATCH / HTTP/1.1\r\n" H "\r\nLOCK / HTTP/1.1\r\n" H "\r\nUNLOCK / HTTP/1.1\r\n" H
    "\r\nPOST / HTTP/1.1\r\n" H "\r\nOPTIONS / HTTP/1.1\r\n" H "\r\n",
    -1, 0, NULL, HTTP_GATE_AWAITING },
  { "method-unknown", "FROBNICATE / HTTP/1.1\r\n" H "\r\n", -1, 501, NULL, 0 },
  { "method-lower", "get / HTTP/1.1\r\n" H "\r\n", -1, 501, NULL, 0 },
  { "method-prefix", "GETT / HTTP/1.1\r\n" H "\r\n", -1, 501, NULL, 0 },
  { "method-connect", "CONNECT localhost:1 HTTP/1.1\r\n" H "\r\n", -1, 501, NULL, 0 },
  { "method-trace", "TRACE / HTTP/1.1\r\n" H "\r\n", -1, 501, NULL, 0 },
  { "method-bad", "G(T / HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "method-none", " / HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },

  { "target-none", "GET  HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "target-two-spaces", "GET  / HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "target-tab", "GET\t/ HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "target-space", "GET /a b HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "target-absolute", "GET http://localhost/ HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "target-relative", "GET a HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "target-star", "GET * HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "target-fragment", "GET /#a HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "target-percent", "GET /%zz HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "target-percent-end", "GET /%a HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "target-control", "GET /\x01 HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "target-delete", "GET /\x7f HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "target-latin-1", "GET /\xe4 HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },

  { "version-none", "GET /\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "version-empty", "GET / \r\n" H "\r\n", -1, 400, NULL, 0 },
  { "version-2", "GET / HTTP/2.0\r\n" H "\r\n", -1, 505, NULL, 0 },
  { "version-1.2", "GET / HTTP/1.2\r\n" H "\r\n", -1, 505, NULL, 0 },
  { "version-0.9", "GET / HTTP/0.9\r\n" H "\r\n", -1, 505, NULL, 0 },
  { "version-long", "GET / HTTP/1.10\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "version-case", "GET / http/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "version-space", "GET / HTTP/1.1 \r\n" H "\r\n", -1, 400, NULL, 0 },

  { "lf", "GET / HTTP/1.1\n" H "\r\n", -1, 400, NULL, 0 },
  { "lf-field", "GET / HTTP/1.1\r\nHost: localhost\n\r\n", -1, 400, NULL, 0 },
  { "lf-end", "GET / HTTP/1.1\r\n" H "\n", -1, 400, NULL, 0 },
  { "lf-before", "\nGET / HTTP/1.1\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "cr", "GET / HTTP/1.1\r\n" H "X-A: a\rb\r\n\r\n", -1, 400, NULL, 0 },
  { "cr-cr", "GET / HTTP/1.1\r\n" H "X-A: a\r\r\n\r\n", -1, 400, NULL, 0 },
  { "cr-end", "GET / HTTP/1.1\r\n" H "\r\r\n", -1, 400, NULL, 0 },
  { "nul", "GET / HTTP/1.1\r\n" H "X-A: a\0b\r\n\r\n",
    sizeof "GET / HTTP/1.1\r\n" H "X-A: a\0b\r\n\r\n" - 1, 400, NULL, 0 },
  { "nul-target", "GET /\0 HTTP/1.1\r\n" H "\r\n", sizeof "GET /\0 HTTP/1.1\r\n" H "\r\n" - 1, 400,
    NULL, 0 },

  { "fold", "GET / HTTP/1.1\r\n" H "X-A: a\r\n b\r\n\r\n", -1, 400, NULL, 0 },
  { "fold-first", "GET / HTTP/1.1\r\n X-A: a\r\n" H "\r\n", -1, 400, NULL, 0 },
  { "field-no-colon", "GET / HTTP/1.1\r\n" H "X-A\r\n\r\n", -1, 400, NULL, 0 },
  { "field-no-name", "GET / HTTP/1.1\r\n" H ": a\r\n\r\n", -1, 400, NULL, 0 },
  { "field-space", "GET / HTTP/1.1\r\n" H "Content-Length : 5\r\n\r\n", -1, 400, NULL, 0 },
  { "field-bad-name", "GET / HTTP/1.1\r\n" H "X(A: a\r\n\r\n", -1, 400, NULL, 0 },
  { "field-utf-8-name", "GET / HTTP/1.1\r\n" H "X\xc3\xa4: a\r\n\r\n", -1, 400, NULL, 0 },
  { "field-control", "GET / HTTP/1.1\r\n" H "X-A: \x1b[2J\r\n\r\n", -1, 400, NULL, 0 },

  { "host-none", "GET / HTTP/1.1\r\n\r\n", -1, 400, NULL, 0 },
  { "host-none-1.0", "GET / HTTP/1.0\r\n\r\n", -1, 400, NULL, 0 },
  { "host-two", "GET / HTTP/1.1\r\n" H H "\r\n", -1, 400, NULL, 0 },
  { "host-empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", -1, 400, NULL, 0 },
  { "host-query", "GET /secret HTTP/1.1\r\nHost: a?b\r\n\r\n", -1, 400, NULL, 0 },
  { "host-slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", -1, 400, NULL, 0 },
  { "host-fragment", "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", -1, 400, NULL, 0 },
  { "host-user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", -1, 400, NULL, 0 },
  { "host-backslash", "GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n", -1, 400, NULL, 0 },
  { "host-percent", "GET / HTTP/1.1\r\nHost: a%2fb\r\n\r\n", -1, 400, NULL, 0 },
  { "host-list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", -1, 400, NULL, 0 },
  { "host-port-empty", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", -1, 400, NULL, 0 },
  { "host-port-big", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", -1, 400, NULL, 0 },
  { "host-port-text", "GET / HTTP/1.1\r\nHost: a:8o\r\n\r\n", -1, 400, NULL, 0 },
  { "host-port-only", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", -1, 400, NULL, 0 },
  { "host-bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", -1, 400, NULL, 0 },
  { "host-bracket-text", "GET / HTTP/1.1\r\nHost: [localhost]\r\n\r\n", -1, 400, NULL, 0 },
  { "host-bracket-after", "GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", -1, 400, NULL, 0 },
  { "host-zone", "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n", -1, 400, NULL, 0 },
  { "host-port", "GET / HTTP/1.1\r\nHost: localhost:9843\r\n\r\n", -1, 0, NULL,
    HTTP_GATE_AWAITING },
  { "host-4", "GET / HTTP/1.1\r\nhost: 127.0.0.1:65535\r\n\r\n", -1, 0, NULL, HTTP_GATE_AWAITING },
  { "host-6", "GET / HTTP/1.1\r\nHOST: [::1]:9843\r\n\r\n", -1, 0, NULL, HTTP_GATE_AWAITING },
  { "host-name", "GET / HTTP/1.1\r\nHost: my_box-1.local.\r\n\r\n", -1, 0, NULL,
    HTTP_GATE_AWAITING },

  { "length-two", PUT ("Content-Length: 5\r\nContent-Length: 5") "hello", -1, 400, NULL, 0 },
  { "length-two-differ", PUT ("Content-Length: 0\r\nContent-Length: 5"), -1, 400, NULL, 0 },
  { "length-list", PUT ("Content-Length: 5, 5") "hello", -1, 400, NULL, 0 },
  { "length-negative", PUT ("Content-Length: -5"), -1, 400, NULL, 0 },
  { "length-plus", PUT ("Content-Length: +5") "hello", -1, 400, NULL, 0 },
  { "length-2^63", PUT ("Content-Length: 9223372036854775808"), -1, 400, NULL, 0 },
  { "length-2^64", PUT ("Content-Length: 18446744073709551616"), -1, 400, NULL, 0 },
  { "length-2^64+5", PUT ("Content-Length: 18446744073709551621") "hello", -1, 400, NULL, 0 },
  { "length-hex", PUT ("Content-Length: 0x5") "hello", -1, 400, NULL, 0 },
  { "length-space", PUT ("Content-Length: 1 2"), -1, 400, NULL, 0 },
  { "length-empty", PUT ("Content-Length:"), -1, 400, NULL, 0 },
  { "length-text", PUT ("Content-Length: five"), -1, 400, NULL, 0 },

  { "both", PUT ("Content-Length: 5\r\nTransfer-Encoding: chunked") "0\r\n\r\n", -1, 400, NULL, 0 },
  { "both-swapped", PUT ("Transfer-Encoding: chunked\r\nContent-Length: 5"), -1, 400, NULL, 0 },
  { "coding-two", PUT ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), -1, 400, NULL,
    0 },
  { "coding-gzip", PUT ("Transfer-Encoding: gzip"), -1, 501, NULL, 0 },
  { "coding-gzip-chunked", PUT ("Transfer-Encoding: gzip, chunked"), -1, 501, NULL, 0 },
  { "coding-identity", PUT ("Transfer-Encoding: identity\r\nContent-Length: 5"), -1, 501, NULL, 0 },
  { "coding-xchunked", PUT ("Transfer-Encoding: xchunked"), -1, 501, NULL, 0 },
  { "coding-empty", PUT ("Transfer-Encoding:"), -1, 501, NULL, 0 },
  { "coding-1.0", "PUT /f HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", -1, 400, NULL, 0 },

  { "expect-other", PUT ("Expect: 200-ok"), -1, 417, NULL, 0 },
  { "expect-two", PUT ("Expect: 100-continue\r\nExpect: 100-continue"), -1, 400, NULL, 0 },
  { "expect-1.0", "PUT /f HTTP/1.0\r\n" H "Expect: 100-continue\r\n\r\n", -1, 417, NULL, 0 },
  { "connection-length",
    "PUT /f HTTP/1.0\r\n" H "Connection: close, Content-Length\r\nContent-Length: 5\r\n\r\nhello",
    -1, 400, NULL, 0 },
  { "connection-host", "GET / HTTP/1.1\r\n" H "Connection: host\r\n\r\n", -1, 400, NULL, 0 },
  { "connection", "GET / HTTP/1.1\r\n" H "Connection: Keep-Alive, TE,,\r\n\r\n", -1, 0, NULL,
    HTTP_GATE_AWAITING },

  { "chunked", CHUNKED "5\r\nhello\r\n0\r\n\r\n", -1, 0, NULL, HTTP_GATE_AWAITING },
  { "chunked-empty", CHUNKED "0\r\n\r\n", -1, 0, NULL, HTTP_GATE_AWAITING },
  { "chunked-get", CHUNKED "5\r\nhello\r\n0\r\n\r\n" GET, -1, 0, NULL, HTTP_GATE_AWAITING },
  { "chunked-case", PUT ("Transfer-Encoding: Chunked") "A\r\n0123456789\r\n0\r\n\r\n", -1, 0,
    PUT ("Transfer-Encoding: Chunked") "a\r\n0123456789\r\n0\r\n\r\n", HTTP_GATE_AWAITING },
  { "chunked-zeros", CHUNKED "0005\r\nhello\r\n000\r\n\r\n", -1, 0,
    CHUNKED "5\r\nhello\r\n0\r\n\r\n", HTTP_GATE_AWAITING },
  { "chunked-extension", CHUNKED "5;a=\"b\"\r\nhello\r\n0;c\r\n\r\n", -1, 0,
    CHUNKED "5\r\nhello\r\n0\r\n\r\n", HTTP_GATE_AWAITING },
  { "chunked-trailers", CHUNKED "0\r\nX-A: b\r\nGET / HTTP/1.1: a\r\n\r\n", -1, 400, NULL, 0 },
  { "chunked-trailer", CHUNKED "1\r\na\r\n0\r\nX-A: b\r\nX-C: d\r\n\r\n" GET, -1, 0,
    CHUNKED "1\r\na\r\n0\r\n\r\n" GET, HTTP_GATE_AWAITING },
  { "chunked-part", CHUNKED "5\r\nhel", -1, 0, NULL, HTTP_GATE_BODY },
  { "chunked-no-end", CHUNKED "5\r\nhello\r\n0\r\n", -1, 0, CHUNKED "5\r\nhello\r\n",
    HTTP_GATE_BODY },
  { "chunked-garbled", CHUNKED "xyz\r\nhello\r\n", -1, 400, NULL, 0 },
  { "chunked-none", CHUNKED "\r\nhello\r\n", -1, 400, NULL, 0 },
  { "chunked-negative", CHUNKED "-5\r\nhello\r\n", -1, 400, NULL, 0 },
  { "chunked-0x", CHUNKED "0x5\r\nhello\r\n", -1, 400, NULL, 0 },
  { "chunked-space", CHUNKED "5 \r\nhello\r\n", -1, 400, NULL, 0 },
  { "chunked-lf", CHUNKED "5\nhello\r\n0\r\n\r\n", -1, 400, NULL, 0 },
  { "chunked-lf-after", CHUNKED "5\r\nhello\n0\r\n\r\n", -1, 400, NULL, 0 },
  { "chunked-long", CHUNKED "5\r\nhello!\r\n0\r\n\r\n", -1, 400, NULL, 0 },
  { "chunked-short", CHUNKED "5\r\nhell\r\n0\r\n\r\n", -1, 400, NULL, 0 },
  { "chunked-2^63", CHUNKED "8000000000000000\r\n", -1, 413, NULL, 0 },
  { "chunked-2^64+5", CHUNKED "10000000000000005\r\nhello\r\n", -1, 413, NULL, 0 },
  { "chunked-most", CHUNKED "7fffffffffffffff\r\nh", -1, 0, NULL, HTTP_GATE_BODY },
  { "chunked-cr", CHUNKED "5;\ra\r\nhello\r\n", -1, 400, NULL, 0 },
  { "chunked-trailer-fold", CHUNKED "0\r\nX-A: b\r\n c\r\n\r\n", -1, 400, NULL, 0 },
  { "chunked-trailer-lf", CHUNKED "0\r\n\n", -1, 400, NULL, 0 },
};

/* What libsoup makes of a head that passed. */
static void
check_with_libsoup (const guint8 *head, gsize size, HttpGateState state)
{
  g_autoptr (SoupMessageHeaders) headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  g_autofree char *method = NULL;
  g_autofree char *path = NULL;
  g_autofree char *url = NULL;
  g_autoptr (GUri) uri = NULL;
  SoupHTTPVersion version;
  SoupEncoding encoding;

  /* It is given the head without the empty line. */
  g_assert_cmpuint (
      soup_headers_parse_request ((const char *)head, size - 2, headers, &method, &path, &version),
      ==, SOUP_STATUS_OK);
  url = g_strconcat ("http://", soup_message_headers_get_one (headers, "Host"),
                     strcmp (path, "*") == 0 ? "/" : path, NULL);
  uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, NULL);
  g_assert_nonnull (uri);
  g_assert_nonnull (g_uri_get_host (uri));

  encoding = soup_message_headers_get_encoding (headers);
  if (state == HTTP_GATE_AWAITING)
    g_assert_true (encoding == SOUP_ENCODING_NONE
                   || (encoding == SOUP_ENCODING_CONTENT_LENGTH
                       && soup_message_headers_get_content_length (headers) == 0));
  else
    g_assert_true (encoding == SOUP_ENCODING_CHUNKED
                   || (encoding == SOUP_ENCODING_CONTENT_LENGTH
                       && soup_message_headers_get_content_length (headers) > 0));
}

typedef struct
{
  HttpGate *gate;
  GByteArray *out;
  HttpGateResult refusal; /* or NEED_MORE */
  guint n_heads;
} Run;

static void
run_begin (Run *run)
{
  *run = (Run){ .gate = http_gate_new (), .out = g_byte_array_new () };
}

static void
run_end (Run *run)
{
  http_gate_free (run->gate);
  g_byte_array_unref (run->out);
}

/* Feeds; answers every complete request at once. */
static void
run_feed (Run *run, const guint8 *data, gsize size)
{
  while (size > 0)
    {
      gsize used, out_size;
      const guint8 *out;
      HttpGateResult result = http_gate_read (run->gate, data, size, &used, &out, &out_size);

      g_assert_cmpuint (used, <=, size);
      switch (result)
        {
        case HTTP_GATE_NEED_MORE:
          g_assert_cmpuint (used, >, 0);
          g_assert_cmpuint (out_size, ==, 0);
          break;

        case HTTP_GATE_HELD:
          g_assert_cmpuint (used, ==, 0);
          g_assert_cmpint (http_gate_get_state (run->gate), ==, HTTP_GATE_AWAITING);
          g_assert_true (http_gate_response_done (run->gate));
          break;

        case HTTP_GATE_TOO_MUCH:
        case HTTP_GATE_MALFORMED:
          g_assert_cmpint (http_gate_get_state (run->gate), ==, HTTP_GATE_REFUSED);
          g_assert_cmpuint (http_gate_get_status (run->gate), !=, 0);
          g_assert_false (http_gate_response_done (run->gate));
          run->refusal = result;
          break;

        case HTTP_GATE_PASS_HEAD:
          run->n_heads++;
          check_with_libsoup (out, out_size, http_gate_get_state (run->gate));
          g_byte_array_append (run->out, out, out_size);
          break;

        case HTTP_GATE_PASS_DATA:
          g_assert_true (out == data && out_size == used);
          G_GNUC_FALLTHROUGH;
        case HTTP_GATE_PASS_FRAMING:
        default:
          g_assert_cmpuint (out_size, >, 0);
          g_byte_array_append (run->out, out, out_size);
          break;
        }

      data += used;
      size -= used;
    }
}

static void
run_check (Run *run, const Case *c)
{
  gsize in_size = c->in_size >= 0 ? (gsize)c->in_size : strlen (c->in);

  if (c->status != 0)
    {
      g_assert_cmpuint (http_gate_get_status (run->gate), ==, c->status);
      g_assert_cmpint (run->refusal, ==,
                       c->status == 413 || c->status == 414 || c->status == 431
                           ? HTTP_GATE_TOO_MUCH
                           : HTTP_GATE_MALFORMED);
      return;
    }

  g_assert_cmpuint (http_gate_get_status (run->gate), ==, 0);
  g_assert_cmpint (http_gate_get_state (run->gate), ==, c->state);
  if (c->out != NULL)
    g_assert_cmpmem (run->out->data, run->out->len, c->out, strlen (c->out));
  else
    g_assert_cmpmem (run->out->data, run->out->len, c->in, in_size);
}

static void
test_case (gconstpointer user_data)
{
  const Case *c = user_data;
  const guint8 *in = (const guint8 *)c->in;
  gsize size = c->in_size >= 0 ? (gsize)c->in_size : strlen (c->in);
  Run run;

  for (gsize split = 0; split <= size; split++)
    {
      run_begin (&run);
      run_feed (&run, in, split);
      run_feed (&run, in + split, size - split);
      run_check (&run, c);
      run_end (&run);
    }

  run_begin (&run);
  for (gsize i = 0; i < size; i++)
    run_feed (&run, in + i, 1);
  run_check (&run, c);
  run_end (&run);
}

/* Nothing that follows a refusal passes, and a head only passes whole. */
static void
test_refused (void)
{
  Run run;

  run_begin (&run);
  run_feed (&run, (const guint8 *)"GET / HTTP/1.1\n" GET GET, strlen ("GET / HTTP/1.1\n" GET GET));
  g_assert_cmpuint (run.out->len, ==, 0);
  g_assert_cmpuint (run.n_heads, ==, 0);
  run_end (&run);
}

static void
test_held (void)
{
  g_autoptr (HttpGate) gate = http_gate_new ();
  const guint8 *out;
  gsize used, out_size;
  HttpGateResult result;

  g_assert_cmpint (http_gate_get_state (gate), ==, HTTP_GATE_IDLE);
  g_assert_true (http_gate_response_done (gate));
  result = http_gate_read (gate, (const guint8 *)GET, 1, &used, &out, &out_size);
  g_assert_cmpint (result, ==, HTTP_GATE_NEED_MORE);
  g_assert_cmpint (http_gate_get_state (gate), ==, HTTP_GATE_HEAD);
  for (const char *rest = GET + 1; *rest != '\0'; rest += used)
    result = http_gate_read (gate, (const guint8 *)rest, strlen (rest), &used, &out, &out_size);
  g_assert_cmpint (result, ==, HTTP_GATE_PASS_HEAD);
  g_assert_cmpmem (out, out_size, GET, strlen (GET));

  /* For as long as it takes. */
  for (guint i = 0; i < 3; i++)
    {
      result = http_gate_read (gate, (const guint8 *)"G", 1, &used, &out, &out_size);
      g_assert_cmpint (result, ==, HTTP_GATE_HELD);
      g_assert_cmpuint (used, ==, 0);
    }
  g_assert_true (http_gate_response_done (gate));
  g_assert_cmpint (http_gate_get_state (gate), ==, HTTP_GATE_IDLE);
  result = http_gate_read (gate, (const guint8 *)"G", 1, &used, &out, &out_size);
  g_assert_cmpint (result, ==, HTTP_GATE_NEED_MORE);
  g_assert_cmpuint (used, ==, 1);
}

static void
test_answered_early (void)
{
  Run run;

  run_begin (&run);
  run_feed (&run, (const guint8 *)PUT ("Content-Length: 5") "he",
            strlen (PUT ("Content-Length: 5") "he"));
  g_assert_false (http_gate_response_done (run.gate));
  run_end (&run);
}

/* A text of the form @head, @n times @middle, @tail; what becomes of it. */
static guint
status_of (const char *head, const char *middle, gsize n, const char *tail)
{
  g_autoptr (GString) text = g_string_new (head);
  guint status;
  Run run;

  for (gsize i = 0; i < n; i++)
    g_string_append (text, middle);
  g_string_append (text, tail);

  run_begin (&run);
  run_feed (&run, (const guint8 *)text->str, text->len);
  status = http_gate_get_status (run.gate);
  if (status == 0)
    g_assert_cmpint (http_gate_get_state (run.gate), ==, HTTP_GATE_AWAITING);
  run_end (&run);

  /* In pieces it is the same. */
  run_begin (&run);
  for (gsize i = 0; i < text->len; i += 7)
    run_feed (&run, (const guint8 *)text->str + i, MIN (7, text->len - i));
  g_assert_cmpuint (http_gate_get_status (run.gate), ==, status);
  run_end (&run);

  return status;
}

static void
test_limits (void)
{
  gsize n;

  /* The request line, its end included. */
  n = HTTP_GATE_LINE_MAX - strlen ("GET / HTTP/1.1\r\n");
  g_assert_cmpuint (status_of ("GET /", "a", n, " HTTP/1.1\r\n" H "\r\n"), ==, 0);
  g_assert_cmpuint (status_of ("GET /", "a", n + 1, " HTTP/1.1\r\n" H "\r\n"), ==, 414);
  g_assert_cmpuint (status_of ("GET /", "a", HTTP_GATE_LINE_MAX, ""), ==, 414);

  /* The head, its end included. */
  n = HTTP_GATE_HEAD_MAX - strlen ("GET / HTTP/1.1\r\n" H "X: \r\n\r\n");
  g_assert_cmpuint (status_of ("GET / HTTP/1.1\r\n" H "X: ", "a", n, "\r\n\r\n"), ==, 0);
  g_assert_cmpuint (status_of ("GET / HTTP/1.1\r\n" H "X: ", "a", n + 1, "\r\n\r\n"), ==, 431);
  g_assert_cmpuint (status_of ("GET / HTTP/1.1\r\n" H "X: ", "a", HTTP_GATE_HEAD_MAX, ""), ==, 431);

  /* Fields. */
  n = HTTP_GATE_FIELDS_MAX - 1;
  g_assert_cmpuint (status_of ("GET / HTTP/1.1\r\n" H, "If: a\r\n", n, "\r\n"), ==, 0);
  g_assert_cmpuint (status_of ("GET / HTTP/1.1\r\n" H, "If: a\r\n", n + 1, "\r\n"), ==, 431);

  n = HTTP_GATE_HOST_MAX;
  g_assert_cmpuint (status_of ("GET / HTTP/1.1\r\nHost: ", "a.", n / 2, "\r\n\r\n"), ==, 0);
  g_assert_cmpuint (status_of ("GET / HTTP/1.1\r\nHost: ", "a.", n / 2 + 1, "\r\n\r\n"), ==, 400);

  /* The line of a chunk. */
  n = HTTP_GATE_CHUNK_LINE_MAX - strlen ("1;\r\n");
  g_assert_cmpuint (status_of (CHUNKED "1;", "a", n, "\r\na\r\n0\r\n\r\n"), ==, 0);
  g_assert_cmpuint (status_of (CHUNKED "1;", "a", n + 1, "\r\na\r\n0\r\n\r\n"), ==, 413);

  /* Trailers: room for the empty line behind them is kept. */
  n = (HTTP_GATE_TRAILERS_MAX - 2) / strlen ("X-A: b\r\n");
  g_assert_cmpuint (status_of (CHUNKED "0\r\n", "X-A: b\r\n", n, "\r\n"), ==, 0);
  g_assert_cmpuint (status_of (CHUNKED "0\r\n", "X-A: b\r\n", n + 1, "\r\n"), ==, 431);
}

static void
test_canned (void)
{
  static const guint statuses[] = { 400, 408, 413, 414, 417, 431, 500, 501, 503, 505 };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autofree char *begin = g_strdup_printf ("HTTP/1.1 %u ", statuses[i]);
      const char *response = http_canned_response (statuses[i]);

      g_assert_true (g_str_has_prefix (response, begin));
      g_assert_true (g_str_has_suffix (response, "\r\n\r\n"));
      g_assert_nonnull (strstr (response, "\r\nContent-Length: 0\r\n"));
      g_assert_nonnull (strstr (response, "\r\nConnection: close\r\n"));
    }
}

/* Random heads, made of parts that may go together well or not: whatever passes, libsoup accepts.
 */
static void
test_with_libsoup (void)
{
  static const char *const parts[] = { "GET ",
                                       "PUT ",
                                       "/",
                                       "*",
                                       "a",
                                       "%41",
                                       "?",
                                       "#",
                                       " ",
                                       "HTTP/1.1",
                                       "HTTP/1.0",
                                       "\r\n",
                                       "\r\n\r\n",
                                       "\n",
                                       "\r",
                                       "Host: ",
                                       "a.b",
                                       "[::1]",
                                       ":80",
                                       "Content-Length: ",
                                       "5",
                                       "-",
                                       "Transfer-Encoding: ",
                                       "chunked",
                                       "Connection: ",
                                       "close",
                                       "keep-alive",
                                       ", ",
                                       "Expect: 100-continue",
                                       "\xff",
                                       "\xc3\xa4",
                                       "\"",
                                       "<",
                                       "{",
                                       "\\",
                                       "|",
                                       "^",
                                       "`",
                                       "//",
                                       "/../",
                                       ";",
                                       "=",
                                       "@",
                                       "If: ",
                                       "\t",
                                       "X: ",
                                       "..",
                                       "1.2.3.4.5",
                                       "xn--a" };
  guint n_heads = 0;

  for (guint i = 0; i < 200000; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      guint n = g_test_rand_int_range (0, 6);
      Run run;

      g_string_append (text, g_test_rand_bit () ? "GET /" : "PUT /");
      for (guint j = 0; j < n; j++)
        g_string_append (text, parts[g_test_rand_int_range (0, G_N_ELEMENTS (parts))]);
      g_string_append (text, g_test_rand_bit () ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
      g_string_append (text, "Host: ");
      n = g_test_rand_int_range (1, 3);
      for (guint j = 0; j < n; j++)
        g_string_append (text, parts[g_test_rand_int_range (0, G_N_ELEMENTS (parts))]);
      g_string_append (text, "\r\n");
      n = g_test_rand_int_range (0, 8);
      for (guint j = 0; j < n; j++)
        g_string_append (text, parts[g_test_rand_int_range (0, G_N_ELEMENTS (parts))]);
      g_string_append (text, "\r\n\r\n");

      run_begin (&run);
      run_feed (&run, (const guint8 *)text->str, text->len);
      n_heads += run.n_heads;
      run_end (&run);
    }

  g_test_message ("%u heads passed", n_heads);
  g_assert_cmpuint (n_heads, >, 1000);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/http-gate/case/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/http-gate/refused", test_refused);
  g_test_add_func ("/http-gate/held", test_held);
  g_test_add_func ("/http-gate/answered-early", test_answered_early);
  g_test_add_func ("/http-gate/limits", test_limits);
  g_test_add_func ("/http-gate/canned", test_canned);
  g_test_add_func ("/http-gate/with-libsoup", test_with_libsoup);

  return g_test_run ();
}
