/* A SPICE server that says what a test tells it. See scripted-server.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scripted-server.h"

#include "http-reader.h"
#include "patience.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lz4.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <poll.h>
#include <spice/enums.h>
#include <spice/protocol.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A peer that is silent for longer during the link stage is broken. */
#define LINK_SECONDS 10

/* No message of a viewer is longer. */
#define MESSAGE_MAX (16 * 1024 * 1024)

#define PORT_NAME "org.spice-space.webdav.0"

struct _ScriptedConn
{
  ScriptedServer *server;
  int fd;
  guint8 channel_type;
  gboolean mini_header;
  gboolean client_has_lz4;
  guint64 serial;
  GHashTable *received; /* type -> count */
  GByteArray *mux;      /* payload not yet parsed */
};

struct _ScriptedServer
{
  ScriptedFlags flags;
  ScriptedScript script;
  gpointer user_data;
  int listen_fd;
  char *uri;
  EVP_PKEY *key;
  GThread *thread;
  gint stopping;
  gint n_done;
  GMutex mutex; /* over the arrays */
  GArray *fds;
  GPtrArray *threads;
};

static void
put_u16 (GByteArray *out, guint16 value)
{
  value = GUINT16_TO_LE (value);
  g_byte_array_append (out, (const guint8 *)&value, sizeof value);
}

static void
put_u32 (GByteArray *out, guint32 value)
{
  value = GUINT32_TO_LE (value);
  g_byte_array_append (out, (const guint8 *)&value, sizeof value);
}

static void
put_u64 (GByteArray *out, guint64 value)
{
  value = GUINT64_TO_LE (value);
  g_byte_array_append (out, (const guint8 *)&value, sizeof value);
}

static guint32
get_u32 (const guint8 *data)
{
  guint32 value;

  memcpy (&value, data, sizeof value);
  return GUINT32_FROM_LE (value);
}

static void
send_bytes (ScriptedConn *self, const guint8 *data, gsize len)
{
  while (len > 0)
    {
      gssize n = send (self->fd, data, len, MSG_NOSIGNAL);

      if (n <= 0)
        return; /* the viewer went: what the script expects next says whether that is right */
      data += n;
      len -= n;
    }
}

/* FALSE at the end of the connection before the first byte. */
static gboolean
recv_bytes (ScriptedConn *self, gpointer into, gsize len, guint seconds)
{
  gint64 end = g_get_monotonic_time () + (gint64)seconds * patience () * G_USEC_PER_SEC;
  gsize have = 0;

  while (have < len)
    {
      struct pollfd pfd = { .fd = self->fd, .events = POLLIN };
      gint64 left = (end - g_get_monotonic_time ()) / 1000;
      gssize n;

      if (left <= 0 || poll (&pfd, 1, left) == 0)
        g_error ("the viewer said nothing for %u s", seconds);
      n = recv (self->fd, (guint8 *)into + have, len - have, 0);
      if (n <= 0)
        return FALSE;
      have += n;
    }
  return TRUE;
}

void
scripted_send (ScriptedConn *self, guint16 type, gconstpointer body, gsize len)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  if (!self->mini_header)
    put_u64 (out, ++self->serial);
  put_u16 (out, type);
  put_u32 (out, len);
  if (!self->mini_header)
    put_u32 (out, 0);
  g_byte_array_append (out, body, len);
  send_bytes (self, out->data, out->len);
}

void
scripted_send_frame (ScriptedConn *self, gint64 id, gconstpointer data, guint16 len)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  put_u64 (out, (guint64)id);
  put_u16 (out, len);
  g_byte_array_append (out, data, len);
  scripted_send (self, SPICE_MSG_SPICEVMC_DATA, out->data, out->len);
}

GBytes *
scripted_recv (ScriptedConn *self, guint16 *type, guint seconds)
{
  guint8 header[sizeof (SpiceDataHeader)];
  gsize type_at = self->mini_header ? 0 : G_STRUCT_OFFSET (SpiceDataHeader, type);
  g_autofree guint8 *body = NULL;
  guint32 size;
  guint count;

  if (!recv_bytes (self, header,
                   self->mini_header ? sizeof (SpiceMiniDataHeader) : sizeof (SpiceDataHeader),
                   seconds))
    return NULL;
  memcpy (type, header + type_at, sizeof *type);
  *type = GUINT16_FROM_LE (*type);
  size = get_u32 (header + type_at + sizeof *type);
  g_assert_cmpuint (size, <=, MESSAGE_MAX);
  body = g_malloc (size + 1);
  if (size > 0 && !recv_bytes (self, body, size, seconds))
    return NULL;
  count = scripted_conn_get_n_received (self, *type) + 1;
  g_hash_table_replace (self->received, GUINT_TO_POINTER (*type), GUINT_TO_POINTER (count));
  return g_bytes_new_take (g_steal_pointer (&body), size);
}

GBytes *
scripted_expect (ScriptedConn *self, guint16 type, guint seconds)
{
  for (;;)
    {
      guint16 got;
      g_autoptr (GBytes) body = scripted_recv (self, &got, seconds);

      if (body == NULL)
        g_error ("the viewer went away; message %u was expected", type);
      if (got == type)
        return g_steal_pointer (&body);
    }
}

void
scripted_expect_end (ScriptedConn *self, guint seconds)
{
  guint16 type;
  GBytes *body;

  while ((body = scripted_recv (self, &type, seconds)) != NULL)
    g_bytes_unref (body);
}

guint
scripted_conn_get_n_received (ScriptedConn *self, guint16 type)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->received, GUINT_TO_POINTER (type)));
}

gboolean
scripted_conn_client_has_lz4 (ScriptedConn *self)
{
  return self->client_has_lz4;
}

/* The stream bytes of a VMC message, for the mux. */
static void
take_payload (ScriptedConn *self, guint16 type, GBytes *body)
{
  gsize len;
  const guint8 *data = g_bytes_get_data (body, &len);
  guint32 size;
  guint at = self->mux->len;

  if (type == SPICE_MSGC_SPICEVMC_DATA)
    {
      g_byte_array_append (self->mux, data, len);
      return;
    }
  g_assert_cmpuint (len, >, 5);
  g_assert_cmpuint (data[0], ==, SPICE_DATA_COMPRESSION_TYPE_LZ4);
  size = get_u32 (data + 1);
  g_assert_cmpuint (size, <=, 128 * 1024); /* DESIGN P5 */
  g_byte_array_set_size (self->mux, at + size);
  g_assert_cmpint (
      LZ4_decompress_safe ((const char *)data + 5, (char *)self->mux->data + at, len - 5, size), ==,
      size);
}

/* Feeds the whole frames of one client to a reader; those of others are dropped. */
static void
read_frames (ScriptedConn *self, gint64 id, HttpReader *reader)
{
  while (self->mux->len >= 10)
    {
      gint64 frame_id;
      guint16 size;

      memcpy (&frame_id, self->mux->data, sizeof frame_id);
      memcpy (&size, self->mux->data + sizeof frame_id, sizeof size);
      size = GUINT16_FROM_LE (size);
      if (self->mux->len < 10u + size)
        return;
      if (GINT64_FROM_LE (frame_id) == id && size == 0)
        http_reader_end (reader);
      else if (GINT64_FROM_LE (frame_id) == id)
        http_reader_feed (reader, self->mux->data + 10, size);
      g_byte_array_remove_range (self->mux, 0, 10u + size);
    }
}

guint
scripted_await_status (ScriptedConn *self, gint64 id, guint seconds)
{
  g_autoptr (HttpReader) reader = http_reader_new (FALSE, FALSE);

  while (reader->state != HTTP_READER_DONE && reader->state != HTTP_READER_BROKEN)
    {
      guint16 type;
      g_autoptr (GBytes) body = scripted_recv (self, &type, seconds);

      if (body == NULL)
        g_error ("the viewer went away before its response");
      if (type == SPICE_MSGC_SPICEVMC_DATA || type == SPICE_MSGC_SPICEVMC_COMPRESSED_DATA)
        take_payload (self, type, body);
      read_frames (self, id, reader);
    }
  g_assert_cmpstr (reader->broken, ==, NULL);
  return reader->status;
}

guint
scripted_request (ScriptedConn *self, gint64 id, const char *head, guint seconds)
{
  scripted_send_frame (self, id, head, strlen (head));
  return scripted_await_status (self, id, seconds);
}

static void
send_link_reply (ScriptedConn *self)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  guint8 *der = NULL;
  int der_len = i2d_PUBKEY (self->server->key, &der);
  gboolean lz4
      = self->channel_type == SPICE_CHANNEL_WEBDAV && (self->server->flags & SCRIPTED_LZ4) != 0;
  guint32 common = 1u << SPICE_COMMON_CAP_AUTH_SPICE;

  g_assert_cmpint (der_len, ==, SPICE_TICKET_PUBKEY_BYTES);
  if ((self->server->flags & SCRIPTED_MINI_HEADER) != 0)
    common |= 1u << SPICE_COMMON_CAP_MINI_HEADER;
  put_u32 (out, SPICE_MAGIC);
  put_u32 (out, SPICE_VERSION_MAJOR);
  put_u32 (out, SPICE_VERSION_MINOR);
  put_u32 (out, sizeof (SpiceLinkReply) + 8);
  put_u32 (out, SPICE_LINK_ERR_OK);
  g_byte_array_append (out, der, der_len);
  put_u32 (out, 1);
  put_u32 (out, 1);
  put_u32 (out, sizeof (SpiceLinkReply));
  put_u32 (out, common);
  put_u32 (out, lz4 ? 1u << SPICE_SPICEVMC_CAP_DATA_COMPRESS_LZ4 : 0);
  OPENSSL_free (der);
  send_bytes (self, out->data, out->len);
}

/* The capability words of the viewer: the common ones, then the channel's. */
static guint32
get_caps (const SpiceLinkMess *mess, const guint8 *body, guint32 size, gboolean channel)
{
  guint32 index = channel ? GUINT32_FROM_LE (mess->num_common_caps) : 0;
  guint32 count = GUINT32_FROM_LE (channel ? mess->num_channel_caps : mess->num_common_caps);
  guint64 at = (guint64)GUINT32_FROM_LE (mess->caps_offset) + 4 * (guint64)index;

  return count > 0 && at + 4 <= size ? get_u32 (body + at) : 0;
}

static gboolean
link_client (ScriptedConn *self)
{
  SpiceLinkHeader header;
  SpiceLinkMess mess;
  g_autofree guint8 *body = NULL;
  guint8 ticket[sizeof (SpiceLinkEncryptedTicket)];
  guint32 result = GUINT32_TO_LE (SPICE_LINK_ERR_OK);
  guint32 size;

  if (!recv_bytes (self, &header, sizeof header, LINK_SECONDS))
    return FALSE;
  size = GUINT32_FROM_LE (header.size);
  g_assert_cmpuint (size, >=, sizeof mess);
  g_assert_cmpuint (size, <, 4096);
  body = g_malloc (size);
  if (!recv_bytes (self, body, size, LINK_SECONDS))
    return FALSE;
  memcpy (&mess, body, sizeof mess);
  self->channel_type = mess.channel_type;
  self->client_has_lz4
      = (get_caps (&mess, body, size, TRUE) & (1u << SPICE_SPICEVMC_CAP_DATA_COMPRESS_LZ4)) != 0;
  send_link_reply (self);
  /* The server does not offer a choice of mechanisms, so what follows is the ticket. */
  if (!recv_bytes (self, ticket, sizeof ticket, LINK_SECONDS))
    return FALSE;
  send_bytes (self, (const guint8 *)&result, sizeof result);
  self->mini_header
      = (self->server->flags & SCRIPTED_MINI_HEADER) != 0
        && (get_caps (&mess, body, size, FALSE) & (1u << SPICE_COMMON_CAP_MINI_HEADER)) != 0;
  return TRUE;
}

static guint8
get_port_type (ScriptedServer *server)
{
  return (server->flags & SCRIPTED_TYPE_10) != 0 ? SPICE_CHANNEL_PORT : SPICE_CHANNEL_WEBDAV;
}

static void
serve_main (ScriptedConn *self)
{
  const guint8 channels[] = { 1, 0, 0, 0, get_port_type (self->server), 0 };
  g_autoptr (GByteArray) init = g_byte_array_new ();

  put_u32 (init, 4711); /* session id */
  put_u32 (init, 1);    /* display channels hint */
  put_u32 (init, SPICE_MOUSE_MODE_SERVER);
  put_u32 (init, SPICE_MOUSE_MODE_SERVER);
  put_u32 (init, 0); /* no agent */
  put_u32 (init, 0); /* tokens */
  put_u32 (init, 1); /* multimedia time */
  put_u32 (init, 0); /* ram hint */
  scripted_send (self, SPICE_MSG_MAIN_INIT, init->data, init->len);
  for (;;)
    {
      struct pollfd pfd = { .fd = self->fd, .events = POLLIN };
      g_autoptr (GBytes) body = NULL;
      guint16 type;

      /* A main channel may be silent for as long as the test goes on. */
      poll (&pfd, 1, -1);
      body = scripted_recv (self, &type, LINK_SECONDS);
      if (body == NULL)
        return;
      if (type == SPICE_MSGC_MAIN_ATTACH_CHANNELS)
        scripted_send (self, SPICE_MSG_MAIN_CHANNELS_LIST, channels, sizeof channels);
    }
}

static void
serve_webdav (ScriptedConn *self)
{
  g_autoptr (GByteArray) init = g_byte_array_new ();

  put_u32 (init, sizeof PORT_NAME);
  put_u32 (init, 9); /* where in the body the name begins */
  g_byte_array_append (init, (const guint8 *)"\1", 1);
  g_byte_array_append (init, (const guint8 *)PORT_NAME, sizeof PORT_NAME);
  scripted_send (self, SPICE_MSG_PORT_INIT, init->data, init->len);
  self->server->script (self, self->server->user_data);
  g_atomic_int_inc (&self->server->n_done);
}

static gpointer
run_connection (gpointer data)
{
  ScriptedConn *self = data;

  if (link_client (self))
    {
      if (self->channel_type == SPICE_CHANNEL_MAIN)
        serve_main (self);
      else if (self->channel_type == get_port_type (self->server))
        serve_webdav (self);
    }
  /* The descriptor itself is closed with the server, which may still shut it down. */
  shutdown (self->fd, SHUT_RDWR);
  g_hash_table_unref (self->received);
  g_byte_array_unref (self->mux);
  g_free (self);
  return NULL;
}

static gpointer
run_server (gpointer data)
{
  ScriptedServer *self = data;

  for (;;)
    {
      int one = 1;
      int fd = accept4 (self->listen_fd, NULL, NULL, SOCK_CLOEXEC);
      ScriptedConn *conn;

      if (g_atomic_int_get (&self->stopping))
        {
          if (fd >= 0)
            close (fd);
          return NULL;
        }
      if (fd < 0)
        continue;
      setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      conn = g_new0 (ScriptedConn, 1);
      conn->server = self;
      conn->fd = fd;
      conn->received = g_hash_table_new (NULL, NULL);
      conn->mux = g_byte_array_new ();
      g_mutex_lock (&self->mutex);
      g_array_append_val (self->fds, fd);
      g_ptr_array_add (self->threads, g_thread_new ("scripted", run_connection, conn));
      g_mutex_unlock (&self->mutex);
    }
}

ScriptedServer *
scripted_server_new (ScriptedFlags flags, ScriptedScript script, gpointer user_data)
{
  struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
  };
  socklen_t len = sizeof address;
  ScriptedServer *self = g_new0 (ScriptedServer, 1);

  self->flags = flags;
  self->script = script;
  self->user_data = user_data;
  self->key = EVP_RSA_gen (SPICE_TICKET_KEY_PAIR_LENGTH);
  g_mutex_init (&self->mutex);
  self->fds = g_array_new (FALSE, FALSE, sizeof (int));
  self->threads = g_ptr_array_new ();
  self->listen_fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (self->key == NULL || bind (self->listen_fd, (struct sockaddr *)&address, sizeof address) != 0
      || listen (self->listen_fd, 8) != 0
      || getsockname (self->listen_fd, (struct sockaddr *)&address, &len) != 0)
    g_error ("scripted server: %s", g_strerror (errno));
  self->uri = g_strdup_printf ("spice://127.0.0.1:%u", ntohs (address.sin_port));
  self->thread = g_thread_new ("scripted-accept", run_server, self);
  return self;
}

void
scripted_server_free (ScriptedServer *self)
{
  g_atomic_int_set (&self->stopping, TRUE);
  shutdown (self->listen_fd, SHUT_RDWR);
  g_thread_join (self->thread);
  close (self->listen_fd);
  for (guint i = 0; i < self->fds->len; i++)
    shutdown (g_array_index (self->fds, int, i), SHUT_RDWR);
  for (guint i = 0; i < self->threads->len; i++)
    {
      g_thread_join (g_ptr_array_index (self->threads, i));
      close (g_array_index (self->fds, int, i));
    }
  g_array_unref (self->fds);
  g_ptr_array_unref (self->threads);
  EVP_PKEY_free (self->key);
  g_mutex_clear (&self->mutex);
  g_free (self->uri);
  g_free (self);
}

const char *
scripted_server_get_uri (ScriptedServer *self)
{
  return self->uri;
}

guint
scripted_server_get_n_done (ScriptedServer *self)
{
  return g_atomic_int_get (&self->n_done);
}
