/* The properties of SpiceShareChannel; see share-channel.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "base/log.h"
#include "transport/share-channel-private.h"

static GParamSpec *props[SPICE_SHARE_CHANNEL_N_PROPERTIES];

G_DEFINE_ENUM_TYPE (SpiceShareCompression,
                    spice_share_compression,
                    G_DEFINE_ENUM_VALUE (SPICE_SHARE_COMPRESSION_AUTO, "auto"),
                    G_DEFINE_ENUM_VALUE (SPICE_SHARE_COMPRESSION_ALWAYS, "always"),
                    G_DEFINE_ENUM_VALUE (SPICE_SHARE_COMPRESSION_NEVER, "never"))

void
spice_share_channel_notify (SpiceShareChannel *self, SpiceShareChannelProperty property)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[property]);
}

static void
set_compression (SpiceShareChannel *self, SpiceShareCompression compression)
{
  static const CompressMode modes[] = {
    [SPICE_SHARE_COMPRESSION_AUTO] = COMPRESS_AUTO,
    [SPICE_SHARE_COMPRESSION_ALWAYS] = COMPRESS_ALWAYS,
    [SPICE_SHARE_COMPRESSION_NEVER] = COMPRESS_NEVER,
  };

  if (self->compression == compression)
    return;
  self->compression = compression;
  port_io_set_compression (self->io, modes[compression]);
  if (compression != SPICE_SHARE_COMPRESSION_NEVER)
    spice_private_caps_announce_lz4 (&self->caps, SPICE_CHANNEL (self));
  else if (!spice_private_caps_withdraw_lz4 (&self->caps, SPICE_CHANNEL (self)))
    share_debug ("LZ4 goes on being announced: the list of capabilities was not found");
  spice_share_channel_notify (self, SPICE_SHARE_CHANNEL_COMPRESSION);
}

static void
set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  switch (prop_id)
    {
    case SPICE_SHARE_CHANNEL_COMPRESSION:
      set_compression (SPICE_SHARE_CHANNEL (object), g_value_get_enum (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SpiceShareChannel *self = SPICE_SHARE_CHANNEL (object);
  PortIOStats io;

  port_io_get_stats (self->io, &io);
  switch (prop_id)
    {
    case SPICE_SHARE_CHANNEL_READY:
      g_value_set_boolean (value, self->ready);
      break;
    case SPICE_SHARE_CHANNEL_SHARING:
      g_value_set_boolean (value, self->share != NULL);
      break;
    case SPICE_SHARE_CHANNEL_SHARED_DIR:
      g_value_set_string (value, self->share == NULL ? NULL : share_get_path (self->share));
      break;
    case SPICE_SHARE_CHANNEL_READ_ONLY:
      g_value_set_boolean (value, self->share != NULL && share_is_read_only (self->share));
      break;
    case SPICE_SHARE_CHANNEL_CONNECTED_AT:
      g_value_set_int64 (value, self->connected_at);
      break;
    case SPICE_SHARE_CHANNEL_LAST_ERROR:
      g_value_set_boxed (value, self->last_error);
      break;
    case SPICE_SHARE_CHANNEL_LAST_ERROR_AT:
      g_value_set_int64 (value, self->last_error_at);
      break;
    case SPICE_SHARE_CHANNEL_BYTES_IN:
      g_value_set_uint64 (value, self->stats.bytes_in);
      break;
    case SPICE_SHARE_CHANNEL_BYTES_OUT:
      g_value_set_uint64 (value, io.bytes_out);
      break;
    case SPICE_SHARE_CHANNEL_WIRE_BYTES_IN:
      g_value_set_uint64 (value, io.wire_in);
      break;
    case SPICE_SHARE_CHANNEL_WIRE_BYTES_OUT:
      g_value_set_uint64 (value, io.wire_out);
      break;
    case SPICE_SHARE_CHANNEL_CLIENTS:
      g_value_set_uint (value, self->stats.clients);
      break;
    case SPICE_SHARE_CHANNEL_REQUESTS:
      g_value_set_uint64 (value, self->stats.requests);
      break;
    case SPICE_SHARE_CHANNEL_REFUSED:
      g_value_set_uint64 (value, self->stats.refused);
      break;
    case SPICE_SHARE_CHANNEL_LAST_REFUSAL:
      g_value_set_variant (value, self->stats.last_refusal);
      break;
    case SPICE_SHARE_CHANNEL_TRANSFERS:
      g_value_set_variant (value, self->stats.transfers);
      break;
    case SPICE_SHARE_CHANNEL_COMPRESSION:
      g_value_set_enum (value, self->compression);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

void
spice_share_channel_install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  const GParamFlags rw = flags | G_PARAM_WRITABLE;

  props[SPICE_SHARE_CHANNEL_READY] = g_param_spec_boolean ("ready", NULL, NULL, FALSE, flags);
  props[SPICE_SHARE_CHANNEL_SHARING] = g_param_spec_boolean ("sharing", NULL, NULL, FALSE, flags);
  props[SPICE_SHARE_CHANNEL_SHARED_DIR]
      = g_param_spec_string ("shared-dir", NULL, NULL, NULL, flags);
  props[SPICE_SHARE_CHANNEL_READ_ONLY]
      = g_param_spec_boolean ("read-only", NULL, NULL, FALSE, flags);
  props[SPICE_SHARE_CHANNEL_CONNECTED_AT]
      = g_param_spec_int64 ("connected-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  props[SPICE_SHARE_CHANNEL_LAST_ERROR]
      = g_param_spec_boxed ("last-error", NULL, NULL, G_TYPE_ERROR, flags);
  props[SPICE_SHARE_CHANNEL_LAST_ERROR_AT]
      = g_param_spec_int64 ("last-error-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  props[SPICE_SHARE_CHANNEL_BYTES_IN]
      = g_param_spec_uint64 ("bytes-in", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[SPICE_SHARE_CHANNEL_BYTES_OUT]
      = g_param_spec_uint64 ("bytes-out", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[SPICE_SHARE_CHANNEL_WIRE_BYTES_IN]
      = g_param_spec_uint64 ("wire-bytes-in", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[SPICE_SHARE_CHANNEL_WIRE_BYTES_OUT]
      = g_param_spec_uint64 ("wire-bytes-out", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[SPICE_SHARE_CHANNEL_CLIENTS]
      = g_param_spec_uint ("clients", NULL, NULL, 0, G_MAXUINT, 0, flags);
  props[SPICE_SHARE_CHANNEL_REQUESTS]
      = g_param_spec_uint64 ("requests", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[SPICE_SHARE_CHANNEL_REFUSED]
      = g_param_spec_uint64 ("refused", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[SPICE_SHARE_CHANNEL_LAST_REFUSAL]
      = g_param_spec_variant ("last-refusal", NULL, NULL, G_VARIANT_TYPE ("(xss)"), NULL, flags);
  props[SPICE_SHARE_CHANNEL_TRANSFERS]
      = g_param_spec_variant ("transfers", NULL, NULL, G_VARIANT_TYPE ("a(tssttx)"), NULL, flags);
  props[SPICE_SHARE_CHANNEL_COMPRESSION]
      = g_param_spec_enum ("compression", NULL, NULL, spice_share_compression_get_type (),
                           SPICE_SHARE_COMPRESSION_AUTO, rw);
  klass->set_property = set_property;
  klass->get_property = get_property;
  g_object_class_install_properties (klass, SPICE_SHARE_CHANNEL_N_PROPERTIES, props);
}
