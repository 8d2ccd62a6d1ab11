/* `spice-share --headless` against a real server: its lines, its statuses, and the settings changed
 * live with the `gsettings` command (keyfile backend).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rig.h"

#include <signal.h>

#include <glib/gstdio.h>

#define SCHEMA "org.spice-space.webdav"
#define SECONDS 20

/* Of spice-protocol. */
#define CHANNEL_MAIN 1
#define CHANNEL_DISPLAY 2
#define CHANNEL_INPUTS 3

static const char *const keyfile[] = { "GSETTINGS_BACKEND=keyfile", NULL };

/* Words up to NULL; the URI comes by itself. */
static RigChild *
start (Rig *rig, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  const char *word;
  va_list words;

  g_ptr_array_add (argv, (gpointer)COMMAND);
  g_ptr_array_add (argv, (gpointer) "--headless");
  va_start (words, rig);
  while ((word = va_arg (words, const char *)) != NULL)
    g_ptr_array_add (argv, (gpointer)word);
  va_end (words);
  g_ptr_array_add (argv, rig->uri);
  g_ptr_array_add (argv, NULL);
  return rig_child_new ((const char *const *)argv->pdata, keyfile);
}

/* As a person does it. */
static void
gsettings_set (const char *key, const char *value)
{
  const char *const argv[] = { "gsettings", "set", SCHEMA, key, value, NULL };
  RigChild *child = rig_child_new (argv, keyfile);

  g_assert_cmpint (rig_child_wait_exit (child, SECONDS), ==, 0);
  rig_child_free (child);
}

static void
reset_settings (void)
{
  gsettings_set ("share-dir", "");
  gsettings_set ("share-dir-ro", "false");
}

static void
assert_status (Rig *rig, gint64 id, const char *method, const char *path, guint status)
{
  g_autoptr (RigExchange) exchange = rig_peer_request (rig->peer, id, method, path, NULL, NULL, 0);

  rig_assert_status (exchange, status);
}

/* What was shared is gone: the @n clients that the guest had are closed. */
static void
wait_clients_closed (Rig *rig, guint n)
{
  rig_wait_until (rig_peer_get_n_closed (rig->peer) == n, SECONDS);
}

static void
end_by (RigChild *child, int signum)
{
  g_assert_cmpint (kill (rig_child_get_pid (child), signum), ==, 0);
  g_assert_cmpint (rig_child_wait_exit (child, SECONDS), ==, 0);
  rig_child_wait (child, "disconnected", 1, SECONDS);
  rig_child_free (child);
}

static void
test_share (Rig *rig)
{
  RigChild *child;

  reset_settings ();
  rig_write_file (rig, "a.txt", "hello", 5);
  child = start (rig, "--share-dir", rig->share, NULL);
  rig_child_wait (child, "ready", 1, SECONDS);
  g_assert_cmpstr (rig_child_wait (child, "started ", 1, SECONDS), ==, rig->share);
  assert_status (rig, 1, "GET", "/a.txt", 200);
  assert_status (rig, 2, "DELETE", "/a.txt", 204);

  /* The main and the webdav channel only. */
  g_assert_cmpuint (rig_count_channel (rig, CHANNEL_MAIN), ==, 1);
  g_assert_cmpuint (rig_count_channel (rig, RIG_CHANNEL_WEBDAV), ==, 1);
  g_assert_cmpuint (rig_count_channel (rig, CHANNEL_DISPLAY), ==, 0);
  g_assert_cmpuint (rig_count_channel (rig, CHANNEL_INPUTS), ==, 0);
  end_by (child, SIGTERM);
}

/* Where an upload waited until it was whole is gone as soon as the process is. */
static void
test_nothing_left (Rig *rig)
{
  RigChild *child;
  g_autoptr (RigExchange) whole = NULL;
  g_autoptr (RigExchange) partial = NULL;

  reset_settings ();
  child = start (rig, "--share-dir", rig->share, NULL);
  rig_child_wait (child, "started ", 1, SECONDS);
  whole = rig_peer_request (rig->peer, 1, "PUT", "/a.txt", NULL, "hello", 5);
  rig_assert_status (whole, 201);
  partial = rig_peer_start_upload (rig->peer, 2, "/large", NULL, RIG_CONTENT_RANDOM,
                                   G_GUINT64_CONSTANT (1) << 40);
  rig_wait_until (rig_peer_get_bytes_written (rig->peer) > 64 * RIG_CONTENT_BLOCK, SECONDS);
  end_by (child, SIGTERM);
  rig_assert_only_file (rig, "a.txt");
}

static void
test_read_only (Rig *rig)
{
  RigChild *child;
  g_autofree char *expected = g_strconcat (rig->share, " (ro)", NULL);

  reset_settings ();
  rig_write_file (rig, "a.txt", "hello", 5);
  child = start (rig, "--share-dir-ro", "--share-dir", rig->share, NULL);
  g_assert_cmpstr (rig_child_wait (child, "started ", 1, SECONDS), ==, expected);
  assert_status (rig, 1, "GET", "/a.txt", 200);
  assert_status (rig, 2, "DELETE", "/a.txt", 403);
  end_by (child, SIGINT);
}

/* Nothing is shared until a setting says so, and then at once. */
static void
test_settings (Rig *rig)
{
  g_autofree char *read_only = g_strconcat (rig->share, " (ro)", NULL);
  g_autofree char *missing = g_build_filename (rig->dir, "missing", NULL);
  RigChild *child;

  reset_settings ();
  rig_write_file (rig, "a.txt", "hello", 5);
  child = start (rig, NULL);
  rig_child_wait (child, "ready", 1, SECONDS);
  assert_status (rig, 1, "GET", "/a.txt", 503);

  gsettings_set ("share-dir", rig->share);
  g_assert_cmpstr (rig_child_wait (child, "started ", 1, SECONDS), ==, rig->share);
  assert_status (rig, 2, "GET", "/a.txt", 200);

  gsettings_set ("share-dir-ro", "true");
  g_assert_cmpstr (rig_child_wait (child, "started ", 2, SECONDS), ==, read_only);
  wait_clients_closed (rig, 2);
  assert_status (rig, 3, "DELETE", "/a.txt", 403);

  gsettings_set ("share-dir", missing);
  g_assert_nonnull (strstr (rig_child_wait (child, "error ", 1, SECONDS), missing));
  wait_clients_closed (rig, 3);
  assert_status (rig, 4, "GET", "/a.txt", 503);

  gsettings_set ("share-dir", rig->share);
  g_assert_cmpstr (rig_child_wait (child, "started ", 3, SECONDS), ==, read_only);
  gsettings_set ("share-dir", "");
  /* For every share that ended: made read-only, the bad folder, emptied. */
  rig_child_wait (child, "stopped", 3, SECONDS);
  wait_clients_closed (rig, 4);
  assert_status (rig, 5, "GET", "/a.txt", 503);
  end_by (child, SIGTERM);
}

/* An option holds until the setting changes. */
static void
test_override (Rig *rig)
{
  g_autofree char *other = g_build_filename (rig->dir, "other", NULL);
  RigChild *child;

  reset_settings ();
  g_assert_cmpint (g_mkdir (other, 0700), ==, 0);
  rig_write_file (rig, "a.txt", "hello", 5);
  gsettings_set ("share-dir", other);

  child = start (rig, "--share-dir", rig->share, NULL);
  g_assert_cmpstr (rig_child_wait (child, "started ", 1, SECONDS), ==, rig->share);
  gsettings_set ("compression", "always");
  gsettings_set ("compression", "auto");
  assert_status (rig, 1, "GET", "/a.txt", 200);
  g_assert_cmpuint (rig_child_count (child, "started "), ==, 1);

  gsettings_set ("share-dir", "/");
  gsettings_set ("share-dir", other);
  rig_wait_until (
      g_strcmp0 (rig_child_wait (child, "started ", rig_child_count (child, "started "), SECONDS),
                 other)
          == 0,
      SECONDS);
  wait_clients_closed (rig, 1);
  assert_status (rig, 2, "GET", "/a.txt", 404);
  end_by (child, SIGTERM);
  g_assert_cmpint (g_rmdir (other), ==, 0);
}

static void
test_tls (Rig *rig)
{
  g_autofree char *ca = g_strdup_printf ("--spice-ca-file=%s", rig->ca_file);
  RigChild *child;

  reset_settings ();
  child = start (rig, ca, "--share-dir", rig->share, "-w", rig->password, NULL);
  g_assert_cmpstr (rig_child_wait (child, "started ", 1, SECONDS), ==, rig->share);
  assert_status (rig, 1, "OPTIONS", "/", 200);
  end_by (child, SIGTERM);
}

static void
test_wrong_password (Rig *rig)
{
  g_autofree char *ca = g_strdup_printf ("--spice-ca-file=%s", rig->ca_file);
  RigChild *child;

  reset_settings ();
  child = start (rig, ca, "--share-dir", rig->share, "-w", "wrong", NULL);
  g_assert_nonnull (strstr (rig_child_wait (child, "error ", 1, SECONDS), "password"));
  g_assert_cmpint (rig_child_wait_exit (child, SECONDS), ==, 1);
  g_assert_cmpuint (rig_child_count (child, "ready"), ==, 0);
  g_assert_cmpuint (rig_child_count (child, "disconnected"), ==, 0);
  rig_child_free (child);
}

/* The server goes: that is how a virtual machine ends. */
static void
test_server_ends (Rig *rig)
{
  RigChild *child;

  reset_settings ();
  child = start (rig, "--share-dir", rig->share, NULL);
  rig_child_wait (child, "started ", 1, SECONDS);
  g_assert_cmpint (kill (rig_child_get_pid (rig->server), SIGKILL), ==, 0);
  rig_child_wait (child, "stopped", 1, SECONDS);
  rig_child_wait (child, "disconnected", 1, SECONDS);
  g_assert_cmpint (rig_child_wait_exit (child, SECONDS), ==, 0);
  rig_child_free (child);
}

static void
on_accepted (GObject *listener, GAsyncResult *result, gpointer user_data)
{
  GSocketConnection **connection = user_data;
  g_autoptr (GError) error = NULL;

  *connection
      = g_socket_listener_accept_finish (G_SOCKET_LISTENER (listener), result, NULL, &error);
  g_assert_no_error (error);
}

/* A signal while the server says nothing: spice-gtk waits for it, we do not. It warns of the link
 * header that is cut off, "incomplete link header (0/16)", so warnings may not be fatal here. */
static void
test_signal_at_once (Rig *rig)
{
  static const char *const environment[] = { "GSETTINGS_BACKEND=keyfile", "G_DEBUG=", NULL };
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autofree char *uri = NULL;
  RigChild *child;

  reset_settings ();
  uri = g_strdup_printf ("spice://127.0.0.1:%u",
                         g_socket_listener_add_any_inet_port (listener, NULL, NULL));
  g_socket_listener_accept_async (listener, NULL, on_accepted, &connection);
  child = rig_child_new (
      (const char *const[]){ COMMAND, "--headless", "--share-dir", rig->share, uri, NULL },
      environment);
  rig_wait_until (connection != NULL, SECONDS);
  g_assert_cmpint (kill (rig_child_get_pid (child), SIGTERM), ==, 0);
  g_assert_cmpint (rig_child_wait_exit (child, SECONDS), ==, 0);
  g_assert_cmpuint (rig_child_count (child, "ready"), ==, 0);
  rig_child_free (child);
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  rig_test_add ("/headless/share", RIG_TCP, 60, test_share);
  rig_test_add ("/headless/share-unix", RIG_UNIX, 60, test_share);
  rig_test_add ("/headless/nothing-left", RIG_TCP, 60, test_nothing_left);
  rig_test_add ("/headless/read-only", RIG_TCP, 60, test_read_only);
  rig_test_add ("/headless/settings", RIG_TCP, 60, test_settings);
  rig_test_add ("/headless/override", RIG_TCP, 60, test_override);
  rig_test_add ("/headless/tls", RIG_TLS, 60, test_tls);
  rig_test_add ("/headless/wrong-password", RIG_TLS, 60, test_wrong_password);
  rig_test_add ("/headless/server-ends", RIG_TCP, 60, test_server_ends);
  rig_test_add ("/headless/signal-at-once", RIG_TCP, 60, test_signal_at_once);
  return rig_test_run ();
}
