/* Fuzz target: the gate.
 *
 * However the input is cut, the outcome is the same; what passes is well-formed, so a second gate
 * lets it pass unchanged; and libsoup's own parser accepts every head and frames its body alike.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <libsoup/soup.h>
#include <string.h>

#include "mux/http-gate.h"

typedef struct
{
  GByteArray *out;
  guint status;
  HttpGateState state;
} Outcome;

static void
check_head (const guint8 *head, gsize size, HttpGateState state)
{
  g_autoptr (SoupMessageHeaders) headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  g_autofree char *method = NULL;
  g_autofree char *path = NULL;
  g_autofree char *url = NULL;
  g_autoptr (GUri) uri = NULL;
  SoupHTTPVersion version;
  SoupEncoding encoding;
  gboolean has_body;

  g_assert (size <= HTTP_GATE_HEAD_MAX);
  g_assert (
      soup_headers_parse_request ((const char *)head, size - 2, headers, &method, &path, &version)
      == SOUP_STATUS_OK);
  url = g_strconcat ("http://", soup_message_headers_get_one (headers, "Host"),
                     strcmp (path, "*") == 0 ? "/" : path, NULL);
  uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, NULL);
  g_assert (uri != NULL && g_uri_get_host (uri) != NULL);

  encoding = soup_message_headers_get_encoding (headers);
  g_assert (encoding == SOUP_ENCODING_NONE || encoding == SOUP_ENCODING_CHUNKED
            || encoding == SOUP_ENCODING_CONTENT_LENGTH);
  has_body = encoding == SOUP_ENCODING_CHUNKED
             || (encoding == SOUP_ENCODING_CONTENT_LENGTH
                 && soup_message_headers_get_content_length (headers) > 0);
  g_assert (has_body == (state == HTTP_GATE_BODY));
}

static Outcome
run (const guint8 *data, gsize size, gsize piece, gboolean check)
{
  g_autoptr (HttpGate) gate = http_gate_new ();
  Outcome outcome = { .out = g_byte_array_new () };

  for (gsize i = 0; i < size;)
    {
      gsize n = MIN (piece, size - i);
      gsize used, out_size;
      const guint8 *out;
      HttpGateResult result = http_gate_read (gate, data + i, n, &used, &out, &out_size);

      g_assert (used <= n && (used > 0 || result == HTTP_GATE_HELD));
      if (result == HTTP_GATE_HELD)
        g_assert (http_gate_response_done (gate));
      if (result == HTTP_GATE_PASS_HEAD && check)
        check_head (out, out_size, http_gate_get_state (gate));
      if (out_size > 0)
        g_byte_array_append (outcome.out, out, out_size);
      i += used;
    }

  outcome.status = http_gate_get_status (gate);
  outcome.state = http_gate_get_state (gate);
  g_assert ((outcome.state == HTTP_GATE_REFUSED) == (outcome.status != 0));
  return outcome;
}

static void
outcome_check (const Outcome *a, const Outcome *b)
{
  g_assert (a->out->len == b->out->len);
  g_assert (a->out->len == 0 || memcmp (a->out->data, b->out->data, a->out->len) == 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  Outcome whole = run (data, size, MAX (size, 1), TRUE);
  static const gsize pieces[] = { 1, 3, 64 };
  Outcome again;

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      Outcome cut = run (data, size, pieces[i], FALSE);

      outcome_check (&whole, &cut);
      g_assert (cut.status == whole.status && cut.state == whole.state);
      g_byte_array_unref (cut.out);
    }

  again = run (whole.out->data, whole.out->len, MAX (whole.out->len, 1), FALSE);
  g_assert (again.status == 0);
  outcome_check (&whole, &again);

  g_byte_array_unref (whole.out);
  g_byte_array_unref (again.out);
  return 0;
}
