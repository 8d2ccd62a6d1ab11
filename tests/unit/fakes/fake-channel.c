/* The stand-in's properties and signals; see fake-channel.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fake-channel.h"

#include "base/error.h"
#include "share-signals.h"

const guint8 fake_uuid[16] = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0,
                               0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xff };

struct _FakeSession
{
  GObject parent_instance;

  char *name;
  guint8 uuid[16];
};

G_DEFINE_FINAL_TYPE (FakeSession, fake_session, G_TYPE_OBJECT)

enum
{
  SESSION_PROP_NAME = 1,
  SESSION_PROP_UUID,
};

static void
fake_session_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FakeSession *self = FAKE_SESSION (object);

  if (id == SESSION_PROP_NAME)
    g_value_set_string (value, self->name);
  else
    g_value_set_pointer (value, self->uuid);
}

static void
fake_session_finalize (GObject *object)
{
  g_free (FAKE_SESSION (object)->name);
  G_OBJECT_CLASS (fake_session_parent_class)->finalize (object);
}

static void
fake_session_class_init (FakeSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = fake_session_get_property;
  object_class->finalize = fake_session_finalize;
  g_object_class_install_property (
      object_class, SESSION_PROP_NAME,
      g_param_spec_string ("name", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (
      object_class, SESSION_PROP_UUID,
      g_param_spec_pointer ("uuid", NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
fake_session_init (FakeSession *self)
{
}

FakeSession *
fake_session_new (const char *name, const guint8 *uuid)
{
  FakeSession *self = g_object_new (FAKE_TYPE_SESSION, NULL);

  self->name = g_strdup (name);
  if (uuid != NULL)
    memcpy (self->uuid, uuid, sizeof self->uuid);
  return self;
}

/* The channel keeps every property as the GValue it was set to. */
enum
{
  PROP_0,
  PROP_SESSION,
  PROP_READY,
  PROP_PORT_OPENED,
  PROP_SHARING,
  PROP_SHARED_DIR,
  PROP_READ_ONLY,
  PROP_CONNECTED_AT,
  PROP_LAST_ERROR,
  PROP_LAST_ERROR_AT,
  PROP_BYTES_IN,
  PROP_BYTES_OUT,
  PROP_WIRE_BYTES_IN,
  PROP_WIRE_BYTES_OUT,
  PROP_CLIENTS,
  PROP_REQUESTS,
  PROP_REFUSED,
  PROP_LAST_REFUSAL,
  PROP_TRANSFERS,
  N_PROPS
};

struct _FakeChannel
{
  GObject parent_instance;

  GValue values[N_PROPS];
  char *asked_dir;
  gboolean asked_read_only;
  guint n_share;
  guint n_stop;
};

G_DEFINE_FINAL_TYPE (FakeChannel, fake_channel, G_TYPE_OBJECT)

static GParamSpec *props[N_PROPS];

static void
fake_channel_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_copy (&FAKE_CHANNEL (object)->values[id], value);
}

static void
fake_channel_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  g_value_copy (value, &FAKE_CHANNEL (object)->values[id]);
}

static void
fake_channel_finalize (GObject *object)
{
  FakeChannel *self = FAKE_CHANNEL (object);

  for (guint i = 1; i < N_PROPS; i++)
    g_value_unset (&self->values[i]);
  g_free (self->asked_dir);
  G_OBJECT_CLASS (fake_channel_parent_class)->finalize (object);
}

static void
on_share_directory (FakeChannel *self, const char *dir, gboolean read_only)
{
  g_free (self->asked_dir);
  self->asked_dir = g_strdup (dir);
  self->asked_read_only = read_only;
  self->n_share++;
}

static void
on_stop_sharing (FakeChannel *self)
{
  self->n_stop++;
}

static void
fake_channel_class_init (FakeChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags rw = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
  const GType type = G_TYPE_FROM_CLASS (klass);

  object_class->get_property = fake_channel_get_property;
  object_class->set_property = fake_channel_set_property;
  object_class->finalize = fake_channel_finalize;

  props[PROP_SESSION] = g_param_spec_object ("spice-session", NULL, NULL, FAKE_TYPE_SESSION, rw);
  props[PROP_READY] = g_param_spec_boolean ("ready", NULL, NULL, FALSE, rw);
  props[PROP_PORT_OPENED] = g_param_spec_boolean ("port-opened", NULL, NULL, FALSE, rw);
  props[PROP_SHARING] = g_param_spec_boolean ("sharing", NULL, NULL, FALSE, rw);
  props[PROP_SHARED_DIR] = g_param_spec_string ("shared-dir", NULL, NULL, NULL, rw);
  props[PROP_READ_ONLY] = g_param_spec_boolean ("read-only", NULL, NULL, FALSE, rw);
  props[PROP_CONNECTED_AT] = g_param_spec_int64 ("connected-at", NULL, NULL, 0, G_MAXINT64, 0, rw);
  props[PROP_LAST_ERROR] = g_param_spec_boxed ("last-error", NULL, NULL, G_TYPE_ERROR, rw);
  props[PROP_LAST_ERROR_AT]
      = g_param_spec_int64 ("last-error-at", NULL, NULL, 0, G_MAXINT64, 0, rw);
  props[PROP_BYTES_IN] = g_param_spec_uint64 ("bytes-in", NULL, NULL, 0, G_MAXUINT64, 0, rw);
  props[PROP_BYTES_OUT] = g_param_spec_uint64 ("bytes-out", NULL, NULL, 0, G_MAXUINT64, 0, rw);
  props[PROP_WIRE_BYTES_IN]
      = g_param_spec_uint64 ("wire-bytes-in", NULL, NULL, 0, G_MAXUINT64, 0, rw);
  props[PROP_WIRE_BYTES_OUT]
      = g_param_spec_uint64 ("wire-bytes-out", NULL, NULL, 0, G_MAXUINT64, 0, rw);
  props[PROP_CLIENTS] = g_param_spec_uint ("clients", NULL, NULL, 0, G_MAXUINT, 0, rw);
  props[PROP_REQUESTS] = g_param_spec_uint64 ("requests", NULL, NULL, 0, G_MAXUINT64, 0, rw);
  props[PROP_REFUSED] = g_param_spec_uint64 ("refused", NULL, NULL, 0, G_MAXUINT64, 0, rw);
  props[PROP_LAST_REFUSAL]
      = g_param_spec_variant ("last-refusal", NULL, NULL, G_VARIANT_TYPE ("(xss)"), NULL, rw);
  props[PROP_TRANSFERS]
      = g_param_spec_variant ("transfers", NULL, NULL, G_VARIANT_TYPE ("a(tssttx)"), NULL, rw);
  g_object_class_install_properties (object_class, N_PROPS, props);

  fake_add_signals (type, G_CALLBACK (on_share_directory), G_CALLBACK (on_stop_sharing));
}

static void
fake_channel_init (FakeChannel *self)
{
  for (guint i = 1; i < N_PROPS; i++)
    {
      g_value_init (&self->values[i], G_PARAM_SPEC_VALUE_TYPE (props[i]));
      g_param_value_set_default (props[i], &self->values[i]);
    }
}

FakeChannel *
fake_channel_new (FakeSession *session)
{
  return g_object_new (FAKE_TYPE_CHANNEL, "spice-session", session, NULL);
}

const char *
fake_channel_get_asked_dir (FakeChannel *self)
{
  return self->asked_dir;
}

gboolean
fake_channel_get_asked_read_only (FakeChannel *self)
{
  return self->asked_read_only;
}

guint
fake_channel_count_share (FakeChannel *self)
{
  return self->n_share;
}

guint
fake_channel_count_stop (FakeChannel *self)
{
  return self->n_stop;
}

void
fake_channel_start (FakeChannel *self, const char *dir, gboolean read_only)
{
  g_object_set (self, "ready", TRUE, "sharing", TRUE, "shared-dir", dir, "read-only", read_only,
                "connected-at", g_get_real_time (), NULL);
  g_signal_emit_by_name (self, "sharing-started", dir, read_only);
}

void
fake_channel_end (FakeChannel *self)
{
  g_object_set (self, "sharing", FALSE, "shared-dir", NULL, NULL);
  g_signal_emit_by_name (self, "sharing-stopped");
}

void
fake_channel_fail (FakeChannel *self, const char *message)
{
  g_autoptr (GError) error
      = g_error_new_literal (SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_NOT_FOUND, message);

  g_object_set (self, "last-error", error, "last-error-at", g_get_real_time (), NULL);
  g_signal_emit_by_name (self, "share-error", error);
}
