/* spice-rig: a real SPICE server with one port and nothing behind it, for tests and benchmarks.
 *
 * Prints a line per fact on standard output ("port 40123", "guest-socket PATH", "ready", then one
 * per event), takes commands on standard input, and ends when that is closed: it never outlives
 * the test that started it. tests/lib/README.md lists both.
 *
 * Documents: spice-server.h of libspice-server 0.15; DESIGN P10.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "core-glib.h"
#include "guest-port.h"
#include "migration.h"

#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Times a port that looked free is tried for TLS before giving up. */
#define TLS_ATTEMPTS 16

typedef struct
{
  GMainLoop *loop;
  SpiceServer *server;
  GuestPort *port;
  Migration *migration;
  GSocketService *service;
} Rig;

static char *arg_port_name;
static char *arg_guest_socket;
static gboolean arg_guest_pty;
static int arg_tcp = -1;
static char *arg_unix;
static char *arg_tls_cert;
static char *arg_tls_key;
static char *arg_ticket;
static gboolean arg_no_port;
static char *arg_incoming;

static const GOptionEntry entries[] = {
  { "name", 0, 0, G_OPTION_ARG_STRING, &arg_port_name, "Name of the port", "NAME" },
  { "guest-socket", 0, 0, G_OPTION_ARG_FILENAME, &arg_guest_socket,
    "Guest side: a UNIX socket at PATH", "PATH" },
  { "guest-pty", 0, 0, G_OPTION_ARG_NONE, &arg_guest_pty, "Guest side: a pty", NULL },
  { "tcp", 0, 0, G_OPTION_ARG_INT, &arg_tcp, "Listen on 127.0.0.1 (0: any free port)", "PORT" },
  { "unix", 0, 0, G_OPTION_ARG_FILENAME, &arg_unix, "Listen on a UNIX socket", "PATH" },
  { "tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &arg_tls_cert,
    "Certificate, its own authority: listen with TLS on a free port", "FILE" },
  { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &arg_tls_key, "Key of the certificate", "FILE" },
  { "ticket", 0, 0, G_OPTION_ARG_STRING, &arg_ticket, "Password", "TICKET" },
  { "incoming", 0, 0, G_OPTION_ARG_FILENAME, &arg_incoming,
    "The guest comes by a migration, to a UNIX socket at PATH", "PATH" },
  { "no-port", 0, 0, G_OPTION_ARG_NONE, &arg_no_port, "A server without any port", NULL },
  { NULL },
};

static void
say (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  flockfile (stdout);
  vprintf (format, args);
  putchar ('\n');
  fflush (stdout);
  funlockfile (stdout);
  va_end (args);
}

static void
channel_event (int event, SpiceChannelEventInfo *info)
{
  static const char *const names[] = {
    [SPICE_CHANNEL_EVENT_CONNECTED] = "connected",
    [SPICE_CHANNEL_EVENT_INITIALIZED] = "initialized",
    [SPICE_CHANNEL_EVENT_DISCONNECTED] = "disconnected",
  };

  if (event >= 0 && (gsize)event < G_N_ELEMENTS (names) && names[event] != NULL)
    say ("channel %s %d %d", names[event], info->type, info->id);
}

static void
port_event (const char *event, gboolean on, gpointer user_data)
{
  say ("%s %d", event, on);
}

static void
migration_event (const char *event, gpointer user_data)
{
  say ("%s", event);
}

static gboolean
incoming (GSocketService *service,
          GSocketConnection *connection,
          GObject *source_object,
          gpointer user_data)
{
  Rig *self = user_data;
  int fd = dup (g_socket_get_fd (g_socket_connection_get_socket (connection)));

  if (fd >= 0 && spice_server_add_client (self->server, fd, FALSE) != 0)
    close (fd);
  return TRUE;
}

static gboolean
listen_on (Rig *self, GSocketAddress *address, GError **error)
{
  g_autoptr (GSocketAddress) effective = NULL;

  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), address,
                                      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL,
                                      &effective, error))
    return FALSE;
  if (G_IS_INET_SOCKET_ADDRESS (effective))
    say ("port %u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective)));
  else
    say ("unix %s", g_unix_socket_address_get_path (G_UNIX_SOCKET_ADDRESS (effective)));
  return TRUE;
}

static gboolean
listen_all (Rig *self, GError **error)
{
  /* The connections are accepted here and handed over, so that port 0 works. */
  self->service = g_socket_service_new ();
  g_signal_connect (self->service, "incoming", G_CALLBACK (incoming), self);
  if (arg_tcp >= 0)
    {
      g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
      g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, arg_tcp);

      if (!listen_on (self, address, error))
        return FALSE;
    }
  if (arg_unix != NULL)
    {
      g_autoptr (GSocketAddress) address = g_unix_socket_address_new (arg_unix);

      if (!listen_on (self, address, error))
        return FALSE;
    }
  return TRUE;
}

static guint16
find_free_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();

  return g_socket_listener_add_any_inet_port (listener, NULL, NULL);
}

static SpiceServer *
try_server (int tls_port)
{
  SpiceServer *server = spice_server_new ();

  spice_server_set_name (server, "spice-rig");
  spice_server_set_exit_on_disconnect (server, FALSE);
  if (arg_ticket != NULL)
    spice_server_set_ticket (server, arg_ticket, 0, FALSE, FALSE);
  else
    spice_server_set_noauth (server);
  if (tls_port > 0)
    {
      spice_server_set_addr (server, "127.0.0.1", SPICE_ADDR_FLAG_IPV4_ONLY);
      if (spice_server_set_tls (server, tls_port, arg_tls_cert, arg_tls_cert, arg_tls_key, NULL,
                                NULL, NULL)
          != 0)
        g_printerr ("spice-rig: TLS was not accepted\n");
    }
  if (spice_server_init (server, core_glib_get (channel_event)) == 0)
    return server;
  spice_server_destroy (server);
  return NULL;
}

/* libspice-server listens for TLS by itself and cannot pick a port: another program may take the
 * one found in between, so it is tried a few times. */
static gboolean
make_server (Rig *self)
{
  if (arg_tls_cert == NULL)
    {
      self->server = try_server (0);
      return self->server != NULL;
    }
  for (guint i = 0; self->server == NULL && i < TLS_ATTEMPTS; i++)
    {
      guint16 tls_port = find_free_port ();

      self->server = try_server (tls_port);
      if (self->server != NULL)
        say ("tls-port %u", tls_port);
    }
  return self->server != NULL;
}

/* VmRSS of this process, in KiB. */
static guint64
resident_kib (void)
{
  g_autofree char *status = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL)
      || (line = strstr (status, "VmRSS:")) == NULL)
    return 0;
  return g_ascii_strtoull (line + strlen ("VmRSS:"), NULL, 10);
}

/* "migrate-connect PORT [SUBJECT]", "migrate-connect-seamless PORT [SUBJECT]", "migrate PATH",
 * "migrate-switch PORT PATH" */
static gboolean
run_migration (Rig *self, const char *command)
{
  g_auto (GStrv) words = g_strsplit (command, " ", 3);
  guint n = g_strv_length (words);
  g_autoptr (GError) error = NULL;

  if (n >= 2 && strcmp (words[0], "migrate-connect") == 0)
    migration_connect (self->migration, g_ascii_strtoull (words[1], NULL, 10), words[2], FALSE);
  else if (n >= 2 && strcmp (words[0], "migrate-connect-seamless") == 0)
    migration_connect (self->migration, g_ascii_strtoull (words[1], NULL, 10), words[2], TRUE);
  else if (n == 2 && strcmp (words[0], "migrate") == 0)
    migration_complete (self->migration, words[1], &error);
  else if (n == 3 && strcmp (words[0], "migrate-switch") == 0)
    migration_switch (self->migration, g_ascii_strtoull (words[1], NULL, 10), words[2], &error);
  else
    return FALSE;
  if (error != NULL)
    g_printerr ("spice-rig: %s: %s\n", command, error->message);
  return TRUE;
}

static void
run_command (Rig *self, const char *command)
{
  if (strcmp (command, "open") == 0)
    guest_port_set_opened (self->port, TRUE);
  else if (strcmp (command, "close") == 0)
    guest_port_set_opened (self->port, FALSE);
  else if (strcmp (command, "quit") == 0)
    g_main_loop_quit (self->loop);
  else if (!run_migration (self, command) && strcmp (command, "stats") != 0)
    g_printerr ("spice-rig: unknown command '%s'\n", command);
  say ("done %s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, command,
       guest_port_get_bytes_from_guest (self->port), guest_port_get_bytes_to_guest (self->port),
       resident_kib ());
}

static void
read_command (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Rig *self = user_data;
  GDataInputStream *in = G_DATA_INPUT_STREAM (source);
  g_autofree char *line = g_data_input_stream_read_line_finish (in, result, NULL, NULL);

  if (line == NULL)
    {
      g_main_loop_quit (self->loop);
      return;
    }
  run_command (self, line);
  g_data_input_stream_read_line_async (in, G_PRIORITY_DEFAULT, NULL, read_command, self);
}

static gboolean
quit_on_signal (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
start (Rig *self, GError **error)
{
  g_autofree char *pty = NULL;

  if (!make_server (self))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "spice_server_init failed");
      return FALSE;
    }
  if (!arg_no_port)
    {
      if (arg_guest_socket != NULL && !guest_port_listen (self->port, arg_guest_socket, error))
        return FALSE;
      if (arg_guest_socket != NULL)
        say ("guest-socket %s", arg_guest_socket);
      if (arg_guest_pty && (pty = guest_port_open_pty (self->port, error)) == NULL)
        return FALSE;
      if (pty != NULL)
        say ("guest-pty %s", pty);
      if (!guest_port_add_to (self->port, self->server))
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "the port was not accepted");
          return FALSE;
        }
    }
  self->migration = migration_new (self->server, self->port, migration_event, self);
  if (arg_incoming == NULL)
    spice_server_vm_start (self->server);
  else if (!migration_listen (self->migration, arg_incoming, error))
    return FALSE;
  return listen_all (self, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("- a SPICE server for tests");
  g_autoptr (GInputStream) standard_in = NULL;
  g_autoptr (GDataInputStream) commands = NULL;
  g_autoptr (GError) error = NULL;
  Rig rig = { 0 };

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("spice-rig: %s\n", error->message);
      return 2;
    }
  signal (SIGPIPE, SIG_IGN);
  rig.loop = g_main_loop_new (NULL, FALSE);
  rig.port = guest_port_new (arg_port_name != NULL ? arg_port_name : "org.spice-space.webdav.0",
                             port_event, &rig);
  if (!start (&rig, &error))
    {
      g_printerr ("spice-rig: %s\n", error->message);
      return 1;
    }
  g_unix_signal_add (SIGTERM, quit_on_signal, rig.loop);
  g_unix_signal_add (SIGINT, quit_on_signal, rig.loop);
  standard_in = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  commands = g_data_input_stream_new (standard_in);
  g_data_input_stream_read_line_async (commands, G_PRIORITY_DEFAULT, NULL, read_command, &rig);
  say ("ready");
  g_main_loop_run (rig.loop);

  g_socket_service_stop (rig.service);
  g_clear_object (&rig.service);
  migration_free (rig.migration);
  guest_port_free (rig.port);
  spice_server_destroy (rig.server);
  g_main_loop_unref (rig.loop);
  return 0;
}
