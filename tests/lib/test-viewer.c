/* A viewer session without a window, in a process of its own, that tells how it fares.
 *
 * With the stock channel or with ours; README.md lists its lines and commands. It ends with its
 * standard input.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rig-child.h"
#include "share-viewer.h"
#include "share/share.h"

#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A source of the priority of drawing (GDK_PRIORITY_REDRAW), and one of the default priority, that
 * should run this often. */
#define GAP_TICK_MS 1
#define REDRAW_PRIORITY (G_PRIORITY_HIGH_IDLE + 20)

static gboolean arg_stock;
static char *arg_share;
static gboolean arg_read_only;
static char *arg_compression;
static char *arg_ca_file;
static char *arg_password;
static gint64 arg_sink_rate;
static gboolean arg_all_channels;

static const GOptionEntry entries[] = {
  { "stock", 0, 0, G_OPTION_ARG_NONE, &arg_stock, "spice-gtk's own channel", NULL },
  { "share", 0, 0, G_OPTION_ARG_FILENAME, &arg_share, "Folder to share", "DIR" },
  { "share-dir-ro", 0, 0, G_OPTION_ARG_NONE, &arg_read_only, "Read-only", NULL },
  { "compression", 0, 0, G_OPTION_ARG_STRING, &arg_compression, "auto, always or never", "MODE" },
  { "ca-file", 0, 0, G_OPTION_ARG_FILENAME, &arg_ca_file, "Authority of the server", "FILE" },
  { "password", 0, 0, G_OPTION_ARG_STRING, &arg_password, "Ticket", "TICKET" },
  { "sink-rate", 0, 0, G_OPTION_ARG_INT64, &arg_sink_rate,
    "Write to files at this speed at most, as a slow disk does", "BYTES-PER-SECOND" },
  { "all-channels", 0, 0, G_OPTION_ARG_NONE, &arg_all_channels, "Connect every channel there is",
    NULL },
  { NULL },
};

typedef struct
{
  GMainLoop *loop;
  Viewer *viewer;
  ShareViewer *ours; /* NULL with --stock */
  gboolean was_open;
  int schedstat; /* of the main thread */
  gint64 last_tick;
  gint64 last_delay;
  gint64 max_gap; /* us */
  gint64 last_default_tick;
  gint64 max_default_gap; /* us */
} State;

/* How long this thread has been ready to run while others had the processors, in us: not our
 * doing, and the machine may be busy with other tests. */
static gint64
get_run_delay (int schedstat)
{
  char text[128] = "";
  guint64 delay = 0;
  const char *space;

  if (pread (schedstat, text, sizeof text - 1, 0) > 0 && (space = strchr (text, ' ')) != NULL)
    delay = g_ascii_strtoull (space, NULL, 10);
  return delay / 1000;
}

/* The linker leads write() of our own libraries here: a disk as slow as a test wants it. */
ssize_t __real_write (int fd, const void *data, size_t len);
ssize_t __wrap_write (int fd, const void *data, size_t len);

ssize_t
__wrap_write (int fd, const void *data, size_t len)
{
  struct stat status;

  if (arg_sink_rate > 0 && fstat (fd, &status) == 0 && S_ISREG (status.st_mode))
    g_usleep (len * G_USEC_PER_SEC / arg_sink_rate);
  return __real_write (fd, data, len);
}

/* And each main context made in our own libraries here, to count what is in it. */
GMainContext *__real_g_main_context_new (void);
G_MODULE_EXPORT GMainContext *__wrap_g_main_context_new (void);

static GMutex contexts_lock;
static GPtrArray *contexts; /* of GMainContext, kept for as long as this runs */

GMainContext *
__wrap_g_main_context_new (void)
{
  GMainContext *context = __real_g_main_context_new ();
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&contexts_lock);

  if (contexts == NULL)
    contexts = g_ptr_array_new ();
  g_ptr_array_add (contexts, g_main_context_ref (context));
  return context;
}

/* There is no call to count them, but their numbers only grow. */
static guint
count_sources_in (GMainContext *context)
{
  /* Not ready before it is gone, whoever runs the context. */
  g_autoptr (GSource) newest = g_timeout_source_new (G_MAXUINT);
  guint newest_id = g_source_attach (newest, context);
  guint n = 0;

  g_source_destroy (newest);
  for (guint id = 1; id < newest_id; id++)
    n += g_main_context_find_source_by_id (context, id) != NULL;
  return n;
}

static guint
count_sources (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&contexts_lock);
  guint n = count_sources_in (NULL);

  for (guint i = 0; contexts != NULL && i < contexts->len; i++)
    n += count_sources_in (contexts->pdata[i]);
  return n;
}

static void
print_event (const char *event, gpointer user_data)
{
  g_print ("%s\n", event);
}

/* Tells when the port opens and closes, and measures how long the main loop was busy elsewhere. */
static gboolean
gap_tick (gpointer user_data)
{
  State *self = user_data;
  gint64 delay = get_run_delay (self->schedstat);
  gint64 now = g_get_monotonic_time ();
  gint64 gap = now - self->last_tick - (delay - self->last_delay) - GAP_TICK_MS * 1000;
  gboolean opened = FALSE;

  self->max_gap = MAX (self->max_gap, gap);
  self->last_tick = now;
  self->last_delay = delay;
  if (self->viewer->webdav != NULL)
    g_object_get (self->viewer->webdav, "port-opened", &opened, NULL);
  opened = opened && self->viewer->connected;
  if (opened != self->was_open)
    g_print (opened ? "open\n" : "closed\n");
  self->was_open = opened;
  return G_SOURCE_CONTINUE;
}

static gboolean
default_tick (gpointer user_data)
{
  State *self = user_data;
  gint64 now = g_get_monotonic_time ();

  self->max_default_gap
      = MAX (self->max_default_gap, now - self->last_default_tick - GAP_TICK_MS * 1000);
  self->last_default_tick = now;
  return G_SOURCE_CONTINUE;
}

static SpiceShareCompression
get_compression (void)
{
  if (g_strcmp0 (arg_compression, "always") == 0)
    return SPICE_SHARE_COMPRESSION_ALWAYS;
  if (g_strcmp0 (arg_compression, "never") == 0)
    return SPICE_SHARE_COMPRESSION_NEVER;
  return SPICE_SHARE_COMPRESSION_AUTO;
}

static void
run_command (State *self, const char *command)
{
  SpiceChannel *channel = self->viewer->webdav;

  if (strcmp (command, "stats") == 0)
    g_print ("stats %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n",
             rig_process_get_rss_kib (getpid ()), self->max_gap, self->max_default_gap);
  else if (strcmp (command, "sources") == 0)
    g_print ("sources %u\n", count_sources ());
  else if (strcmp (command, "reset-gap") == 0)
    self->max_gap = self->max_default_gap = 0;
  else if (strcmp (command, "quit") == 0)
    g_main_loop_quit (self->loop);
  else if (channel == NULL)
    g_printerr ("test-viewer: no channel for '%s'\n", command);
  else if (strcmp (command, "disconnect") == 0)
    spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
  else if (strcmp (command, "connect") == 0)
    spice_channel_connect (channel);
  else if (self->ours == NULL)
    g_printerr ("test-viewer: '%s' is not for the stock channel\n", command);
  else if (g_str_has_prefix (command, "share "))
    spice_share_channel_share (SPICE_SHARE_CHANNEL (channel), command + strlen ("share "), 0);
  else if (g_str_has_prefix (command, "share-ro "))
    spice_share_channel_share (SPICE_SHARE_CHANNEL (channel), command + strlen ("share-ro "),
                               SHARE_READ_ONLY);
  else if (strcmp (command, "stop") == 0)
    spice_share_channel_stop (SPICE_SHARE_CHANNEL (channel));
  else
    g_printerr ("test-viewer: unknown command '%s'\n", command);
}

static void
read_command (GObject *source, GAsyncResult *result, gpointer user_data)
{
  State *self = user_data;
  GDataInputStream *in = G_DATA_INPUT_STREAM (source);
  g_autofree char *line = g_data_input_stream_read_line_finish (in, result, NULL, NULL);

  if (line == NULL)
    {
      g_main_loop_quit (self->loop);
      return;
    }
  run_command (self, line);
  g_data_input_stream_read_line_async (in, G_PRIORITY_DEFAULT, NULL, read_command, self);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("URI - a viewer for tests");
  g_autoptr (GInputStream) standard_in = NULL;
  g_autoptr (GDataInputStream) commands = NULL;
  g_autoptr (GError) error = NULL;
  ViewerSetup setup = { 0 };
  State self = { 0 };
  guint tick, second_tick;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc != 2)
    {
      g_printerr ("test-viewer: %s\n", error != NULL ? error->message : "no URI");
      return 2;
    }
  setvbuf (stdout, NULL, _IOLBF, 0);
  setup.ca_file = arg_ca_file;
  setup.password = arg_password;
  setup.all_channels = arg_all_channels;
  if (arg_stock)
    {
      setup.shared_dir = arg_share;
      setup.share_dir_ro = arg_read_only;
      self.viewer = viewer_new (argv[1], &setup);
    }
  else
    {
      self.ours = share_viewer_new (argv[1], &setup, arg_share, arg_read_only ? SHARE_READ_ONLY : 0,
                                    get_compression ());
      self.ours->on_event = print_event;
      self.viewer = self.ours->viewer;
    }
  self.schedstat = open ("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  self.last_delay = get_run_delay (self.schedstat);
  self.last_tick = self.last_default_tick = g_get_monotonic_time ();
  tick = g_timeout_add_full (REDRAW_PRIORITY, GAP_TICK_MS, gap_tick, &self, NULL);
  second_tick = g_timeout_add (GAP_TICK_MS, default_tick, &self);
  standard_in = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  commands = g_data_input_stream_new (standard_in);
  g_data_input_stream_read_line_async (commands, G_PRIORITY_DEFAULT, NULL, read_command, &self);
  self.loop = g_main_loop_new (NULL, FALSE);
  g_main_loop_run (self.loop);
  g_source_remove (tick);
  g_source_remove (second_tick);
  close (self.schedstat);
  if (self.ours != NULL)
    share_viewer_free (self.ours);
  else
    viewer_free (self.viewer);
  g_main_loop_unref (self.loop);
  return 0;
}
