/* The stock remote-viewer under Xvfb with the built module, and GSettings changed by the command.
 *
 * GSettings live in a keyfile below this process's own XDG_CONFIG_HOME, and there is a session bus
 * of its own, so nothing of the user's is touched.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-test.h"

#include <glib/gstdio.h>
#include <string.h>

#define SECONDS 30

typedef struct
{
  RigChild *xvfb;
  RigChild *bus;
  RigChild *viewer;
} Desktop;

static void
desktop_clear (Desktop *self)
{
  g_clear_pointer (&self->viewer, rig_child_free);
  g_clear_pointer (&self->bus, rig_child_free);
  g_clear_pointer (&self->xvfb, rig_child_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Desktop, desktop_clear)

static void
set_setting (const char *key, const char *value)
{
  const char *const argv[] = { "gsettings", "set", "org.spice-space.webdav", key, value, NULL };

  g_assert_cmpint (rig_run (argv, SECONDS, NULL), ==, 0);
}

static void
set_dir (const char *dir)
{
  g_autofree char *text = g_variant_print (g_variant_new_string (dir), FALSE);

  set_setting ("share-dir", text);
}

/* Xvfb and the bus say where they are; what runs in them has no file system but the local one, so
 * that nothing is started by the bus which would outlive it. */
static void
start_desktop (Desktop *self, const char *const *viewer)
{
  const char *const xvfb[]
      = { "Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp", NULL };
  const char *const bus[]
      = { "dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1", NULL };
  g_autofree char *display = NULL;
  g_autofree char *address = NULL;
  const char *environ[] = { NULL,
                            NULL,
                            "LD_PRELOAD=" PRELOAD_FIRST,
                            "GTK_MODULES=" MODULE,
                            "GDK_BACKEND=x11",
                            "NO_AT_BRIDGE=1",
                            "GIO_USE_VFS=local",
                            NULL };

  self->xvfb = rig_child_new (xvfb, NULL);
  self->bus = rig_child_new (bus, NULL);
  environ[0] = display
      = g_strconcat ("DISPLAY=:", rig_child_wait (self->xvfb, "", 1, SECONDS), NULL);
  environ[1] = address
      = g_strconcat ("DBUS_SESSION_BUS_ADDRESS=", rig_child_wait (self->bus, "", 1, SECONDS), NULL);
  self->viewer = rig_child_new (viewer, environ);
}

static void
start_remote_viewer (Desktop *self, Rig *rig)
{
  const char *const argv[] = { "remote-viewer", rig->uri, NULL };

  start_desktop (self, argv);
  rig_child_wait (rig->server, "client 1", 1, SECONDS);
}

/* Asks until the viewer has followed a change: each time as a new client. */
static void
wait_for_status (Rig *rig, const char *method, const char *path, guint status)
{
  static gint64 next_id = 1000;
  guint last = 0;

  rig_wait_until (({
                    gint64 id = next_id++;
                    g_autoptr (RigExchange) exchange
                        = rig_peer_request (rig->peer, id, method, path, NULL, NULL, 0);

                    last = exchange->reader->status;
                    rig_peer_close_client (rig->peer, id);
                    last == status;
                  }),
                  SECONDS);
}

static void
test_settings (Rig *rig)
{
  g_auto (Desktop) desktop = { NULL };
  g_autofree char *other = g_build_filename (rig->dir, "ein Ordner", NULL);
  g_autofree char *other_file = g_build_filename (other, "b.txt", NULL);
  g_autofree char *missing = g_build_filename (rig->dir, "missing", NULL);
  g_autofree char *home_dir = g_build_filename (g_get_home_dir (), "shared", NULL);
  g_autofree char *home_file = g_build_filename (home_dir, "c.txt", NULL);
  g_autoptr (RigExchange) put = NULL;

  rig_write_file (rig, "a.txt", "a", 1);
  g_mkdir (other, 0755);
  g_assert_true (g_file_set_contents (other_file, "b", 1, NULL));
  g_mkdir_with_parents (home_dir, 0755);
  g_assert_true (g_file_set_contents (home_file, "c", 1, NULL));
  set_setting ("share-dir-ro", "false");
  set_dir (rig->share);
  start_remote_viewer (&desktop, rig);

  wait_for_status (rig, "GET", "/a.txt", 200);
  put = rig_peer_request (rig->peer, 1, "PUT", "/up.txt", NULL, "hello", 5);
  rig_assert_status (put, 201);
  share_test_assert_file (rig, "up.txt", "hello", 5);

  /* Another folder, in the running viewer. */
  set_dir (other);
  wait_for_status (rig, "GET", "/b.txt", 200);
  wait_for_status (rig, "GET", "/a.txt", 404);

  set_setting ("share-dir-ro", "true");
  wait_for_status (rig, "MKCOL", "/folder", 403);
  g_assert_true (g_file_test (other_file, G_FILE_TEST_EXISTS));
  set_setting ("share-dir-ro", "false");
  wait_for_status (rig, "DELETE", "/b.txt", 204);

  set_dir ("~/shared");
  wait_for_status (rig, "GET", "/c.txt", 200);

  /* Emptied: never an empty folder. */
  set_dir ("");
  wait_for_status (rig, "GET", "/c.txt", 503);
  set_dir (missing);
  wait_for_status (rig, "PROPFIND", "/", 503);
  set_dir (rig->share);
  wait_for_status (rig, "GET", "/a.txt", 200);
  g_assert_true (rig_child_is_running (desktop.viewer));
}

/* The command starts the viewer with the module and a folder for this one run. */
static void
test_command (Rig *rig)
{
  g_auto (Desktop) desktop = { NULL };
  const char *const argv[]
      = { COMMAND, "--share-dir", rig->share, "--share-dir-ro", "remote-viewer", rig->uri, NULL };

  set_dir ("");
  set_setting ("share-dir-ro", "false");
  rig_write_file (rig, "a.txt", "a", 1);
  start_desktop (&desktop, argv);
  rig_child_wait (rig->server, "client 1", 1, SECONDS);
  wait_for_status (rig, "GET", "/a.txt", 200);
  wait_for_status (rig, "DELETE", "/a.txt", 403);
  share_test_assert_file (rig, "a.txt", "a", 1);
}

/* The recording of a viewer that ends in good order is whole. */
static void
test_capture (Rig *rig)
{
  g_auto (Desktop) desktop = { NULL };
  g_autofree char *file = g_build_filename (rig->dir, "capture.pcapng", NULL);
  const char *const argv[]
      = { COMMAND, "--share-dir", rig->share, "--capture", file, "remote-viewer", rig->uri, NULL };
  const char *const tshark[] = { "tshark",
                                 "-r",
                                 file,
                                 "-Y",
                                 "http.request",
                                 "-T",
                                 "fields",
                                 "-e",
                                 "http.request.method",
                                 "-e",
                                 "http.request.uri",
                                 NULL };
  /* Each connection has two of the one kind, and two of the other. */
  const char *const ends[] = { "tshark",
                               "-r",
                               file,
                               "-Y",
                               "tcp.flags.syn == 1 || tcp.flags.fin == 1",
                               "-T",
                               "fields",
                               "-e",
                               "tcp.flags.fin",
                               NULL };
  g_autofree char *requests = NULL;
  g_autofree char *fins = NULL;
  g_auto (GStrv) lines = NULL;
  gint balance = 0;

  set_dir ("");
  rig_write_file (rig, "a.txt", "a", 1);
  start_desktop (&desktop, argv);
  rig_child_wait (rig->server, "client 1", 1, SECONDS);
  wait_for_status (rig, "GET", "/a.txt", 200);
  share_test_request (rig, 1, "DELETE", "/a.txt", 204);
  g_clear_pointer (&rig->server, rig_child_free);
  rig_child_wait_exit (desktop.viewer, SECONDS);

  g_assert_cmpint (rig_run (tshark, SECONDS, &requests), ==, 0);
  g_assert_true (g_str_has_suffix (requests, "GET\t/a.txt\nDELETE\t/a.txt\n"));
  g_assert_cmpint (rig_run (ends, SECONDS, &fins), ==, 0);
  lines = g_strsplit (g_strchomp (fins), "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    balance += g_str_equal (lines[i], "1") ? -1 : 1;
  g_assert_cmpuint (g_strv_length (lines), >=, 8);
  g_assert_cmpint (balance, ==, 0);
}

/* An upload is under way, and another just over, when the viewer ends: what was for that only is
 * gone with it. */
static void
test_nothing_left (Rig *rig)
{
  g_auto (Desktop) desktop = { NULL };
  g_autoptr (RigExchange) whole = NULL;
  g_autoptr (RigExchange) partial = NULL;

  set_setting ("share-dir-ro", "false");
  set_dir (rig->share);
  start_remote_viewer (&desktop, rig);
  wait_for_status (rig, "GET", "/", 200);
  whole = rig_peer_request (rig->peer, 1, "PUT", "/a.txt", NULL, "hello", 5);
  rig_assert_status (whole, 201);
  partial = rig_peer_start_upload (rig->peer, 2, "/large", NULL, RIG_CONTENT_RANDOM,
                                   G_GUINT64_CONSTANT (1) << 40);
  rig_wait_until (rig_peer_get_bytes_written (rig->peer) > 64 * RIG_CONTENT_BLOCK, SECONDS);
  g_clear_pointer (&rig->server, rig_child_free);
  rig_child_wait_exit (desktop.viewer, SECONDS);
  rig_assert_only_file (rig, "a.txt");
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  rig_test_add ("/remote-viewer/settings", RIG_TCP, 120, test_settings);
  rig_test_add ("/remote-viewer/command", RIG_TCP, 120, test_command);
  rig_test_add ("/remote-viewer/nothing-left", RIG_TCP, 120, test_nothing_left);
  rig_test_add ("/remote-viewer/capture", RIG_TCP, 120, test_capture);
  return rig_test_run ();
}
