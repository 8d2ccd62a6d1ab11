/* The virtio port of the rig: a SpiceCharDeviceInstance of subtype "port" whose guest side is a
 * UNIX socket (a test that speaks raw mux frames) or a pty (the real spice-webdavd).
 *
 * It behaves as QEMU's spiceport and virtserialport do: opened while a guest program has it open,
 * and bytes for the guest wait in the server while nobody has.
 *
 * Documents: spice-char.h of libspice-server 0.15; DESIGN P10.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>
#include <spice.h>

G_BEGIN_DECLS

typedef struct _GuestPort GuestPort;

/**
 * GuestPortEvent:
 * @event: what happened: "guest" (a program opened or closed the port) or "client" (a viewer's
 *   channel came or went)
 * @on: which of the two
 */
typedef void (*GuestPortEvent) (const char *event, gboolean on, gpointer user_data);

/**
 * guest_port_new:
 * @name: the name of the port; org.spice-space.webdav.0 makes a channel of type 11
 * @event: called at each change
 */
GuestPort *guest_port_new (const char *name, GuestPortEvent event, gpointer user_data);
void guest_port_free (GuestPort *self);

/**
 * guest_port_listen:
 * @path: (type filename): where to make the UNIX socket of the guest's side; one guest at a time,
 *   the next one waits in the backlog
 */
gboolean guest_port_listen (GuestPort *self, const char *path, GError **error);

/**
 * guest_port_open_pty:
 *
 * Returns: (transfer full): path of the pty's slave, in raw mode; %NULL on error
 */
char *guest_port_open_pty (GuestPort *self, GError **error);

/**
 * guest_port_add_to:
 * @server: an initialised server
 *
 * Returns: %FALSE if the server does not take it
 */
gboolean guest_port_add_to (GuestPort *self, SpiceServer *server);

/**
 * guest_port_set_opened:
 *
 * Tells the viewer that the guest opened or closed the device, whatever the guest's side does.
 */
void guest_port_set_opened (GuestPort *self, gboolean opened);

/**
 * guest_port_release:
 *
 * The guest moves elsewhere: to the server and the viewer nothing has happened to the port.
 *
 * Returns: (transfer full): the guest's socket, -1 if no guest is here or it is not a socket
 */
int guest_port_release (GuestPort *self);

/**
 * guest_port_adopt:
 * @fd: (transfer full): what guest_port_release() returned
 *
 * A guest comes from elsewhere, with the port open.
 */
void guest_port_adopt (GuestPort *self, int fd);

guint64 guest_port_get_bytes_from_guest (GuestPort *self);
guint64 guest_port_get_bytes_to_guest (GuestPort *self);

G_END_DECLS
