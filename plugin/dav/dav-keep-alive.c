/* A socket nobody can reach; see dav-keep-alive.h. Its folder is ours alone, and its name is gone
 * before anybody could know it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-keep-alive.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/un.h>

static gboolean
dav_keep_alive_listen (SoupServer *soup, const char *name)
{
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) socket = NULL;

  if (strlen (name) >= sizeof ((struct sockaddr_un){ 0 }).sun_path)
    return FALSE;

  address = g_unix_socket_address_new (name);
  socket
      = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  return socket != NULL && g_socket_bind (socket, address, FALSE, NULL)
         && g_socket_listen (socket, NULL) && soup_server_listen_socket (soup, socket, 0, NULL);
}

static gboolean
dav_keep_alive_enable_in (SoupServer *soup, const char *parent)
{
  g_autofree char *folder = g_build_filename (parent, "spice-share-XXXXXX", NULL);
  g_autofree char *name = NULL;
  gboolean listens;

  if (g_mkdtemp_full (folder, 0700) == NULL)
    return FALSE;

  name = g_build_filename (folder, "s", NULL);
  listens = dav_keep_alive_listen (soup, name);
  g_unlink (name);
  g_rmdir (folder);
  return listens;
}

gboolean
dav_keep_alive_enable (SoupServer *soup)
{
  return dav_keep_alive_enable_in (soup, g_get_user_runtime_dir ())
         || dav_keep_alive_enable_in (soup, g_get_tmp_dir ())
         || dav_keep_alive_enable_in (soup, "/tmp");
}
