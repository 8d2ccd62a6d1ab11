/* A client of the server; see dav-connection.h.
 *
 * The way back from a message to its connection is the remote address libsoup is told: an object
 * of our own for each connection.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-connection.h"

#define DAV_CONNECTION_KEY "spice-share-dav-connection"

struct _DavConnection
{
  const DavConnectionOps *ops;
  gpointer user_data;
  GIOStream *base;
  DavStream *stream;
  GSocketAddress *address;
  gint64 client;
  SoupServerMessage *msg; /* the latest; what the stream can be stolen by */
  gboolean stolen;
  DavRequest *request; /* under way */
  gboolean finishing;  /* it is over, but its last bytes are not out yet */
  GSource *closing;    /* runs when libsoup has returned */
  GBytes *last_words;  /* to be sent before closing */
};

static void dav_connection_lost (gpointer user_data);
static void dav_connection_flushed (gpointer user_data);
static void dav_connection_stream_closed (gpointer user_data);
static void dav_connection_close_with (DavRequest *request, GBytes *response);
static void dav_connection_abort (DavRequest *request);

static const DavStreamOps dav_connection_stream_ops = {
  .lost = dav_connection_lost,
  .flushed = dav_connection_flushed,
  .closed = dav_connection_stream_closed,
};

static const DavRequestOps dav_connection_request_ops = {
  .close_with = dav_connection_close_with,
  .abort = dav_connection_abort,
};

DavConnection *
dav_connection_new (GIOStream *stream,
                    gint64 client,
                    const DavConnectionOps *ops,
                    gpointer user_data)
{
  DavConnection *self = g_new0 (DavConnection, 1);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);

  self->ops = ops;
  self->user_data = user_data;
  self->client = client;
  self->base = g_object_ref (stream);
  self->stream = dav_stream_new (stream, &dav_connection_stream_ops, self);
  self->address = g_inet_socket_address_new (loopback, 0);
  g_object_set_data (G_OBJECT (self->address), DAV_CONNECTION_KEY, self);

  /* A stream that can tell that its peer is gone does so even while libsoup is not looking. */
  if (g_signal_lookup ("hang-up", G_OBJECT_TYPE (stream)) != 0)
    g_signal_connect_swapped (stream, "hang-up", G_CALLBACK (dav_connection_close), self);
  return self;
}

static void
dav_connection_end (DavConnection *self)
{
  g_signal_handlers_disconnect_by_data (self->base, self);
  g_object_set_data (G_OBJECT (self->address), DAV_CONNECTION_KEY, NULL);
  if (self->request != NULL)
    {
      dav_request_end (self->request);
      g_clear_pointer (&self->request, dav_request_unref);
    }
}

static void
dav_connection_finalize (DavConnection *self)
{
  if (self->closing != NULL)
    {
      g_source_destroy (self->closing);
      g_clear_pointer (&self->closing, g_source_unref);
    }
  g_clear_pointer (&self->last_words, g_bytes_unref);
  g_clear_object (&self->msg);
  g_clear_object (&self->stream);
  g_clear_object (&self->address);
  g_clear_object (&self->base);
  g_free (self);
}

/* Takes the stream away from libsoup, which forgets the connection without looking at it. The
 * message stays until the request has been told that it is over. */
static void
dav_connection_steal (DavConnection *self)
{
  g_autoptr (GIOStream) stolen = NULL;

  if (self->msg != NULL && !self->stolen)
    stolen = soup_server_message_steal_connection (self->msg);
  self->stolen = TRUE;
}

void
dav_connection_free (DavConnection *self)
{
  self->ops = NULL;
  if (self->request != NULL)
    dav_stream_cut (self->stream);
  dav_connection_end (self);
  dav_connection_steal (self);
  g_io_stream_close (G_IO_STREAM (self->stream), NULL, NULL);
  dav_connection_finalize (self);
}

void
dav_connection_accept (DavConnection *self, SoupServer *server)
{
  /* Never fails: it only makes objects. */
  soup_server_accept_iostream (server, G_IO_STREAM (self->stream), self->address, self->address,
                               NULL);
}

DavConnection *
dav_connection_from_message (SoupServerMessage *msg)
{
  return g_object_get_data (G_OBJECT (soup_server_message_get_remote_address (msg)),
                            DAV_CONNECTION_KEY);
}

void
dav_connection_begin_message (DavConnection *self, SoupServerMessage *msg)
{
  g_set_object (&self->msg, msg);
}

DavRequest *
dav_connection_begin_request (DavConnection *self, SoupServerMessage *msg)
{
  if (self->request != NULL)
    dav_connection_end_request (self);
  dav_connection_flushed (self);

  self->request = dav_request_new (msg, &dav_connection_request_ops, self);
  self->request->written_before = dav_stream_get_written (self->stream);
  dav_stream_set_in_request (self->stream, TRUE);
  return self->request;
}

void
dav_connection_end_request (DavConnection *self)
{
  g_autoptr (DavRequest) request = g_steal_pointer (&self->request);

  dav_stream_set_in_request (self->stream, FALSE);
  if (request != NULL)
    {
      self->ops->request_over (self, request, self->user_data);
      dav_request_end (request);
    }
  self->finishing = TRUE;
  if (dav_stream_is_flushed (self->stream))
    dav_connection_flushed (self);
}

static void
dav_connection_flushed (gpointer user_data)
{
  DavConnection *self = user_data;

  if (!self->finishing)
    return;
  self->finishing = FALSE;
  self->ops->all_written (self, self->user_data);
}

/* To the guest's program a connection that merely closes says nothing (DESIGN P11). */
void
dav_connection_turn_away (GIOStream *stream)
{
  static const char response[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\n"
                                 "Connection: close\r\nContent-Length: 0\r\n\r\n";

  /* A new stream has room for this; if it has not, its peer is no client of ours. */
  g_pollable_output_stream_write_nonblocking (
      G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream)), response,
      sizeof response - 1, NULL, NULL);
  g_io_stream_close (stream, NULL, NULL);
}

/* Closing */

static gboolean
dav_connection_close_now (gpointer user_data)
{
  DavConnection *self = user_data;

  g_clear_pointer (&self->closing, g_source_unref);
  if (self->request != NULL)
    dav_stream_cut (self->stream);
  dav_connection_steal (self);
  g_io_stream_close (G_IO_STREAM (self->stream), NULL, NULL);
  return G_SOURCE_REMOVE;
}

static gboolean
dav_connection_finalize_later (gpointer user_data)
{
  DavConnection *self = user_data;

  g_clear_pointer (&self->closing, g_source_unref);
  dav_connection_finalize (self);
  return G_SOURCE_REMOVE;
}

typedef struct
{
  DavStream *stream;
  GBytes *words;
} DavLastWords;

static void
dav_connection_said_last_words (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree DavLastWords *last = user_data;
  g_autoptr (DavStream) stream = last->stream;
  g_autoptr (GBytes) words = last->words;

  /* Whether they were heard matters to nobody any more. */
  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL);
  g_io_stream_close (G_IO_STREAM (stream), NULL, NULL);
}

static gboolean
dav_connection_say_last_words (gpointer user_data)
{
  DavConnection *self = user_data;
  DavLastWords *last = g_new0 (DavLastWords, 1);

  g_clear_pointer (&self->closing, g_source_unref);
  dav_connection_steal (self);
  last->stream = g_object_ref (self->stream);
  last->words = g_steal_pointer (&self->last_words);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (self->stream)),
                                   g_bytes_get_data (last->words, NULL),
                                   g_bytes_get_size (last->words), G_PRIORITY_DEFAULT, NULL,
                                   dav_connection_said_last_words, last);
  return G_SOURCE_REMOVE;
}

static void
dav_connection_later (DavConnection *self, GSourceFunc func)
{
  if (self->closing != NULL)
    {
      g_source_destroy (self->closing);
      g_source_unref (self->closing);
    }
  self->closing = g_idle_source_new ();
  g_source_set_priority (self->closing, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->closing, func, self, NULL);
  g_source_attach (self->closing, g_main_context_get_thread_default ());
}

void
dav_connection_close (DavConnection *self)
{
  if (self->closing == NULL)
    dav_connection_later (self, dav_connection_close_now);
}

static void
dav_connection_lost (gpointer user_data)
{
  dav_connection_close (user_data);
}

static void
dav_connection_abort (DavRequest *request)
{
  dav_connection_close (request->connection);
}

static void
dav_connection_close_with (DavRequest *request, GBytes *response)
{
  DavConnection *self = request->connection;

  g_clear_pointer (&self->last_words, g_bytes_unref);
  self->last_words = g_bytes_ref (response);
  dav_connection_later (self, dav_connection_say_last_words);
}

/* By libsoup, by the functions above, or by dav_connection_free(). libsoup may still use the
 * message, so all goes later. */
static void
dav_connection_stream_closed (gpointer user_data)
{
  DavConnection *self = user_data;

  if (self->ops == NULL)
    return;

  if (self->request != NULL)
    dav_connection_end_request (self);
  dav_connection_flushed (self);
  dav_connection_end (self);
  self->ops->closed (self, self->user_data);
  self->ops = NULL;
  dav_connection_later (self, dav_connection_finalize_later);
}

DavRequest *
dav_connection_get_request (DavConnection *self)
{
  return self->request;
}

GIOStream *
dav_connection_get_stream (DavConnection *self)
{
  return self->base;
}

gint64
dav_connection_get_client (DavConnection *self)
{
  return self->client;
}

gint64
dav_connection_get_active (DavConnection *self)
{
  return dav_stream_get_active (self->stream);
}

guint64
dav_connection_get_written (DavConnection *self)
{
  return dav_stream_get_written (self->stream);
}
