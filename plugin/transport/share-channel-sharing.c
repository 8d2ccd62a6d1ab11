/* See share-channel.h. What the channel shares: opened, served, taken away again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "base/error.h"
#include "transport/share-channel-private.h"

SpiceSession *
spice_share_channel_dup_session (SpiceShareChannel *self)
{
  SpiceSession *session = NULL;

  g_object_get (self, "spice-session", &session, NULL);
  return session;
}

void
spice_share_channel_report_error (SpiceShareChannel *self, const GError *error)
{
  g_clear_error (&self->last_error);
  self->last_error = g_error_copy (error);
  self->last_error_at = g_get_real_time ();
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_LAST_ERROR);
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_LAST_ERROR_AT);
  g_signal_emit_by_name (self, "share-error", error);
}

void
spice_share_channel_stop_serving (SpiceShareChannel *self)
{
  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
  if (self->share == NULL)
    return;

  if (self->worker != NULL)
    worker_set_share (self->worker, NULL);
  share_close (self->share);
  g_clear_pointer (&self->share, share_unref);
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_SHARING);
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_SHARED_DIR);
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_READ_ONLY);
  g_signal_emit_by_name (self, "sharing-stopped");
}

static void
on_share_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SpiceShareChannel) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (Share) share = share_open_finish (result, &error);

  /* Another folder was asked for since, or none. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->opening);
  spice_share_channel_stop_serving (self);
  /* Whoever heard of that may have ended the channel, if it has not ended before. */
  if (self->worker == NULL)
    {
      if (share != NULL)
        share_close (share);
      return;
    }
  if (share == NULL)
    {
      spice_share_channel_report_error (self, error);
      return;
    }
  self->share = share_ref (share);
  worker_set_share (self->worker, share);
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_SHARING);
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_SHARED_DIR);
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_READ_ONLY);
  if (self->share == share)
    g_signal_emit_by_name (self, "sharing-started", share_get_path (share),
                           share_is_read_only (share));
}

void
spice_share_channel_share_wanted (SpiceShareChannel *self)
{
  g_autoptr (SpiceSession) session = spice_share_channel_dup_session (self);

  if (session != NULL && spice_session_get_read_only (session))
    {
      g_autoptr (GError) error = spice_share_error_new_view_only ();

      spice_share_channel_stop_serving (self);
      spice_share_channel_report_error (self, error);
      return;
    }
  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
  self->opening = g_cancellable_new ();
  share_open_async (self->wanted_path, self->wanted_flags, self->opening, on_share_opened,
                    g_object_ref (self));
}

void
spice_share_channel_share (SpiceShareChannel *self, const char *path, guint flags)
{
  g_return_if_fail (SPICE_IS_SHARE_CHANNEL (self));
  g_return_if_fail (path != NULL);

  g_free (self->wanted_path);
  self->wanted_path = g_strdup (path);
  self->wanted_flags = flags;
  if (self->ready)
    spice_share_channel_share_wanted (self);
}

void
spice_share_channel_stop (SpiceShareChannel *self)
{
  g_return_if_fail (SPICE_IS_SHARE_CHANNEL (self));

  g_clear_pointer (&self->wanted_path, g_free);
  spice_share_channel_stop_serving (self);
}

void
spice_share_channel_share_directory (SpiceShareChannel *self, const char *path, gboolean read_only)
{
  ShareFlags flags = self->wanted_flags & ~SHARE_READ_ONLY;

  if (path != NULL && *path != '\0')
    spice_share_channel_share (self, path, flags | (read_only ? SHARE_READ_ONLY : 0));
}
