/* The server: SoupServer, its connections, and what every request is asked before its method.
 *
 * RFC 4918, RFC 9110; DESIGN P7, P14, P17.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-server.h"

#include <libsoup/soup.h>
#include <string.h>

#include "base/log.h"
#include "dav/dav-clipboard.h"
#include "dav/dav-connection.h"
#include "dav/dav-head.h"
#include "dav/dav-keep-alive.h"
#include "dav/dav-limits.h"
#include "dav/dav-path.h"
#include "dav/dav-refusal.h"

struct _DavServer
{
  DavServerOps ops;
  gpointer user_data;
  SoupServer *soup;
  DavMount *mount; /* NULL: nothing is shared */
  DavMime *mime;
  GHashTable *connections;
  GHashTable *lookups; /* of DavRequest: those that wait for the clipboard, DAV_MAX_LOOKUPS */
  GSource *sweep;
  guint64 n_requests;
  DavRefusals refusals;
  guint64 last_id;
};

static gboolean dav_server_sweep_now (gpointer user_data);
static void
dav_server_request_started (SoupServer *soup, SoupServerMessage *msg, gpointer user_data);
static void dav_server_request_over (SoupServer *soup, SoupServerMessage *msg, gpointer user_data);
static void dav_server_got_head (SoupServer *soup,
                                 SoupServerMessage *msg,
                                 const char *path,
                                 GHashTable *query,
                                 gpointer user_data);
static void dav_server_got_all (SoupServer *soup,
                                SoupServerMessage *msg,
                                const char *path,
                                GHashTable *query,
                                gpointer user_data);

DavServer *
dav_server_new (const DavServerOps *ops, gpointer user_data)
{
  DavServer *self = g_new0 (DavServer, 1);

  self->ops = *ops;
  self->user_data = user_data;
  self->mime = dav_mime_new ();
  self->connections = g_hash_table_new (NULL, NULL);
  self->lookups = g_hash_table_new_full (NULL, NULL, (GDestroyNotify)dav_request_unref, NULL);
  self->soup = soup_server_new ("raw-paths", TRUE, "server-header", NULL, NULL);
  if (!dav_keep_alive_enable (self->soup))
    share_debug ("No folder for a socket: every connection ends with its first response");

  g_signal_connect (self->soup, "request-started", G_CALLBACK (dav_server_request_started), self);
  g_signal_connect (self->soup, "request-finished", G_CALLBACK (dav_server_request_over), self);
  g_signal_connect (self->soup, "request-aborted", G_CALLBACK (dav_server_request_over), self);
  for (guint i = 0; i < 2; i++)
    {
      const char *path = i == 0 ? "/" : "*";

      soup_server_add_early_handler (self->soup, path, dav_server_got_head, self, NULL);
      soup_server_add_handler (self->soup, path, dav_server_got_all, self, NULL);
    }

  self->sweep = g_timeout_source_new_seconds (DAV_SWEEP_SECONDS);
  g_source_set_callback (self->sweep, dav_server_sweep_now, self, NULL);
  g_source_attach (self->sweep, g_main_context_get_thread_default ());

  return self;
}

void
dav_server_free (DavServer *self)
{
  GHashTableIter iter;
  gpointer connection;

  g_source_destroy (self->sweep);
  g_source_unref (self->sweep);

  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, &connection, NULL))
    {
      g_hash_table_iter_steal (&iter);
      dav_connection_free (connection);
    }

  g_signal_handlers_disconnect_by_data (self->soup, self);
  soup_server_disconnect (self->soup);
  g_object_unref (self->soup);

  g_hash_table_unref (self->lookups);
  g_hash_table_unref (self->connections);
  g_clear_pointer (&self->mount, dav_mount_unref);
  dav_mime_free (self->mime);
  dav_refusals_clear (&self->refusals);
  g_free (self);
}

/* Connections */

static void
dav_server_connection_request_over (DavConnection *connection,
                                    DavRequest *request,
                                    gpointer user_data)
{
  DavServer *self = user_data;

  self->n_requests++;
  dav_refusals_note (&self->refusals, request);
  if (share_debug_enabled ())
    {
      GUri *uri = soup_server_message_get_uri (request->msg);
      g_autofree char *path = g_strescape (g_uri_get_path (uri), NULL);

      share_debug ("dav: client %" G_GINT64_FORMAT ": %s %s %u, %" G_GUINT64_FORMAT
                   " bytes in, %" G_GUINT64_FORMAT " bytes out, %.1f ms%s",
                   dav_connection_get_client (connection),
                   soup_server_message_get_method (request->msg), path,
                   soup_server_message_get_status (request->msg), request->received,
                   dav_connection_get_written (connection) - request->written_before,
                   (g_get_monotonic_time () - request->started) / 1000.0,
                   request->state < DAV_REQUEST_ANSWERED ? ", aborted" : "");
    }
}

static void
dav_server_connection_all_written (DavConnection *connection, gpointer user_data)
{
  DavServer *self = user_data;

  self->ops.request_done (dav_connection_get_stream (connection), self->user_data);
}

static void
dav_server_connection_closed (DavConnection *connection, gpointer user_data)
{
  DavServer *self = user_data;

  g_hash_table_remove (self->connections, connection);
}

static const DavConnectionOps dav_server_connection_ops = {
  .request_over = dav_server_connection_request_over,
  .all_written = dav_server_connection_all_written,
  .closed = dav_server_connection_closed,
};

void
dav_server_accept (DavServer *self, GIOStream *stream, gint64 client)
{
  DavConnection *connection;

  if (g_hash_table_size (self->connections) >= DAV_MAX_CONNECTIONS)
    {
      share_debug ("dav: client %" G_GINT64_FORMAT " refused, there are %d", client,
                   DAV_MAX_CONNECTIONS);
      dav_connection_turn_away (stream);
      return;
    }

  connection = dav_connection_new (stream, client, &dav_server_connection_ops, self);
  g_hash_table_add (self->connections, connection);
  dav_connection_accept (connection, self->soup);
}

/* Whether it is the guest's turn, and has been for too long. Work that is done for a request takes
 * as long as it takes. */
static gboolean
dav_server_is_late (DavConnection *connection, gint64 now)
{
  const DavRequest *request = dav_connection_get_request (connection);
  gint64 active = dav_connection_get_active (connection);

  if (request == NULL)
    return now - active > DAV_IDLE_SECONDS * G_USEC_PER_SEC;

  return request->n_jobs == 0
         && now - MAX (active, request->job_back) > DAV_STALL_SECONDS * G_USEC_PER_SEC;
}

void
dav_server_sweep (DavServer *self, gint64 now)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (dav_server_is_late (key, now))
      dav_connection_close (key);
}

static gboolean
dav_server_sweep_now (gpointer user_data)
{
  dav_server_sweep (user_data, g_get_monotonic_time ());
  return G_SOURCE_CONTINUE;
}

static void
dav_server_request_started (SoupServer *soup, SoupServerMessage *msg, gpointer user_data)
{
  DavConnection *connection = dav_connection_from_message (msg);

  soup_message_body_set_accumulate (soup_server_message_get_request_body (msg), FALSE);
  if (connection != NULL)
    dav_connection_begin_message (connection, msg);
}

static void
dav_server_request_over (SoupServer *soup, SoupServerMessage *msg, gpointer user_data)
{
  DavConnection *connection = dav_connection_from_message (msg);

  if (connection != NULL)
    dav_connection_end_request (connection);
}

/* Requests */

/* The mount is known: the last checks, then the method. */
static void
dav_server_begin (DavServer *self, DavRequest *request)
{
  if (share_is_read_only (request->mount->share)
      && (request->method->flags & DAV_METHOD_CHANGES) != 0)
    {
      dav_request_refuse (request, SOUP_STATUS_FORBIDDEN, DAV_REFUSAL_READ_ONLY);
    }
  else if (request->method->begin != NULL)
    {
      dav_request_hold_body (request, TRUE);
      request->method->begin (request);
    }
  else
    {
      dav_request_hold_body (request, FALSE);
      request->state = DAV_REQUEST_BODY;
    }
}

/* /.spice-clipboard/id/name/…: the item is a root of its own, looked up for every request. */
static void
dav_server_begin_clipboard (DavServer *self, DavRequest *request)
{
  g_auto (GStrv) parts = g_strsplit (request->path, "/", 4);

  if (g_strv_length (parts) < 3 || self->ops.lookup_clipboard == NULL)
    {
      dav_request_fail (request, SOUP_STATUS_FORBIDDEN);
      return;
    }

  if (g_hash_table_size (self->lookups) >= DAV_MAX_LOOKUPS)
    {
      dav_request_fail (request, SOUP_STATUS_SERVICE_UNAVAILABLE);
      return;
    }

  g_free (request->path);
  request->path = g_strdup (parts[3] != NULL ? parts[3] : "");
  request->prefix = g_strjoin ("/", parts[0], parts[1], parts[2], NULL);
  dav_request_hold_body (request, TRUE);
  g_hash_table_add (self->lookups, dav_request_ref (request));
  self->ops.lookup_clipboard (parts[1], parts[2], request, self->user_data);
}

void
dav_server_clipboard_found (DavServer *self, gpointer token, Share *share)
{
  g_autoptr (DavRequest) request = NULL;

  if (!g_hash_table_steal (self->lookups, token))
    return;

  request = token;
  if (!dav_request_is_live (request))
    return;

  if (share == NULL)
    {
      dav_request_fail (request, SOUP_STATUS_NOT_FOUND);
      return;
    }
  request->mount = dav_mount_new (share, request->prefix);
  dav_server_begin (self, request);
}

static void
dav_server_got_head (SoupServer *soup,
                     SoupServerMessage *msg,
                     const char *raw_path,
                     GHashTable *query,
                     gpointer user_data)
{
  DavServer *self = user_data;
  DavConnection *connection = dav_connection_from_message (msg);
  DavRequest *request;
  DavPathResult result;
  guint status;

  if (connection == NULL)
    return;

  request = dav_connection_begin_request (connection, msg);
  request->method = dav_method_find (soup_server_message_get_method (msg));
  request->mime = self->mime;
  request->id = ++self->last_id;

  if (!dav_head_is_trusted_origin (request))
    {
      dav_request_refuse (request, SOUP_STATUS_FORBIDDEN, DAV_REFUSAL_FOREIGN);
      return;
    }
  status = dav_head_judge (request);
  if (status != 0)
    {
      dav_request_fail (request, status);
      return;
    }

  if (soup_server_message_is_options_ping (msg))
    {
      if (strcmp (request->method->name, "OPTIONS") != 0)
        {
          dav_request_fail (request, SOUP_STATUS_BAD_REQUEST);
          return;
        }
      request->path = g_strdup ("");
    }
  else
    {
      GUri *uri = soup_server_message_get_uri (msg);

      /* A name with an unescaped `?` in it must not end up as a change to another file. */
      if (g_uri_get_query (uri) != NULL && (request->method->flags & DAV_METHOD_CHANGES) != 0)
        {
          dav_request_fail (request, SOUP_STATUS_BAD_REQUEST);
          return;
        }
      result = g_uri_get_fragment (uri) != NULL
                   ? DAV_PATH_MALFORMED
                   : dav_path_decode (g_uri_get_path (uri), &request->path, &request->slash);
      if (result != DAV_PATH_OK)
        {
          dav_request_fail (request, dav_path_result_get_status (result));
          return;
        }
    }

  if (dav_clipboard_is_within (request->path))
    {
      dav_server_begin_clipboard (self, request);
    }
  else if (self->mount == NULL)
    {
      dav_request_refuse (request, SOUP_STATUS_SERVICE_UNAVAILABLE, DAV_REFUSAL_NOT_SHARED);
    }
  else
    {
      request->mount = dav_mount_ref (self->mount);
      dav_server_begin (self, request);
    }
}

static void
dav_server_got_all (SoupServer *soup,
                    SoupServerMessage *msg,
                    const char *path,
                    GHashTable *query,
                    gpointer user_data)
{
  DavConnection *connection = dav_connection_from_message (msg);
  DavRequest *request = connection != NULL ? dav_connection_get_request (connection) : NULL;

  if (request == NULL || request->msg != msg || request->state != DAV_REQUEST_BODY)
    return;

  request->state = DAV_REQUEST_WHOLE;
  request->method->run (request);
  if (request->state == DAV_REQUEST_WHOLE)
    dav_request_hold_body (request, TRUE);
}

/* What is shared */

/* Those that have not been answered get an answer. */
void
dav_server_set_share (DavServer *self, Share *share)
{
  g_autoptr (DavMount) old = g_steal_pointer (&self->mount);
  GHashTableIter iter;
  gpointer key;

  if (share != NULL)
    self->mount = dav_mount_new (share, "");
  if (old == NULL)
    return;

  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      DavConnection *connection = key;
      DavRequest *request = dav_connection_get_request (connection);

      if (request == NULL)
        {
          dav_connection_close (connection);
        }
      else if (request->mount == old)
        {
          if (dav_request_is_live (request))
            {
              dav_request_set_header (request, "Connection", "close");
              dav_request_fail (request, SOUP_STATUS_SERVICE_UNAVAILABLE);
            }
          else
            {
              dav_connection_close (connection);
            }
        }
    }
}

guint64
dav_server_get_n_requests (DavServer *self)
{
  return self->n_requests;
}

const DavRefusals *
dav_server_get_refusals (DavServer *self)
{
  return &self->refusals;
}

GVariant *
dav_server_get_transfers (DavServer *self)
{
  GVariantBuilder builder;
  GHashTableIter iter;
  gpointer key;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(tssttx)"));
  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      DavRequest *request = dav_connection_get_request (key);
      g_autofree char *shown = NULL;
      g_autofree char *path = NULL;

      if (request == NULL || request->transfer.direction == DAV_TRANSFER_NONE)
        continue;

      shown = dav_mount_show_path (request->mount, request->path);
      path = g_utf8_make_valid (shown, -1);
      g_variant_builder_add (
          &builder, "(tssttx)", request->id, path,
          request->transfer.direction == DAV_TRANSFER_UPLOAD ? "upload" : "download",
          request->transfer.done, request->transfer.total, request->started_real);
    }
  return g_variant_builder_end (&builder);
}
