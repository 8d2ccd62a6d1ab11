/* What the tests of our own channel have in common.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "rig.h"
#include "share-viewer.h"

/* A viewer with our channel, as the rig's server wants it, that shares the rig's folder. */
static inline ShareViewer *
share_test_viewer (Rig *rig, SpiceShareCompression compression)
{
  ViewerSetup setup = { .ca_file = rig->ca_file, .password = rig->password };
  ShareViewer *viewer = share_viewer_new (rig->uri, &setup, rig->share, 0, compression);

  share_viewer_wait_sharing (viewer);
  return viewer;
}

/* A request whose response has this status. */
static inline void
share_test_request (Rig *rig, gint64 id, const char *method, const char *path, guint status)
{
  g_autoptr (RigExchange) exchange = rig_peer_request (rig->peer, id, method, path, NULL, NULL, 0);

  rig_assert_status (exchange, status);
}

/* The content of a file of the share, as the guest reads it. */
static inline void
share_test_get (Rig *rig, gint64 id, const char *path, gconstpointer data, gsize len)
{
  g_autoptr (RigExchange) exchange = rig_peer_request (rig->peer, id, "GET", path, NULL, NULL, 0);

  rig_assert_status (exchange, 200);
  g_assert_cmpmem (exchange->reader->body->data, exchange->reader->body->len, data, len);
}

/* What a file of the share holds on the host. */
static inline void
share_test_assert_file (Rig *rig, const char *name, gconstpointer data, gsize len)
{
  g_autofree char *path = g_build_filename (rig->share, name, NULL);
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  g_file_get_contents (path, &content, &size, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (content, size, data, len);
}

/* Whether a folder holds just so many things, temporary ones included. */
static inline gboolean
share_test_has_files (const char *folder, guint expected)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n == expected;
}
