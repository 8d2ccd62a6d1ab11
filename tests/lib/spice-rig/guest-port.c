/* The virtio port of the rig. See guest-port.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "guest-port.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <spice/protocol.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

/* How often a pty without a reader is asked whether it has one now; no event tells. */
#define PTY_POLL_MS 20

/* Kernel buffer of the guest's socket, each way. A virtqueue is of this order. */
#define SOCKET_BUFFER (256 * 1024)

struct _GuestPort
{
  SpiceCharDeviceInstance sin; /* first: spice-server hands it back */
  char *name;
  GuestPortEvent event;
  gpointer user_data;

  int listen_fd; /* -1 in pty mode */
  int pty_fd;    /* master; -1 in socket mode */
  int guest_fd;  /* the socket or the pty's master while a guest program is there, or -1 */
  guint accept_source;
  guint pty_source;
  guint gone_source;
  GSource *io_source; /* owned; both directions of guest_fd */
  gpointer io_tag;
  GIOCondition io_condition;

  gboolean added;
  gboolean has_client;
  gboolean opened;
  guint64 from_guest; /* bytes */
  guint64 to_guest;   /* bytes */
};

static void guest_gone (GuestPort *self);
static void wait_for_guest (GuestPort *self);

static void
watch_for (GuestPort *self, GIOCondition add, GIOCondition remove)
{
  GIOCondition condition = (self->io_condition | add) & ~remove;

  if (self->io_source == NULL || condition == self->io_condition)
    return;
  self->io_condition = condition;
  g_source_modify_unix_fd (self->io_source, self->io_tag, condition);
}

static gboolean
io_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static gboolean
guest_ready (gpointer user_data)
{
  GuestPort *self = user_data;
  GIOCondition condition = g_source_query_unix_fd (self->io_source, self->io_tag);

  /* The server decides whether it reads now; it may be held back by the viewer. So a direction is
   * watched again only once the server used it: no busy loop. */
  if ((condition & (G_IO_HUP | G_IO_ERR)) != 0 && (condition & G_IO_IN) == 0)
    {
      guest_gone (self);
      return G_SOURCE_CONTINUE;
    }
  watch_for (self, 0, condition & (G_IO_IN | G_IO_OUT));
  spice_server_char_device_wakeup (&self->sin);
  return G_SOURCE_CONTINUE;
}

static void
guest_came (GuestPort *self, int fd)
{
  static GSourceFuncs funcs = { .dispatch = io_dispatch };

  self->guest_fd = fd;
  self->io_condition = G_IO_IN;
  self->io_source = g_source_new (&funcs, sizeof (GSource));
  self->io_tag = g_source_add_unix_fd (self->io_source, fd, self->io_condition);
  g_source_set_callback (self->io_source, guest_ready, self, NULL);
  g_source_attach (self->io_source, NULL);
  self->event ("guest", TRUE, self->user_data);
  guest_port_set_opened (self, TRUE);
  spice_server_char_device_wakeup (&self->sin);
}

static void
guest_gone (GuestPort *self)
{
  if (self->guest_fd < 0)
    return;
  g_clear_handle_id (&self->gone_source, g_source_remove);
  g_source_destroy (self->io_source);
  g_clear_pointer (&self->io_source, g_source_unref);
  if (self->guest_fd != self->pty_fd)
    close (self->guest_fd);
  self->guest_fd = -1;
  self->event ("guest", FALSE, self->user_data);
  guest_port_set_opened (self, FALSE);
  wait_for_guest (self);
}

static gboolean
guest_gone_idle (gpointer user_data)
{
  GuestPort *self = user_data;

  self->gone_source = 0;
  guest_gone (self);
  return G_SOURCE_REMOVE;
}

static gboolean
accept_guest (gint fd, GIOCondition condition, gpointer user_data)
{
  GuestPort *self = user_data;
  int size = SOCKET_BUFFER;
  int guest_fd = accept4 (fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

  if (guest_fd < 0)
    return G_SOURCE_CONTINUE;
  setsockopt (guest_fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  setsockopt (guest_fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  self->accept_source = 0;
  guest_came (self, guest_fd);
  return G_SOURCE_REMOVE;
}

static gboolean
look_for_pty_reader (gpointer user_data)
{
  GuestPort *self = user_data;
  struct pollfd pfd = { .fd = self->pty_fd, .events = POLLIN };

  if (poll (&pfd, 1, 0) >= 0 && (pfd.revents & POLLHUP) != 0)
    return G_SOURCE_CONTINUE;
  self->pty_source = 0;
  guest_came (self, self->pty_fd);
  return G_SOURCE_REMOVE;
}

static void
wait_for_guest (GuestPort *self)
{
  if (self->listen_fd >= 0 && self->accept_source == 0)
    self->accept_source = g_unix_fd_add (self->listen_fd, G_IO_IN, accept_guest, self);
  if (self->pty_fd >= 0 && self->pty_source == 0)
    self->pty_source = g_timeout_add (PTY_POLL_MS, look_for_pty_reader, self);
}

static int
port_write (SpiceCharDeviceInstance *sin, const uint8_t *buf, int len)
{
  GuestPort *self = (GuestPort *)sin;
  gssize n;

  /* libspice-server 0.15.1 crashes (RedCharDeviceSpiceVmc::on_free_self_token, no rcc) when the
   * guest takes what a viewer sent that is gone by now. So it takes that when the next one is
   * there. */
  if (self->guest_fd < 0 || !self->has_client)
    return 0;
  n = self->pty_fd >= 0 ? write (self->guest_fd, buf, len)
                        : send (self->guest_fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0)
    {
      /* EPIPE, EIO: the reading side finds out and ends the guest, the bytes wait as in QEMU. */
      watch_for (self, G_IO_OUT, 0);
      return 0;
    }
  self->to_guest += n;
  if (n < len)
    watch_for (self, G_IO_OUT, 0);
  return n;
}

static int
port_read (SpiceCharDeviceInstance *sin, uint8_t *buf, int len)
{
  GuestPort *self = (GuestPort *)sin;
  gssize n;

  if (self->guest_fd < 0 || len <= 0)
    return 0;
  /* It is reading: tell it of what comes next, too. */
  watch_for (self, G_IO_IN, 0);
  n = read (self->guest_fd, buf, len);
  if (n > 0)
    {
      self->from_guest += n;
      return n;
    }
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return 0;
  if (self->gone_source == 0)
    /* End of file, ECONNRESET, or a pty's EIO; not from inside spice-server's call. Before other
     * sources, for the descriptor stays ready. */
    self->gone_source = g_idle_add_full (G_PRIORITY_HIGH, guest_gone_idle, self, NULL);
  return 0;
}

static void
port_state (SpiceCharDeviceInstance *sin, int connected)
{
  GuestPort *self = (GuestPort *)sin;

  self->has_client = connected != 0;
  /* What was refused meanwhile may be all that the server takes before it reads on. */
  if (connected)
    watch_for (self, G_IO_OUT, 0);
  self->event ("client", connected != 0, self->user_data);
}

static void
port_event (SpiceCharDeviceInstance *sin, uint8_t event)
{
}

static const SpiceCharDeviceInterface port_interface = {
  .base = {
    .type = SPICE_INTERFACE_CHAR_DEVICE,
    .description = "port of the rig",
    .major_version = SPICE_INTERFACE_CHAR_DEVICE_MAJOR,
    .minor_version = SPICE_INTERFACE_CHAR_DEVICE_MINOR,
  },
  .state = port_state,
  .write = port_write,
  .read = port_read,
  .event = port_event,
  .flags = SPICE_CHAR_DEVICE_NOTIFY_WRITABLE,
};

GuestPort *
guest_port_new (const char *name, GuestPortEvent event, gpointer user_data)
{
  GuestPort *self = g_new0 (GuestPort, 1);

  self->name = g_strdup (name);
  self->event = event;
  self->user_data = user_data;
  self->listen_fd = self->pty_fd = self->guest_fd = -1;
  self->sin.base.sif = &port_interface.base;
  self->sin.subtype = "port";
  self->sin.portname = self->name;
  return self;
}

void
guest_port_free (GuestPort *self)
{
  if (self->added)
    spice_server_remove_interface (&self->sin.base);
  self->added = FALSE;
  g_clear_handle_id (&self->accept_source, g_source_remove);
  g_clear_handle_id (&self->pty_source, g_source_remove);
  g_clear_handle_id (&self->gone_source, g_source_remove);
  if (self->io_source != NULL)
    {
      g_source_destroy (self->io_source);
      g_source_unref (self->io_source);
    }
  if (self->guest_fd >= 0 && self->guest_fd != self->pty_fd)
    close (self->guest_fd);
  if (self->listen_fd >= 0)
    close (self->listen_fd);
  if (self->pty_fd >= 0)
    close (self->pty_fd);
  g_free (self->name);
  g_free (self);
}

static gboolean
fail_errno (GError **error, const char *what)
{
  int saved = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved), "%s: %s", what,
               g_strerror (saved));
  return FALSE;
}

gboolean
guest_port_listen (GuestPort *self, const char *path, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  if (g_strlcpy (address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
    {
      errno = ENAMETOOLONG;
      return fail_errno (error, path);
    }
  self->listen_fd = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (self->listen_fd < 0
      || bind (self->listen_fd, (struct sockaddr *)&address, sizeof address) != 0
      || listen (self->listen_fd, 8) != 0)
    return fail_errno (error, path);
  return TRUE;
}

char *
guest_port_open_pty (GuestPort *self, GError **error)
{
  struct termios mode;
  const char *name;
  int slave;

  self->pty_fd = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (self->pty_fd < 0 || grantpt (self->pty_fd) != 0 || unlockpt (self->pty_fd) != 0
      || (name = ptsname (self->pty_fd)) == NULL)
    {
      fail_errno (error, "pty");
      return NULL;
    }
  slave = open (name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0 || tcgetattr (slave, &mode) != 0)
    {
      fail_errno (error, name);
      return NULL;
    }
  cfmakeraw (&mode);
  tcsetattr (slave, TCSANOW, &mode);
  /* The mode stays; closing the slave makes the master report that nobody is there. */
  close (slave);
  g_unix_set_fd_nonblocking (self->pty_fd, TRUE, NULL);
  return g_strdup (name);
}

gboolean
guest_port_add_to (GuestPort *self, SpiceServer *server)
{
  self->added = spice_server_add_interface (server, &self->sin.base) == 0;
  if (self->added)
    wait_for_guest (self);
  return self->added;
}

void
guest_port_set_opened (GuestPort *self, gboolean opened)
{
  if (self->opened == opened)
    return;
  self->opened = opened;
  spice_server_port_event (&self->sin, opened ? SPICE_PORT_EVENT_OPENED : SPICE_PORT_EVENT_CLOSED);
}

int
guest_port_release (GuestPort *self)
{
  int fd = self->guest_fd;

  if (fd < 0 || fd == self->pty_fd)
    return -1;
  g_clear_handle_id (&self->gone_source, g_source_remove);
  g_source_destroy (self->io_source);
  g_clear_pointer (&self->io_source, g_source_unref);
  self->guest_fd = -1;
  return fd;
}

void
guest_port_adopt (GuestPort *self, int fd)
{
  guest_came (self, fd);
}

guint64
guest_port_get_bytes_from_guest (GuestPort *self)
{
  return self->from_guest;
}

guint64
guest_port_get_bytes_to_guest (GuestPort *self)
{
  return self->to_guest;
}
