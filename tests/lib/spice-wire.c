/* Counts the messages of a plain SPICE connection. See spice-wire.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "spice-wire.h"

#include <spice/protocol.h>
#include <string.h>

/* A link message is some dozens of bytes; what is longer is none. */
#define LINK_MAX 4096

enum
{
  STAGE_LINK_HEADER,
  STAGE_LINK_BODY,
  STAGE_AUTH_MECHANISM, /* to the server */
  STAGE_TICKET,         /* to the server */
  STAGE_RESULT,         /* to the client */
  STAGE_MESSAGE_HEADER,
  STAGE_MESSAGE_BODY,
};

void
spice_wire_init (SpiceWire *self)
{
  memset (self, 0, sizeof *self);
  self->channel_type = -1;
}

void
spice_wire_clear (SpiceWire *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->sides); i++)
    g_clear_pointer (&self->sides[i].link, g_free);
}

static guint32
get_u32 (const guint8 *data)
{
  guint32 value;

  memcpy (&value, data, sizeof value);
  return GUINT32_FROM_LE (value);
}

/* Common capabilities, a bit each, are the first words of the list at `caps_offset`. */
static guint32
common_caps (const SpiceWireSide *side, gsize count_at)
{
  guint32 count = get_u32 (side->link + count_at);
  guint32 offset = get_u32 (side->link + count_at + 8);

  if (count == 0 || offset > side->link_size - 4)
    return 0;
  return get_u32 (side->link + offset);
}

static void
take_link (SpiceWire *self, SpiceWireDirection direction)
{
  SpiceWireSide *side = &self->sides[direction];
  gsize count_at = direction == SPICE_WIRE_TO_SERVER
                       ? G_STRUCT_OFFSET (SpiceLinkMess, num_common_caps)
                       : G_STRUCT_OFFSET (SpiceLinkReply, num_common_caps);
  gboolean mini;
  guint32 caps;

  if (side->link_size < count_at + 12)
    {
      self->lost = TRUE;
      return;
    }
  caps = common_caps (side, count_at);
  mini = (caps & (1u << SPICE_COMMON_CAP_MINI_HEADER)) != 0;
  if (direction == SPICE_WIRE_TO_SERVER)
    {
      self->channel_type = side->link[G_STRUCT_OFFSET (SpiceLinkMess, channel_type)];
      self->client_mini = mini;
      self->auth_selection = (caps & (1u << SPICE_COMMON_CAP_PROTOCOL_AUTH_SELECTION)) != 0;
      side->stage = STAGE_AUTH_MECHANISM;
    }
  else
    {
      self->mini_header = mini && self->client_mini;
      self->auth_selection
          = self->auth_selection && (caps & (1u << SPICE_COMMON_CAP_PROTOCOL_AUTH_SELECTION)) != 0;
      side->stage = STAGE_RESULT;
    }
}

/* Length of what must be whole before the next step. */
static guint
wanted (const SpiceWire *self, const SpiceWireSide *side)
{
  switch (side->stage)
    {
    case STAGE_LINK_HEADER:
      return sizeof (SpiceLinkHeader);
    case STAGE_AUTH_MECHANISM:
    case STAGE_RESULT:
      return sizeof (guint32);
    default:
      return self->mini_header ? sizeof (SpiceMiniDataHeader) : sizeof (SpiceDataHeader);
    }
}

static void
take_fixed (SpiceWire *self, SpiceWireSide *side)
{
  gsize type_at = self->mini_header ? 0 : G_STRUCT_OFFSET (SpiceDataHeader, type);
  guint16 type;

  switch (side->stage)
    {
    case STAGE_LINK_HEADER:
      side->link_size = get_u32 (side->buffer + G_STRUCT_OFFSET (SpiceLinkHeader, size));
      self->lost = memcmp (side->buffer, "REDQ", 4) != 0 || side->link_size > LINK_MAX
                   || side->link_size < 4;
      if (self->lost)
        return;
      g_free (side->link);
      side->link = g_malloc0 (side->link_size);
      side->stage = STAGE_LINK_BODY;
      return;
    case STAGE_AUTH_MECHANISM:
      side->stage = STAGE_TICKET;
      side->skip = sizeof (SpiceLinkEncryptedTicket);
      return;
    case STAGE_RESULT:
      side->stage = STAGE_MESSAGE_HEADER;
      return;
    default:
      memcpy (&type, side->buffer + type_at, sizeof type);
      type = MIN (GUINT16_FROM_LE (type), SPICE_WIRE_TYPES - 1);
      side->skip = get_u32 (side->buffer + type_at + sizeof type);
      side->messages[type]++;
      side->bytes[type] += side->skip;
      side->stage = side->skip > 0 ? STAGE_MESSAGE_BODY : STAGE_MESSAGE_HEADER;
    }
}

static gsize
feed_step (SpiceWire *self, SpiceWireDirection direction, const guint8 *data, gsize len)
{
  SpiceWireSide *side = &self->sides[direction];
  gsize n;

  if (side->stage == STAGE_AUTH_MECHANISM && !self->auth_selection)
    {
      side->stage = STAGE_TICKET;
      side->skip = sizeof (SpiceLinkEncryptedTicket);
    }
  if (side->stage == STAGE_TICKET || side->stage == STAGE_MESSAGE_BODY)
    {
      n = MIN (len, side->skip);
      side->skip -= n;
      if (side->skip == 0)
        side->stage = STAGE_MESSAGE_HEADER;
      return n;
    }
  if (side->stage == STAGE_LINK_BODY)
    {
      n = MIN (len, side->link_size - side->have);
      memcpy (side->link + side->have, data, n);
      side->have += n;
      if (side->have < side->link_size)
        return n;
      side->have = 0;
      take_link (self, direction);
      return n;
    }
  n = MIN (len, wanted (self, side) - side->have);
  memcpy (side->buffer + side->have, data, n);
  side->have += n;
  if (side->have == wanted (self, side))
    {
      side->have = 0;
      take_fixed (self, side);
    }
  return n;
}

void
spice_wire_feed (SpiceWire *self, SpiceWireDirection direction, const guint8 *data, gsize len)
{
  while (len > 0 && !self->lost)
    {
      gsize n = feed_step (self, direction, data, len);

      data += n;
      len -= n;
    }
}
