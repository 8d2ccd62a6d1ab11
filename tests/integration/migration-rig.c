/* See migration-rig.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "migration-rig.h"

/* A guest is idle that got no more than this in CALM_US: what the channel sends during a migration
 * (send-pace.h), in trains of 128 KiB at most. */
#define CALM_US 500000
#define CALM_BYTES (4 * 128 * 1024)

/* Of the certificate that all hosts share (RIG_TLS). */
#define CERTIFICATE_SUBJECT "CN=localhost"

void
destination_clear (Destination *self)
{
  g_clear_pointer (&self->server, rig_child_free);
  g_free (self->incoming);
  g_free (self->port);
}

Destination
destination_new (Rig *rig)
{
  static guint n;
  g_autofree char *program = rig_program ("spice-rig/spice-rig");
  g_autofree char *name = g_strdup_printf ("incoming-%u.sock", n++);
  g_autofree char *key_file = g_build_filename (rig->dir, "server.key", NULL);
  Destination self = { .incoming = g_build_filename (rig->dir, name, NULL) };
  const char *const argv[] = { program, "--incoming", self.incoming, "--tcp", "0", NULL };
  const char *const tls_argv[]
      = { program,     "--incoming", self.incoming, "--tls-cert", rig->ca_file,
          "--tls-key", key_file,     "--ticket",    RIG_TICKET,   NULL };
  const char *const environ[] = { "G_DEBUG=", NULL };
  gboolean tls = rig->ca_file != NULL;

  self.server = rig_child_new (tls ? tls_argv : argv, environ);
  rig_child_wait (self.server, "ready", 1, 10);
  self.port = g_strdup (rig_child_wait (self.server, tls ? "tls-port " : "port ", 1, 1));
  return self;
}

void
migration_announce (Rig *rig, Destination *dest, gboolean seamless)
{
  g_autofree char *command
      = g_strdup_printf ("migrate-connect%s %s%s", seamless ? "-seamless" : "", dest->port,
                         rig->ca_file != NULL ? " " CERTIFICATE_SUBJECT : "");

  rig_child_send (rig->server, command);
  rig_child_wait (rig->server, "migrate-connected", 1, MIGRATION_SECONDS);
}

void
migration_wait_still (guint64 (*count) (gpointer data), gpointer data)
{
  guint64 before = count (data);
  gint64 since = g_get_monotonic_time ();

  rig_wait_until (({
                    guint64 now = count (data);

                    if (now - before > CALM_BYTES)
                      {
                        before = now;
                        since = g_get_monotonic_time ();
                      }
                    g_get_monotonic_time () - since > CALM_US;
                  }),
                  MIGRATION_SECONDS);
}

static guint64
count_read (gpointer rig)
{
  return rig_peer_get_bytes_read (((Rig *)rig)->peer);
}

void
migration_wait_calm (Rig *rig)
{
  migration_wait_still (count_read, rig);
}

void
migration_move (Rig *rig, Destination *dest, const char *command)
{
  g_autofree char *line = g_strdup_printf ("%s %s", command, dest->incoming);

  rig_child_send (rig->server, line);
  rig_child_wait (dest->server, "migrated-in", 1, MIGRATION_SECONDS);
  if (g_str_equal (command, "migrate"))
    rig_child_wait (rig->server, "migrate-ended", 1, MIGRATION_SECONDS);
  rig_child_wait (rig->server, "client 0", 1, MIGRATION_SECONDS);
  rig_child_free (rig->server);
  rig->server = g_steal_pointer (&dest->server);
  rig_child_wait (rig->server, "client 1", 1, MIGRATION_SECONDS);
}

ShareViewer *
migration_viewer_new (Rig *rig, SpiceShareCompression compression)
{
  ViewerSetup setup = { .all_channels = TRUE, .ca_file = rig->ca_file, .password = rig->password };
  ShareViewer *viewer = share_viewer_new (rig->uri, &setup, rig->share, 0, compression);

  share_viewer_wait_sharing (viewer);
  return viewer;
}

void
migration_assert_undisturbed (ShareViewer *viewer)
{
  gboolean ready, sharing;

  g_object_get (viewer->viewer->webdav, "ready", &ready, "sharing", &sharing, NULL);
  g_assert_true (ready);
  g_assert_true (sharing);
  g_assert_cmpuint (viewer->events->len, ==, 2);
  g_assert_cmpuint (viewer->viewer->n_closed, ==, 0);
}

RigExchange *
migration_start_download (Rig *rig, gint64 id, const char *path)
{
  RigExchange *exchange = rig_peer_start_download (rig->peer, id, path);

  exchange->reader->checksum = g_checksum_new (G_CHECKSUM_SHA256);
  return exchange;
}
