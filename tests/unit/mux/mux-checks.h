/* What the tests of the mux have in common.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "mux-fixture.h"

G_BEGIN_DECLS

#define HOST " HTTP/1.1\r\nHost: localhost\r\n"
#define GET(path) "GET " path HOST "\r\n"
#define PUT(path, fields) "PUT " path HOST fields "\r\n\r\n"
#define MIB (1024 * 1024)
#define PULL (128 * 1024)

/* The server has carried out just these: "METHOD path body-size, ...". */
void check_requests (Fixture *f, const char *expected);

/* The body of the one response @client has received: anything, that of /size, or of an upload. */
const char *check_body_of (Fixture *f, gint64 client);
void check_pattern (Fixture *f, gint64 client, gsize size);
void check_sum (Fixture *f, gint64 client, const guint8 *data, gsize size);
guint8 *check_random_bytes (gsize size);

/* @client is served: one request, one answer. */
void check_works (Fixture *f, gint64 client);
/* @client asks, and is not answered: its bytes are dropped. */
void check_silent (Fixture *f, gint64 client);

G_END_DECLS
