/* See fake-share-channel.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fake-share-channel.h"

#include "base/error.h"
#include "share-signals.h"

struct _SpiceShareChannel
{
  SpiceWebdavChannel parent_instance;

  GString *log;
  gboolean ready;
  gboolean sharing;
  char *dir;
  guint flags;
  int compression;
};

typedef struct
{
  SpiceWebdavChannelClass parent_class;
} SpiceShareChannelClass;

enum
{
  PROP_READY = 1,
  PROP_SHARING,
  PROP_COMPRESSION,
};

G_DEFINE_TYPE (SpiceShareChannel, spice_share_channel, SPICE_TYPE_WEBDAV_CHANNEL)

static void G_GNUC_PRINTF (2, 3) note (SpiceShareChannel *self, const char *format, ...)
{
  va_list args;

  if (self->log->len > 0)
    g_string_append (self->log, "; ");
  va_start (args, format);
  g_string_append_vprintf (self->log, format, args);
  va_end (args);
}

static void
spice_share_channel_init (SpiceShareChannel *self)
{
  self->log = g_string_new (NULL);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  SpiceShareChannel *self = SPICE_SHARE_CHANNEL (object);

  if (id == PROP_READY)
    g_value_set_boolean (value, self->ready);
  else if (id == PROP_SHARING)
    g_value_set_boolean (value, self->sharing);
  else
    g_value_set_int (value, self->compression);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  SpiceShareChannel *self = SPICE_SHARE_CHANNEL (object);

  self->compression = g_value_get_int (value);
  note (self, "compression %d", self->compression);
}

static void
finalize (GObject *object)
{
  SpiceShareChannel *self = SPICE_SHARE_CHANNEL (object);

  g_string_free (self->log, TRUE);
  g_free (self->dir);
  G_OBJECT_CLASS (spice_share_channel_parent_class)->finalize (object);
}

static void
own_answer_to_share_directory (SpiceShareChannel *self, const char *path, gboolean ro)
{
  note (self, "own-answer");
}

static void
own_answer_to_stop_sharing (SpiceShareChannel *self)
{
  note (self, "own-answer");
}

static void
spice_share_channel_class_init (SpiceShareChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  object_class->get_property = get_property;
  object_class->set_property = set_property;
  object_class->finalize = finalize;
  g_object_class_install_property (
      object_class, PROP_READY,
      g_param_spec_boolean ("ready", NULL, NULL, FALSE, G_PARAM_READABLE));
  g_object_class_install_property (
      object_class, PROP_SHARING,
      g_param_spec_boolean ("sharing", NULL, NULL, FALSE, G_PARAM_READABLE));
  g_object_class_install_property (
      object_class, PROP_COMPRESSION,
      g_param_spec_int ("compression", NULL, NULL, 0, 2, 0, G_PARAM_READWRITE));
  fake_add_signals (type, G_CALLBACK (own_answer_to_share_directory),
                    G_CALLBACK (own_answer_to_stop_sharing));
}

/* The functions of share-channel.h, and the one of spice-gtk that would look for a server. */

void
spice_share_channel_share (SpiceShareChannel *self, const char *path, guint flags)
{
  note (self, "share %s %u", path, flags);
  g_free (self->dir);
  self->dir = g_strdup (path);
  self->flags = flags;
}

void
spice_share_channel_stop (SpiceShareChannel *self)
{
  note (self, "stop");
  if (!self->sharing)
    return;
  self->sharing = FALSE;
  g_signal_emit_by_name (self, "sharing-stopped");
}

void
spice_share_channel_report_error (SpiceShareChannel *self, const GError *error)
{
  g_assert_true (error->domain == SPICE_SHARE_ERROR);
  g_assert_cmpuint (strlen (error->message), >, 20);
  note (self, "fail %d", error->code);
  g_signal_emit_by_name (self, "share-error", error);
}

gboolean
spice_channel_connect (SpiceChannel *channel)
{
  note (SPICE_SHARE_CHANNEL (channel), "connect");
  return TRUE;
}

/* The hand of the test. */

SpiceShareChannel *
fake_share_channel_new (SpiceSession *session)
{
  return g_object_new (spice_share_channel_get_type (), "spice-session", session, "channel-type",
                       11, "channel-id", 0, NULL);
}

char *
fake_share_channel_take_log (SpiceShareChannel *self)
{
  char *log = g_strdup (self->log->str);

  g_string_truncate (self->log, 0);
  return log;
}

void
fake_share_channel_come_up (SpiceShareChannel *self)
{
  self->ready = TRUE;
  g_object_notify (G_OBJECT (self), "ready");
  g_signal_emit_by_name (self, "ready");
}

void
fake_share_channel_go_down (SpiceShareChannel *self, SpiceChannelEvent event)
{
  self->sharing = FALSE;
  if (self->ready)
    {
      self->ready = FALSE;
      g_object_notify (G_OBJECT (self), "ready");
    }
  if (event != SPICE_CHANNEL_NONE)
    g_signal_emit_by_name (self, "channel-event", event);
}

void
fake_share_channel_opened (SpiceShareChannel *self)
{
  self->sharing = TRUE;
  g_signal_emit_by_name (self, "sharing-started", self->dir, (self->flags & 1) != 0);
}

void
fake_share_channel_not_opened (SpiceShareChannel *self)
{
  g_autoptr (GError) error
      = g_error_new_literal (SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_NOT_FOUND, "no such folder");

  self->sharing = FALSE;
  g_signal_emit_by_name (self, "share-error", error);
}
