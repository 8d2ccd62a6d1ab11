/* A viewer session with our channel in it. See share-viewer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-viewer.h"

#include "rig-wait.h"

#define WAIT_SECONDS 20

/* The viewer whose channels are being made: installation is for a process, not for a session. */
static ShareViewer *current;

static void
record (ShareViewer *self, char *event)
{
  g_ptr_array_add (self->events, event);
  if (self->on_event != NULL)
    self->on_event (event, self->user_data);
}

static void
ready (SpiceShareChannel *channel, ShareViewer *self)
{
  record (self, g_strdup ("ready"));
}

static void
started (SpiceShareChannel *channel, const char *path, gboolean read_only, ShareViewer *self)
{
  record (self, g_strdup_printf ("sharing-started %s %d", path, read_only));
}

static void
stopped (SpiceShareChannel *channel, ShareViewer *self)
{
  record (self, g_strdup ("sharing-stopped"));
}

static void
failed (SpiceShareChannel *channel, const GError *error, ShareViewer *self)
{
  record (self, g_strdup_printf ("share-error %s", error->message));
}

static void
created (SpiceShareChannel *channel, gpointer user_data)
{
  ShareViewer *self = current;

  g_return_if_fail (self != NULL);
  g_object_set (channel, "compression", self->compression, NULL);
  g_signal_connect (channel, "ready", G_CALLBACK (ready), self);
  g_signal_connect (channel, "sharing-started", G_CALLBACK (started), self);
  g_signal_connect (channel, "sharing-stopped", G_CALLBACK (stopped), self);
  g_signal_connect (channel, "share-error", G_CALLBACK (failed), self);
  if (self->path != NULL)
    spice_share_channel_share (channel, self->path, self->flags);
}

ShareViewer *
share_viewer_new (const char *uri,
                  const ViewerSetup *setup,
                  const char *path,
                  guint flags,
                  SpiceShareCompression compression)
{
  g_autoptr (GError) error = NULL;
  ShareViewer *self = g_new0 (ShareViewer, 1);

  g_assert_null (current);
  current = self;
  spice_share_channel_install (created, NULL, &error);
  g_assert_no_error (error);
  self->events = g_ptr_array_new_with_free_func (g_free);
  self->path = g_strdup (path);
  self->flags = flags;
  self->compression = compression;
  self->viewer = viewer_new (uri, setup);
  return self;
}

void
share_viewer_free (ShareViewer *self)
{
  g_clear_pointer (&self->viewer, viewer_free);
  current = NULL;
  g_ptr_array_unref (self->events);
  g_free (self->path);
  g_free (self);
}

SpiceShareChannel *
share_viewer_get_channel (ShareViewer *self)
{
  g_assert_true (SPICE_IS_SHARE_CHANNEL (self->viewer->webdav));
  return SPICE_SHARE_CHANNEL (self->viewer->webdav);
}

guint
share_viewer_count (ShareViewer *self, const char *prefix)
{
  guint n = 0;

  for (guint i = 0; i < self->events->len; i++)
    n += g_str_has_prefix (g_ptr_array_index (self->events, i), prefix) ? 1 : 0;
  return n;
}

static gboolean
is_sharing (ShareViewer *self)
{
  gboolean sharing = FALSE;

  if (self->viewer->webdav != NULL)
    g_object_get (self->viewer->webdav, "sharing", &sharing, NULL);
  return sharing;
}

void
share_viewer_wait_sharing (ShareViewer *self)
{
  viewer_wait_open (self->viewer);
  rig_wait_until (is_sharing (self), WAIT_SECONDS);
}
