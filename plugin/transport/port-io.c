/* See port-io.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "transport/port-io.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <spice/enums.h>
#include <spice/protocol.h>

#include "base/log.h"
#include "transport/guest-hold.h"
#include "transport/main-turn.h"
#include "transport/send-pace.h"
#include "transport/spice-private.h"
#include "worker/vmc-codec.h"

/* A pause while a message holds the guest back, in us: short enough for the viewer's idle sources
 * to get their turns (P6 c). */
#define HOLD_PAUSE 100

/* What may wait in the kernel to be sent, in bytes. Nothing overtakes it there, while with us a
 * small answer takes its turn between the large ones; without this the kernel takes 4 MiB. But it
 * is also what a link lives on while the viewer draws: 10 ms of 100 Mbit/s. */
#define UNSENT_MAX (128 * 1024)

/* A mux frame without data, in bytes. */
#define MARK_SIZE 10

struct _PortIO
{
  SpicePortChannel *channel; /* (unowned): owns us */
  guint data_signal;
  Worker *worker;   /* (unowned) (nullable) */
  Capture *capture; /* (nullable) */
  PortIOStats stats;

  SpicePrivateMessages messages;
  SpiceMsgIn *message; /* (unowned) (nullable): port-data is being emitted for it */
  gboolean compressed; /* it is COMPRESSED_DATA */
  gboolean opened;     /* spice-gtk knows that the guest's side is open */
  MainTurn *turn;
  gboolean disconnected;
  gboolean view_only;

  GuestHold hold;
  SendPace pace;   /* while the virtual machine moves to another host */
  gboolean moving; /* the channel's connection is being exchanged */
  guint resume_id; /* the source that goes on sending */
  guint n_writes;  /* under way in spice-gtk, with those that it was given since era began */
  gsize under_way; /* the same, in bytes of trains */
  guint era;

  SpicePrivateQueue queue;
  CompressMode wanted;
  CompressMode effective; /* what the worker was told */
};

/* A message under way in spice-gtk, which reads its bytes until it calls back. */
typedef struct
{
  PortIO *io; /* (unowned): the write holds a reference on the channel, which owns it */
  GBytes *bytes;
  gsize size; /* of the train that ends with it, in bytes; 0 if more of the train follows */
  guint era;
} Write;

static void
record (PortIO *self, gboolean to_guest, gboolean compressed, const guint8 *data, gsize size)
{
  if (self->capture != NULL)
    capture_message (self->capture, to_guest, compressed ? CAPTURE_COMPRESSED_DATA : CAPTURE_DATA,
                     data, size, compressed ? vmc_declared_size (data, size) : size);
}

static void
receive (PortIO *self, gboolean compressed, gconstpointer data, gsize size)
{
  share_debug ("received %s, %" G_GSIZE_FORMAT " bytes", compressed ? "COMPRESSED_DATA" : "DATA",
               size);
  if (self->worker == NULL || self->view_only || size == 0)
    return;
  self->stats.wire_in += size;
  record (self, FALSE, compressed, data, size);
  worker_push (self->worker, g_bytes_new (data, size), compressed);
}

static guint16
message_type (gboolean compressed)
{
  return compressed ? SPICE_MSG_SPICEVMC_COMPRESSED_DATA : SPICE_MSG_SPICEVMC_DATA;
}

static void
on_port_data (SpicePortChannel *channel, gpointer data, int size, PortIO *self)
{
  /* Nobody else is to see what may be compressed, or comes twice. */
  g_signal_stop_emission (channel, self->data_signal, 0);
  if (self->message == NULL || size < 0)
    return;
  spice_private_messages_watch (&self->messages, SPICE_CHANNEL (channel), self->message,
                                message_type (self->compressed), data, size);
  receive (self, self->compressed, data, size);
}

static void
on_opened (SpicePortChannel *channel, GParamSpec *pspec, PortIO *self)
{
  g_object_get (channel, "port-opened", &self->opened, NULL);
}

PortIO *
port_io_new (SpicePortChannel *channel)
{
  PortIO *self = g_new0 (PortIO, 1);

  self->channel = channel;
  self->effective = self->wanted = COMPRESS_NEVER;
  spice_private_queue_init (&self->queue);
  self->turn = main_turn_new ();
  self->data_signal = g_signal_lookup ("port-data", SPICE_TYPE_PORT_CHANNEL);
  /* The first handler of all, or it could not stop the emission for the others. */
  g_signal_connect (channel, "port-data", G_CALLBACK (on_port_data), self);
  g_signal_connect (channel, "notify::port-opened", G_CALLBACK (on_opened), self);
  return self;
}

void
port_io_free (PortIO *self)
{
  g_clear_handle_id (&self->resume_id, g_source_remove);
  main_turn_free (self->turn);
  g_clear_pointer (&self->capture, capture_unref);
  g_free (self);
}

void
port_io_set_worker (PortIO *self, Worker *worker)
{
  self->worker = worker;
  self->effective = COMPRESS_NEVER;
}

void
port_io_set_capture (PortIO *self, Capture *capture)
{
  g_clear_pointer (&self->capture, capture_unref);
  self->capture = capture == NULL ? NULL : capture_ref (capture);
}

void
port_io_get_stats (PortIO *self, PortIOStats *stats)
{
  *stats = self->stats;
}

static void
keep_unsent_short (PortIO *self)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GObject) session = NULL;
  g_autofree char *tls_port = NULL;

  g_object_get (self->channel, "socket", &socket, "spice-session", &session, NULL);
  if (session != NULL)
    g_object_get (session, "tls-port", &tls_port, NULL);
  /* Only TCP has such a queue, and this option. With TLS spice-gtk would warn of each write that
   * the kernel does not take at once (bio_gio_write()). */
  if (socket != NULL && tls_port == NULL)
    g_socket_set_option (socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX, NULL);
}

static void
credit (PortIO *self, gsize size)
{
  self->under_way -= size;
  if (size > 0 && self->worker != NULL)
    worker_written (self->worker, size);
}

/* spice-gtk does not complete everything that it was given (P13), and that would count for ever. */
static void
forget_writes (PortIO *self)
{
  self->era++;
  credit (self, self->under_way);
}

gboolean
port_io_set_view_only (PortIO *self, gboolean view_only)
{
  if (view_only == self->view_only)
    return FALSE;
  share_debug ("the session %s", view_only ? "is view-only" : "is no longer view-only");
  self->view_only = view_only;
  /* Of these the coroutine may be in the middle of one: n_writes says so until the next connection,
   * rather for too long than not at all. */
  forget_writes (self);
  if (self->worker != NULL)
    worker_reset (self->worker);
  return TRUE;
}

void
port_io_connected (PortIO *self)
{
  self->disconnected = FALSE;
  forget_writes (self);
  self->n_writes = 0;
  guest_hold_end_migration (&self->hold);
  send_pace_end (&self->pace);
  keep_unsent_short (self);
}

void
port_io_disconnected (PortIO *self)
{
  self->disconnected = TRUE;
}

/* spice-gtk's own way to us is an idle source for each message, behind everything else the main
 * loop has to do. The main loop gets its turns by it; but one for many messages is enough. */
static gboolean
receive_at_once (PortIO *self, SpiceMsgIn *message, gboolean compressed)
{
  gconstpointer data;
  gsize size;

  if (main_turn_is_due (self->turn, g_get_monotonic_time ()) || !self->opened
      || !spice_private_messages_look (&self->messages, SPICE_CHANNEL (self->channel), message,
                                       message_type (compressed), &data, &size))
    return FALSE;
  receive (self, compressed, data, size);
  return TRUE;
}

static gsize
get_waiting (PortIO *self)
{
  return self->worker == NULL ? 0 : worker_get_inbox (self->worker);
}

void
port_io_handle_message (PortIO *self,
                        SpiceMsgIn *message,
                        gboolean compressed,
                        spice_msg_handler stock)
{
  SpiceChannel *channel = SPICE_CHANNEL (self->channel);
  gint64 start;

  if (!receive_at_once (self, message, compressed))
    {
      SPICE_CHANNEL_GET_CLASS (channel)->iterate_write (channel);
      self->message = message;
      self->compressed = compressed;
      stock (channel, message);
      self->message = NULL;
    }

  start = g_get_monotonic_time ();
  while (!self->disconnected
         && g_get_monotonic_time () - start < guest_hold_get (&self->hold, get_waiting (self)))
    {
      /* While this coroutine is busy here, nobody else sends (P6 a). */
      SPICE_CHANNEL_GET_CLASS (channel)->iterate_write (channel);
      g_usleep (HOLD_PAUSE);
      stock (channel, message);
    }
  guest_hold_taken (&self->hold, get_waiting (self));
}

static void
update_compression (PortIO *self)
{
  SpiceChannel *channel = SPICE_CHANNEL (self->channel);
  gboolean can = self->queue.offset >= 0
                 && spice_channel_test_capability (channel, SPICE_SPICEVMC_CAP_DATA_COMPRESS_LZ4);
  CompressMode effective = can ? self->wanted : COMPRESS_NEVER;

  if (self->worker == NULL || effective == self->effective)
    return;
  self->effective = effective;
  worker_set_compression (self->worker, effective);
}

void
port_io_set_compression (PortIO *self, CompressMode mode)
{
  self->wanted = mode;
  update_compression (self);
}

/* Called by spice-gtk, perhaps in the coroutine: nothing may happen here that could yield. */
static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Write *write = user_data;
  PortIO *self = write->io;
  gboolean counts = write->era == self->era && write->bytes != NULL;

  self->n_writes -= counts ? 1 : 0;
  /* A message that was never sent completes like one that was (P13), but one that was not even
   * queued, because the port is closed, says so. */
  if (spice_port_channel_write_finish (SPICE_PORT_CHANNEL (source), result, NULL) < 0
      && write->bytes != NULL && self->worker != NULL)
    worker_reset (self->worker);
  if (counts)
    credit (self, write->size);
  g_clear_pointer (&write->bytes, g_bytes_unref);
  g_free (write);
}

/* @compressed only says what the message is to become. */
static SpicePrivateWrite
write_message (PortIO *self, GBytes *bytes, gboolean compressed, gsize size)
{
  SpiceChannel *channel = SPICE_CHANNEL (self->channel);
  Write *write = g_new (Write, 1);
  SpicePrivateWrite result;
  gsize length;
  gconstpointer data = g_bytes_get_data (bytes, &length);

  *write = (Write){ self, g_bytes_ref (bytes), size, self->era };
  self->n_writes++;
  self->under_way += size;
  share_debug ("send DATA, %" G_GSIZE_FORMAT " bytes", length);
  spice_private_queue_before_write (&self->queue, channel);
  spice_port_channel_write_async (self->channel, data, length, NULL, on_written, write);
  result = spice_private_queue_after_write (&self->queue, channel);
  self->stats.wire_out += length;
  if (result != SPICE_PRIVATE_WRITE_DROPPED)
    record (self, TRUE, compressed, data, length);

  if (result == SPICE_PRIVATE_WRITE_DROPPED)
    {
      /* spice-gtk neither sends nor completes it, and keeps what it was given: the few bytes of
       * the write are lost with it, the data need not be. */
      g_clear_pointer (&write->bytes, g_bytes_unref);
      self->n_writes--;
      credit (self, size);
      share_debug ("spice-gtk dropped a message; what was under way is lost");
      worker_reset (self->worker);
    }
  return result;
}

/* What goes as DATA before each compressed message, so that the server's flow control sees that one
 * too (P5): the end of a client that never was, a frame of its own, which the guest's daemon reads
 * and forgets. Not the beginning of what follows: where the connection breaks between the two, the
 * guest would take the next connection's bytes for the rest of it. */
static const guint8 nobody_left[MARK_SIZE];

static void
write_compressed (PortIO *self, const Outbound *message, gsize size)
{
  SpiceChannel *channel = SPICE_CHANNEL (self->channel);
  g_autoptr (GBytes) mark = g_bytes_new_static (nobody_left, sizeof nobody_left);
  SpicePrivateWrite result = write_message (self, mark, FALSE, 0);

  if (result == SPICE_PRIVATE_WRITE_UNKNOWN)
    {
      write_message (self, message->train, FALSE, size);
      return;
    }
  if (result == SPICE_PRIVATE_WRITE_DROPPED)
    {
      worker_written (self->worker, size);
      return;
    }
  result = write_message (self, message->compressed, TRUE, size);
  if (result == SPICE_PRIVATE_WRITE_QUEUED)
    {
      spice_private_queue_mark_compressed (&self->queue, channel);
      share_debug ("it is COMPRESSED_DATA, %" G_GSIZE_FORMAT " bytes inflated", size);
    }
  else if (result == SPICE_PRIVATE_WRITE_UNKNOWN)
    {
      /* Checked an instant ago, and no longer so: rather no channel than a corrupted one. */
      g_warning (_ ("The shared folder was disconnected: spice-gtk does not behave as it did."));
      spice_channel_disconnect (channel, SPICE_CHANNEL_ERROR_IO);
    }
}

/* One clear warning a process. */
static gboolean
warned_once (void)
{
  static gboolean warned;
  gboolean before = warned;

  warned = TRUE;
  return before;
}

static gboolean
resume (gpointer user_data)
{
  PortIO *self = user_data;

  self->resume_id = 0;
  port_io_send (self);
  return G_SOURCE_REMOVE;
}

static void
resume_after (PortIO *self, gint64 wait)
{
  g_clear_handle_id (&self->resume_id, g_source_remove);
  self->resume_id = g_timeout_add ((wait + 999) / 1000, resume, self);
}

/* Whether a message may go now; if not, port_io_send() is called again when one may. */
static gboolean
may_send (PortIO *self)
{
  gint64 wait = send_pace_wait (&self->pace, g_get_monotonic_time ());

  if (self->moving || self->view_only)
    return FALSE;
  if (wait > 0)
    resume_after (self, wait);
  return wait == 0;
}

gboolean
port_io_is_writing (PortIO *self)
{
  gint waiting = spice_private_queue_get_length (&self->queue, SPICE_CHANNEL (self->channel));

  return waiting >= 0 && self->n_writes > (guint)waiting;
}

void
port_io_set_migrating (PortIO *self, gboolean migrating)
{
  if (migrating)
    {
      share_debug ("the virtual machine moves to another host");
      guest_hold_begin_migration (&self->hold);
      send_pace_begin (&self->pace, g_get_monotonic_time ());
      return;
    }
  guest_hold_end_migration (&self->hold);
  send_pace_end (&self->pace);
  resume_after (self, 0);
}

void
port_io_handle_migrate (PortIO *self, SpiceMsgIn *message, spice_msg_handler stock)
{
  self->moving = TRUE;
  stock (SPICE_CHANNEL (self->channel), message);
  self->moving = FALSE;
  keep_unsent_short (self);
  port_io_set_migrating (self, FALSE);
  share_debug ("the channel has moved to another host");
}

void
port_io_send (PortIO *self)
{
  for (;;)
    {
      g_auto (Outbound) message = { NULL, NULL };
      SpiceChannel *channel = SPICE_CHANNEL (self->channel);
      gsize size;

      if (self->worker == NULL || !may_send (self) || !worker_pop (self->worker, &message))
        break;
      send_pace_sent (&self->pace, g_get_monotonic_time ());
      size = g_bytes_get_size (message.train);
      self->stats.bytes_out += size;
      /* The server may be another one since it was compressed (migration). */
      if (message.compressed != NULL && self->queue.offset >= 0
          && spice_channel_test_capability (channel, SPICE_SPICEVMC_CAP_DATA_COMPRESS_LZ4))
        write_compressed (self, &message, size);
      else
        write_message (self, message.train, FALSE, size);
    }
  update_compression (self);

  if (self->queue.offset < 0 && self->queue.tries_left == 0 && !warned_once ())
    g_warning (_ ("This version of spice-gtk is not known to spice-share. Shared folders work, but "
                  "what is read from them is not compressed."));
}
