/* The relay as a program: for the benchmark, and for trying a slow link by hand.
 *
 *   relay TARGET-PORT [BYTES-PER-SECOND]
 *
 * Prints "port N"; "stats" on standard input prints a line of counts (README.md); ends at the end
 * of its input.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "relay.h"

#include <stdio.h>
#include <string.h>

/* SPICE_CHANNEL_WEBDAV and the two VMC messages that carry data. */
#define WEBDAV 11
#define DATA 101
#define COMPRESSED_DATA 102

static void
print_stats (Relay *relay)
{
  g_print ("stats");
  for (int direction = SPICE_WIRE_TO_SERVER; direction <= SPICE_WIRE_TO_CLIENT; direction++)
    g_print (" %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
             relay_get_bytes (relay, direction),
             relay_get_messages (relay, WEBDAV, direction, DATA),
             relay_get_messages (relay, WEBDAV, direction, COMPRESSED_DATA));
  g_print ("\n");
}

int
main (int argc, char **argv)
{
  g_autoptr (Relay) relay = NULL;
  char line[256];

  if (argc < 2 || argc > 3)
    {
      g_printerr ("usage: relay TARGET-PORT [BYTES-PER-SECOND]\n");
      return 2;
    }
  relay = relay_new (g_ascii_strtoull (argv[1], NULL, 10), 0,
                     argc > 2 ? g_ascii_strtoull (argv[2], NULL, 10) : 0);
  g_print ("port %u\n", relay_get_port (relay));
  while (fgets (line, sizeof line, stdin) != NULL)
    {
      g_strchomp (line);
      if (strcmp (line, "stats") == 0)
        print_stats (relay);
      else if (strcmp (line, "cut") == 0)
        relay_cut (relay);
      else if (g_str_has_prefix (line, "rate "))
        relay_set_rate (relay, g_ascii_strtoull (line + 5, NULL, 10));
      else
        g_printerr ("relay: unknown command '%s'\n", line);
    }
  return 0;
}
