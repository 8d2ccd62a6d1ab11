/* A debug line for each message that spice-gtk itself handles: PING, SET_ACK, NOTIFY …
 *
 * The type of a message is private to spice-gtk (spice_msg_in_type() is not exported), but a
 * handler is called for one type only, so each is given one of its own in front. Messages of the
 * port have their line in port-io.c. What spice-gtk sends by itself (PONG, ACK …) cannot be seen
 * from here.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <spice-client.h>

G_BEGIN_DECLS

/**
 * message_log_wrap:
 * @table: (array length=n): handlers by message type; those of a class that is being made
 *
 * Puts a handler that says type and size in front of spice-gtk's own. Main thread.
 */
void message_log_wrap (spice_msg_handler *table, gsize n);

G_END_DECLS
