/* A SPICE server that says what a test tells it, for what the real one never says.
 *
 * It performs the link of a main and one webdav channel (RSA ticket of any content), lists that
 * channel, and hands each connection of the webdav channel to a script, in a thread of its own.
 *
 * Documents: spice/protocol.h, spice/enums.h; spice.proto of spice-common for the message bodies.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ScriptedServer ScriptedServer;
typedef struct _ScriptedConn ScriptedConn;

/**
 * ScriptedFlags:
 * @SCRIPTED_MINI_HEADER: announce mini headers, as every server since 0.10 does
 * @SCRIPTED_LZ4: announce LZ4 on the webdav channel
 * @SCRIPTED_TYPE_10: the port of that name is a plain one, as before spice-server 0.12.5
 */
typedef enum
{
  SCRIPTED_MINI_HEADER = 1 << 0,
  SCRIPTED_LZ4 = 1 << 1,
  SCRIPTED_TYPE_10 = 1 << 2,
} ScriptedFlags;

/**
 * ScriptedScript:
 *
 * Plays one connection of the webdav channel: linked, and told that the port is open. The
 * connection is closed when it returns. Its own thread; a failed assertion there ends the test.
 */
typedef void (*ScriptedScript) (ScriptedConn *conn, gpointer user_data);

ScriptedServer *
scripted_server_new (ScriptedFlags flags, ScriptedScript script, gpointer user_data);
void scripted_server_free (ScriptedServer *self);

/* For SpiceSession:uri. Owned by the server. */
const char *scripted_server_get_uri (ScriptedServer *self);

/* How many runs of the script have returned. Any thread. */
guint scripted_server_get_n_done (ScriptedServer *self);

/* The viewer announced LZ4 on this connection. */
gboolean scripted_conn_client_has_lz4 (ScriptedConn *self);

/* One message, under the header that was agreed on. */
void scripted_send (ScriptedConn *self, guint16 type, gconstpointer body, gsize len);

/* A VMC DATA message with one mux frame. */
void scripted_send_frame (ScriptedConn *self, gint64 id, gconstpointer data, guint16 len);

/**
 * scripted_recv:
 *
 * Returns: (transfer full) (nullable): the body of the next message; %NULL at the end of the
 *   connection. Fails the test after @seconds without either.
 */
GBytes *scripted_recv (ScriptedConn *self, guint16 *type, guint seconds);

/**
 * scripted_expect:
 *
 * As scripted_recv(), for the next message of @type; others are counted and dropped. Fails the
 * test at the end of the connection.
 */
GBytes *scripted_expect (ScriptedConn *self, guint16 type, guint seconds);

/* The viewer closes the connection within @seconds, or the test fails. */
void scripted_expect_end (ScriptedConn *self, guint seconds);

/* Messages of @type received so far. */
guint scripted_conn_get_n_received (ScriptedConn *self, guint16 type);

/**
 * scripted_request:
 * @head: a request head without a body, with its last empty line
 *
 * Sends @head as client @id in a DATA message and reads messages (101 and 102) until the response
 * is whole.
 *
 * Returns: its status
 */
guint scripted_request (ScriptedConn *self, gint64 id, const char *head, guint seconds);

/* Waits for the status of a response to what the script sent for @id by itself. */
guint scripted_await_status (ScriptedConn *self, gint64 id, guint seconds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ScriptedServer, scripted_server_free)

G_END_DECLS
