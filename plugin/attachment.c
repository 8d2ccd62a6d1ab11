/* Makes true of one channel what the policy says; see attachment.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "attachment.h"

#include <glib/gi18n-lib.h>

#include "base/error.h"

struct _Attachment
{
  SpiceShareChannel *channel; /* not owned: the session says when it goes */
  SharePolicy *policy;        /* not owned: the session's */
  ShareSettings *settings;    /* not owned: the session's */
  AttachmentAsked asked_func;
  gpointer user_data;
  guint start_id;   /* the source that runs the first plan */
  gboolean started; /* the first plan was run */
  gboolean up;
  gboolean held;       /* the viewer took it down */
  gboolean connecting; /* by us */
  gboolean opening;    /* share() has not been answered yet */
  char *dir;           /* what it was told to share last; NULL for nothing */
  ShareFlags flags;
  ShareRefusal refusal; /* the one the user was told last */
};

static void channel_ready (SpiceShareChannel *channel, Attachment *self);
static void channel_ready_changed (SpiceShareChannel *channel, GParamSpec *spec, Attachment *self);
static void channel_event (SpiceChannel *channel, SpiceChannelEvent event, Attachment *self);
static void
channel_answered (SpiceShareChannel *channel, const char *path, gboolean ro, Attachment *self);
static void channel_error (SpiceShareChannel *channel, const GError *error, Attachment *self);
static void
channel_asked (SpiceShareChannel *channel, const char *path, gboolean ro, Attachment *self);
static void channel_asked_stop (SpiceShareChannel *channel, Attachment *self);
static gboolean start (gpointer data);

Attachment *
attachment_new (SpiceShareChannel *channel,
                SharePolicy *policy,
                ShareSettings *settings,
                AttachmentAsked asked,
                gpointer user_data)
{
  Attachment *self = g_new0 (Attachment, 1);

  self->channel = channel;
  self->policy = policy;
  self->settings = settings;
  self->asked_func = asked;
  self->user_data = user_data;

  g_signal_connect (channel, "ready", G_CALLBACK (channel_ready), self);
  g_signal_connect (channel, "notify::ready", G_CALLBACK (channel_ready_changed), self);
  g_signal_connect (channel, "channel-event", G_CALLBACK (channel_event), self);
  g_signal_connect (channel, "sharing-started", G_CALLBACK (channel_answered), self);
  g_signal_connect (channel, "share-error", G_CALLBACK (channel_error), self);
  g_signal_connect (channel, "share-directory", G_CALLBACK (channel_asked), self);
  g_signal_connect (channel, "stop-sharing", G_CALLBACK (channel_asked_stop), self);

  self->start_id = g_idle_add_full (G_PRIORITY_DEFAULT, start, self, NULL);
  return self;
}

void
attachment_free (Attachment *self)
{
  g_signal_handlers_disconnect_by_data (self->channel, self);
  g_clear_handle_id (&self->start_id, g_source_remove);
  g_free (self->dir);
  g_free (self);
}

SpiceShareChannel *
attachment_get_channel (Attachment *self)
{
  return self->channel;
}

void
attachment_forget_held (Attachment *self)
{
  self->held = FALSE;
}

static GError *
refusal_error (ShareRefusal refusal, const char *dir)
{
  switch (refusal)
    {
    case SHARE_REFUSAL_VIEW_ONLY:
      return spice_share_error_new_view_only ();
    case SHARE_REFUSAL_UNCHOSEN:
      return g_error_new (
          SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_REFUSED,
          _ ("“%s” is not shared as a whole unless you choose it yourself. Choose a "
             "folder in the viewer's preferences, or run “spice-share set FOLDER”."),
          dir);
    case SHARE_REFUSAL_RELATIVE:
      return g_error_new (SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_FAILED,
                          _ ("“%s” cannot be shared: write the whole path, beginning with “/” or "
                             "“~/”."),
                          dir);
    case SHARE_REFUSAL_NONE:
      break;
    }
  g_return_val_if_reached (NULL);
}

static gboolean
same_share (Attachment *self, const char *dir, ShareFlags flags)
{
  return self->dir != NULL && g_str_equal (self->dir, dir) && self->flags == flags;
}

static gboolean
is_sharing (Attachment *self)
{
  gboolean sharing;

  g_object_get (self->channel, "sharing", &sharing, NULL);
  return sharing;
}

void
attachment_carry_out (Attachment *self, gboolean asked)
{
  SharePlan plan = share_policy_plan (self->policy, self->up, self->held);
  ShareFlags flags = share_settings_get_flags (self->settings);

  if (!self->started)
    return;
  if (plan.read_only)
    flags |= SHARE_READ_ONLY;

  if (plan.dir == NULL)
    {
      if (self->dir != NULL)
        {
          g_clear_pointer (&self->dir, g_free);
          self->opening = FALSE;
          spice_share_channel_stop (self->channel);
        }
    }
  else if (!same_share (self, plan.dir, flags) || (asked && !self->opening && !is_sharing (self)))
    {
      g_free (self->dir);
      self->dir = g_strdup (plan.dir);
      self->flags = flags;
      self->opening = TRUE;
      spice_share_channel_share (self->channel, self->dir, flags);
    }

  if (plan.refusal != SHARE_REFUSAL_NONE && (asked || plan.refusal != self->refusal))
    {
      g_autoptr (GError) error = refusal_error (plan.refusal, plan.refused_dir);

      self->refusal = plan.refusal;
      spice_share_channel_report_error (self->channel, error);
    }
  self->refusal = plan.refusal;

  /* Nothing says that the viewer took the channel down before it was up, so each wish connects it.
   * Connecting one that is being connected does nothing. */
  if (plan.connect && (asked || !self->connecting))
    {
      self->connecting = TRUE;
      if (!spice_channel_connect (SPICE_CHANNEL (self->channel)))
        self->connecting = FALSE;
    }
}

/* The channel speaks */

static void
went_down (Attachment *self)
{
  self->up = FALSE;
  self->held = TRUE;
  self->connecting = FALSE;
  self->opening = FALSE;
  self->refusal = SHARE_REFUSAL_NONE;
  g_clear_pointer (&self->dir, g_free);
}

static void
channel_ready_changed (SpiceShareChannel *channel, GParamSpec *spec, Attachment *self)
{
  gboolean ready;

  g_object_get (channel, "ready", &ready, NULL);
  if (!ready && self->up)
    went_down (self);
}

static void
channel_ready (SpiceShareChannel *channel, Attachment *self)
{
  gboolean by_viewer = !self->connecting;

  self->up = TRUE;
  self->held = FALSE;
  self->connecting = FALSE;
  share_policy_channel_up (self->policy, by_viewer);
  attachment_carry_out (self, TRUE);
}

/* A connection that fails before the channel is up says so here only. */
static void
channel_event (SpiceChannel *channel, SpiceChannelEvent event, Attachment *self)
{
  if (event != SPICE_CHANNEL_NONE && event != SPICE_CHANNEL_OPENED
      && event != SPICE_CHANNEL_SWITCHING)
    went_down (self);
}

static void
channel_answered (SpiceShareChannel *channel, const char *path, gboolean ro, Attachment *self)
{
  self->opening = FALSE;
}

static void
channel_error (SpiceShareChannel *channel, const GError *error, Attachment *self)
{
  self->opening = FALSE;
}

/* The action signals are wishes, and wishes are judged here: the session is to know of them, and
 * the settings' flags hold for them too. So the channel's own answer to them does not run. */

static void
channel_asked (SpiceShareChannel *channel, const char *path, gboolean ro, Attachment *self)
{
  g_signal_stop_emission_by_name (channel, "share-directory");
  share_policy_ask (self->policy, path, ro);
  self->held = FALSE;
  self->asked_func (TRUE, self->user_data);
}

static void
channel_asked_stop (SpiceShareChannel *channel, Attachment *self)
{
  g_signal_stop_emission_by_name (channel, "stop-sharing");
  share_policy_ask_stop (self->policy);
  self->asked_func (FALSE, self->user_data);
}

/* The viewer has finished with `channel-new` when this runs, and may have connected the channel
 * itself: connecting once more does nothing then. */
static gboolean
start (gpointer data)
{
  Attachment *self = data;

  self->start_id = 0;
  self->started = TRUE;
  attachment_carry_out (self, TRUE);
  return G_SOURCE_REMOVE;
}
