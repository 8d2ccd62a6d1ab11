/* Properties are bound one to one; calls become action signals. See channel-object.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "bus/channel-object.h"

#include "base/vm-identity.h"

#include <glib/gi18n-lib.h>

/* A call of Share that has not been answered. */
typedef struct
{
  ChannelObject *object;
  GDBusMethodInvocation *invocation;
  guint timeout;
} Waiting;

struct _ChannelObject
{
  ShareBusShare1Skeleton parent_instance;

  GObject *channel; /* weak */
  GQueue waiting;   /* of Waiting, oldest first */
};

static void share1_init (ShareBusShare1Iface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChannelObject,
                               channel_object,
                               SHARE_BUS_TYPE_SHARE1_SKELETON,
                               G_IMPLEMENT_INTERFACE (SHARE_BUS_TYPE_SHARE1, share1_init))

static GVariant *
dup_transfers (GObject *channel)
{
  GVariant *transfers = NULL;

  if (channel != NULL)
    g_object_get (channel, "transfers", &transfers, NULL);
  if (transfers == NULL)
    transfers = g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE ("(tssttx)"), NULL, 0));
  return transfers;
}

static void
read_identity (ChannelObject *self)
{
  g_autoptr (GObject) session = NULL;
  g_autofree char *name = NULL;
  g_autofree char *uuid = NULL;

  g_object_get (self->channel, "spice-session", &session, NULL);
  vm_identity_read (session, &name, &uuid);
  share_bus_share1_set_vm_name (SHARE_BUS_SHARE1 (self), name != NULL ? name : "");
  share_bus_share1_set_vm_uuid (SHARE_BUS_SHARE1 (self), uuid != NULL ? uuid : "");
}

static void
on_identity (GObject *session, GParamSpec *pspec, ChannelObject *self)
{
  if (self->channel != NULL)
    read_identity (self);
}

static void
on_transfers (GObject *channel, GParamSpec *pspec, ChannelObject *self)
{
  g_autoptr (GVariant) transfers = dup_transfers (channel);

  share_bus_share1_emit_transfers_changed (SHARE_BUS_SHARE1 (self), transfers);
}

/* D-Bus has no NULL. */
static gboolean
string_or_empty (GBinding *binding, const GValue *from, GValue *to, gpointer user_data)
{
  const char *text = g_value_get_string (from);

  g_value_set_string (to, text != NULL ? text : "");
  return TRUE;
}

static gboolean
error_message (GBinding *binding, const GValue *from, GValue *to, gpointer user_data)
{
  const GError *error = g_value_get_boxed (from);

  g_value_set_string (to, error != NULL ? error->message : "");
  return TRUE;
}

static gboolean
refusal_or_none (GBinding *binding, const GValue *from, GValue *to, gpointer user_data)
{
  GVariant *refusal = g_value_get_variant (from);

  g_value_set_variant (to, refusal != NULL ? refusal : g_variant_new ("(xss)", (gint64)0, "", ""));
  return TRUE;
}

/* Answers */

static void
waiting_free (Waiting *waiting)
{
  g_clear_handle_id (&waiting->timeout, g_source_remove);
  g_free (waiting);
}

static void
answer (Waiting *waiting, const char *failure)
{
  if (failure == NULL)
    share_bus_share1_complete_share (SHARE_BUS_SHARE1 (waiting->object), waiting->invocation);
  else
    g_dbus_method_invocation_return_dbus_error (waiting->invocation, CHANNEL_OBJECT_ERROR_FAILED,
                                                failure);
  waiting_free (waiting);
}

static void
answer_all (ChannelObject *self, const char *failure)
{
  Waiting *waiting;

  while ((waiting = g_queue_pop_head (&self->waiting)) != NULL)
    answer (waiting, failure);
}

static void
on_started (GObject *channel, const char *dir, gboolean read_only, ChannelObject *self)
{
  answer_all (self, NULL);
}

static void
on_error (GObject *channel, const GError *error, ChannelObject *self)
{
  answer_all (self, error->message);
}

static gboolean
on_timeout (gpointer user_data)
{
  Waiting *waiting = user_data;

  waiting->timeout = 0;
  g_queue_remove (&waiting->object->waiting, waiting);
  answer (waiting, _ ("The folder is not shared yet: the virtual machine's channel is not up."));
  return G_SOURCE_REMOVE;
}

/* Calls */

static gboolean
refuse_without_channel (ChannelObject *self, GDBusMethodInvocation *invocation)
{
  if (self->channel != NULL)
    return FALSE;
  g_dbus_method_invocation_return_dbus_error (invocation, CHANNEL_OBJECT_ERROR_FAILED,
                                              _ ("The viewer has closed the channel."));
  return TRUE;
}

static gboolean
already_shares (ChannelObject *self, const char *dir, gboolean read_only)
{
  g_autofree char *is = NULL;
  gboolean sharing, is_read_only;

  g_object_get (self->channel, "sharing", &sharing, "shared-dir", &is, "read-only", &is_read_only,
                NULL);
  return sharing && g_strcmp0 (is, dir) == 0 && is_read_only == read_only;
}

static gboolean
handle_share (ShareBusShare1 *object,
              GDBusMethodInvocation *invocation,
              const char *dir,
              gboolean read_only)
{
  ChannelObject *self = CHANNEL_OBJECT (object);
  Waiting *waiting;

  if (refuse_without_channel (self, invocation))
    return G_DBUS_METHOD_INVOCATION_HANDLED;
  if (!g_path_is_absolute (dir))
    {
      g_dbus_method_invocation_return_dbus_error (invocation, CHANNEL_OBJECT_ERROR_FAILED,
                                                  _ ("The folder's path must begin with “/”."));
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }
  if (g_queue_get_length (&self->waiting) >= CHANNEL_OBJECT_MAX_WAITING)
    {
      g_dbus_method_invocation_return_dbus_error (
          invocation, CHANNEL_OBJECT_ERROR_FAILED,
          _ ("Too many programs ask for a folder to be shared at the same time."));
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }
  if (already_shares (self, dir, read_only))
    {
      share_bus_share1_complete_share (object, invocation);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  waiting = g_new0 (Waiting, 1);
  waiting->object = self;
  waiting->invocation = invocation;
  waiting->timeout = g_timeout_add_seconds (CHANNEL_OBJECT_PATIENCE_SECONDS, on_timeout, waiting);
  g_queue_push_tail (&self->waiting, waiting);
  g_signal_emit_by_name (self->channel, "share-directory", dir, read_only);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_stop (ShareBusShare1 *object, GDBusMethodInvocation *invocation)
{
  ChannelObject *self = CHANNEL_OBJECT (object);

  if (refuse_without_channel (self, invocation))
    return G_DBUS_METHOD_INVOCATION_HANDLED;
  g_signal_emit_by_name (self->channel, "stop-sharing");
  share_bus_share1_complete_stop (object, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_get_transfers (ShareBusShare1 *object, GDBusMethodInvocation *invocation)
{
  g_autoptr (GVariant) transfers = dup_transfers (CHANNEL_OBJECT (object)->channel);

  share_bus_share1_complete_get_transfers (object, invocation, transfers);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* Life */

static void
channel_gone (gpointer user_data, GObject *where_it_was)
{
  ChannelObject *self = user_data;

  self->channel = NULL;
  answer_all (self, _ ("The viewer has closed the channel."));
}

static void
channel_object_dispose (GObject *object)
{
  ChannelObject *self = CHANNEL_OBJECT (object);

  if (self->channel != NULL)
    g_object_weak_unref (self->channel, channel_gone, self);
  self->channel = NULL;
  answer_all (self, _ ("The viewer has closed the channel."));

  G_OBJECT_CLASS (channel_object_parent_class)->dispose (object);
}

static void
channel_object_class_init (ChannelObjectClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = channel_object_dispose;
}

static void
share1_init (ShareBusShare1Iface *iface)
{
  iface->handle_share = handle_share;
  iface->handle_stop = handle_stop;
  iface->handle_get_transfers = handle_get_transfers;
}

static void
channel_object_init (ChannelObject *self)
{
  g_queue_init (&self->waiting);
}

ChannelObject *
channel_object_new (GObject *channel)
{
  /* The channel's property, and ours: of one type, none of them NULL. */
  static const struct
  {
    const char *from;
    const char *to;
    GBindingTransformFunc transform;
  } bindings[] = {
    { "ready", "ready", NULL },
    { "port-opened", "guest-open", NULL },
    { "sharing", "sharing", NULL },
    { "shared-dir", "shared-dir", string_or_empty },
    { "read-only", "read-only", NULL },
    { "connected-at", "connected-at", NULL },
    { "last-error", "last-error", error_message },
    { "last-error-at", "last-error-at", NULL },
    { "bytes-in", "bytes-in", NULL },
    { "bytes-out", "bytes-out", NULL },
    { "wire-bytes-in", "wire-bytes-in", NULL },
    { "wire-bytes-out", "wire-bytes-out", NULL },
    { "clients", "clients", NULL },
    { "requests", "requests", NULL },
    { "refused", "refused", NULL },
    { "last-refusal", "last-refusal", refusal_or_none },
  };
  ChannelObject *self = g_object_new (CHANNEL_TYPE_OBJECT, NULL);
  g_autoptr (GObject) session = NULL;

  self->channel = channel;
  g_object_weak_ref (channel, channel_gone, self);
  for (guint i = 0; i < G_N_ELEMENTS (bindings); i++)
    g_object_bind_property_full (channel, bindings[i].from, self, bindings[i].to,
                                 G_BINDING_SYNC_CREATE, bindings[i].transform, NULL, NULL, NULL);
  g_signal_connect_object (channel, "notify::transfers", G_CALLBACK (on_transfers), self, 0);
  g_signal_connect_object (channel, "sharing-started", G_CALLBACK (on_started), self, 0);
  g_signal_connect_object (channel, "share-error", G_CALLBACK (on_error), self, 0);

  g_object_get (channel, "spice-session", &session, NULL);
  if (session != NULL)
    {
      g_signal_connect_object (session, "notify::name", G_CALLBACK (on_identity), self, 0);
      g_signal_connect_object (session, "notify::uuid", G_CALLBACK (on_identity), self, 0);
    }
  read_identity (self);
  return self;
}
