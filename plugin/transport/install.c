/* Puts our channel in the place of the viewer's (DESIGN P1), and says what cannot be replaced.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "base/log.h"
#include "transport/share-channel-private.h"

#define WEBDAV_PORT "org.spice-space.webdav.0"

static SpiceShareChannelCreated on_created;
static gpointer on_created_data;

/* `GObjectClass.constructor` of SpiceWebdavChannel: builds ours, as singletons do it. */
static GObject *
construct_ours (GType type, guint n, GObjectConstructParam *params)
{
  g_autofree const char **names = g_new (const char *, n);
  g_autofree GValue *values = g_new0 (GValue, n);
  g_autoptr (SpiceSession) session = NULL;
  GObject *object;

  for (guint i = 0; i < n; i++)
    {
      names[i] = params[i].pspec->name;
      values[i] = *params[i].value; /* borrowed */
    }
  object = g_object_new_with_properties (SPICE_TYPE_SHARE_CHANNEL, n, names, values);

  g_object_get (object, "spice-session", &session, NULL);
  if (on_created != NULL && session != NULL && !spice_session_is_for_migration (session))
    on_created (SPICE_SHARE_CHANNEL (object), on_created_data);
  return object;
}

static void
on_port_name (SpicePortChannel *channel)
{
  g_autofree char *name = NULL;

  g_object_get (channel, "port-name", &name, NULL);
  if (g_strcmp0 (name, WEBDAV_PORT) == 0)
    g_message (_ ("This virtual machine's server is too old to share a folder with: that takes "
                  "spice-server 0.12.5 or newer. Nothing is shared."));
}

static gboolean
on_channel_new (GSignalInvocationHint *hint, guint n, const GValue *params, gpointer user_data)
{
  GObject *channel = g_value_get_object (params + 1);

  if (SPICE_IS_PORT_CHANNEL (channel) && !SPICE_IS_WEBDAV_CHANNEL (channel))
    g_signal_connect (channel, "notify::port-name", G_CALLBACK (on_port_name), NULL);
  return G_SOURCE_CONTINUE;
}

gboolean
spice_share_channel_install (SpiceShareChannelCreated created, gpointer user_data, GError **error)
{
  static gboolean installed;
  GObjectClass *stock, *ours;
  const GError *incompatible;

  on_created = created;
  on_created_data = user_data;
  if (installed)
    return TRUE;

  /* Ours first: it must inherit the constructor as it was. Both classes stay for good. */
  ours = g_type_class_ref (SPICE_TYPE_SHARE_CHANNEL);
  stock = g_type_class_ref (SPICE_TYPE_WEBDAV_CHANNEL);
  incompatible = spice_share_channel_get_incompatible ();
  if (incompatible == NULL && stock->constructor != ours->constructor)
    {
      g_set_error (error, SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_INCOMPATIBLE,
                   _ ("Another module has already replaced the viewer's shared folders."));
      return FALSE;
    }
  if (incompatible != NULL)
    {
      g_propagate_error (error, g_error_copy (incompatible));
      return FALSE;
    }
  stock->constructor = construct_ours;
  g_type_class_ref (SPICE_TYPE_SESSION);
  g_signal_add_emission_hook (g_signal_lookup ("channel-new", SPICE_TYPE_SESSION), 0,
                              on_channel_new, NULL, NULL);
  channel_migration_install ();
  installed = TRUE;
  return TRUE;
}
