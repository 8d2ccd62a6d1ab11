/* A name and an object manager; see share-bus.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "bus/share-bus.h"

#include "bus/channel-object.h"

#include <unistd.h>

struct _ShareBus
{
  GObject parent_instance;

  GDBusObjectManagerServer *manager;
  guint name_id;

  /* Objects are numbered, so that a path never means another channel. */
  guint n_made;

  /* Channels alive, and the path of each (char *). */
  GHashTable *paths;
};

G_DEFINE_FINAL_TYPE (ShareBus, share_bus, G_TYPE_OBJECT)

static void channel_gone (gpointer user_data, GObject *where_it_was);

ShareBus *
share_bus_new (void)
{
  return g_object_new (SHARE_TYPE_BUS, NULL);
}

static void
share_bus_dispose (GObject *object)
{
  ShareBus *self = SHARE_BUS (object);
  GHashTableIter iter;
  gpointer channel;

  g_clear_handle_id (&self->name_id, g_bus_unown_name);
  g_hash_table_iter_init (&iter, self->paths);
  while (g_hash_table_iter_next (&iter, &channel, NULL))
    {
      g_object_weak_unref (channel, channel_gone, self);
      g_hash_table_iter_remove (&iter);
    }
  g_clear_object (&self->manager);

  G_OBJECT_CLASS (share_bus_parent_class)->dispose (object);
}

static void
share_bus_finalize (GObject *object)
{
  g_hash_table_unref (SHARE_BUS (object)->paths);

  G_OBJECT_CLASS (share_bus_parent_class)->finalize (object);
}

static void
share_bus_class_init (ShareBusClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = share_bus_dispose;
  object_class->finalize = share_bus_finalize;
}

/* Before the name is ours, so whoever sees the name finds the objects. */
static void
on_bus (GDBusConnection *connection, const char *name, gpointer user_data)
{
  ShareBus *self = user_data;

  g_dbus_object_manager_server_set_connection (self->manager, connection);
}

static void
share_bus_init (ShareBus *self)
{
  g_autofree char *name = g_strdup_printf (SHARE_BUS_NAME_PREFIX "%d", (int)getpid ());

  self->paths = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->manager = g_dbus_object_manager_server_new (SHARE_BUS_PATH);
  self->name_id = g_bus_own_name (G_BUS_TYPE_SESSION, name, G_BUS_NAME_OWNER_FLAGS_NONE, on_bus,
                                  NULL, NULL, self, NULL);
}

static void
channel_gone (gpointer user_data, GObject *where_it_was)
{
  ShareBus *self = user_data;
  const char *path = g_hash_table_lookup (self->paths, where_it_was);

  g_dbus_object_manager_server_unexport (self->manager, path);
  g_hash_table_remove (self->paths, where_it_was);
}

void
share_bus_add_channel (ShareBus *self, GObject *channel)
{
  g_autofree char *path = NULL;
  g_autoptr (GDBusObjectSkeleton) object = NULL;
  g_autoptr (ChannelObject) interface = NULL;

  if (g_hash_table_contains (self->paths, channel))
    return;

  path = g_strdup_printf (SHARE_BUS_PATH "/channel%u", ++self->n_made);
  object = g_dbus_object_skeleton_new (path);
  interface = channel_object_new (channel);
  g_dbus_object_skeleton_add_interface (object, G_DBUS_INTERFACE_SKELETON (interface));
  g_dbus_object_manager_server_export (self->manager, object);

  g_object_weak_ref (channel, channel_gone, self);
  g_hash_table_insert (self->paths, channel, g_steal_pointer (&path));
}
