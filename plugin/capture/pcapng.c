/* See pcapng.h. Section numbers are those of draft-ietf-opsawg-pcapng-02.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "capture/pcapng.h"

#include <string.h>

enum
{
  BLOCK_INTERFACE = 1,
  BLOCK_STATISTICS = 5,
  BLOCK_PACKET = 6,
  BLOCK_SECTION = 0x0a0d0d0a,
};

enum
{
  OPTION_END = 0,
  OPTION_COMMENT = 1,
  SECTION_APPLICATION = 4,
  INTERFACE_NAME = 2,
  INTERFACE_DESCRIPTION = 3,
  PACKET_FLAGS = 2,
  STATISTICS_STARTED = 2,
  STATISTICS_ENDED = 3,
  STATISTICS_RECEIVED = 4,
  STATISTICS_DROPPED = 5,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define VERSION_MAJOR 1
#define VERSION_MINOR 0
#define UNKNOWN_LENGTH G_MAXUINT64

/* type, length, and length again at the end, in bytes */
#define BLOCK_MIN 12u

static void
append_u16 (GByteArray *out, guint16 value)
{
  value = GUINT16_TO_LE (value);
  g_byte_array_append (out, (const guint8 *)&value, sizeof value);
}

static void
append_u32 (GByteArray *out, guint32 value)
{
  value = GUINT32_TO_LE (value);
  g_byte_array_append (out, (const guint8 *)&value, sizeof value);
}

static void
append_u64 (GByteArray *out, guint64 value)
{
  value = GUINT64_TO_LE (value);
  g_byte_array_append (out, (const guint8 *)&value, sizeof value);
}

/* Times are two halves, the upper one first, whatever the byte order. */
static void
append_time (GByteArray *out, gint64 time)
{
  append_u32 (out, (guint64)time >> 32);
  append_u32 (out, (guint64)time & G_MAXUINT32);
}

static void
append_padding (GByteArray *out, gsize size)
{
  static const guint8 zero[4] = { 0 };

  g_byte_array_append (out, zero, -size & 3);
}

static void
append_string (GByteArray *out, guint16 option, const char *string)
{
  gsize size;

  if (string == NULL)
    return;
  size = MIN (strlen (string), G_MAXUINT16);
  append_u16 (out, option);
  append_u16 (out, size);
  g_byte_array_append (out, (const guint8 *)string, size);
  append_padding (out, size);
}

static void
append_end_of_options (GByteArray *out)
{
  append_u16 (out, OPTION_END);
  append_u16 (out, 0);
}

/* Returns where the block begins, for end_block(). */
static guint
begin_block (GByteArray *out, guint32 type)
{
  guint start = out->len;

  append_u32 (out, type);
  append_u32 (out, 0);
  return start;
}

static void
end_block (GByteArray *out, guint start)
{
  guint32 length = GUINT32_TO_LE (out->len - start + sizeof length);

  memcpy (out->data + start + 4, &length, sizeof length);
  g_byte_array_append (out, (const guint8 *)&length, sizeof length);
}

/* 4.1. Section Header Block */
void
pcapng_append_section (GByteArray *out, const char *application)
{
  guint start = begin_block (out, BLOCK_SECTION);

  append_u32 (out, BYTE_ORDER_MAGIC);
  append_u16 (out, VERSION_MAJOR);
  append_u16 (out, VERSION_MINOR);
  append_u64 (out, UNKNOWN_LENGTH);
  append_string (out, SECTION_APPLICATION, application);
  append_end_of_options (out);
  end_block (out, start);
}

/* 4.2. Interface Description Block */
void
pcapng_append_interface (GByteArray *out,
                         guint16 link_type,
                         guint32 snap_length,
                         const char *name,
                         const char *description)
{
  guint start = begin_block (out, BLOCK_INTERFACE);

  append_u16 (out, link_type);
  append_u16 (out, 0);
  append_u32 (out, snap_length);
  append_string (out, INTERFACE_NAME, name);
  append_string (out, INTERFACE_DESCRIPTION, description);
  append_end_of_options (out);
  end_block (out, start);
}

/* 4.3. Enhanced Packet Block */
void
pcapng_append_packet (GByteArray *out, const PcapngPacket *packet)
{
  guint start = begin_block (out, BLOCK_PACKET);
  gsize size = packet->n_head + packet->n_data;

  append_u32 (out, packet->interface);
  append_time (out, packet->time);
  append_u32 (out, size);
  append_u32 (out, MIN (packet->original, G_MAXUINT32));
  if (packet->n_head > 0)
    g_byte_array_append (out, packet->head, packet->n_head);
  if (packet->n_data > 0)
    g_byte_array_append (out, packet->data, packet->n_data);
  append_padding (out, size);
  append_string (out, OPTION_COMMENT, packet->comment);
  append_u16 (out, PACKET_FLAGS);
  append_u16 (out, 4);
  append_u32 (out, packet->direction);
  append_end_of_options (out);
  end_block (out, start);
}

/* 4.6. Interface Statistics Block */
void
pcapng_append_statistics (GByteArray *out, const PcapngStatistics *statistics)
{
  guint start = begin_block (out, BLOCK_STATISTICS);

  append_u32 (out, statistics->interface);
  append_time (out, statistics->ended);
  append_string (out, OPTION_COMMENT, statistics->comment);
  append_u16 (out, STATISTICS_STARTED);
  append_u16 (out, 8);
  append_time (out, statistics->started);
  append_u16 (out, STATISTICS_ENDED);
  append_u16 (out, 8);
  append_time (out, statistics->ended);
  append_u16 (out, STATISTICS_RECEIVED);
  append_u16 (out, 8);
  append_u64 (out, statistics->received);
  append_u16 (out, STATISTICS_DROPPED);
  append_u16 (out, 8);
  append_u64 (out, statistics->dropped);
  append_end_of_options (out);
  end_block (out, start);
}

gsize
pcapng_whole_blocks (const guint8 *data, gsize size)
{
  gsize whole = 0;

  while (size - whole >= BLOCK_MIN)
    {
      guint32 length;

      memcpy (&length, data + whole + 4, sizeof length);
      length = GUINT32_FROM_LE (length);
      if (length < BLOCK_MIN || length > size - whole)
        break;
      whole += length;
    }
  return whole;
}
