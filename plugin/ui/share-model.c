/* The channel's properties, copied once per turn of the main loop; see share-model.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/share-model.h"

#include "base/vm-identity.h"

/* A start or end that comes later than this after a person's click is news again. */
#define EXPECTED_FOR_US (5 * G_USEC_PER_SEC)

struct _ShareUiModel
{
  GObject parent_instance;

  /* Alive, newest first; weak. */
  GList *channels;
  GList *sessions;
  gboolean has_session;

  ShareSnapshot snapshot;
  gint64 settled_at;

  /* Monotonic time of the last share_ui_model_expect(), 0 = none. */
  gint64 expected_at;

  guint refresh_source;
};

G_DEFINE_FINAL_TYPE (ShareUiModel, share_ui_model, G_TYPE_OBJECT)

enum
{
  SIGNAL_CHANGED,
  SIGNAL_EVENT,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void channel_gone (gpointer user_data, GObject *where_it_was);
static void session_gone (gpointer user_data, GObject *where_it_was);

ShareUiModel *
share_ui_model_new (void)
{
  return g_object_new (SHARE_UI_TYPE_MODEL, NULL);
}

static void
share_ui_model_dispose (GObject *object)
{
  ShareUiModel *self = SHARE_UI_MODEL (object);

  g_clear_handle_id (&self->refresh_source, g_source_remove);
  while (self->channels != NULL)
    {
      GObject *channel = self->channels->data;

      self->channels = g_list_delete_link (self->channels, self->channels);
      g_signal_handlers_disconnect_by_data (channel, self);
      g_object_weak_unref (channel, channel_gone, self);
    }
  for (GList *l = self->sessions; l != NULL; l = l->next)
    g_object_weak_unref (l->data, session_gone, self);
  g_clear_list (&self->sessions, NULL);

  G_OBJECT_CLASS (share_ui_model_parent_class)->dispose (object);
}

static void
share_ui_model_finalize (GObject *object)
{
  ShareUiModel *self = SHARE_UI_MODEL (object);

  g_assert (self->channels == NULL);
  share_snapshot_clear (&self->snapshot);

  G_OBJECT_CLASS (share_ui_model_parent_class)->finalize (object);
}

static void
share_ui_model_class_init (ShareUiModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = share_ui_model_dispose;
  object_class->finalize = share_ui_model_finalize;

  signals[SIGNAL_CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_EVENT] = g_signal_new ("event", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
share_ui_model_init (ShareUiModel *self)
{
}

static void
read_channel (ShareUiModel *self, GObject *channel, ShareSnapshot *snapshot)
{
  g_autoptr (GObject) session = NULL;

  snapshot->present = TRUE;
  snapshot->settled_at = self->settled_at;
  g_object_get (channel, "ready", &snapshot->ready, "port-opened", &snapshot->guest_open, "sharing",
                &snapshot->sharing, "shared-dir", &snapshot->dir, "read-only", &snapshot->read_only,
                "connected-at", &snapshot->connected_at, "last-error", &snapshot->error,
                "last-error-at", &snapshot->error_at, "bytes-in", &snapshot->bytes_in, "bytes-out",
                &snapshot->bytes_out, "wire-bytes-in", &snapshot->wire_bytes_in, "wire-bytes-out",
                &snapshot->wire_bytes_out, "clients", &snapshot->clients, "requests",
                &snapshot->requests, "refused", &snapshot->refused, "last-refusal",
                &snapshot->last_refusal, "transfers", &snapshot->transfers, "spice-session",
                &session, NULL);
  vm_identity_read (session, &snapshot->vm_name, &snapshot->vm_uuid);
}

void
share_ui_model_read (ShareUiModel *self, ShareSnapshot *snapshot)
{
  *snapshot = (ShareSnapshot){ 0 };
  if (self->channels != NULL)
    read_channel (self, self->channels->data, snapshot);
}

static gboolean
refresh (gpointer user_data)
{
  ShareUiModel *self = user_data;

  self->refresh_source = 0;
  share_snapshot_clear (&self->snapshot);
  share_ui_model_read (self, &self->snapshot);
  self->has_session = self->sessions != NULL;
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
  return G_SOURCE_REMOVE;
}

static void
queue_refresh (ShareUiModel *self)
{
  if (self->refresh_source == 0)
    self->refresh_source = g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, refresh, self, NULL);
}

static void
on_notify (GObject *object, GParamSpec *pspec, ShareUiModel *self)
{
  queue_refresh (self);
}

static void
on_started (GObject *channel, const char *dir, gboolean read_only, ShareUiModel *self)
{
  self->settled_at = g_get_real_time ();
  queue_refresh (self);
  g_signal_emit (self, signals[SIGNAL_EVENT], 0, SHARE_UI_EVENT_STARTED);
}

static void
on_stopped (GObject *channel, ShareUiModel *self)
{
  gboolean ready;

  g_object_get (channel, "ready", &ready, NULL);
  if (ready)
    g_signal_emit (self, signals[SIGNAL_EVENT], 0, SHARE_UI_EVENT_STOPPED);
}

static void
on_error (GObject *channel, const GError *error, ShareUiModel *self)
{
  queue_refresh (self);
  g_signal_emit (self, signals[SIGNAL_EVENT], 0, SHARE_UI_EVENT_FAILED);
}

static void
channel_gone (gpointer user_data, GObject *where_it_was)
{
  ShareUiModel *self = user_data;

  self->channels = g_list_remove (self->channels, where_it_was);
  queue_refresh (self);
}

static void
session_gone (gpointer user_data, GObject *where_it_was)
{
  ShareUiModel *self = user_data;

  self->sessions = g_list_remove (self->sessions, where_it_was);
  queue_refresh (self);
}

void
share_ui_model_add_session (ShareUiModel *self, GObject *session)
{
  if (g_list_find (self->sessions, session) != NULL)
    return;

  self->sessions = g_list_prepend (self->sessions, session);
  g_object_weak_ref (session, session_gone, self);
  queue_refresh (self);
}

gboolean
share_ui_model_has_session (ShareUiModel *self)
{
  return self->has_session;
}

void
share_ui_model_add_channel (ShareUiModel *self, GObject *channel)
{
  g_autoptr (GObject) session = NULL;

  if (g_list_find (self->channels, channel) != NULL)
    return;

  self->channels = g_list_prepend (self->channels, channel);
  g_object_weak_ref (channel, channel_gone, self);
  g_signal_connect (channel, "notify", G_CALLBACK (on_notify), self);
  g_signal_connect (channel, "sharing-started", G_CALLBACK (on_started), self);
  g_signal_connect (channel, "sharing-stopped", G_CALLBACK (on_stopped), self);
  g_signal_connect (channel, "share-error", G_CALLBACK (on_error), self);

  /* The VM's name and UUID arrive later than the channel. */
  g_object_get (channel, "spice-session", &session, NULL);
  if (session != NULL)
    {
      g_signal_connect_object (session, "notify::name", G_CALLBACK (on_notify), self, 0);
      g_signal_connect_object (session, "notify::uuid", G_CALLBACK (on_notify), self, 0);
    }
  queue_refresh (self);
}

const ShareSnapshot *
share_ui_model_get_snapshot (ShareUiModel *self)
{
  return &self->snapshot;
}

void
share_ui_model_share (ShareUiModel *self, const char *dir, gboolean read_only)
{
  if (self->channels == NULL)
    return;
  share_ui_model_expect (self);
  g_signal_emit_by_name (self->channels->data, "share-directory", dir, read_only);
}

void
share_ui_model_stop (ShareUiModel *self)
{
  if (self->channels == NULL)
    return;
  share_ui_model_expect (self);
  g_signal_emit_by_name (self->channels->data, "stop-sharing");
}

void
share_ui_model_expect (ShareUiModel *self)
{
  self->expected_at = g_get_monotonic_time ();
  /* Whatever went wrong before, a person has decided since. */
  self->settled_at = g_get_real_time ();
  queue_refresh (self);
}

gboolean
share_ui_model_is_expected (ShareUiModel *self)
{
  return self->expected_at != 0 && g_get_monotonic_time () - self->expected_at < EXPECTED_FOR_US;
}
