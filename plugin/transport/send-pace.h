/* How fast messages may go to the server while the virtual machine moves to another host.
 *
 * In a seamless migration the source has to read our FLUSH_MARK when its machine has stopped.
 * spice-server reads nothing of a port once it holds 128 DATA messages that the guest has not taken
 * (char-device.cpp, spicevmc.cpp: alloc_recv_buf(), block_read()), and a stopped guest takes none:
 * the source then ends the connection after 10 s, what was under way is lost, and the destination
 * waits for ever for what the source holds. So from the time on that a migration is announced,
 * while the machine still runs and its memory is being copied, we send only a little now and then:
 * the guest takes what was sent before, and its programs see that their transfers are alive.
 *
 * Pure: times in, times out; all in us.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Messages that may go at once when a migration begins: answers to a person who browses. */
#define SEND_PACE_BURST 8
/* Then one in this time, in us: a guest that reads nothing has room for half a minute of it. */
#define SEND_PACE_INTERVAL 250000

/**
 * SendPace:
 *
 * All zero is one without any limit.
 */
typedef struct
{
  /*< private >*/
  gboolean limited;
  gint64 full_at; /* when the whole burst may go again, if nothing goes until then */
} SendPace;

void send_pace_begin (SendPace *self, gint64 now);
void send_pace_end (SendPace *self);

/**
 * send_pace_wait:
 *
 * Returns: how long to wait before the next message, 0 if it may go now
 */
gint64 send_pace_wait (const SendPace *self, gint64 now);

/* A message went. */
void send_pace_sent (SendPace *self, gint64 now);

G_END_DECLS
