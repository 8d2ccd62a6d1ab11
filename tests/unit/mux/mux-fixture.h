/* A mux with a real SoupServer behind it and a guest of the test's own before it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>
#include <libsoup/soup.h>

#include "mux/mux.h"

G_BEGIN_DECLS

/**
 * Fixture:
 * @requests: "METHOD path body-size" of every request the server has read to its end, in order
 * @n_aborted: requests that libsoup reported as aborted
 * @n_streams: streams alive: one for each connection that the mux or libsoup has not let go of
 * @n_hang_ups: signals `hang-up`
 * @paused: (transfer full): the message of /pause that waits for fixture_resume()
 * @turn_away: new streams are answered 503 and closed at once, without libsoup
 * @discard: what the guest receives is not kept
 * @manual: the test pulls by itself; else all output goes to the guest at once
 *
 * Paths: /size/N answers N bytes, /close/N too but closes, /pause waits for fixture_resume(),
 * /pause-upload pauses after the first chunk, /refuse answers 403 with `Connection: close` before
 * the body, /refuse-open the same without, /abort closes the stream in mid-response; all else
 * answers what was read: "sum size" (/count: 0 for a sum). Every answer has a length: libsoup ends
 * a chunked one in a thread of GIO's, which the server of plugin/dav keeps away from these streams.
 */
typedef struct
{
  GMainContext *context;
  GSource *watchdog;
  Mux *mux;
  SoupServer *server;

  GPtrArray *requests;
  guint n_aborted;
  guint n_streams;
  guint n_accepted;
  guint n_hang_ups;
  SoupServerMessage *paused;
  gboolean turn_away;
  gboolean discard;
  gboolean manual;
  gboolean output_ready;
  guint n_input_ready;

  GQueue unfed;         /* of GBytes: sent by the guest, not yet taken */
  gsize unfed_offset;   /* in the first of them */
  GHashTable *received; /* GByteArray by id */
  GHashTable *closed;   /* guint: how many frames of size 0, by id */
  GQueue frames;        /* of Frame, in order, while `keep_frames` */
  gboolean keep_frames;
} Fixture;

typedef struct
{
  gint64 client;
  gsize size;
} Frame;

void fixture_set_up (Fixture *f, gconstpointer data);
void fixture_tear_down (Fixture *f, gconstpointer data);

/* Runs the context until the condition holds; the watchdog ends the test if that takes too long. */
#define fixture_wait(f, condition)                                                                 \
  G_STMT_START                                                                                     \
  {                                                                                                \
    while (!(condition))                                                                           \
      g_main_context_iteration ((f)->context, TRUE);                                               \
  }                                                                                                \
  G_STMT_END

/* Runs the context until it has nothing to do. */
void fixture_settle (Fixture *f);

/* The guest sends @text on @client, in one frame a 65,535 bytes. */
void fixture_send (Fixture *f, gint64 client, const char *text);
void fixture_send_data (Fixture *f, gint64 client, const void *data, gsize size);
/* The guest closes @client. */
void fixture_close (Fixture *f, gint64 client);
/* Raw bytes of the port. */
void fixture_feed (Fixture *f, const void *data, gsize size);
void fixture_feed_bytes (Fixture *f, GBytes *bytes); /* transfer full */

/* Pulls once; returns FALSE if there was nothing. */
gboolean fixture_pull (Fixture *f, gsize max);

/* What the guest's side of @client received since the last fixture_forget(). */
const char *fixture_received (Fixture *f, gint64 client);
gsize fixture_received_size (Fixture *f, gint64 client);
guint fixture_n_closed (Fixture *f, gint64 client);
void fixture_forget (Fixture *f, gint64 client);
/* Whether @client received @n whole responses (headers and the length they tell). */
gboolean fixture_has_responses (Fixture *f, gint64 client, guint n);
/* Waits for that, and returns the status of the last. */
guint fixture_wait_status (Fixture *f, gint64 client, guint n);

void fixture_resume (Fixture *f);

/* Byte @i of the body of /size. */
guint8 fixture_pattern (gsize i);
/* What an upload of @data is answered with. */
guint32 fixture_sum (const guint8 *data, gsize size);

/* "requests" joined by commas. */
char *fixture_requests (Fixture *f);

G_END_DECLS
