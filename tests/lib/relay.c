/* A TCP relay in front of a SPICE server. See relay.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK (256 * 1024)

/* Socket buffers of a limited connection: what the kernel may hide of the limit. */
#define LIMITED_BUFFER (32 * 1024)

/* A limited direction sends this often. */
#define PACE_US 5000

typedef struct
{
  Relay *relay;
  int client_fd;
  int server_fd;
  GThread *threads[2];
  gint n_legs;     /* still running; the last one closes the sockets */
  gboolean closed; /* under the relay's mutex */
  GMutex mutex;    /* over wire */
  SpiceWire wire;
} Connection;

typedef struct
{
  Connection *connection;
  SpiceWireDirection direction;
} Leg;

struct _Relay
{
  int listen_fd;
  guint16 port;
  guint16 target_port;
  GThread *thread;
  gint stopping;
  GMutex mutex; /* over connections and rate */
  GPtrArray *connections;
  guint64 rate;
  guint64 bytes[2];
};

static guint64
get_rate (Relay *self)
{
  guint64 rate;

  g_mutex_lock (&self->mutex);
  rate = self->rate;
  g_mutex_unlock (&self->mutex);
  return rate;
}

static gboolean
send_all (int fd, const guint8 *data, gsize len)
{
  while (len > 0)
    {
      gssize n = send (fd, data, len, MSG_NOSIGNAL);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      data += n;
      len -= n;
    }
  return TRUE;
}

static void
account (Leg *leg, const guint8 *data, gsize len)
{
  Connection *connection = leg->connection;

  g_mutex_lock (&connection->mutex);
  spice_wire_feed (&connection->wire, leg->direction, data, len);
  g_mutex_unlock (&connection->mutex);
  g_mutex_lock (&connection->relay->mutex);
  connection->relay->bytes[leg->direction] += len;
  g_mutex_unlock (&connection->relay->mutex);
}

/* Sends at the rate of the link; pacing is this function's purpose, not a wait for anything. */
static gboolean
send_paced (Relay *relay, int fd, const guint8 *data, gsize len, gint64 *next)
{
  while (len > 0)
    {
      guint64 rate = get_rate (relay);
      gsize n = rate == 0 ? len : CLAMP (rate * PACE_US / G_USEC_PER_SEC, 1, len);
      gint64 now = g_get_monotonic_time ();

      if (rate != 0 && *next > now)
        g_usleep (*next - now);
      if (!send_all (fd, data, n))
        return FALSE;
      if (rate != 0)
        *next = MAX (*next, now - PACE_US) + (gint64)(n * G_USEC_PER_SEC / rate);
      data += n;
      len -= n;
    }
  return TRUE;
}

/* By a reset, not by an end of file: as from a host that is gone. A socket that was only shut down
 * still takes what its peer sends. */
static void
close_connection (Connection *connection)
{
  const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  g_mutex_lock (&connection->relay->mutex);
  connection->closed = TRUE;
  setsockopt (connection->client_fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  setsockopt (connection->server_fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close (connection->client_fd);
  close (connection->server_fd);
  g_mutex_unlock (&connection->relay->mutex);
}

static gpointer
run_leg (gpointer data)
{
  g_autofree Leg *leg = data;
  g_autofree guint8 *buffer = g_malloc (CHUNK);
  Connection *connection = leg->connection;
  gboolean to_server = leg->direction == SPICE_WIRE_TO_SERVER;
  int from = to_server ? connection->client_fd : connection->server_fd;
  int to = to_server ? connection->server_fd : connection->client_fd;
  gint64 next = 0;

  for (;;)
    {
      gsize max = get_rate (connection->relay) != 0 ? LIMITED_BUFFER : CHUNK;
      gssize n = recv (from, buffer, max, 0);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        break;
      account (leg, buffer, n);
      if (!send_paced (connection->relay, to, buffer, n, &next))
        break;
    }
  shutdown (from, SHUT_RD);
  shutdown (to, SHUT_WR);
  if (g_atomic_int_dec_and_test (&connection->n_legs))
    close_connection (connection);
  return NULL;
}

static void
prepare_socket (Relay *self, int fd)
{
  int one = 1;
  int size = LIMITED_BUFFER;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (get_rate (self) == 0)
    return;
  setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

static void
start_leg (Connection *connection, SpiceWireDirection direction)
{
  Leg *leg = g_new0 (Leg, 1);

  leg->connection = connection;
  leg->direction = direction;
  connection->threads[direction] = g_thread_new ("relay-leg", run_leg, leg);
}

static void
serve (Relay *self, int client_fd)
{
  struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_port = htons (self->target_port),
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
  };
  int server_fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Connection *connection;

  prepare_socket (self, client_fd);
  prepare_socket (self, server_fd);
  if (connect (server_fd, (struct sockaddr *)&address, sizeof address) != 0)
    {
      close (server_fd);
      close (client_fd);
      return;
    }
  connection = g_new0 (Connection, 1);
  connection->relay = self;
  connection->client_fd = client_fd;
  connection->server_fd = server_fd;
  connection->n_legs = 2;
  g_mutex_init (&connection->mutex);
  spice_wire_init (&connection->wire);
  g_mutex_lock (&self->mutex);
  g_ptr_array_add (self->connections, connection);
  g_mutex_unlock (&self->mutex);
  start_leg (connection, SPICE_WIRE_TO_SERVER);
  start_leg (connection, SPICE_WIRE_TO_CLIENT);
}

static gpointer
run_relay (gpointer data)
{
  Relay *self = data;

  for (;;)
    {
      int fd = accept4 (self->listen_fd, NULL, NULL, SOCK_CLOEXEC);

      if (g_atomic_int_get (&self->stopping))
        {
          if (fd >= 0)
            close (fd);
          return NULL;
        }
      if (fd >= 0)
        serve (self, fd);
    }
}

Relay *
relay_new (guint16 target_port, guint16 port, guint64 rate)
{
  struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_port = htons (port),
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
  };
  socklen_t len = sizeof address;
  int one = 1;
  Relay *self = g_new0 (Relay, 1);

  self->target_port = target_port;
  self->rate = rate;
  self->connections = g_ptr_array_new ();
  g_mutex_init (&self->mutex);
  self->listen_fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt (self->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  /* What a connection inherits: its window is settled before accept() returns it. */
  prepare_socket (self, self->listen_fd);
  if (bind (self->listen_fd, (struct sockaddr *)&address, sizeof address) != 0
      || listen (self->listen_fd, 16) != 0
      || getsockname (self->listen_fd, (struct sockaddr *)&address, &len) != 0)
    g_error ("relay: %s", g_strerror (errno));
  self->port = ntohs (address.sin_port);
  self->thread = g_thread_new ("relay", run_relay, self);
  return self;
}

void
relay_cut (Relay *self)
{
  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->connections, i);

      if (connection->closed)
        continue;
      shutdown (connection->client_fd, SHUT_RDWR);
      shutdown (connection->server_fd, SHUT_RDWR);
    }
  g_mutex_unlock (&self->mutex);
}

void
relay_free (Relay *self)
{
  g_atomic_int_set (&self->stopping, TRUE);
  shutdown (self->listen_fd, SHUT_RDWR);
  g_thread_join (self->thread);
  close (self->listen_fd);
  relay_set_rate (self, 0);
  relay_cut (self);
  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->connections, i);

      g_thread_join (connection->threads[SPICE_WIRE_TO_SERVER]);
      g_thread_join (connection->threads[SPICE_WIRE_TO_CLIENT]);
      spice_wire_clear (&connection->wire);
      g_mutex_clear (&connection->mutex);
      g_free (connection);
    }
  g_ptr_array_unref (self->connections);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

guint16
relay_get_port (Relay *self)
{
  return self->port;
}

void
relay_set_rate (Relay *self, guint64 rate)
{
  g_mutex_lock (&self->mutex);
  self->rate = rate;
  g_mutex_unlock (&self->mutex);
}

guint64
relay_get_bytes (Relay *self, SpiceWireDirection direction)
{
  guint64 bytes;

  g_mutex_lock (&self->mutex);
  bytes = self->bytes[direction];
  g_mutex_unlock (&self->mutex);
  return bytes;
}

static guint64
sum (Relay *self,
     int channel_type,
     SpiceWireDirection direction,
     guint message_type,
     gboolean bytes)
{
  guint64 total = 0;

  g_return_val_if_fail (message_type < SPICE_WIRE_TYPES, 0);
  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->connections, i);
      const SpiceWireSide *side = &connection->wire.sides[direction];

      g_mutex_lock (&connection->mutex);
      if (connection->wire.channel_type == channel_type)
        total += bytes ? side->bytes[message_type] : side->messages[message_type];
      g_mutex_unlock (&connection->mutex);
    }
  g_mutex_unlock (&self->mutex);
  return total;
}

guint64
relay_get_messages (Relay *self, int channel_type, SpiceWireDirection direction, guint message_type)
{
  return sum (self, channel_type, direction, message_type, FALSE);
}

guint64
relay_get_message_bytes (Relay *self,
                         int channel_type,
                         SpiceWireDirection direction,
                         guint message_type)
{
  return sum (self, channel_type, direction, message_type, TRUE);
}
