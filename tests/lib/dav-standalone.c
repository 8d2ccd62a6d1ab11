/* The WebDAV server without SPICE: on a TCP port of the loopback, for litmus, curl and cadaver.
 *
 *   dav-standalone [--read-only] [--port N] [--clipboard FOLDER] FOLDER
 *
 * Prints "port N" when it serves. Without FOLDER nothing is shared. What is in the folder of
 * --clipboard is found under /.spice-clipboard/0/. SIGTERM and SIGINT end it the way a viewer does;
 * SIGUSR1 ends the share as if the setting had been emptied.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gio/gio.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "dav/dav-server.h"

typedef struct
{
  GMainContext *context; /* its own, as a worker has: the default one wakes itself up for nothing */
  GMainLoop *loop;
  DavServer *server;
  Share *share;
  char *clipboard;
  gint64 n_clients;
} Standalone;

typedef struct
{
  Standalone *self;
  gpointer token;
} Lookup;

static void
standalone_request_done (GIOStream *stream, gpointer user_data)
{
}

static void
standalone_item_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Lookup *lookup = user_data;
  g_autoptr (Share) share = share_open_finish (result, NULL);

  dav_server_clipboard_found (lookup->self->server, lookup->token, share);
}

static void
standalone_lookup_clipboard (const char *id, const char *name, gpointer token, gpointer user_data)
{
  Standalone *self = user_data;
  g_autofree char *path = NULL;
  Lookup *lookup;

  if (self->clipboard == NULL || g_strcmp0 (id, "0") != 0)
    {
      dav_server_clipboard_found (self->server, token, NULL);
      return;
    }

  path = g_build_filename (self->clipboard, name, NULL);
  lookup = g_new (Lookup, 1);
  lookup->self = self;
  lookup->token = token;
  share_open_async (path, SHARE_READ_ONLY | SHARE_FILE_ROOT, NULL, standalone_item_opened, lookup);
}

static const DavServerOps standalone_ops = {
  .request_done = standalone_request_done,
  .lookup_clipboard = standalone_lookup_clipboard,
};

static gboolean
standalone_incoming (GSocketService *service,
                     GSocketConnection *connection,
                     GObject *source,
                     gpointer user_data)
{
  Standalone *self = user_data;

  g_socket_set_option (g_socket_connection_get_socket (connection), IPPROTO_TCP, TCP_NODELAY, 1,
                       NULL);
  dav_server_accept (self->server, G_IO_STREAM (connection), ++self->n_clients);
  return TRUE;
}

static gboolean
standalone_quit (gpointer user_data)
{
  Standalone *self = user_data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
standalone_stop_sharing (gpointer user_data)
{
  Standalone *self = user_data;

  dav_server_set_share (self->server, NULL);
  if (self->share != NULL)
    share_close (self->share);
  g_clear_pointer (&self->share, share_unref);
  return G_SOURCE_CONTINUE;
}

static void
standalone_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Standalone *self = user_data;
  g_autoptr (GError) error = NULL;

  self->share = share_open_finish (result, &error);
  if (self->share == NULL)
    {
      g_printerr ("%s\n", error->message);
      exit (2);
    }
  dav_server_set_share (self->server, self->share);
  g_main_loop_quit (self->loop);
}

static void
standalone_on_signal (Standalone *self, int number, GSourceFunc func)
{
  g_autoptr (GSource) source = g_unix_signal_source_new (number);

  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
}

int
main (int argc, char **argv)
{
  gboolean read_only = FALSE;
  gboolean hide = FALSE;
  int port = 0;
  g_autofree char *clipboard = NULL;
  GOptionEntry entries[]
      = { { "read-only", 'r', 0, G_OPTION_ARG_NONE, &read_only, "Refuse every change", NULL },
          { "hide", 0, 0, G_OPTION_ARG_NONE, &hide, "Deny hidden files", NULL },
          { "port", 'p', 0, G_OPTION_ARG_INT, &port, "TCP port (default: any free one)", "N" },
          { "clipboard", 'c', 0, G_OPTION_ARG_FILENAME, &clipboard, "Copied files", "FOLDER" },
          { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new ("[FOLDER]");
  g_autoptr (GSocketService) service = NULL;
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;
  Standalone self = { 0 };

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 2)
    {
      g_printerr ("%s\n", error != NULL ? error->message : "Too many arguments");
      return 2;
    }

  self.context = g_main_context_new ();
  g_main_context_push_thread_default (self.context);
  self.loop = g_main_loop_new (self.context, FALSE);
  self.clipboard = clipboard;
  self.server = dav_server_new (&standalone_ops, &self);
  if (argc == 2)
    {
      g_autofree char *folder = g_canonicalize_filename (argv[1], NULL);
      ShareFlags flags = (read_only ? SHARE_READ_ONLY : 0) | (hide ? SHARE_DENY_HIDDEN : 0);

      share_open_async (folder, flags, NULL, standalone_opened, &self);
      g_main_loop_run (self.loop);
    }

  service = g_socket_service_new ();
  address = g_inet_socket_address_new (loopback, port);
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  g_signal_connect (service, "incoming", G_CALLBACK (standalone_incoming), &self);
  standalone_on_signal (&self, SIGTERM, standalone_quit);
  standalone_on_signal (&self, SIGINT, standalone_quit);
  standalone_on_signal (&self, SIGUSR1, standalone_stop_sharing);
  g_print ("port %u\n", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));

  g_main_loop_run (self.loop);

  g_socket_service_stop (service);
  g_socket_listener_close (G_SOCKET_LISTENER (service));
  standalone_stop_sharing (&self);
  dav_server_free (self.server);
  while (g_main_context_iteration (self.context, FALSE))
    continue;
  g_main_loop_unref (self.loop);
  g_main_context_pop_thread_default (self.context);
  g_main_context_unref (self.context);
  return 0;
}
