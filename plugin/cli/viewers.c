/* Names of the bus, and the objects behind them; see viewers.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/viewers.h"

#include "bus/share-bus.h"

#include <glib/gi18n-lib.h>

#define INTERFACE "org.spice_space.Share1"

void
viewer_free (Viewer *viewer)
{
  g_free (viewer->path);
  g_object_unref (viewer->proxy);
  g_free (viewer);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const Viewer *left = *(Viewer *const *)a;
  const Viewer *right = *(Viewer *const *)b;

  if (left->pid != right->pid)
    return left->pid < right->pid ? -1 : 1;
  return strcmp (left->path, right->path);
}

static void
add_channels (GPtrArray *viewers, GDBusConnection *bus, const char *name, guint pid)
{
  g_autoptr (GDBusObjectManager) manager = share_bus_object_manager_client_new_sync (
      bus, G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_DO_NOT_AUTO_START, name, SHARE_BUS_PATH, NULL, NULL);
  g_autolist (GDBusObject) objects = NULL;

  /* It may have ended since the names were listed. */
  if (manager == NULL)
    return;
  objects = g_dbus_object_manager_get_objects (manager);
  for (GList *l = objects; l != NULL; l = l->next)
    {
      GDBusInterface *interface = g_dbus_object_get_interface (l->data, INTERFACE);
      Viewer *viewer;

      if (interface == NULL)
        continue;
      viewer = g_new0 (Viewer, 1);
      viewer->pid = pid;
      viewer->path = g_strdup (g_dbus_object_get_object_path (l->data));
      viewer->proxy = SHARE_BUS_SHARE1 (interface);
      g_ptr_array_add (viewers, viewer);
    }
}

GPtrArray *
viewers_list (GDBusConnection *bus, GError **error)
{
  g_autoptr (GPtrArray) viewers = g_ptr_array_new_with_free_func ((GDestroyNotify)viewer_free);
  g_autofree const char **names = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ListNames",
      NULL, G_VARIANT_TYPE ("(as)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(^a&s)", &names);
  for (const char **name = names; *name != NULL; name++)
    {
      guint64 pid;

      if (g_str_has_prefix (*name, SHARE_BUS_NAME_PREFIX)
          && g_ascii_string_to_unsigned (*name + strlen (SHARE_BUS_NAME_PREFIX), 10, 1, G_MAXINT32,
                                         &pid, NULL))
        add_channels (viewers, bus, *name, (guint)pid);
    }
  g_ptr_array_sort (viewers, compare);
  return g_steal_pointer (&viewers);
}

gboolean
viewers_is_spice (GDBusConnection *bus, guint pid)
{
  g_autofree char *name = g_strdup_printf (SHARE_BUS_NAME_PREFIX "%u", pid);
  gboolean has_owner = FALSE;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner",
      g_variant_new ("(s)", name), G_VARIANT_TYPE ("(b)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);

  if (reply != NULL)
    g_variant_get (reply, "(b)", &has_owner);
  return has_owner;
}

gboolean
viewers_match (const Viewer *viewer, const char *vm)
{
  return vm == NULL || g_str_equal (share_bus_share1_get_vm_name (viewer->proxy), vm)
         || g_ascii_strcasecmp (share_bus_share1_get_vm_uuid (viewer->proxy), vm) == 0;
}

/* "" of the bus is NULL here. */
static char *
dup_known (const char *text)
{
  return text != NULL && *text != '\0' ? g_strdup (text) : NULL;
}

void
viewer_get_snapshot (const Viewer *viewer, ShareSnapshot *snapshot)
{
  ShareBusShare1 *proxy = viewer->proxy;
  const char *error = share_bus_share1_get_last_error (proxy);

  *snapshot = (ShareSnapshot){
    .present = TRUE,
    .ready = share_bus_share1_get_ready (proxy),
    .guest_open = share_bus_share1_get_guest_open (proxy),
    .sharing = share_bus_share1_get_sharing (proxy),
    .read_only = share_bus_share1_get_read_only (proxy),
    .dir = dup_known (share_bus_share1_get_shared_dir (proxy)),
    .vm_name = dup_known (share_bus_share1_get_vm_name (proxy)),
    .vm_uuid = dup_known (share_bus_share1_get_vm_uuid (proxy)),
    .connected_at = share_bus_share1_get_connected_at (proxy),
    .error_at = share_bus_share1_get_last_error_at (proxy),
    .bytes_in = share_bus_share1_get_bytes_in (proxy),
    .bytes_out = share_bus_share1_get_bytes_out (proxy),
    .wire_bytes_in = share_bus_share1_get_wire_bytes_in (proxy),
    .wire_bytes_out = share_bus_share1_get_wire_bytes_out (proxy),
    .clients = share_bus_share1_get_clients (proxy),
    .requests = share_bus_share1_get_requests (proxy),
    .refused = share_bus_share1_get_refused (proxy),
    .last_refusal = share_bus_share1_dup_last_refusal (proxy),
  };
  if (error != NULL && *error != '\0')
    snapshot->error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, error);
  /* While a folder is served, what went wrong before is history. */
  if (snapshot->sharing)
    snapshot->settled_at = snapshot->error_at;
  share_bus_share1_call_get_transfers_sync (proxy, &snapshot->transfers, NULL, NULL);
}
