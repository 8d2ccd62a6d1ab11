/* Runs the distribution's spice-webdavd outside of a guest, on the pty of spice-rig.
 *
 *   webdavd-run FOLDER PTY
 *
 * The daemon opens a fixed device and exits without avahi, which needs a system bus. So all three
 * run here in a mount namespace of their own, with a /dev and a /run made for them, and avahi in a
 * network namespace without any interface: nothing is announced to anybody. FOLDER is for their
 * files. Prints "port N" when the daemon listens on 127.0.0.1; "stop" and "start" on standard input
 * end the daemon and start it anew; ends at the end of its input. Needs root or unprivileged user
 * namespaces.
 *
 * Documents: DESIGN P10, P15; spice-webdavd 3.0.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICE "virtio-ports/org.spice-space.webdav.0"

/* A free port may be taken before the daemon has it. */
#define PORT_ATTEMPTS 16

/* Each step of the start is a matter of milliseconds; this is for a machine under load. */
#define START_SECONDS 20

static const char dbus_conf[]
    = "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
      " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
      "<busconfig><type>system</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>\n"
      "<policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\n"
      "<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>\n";

static const char avahi_conf[] = "[server]\nhost-name=rig\nuse-ipv4=yes\nuse-ipv6=no\n"
                                 "[wide-area]\nenable-wide-area=no\n"
                                 "[publish]\npublish-addresses=no\n";

typedef struct
{
  GMainLoop *loop;
  GSubprocess *daemon;
  guint16 port;
} Runner;

static void G_GNUC_NORETURN
fail (const char *what)
{
  g_printerr ("webdavd-run: %s: %s\n", what, g_strerror (errno));
  exit (1);
}

static void
must (int result, const char *what)
{
  if (result < 0)
    fail (what);
}

static void
write_file (const char *path, const char *text)
{
  g_autoptr (GError) error = NULL;

  if (!g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error))
    fail (error->message);
}

static void
write_map (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  must (fd, path);
  must (write (fd, text, strlen (text)), path);
  close (fd);
}

static void
enter_namespaces (void)
{
  g_autofree char *uid_map = g_strdup_printf ("0 %u 1", getuid ());
  g_autofree char *gid_map = g_strdup_printf ("0 %u 1", getgid ());

  if (geteuid () == 0)
    must (unshare (CLONE_NEWNS), "unshare");
  else
    {
      must (unshare (CLONE_NEWUSER | CLONE_NEWNS), "unshare");
      write_map ("/proc/self/setgroups", "deny");
      write_map ("/proc/self/uid_map", uid_map);
      write_map ("/proc/self/gid_map", gid_map);
    }
  must (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
}

static void
bind_device (const char *dev, const char *name, gboolean folder)
{
  g_autofree char *from = g_build_filename ("/dev", name, NULL);
  g_autofree char *to = g_build_filename (dev, name, NULL);

  if (folder)
    must (g_mkdir (to, 0755), to);
  else
    write_file (to, "");
  must (mount (from, to, NULL, MS_BIND | MS_REC, NULL), to);
}

static void
make_dev (const char *folder, const char *pty)
{
  static const char *const devices[] = { "null", "zero", "full", "random", "urandom" };
  g_autofree char *dev = g_build_filename (folder, "dev", NULL);
  g_autofree char *ports = g_build_filename (dev, "virtio-ports", NULL);
  g_autofree char *device = g_build_filename (dev, DEVICE, NULL);

  must (g_mkdir (dev, 0755), dev);
  must (mount ("tmpfs", dev, "tmpfs", 0, "mode=755"), dev);
  for (guint i = 0; i < G_N_ELEMENTS (devices); i++)
    bind_device (dev, devices[i], FALSE);
  bind_device (dev, "pts", TRUE);
  must (g_mkdir (ports, 0755), ports);
  must (symlink (pty, device), device);
  must (mount (dev, "/dev", NULL, MS_MOVE, NULL), "/dev");
  must (mount ("tmpfs", "/run", "tmpfs", 0, "mode=755"), "/run");
}

static void
child_setup (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static void
child_setup_without_network (gpointer user_data)
{
  child_setup (user_data);
  if (unshare (CLONE_NEWNET) != 0)
    _exit (126);
}

static GSubprocess *
start_child (const char *const *argv, GSpawnChildSetupFunc setup)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
  g_autoptr (GError) error = NULL;
  GSubprocess *child;

  g_subprocess_launcher_set_child_setup (launcher, setup, NULL, NULL);
  child = g_subprocess_launcher_spawnv (launcher, argv, &error);
  if (child == NULL)
    {
      g_printerr ("webdavd-run: %s: %s\n", argv[0], error->message);
      exit (1);
    }
  return child;
}

static gboolean
too_late (gpointer user_data)
{
  g_printerr ("webdavd-run: %s did not start in %d s\n", (const char *)user_data, START_SECONDS);
  exit (1);
}

static gboolean
tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static void
start_bus (const char *folder)
{
  g_autofree char *conf = g_build_filename (folder, "dbus.conf", NULL);
  g_autofree char *socket = g_build_filename (folder, "dbus.sock", NULL);
  g_autofree char *option = g_strdup_printf ("--config-file=%s", conf);
  g_autofree char *text = g_strdup_printf (dbus_conf, socket);
  g_autofree char *address = g_strdup_printf ("unix:path=%s", socket);
  const char *const argv[] = { "dbus-daemon", option, "--nofork", "--nopidfile", NULL };
  guint late = g_timeout_add_seconds (START_SECONDS, too_late, (gpointer)argv[0]);
  guint ticks = g_timeout_add (5, tick, NULL);

  write_file (conf, text);
  start_child (argv, child_setup);
  while (!g_file_test (socket, G_FILE_TEST_EXISTS))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (ticks);
  g_source_remove (late);
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", address, TRUE);
}

static void
name_appeared (GDBusConnection *bus, const char *name, const char *owner, gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
}

static void
start_avahi (const char *folder)
{
  g_autofree char *conf = g_build_filename (folder, "avahi.conf", NULL);
  const char *const argv[] = { "avahi-daemon", "--file",          conf,           "--no-drop-root",
                               "--no-chroot",  "--no-proc-title", "--no-rlimits", NULL };
  guint late = g_timeout_add_seconds (START_SECONDS, too_late, (gpointer)argv[0]);
  gboolean there = FALSE;
  guint watch;

  write_file (conf, avahi_conf);
  start_child (argv, child_setup_without_network);
  watch = g_bus_watch_name (G_BUS_TYPE_SYSTEM, "org.freedesktop.Avahi",
                            G_BUS_NAME_WATCHER_FLAGS_NONE, name_appeared, NULL, &there, NULL);
  while (!there)
    g_main_context_iteration (NULL, TRUE);
  g_bus_unwatch_name (watch);
  g_source_remove (late);
}

static gboolean
listens (guint16 port)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection
      = g_socket_client_connect_to_host (client, "127.0.0.1", port, NULL, NULL);

  return connection != NULL;
}

static void
daemon_exited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Runner *self = user_data;

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  if (self->daemon != G_SUBPROCESS (source))
    return;
  g_clear_object (&self->daemon);
  g_print ("daemon-exited\n");
}

static guint16
find_free_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();

  return g_socket_listener_add_any_inet_port (listener, NULL, NULL);
}

static void
start_daemon (Runner *self)
{
  guint late = g_timeout_add_seconds (START_SECONDS, too_late, (gpointer) "spice-webdavd");
  guint ticks = g_timeout_add (5, tick, NULL);

  for (guint i = 0; self->daemon == NULL && i < PORT_ATTEMPTS; i++)
    {
      g_autofree char *port = NULL;
      const char *argv[] = { "spice-webdavd", "-p", NULL, NULL };

      self->port = find_free_port ();
      argv[2] = port = g_strdup_printf ("%u", self->port);
      self->daemon = start_child (argv, child_setup);
      g_subprocess_wait_async (self->daemon, NULL, daemon_exited, self);
      while (self->daemon != NULL && !listens (self->port))
        g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (ticks);
  g_source_remove (late);
  if (self->daemon == NULL)
    {
      g_printerr ("webdavd-run: spice-webdavd does not stay\n");
      exit (1);
    }
  g_print ("port %u\n", self->port);
}

static void
stop_daemon (Runner *self)
{
  g_autoptr (GSubprocess) daemon = g_steal_pointer (&self->daemon);

  if (daemon == NULL)
    return;
  g_subprocess_force_exit (daemon);
  g_subprocess_wait (daemon, NULL, NULL);
}

static void
read_command (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Runner *self = user_data;
  GDataInputStream *in = G_DATA_INPUT_STREAM (source);
  g_autofree char *line = g_data_input_stream_read_line_finish (in, result, NULL, NULL);

  if (line == NULL)
    {
      g_main_loop_quit (self->loop);
      return;
    }
  if (strcmp (line, "stop") == 0)
    stop_daemon (self);
  else if (strcmp (line, "start") == 0)
    start_daemon (self);
  else
    g_printerr ("webdavd-run: unknown command '%s'\n", line);
  g_data_input_stream_read_line_async (in, G_PRIORITY_DEFAULT, NULL, read_command, self);
}

int
main (int argc, char **argv)
{
  g_autoptr (GInputStream) standard_in = NULL;
  g_autoptr (GDataInputStream) commands = NULL;
  Runner runner = { 0 };

  if (argc != 3)
    {
      g_printerr ("usage: webdavd-run FOLDER PTY\n");
      return 2;
    }
  setvbuf (stdout, NULL, _IOLBF, 0);
  enter_namespaces ();
  make_dev (argv[1], argv[2]);
  start_bus (argv[1]);
  start_avahi (argv[1]);
  start_daemon (&runner);
  standard_in = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  commands = g_data_input_stream_new (standard_in);
  g_data_input_stream_read_line_async (commands, G_PRIORITY_DEFAULT, NULL, read_command, &runner);
  runner.loop = g_main_loop_new (NULL, FALSE);
  g_main_loop_run (runner.loop);
  stop_daemon (&runner);
  g_main_loop_unref (runner.loop);
  return 0;
}
