/* Counts the messages of a plain SPICE connection as its bytes pass by: pure, for tests.
 *
 * Follows the link stage (header, link message, reply, ticket, result) to learn the channel and
 * the form of the message headers, then counts messages by type. SASL is not followed.
 *
 * Documents: spice/protocol.h; "Spice protocol", section on the link stage.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  SPICE_WIRE_TO_SERVER,
  SPICE_WIRE_TO_CLIENT,
} SpiceWireDirection;

/* Types from this one on are counted together. The base and VMC messages are below. */
#define SPICE_WIRE_TYPES 256

/**
 * SpiceWireSide:
 * @messages: by type
 * @bytes: of the bodies, by type
 */
typedef struct
{
  guint64 messages[SPICE_WIRE_TYPES];
  guint64 bytes[SPICE_WIRE_TYPES];

  /*< private >*/
  int stage;
  guint8 buffer[18];
  guint have;
  guint8 *link;
  guint32 link_size;
  guint64 skip;
} SpiceWireSide;

/**
 * SpiceWire:
 * @lost: what passes is not SPICE as this knows it; nothing is counted any more
 * @channel_type: -1 before the link message
 * @mini_header: messages carry type and size only
 */
typedef struct
{
  SpiceWireSide sides[2];
  gboolean lost;
  int channel_type;
  gboolean mini_header;

  /*< private >*/
  gboolean client_mini;
  gboolean auth_selection;
} SpiceWire;

void spice_wire_init (SpiceWire *self);
void spice_wire_clear (SpiceWire *self);

/**
 * spice_wire_feed:
 *
 * The next bytes in one direction. The order between the two directions must be the one in which
 * they really passed, as far as the link stage goes.
 */
void spice_wire_feed (SpiceWire *self, SpiceWireDirection direction, const guint8 *data, gsize len);

G_END_DECLS
