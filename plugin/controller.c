/* Makes true what the policy says; see controller.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "controller.h"

#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/vm-identity.h"
#include "policy.h"
#include "vm-settings.h"

/* A channel of the session, and what it was told. */
typedef struct
{
  ShareController *controller; /* not owned: it owns us */
  SpiceShareChannel *channel;  /* not owned: the session says when it goes */
  guint start_id;              /* the source that runs the first plan */
  gboolean started;            /* the first plan was run */
  gboolean up;
  gboolean held;       /* the viewer took it down */
  gboolean connecting; /* by us */
  gboolean opening;    /* share() has not been answered yet */
  char *dir;           /* what it was told to share last; NULL for nothing */
  ShareFlags flags;
  ShareRefusal refusal; /* the one the user was told last */
} Attachment;

struct _ShareController
{
  GObject parent;

  SpiceSession *session; /* not owned: we are its data */
  ShareSettings *settings;
  ShareVmSettings *vm;   /* NULL while nobody knows which VM it is */
  gboolean vm_overrides; /* what its override was last */
  SharePolicy *policy;
  GPtrArray *attachments;
  gboolean feeding; /* the session's properties change because we set them */
};

/* A relative folder of the viewer's command line is meant from where the viewer was started. */
static char *start_folder;

G_DEFINE_FINAL_TYPE (ShareController, share_controller, G_TYPE_OBJECT)

static void session_dir_changed (SpiceSession *session, GParamSpec *spec, ShareController *self);
static void session_ro_changed (SpiceSession *session, GParamSpec *spec, ShareController *self);
static void
session_view_only_changed (SpiceSession *session, GParamSpec *spec, ShareController *self);
static void
session_channel_destroyed (SpiceSession *session, SpiceChannel *channel, ShareController *self);
static void settings_changed (ShareSettings *settings, guint keys, ShareController *self);
static void session_uuid_changed (SpiceSession *session, GParamSpec *spec, ShareController *self);
static void find_vm (ShareController *self);

static void
attachment_free (gpointer data)
{
  Attachment *attachment = data;

  g_signal_handlers_disconnect_by_data (attachment->channel, attachment);
  g_clear_handle_id (&attachment->start_id, g_source_remove);
  g_free (attachment->dir);
  g_free (attachment);
}

/* The default of the property is computed when the class is made: ~/Public, or, where the user has
 * no such folder, the home folder itself. */
static const char *
session_default_dir (SpiceSession *session)
{
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (session), "shared-dir");

  if (!G_IS_PARAM_SPEC_STRING (spec))
    return NULL;
  return G_PARAM_SPEC_STRING (spec)->default_value;
}

static char *
session_dup_dir (SpiceSession *session)
{
  g_autofree char *dir = NULL;

  g_object_get (session, "shared-dir", &dir, NULL);
  if (dir == NULL || *dir == '\0')
    return NULL;
  return g_canonicalize_filename (dir, start_folder);
}

static void
feed_session (ShareController *self)
{
  gboolean read_only;
  const char *dir = share_policy_get_session (self->policy, &read_only);

  self->feeding = TRUE;
  g_object_set (self->session, "shared-dir", dir, "share-dir-ro", read_only, NULL);
  self->feeding = FALSE;
}

/* The settings of this VM count before the general ones, but not before an option of this process:
 * that was asked for last, and for this one. */

static gboolean
vm_counts (ShareController *self)
{
  return self->vm != NULL && share_vm_settings_get_override (self->vm)
         && !share_settings_is_overridden (self->settings);
}

static const char *
wanted_dir (ShareController *self)
{
  return vm_counts (self) ? share_vm_settings_get_dir (self->vm)
                          : share_settings_get_dir (self->settings);
}

static gboolean
wanted_read_only (ShareController *self)
{
  return vm_counts (self) ? share_vm_settings_get_read_only (self->vm)
                          : share_settings_get_read_only (self->settings);
}

static ShareController *
share_controller_new (SpiceSession *session, ShareSettings *settings)
{
  ShareController *self = g_object_new (SHARE_TYPE_CONTROLLER, NULL);
  g_autofree char *dir = session_dup_dir (session);
  gboolean read_only, view_only;

  g_object_get (session, "share-dir-ro", &read_only, "read-only", &view_only, NULL);
  self->session = session;
  self->settings = g_object_ref (settings);
  self->policy
      = share_policy_new (g_get_home_dir (), session_default_dir (session), dir, read_only);
  share_policy_view_only (self->policy, view_only);
  find_vm (self);
  if (wanted_dir (self) != NULL)
    share_policy_setting_dir (self->policy, wanted_dir (self), wanted_read_only (self));
  else
    share_policy_setting_read_only (self->policy, wanted_read_only (self));
  feed_session (self);

  g_signal_connect_object (session, "notify::shared-dir", G_CALLBACK (session_dir_changed), self,
                           0);
  g_signal_connect_object (session, "notify::share-dir-ro", G_CALLBACK (session_ro_changed), self,
                           0);
  g_signal_connect_object (session, "notify::read-only", G_CALLBACK (session_view_only_changed),
                           self, 0);
  g_signal_connect_object (session, "notify::uuid", G_CALLBACK (session_uuid_changed), self, 0);
  g_signal_connect_object (session, "channel-destroy", G_CALLBACK (session_channel_destroyed), self,
                           0);
  g_signal_connect_object (settings, "changed", G_CALLBACK (settings_changed), self, 0);
  return self;
}

static void
share_controller_finalize (GObject *object)
{
  ShareController *self = SHARE_CONTROLLER (object);

  g_ptr_array_unref (self->attachments);
  share_policy_free (self->policy);
  g_object_unref (self->settings);
  g_clear_object (&self->vm);

  G_OBJECT_CLASS (share_controller_parent_class)->finalize (object);
}

static void
share_controller_class_init (ShareControllerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = share_controller_finalize;

  start_folder = g_get_current_dir ();
}

static void
share_controller_init (ShareController *self)
{
  self->attachments = g_ptr_array_new_with_free_func (attachment_free);
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
             "folder in the viewer's preferences, or set share-dir."),
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
same_share (Attachment *attachment, const char *dir, ShareFlags flags)
{
  return attachment->dir != NULL && g_str_equal (attachment->dir, dir)
         && attachment->flags == flags;
}

static gboolean
is_sharing (Attachment *attachment)
{
  gboolean sharing;

  g_object_get (attachment->channel, "sharing", &sharing, NULL);
  return sharing;
}

/* @asked: somebody asked just now, so a folder that could not be opened the last time is tried
 * again. */
static void
carry_out (Attachment *attachment, gboolean asked)
{
  ShareController *self = attachment->controller;
  SharePlan plan = share_policy_plan (self->policy, attachment->up, attachment->held);
  ShareFlags flags = share_settings_get_flags (self->settings);

  if (!attachment->started)
    return;
  if (plan.read_only)
    flags |= SHARE_READ_ONLY;

  if (plan.dir == NULL)
    {
      if (attachment->dir != NULL)
        {
          g_clear_pointer (&attachment->dir, g_free);
          attachment->opening = FALSE;
          spice_share_channel_stop (attachment->channel);
        }
    }
  else if (!same_share (attachment, plan.dir, flags)
           || (asked && !attachment->opening && !is_sharing (attachment)))
    {
      g_free (attachment->dir);
      attachment->dir = g_strdup (plan.dir);
      attachment->flags = flags;
      attachment->opening = TRUE;
      spice_share_channel_share (attachment->channel, attachment->dir, flags);
    }

  if (plan.refusal != SHARE_REFUSAL_NONE && (asked || plan.refusal != attachment->refusal))
    {
      g_autoptr (GError) error = refusal_error (plan.refusal, plan.refused_dir);

      attachment->refusal = plan.refusal;
      spice_share_channel_fail (attachment->channel, error);
    }
  attachment->refusal = plan.refusal;

  /* Nothing says that the viewer took the channel down before it was up, so each wish connects it.
   * Connecting one that is being connected does nothing. */
  if (plan.connect && (asked || !attachment->connecting))
    {
      attachment->connecting = TRUE;
      if (!spice_channel_connect (SPICE_CHANNEL (attachment->channel)))
        attachment->connecting = FALSE;
    }
}

static void
carry_out_all (ShareController *self, gboolean asked)
{
  for (guint i = 0; i < self->attachments->len; i++)
    carry_out (g_ptr_array_index (self->attachments, i), asked);
}

/* The session changed */

static void
session_dir_changed (SpiceSession *session, GParamSpec *spec, ShareController *self)
{
  g_autofree char *dir = NULL;

  if (self->feeding)
    return;
  dir = session_dup_dir (session);
  share_policy_session_dir (self->policy, dir);
  carry_out_all (self, TRUE);
}

static void
session_ro_changed (SpiceSession *session, GParamSpec *spec, ShareController *self)
{
  gboolean read_only;

  if (self->feeding)
    return;
  g_object_get (session, "share-dir-ro", &read_only, NULL);
  share_policy_session_read_only (self->policy, read_only);
  carry_out_all (self, FALSE);
}

static void
session_view_only_changed (SpiceSession *session, GParamSpec *spec, ShareController *self)
{
  gboolean view_only;

  g_object_get (session, "read-only", &view_only, NULL);
  share_policy_view_only (self->policy, view_only);
  carry_out_all (self, FALSE);
}

static Attachment *
find_attachment (ShareController *self, gpointer channel, guint *index)
{
  for (guint i = 0; i < self->attachments->len; i++)
    {
      Attachment *attachment = g_ptr_array_index (self->attachments, i);

      if ((gpointer)attachment->channel == channel)
        {
          *index = i;
          return attachment;
        }
    }
  return NULL;
}

/* Comes before the session disconnects the channel, so the end of a connection is not taken for the
 * viewer's wish to share no more. */
static void
session_channel_destroyed (SpiceSession *session, SpiceChannel *channel, ShareController *self)
{
  guint index;

  if (find_attachment (self, channel, &index) != NULL)
    g_ptr_array_remove_index (self->attachments, index);
}

/* The settings changed */

static void
wanted_dir_changed (ShareController *self)
{
  share_policy_setting_dir (self->policy, wanted_dir (self), wanted_read_only (self));
  for (guint i = 0; i < self->attachments->len; i++)
    ((Attachment *)g_ptr_array_index (self->attachments, i))->held = FALSE;
}

static void
settings_changed (ShareSettings *settings, guint keys, ShareController *self)
{
  if (vm_counts (self))
    keys &= ~(SHARE_SETTINGS_DIR | SHARE_SETTINGS_READ_ONLY);

  if ((keys & SHARE_SETTINGS_DIR) != 0)
    wanted_dir_changed (self);
  else if ((keys & SHARE_SETTINGS_READ_ONLY) != 0)
    share_policy_setting_read_only (self->policy, wanted_read_only (self));

  if ((keys & (SHARE_SETTINGS_DIR | SHARE_SETTINGS_READ_ONLY)) != 0)
    feed_session (self);
  if ((keys & SHARE_SETTINGS_COMPRESSION) != 0)
    for (guint i = 0; i < self->attachments->len; i++)
      g_object_set (((Attachment *)g_ptr_array_index (self->attachments, i))->channel,
                    "compression", share_settings_get_compression (settings), NULL);
  carry_out_all (self, (keys & SHARE_SETTINGS_DIR) != 0);
}

/* A wish for this VM is later than the option the process was started with. */
static void
vm_settings_changed (ShareVmSettings *vm, ShareController *self)
{
  gboolean did_override = self->vm_overrides;

  self->vm_overrides = share_vm_settings_get_override (vm);
  if (!did_override && !self->vm_overrides)
    return;
  share_settings_drop_override (self->settings);
  wanted_dir_changed (self);
  feed_session (self);
  carry_out_all (self, TRUE);
}

static void
find_vm (ShareController *self)
{
  g_autofree char *name = NULL;
  g_autofree char *uuid = NULL;

  g_clear_object (&self->vm);
  self->vm_overrides = FALSE;
  vm_identity_read (G_OBJECT (self->session), &name, &uuid);
  if (uuid == NULL)
    return;
  self->vm = share_vm_settings_new (uuid);
  if (self->vm == NULL)
    return;
  self->vm_overrides = share_vm_settings_get_override (self->vm);
  g_signal_connect_object (self->vm, "changed", G_CALLBACK (vm_settings_changed), self, 0);
}

/* The server says which VM it is before it lists the channels; a session that connects again may
 * show another one. */
static void
session_uuid_changed (SpiceSession *session, GParamSpec *spec, ShareController *self)
{
  gboolean counted = vm_counts (self);

  find_vm (self);
  if (!counted && !vm_counts (self))
    return;
  wanted_dir_changed (self);
  feed_session (self);
  carry_out_all (self, TRUE);
}

/* The channel speaks */

static void
went_down (Attachment *attachment)
{
  attachment->up = FALSE;
  attachment->held = TRUE;
  attachment->connecting = FALSE;
  attachment->opening = FALSE;
  attachment->refusal = SHARE_REFUSAL_NONE;
  g_clear_pointer (&attachment->dir, g_free);
}

static void
channel_ready_changed (SpiceShareChannel *channel, GParamSpec *spec, Attachment *attachment)
{
  gboolean ready;

  g_object_get (channel, "ready", &ready, NULL);
  if (!ready && attachment->up)
    went_down (attachment);
}

static void
channel_ready (SpiceShareChannel *channel, Attachment *attachment)
{
  gboolean by_viewer = !attachment->connecting;

  attachment->up = TRUE;
  attachment->held = FALSE;
  attachment->connecting = FALSE;
  share_policy_channel_up (attachment->controller->policy, by_viewer);
  carry_out (attachment, TRUE);
}

/* A connection that fails before the channel is up says so here only. */
static void
channel_event (SpiceChannel *channel, SpiceChannelEvent event, Attachment *attachment)
{
  if (event != SPICE_CHANNEL_NONE && event != SPICE_CHANNEL_OPENED
      && event != SPICE_CHANNEL_SWITCHING)
    went_down (attachment);
}

static void
channel_answered (SpiceShareChannel *channel, const char *path, gboolean ro, Attachment *attachment)
{
  attachment->opening = FALSE;
}

static void
channel_error (SpiceShareChannel *channel, const GError *error, Attachment *attachment)
{
  attachment->opening = FALSE;
}

/* The action signals are wishes, and wishes are judged here: the session is to know of them, and
 * the settings' flags hold for them too. So the channel's own answer to them does not run. */

static void
channel_asked (SpiceShareChannel *channel, const char *path, gboolean ro, Attachment *attachment)
{
  ShareController *self = attachment->controller;

  g_signal_stop_emission_by_name (channel, "share-directory");
  share_policy_ask (self->policy, path, ro);
  feed_session (self);
  attachment->held = FALSE;
  carry_out_all (self, TRUE);
}

static void
channel_asked_stop (SpiceShareChannel *channel, Attachment *attachment)
{
  ShareController *self = attachment->controller;

  g_signal_stop_emission_by_name (channel, "stop-sharing");
  share_policy_ask_stop (self->policy);
  carry_out_all (self, FALSE);
}

/* The viewer has finished with `channel-new` when this runs, and may have connected the channel
 * itself: connecting once more does nothing then. */
static gboolean
start (gpointer data)
{
  Attachment *attachment = data;

  attachment->start_id = 0;
  attachment->started = TRUE;
  carry_out (attachment, TRUE);
  return G_SOURCE_REMOVE;
}

void
share_controller_attach (SpiceShareChannel *channel, ShareSettings *settings)
{
  g_autoptr (GObject) session = NULL;
  ShareController *self;
  Attachment *attachment;

  g_object_get (channel, "spice-session", &session, NULL);
  self = g_object_get_data (session, "spice-share-controller");
  if (self == NULL)
    {
      self = share_controller_new (SPICE_SESSION (session), settings);
      g_object_set_data_full (session, "spice-share-controller", self, g_object_unref);
    }

  attachment = g_new0 (Attachment, 1);
  attachment->controller = self;
  attachment->channel = channel;
  g_ptr_array_add (self->attachments, attachment);

  g_object_set (channel, "compression", share_settings_get_compression (settings), NULL);
  g_signal_connect (channel, "ready", G_CALLBACK (channel_ready), attachment);
  g_signal_connect (channel, "notify::ready", G_CALLBACK (channel_ready_changed), attachment);
  g_signal_connect (channel, "channel-event", G_CALLBACK (channel_event), attachment);
  g_signal_connect (channel, "sharing-started", G_CALLBACK (channel_answered), attachment);
  g_signal_connect (channel, "share-error", G_CALLBACK (channel_error), attachment);
  g_signal_connect (channel, "share-directory", G_CALLBACK (channel_asked), attachment);
  g_signal_connect (channel, "stop-sharing", G_CALLBACK (channel_asked_stop), attachment);

  attachment->start_id = g_idle_add_full (G_PRIORITY_DEFAULT, start, attachment, NULL);
}
