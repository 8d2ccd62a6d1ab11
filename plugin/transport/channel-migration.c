/* See channel-migration.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "transport/channel-migration.h"

#include "base/log.h"

/* Where a session keeps the one that spice-gtk made for its migration, as a GWeakRef. */
#define SESSION_KEY "spice-share-migration"

/* How long the guest's port stays closed, in ms: a guest that is told of both at once does not wake
 * the daemon. */
#define ONCE_MORE_PAUSE 1500

/* Of the connection that is made once more. */
typedef enum
{
  ONCE_MORE_NO,
  ONCE_MORE_WANTED,     /* as soon as the channel is up at the destination */
  ONCE_MORE_CLOSING,    /* the next end of the connection is ours */
  ONCE_MORE_CONNECTING, /* and so is the next beginning */
} OnceMore;

struct _ChannelMigration
{
  SpiceChannel *channel; /* (unowned): owns us */
  SpiceSession *session; /* (unowned) (nullable): while it lives */
  ChannelMigrationFunc changed;
  gpointer user_data;
  gulong state_id;

  gboolean migrating; /* announced, and the channel has not moved yet */
  OnceMore once_more;
  gboolean is_writing;
  guint step_id; /* the source of the next step */

  guint n_goes_on; /* connections in a row that were closed again */
};

static void
on_migration_state (SpiceSession *session, GParamSpec *spec, ChannelMigration *self)
{
  SpiceSessionMigration state;

  g_object_get (session, "migration-state", &state, NULL);
  self->migrating = state == SPICE_SESSION_MIGRATION_MIGRATING;
  self->changed (self->migrating, self->user_data);
}

ChannelMigration *
channel_migration_new (SpiceChannel *channel,
                       SpiceSession *session,
                       ChannelMigrationFunc changed,
                       gpointer user_data)
{
  ChannelMigration *self = g_new0 (ChannelMigration, 1);

  self->channel = channel;
  self->session = session;
  self->changed = changed;
  self->user_data = user_data;
  g_object_add_weak_pointer (G_OBJECT (session), (gpointer *)&self->session);
  self->state_id = g_signal_connect (session, "notify::migration-state",
                                     G_CALLBACK (on_migration_state), self);
  return self;
}

void
channel_migration_free (ChannelMigration *self)
{
  g_clear_handle_id (&self->step_id, g_source_remove);
  if (self->session != NULL)
    {
      g_signal_handler_disconnect (self->session, self->state_id);
      g_object_remove_weak_pointer (G_OBJECT (self->session), (gpointer *)&self->session);
    }
  g_free (self);
}

void
channel_migration_moved (ChannelMigration *self)
{
  self->migrating = FALSE;
}

/* ---- semi-seamless: once more ---- */

static gboolean
step (gpointer user_data)
{
  ChannelMigration *self = user_data;

  self->step_id = 0;
  if (self->once_more == ONCE_MORE_CLOSING)
    spice_channel_disconnect (self->channel, SPICE_CHANNEL_NONE);
  else if (self->once_more == ONCE_MORE_CONNECTING && !spice_channel_connect (self->channel))
    self->once_more = ONCE_MORE_NO;
  return G_SOURCE_REMOVE;
}

static void
step_after (ChannelMigration *self, guint milliseconds)
{
  g_clear_handle_id (&self->step_id, g_source_remove);
  self->step_id = g_timeout_add (milliseconds, step, self);
}

void
channel_migration_broke (ChannelMigration *self, gboolean is_writing)
{
  share_debug ("the stream broke off for a migration");
  self->once_more = ONCE_MORE_WANTED;
  self->is_writing = is_writing;
}

void
channel_migration_up (ChannelMigration *self)
{
  if (self->once_more != ONCE_MORE_WANTED)
    return;
  self->once_more = ONCE_MORE_CLOSING;
  /* A coroutine in the middle of a write must not go on with it here. One that waits for the end of
   * the migration must see it first: a disconnect would take away what wakes it. */
  if (self->is_writing)
    spice_channel_disconnect (self->channel, SPICE_CHANNEL_NONE);
  else
    step_after (self, 0);
}

void
channel_migration_once_more (ChannelMigration *self)
{
  if (self->migrating || self->once_more != ONCE_MORE_NO)
    return;
  self->once_more = ONCE_MORE_CLOSING;
  spice_channel_disconnect (self->channel, SPICE_CHANNEL_NONE);
}

/* ---- a daemon that goes on ---- */

void
channel_migration_heard (ChannelMigration *self, gboolean claimed, gboolean goes_on)
{
  if (claimed)
    self->n_goes_on = 0;
  if (!goes_on || self->migrating || self->once_more != ONCE_MORE_NO
      || self->n_goes_on == CHANNEL_MIGRATION_GOES_ON_MAX)
    return;
  share_debug ("the guest's daemon goes on with what was before this connection");
  self->n_goes_on++;
  channel_migration_once_more (self);
}

gboolean
channel_migration_event (ChannelMigration *self, SpiceChannelEvent event)
{
  OnceMore once_more = self->once_more;

  if (once_more == ONCE_MORE_CLOSING && event == SPICE_CHANNEL_CLOSED)
    {
      self->once_more = ONCE_MORE_CONNECTING;
      step_after (self, ONCE_MORE_PAUSE);
      return TRUE;
    }
  if (once_more == ONCE_MORE_CONNECTING && event != SPICE_CHANNEL_NONE)
    self->once_more = ONCE_MORE_NO;
  return once_more == ONCE_MORE_CONNECTING && event == SPICE_CHANNEL_OPENED;
}

/* ---- seamless: lost on the way ---- */

static void
weak_ref_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

/* A session was copied for a migration: keep where to find the copy. */
static gboolean
on_migration_started (GSignalInvocationHint *hint,
                      guint n,
                      const GValue *params,
                      gpointer user_data)
{
  g_autoptr (GObject) session = NULL;
  GWeakRef *copy = g_new0 (GWeakRef, 1);

  g_object_get (g_value_get_object (params), "spice-session", &session, NULL);
  g_weak_ref_init (copy, g_value_get_object (params + 1));
  g_object_set_data_full (session, SESSION_KEY, copy, weak_ref_free);
  return G_SOURCE_CONTINUE;
}

void
channel_migration_install (void)
{
  g_type_class_ref (SPICE_TYPE_MAIN_CHANNEL);
  g_signal_add_emission_hook (g_signal_lookup ("migration-started", SPICE_TYPE_MAIN_CHANNEL), 0,
                              on_migration_started, NULL, NULL);
}

/* What waits at the destination to take this channel's place. */
static SpiceChannel *
find_prepared (ChannelMigration *self)
{
  GWeakRef *ref
      = self->session == NULL ? NULL : g_object_get_data (G_OBJECT (self->session), SESSION_KEY);
  g_autoptr (GObject) copy = ref == NULL ? NULL : g_weak_ref_get (ref);
  g_autoptr (GList) channels = NULL;
  int type, id;

  if (copy == NULL)
    return NULL;
  g_object_get (self->channel, "channel-type", &type, "channel-id", &id, NULL);
  channels = spice_session_get_channels (SPICE_SESSION (copy));
  for (GList *l = channels; l != NULL; l = l->next)
    {
      int other_type, other_id;

      g_object_get (l->data, "channel-type", &other_type, "channel-id", &other_id, NULL);
      if (other_type == type && other_id == id)
        return l->data;
    }
  return NULL;
}

gboolean
channel_migration_lost (ChannelMigration *self)
{
  gboolean lost = self->migrating;
  SpiceChannel *prepared = NULL;

  /* A semi-seamless migration still needs what is prepared. */
  if (lost && self->once_more != ONCE_MORE_WANTED)
    prepared = find_prepared (self);
  self->migrating = FALSE;
  self->once_more = ONCE_MORE_NO;
  self->n_goes_on = 0;
  if (prepared != NULL)
    spice_channel_disconnect (prepared, SPICE_CHANNEL_NONE);
  return lost;
}
