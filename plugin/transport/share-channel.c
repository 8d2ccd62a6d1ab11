/* See share-channel.h. What happens when; what it shares is in share-channel-sharing.c, what it
 * says of itself in share-channel-properties.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "transport/share-channel.h"

#include <glib/gi18n-lib.h>
#include <spice/enums.h>

#include "base/error.h"
#include "base/log.h"
#include "transport/share-channel-private.h"

typedef struct
{
  SpiceWebdavChannelClass parent_class;
} SpiceShareChannelClass;

/* The class's own table of handlers, and why there is none, where there is none. */
static SpicePrivateHandlers handlers;
static GError *incompatible;

G_DEFINE_TYPE (SpiceShareChannel, spice_share_channel, SPICE_TYPE_WEBDAV_CHANNEL)

const GError *
spice_share_channel_get_incompatible (void)
{
  return incompatible;
}

void
spice_share_channel_set_capture (SpiceShareChannel *self, Capture *capture)
{
  g_return_if_fail (SPICE_IS_SHARE_CHANNEL (self));
  g_return_if_fail (self->worker == NULL && self->capture == NULL);

  self->capture = capture_ref (capture);
  port_io_set_capture (self->io, capture);
}

/* ---- the worker ---- */

static void
on_worker_output (gpointer user_data)
{
  port_io_send (SPICE_SHARE_CHANNEL (user_data)->io);
}

/* Who is told of something here may let go of the channel. */
static void
on_worker_failed (const GError *error, gpointer user_data)
{
  g_autoptr (SpiceShareChannel) self = g_object_ref (user_data);

  spice_share_channel_report_error (self, error);
  spice_channel_disconnect (SPICE_CHANNEL (self), SPICE_CHANNEL_ERROR_IO);
}

static void
on_worker_changed (gpointer user_data)
{
  g_autoptr (SpiceShareChannel) self = g_object_ref (user_data);
  g_auto (WorkerStats) old = self->stats;

  worker_get_stats (self->worker, &self->stats);
  g_object_freeze_notify (G_OBJECT (self));
  for (guint prop = SPICE_SHARE_CHANNEL_BYTES_IN; prop <= SPICE_SHARE_CHANNEL_WIRE_BYTES_OUT;
       prop++)
    spice_share_channel_notify (self, prop);
  if (old.clients != self->stats.clients)
    spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_CLIENTS);
  if (old.requests != self->stats.requests)
    spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_REQUESTS);
  if (old.refused != self->stats.refused)
    {
      spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_REFUSED);
      spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_LAST_REFUSAL);
    }
  if (old.transfers == NULL || !g_variant_equal (old.transfers, self->stats.transfers))
    spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_TRANSFERS);
  g_object_thaw_notify (G_OBJECT (self));
  if (self->ready && self->migration != NULL)
    channel_migration_heard (self->migration, self->stats.claimed, self->stats.goes_on);
}

static void
on_clipboard_found (Share *item, gpointer token, gpointer user_data)
{
  SpiceShareChannel *self = user_data;

  if (self->worker != NULL)
    worker_clipboard_found (self->worker, token, item);
}

static void
on_worker_lookup_clipboard (const char *id, const char *name, gpointer token, gpointer user_data)
{
  SpiceShareChannel *self = user_data;
  g_autoptr (SpiceSession) session = spice_share_channel_dup_session (self);

  clipboard_lookup (self->clipboard, session, id, name, on_clipboard_found, token, self);
}

static gboolean
ensure_worker (SpiceShareChannel *self)
{
  const WorkerOps ops = {
    .output = on_worker_output,
    .failed = on_worker_failed,
    .changed = on_worker_changed,
    .lookup_clipboard = on_worker_lookup_clipboard,
  };
  g_autoptr (GError) error = NULL;

  if (self->worker != NULL)
    return TRUE;
  self->worker = worker_new (&ops, self, self->capture, &error);
  if (self->worker == NULL)
    {
      spice_share_channel_report_error (self, error);
      return FALSE;
    }
  self->clipboard = clipboard_new ();
  port_io_set_worker (self->io, self->worker);
  return TRUE;
}

/* ---- spice-gtk's events ---- */

static void
connected (SpiceShareChannel *self)
{
  g_autoptr (SpiceSession) session = spice_share_channel_dup_session (self);

  if (session == NULL || self->for_migration || self->ready || !ensure_worker (self))
    return;
  port_io_set_view_only (self->io, spice_session_get_read_only (session));
  port_io_connected (self->io);
  /* The guest's program may be in the middle of a frame. */
  worker_reset (self->worker);

  self->ready = TRUE;
  self->connected_at = g_get_real_time ();
  share_debug ("channel is up");
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_READY);
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_CONNECTED_AT);
  g_signal_emit_by_name (self, "ready");
  if (self->ready && self->wanted_path != NULL && self->share == NULL && self->opening == NULL)
    spice_share_channel_share_wanted (self);
}

static void
disconnected (SpiceShareChannel *self)
{
  gboolean was_moving = self->migration != NULL && channel_migration_lost (self->migration);

  port_io_disconnected (self->io);
  if (!self->ready)
    return;

  share_debug ("channel is down");
  self->ready = FALSE;
  self->connected_at = 0;
  self->stats.clients = 0;
  g_clear_pointer (&self->wanted_path, g_free);
  spice_share_channel_stop_serving (self);
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_READY);
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_CONNECTED_AT);
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_CLIENTS);
  if (was_moving)
    {
      g_autoptr (GError) error
          = g_error_new (SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_FAILED,
                         _ ("The shared folder was disconnected while the virtual machine moved to "
                            "another host. Close the virtual machine's window and open it again to "
                            "share the folder."));

      spice_share_channel_report_error (self, error);
    }
}

/* Nothing of ours goes on, and nothing of it begins again. */
static void
end (SpiceShareChannel *self)
{
  port_io_disconnected (self->io);
  port_io_set_worker (self->io, NULL);
  g_clear_pointer (&self->worker, worker_stop);
  g_clear_pointer (&self->clipboard, clipboard_free);
}

/* The session lets go of a channel before the channel ends, and emits nothing more for it until it
 * has: without this the guest would be served, held back and asked for without a session. */
static void
on_channel_destroy (SpiceSession *session, SpiceChannel *channel, SpiceShareChannel *self)
{
  if (channel != SPICE_CHANNEL (self))
    return;
  disconnected (self);
  end (self);
}

static void
on_view_only (SpiceSession *session, GParamSpec *pspec, SpiceShareChannel *self)
{
  gboolean view_only = spice_session_get_read_only (session);

  /* Whoever asked something meanwhile, or was being answered before, would wait for ever. */
  if (port_io_set_view_only (self->io, view_only) && !view_only && self->ready
      && self->migration != NULL)
    channel_migration_once_more (self->migration);
}

static void
spice_share_channel_channel_event (SpiceChannel *channel, SpiceChannelEvent event)
{
  SpiceShareChannel *self = SPICE_SHARE_CHANNEL (channel);
  SpiceChannelClass *parent = SPICE_CHANNEL_CLASS (spice_share_channel_parent_class);

  if (parent->channel_event != NULL)
    parent->channel_event (channel, event);
  if (self->migration != NULL && channel_migration_event (self->migration, event))
    {
      /* To everybody else the channel has been there all the time. */
      g_signal_stop_emission_by_name (channel, "channel-event");
      if (event == SPICE_CHANNEL_OPENED)
        {
          port_io_connected (self->io);
          worker_reset (self->worker);
        }
    }
  else if (event == SPICE_CHANNEL_OPENED)
    connected (self);
  else if (event != SPICE_CHANNEL_NONE && event != SPICE_CHANNEL_SWITCHING)
    disconnected (self);
}

/* The guest's side was opened or closed. Not chained: the parent would start to serve. */
static void
on_port_event (SpicePortChannel *channel, int event)
{
  SpiceShareChannel *self = SPICE_SHARE_CHANNEL (channel);

  share_debug ("port event %d", event);
  if (event == SPICE_PORT_EVENT_CLOSED && self->worker != NULL)
    worker_reset (self->worker);
}

/* Any context: the byte stream ends here, whether or not the channel comes back (a switch to
 * another host included; a seamless migration does not come here). */
static void
spice_share_channel_channel_reset (SpiceChannel *channel, gboolean migrating)
{
  SpiceShareChannel *self = SPICE_SHARE_CHANNEL (channel);
  gboolean is_writing = port_io_is_writing (self->io);

  if (!migrating)
    port_io_disconnected (self->io);
  else if (self->ready && self->migration != NULL)
    channel_migration_broke (self->migration, is_writing);
  if (self->worker != NULL)
    worker_reset (self->worker);
  /* The coroutine may be in the middle of a write, and spice-gtk would free the stream below it
   * (spice_session_migrate_end(), seen with 0.42). The connection is left to it: what is queued is
   * exchanged with the rest. */
  if (!migrating || !is_writing)
    SPICE_CHANNEL_CLASS (spice_share_channel_parent_class)->channel_reset (channel, migrating);
}

/* Coroutine context. */
static void
handle_data (SpiceChannel *channel, SpiceMsgIn *message)
{
  port_io_handle_message (SPICE_SHARE_CHANNEL (channel)->io, message, FALSE, handlers.stock_data);
}

static void
handle_compressed_data (SpiceChannel *channel, SpiceMsgIn *message)
{
  port_io_handle_message (SPICE_SHARE_CHANNEL (channel)->io, message, TRUE, handlers.stock_data);
}

static GSocket *
dup_socket (SpiceChannel *channel)
{
  GSocket *socket = NULL;

  g_object_get (channel, "socket", &socket, NULL);
  return socket;
}

static void
handle_migrate (SpiceChannel *channel, SpiceMsgIn *message)
{
  SpiceShareChannel *self = SPICE_SHARE_CHANNEL (channel);
  g_autoptr (GSocket) before = dup_socket (channel);
  g_autoptr (GSocket) after = NULL;

  port_io_handle_migrate (self->io, message, handlers.stock_migrate);
  after = dup_socket (channel);
  if (after != before && self->migration != NULL)
    channel_migration_moved (self->migration);
}

static void
spice_share_channel_channel_up (SpiceChannel *channel)
{
  SpiceShareChannel *self = SPICE_SHARE_CHANNEL (channel);
  SpiceChannelClass *parent = SPICE_CHANNEL_CLASS (spice_share_channel_parent_class);

  if (parent->channel_up != NULL)
    parent->channel_up (channel);
  if (self->migration != NULL)
    channel_migration_up (self->migration);
}

static void
on_migrating (gboolean migrating, gpointer user_data)
{
  port_io_set_migrating (SPICE_SHARE_CHANNEL (user_data)->io, migrating);
}

/* ---- the type ---- */

static void
spice_share_channel_init (SpiceShareChannel *self)
{
  self->io = port_io_new (SPICE_PORT_CHANNEL (self));
  spice_private_caps_init (&self->caps);
}

static void
spice_share_channel_constructed (GObject *object)
{
  SpiceShareChannel *self = SPICE_SHARE_CHANNEL (object);
  g_autoptr (SpiceSession) session = spice_share_channel_dup_session (self);

  self->for_migration = session != NULL && spice_session_is_for_migration (session);
  if (session != NULL)
    {
      g_signal_connect_object (session, "channel-destroy", G_CALLBACK (on_channel_destroy), self,
                               0);
      g_signal_connect_object (session, "notify::read-only", G_CALLBACK (on_view_only), self, 0);
    }
  if (session != NULL && !self->for_migration)
    self->migration = channel_migration_new (SPICE_CHANNEL (self), session, on_migrating, self);
  spice_private_caps_announce_lz4 (&self->caps, SPICE_CHANNEL (self));
  port_io_set_compression (self->io, COMPRESS_AUTO);

  /* Announces the channel to the viewer, which may connect it. */
  G_OBJECT_CLASS (spice_share_channel_parent_class)->constructed (object);
}

static void
spice_share_channel_dispose (GObject *object)
{
  SpiceShareChannel *self = SPICE_SHARE_CHANNEL (object);

  /* The parent's does not bear to run twice (P13). */
  if (self->disposed)
    return;
  self->disposed = TRUE;

  self->ready = FALSE;
  g_clear_pointer (&self->wanted_path, g_free);
  spice_share_channel_stop_serving (self);
  g_clear_pointer (&self->migration, channel_migration_free);
  end (self);
  G_OBJECT_CLASS (spice_share_channel_parent_class)->dispose (object);
}

static void
spice_share_channel_finalize (GObject *object)
{
  SpiceShareChannel *self = SPICE_SHARE_CHANNEL (object);

  g_clear_error (&self->last_error);
  worker_stats_clear (&self->stats);
  g_clear_pointer (&self->io, port_io_free);
  g_clear_pointer (&self->capture, capture_unref);
  G_OBJECT_CLASS (spice_share_channel_parent_class)->finalize (object);
}

static void
install_signals (GType type)
{
  g_signal_new ("ready", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("sharing-started", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                G_TYPE_STRING, G_TYPE_BOOLEAN);
  g_signal_new ("sharing-stopped", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("share-error", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_ERROR);
  g_signal_new_class_handler ("share-directory", type, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
                              G_CALLBACK (spice_share_channel_share_directory), NULL, NULL, NULL,
                              G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_BOOLEAN);
  g_signal_new_class_handler ("stop-sharing", type, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
                              G_CALLBACK (spice_share_channel_stop), NULL, NULL, NULL, G_TYPE_NONE,
                              0);
}

static void
spice_share_channel_class_init (SpiceShareChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  SpiceChannelClass *channel_class = SPICE_CHANNEL_CLASS (klass);
  SpiceChannelClass *port_class
      = SPICE_CHANNEL_CLASS (g_type_class_peek_static (SPICE_TYPE_PORT_CHANNEL));

  object_class->constructed = spice_share_channel_constructed;
  object_class->dispose = spice_share_channel_dispose;
  object_class->finalize = spice_share_channel_finalize;
  channel_class->channel_event = spice_share_channel_channel_event;
  channel_class->channel_reset = spice_share_channel_channel_reset;
  channel_class->channel_up = spice_share_channel_channel_up;
  /* Past SpiceWebdavChannel, whose own would feed its demultiplexer. */
  channel_class->handle_msg = port_class->handle_msg;
  g_signal_override_class_handler ("port-event", G_TYPE_FROM_CLASS (klass),
                                   G_CALLBACK (on_port_event));

  spice_share_channel_install_properties (object_class);
  install_signals (G_TYPE_FROM_CLASS (klass));
  spice_private_handlers_init (&handlers, channel_class, handle_data, handle_compressed_data,
                               handle_migrate, &incompatible);
}
