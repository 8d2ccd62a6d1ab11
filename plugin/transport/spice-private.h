/* The only file that knows what spice-gtk keeps private (DESIGN P2, P3), and verifies it.
 *
 * spice-gtk 0.42, which these facts were read from:
 *   spice-channel-priv.h  SpiceChannelClassPrivate begins with `GArray *handlers`, of functions,
 *                         indexed by message type
 *                         SpiceChannelPrivate holds `GQueue xmit_queue` of SpiceMsgOut, and
 *                         `GArray *caps` of guint32
 *                         SpiceMsgOut is { int refcount; SpiceChannel *channel; marshallers;
 *                         marshaller; uint8_t *header; … }
 *                         SpiceMsgIn is { int refcount; SpiceChannel *channel; uint8_t header[18];
 *                         uint8_t *data; int size; … }
 * None of it is taken on trust: what does not check out is reported as "not here", and the caller
 * does without (no compressed send, or the viewer's own channel).
 *
 * Everything here is for the main thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <spice-client.h>

G_BEGIN_DECLS

/**
 * SpicePrivateHandlers:
 * @array: what `SpiceChannelClass.priv` points to: our copy of spice-gtk's table
 * @stock_data: spice-gtk's own handler of DATA (101)
 * @stock_migrate: spice-gtk's own handler of MIGRATE (1)
 */
typedef struct
{
  GArray *array;
  spice_msg_handler stock_data;
  spice_msg_handler stock_migrate;
} SpicePrivateHandlers;

/**
 * spice_private_handlers_init:
 * @self: the new table; must live as long as the class
 * @klass: our class, which still has the table of SpicePortChannel
 * @data: our handler of DATA (101)
 * @compressed: our handler of COMPRESSED_DATA (102)
 * @migrate: our handler of MIGRATE (1)
 * @error: what did not hold (%SPICE_SHARE_ERROR_INCOMPATIBLE)
 *
 * Gives @klass a table of its own. The other base handlers (SET_ACK, PING …) stay spice-gtk's, each
 * behind one that says so (message-log.h).
 *
 * Returns: %FALSE if the table is not what we know; @klass is unchanged then
 */
gboolean spice_private_handlers_init (SpicePrivateHandlers *self,
                                      SpiceChannelClass *klass,
                                      spice_msg_handler data,
                                      spice_msg_handler compressed,
                                      spice_msg_handler migrate,
                                      GError **error);

/**
 * spice_private_message_size:
 * @message: what spice-gtk gives to the handler of @type
 * @size: (out): of what follows the header, in bytes
 *
 * For who wants to say it: makes system calls.
 *
 * Returns: %FALSE if its header is not where we look for it
 */
gboolean spice_private_message_size (SpiceChannel *channel,
                                     SpiceMsgIn *message,
                                     guint16 type,
                                     guint32 *size);

/**
 * SpicePrivateCaps:
 *
 * Where a channel's list of announced capabilities is, found by watching it grow.
 */
typedef struct
{
  gssize offset; /* in SpiceChannelPrivate, in bytes; -1: not found */
} SpicePrivateCaps;

void spice_private_caps_init (SpicePrivateCaps *self);

/**
 * spice_private_caps_announce_lz4:
 * @self: the same for every call on @channel
 * @channel: a channel
 *
 * The next link message names the LZ4 capability.
 */
void spice_private_caps_announce_lz4 (SpicePrivateCaps *self, SpiceChannel *channel);

/**
 * spice_private_caps_withdraw_lz4:
 *
 * The next link message does not: spice-gtk has a call to add a capability and none to take it
 * back.
 *
 * Returns: %FALSE if it could not be taken back
 */
gboolean spice_private_caps_withdraw_lz4 (SpicePrivateCaps *self, SpiceChannel *channel);

/* The largest SpiceChannelPrivate we look through for the queue, in bytes. */
#define SPICE_PRIVATE_MAX 4096

/**
 * SpicePrivateQueue:
 *
 * Where a channel's queue of messages to send is, found by watching it grow.
 */
typedef struct
{
  gssize offset;    /* in SpiceChannelPrivate, in bytes; -1: not found yet */
  guint tries_left; /* writes to watch before giving up */
  guint length;     /* before the write that is being watched */
  gsize n_before;
  guint8 before[SPICE_PRIVATE_MAX]; /* the private struct before that write; only until found */
} SpicePrivateQueue;

/**
 * SpicePrivateWrite:
 * @SPICE_PRIVATE_WRITE_QUEUED: the queue grew by exactly one DATA message of this channel
 * @SPICE_PRIVATE_WRITE_DROPPED: the queue did not grow: spice-gtk dropped the message (it does so
 *   while its queue is blocked, and warns)
 * @SPICE_PRIVATE_WRITE_UNKNOWN: the queue is not known, or not as we know it
 */
typedef enum
{
  SPICE_PRIVATE_WRITE_QUEUED,
  SPICE_PRIVATE_WRITE_DROPPED,
  SPICE_PRIVATE_WRITE_UNKNOWN,
} SpicePrivateWrite;

void spice_private_queue_init (SpicePrivateQueue *self);

/**
 * spice_private_queue_before_write:
 *
 * To be called right before spice_port_channel_write_async().
 */
void spice_private_queue_before_write (SpicePrivateQueue *self, SpiceChannel *channel);

/**
 * spice_private_queue_after_write:
 *
 * To be called right after spice_port_channel_write_async(), with nothing between.
 */
SpicePrivateWrite spice_private_queue_after_write (SpicePrivateQueue *self, SpiceChannel *channel);

/**
 * spice_private_queue_get_length:
 *
 * Returns: how many messages wait; -1 if the queue is not known
 */
gint spice_private_queue_get_length (const SpicePrivateQueue *self, SpiceChannel *channel);

/**
 * spice_private_queue_mark_compressed:
 *
 * Makes the DATA message that was just queued a COMPRESSED_DATA message. Only after
 * spice_private_queue_after_write() returned %SPICE_PRIVATE_WRITE_QUEUED, with nothing between.
 */
void spice_private_queue_mark_compressed (SpicePrivateQueue *self, SpiceChannel *channel);

/**
 * SpicePrivateMessages:
 *
 * Whether messages that came are what we take them for, found by watching what spice-gtk emits.
 */
typedef struct
{
  guint n_watched; /* that were so; at %SPICE_PRIVATE_WATCH it is known */
  gboolean wrong;  /* one was not: never again */
} SpicePrivateMessages;

/* How many messages of a channel have to be as we know them before we look into the next. */
#define SPICE_PRIVATE_WATCH 4

/**
 * spice_private_messages_watch:
 * @message: of @channel, whose handler is running
 * @type: of @message
 * @data: what spice-gtk says it holds
 * @size: of @data, in bytes
 */
void spice_private_messages_watch (SpicePrivateMessages *self,
                                   SpiceChannel *channel,
                                   SpiceMsgIn *message,
                                   guint16 type,
                                   gconstpointer data,
                                   gsize size);

/**
 * spice_private_messages_look:
 * @message: of @channel, whose handler is running
 * @type: what it must be
 * @data: (out) (transfer none): what it holds, as long as the handler runs
 * @size: (out): of @data, in bytes
 *
 * Returns: %FALSE if that is not known
 */
gboolean spice_private_messages_look (SpicePrivateMessages *self,
                                      SpiceChannel *channel,
                                      SpiceMsgIn *message,
                                      guint16 type,
                                      gconstpointer *data,
                                      gsize *size);

/**
 * spice_private_read:
 * @address: any address
 * @buffer: (out caller-allocates): @size bytes
 *
 * Reads memory that may not be there: the kernel is asked to (a bad address is EFAULT, no signal).
 *
 * Returns: %FALSE if any of it is not readable
 */
gboolean spice_private_read (gconstpointer address, gpointer buffer, gsize size);

G_END_DECLS
