/* A viewer session inside a test. See viewer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "viewer.h"

#include "rig-wait.h"

/* A connection on loopback that takes longer than this does not come. */
#define CONNECT_SECONDS 20

static void
channel_event (SpiceChannel *channel, SpiceChannelEvent event, gpointer user_data)
{
  Viewer *self = user_data;

  self->last_event = event;
  if (event != SPICE_CHANNEL_OPENED)
    self->n_closed++;
  if (channel == self->webdav)
    self->connected = event == SPICE_CHANNEL_OPENED;
}

static gboolean
viewer_keeps_webdav_closed (Viewer *self)
{
  return g_object_get_data (G_OBJECT (self->session), "keep-webdav-closed") != NULL;
}

static gboolean
viewer_connects_all (Viewer *self)
{
  return g_object_get_data (G_OBJECT (self->session), "all-channels") != NULL;
}

static void
channel_new (SpiceSession *session, SpiceChannel *channel, gpointer user_data)
{
  Viewer *self = user_data;

  g_signal_connect (channel, "channel-event", G_CALLBACK (channel_event), self);
  if (SPICE_IS_WEBDAV_CHANNEL (channel))
    {
      g_set_object (&self->webdav, channel);
      if (!viewer_keeps_webdav_closed (self))
        spice_channel_connect (channel);
    }
  else if (SPICE_IS_PORT_CHANNEL (channel))
    g_set_object (&self->port, channel);
  else if (SPICE_IS_MAIN_CHANNEL (channel) || viewer_connects_all (self))
    spice_channel_connect (channel);
}

static void
channel_destroy (SpiceSession *session, SpiceChannel *channel, gpointer user_data)
{
  Viewer *self = user_data;

  g_signal_handlers_disconnect_by_data (channel, self);
  if (channel == self->webdav)
    {
      self->connected = FALSE;
      g_clear_object (&self->webdav);
    }
  if (channel == self->port)
    g_clear_object (&self->port);
}

Viewer *
viewer_new (const char *uri, const ViewerSetup *setup)
{
  Viewer *self = g_new0 (Viewer, 1);

  self->session = spice_session_new ();
  g_object_set (self->session, "uri", uri, "shared-dir", setup->shared_dir, "share-dir-ro",
                setup->share_dir_ro, "read-only", setup->read_only, NULL);
  if (setup->ca_file != NULL)
    g_object_set (self->session, "ca-file", setup->ca_file, NULL);
  if (setup->password != NULL)
    g_object_set (self->session, "password", setup->password, NULL);
  if (setup->keep_webdav_closed)
    g_object_set_data (G_OBJECT (self->session), "keep-webdav-closed", self);
  if (setup->all_channels)
    g_object_set_data (G_OBJECT (self->session), "all-channels", self);
  g_signal_connect (self->session, "channel-new", G_CALLBACK (channel_new), self);
  g_signal_connect (self->session, "channel-destroy", G_CALLBACK (channel_destroy), self);
  spice_session_connect (self->session);
  return self;
}

static gboolean
has_no_channels (SpiceSession *session)
{
  g_autoptr (GList) channels = spice_session_get_channels (session);

  return channels == NULL;
}

void
viewer_free (Viewer *self)
{
  spice_session_disconnect (self->session);
  rig_wait_until (has_no_channels (self->session), CONNECT_SECONDS);
  g_signal_handlers_disconnect_by_data (self->session, self);
  g_clear_object (&self->webdav);
  g_clear_object (&self->port);
  g_object_unref (self->session);
  /* spice-gtk lets go of the last references in an idle function. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_free (self);
}

static gboolean
is_open (Viewer *self)
{
  gboolean opened = FALSE;

  if (self->webdav != NULL)
    g_object_get (self->webdav, "port-opened", &opened, NULL);
  return self->connected && opened;
}

void
viewer_wait_open (Viewer *self)
{
  rig_wait_until (is_open (self), CONNECT_SECONDS);
}
