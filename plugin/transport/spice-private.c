/* See spice-private.h. Facts: DESIGN P2 (the table of handlers), P3 (the queue of messages).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "transport/spice-private.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <spice/enums.h>
#include <spice/protocol.h>

#include "base/error.h"
#include "base/log.h"
#include "transport/message-log.h"

/* The first members of SpiceMsgOut. */
typedef struct
{
  int refcount;
  SpiceChannel *channel;
  gpointer marshallers;
  gpointer marshaller;
  guint8 *header;
} MsgOut;

/* The first members of SpiceMsgIn. */
typedef struct
{
  int refcount;
  SpiceChannel *channel;
  guint8 header[sizeof (SpiceDataHeader)];
  guint8 *data;
  int size;
} MsgIn;

/* Where the 16-bit message type stands, and after it the 32-bit size: SpiceMiniDataHeader,
 * SpiceDataHeader of protocol.h. */
#define MINI_HEADER_TYPE 0
#define FULL_HEADER_TYPE 8
/* The 32-bit size of the body follows it. */
#define HEADER_SIZE_AFTER_TYPE 2

/* Any sane table ends long before (the last message of a port is 202). */
#define MAX_HANDLERS 4096

/* A write that spice-gtk drops does not show the queue: this many are watched before giving up. */
#define QUEUE_TRIES 8

gboolean
spice_private_read (gconstpointer address, gpointer buffer, gsize size)
{
  int fds[2];
  gboolean ok;

  /* One call moves at most PIPE_BUF, which a fresh pipe always holds. */
  g_return_val_if_fail (size <= 4096, FALSE);
  if (address == NULL || !g_unix_open_pipe (fds, FD_CLOEXEC, NULL))
    return FALSE;

  ok = write (fds[1], address, size) == (gssize)size && read (fds[0], buffer, size) == (gssize)size;

  close (fds[0]);
  close (fds[1]);
  return ok;
}

/* Whether @function is code of the library that spice-gtk's public calls come from. */
static gboolean
is_spice_gtk (spice_msg_handler function)
{
  Dl_info ours, theirs;

  return dladdr ((gpointer)(gsize)function, &ours) != 0
         && dladdr ((gpointer)(gsize)spice_channel_new, &theirs) != 0
         && ours.dli_fbase == theirs.dli_fbase;
}

static gboolean
incompatible (GError **error, const char *fact)
{
  g_set_error (error, SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_INCOMPATIBLE,
               _ ("This version of spice-gtk is not known to spice-share (%s)."), fact);
  return FALSE;
}

gboolean
spice_private_handlers_init (SpicePrivateHandlers *self,
                             SpiceChannelClass *klass,
                             spice_msg_handler data,
                             spice_msg_handler compressed,
                             spice_msg_handler migrate,
                             GError **error)
{
  GArray *stock = NULL;
  GArray header;
  g_autofree spice_msg_handler *table = NULL;

  if (!spice_private_read (klass->priv, &stock, sizeof stock)
      || !spice_private_read (stock, &header, sizeof header))
    return incompatible (error, "SpiceChannelClass.priv");
  if (header.len <= SPICE_MSG_PORT_EVENT || header.len > MAX_HANDLERS)
    return incompatible (error, "SpiceChannelClass.priv->handlers");

  table = g_new0 (spice_msg_handler, header.len);
  for (guint i = 0; i < header.len; i++)
    {
      if (!spice_private_read (header.data + i * sizeof *table, table + i, sizeof *table))
        return incompatible (error, "SpiceChannelClass.priv->handlers");
      if (table[i] != NULL && !is_spice_gtk (table[i]))
        return incompatible (error, "SpiceChannelClass.priv->handlers");
    }
  if (table[SPICE_MSG_SET_ACK] == NULL || table[SPICE_MSG_PING] == NULL
      || table[SPICE_MSG_MIGRATE] == NULL || table[SPICE_MSG_SPICEVMC_DATA] == NULL
      || table[SPICE_MSG_PORT_INIT] == NULL)
    return incompatible (error, "SPICE_MSG_SPICEVMC_DATA");
  if (table[SPICE_MSG_SPICEVMC_COMPRESSED_DATA] != NULL)
    return incompatible (error, "SPICE_MSG_SPICEVMC_COMPRESSED_DATA");

  message_log_wrap (table, header.len);
  self->stock_data = table[SPICE_MSG_SPICEVMC_DATA];
  self->stock_migrate = table[SPICE_MSG_MIGRATE];
  table[SPICE_MSG_SPICEVMC_DATA] = data;
  table[SPICE_MSG_MIGRATE] = migrate;
  table[SPICE_MSG_SPICEVMC_COMPRESSED_DATA] = compressed;
  self->array = g_array_sized_new (FALSE, TRUE, sizeof *table, header.len);
  g_array_append_vals (self->array, table, header.len);
  klass->priv = (gpointer)self;
  return TRUE;
}

static void
parse_header (SpiceChannel *channel, const MsgIn *message, guint16 *type, guint32 *size)
{
  gboolean mini = spice_channel_test_common_capability (channel, SPICE_COMMON_CAP_MINI_HEADER);
  const guint8 *header = message->header + (mini ? MINI_HEADER_TYPE : FULL_HEADER_TYPE);

  memcpy (type, header, sizeof *type);
  memcpy (size, header + HEADER_SIZE_AFTER_TYPE, sizeof *size);
  *type = GUINT16_FROM_LE (*type);
  *size = GUINT32_FROM_LE (*size);
}

gboolean
spice_private_message_size (SpiceChannel *channel, SpiceMsgIn *message, guint16 type, guint32 *size)
{
  MsgIn in;
  guint16 is_type;

  if (!spice_private_read (message, &in, sizeof in) || in.channel != channel)
    return FALSE;
  parse_header (channel, &in, &is_type, size);
  return is_type == type;
}

/* How many bytes SpiceChannelPrivate has at most: GObject lays it out before the instance. */
static gsize
private_extent (SpiceChannel *channel)
{
  const char *start = (const char *)channel->priv;
  const char *end = (const char *)channel;

  if (start == NULL || end <= start)
    return 0;
  return MIN ((gsize)(end - start), SPICE_PRIVATE_MAX);
}

void
spice_private_caps_init (SpicePrivateCaps *self)
{
  self->offset = -1;
}

/* Whether SpiceChannelPrivate holds at @offset a GArray of guint32 whose words are just @word
 * (or that is empty, for @word 0). */
static gboolean
is_caps_at (SpiceChannel *channel, gsize offset, guint32 word)
{
  gconstpointer address = *(gpointer *)(gpointer)((guint8 *)channel->priv + offset);
  GArray array;
  guint32 first;

  if (address == NULL || (gsize)address % sizeof (gpointer) != 0
      || !spice_private_read (address, &array, sizeof array))
    return FALSE;
  if (word == 0)
    return array.len == 0;
  return array.len == 1 && spice_private_read (array.data, &first, sizeof first) && first == word;
}

gboolean
spice_private_caps_withdraw_lz4 (SpicePrivateCaps *self, SpiceChannel *channel)
{
  GArray *caps;

  if (self->offset < 0
      || !is_caps_at (channel, self->offset, 1u << SPICE_SPICEVMC_CAP_DATA_COMPRESS_LZ4))
    return FALSE;
  caps = *(GArray **)(gpointer)((guint8 *)channel->priv + self->offset);
  g_array_set_size (caps, 0);
  return TRUE;
}

void
spice_private_caps_announce_lz4 (SpicePrivateCaps *self, SpiceChannel *channel)
{
  const guint32 word = 1u << SPICE_SPICEVMC_CAP_DATA_COMPRESS_LZ4;
  gsize extent = private_extent (channel);
  g_autofree gboolean *was_empty = g_new0 (gboolean, extent + 1);
  guint n_found = 0;

  for (gsize i = 0; i + sizeof (gpointer) <= extent; i += sizeof (gpointer))
    was_empty[i] = self->offset < 0 && is_caps_at (channel, i, 0);

  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  spice_channel_set_capability (channel, SPICE_SPICEVMC_CAP_DATA_COMPRESS_LZ4);
  G_GNUC_END_IGNORE_DEPRECATIONS

  for (gsize i = 0; i + sizeof (gpointer) <= extent; i += sizeof (gpointer))
    {
      if (was_empty[i] && is_caps_at (channel, i, word))
        {
          n_found++;
          self->offset = i;
        }
    }
  if (n_found > 1)
    self->offset = -1;
}

void
spice_private_queue_init (SpicePrivateQueue *self)
{
  self->offset = -1;
  self->tries_left = QUEUE_TRIES;
  self->n_before = 0;
}

static GQueue *
queue_at (SpiceChannel *channel, gsize offset)
{
  return (GQueue *)(gpointer)((guint8 *)channel->priv + offset);
}

void
spice_private_queue_before_write (SpicePrivateQueue *self, SpiceChannel *channel)
{
  if (self->offset >= 0)
    {
      self->length = queue_at (channel, self->offset)->length;
    }
  else if (self->tries_left > 0)
    {
      self->n_before = private_extent (channel);
      memcpy (self->before, channel->priv, self->n_before);
    }
}

/* Where the header of @message holds its type. */
static guint8 *
message_type (SpiceChannel *channel, const MsgOut *message)
{
  gboolean mini = spice_channel_test_common_capability (channel, SPICE_COMMON_CAP_MINI_HEADER);

  return message->header + (mini ? MINI_HEADER_TYPE : FULL_HEADER_TYPE);
}

static gboolean
type_is_data (const guint8 *type)
{
  return type[0] == SPICE_MSGC_SPICEVMC_DATA && type[1] == 0;
}

/* The careful check: every pointer may be anything. */
static gboolean
is_queue_that_grew (const SpicePrivateQueue *self, SpiceChannel *channel, gsize offset)
{
  GQueue before, after;
  GList link;
  MsgOut message;
  guint8 type[2];

  memcpy (&before, self->before + offset, sizeof before);
  memcpy (&after, queue_at (channel, offset), sizeof after);

  if (after.length != before.length + 1 || after.length > G_MAXINT)
    return FALSE;
  if ((before.length == 0) != (before.head == NULL)
      || (before.head == NULL) != (before.tail == NULL))
    return FALSE;
  if (before.length > 0 && before.head != after.head)
    return FALSE;
  if (before.length == 0 && after.head != after.tail)
    return FALSE;

  return spice_private_read (after.tail, &link, sizeof link) && link.next == NULL
         && link.prev == before.tail && spice_private_read (link.data, &message, sizeof message)
         && message.refcount == 1 && message.channel == channel && message.header != NULL
         && spice_private_read (message_type (channel, &message), type, sizeof type)
         && type_is_data (type);
}

SpicePrivateWrite
spice_private_queue_after_write (SpicePrivateQueue *self, SpiceChannel *channel)
{
  gssize found = -1;

  if (self->offset >= 0)
    {
      GQueue *queue = queue_at (channel, self->offset);
      MsgOut *message;

      if (queue->length == self->length)
        return SPICE_PRIVATE_WRITE_DROPPED;
      if (queue->length != self->length + 1 || queue->tail == NULL || queue->tail->next != NULL
          || queue->tail->data == NULL)
        return SPICE_PRIVATE_WRITE_UNKNOWN;
      message = queue->tail->data;
      if (message->refcount != 1 || message->channel != channel || message->header == NULL
          || !type_is_data (message_type (channel, message)))
        return SPICE_PRIVATE_WRITE_UNKNOWN;
      return SPICE_PRIVATE_WRITE_QUEUED;
    }
  if (self->tries_left == 0 || self->n_before != private_extent (channel))
    return SPICE_PRIVATE_WRITE_UNKNOWN;

  self->tries_left--;
  for (gsize i = 0; i + sizeof (GQueue) <= self->n_before; i += sizeof (gpointer))
    {
      if (!is_queue_that_grew (self, channel, i))
        continue;
      if (found >= 0)
        {
          self->tries_left = 0;
          return SPICE_PRIVATE_WRITE_UNKNOWN;
        }
      found = i;
    }
  if (found < 0)
    return SPICE_PRIVATE_WRITE_UNKNOWN;
  share_debug ("spice-gtk's queue of messages is at offset %" G_GSSIZE_FORMAT, found);
  self->offset = found;
  return SPICE_PRIVATE_WRITE_QUEUED;
}

gint
spice_private_queue_get_length (const SpicePrivateQueue *self, SpiceChannel *channel)
{
  return self->offset < 0 ? -1 : (gint)queue_at (channel, self->offset)->length;
}

void
spice_private_queue_mark_compressed (SpicePrivateQueue *self, SpiceChannel *channel)
{
  MsgOut *message = queue_at (channel, self->offset)->tail->data;

  message_type (channel, message)[0] = SPICE_MSGC_SPICEVMC_COMPRESSED_DATA;
}

/* Whether it has the marks of a message of @channel. */
static gboolean
is_message (SpiceChannel *channel, const MsgIn *message, guint16 type)
{
  guint16 is_type;
  guint32 size;

  parse_header (channel, message, &is_type, &size);
  return message->refcount >= 1 && message->channel == channel && is_type == type
         && message->size >= 0 && (guint32)message->size == size;
}

void
spice_private_messages_watch (SpicePrivateMessages *self,
                              SpiceChannel *channel,
                              SpiceMsgIn *message,
                              guint16 type,
                              gconstpointer data,
                              gsize size)
{
  MsgIn in;

  if (self->wrong || self->n_watched == SPICE_PRIVATE_WATCH)
    return;

  if (!spice_private_read (message, &in, sizeof in) || !is_message (channel, &in, type)
      || in.data != data || (gsize)in.size != size)
    self->wrong = TRUE;
  else
    self->n_watched++;
  if (self->n_watched == SPICE_PRIVATE_WATCH)
    share_debug ("spice-gtk's messages are as we know them");
}

gboolean
spice_private_messages_look (SpicePrivateMessages *self,
                             SpiceChannel *channel,
                             SpiceMsgIn *message,
                             guint16 type,
                             gconstpointer *data,
                             gsize *size)
{
  const MsgIn *in = (const MsgIn *)(gconstpointer)message;

  if (self->wrong || self->n_watched < SPICE_PRIVATE_WATCH)
    return FALSE;
  if (!is_message (channel, in, type))
    {
      self->wrong = TRUE;
      return FALSE;
    }
  *data = in->data;
  *size = in->size;
  return TRUE;
}
