/* See message-log.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "transport/message-log.h"

#include <spice/enums.h>

#include "base/log.h"
#include "transport/spice-private.h"

/* Types of these messages, and their names in spice/enums.h. */
#define MESSAGES(X)                                                                                \
  X (MIGRATE)                                                                                      \
  X (MIGRATE_DATA)                                                                                 \
  X (SET_ACK)                                                                                      \
  X (PING)                                                                                         \
  X (WAIT_FOR_CHANNELS)                                                                            \
  X (DISCONNECTING)                                                                                \
  X (NOTIFY)                                                                                       \
  X (PORT_INIT)                                                                                    \
  X (PORT_EVENT)

/* The same for every class: all have them from spice-gtk. */
static spice_msg_handler stock[SPICE_MSG_PORT_EVENT + 1];

static void
say (SpiceChannel *channel, SpiceMsgIn *message, guint16 type, const char *name)
{
  guint32 size;

  if (spice_private_message_size (channel, message, type, &size))
    share_debug ("received %s, %u bytes", name, size);
  else
    share_debug ("received %s", name);
}

#define DEFINE_HANDLER(NAME)                                                                       \
  static void handle_##NAME (SpiceChannel *channel, SpiceMsgIn *message)                           \
  {                                                                                                \
    if (G_UNLIKELY (share_debug_enabled ()))                                                       \
      say (channel, message, SPICE_MSG_##NAME, #NAME);                                             \
    stock[SPICE_MSG_##NAME](channel, message);                                                     \
  }

MESSAGES (DEFINE_HANDLER)

static void
wrap (spice_msg_handler *table, gsize n, guint type, spice_msg_handler handler)
{
  if (type >= n || table[type] == NULL)
    return;
  stock[type] = table[type];
  table[type] = handler;
}

void
message_log_wrap (spice_msg_handler *table, gsize n)
{
#define WRAP(NAME) wrap (table, n, SPICE_MSG_##NAME, handle_##NAME);
  MESSAGES (WRAP)
#undef WRAP
}
