/* See migration.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "migration.h"

#include <gio/gunixconnection.h>
#include <gio/gunixsocketaddress.h>

/* The only address there is in tests. */
#define DESTINATION "127.0.0.1"

struct _Migration
{
  SpiceMigrateInstance sin; /* first: spice-server hands it back */
  SpiceServer *server;
  GuestPort *port;
  MigrationEvent event;
  gpointer user_data;
  GSocketService *service; /* (nullable): where the guest comes in */
  gboolean added;
};

static void
connect_complete (SpiceMigrateInstance *sin)
{
  Migration *self = (Migration *)sin;

  self->event ("migrate-connected", self->user_data);
}

static void
end_complete (SpiceMigrateInstance *sin)
{
  Migration *self = (Migration *)sin;

  self->event ("migrate-ended", self->user_data);
}

static const SpiceMigrateInterface migrate_interface = {
  .base = {
    .type = SPICE_INTERFACE_MIGRATION,
    .description = "migration of the rig",
    .major_version = SPICE_INTERFACE_MIGRATION_MAJOR,
    .minor_version = SPICE_INTERFACE_MIGRATION_MINOR,
  },
  .migrate_connect_complete = connect_complete,
  .migrate_end_complete = end_complete,
};

Migration *
migration_new (SpiceServer *server, GuestPort *port, MigrationEvent event, gpointer user_data)
{
  Migration *self = g_new0 (Migration, 1);

  self->sin.base.sif = &migrate_interface.base;
  self->server = server;
  self->port = port;
  self->event = event;
  self->user_data = user_data;
  return self;
}

void
migration_free (Migration *self)
{
  if (self->service != NULL)
    g_socket_service_stop (self->service);
  g_clear_object (&self->service);
  g_free (self);
}

static gboolean
guest_comes (GSocketService *service,
             GSocketConnection *connection,
             GObject *source_object,
             gpointer user_data)
{
  Migration *self = user_data;
  g_autoptr (GError) error = NULL;
  int fd = g_unix_connection_receive_fd (G_UNIX_CONNECTION (connection), NULL, &error);

  if (fd < 0)
    {
      g_printerr ("spice-rig: no guest: %s\n", error->message);
      return TRUE;
    }
  guest_port_adopt (self->port, fd);
  spice_server_vm_start (self->server);
  self->event ("migrated-in", self->user_data);
  return TRUE;
}

gboolean
migration_listen (Migration *self, const char *path, GError **error)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);

  self->service = g_socket_service_new ();
  g_signal_connect (self->service, "incoming", G_CALLBACK (guest_comes), self);
  return g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), address,
                                        G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL,
                                        error);
}

void
migration_connect (Migration *self, guint16 port, const char *subject, gboolean seamless)
{
  spice_server_set_seamless_migration (self->server, seamless);
  if (!self->added)
    self->added = spice_server_add_interface (self->server, &self->sin.base) == 0;
  /* Not -1 for the port there is not: the viewer would be told 65535 (uint16), and try that one. */
  spice_server_migrate_connect (self->server, DESTINATION, subject == NULL ? port : 0,
                                subject == NULL ? 0 : port, subject);
  spice_server_migrate_start (self->server);
}

/* The machine stops, and its state goes over. */
static gboolean
move_guest (Migration *self, const char *path, GError **error)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocketConnection) connection = NULL;
  gboolean sent;
  int fd;

  spice_server_vm_stop (self->server);
  fd = guest_port_release (self->port);
  if (fd < 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "there is no guest");
      return FALSE;
    }
  connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, error);
  sent = connection != NULL
         && g_unix_connection_send_fd (G_UNIX_CONNECTION (connection), fd, NULL, error);
  close (fd);
  return sent;
}

gboolean
migration_complete (Migration *self, const char *path, GError **error)
{
  gboolean moved = move_guest (self, path, error);

  spice_server_migrate_end (self->server, moved);
  return moved;
}

gboolean
migration_switch (Migration *self, guint16 tcp_port, const char *path, GError **error)
{
  if (!move_guest (self, path, error))
    return FALSE;
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  spice_server_migrate_info (self->server, DESTINATION, tcp_port, -1, NULL);
  spice_server_migrate_switch (self->server);
  G_GNUC_END_IGNORE_DEPRECATIONS
  return TRUE;
}
