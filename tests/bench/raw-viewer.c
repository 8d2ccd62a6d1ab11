/* A viewer that does nothing with a port but move bytes: the limit of the stack, for the benchmark.
 *
 *   raw-viewer URI
 *
 * Connects the first plain port (channel type 10) with stock spice-gtk. Prints "open" when the
 * guest's side is; "send N" on standard input sends at least N bytes to the guest; after "answer N"
 * every message of the guest is answered by N bytes and the head of a frame (65545 at most). All
 * that is sent is whole frames, of a client that nobody is. What the guest sends is thrown away.
 * Ends with its standard input.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gio/gunixinputstream.h>
#include <spice-client.h>

/* As the mux would send it: who reads pays for each frame, and empty ones would cost most. */
#define FRAME_HEADER 10
#define FRAME_DATA 65535
#define CHUNK (FRAME_HEADER + FRAME_DATA)

/* Messages under way. */
#define WINDOW 32

typedef struct
{
  SpicePortChannel *port;
  guint64 left;
  guint under_way;
  gsize answer;
  GMainLoop *loop;
} State;

static guint8 chunk[CHUNK];
static guint8 answer[CHUNK];

/* Writes the head of a frame of @size bytes, of the client -1. */
static void
fill_head (guint8 *frame, guint16 size)
{
  guint16 size_le = GUINT16_TO_LE (size);

  memset (frame, 0xff, sizeof (gint64));
  memcpy (frame + sizeof (gint64), &size_le, sizeof size_le);
}

static void pump (State *self);

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  State *self = user_data;

  spice_port_channel_write_finish (SPICE_PORT_CHANNEL (source), result, NULL);
  self->under_way--;
  pump (self);
}

static void
pump (State *self)
{
  while (self->left > 0 && self->under_way < WINDOW)
    {
      self->left -= MIN (self->left, CHUNK);
      self->under_way++;
      spice_port_channel_write_async (self->port, chunk, CHUNK, NULL, on_written, self);
    }
}

static void
on_data (SpicePortChannel *port, gpointer data, int size, gpointer user_data)
{
  State *self = user_data;

  if (self->answer == 0)
    return;
  self->under_way++;
  spice_port_channel_write_async (self->port, answer, FRAME_HEADER + self->answer, NULL, on_written,
                                  self);
}

static void
on_opened (SpicePortChannel *port, GParamSpec *pspec, gpointer user_data)
{
  gboolean opened;

  g_object_get (port, "port-opened", &opened, NULL);
  if (opened)
    g_print ("open\n");
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, gpointer user_data)
{
  State *self = user_data;

  if (SPICE_IS_PORT_CHANNEL (channel) && self->port == NULL)
    {
      self->port = SPICE_PORT_CHANNEL (channel);
      g_signal_connect (channel, "notify::port-opened", G_CALLBACK (on_opened), self);
      g_signal_connect (channel, "port-data", G_CALLBACK (on_data), self);
    }
  else if (!SPICE_IS_MAIN_CHANNEL (channel))
    {
      return;
    }
  spice_channel_connect (channel);
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
  if (g_str_has_prefix (line, "send ") && self->port != NULL)
    {
      self->left += g_ascii_strtoull (line + strlen ("send "), NULL, 10);
      pump (self);
    }
  if (g_str_has_prefix (line, "answer "))
    {
      self->answer = MIN (g_ascii_strtoull (line + strlen ("answer "), NULL, 10), FRAME_DATA);
      fill_head (answer, self->answer);
      g_print ("answering\n");
    }
  g_data_input_stream_read_line_async (in, G_PRIORITY_DEFAULT, NULL, read_command, self);
}

int
main (int argc, char **argv)
{
  g_autoptr (GInputStream) standard_in = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GDataInputStream) commands = g_data_input_stream_new (standard_in);
  SpiceSession *session = spice_session_new ();
  State self = { 0 };

  if (argc != 2)
    return 2;
  setvbuf (stdout, NULL, _IOLBF, 0);
  self.loop = g_main_loop_new (NULL, FALSE);
  fill_head (chunk, FRAME_DATA);
  g_object_set (session, "uri", argv[1], NULL);
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), &self);
  spice_session_connect (session);
  g_data_input_stream_read_line_async (commands, G_PRIORITY_DEFAULT, NULL, read_command, &self);
  g_main_loop_run (self.loop);
  spice_session_disconnect (session);
  g_object_unref (session);
  g_main_loop_unref (self.loop);
  return 0;
}
