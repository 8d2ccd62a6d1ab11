/* Blocks of a pcapng file, as bytes.
 *
 * Document: draft-ietf-opsawg-pcapng. Pure functions, any thread. Always little-endian, times in
 * microseconds (the default of the format).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* LINKTYPE_RAW: IPv4 or IPv6 packets without anything around them. */
#define PCAPNG_LINK_RAW 101
/* LINKTYPE_WIRESHARK_UPPER_PDU: the name of a dissector, then bytes for it. */
#define PCAPNG_LINK_UPPER_PDU 252

/* Readers give up on a file with a larger packet, in bytes (Wireshark's own limit). */
#define PCAPNG_MAX_PACKET (256u * 1024)

/**
 * PcapngDirection:
 *
 * As the option `epb_flags` writes it, seen from this computer.
 */
typedef enum
{
  PCAPNG_INBOUND = 1,
  PCAPNG_OUTBOUND = 2,
} PcapngDirection;

/**
 * PcapngPacket:
 * @interface: the how manieth interface of the section it is of
 * @time: unix time, in us
 * @head: (nullable) (array length=n_head): what stands before @data
 * @data: (nullable) (array length=n_data): the rest; with @head %PCAPNG_MAX_PACKET at most
 * @original: how long the packet was, with @head, before it was cut
 * @comment: (nullable): UTF-8, 65535 bytes at most
 */
typedef struct
{
  guint32 interface;
  gint64 time;
  PcapngDirection direction;
  const guint8 *head;
  gsize n_head;
  const guint8 *data;
  gsize n_data;
  gsize original;
  const char *comment;
} PcapngPacket;

/**
 * PcapngStatistics:
 * @received: packets that came
 * @dropped: how many of those are not in the file
 * @comment: (nullable): UTF-8, 65535 bytes at most
 */
typedef struct
{
  guint32 interface;
  gint64 started; /* unix time, in us */
  gint64 ended;
  guint64 received;
  guint64 dropped;
  const char *comment;
} PcapngStatistics;

/**
 * pcapng_append_section:
 * @out: the bytes of a file, so far none
 * @application: what writes it
 */
void pcapng_append_section (GByteArray *out, const char *application);

/**
 * pcapng_append_interface:
 * @link_type: of all its packets
 * @snap_length: no packet of it is longer, in bytes
 */
void pcapng_append_interface (GByteArray *out,
                              guint16 link_type,
                              guint32 snap_length,
                              const char *name,
                              const char *description);

void pcapng_append_packet (GByteArray *out, const PcapngPacket *packet);

void pcapng_append_statistics (GByteArray *out, const PcapngStatistics *statistics);

/**
 * pcapng_whole_blocks:
 * @data: (array length=size): blocks, the last of which may be cut anywhere
 *
 * Returns: how many bytes of @data are whole blocks
 */
gsize pcapng_whole_blocks (const guint8 *data, gsize size);

G_END_DECLS
