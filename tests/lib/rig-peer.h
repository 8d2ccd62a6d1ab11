/* The guest's end of the port, in a test: raw mux frames on spice-rig's UNIX socket.
 *
 * One thread, in the default main context. Nothing blocks: the calls that wait iterate the main
 * context, so a viewer session may live in the same thread.
 *
 * Documents: DESIGN P11.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "http-reader.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _RigPeer RigPeer;

/**
 * RigExchange:
 * @reader: the response as far as it came
 * @closed: the client id was closed from the other side (size 0)
 * @started_at: monotonic time, us, of the first byte queued
 * @finished_at: monotonic time, us, of the last byte of the response, or 0
 *
 * @skip_old: set after the start: what comes before a frame that begins with a status line is the
 *   rest of another connection's response, and is counted as stray
 *
 * One request and its response.
 */
typedef struct
{
  gint64 id;
  HttpReader *reader;
  gboolean closed;
  gint64 started_at;
  gint64 finished_at;
  gboolean skip_old;
  /*< private >*/
  GHashTable *clients; /* of the peer, which may go first */
  guint matched;
} RigExchange;

/**
 * RigContent:
 * @RIG_CONTENT_TEXT: lines that shrink to about a third under LZ4
 * @RIG_CONTENT_RANDOM: bytes that do not shrink
 *
 * What generated files and uploads are made of: a block of 1 MiB, repeated.
 */
typedef enum
{
  RIG_CONTENT_TEXT,
  RIG_CONTENT_RANDOM,
} RigContent;

#define RIG_CONTENT_BLOCK (1024 * 1024)

/**
 * rig_content_get:
 *
 * Returns: (transfer none): the block of RIG_CONTENT_BLOCK bytes
 */
const guint8 *rig_content_get (RigContent content);

/**
 * rig_peer_new:
 * @socket_path: (type filename): what spice-rig said after "guest-socket"
 */
RigPeer *rig_peer_new (const char *socket_path);
void rig_peer_free (RigPeer *self);

/* Any bytes, framed or not. */
void rig_peer_write_raw (RigPeer *self, gconstpointer data, gsize len);

/* Data of a client, in frames of 65535 bytes at most; len 0 writes nothing. */
void rig_peer_write (RigPeer *self, gint64 id, gconstpointer data, gsize len);

/* The frame of size 0: this client is gone. What was received for it is forgotten. */
void rig_peer_close_client (RigPeer *self, gint64 id);

/* The guest's program vanished by RST: no frame says so, and the id may come back (DESIGN P11). */
void rig_peer_forget_client (RigPeer *self, gint64 id);

/* The last reader was killed in the middle of a frame: everything before the response to @id, which
 * no client had before, is dropped. */
void rig_peer_resync (RigPeer *self, gint64 id);

/* FALSE: stop reading the port, as a guest that is stuck does. */
void rig_peer_set_reading (RigPeer *self, gboolean reading);

/* Limit of reading, bytes a second; 0: none. */
void rig_peer_set_read_rate (RigPeer *self, guint64 rate);

gsize rig_peer_get_queued (RigPeer *self);
guint64 rig_peer_get_bytes_read (RigPeer *self);
guint64 rig_peer_get_bytes_written (RigPeer *self);

/* Bytes that came for an id on which no response was awaited. */
guint64 rig_peer_get_stray_bytes (RigPeer *self);

/* Frames of size 0 received. */
guint rig_peer_get_n_closed (RigPeer *self);

/**
 * rig_peer_start:
 * @id: the client; a new one comes into being by its first byte
 * @headers: (nullable): more fields, each ended by CRLF; Host and, with a @body, Content-Length
 *   come by themselves
 * @body: (nullable): all of the body
 *
 * Returns: (transfer full): the exchange
 */
RigExchange *rig_peer_start (RigPeer *self,
                             gint64 id,
                             const char *method,
                             const char *path,
                             const char *headers,
                             gconstpointer body,
                             gsize body_len);

/* An exchange whose request the test writes by itself, after this. */
RigExchange *rig_peer_await (RigPeer *self, gint64 id);

/**
 * rig_peer_start_download:
 *
 * As a GET whose body is counted, not kept.
 */
RigExchange *rig_peer_start_download (RigPeer *self, gint64 id, const char *path);

/**
 * rig_peer_start_upload:
 * @total: length of the body, which is made as fast as the port takes it
 *
 * As a PUT of generated content. Uploads of several clients take turns.
 */
RigExchange *rig_peer_start_upload (RigPeer *self,
                                    gint64 id,
                                    const char *path,
                                    const char *headers,
                                    RigContent content,
                                    guint64 total);

/**
 * rig_peer_request:
 *
 * rig_peer_start(), then rig_exchange_wait().
 */
RigExchange *rig_peer_request (RigPeer *self,
                               gint64 id,
                               const char *method,
                               const char *path,
                               const char *headers,
                               gconstpointer body,
                               gsize body_len);

gboolean rig_exchange_is_over (RigExchange *self);

/* Iterates until the response is whole or the id was closed; fails the test after 60 s. */
void rig_exchange_wait (RigExchange *self);

void rig_exchange_free (RigExchange *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RigPeer, rig_peer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RigExchange, rig_exchange_free)

/**
 * rig_assert_status:
 *
 * The exchange ended in a whole response of this status.
 */
#define rig_assert_status(exchange, expected)                                                      \
  G_STMT_START                                                                                     \
  {                                                                                                \
    RigExchange *rig_ex = (exchange);                                                              \
    g_assert_cmpstr (rig_ex->reader->broken, ==, NULL);                                            \
    g_assert_cmpuint (rig_ex->reader->state, ==, HTTP_READER_DONE);                                \
    g_assert_cmpuint (rig_ex->reader->status, ==, (expected));                                     \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
