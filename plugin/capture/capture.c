/* See capture.h.
 *
 * Sequence numbers are given out before a packet is queued: what the writer drops is a gap that
 * Wireshark shows as one, and not a stream that is wrong from there on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "capture/capture.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "capture/pcapng.h"
#include "capture/tcp-conversation.h"

enum
{
  INTERFACE_MUX,
  INTERFACE_VMC,
};

G_STATIC_ASSERT (INTERFACE_VMC + 1 == CAPTURE_WRITER_INTERFACES);

/* A packet without data as a block, in bytes. */
#define EMPTY_PACKET 84u
/* A conversation's first three packets and its last four: whatever becomes of the file, the one
 * that has begun in it ends in it. */
#define CONVERSATION_RESERVE (7 * EMPTY_PACKET)

/* LINKTYPE_WIRESHARK_UPPER_PDU: tag 12, the dissector's name, "data"; then the end of the tags. */
static const guint8 upper_pdu[] = { 0, 12, 0, 4, 'd', 'a', 't', 'a', 0, 0, 0, 0 };

struct _Capture
{
  gatomicrefcount ref_count;
  CaptureWriter *writer;
  gint n_ports; /* (atomic) */

  GMutex lock;               /* of the rest */
  GHashTable *conversations; /* of Conversation, in itself; as many as the mux has clients */
  guint64 n_conversations;   /* so far */
  gboolean finished;         /* none begins any more */
};

typedef struct
{
  guint port;
  gint64 client;
  TcpConversation tcp;
  gsize reserved; /* bytes of the file that are kept for it */
} Conversation;

static guint
conversation_hash (gconstpointer key)
{
  const Conversation *self = key;

  return g_int64_hash (&self->client) ^ self->port;
}

static gboolean
conversation_equal (gconstpointer a, gconstpointer b)
{
  const Conversation *one = a;
  const Conversation *other = b;

  return one->client == other->client && one->port == other->port;
}

gboolean
capture_check_path (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  if (g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    {
      g_set_error (error, SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_REFUSED,
                   _ ("The file “%s” exists already. Remove it, or record in another."), path);
      return FALSE;
    }
  if (access (folder, W_OK | X_OK) != 0)
    {
      g_set_error (error, SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_FAILED,
                   _ ("Nothing can be recorded in the folder “%s”: %s"), folder,
                   g_strerror (errno));
      return FALSE;
    }
  return TRUE;
}

static Capture *
create (int fd, const char *path, const CaptureLimits *limits, GError **error)
{
  g_autoptr (GByteArray) header = g_byte_array_new ();
  CaptureWriter *writer;
  Capture *self;

  pcapng_append_section (header, "spice-share");
  pcapng_append_interface (header, PCAPNG_LINK_RAW, TCP_HEADERS + TCP_MAX_DATA, "mux",
                           "Clients of the guest. Addresses, ports and headers are made up.");
  pcapng_append_interface (header, PCAPNG_LINK_UPPER_PDU, PCAPNG_MAX_PACKET, "vmc",
                           "Messages of the SPICE port, without their header.");
  writer = capture_writer_new (fd, path, limits, header->data, header->len, error);
  if (writer == NULL)
    return NULL;

  self = g_new0 (Capture, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->writer = writer;
  g_mutex_init (&self->lock);
  self->conversations = g_hash_table_new_full (conversation_hash, conversation_equal, g_free, NULL);
  return self;
}

Capture *
capture_new (const char *path, GError **error)
{
  const CaptureLimits limits = { .file_max = CAPTURE_FILE_MAX, .queue_max = CAPTURE_QUEUE_MAX };

  return create (-1, path, &limits, error);
}

Capture *
capture_new_for_fd (int fd, const char *name, const CaptureLimits *limits, GError **error)
{
  return create (fd, name, limits, error);
}

Capture *
capture_ref (Capture *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
capture_unref (Capture *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  capture_writer_free (self->writer);
  g_hash_table_unref (self->conversations);
  g_mutex_clear (&self->lock);
  g_free (self);
}

guint
capture_add_port (Capture *self)
{
  return g_atomic_int_add (&self->n_ports, 1);
}

static GByteArray *
make_block (const PcapngPacket *packet)
{
  GByteArray *block = g_byte_array_sized_new (packet->n_head + packet->n_data + 256);

  pcapng_append_packet (block, packet);
  return block;
}

static GByteArray *
make_tcp_block (Conversation *conversation,
                gboolean to_guest,
                TcpFlags flags,
                const guint8 *data,
                gsize size)
{
  guint8 headers[TCP_HEADERS];
  PcapngPacket packet = {
    .interface = INTERFACE_MUX,
    .time = g_get_real_time (),
    .direction = to_guest ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
    .head = headers,
    .n_head = sizeof headers,
    .data = data,
    .n_data = size,
    .original = sizeof headers + size,
  };

  tcp_conversation_write_headers (&conversation->tcp, to_guest, flags, data, size, headers);
  return make_block (&packet);
}

/* Returns: %FALSE if the file is full. The conversation then has not said it. */
static gboolean
push_tcp (Capture *self,
          Conversation *conversation,
          gboolean to_guest,
          TcpFlags flags,
          const guint8 *data,
          gsize size)
{
  const TcpConversation before = conversation->tcp;
  g_autoptr (GByteArray) block = make_tcp_block (conversation, to_guest, flags, data, size);

  if (capture_writer_push (self->writer, INTERFACE_MUX, block->data, block->len))
    return TRUE;
  conversation->tcp = before;
  return FALSE;
}

/* One of those that room was kept for. */
static void
push_reserved (Capture *self, Conversation *conversation, gboolean to_guest, TcpFlags flags)
{
  g_autoptr (GByteArray) block = make_tcp_block (conversation, to_guest, flags, NULL, 0);

  conversation->reserved -= MIN (conversation->reserved, block->len);
  capture_writer_push_reserved (self->writer, INTERFACE_MUX, block->data, block->len);
}

static Conversation *
find_conversation (Capture *self, guint port, gint64 client)
{
  const Conversation key = { .port = port, .client = client };

  return g_hash_table_lookup (self->conversations, &key);
}

/* Returns: (nullable): none if the file is full */
static Conversation *
begin_conversation (Capture *self, guint port, gint64 client)
{
  Conversation *conversation;

  if (!capture_writer_reserve (self->writer, CONVERSATION_RESERVE))
    return NULL;
  conversation = g_new0 (Conversation, 1);
  conversation->port = port;
  conversation->client = client;
  conversation->reserved = CONVERSATION_RESERVE;
  tcp_conversation_init (&conversation->tcp, self->n_conversations++);
  g_hash_table_add (self->conversations, conversation);

  push_reserved (self, conversation, FALSE, TCP_SYN);
  push_reserved (self, conversation, TRUE, TCP_SYN | TCP_ACK);
  push_reserved (self, conversation, FALSE, TCP_ACK);
  return conversation;
}

static void
finish_side (Capture *self, Conversation *conversation, gboolean to_guest)
{
  if (conversation->tcp.finished[to_guest])
    return;
  push_reserved (self, conversation, to_guest, TCP_FIN | TCP_ACK);
  push_reserved (self, conversation, !to_guest, TCP_ACK);
}

static void
finish_conversation (Capture *self, Conversation *conversation)
{
  finish_side (self, conversation, FALSE);
  finish_side (self, conversation, TRUE);
  capture_writer_release (self->writer, conversation->reserved);
}

/* Under the lock. */
static void
finish_all (Capture *self)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->conversations);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    finish_conversation (self, key);
  g_hash_table_remove_all (self->conversations);
  self->finished = TRUE;
  capture_writer_finish (self->writer, 0);
}

void
capture_client_data (Capture *self,
                     guint port,
                     gint64 client,
                     gboolean to_guest,
                     const guint8 *data,
                     gsize size)
{
  g_autoptr (GMutexLocker) locker = NULL;
  Conversation *conversation;

  if (capture_writer_is_over (self->writer))
    return;

  locker = g_mutex_locker_new (&self->lock);
  if (self->finished)
    return;
  conversation = find_conversation (self, port, client);
  if (conversation == NULL)
    conversation = begin_conversation (self, port, client);
  while (conversation != NULL && size > 0)
    {
      gsize n = MIN (size, TCP_MAX_DATA);

      if (!push_tcp (self, conversation, to_guest, TCP_PSH | TCP_ACK, data, n)
          || !push_tcp (self, conversation, !to_guest, TCP_ACK, NULL, 0))
        conversation = NULL;
      data += n;
      size -= n;
    }
  if (conversation == NULL)
    finish_all (self);
}

void
capture_client_close (Capture *self, guint port, gint64 client, gboolean to_guest)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  Conversation *conversation = find_conversation (self, port, client);

  if (conversation == NULL)
    return;
  if (to_guest)
    {
      finish_side (self, conversation, TRUE);
      return;
    }
  finish_conversation (self, conversation);
  g_hash_table_remove (self->conversations, conversation);
}

void
capture_message (Capture *self,
                 gboolean to_guest,
                 CaptureMessage type,
                 const guint8 *data,
                 gsize size,
                 gsize payload)
{
  g_autofree char *comment = NULL;
  g_autoptr (GByteArray) block = NULL;
  PcapngPacket packet = {
    .interface = INTERFACE_VMC,
    .time = g_get_real_time (),
    .direction = to_guest ? PCAPNG_OUTBOUND : PCAPNG_INBOUND,
    .head = upper_pdu,
    .n_head = sizeof upper_pdu,
    .data = data,
    .n_data = MIN (size, PCAPNG_MAX_PACKET - sizeof upper_pdu),
    .original = size > G_MAXUINT32 - sizeof upper_pdu ? G_MAXUINT32 : size + sizeof upper_pdu,
  };

  if (capture_writer_is_over (self->writer))
    return;

  comment = g_strdup_printf ("%s wire=%" G_GSIZE_FORMAT " payload=%" G_GSIZE_FORMAT,
                             type == CAPTURE_COMPRESSED_DATA ? "COMPRESSED_DATA" : "DATA", size,
                             payload);
  packet.comment = comment;
  block = make_block (&packet);
  if (!capture_writer_push (self->writer, INTERFACE_VMC, block->data, block->len))
    {
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

      finish_all (self);
    }
}

gboolean
capture_finish (Capture *self, gint64 timeout)
{
  g_mutex_lock (&self->lock);
  finish_all (self);
  g_mutex_unlock (&self->lock);

  return capture_writer_finish (self->writer, timeout);
}
