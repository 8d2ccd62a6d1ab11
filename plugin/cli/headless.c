/* See headless.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/headless.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <spice-client.h>

#include "bus/share-bus.h"
#include "capture/capture.h"
#include "controller.h"
#include "share/share-finish.h"

/* How long to wait for spice-gtk to let go of its connections; it does not give up a connection
 * that is being made before its own 10 s. */
#define GOODBYE_SECONDS 3

/* The webdav channel of a server that ends may end first. */
#define MAIN_FOLLOWS_SECONDS 2

typedef struct
{
  GMainLoop *loop;
  ShareSettings *settings;
  Capture *capture; /* (nullable) */
  SpiceSession *session;
  ShareBus *bus;      /* `spice-share status` and `set` find us as they find a viewer */
  gboolean connected; /* the main channel was up */
  gboolean ending;
  ExitStatus status;
  guint deadline_id;
} Headless;

/* A line is an event, whatever a file name contains. */
static void G_GNUC_PRINTF (1, 2) say (const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);

  for (const char *c = line; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      printf ("\\x%02x", (guchar)*c);
    else
      putchar (*c);
  putchar ('\n');
  fflush (stdout);
}

static gboolean
on_deadline (gpointer user_data)
{
  Headless *self = user_data;

  self->deadline_id = 0;
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static void
end (Headless *self, ExitStatus status)
{
  if (self->ending)
    return;
  self->ending = TRUE;
  self->status = status;
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  self->deadline_id = g_timeout_add_seconds (GOODBYE_SECONDS, on_deadline, self);
  spice_session_disconnect (self->session);
}

static void
on_disconnected (SpiceSession *session, Headless *self)
{
  if (!self->ending)
    {
      self->ending = TRUE;
      self->status = EXIT_STATUS_OK;
    }
  g_main_loop_quit (self->loop);
}

static gboolean
on_signal (gpointer user_data)
{
  end (user_data, EXIT_STATUS_OK);
  return G_SOURCE_CONTINUE;
}

/* What went wrong with a connection, for people. */
static char *
describe_failure (SpiceChannel *channel, SpiceChannelEvent event)
{
  const GError *error = spice_channel_get_error (channel);

  switch (event)
    {
    case SPICE_CHANNEL_ERROR_AUTH:
      return g_strdup (_ ("The server wants a password, or another one."));
    case SPICE_CHANNEL_ERROR_TLS:
      return g_strdup (_ (
          "The encrypted connection failed; is the server's certificate that of --spice-ca-file?"));
    case SPICE_CHANNEL_ERROR_LINK:
      /* A server that refuses a password may be gone before its answer has come. */
      return g_strdup (_ ("The server refused the connection (a wrong password?), or does not "
                          "speak SPICE."));
    case SPICE_CHANNEL_ERROR_CONNECT:
      if (error != NULL)
        return g_strdup_printf (_ ("No connection to the server: %s"), error->message);
      return g_strdup (_ ("No connection to the server."));
    default:
      return g_strdup (_ ("The connection to the server was lost."));
    }
}

static void
on_main_event (SpiceChannel *channel, SpiceChannelEvent event, Headless *self)
{
  g_autofree char *failure = NULL;

  if (self->ending)
    return;
  switch (event)
    {
    case SPICE_CHANNEL_OPENED:
      self->connected = TRUE;
      break;
    case SPICE_CHANNEL_NONE:
    case SPICE_CHANNEL_SWITCHING:
      break;
    case SPICE_CHANNEL_CLOSED:
      end (self, EXIT_STATUS_OK);
      break;
    default:
      failure = describe_failure (channel, event);
      say ("error %s", failure);
      end (self, EXIT_STATUS_FAILED);
      break;
    }
}

static gboolean
on_main_did_not_follow (gpointer user_data)
{
  Headless *self = user_data;

  self->deadline_id = 0;
  say ("error %s", _ ("The server closed the channel for shared folders."));
  end (self, EXIT_STATUS_FAILED);
  return G_SOURCE_REMOVE;
}

static void
on_webdav_event (SpiceChannel *channel, SpiceChannelEvent event, Headless *self)
{
  g_autofree char *failure = NULL;

  if (self->ending)
    return;
  switch (event)
    {
    case SPICE_CHANNEL_OPENED:
    case SPICE_CHANNEL_NONE:
    case SPICE_CHANNEL_SWITCHING:
      break;
    case SPICE_CHANNEL_CLOSED:
      if (self->deadline_id == 0)
        self->deadline_id
            = g_timeout_add_seconds (MAIN_FOLLOWS_SECONDS, on_main_did_not_follow, self);
      break;
    default:
      failure = describe_failure (channel, event);
      say ("error %s", failure);
      end (self, EXIT_STATUS_FAILED);
      break;
    }
}

static void
on_ready (SpiceShareChannel *channel, Headless *self)
{
  say ("ready");
}

static void
on_sharing_started (SpiceShareChannel *channel, const char *path, gboolean ro, Headless *self)
{
  say (ro ? "started %s (ro)" : "started %s", path);
}

static void
on_sharing_stopped (SpiceShareChannel *channel, Headless *self)
{
  say ("stopped");
}

static void
on_share_error (SpiceShareChannel *channel, const GError *error, Headless *self)
{
  say ("error %s", error->message);
}

static gboolean
connect_channel (gpointer channel)
{
  spice_channel_connect (channel);
  return G_SOURCE_REMOVE;
}

static void
on_webdav_created (SpiceShareChannel *channel, gpointer user_data)
{
  Headless *self = user_data;

  if (self->capture != NULL)
    spice_share_channel_set_capture (channel, self->capture);
  /* Before the controller's own handlers, which may answer `ready` with an error. */
  g_signal_connect (channel, "ready", G_CALLBACK (on_ready), self);
  g_signal_connect (channel, "sharing-started", G_CALLBACK (on_sharing_started), self);
  g_signal_connect (channel, "sharing-stopped", G_CALLBACK (on_sharing_stopped), self);
  g_signal_connect (channel, "share-error", G_CALLBACK (on_share_error), self);
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_webdav_event), self);
  share_controller_attach (channel, self->settings);
  share_bus_add_channel (self->bus, G_OBJECT (channel));

  g_idle_add_full (G_PRIORITY_DEFAULT, connect_channel, g_object_ref (channel), g_object_unref);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Headless *self)
{
  if (SPICE_IS_MAIN_CHANNEL (channel))
    g_signal_connect (channel, "channel-event", G_CALLBACK (on_main_event), self);
}

static void
say_nothing (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
}

/* spice-gtk says what is wrong with a URI by a warning, which people need not see before our own
 * sentence, and leaves the session without a port. */
static gboolean
set_uri (SpiceSession *session, const char *uri)
{
  g_autofree char *port = NULL;
  g_autofree char *tls_port = NULL;
  g_autofree char *path = NULL;

  guint handler = g_log_set_handler ("GSpice", G_LOG_LEVEL_WARNING, say_nothing, NULL);

  g_object_set (session, "uri", uri, NULL);
  g_log_remove_handler ("GSpice", handler);
  g_object_get (session, "port", &port, "tls-port", &tls_port, "unix-path", &path, NULL);
  return port != NULL || tls_port != NULL || (path != NULL && *path != '\0');
}

ExitStatus
headless_run (const char *uri, const char *password, const ShareOverrides *overrides)
{
  Headless self = { NULL };
  g_autoptr (GError) error = NULL;
  guint interrupt, terminate;

  /* A reader that went away ends a pipeline, and not the share. */
  signal (SIGPIPE, SIG_IGN);

  if (overrides->capture != NULL)
    {
      self.capture = capture_new (overrides->capture, &error);
      if (self.capture == NULL)
        {
          say ("error %s", error->message);
          return EXIT_STATUS_FAILED;
        }
    }
  self.settings = share_settings_new (overrides);
  if (!spice_share_channel_install (on_webdav_created, &self, &error))
    {
      say ("error %s", error->message);
      g_object_unref (self.settings);
      g_clear_pointer (&self.capture, capture_unref);
      return EXIT_STATUS_FAILED;
    }

  self.loop = g_main_loop_new (NULL, FALSE);
  self.bus = share_bus_new ();
  /* Unlike a viewer's, this session shares nothing by default. */
  self.session = g_object_new (SPICE_TYPE_SESSION, "shared-dir", NULL, "enable-audio", FALSE,
                               "enable-usbredir", FALSE, "enable-smartcard", FALSE, NULL);
  spice_set_session_option (self.session);
  if (!set_uri (self.session, uri))
    {
      g_printerr (_ ("spice-share: “%s” is not the address of a SPICE server, such as "
                     "spice://localhost:5900\n"),
                  uri);
      self.status = EXIT_STATUS_USAGE;
    }
  else
    {
      if (password != NULL)
        g_object_set (self.session, "password", password, NULL);
      g_signal_connect (self.session, "channel-new", G_CALLBACK (on_channel_new), &self);
      g_signal_connect (self.session, "disconnected", G_CALLBACK (on_disconnected), &self);
      interrupt = g_unix_signal_add (SIGINT, on_signal, &self);
      terminate = g_unix_signal_add (SIGTERM, on_signal, &self);

      if (spice_session_connect (self.session))
        g_main_loop_run (self.loop);
      else
        self.status = EXIT_STATUS_FAILED;
      if (self.connected)
        say ("disconnected");

      g_source_remove (interrupt);
      g_source_remove (terminate);
      g_clear_handle_id (&self.deadline_id, g_source_remove);
      g_signal_handlers_disconnect_by_data (self.session, &self);
    }
  g_object_unref (self.session);
  g_object_unref (self.bus);
  g_object_unref (self.settings);
  g_main_loop_unref (self.loop);
  share_finish (SHARE_FINISH_TIME);
  if (self.capture != NULL)
    capture_finish (self.capture, CAPTURE_FINISH_TIME);
  g_clear_pointer (&self.capture, capture_unref);
  return self.status;
}
