/* How much is sent without a break.
 *
 * spice-server reads a channel for as long as there is something to read, and looks at nothing else
 * meanwhile (red-channel-client.cpp: handle_incoming()). Where we send as fast as it reads, it does
 * not see what the guest asks for; requests were seen to wait for 0.9 s beside downloads. So now and
 * then we stop, long enough for it to find the connection empty. On a link slower than itself the
 * kernel still has something to send meanwhile.
 *
 * Pure: times in, times out; all in us.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In bytes: some 30 ms of what spice-server reads, so that a break costs little. */
#define SEND_RUN_MAX (32 * 1024 * 1024)
/* For what was seen to lie unread in its socket: up to 2 MiB. */
#define SEND_RUN_BREAK 2000

/**
 * SendRun:
 *
 * All zero is one that has not begun.
 */
typedef struct
{
  /*< private >*/
  gsize sent;   /* since the last break, in bytes */
  gint64 until; /* the end of the break */
} SendRun;

/**
 * send_run_wait:
 *
 * Returns: how long to wait before the next message, 0 if it may go now
 */
gint64 send_run_wait (const SendRun *self, gint64 now);

/* A message of @size bytes went. */
void send_run_sent (SendRun *self, gsize size, gint64 now);

G_END_DECLS
