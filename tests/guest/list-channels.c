/* list-channels: prints the channels that a SPICE server advertises, one "TYPE ID" a line.
 *
 * usage: list-channels URI TYPE
 *
 * The main channel's CHANNELS_LIST becomes one SpiceSession::channel-new per entry, and nothing
 * says which is the last; so this ends well when a channel of TYPE was named, and with status 1
 * when DEADLINE_SECONDS pass without one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include <spice-client.h>
#include <stdlib.h>

#define DEADLINE_SECONDS 20

typedef struct
{
  GMainLoop *loop;
  int wanted_type;
  int status;
} Listing;

static void
on_main_channel_event (SpiceChannel *channel, SpiceChannelEvent event, Listing *listing)
{
  if (event == SPICE_CHANNEL_OPENED || !g_main_loop_is_running (listing->loop))
    return;

  g_printerr ("list-channels: the main channel ended with event %d\n", event);
  g_main_loop_quit (listing->loop);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Listing *listing)
{
  int type = -1;
  int id = -1;

  g_object_get (channel, "channel-type", &type, "channel-id", &id, NULL);
  g_print ("%d %d\n", type, id);

  if (type == SPICE_CHANNEL_MAIN)
    g_signal_connect (channel, "channel-event", G_CALLBACK (on_main_channel_event), listing);

  if (type == listing->wanted_type)
    {
      listing->status = EXIT_SUCCESS;
      g_main_loop_quit (listing->loop);
    }
}

static gboolean
on_deadline (gpointer user_data)
{
  Listing *listing = user_data;

  g_printerr ("list-channels: no channel of type %d after %d s\n", listing->wanted_type,
              DEADLINE_SECONDS);
  g_main_loop_quit (listing->loop);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = NULL;
  g_autoptr (GObject) session = NULL;
  Listing listing = { .status = EXIT_FAILURE };
  guint64 type;

  if (argc != 3 || !g_ascii_string_to_unsigned (argv[2], 10, 0, G_MAXUINT8, &type, NULL))
    {
      g_printerr ("usage: list-channels URI TYPE\n");
      return 2;
    }

  loop = g_main_loop_new (NULL, FALSE);
  listing.loop = loop;
  listing.wanted_type = (int)type;

  session = G_OBJECT (spice_session_new ());
  g_object_set (session, "uri", argv[1], NULL);
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), &listing);
  g_timeout_add_seconds (DEADLINE_SECONDS, on_deadline, &listing);

  if (spice_session_connect (SPICE_SESSION (session)))
    g_main_loop_run (loop);
  else
    g_printerr ("list-channels: cannot connect to %s\n", argv[1]);

  g_signal_handlers_disconnect_by_data (session, &listing);
  spice_session_disconnect (SPICE_SESSION (session));
  return listing.status;
}
