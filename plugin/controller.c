/* Makes true what the policy says; see controller.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "controller.h"

#include "attachment.h"
#include "base/vm-identity.h"
#include "policy.h"
#include "vm-settings.h"

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
  self->attachments = g_ptr_array_new_with_free_func ((GDestroyNotify)attachment_free);
}

static void
carry_out_all (ShareController *self, gboolean asked)
{
  for (guint i = 0; i < self->attachments->len; i++)
    attachment_carry_out (g_ptr_array_index (self->attachments, i), asked);
}

/* A person asked on one of the channels. */
static void
channel_asked (gboolean to_share, gpointer user_data)
{
  ShareController *self = user_data;

  if (to_share)
    feed_session (self);
  carry_out_all (self, to_share);
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

      if ((gpointer)attachment_get_channel (attachment) == channel)
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
    attachment_forget_held (g_ptr_array_index (self->attachments, i));
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
      g_object_set (attachment_get_channel (g_ptr_array_index (self->attachments, i)),
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

void
share_controller_attach (SpiceShareChannel *channel, ShareSettings *settings)
{
  g_autoptr (GObject) session = NULL;
  ShareController *self;

  g_object_get (channel, "spice-session", &session, NULL);
  self = g_object_get_data (session, "spice-share-controller");
  if (self == NULL)
    {
      self = share_controller_new (SPICE_SESSION (session), settings);
      g_object_set_data_full (session, "spice-share-controller", self, g_object_unref);
    }

  g_object_set (channel, "compression", share_settings_get_compression (settings), NULL);
  g_ptr_array_add (self->attachments,
                   attachment_new (channel, self->policy, self->settings, channel_asked, self));
}
