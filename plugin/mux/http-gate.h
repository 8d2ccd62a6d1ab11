/* The gate: what of a guest's bytes may reach libsoup, and where each request ends.
 *
 * SoupServer is not made for hostile peers (DESIGN P17), and the mux must know where a request
 * begins and ends (P11). So every byte of a client passes here first: out come whole, checked
 * request heads and exactly framed bodies (RFC 9112, read strictly: what it merely allows for the
 * sake of old peers is refused). Chunked bodies come out with framing written anew: no extensions,
 * no trailers.
 *
 * Pure and incremental: bytes in, bytes out, no I/O, no main loop.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A request head, from the request line to the empty line (libsoup's own limit is the same). */
#define HTTP_GATE_HEAD_MAX (64 * 1024)
/* The request line. */
#define HTTP_GATE_LINE_MAX (16 * 1024)
#define HTTP_GATE_FIELDS_MAX 100
/* The value of Host. */
#define HTTP_GATE_HOST_MAX 262
/* A line with a chunk's size, extensions and all. */
#define HTTP_GATE_CHUNK_LINE_MAX 256
/* All trailers of a body together. */
#define HTTP_GATE_TRAILERS_MAX (8 * 1024)

/**
 * HttpGateState:
 * @HTTP_GATE_IDLE: between two requests
 * @HTTP_GATE_HEAD: within a request's head
 * @HTTP_GATE_BODY: within a request's body
 * @HTTP_GATE_AWAITING: a request was passed on completely, its response is not done
 * @HTTP_GATE_REFUSED: nothing passes any more
 */
typedef enum
{
  HTTP_GATE_IDLE,
  HTTP_GATE_HEAD,
  HTTP_GATE_BODY,
  HTTP_GATE_AWAITING,
  HTTP_GATE_REFUSED,
} HttpGateState;

/**
 * HttpGateResult:
 * @HTTP_GATE_NEED_MORE: all bytes were used, nothing can be passed on yet
 * @HTTP_GATE_PASS_HEAD: a whole request head, in the gate's memory until the next call
 * @HTTP_GATE_PASS_FRAMING: framing of a chunked body, in the gate's memory until the next call
 * @HTTP_GATE_PASS_DATA: data of a body, a slice of the input
 * @HTTP_GATE_HELD: no byte was used: the request is complete, and the next one may begin only after
 *   http_gate_response_done()
 * @HTTP_GATE_TOO_MUCH: refused: a limit was passed
 * @HTTP_GATE_MALFORMED: refused: no HTTP, ambiguous, or of a version, method or coding that is not
 *   supported
 */
typedef enum
{
  HTTP_GATE_NEED_MORE,
  HTTP_GATE_PASS_HEAD,
  HTTP_GATE_PASS_FRAMING,
  HTTP_GATE_PASS_DATA,
  HTTP_GATE_HELD,
  HTTP_GATE_TOO_MUCH,
  HTTP_GATE_MALFORMED,
} HttpGateResult;

typedef struct _HttpGate HttpGate;

/**
 * http_gate_new:
 *
 * Returns: (transfer full): a gate between two requests
 */
HttpGate *http_gate_new (void);
void http_gate_free (HttpGate *self);

HttpGateState http_gate_get_state (HttpGate *self);

/**
 * http_gate_read:
 * @self: a gate
 * @data: bytes of the guest, cut anywhere
 * @size: how many, at least one
 * @used: (out): how many of them are dealt with
 * @out: (out) (transfer none): what may be passed on
 * @out_size: (out): how many bytes of that, 0 unless the result is one of PASS
 *
 * One step. Call again with the rest of the bytes until they are used up.
 */
HttpGateResult http_gate_read (HttpGate *self,
                               const guint8 *data,
                               gsize size,
                               gsize *used,
                               const guint8 **out,
                               gsize *out_size);

/**
 * http_gate_response_done:
 *
 * The response to the request at hand was written completely.
 *
 * Returns: %TRUE if the next request may begin (or nothing was asked). %FALSE if the request itself
 *   is not complete: the rest of it has nowhere to go, so the client must be closed
 */
gboolean http_gate_response_done (HttpGate *self);

/**
 * http_gate_get_status:
 *
 * Returns: the HTTP status that says why the gate refused; 0 if it did not
 */
guint http_gate_get_status (HttpGate *self);

/**
 * http_canned_response:
 * @status: one that http_gate_get_status() returns, 408, 500 or 503
 *
 * Returns: (transfer none): a whole response in static memory: no body, but a Content-Length, so
 *   that `Connection: close` means something to a peer whose connection we cannot close (P11)
 */
const char *http_canned_response (guint status);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpGate, http_gate_free)

G_END_DECLS
