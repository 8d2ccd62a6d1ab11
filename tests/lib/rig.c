/* The fixture of the integration tests. See rig.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rig.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A made file has real content up to here. */
#define MADE_CONTENT_MAX (64 * RIG_CONTENT_BLOCK)

typedef struct
{
  const char *path;
  RigFlags flags;
  guint seconds;
  RigTest test;
} Case;

typedef struct
{
  GMutex mutex;
  GCond cond;
  gboolean over;
  guint seconds;
  const char *path;
} Watchdog;

static char *test_home;
static GPtrArray *allowed_warnings;
static GLogFunc gtest_log_handler;
static gint n_warnings; /* allowed ones that came */

static void
remove_tree (const char *path)
{
  const char *const argv[] = { "rm", "-rf", "--", path, NULL };
  g_autoptr (GSubprocess) rm = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_NONE, NULL);

  if (rm != NULL)
    g_subprocess_wait (rm, NULL, NULL);
}

static gboolean
is_allowed (const char *message)
{
  return g_ptr_array_find_with_equal_func (allowed_warnings, message, g_str_equal, NULL);
}

static gboolean
is_fatal (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  return !is_allowed (message);
}

/* In front of GTest's own handler, which would end the TAP stream with "Bail out!". */
static void
handle_log (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  if (is_allowed (message))
    g_atomic_int_inc (&n_warnings);
  else
    gtest_log_handler (domain, level, message, user_data);
}

guint
rig_test_count_warnings (void)
{
  return g_atomic_int_get (&n_warnings);
}

void
rig_test_allow_warning (const char *text)
{
  g_ptr_array_add (allowed_warnings, (gpointer)text);
}

static void
set_folder (const char *variable, const char *name)
{
  g_autofree char *path = g_build_filename (test_home, name, NULL);

  g_mkdir_with_parents (path, 0700);
  g_setenv (variable, path, TRUE);
}

void
rig_test_init (int *argc, char ***argv)
{
  static const char *const proxies[] = { "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY" };
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  test_home = g_dir_make_tmp ("rig-home-XXXXXX", &error);
  g_assert_no_error (error);
  g_setenv ("HOME", test_home, TRUE);
  set_folder ("XDG_CONFIG_HOME", "config");
  set_folder ("XDG_DATA_HOME", "data");
  set_folder ("XDG_CACHE_HOME", "cache");
  set_folder ("XDG_RUNTIME_DIR", "run");
  /* Everything here is on loopback; curl and the daemon's other clients must not ask a proxy. */
  for (guint i = 0; i < G_N_ELEMENTS (proxies); i++)
    g_unsetenv (proxies[i]);
  signal (SIGPIPE, SIG_IGN);
  allowed_warnings = g_ptr_array_new ();
  g_test_init (argc, argv, NULL);
  gtest_log_handler = g_log_set_default_handler (handle_log, NULL);
}

int
rig_test_run (void)
{
  int status = g_test_run ();

  remove_tree (test_home);
  g_clear_pointer (&test_home, g_free);
  g_clear_pointer (&allowed_warnings, g_ptr_array_unref);
  return status;
}

static gpointer
watch_over (gpointer data)
{
  Watchdog *dog = data;
  gint64 end = g_get_monotonic_time () + (gint64)dog->seconds * G_USEC_PER_SEC;

  g_mutex_lock (&dog->mutex);
  while (!dog->over)
    if (!g_cond_wait_until (&dog->cond, &dog->mutex, end))
      {
        g_printerr ("watchdog: %s is not over after %u s\n", dog->path, dog->seconds);
        abort ();
      }
  g_mutex_unlock (&dog->mutex);
  return NULL;
}

static void
run_case (gconstpointer data)
{
  const Case *test = data;
  Watchdog dog = { .seconds = test->seconds, .path = test->path };
  GThread *thread;

  /* GTest forgets it before each test. */
  g_test_log_set_fatal_handler (is_fatal, NULL);
  g_mutex_init (&dog.mutex);
  g_cond_init (&dog.cond);
  thread = g_thread_new ("watchdog", watch_over, &dog);
  {
    g_autoptr (Rig) rig = rig_new (test->flags);

    test->test (rig);
  }
  g_mutex_lock (&dog.mutex);
  dog.over = TRUE;
  g_cond_signal (&dog.cond);
  g_mutex_unlock (&dog.mutex);
  g_thread_join (thread);
  g_mutex_clear (&dog.mutex);
  g_cond_clear (&dog.cond);
}

void
rig_test_add (const char *path, RigFlags flags, guint seconds, RigTest test)
{
  Case *data = g_new0 (Case, 1);

  data->path = path;
  data->flags = flags;
  data->seconds = seconds * patience ();
  data->test = test;
  g_test_add_data_func_full (path, data, run_case, g_free);
}

char *
rig_program (const char *name)
{
  return g_build_filename (RIG_BUILDDIR, name, NULL);
}

static void
make_certificate (Rig *self, char **key_file)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) openssl = NULL;

  self->ca_file = g_build_filename (self->dir, "server.pem", NULL);
  *key_file = g_build_filename (self->dir, "server.key", NULL);
  openssl
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error, "openssl", "req", "-x509",
                          "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                          "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                          *key_file, "-out", self->ca_file, NULL);
  g_assert_no_error (error);
  g_subprocess_wait_check (openssl, NULL, &error);
  g_assert_no_error (error);
}

static void
start_server (Rig *self, RigFlags flags)
{
  g_autofree char *program = rig_program ("spice-rig/spice-rig");
  g_autofree char *viewer_socket = g_build_filename (self->dir, "spice.sock", NULL);
  g_autofree char *guest_socket = g_build_filename (self->dir, "guest.sock", NULL);
  /* spice-server warns of each connection that a test cuts. */
  const char *const environ[] = { "G_DEBUG=", NULL };
  g_autofree char *key_file = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();

  g_ptr_array_add (argv, program);
  if ((flags & RIG_PTY) != 0)
    g_ptr_array_add (argv, (gpointer) "--guest-pty");
  else
    {
      g_ptr_array_add (argv, (gpointer) "--guest-socket");
      g_ptr_array_add (argv, guest_socket);
    }
  if ((flags & RIG_OTHER_PORT) != 0)
    {
      g_ptr_array_add (argv, (gpointer) "--name");
      g_ptr_array_add (argv, (gpointer) "org.spice-space.other.0");
    }
  if ((flags & RIG_UNIX) != 0)
    {
      g_ptr_array_add (argv, (gpointer) "--unix");
      g_ptr_array_add (argv, viewer_socket);
    }
  else if ((flags & RIG_TLS) != 0)
    {
      make_certificate (self, &key_file);
      self->password = RIG_TICKET;
      g_ptr_array_add (argv, (gpointer) "--tls-cert");
      g_ptr_array_add (argv, self->ca_file);
      g_ptr_array_add (argv, (gpointer) "--tls-key");
      g_ptr_array_add (argv, key_file);
      g_ptr_array_add (argv, (gpointer) "--ticket");
      g_ptr_array_add (argv, (gpointer)RIG_TICKET);
    }
  else
    {
      g_ptr_array_add (argv, (gpointer) "--tcp");
      g_ptr_array_add (argv, (gpointer) "0");
    }
  g_ptr_array_add (argv, NULL);
  self->server = rig_child_new ((const char *const *)argv->pdata, environ);
  rig_child_wait (self->server, "ready", 1, 10);
  if ((flags & RIG_UNIX) != 0)
    self->uri = g_strdup_printf ("spice+unix://%s", viewer_socket);
  else
    {
      gboolean tls = (flags & RIG_TLS) != 0;
      const char *port = rig_child_wait (self->server, tls ? "tls-port " : "port ", 1, 1);

      self->tcp_port = g_ascii_strtoull (port, NULL, 10);
      self->uri = g_strdup_printf (tls ? "spice://127.0.0.1?tls-port=%u" : "spice://127.0.0.1:%u",
                                   self->tcp_port);
    }
}

static void
start_daemon (Rig *self)
{
  g_autofree char *program = rig_program ("webdavd-run");
  g_autofree char *folder = g_build_filename (self->dir, "daemon", NULL);
  const char *const argv[] = { program, folder, self->guest_path, NULL };

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  self->daemon = rig_child_new (argv, NULL);
  self->url
      = g_strdup_printf ("http://127.0.0.1:%s", rig_child_wait (self->daemon, "port ", 1, 30));
  rig_child_wait (self->server, "guest 1", 1, 10);
}

Rig *
rig_new (RigFlags flags)
{
  g_autoptr (GError) error = NULL;
  Rig *self = g_new0 (Rig, 1);

  self->dir = g_dir_make_tmp ("rig-XXXXXX", &error);
  g_assert_no_error (error);
  self->share = g_build_filename (self->dir, "share", NULL);
  g_assert_cmpint (g_mkdir (self->share, 0755), ==, 0);
  start_server (self, flags);
  if ((flags & RIG_PTY) != 0)
    {
      self->guest_path = g_strdup (rig_child_wait (self->server, "guest-pty ", 1, 1));
      start_daemon (self);
    }
  else
    {
      self->guest_path = g_strdup (rig_child_wait (self->server, "guest-socket ", 1, 1));
      self->peer = rig_peer_new (self->guest_path);
      rig_child_wait (self->server, "guest 1", 1, 10);
    }
  return self;
}

void
rig_free (Rig *self)
{
  g_clear_pointer (&self->peer, rig_peer_free);
  g_clear_pointer (&self->daemon, rig_child_free);
  g_clear_pointer (&self->server, rig_child_free);
  remove_tree (self->dir);
  g_free (self->dir);
  g_free (self->share);
  g_free (self->uri);
  g_free (self->ca_file);
  g_free (self->guest_path);
  g_free (self->url);
  g_free (self);
}

void
rig_reconnect_guest (Rig *self)
{
  guint before = rig_child_count (self->server, "guest 1");

  g_clear_pointer (&self->peer, rig_peer_free);
  rig_child_wait (self->server, "guest 0", before, 10);
  self->peer = rig_peer_new (self->guest_path);
  rig_child_wait (self->server, "guest 1", before + 1, 10);
}

void
rig_write_file (Rig *self, const char *name, gconstpointer data, gsize len)
{
  g_autofree char *path = g_build_filename (self->share, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, data, len, &error);
  g_assert_no_error (error);
}

void
rig_make_file (Rig *self, const char *name, RigContent content, guint64 size)
{
  g_autofree char *path = g_build_filename (self->share, name, NULL);
  const guint8 *block = rig_content_get (content);
  guint64 filled = MIN (size, MADE_CONTENT_MAX);
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

  g_assert_cmpint (fd, >=, 0);
  for (guint64 done = 0; done < filled;)
    {
      gsize at = done % RIG_CONTENT_BLOCK;
      gssize n = write (fd, block + at, MIN (filled - done, RIG_CONTENT_BLOCK - at));

      g_assert_cmpint (n, >, 0);
      done += n;
    }
  g_assert_cmpint (ftruncate (fd, size), ==, 0);
  close (fd);
}

void
rig_assert_only_file (Rig *self, const char *name)
{
  g_autoptr (GDir) dir = g_dir_open (self->share, 0, NULL);
  guint n = 0;
  const char *found;

  g_assert_nonnull (dir);
  for (; (found = g_dir_read_name (dir)) != NULL; n++)
    g_assert_cmpstr (found, ==, name);
  g_assert_cmpuint (n, ==, 1);
}

guint
rig_count_channel (Rig *self, guint type)
{
  g_autofree char *prefix = g_strdup_printf ("channel initialized %u ", type);

  return rig_child_count (self->server, prefix);
}

guint64
rig_get_server_rss_kib (Rig *self)
{
  return rig_process_get_rss_kib (rig_child_get_pid (self->server));
}

int
rig_run (const char *const *argv, guint seconds, char **output)
{
  g_autoptr (RigChild) child = rig_child_new (argv, NULL);
  int status = rig_child_wait_exit (child, seconds);

  if (output != NULL)
    *output = rig_child_dup_output (child);
  return status;
}
