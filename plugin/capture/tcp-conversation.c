/* See tcp-conversation.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "capture/tcp-conversation.h"

#include <string.h>

#define IP_HEADER 20u
#define TCP_HEADER 20u
#define IP_VERSION_AND_LENGTH 0x45 /* 4, and five words */
#define IP_DONT_FRAGMENT 0x4000
#define IP_TTL 64
#define IP_PROTOCOL_TCP 6
#define TCP_OFFSET 0x50 /* five words */
#define TCP_WINDOW 65535

#define NETWORK 0xc0000200u /* 192.0.2.0/24, TEST-NET-1 */
#define HOST_ADDRESS (NETWORK | 1)
#define FIRST_GUEST (NETWORK | 2)

static void
put_u16 (guint8 *at, guint16 value)
{
  value = GUINT16_TO_BE (value);
  memcpy (at, &value, sizeof value);
}

static void
put_u32 (guint8 *at, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (at, &value, sizeof value);
}

/* Adds big-endian 16 bit words up. 64 bits hold the carries of any packet. */
static guint64
add_words (guint64 sum, const guint8 *data, gsize size)
{
  gsize i;

  for (i = 0; i + 1 < size; i += 2)
    sum += (guint)data[i] << 8 | data[i + 1];
  if (i < size)
    sum += (guint)data[i] << 8;
  return sum;
}

static guint16
fold (guint64 sum)
{
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return ~sum;
}

void
tcp_conversation_init (TcpConversation *self, guint64 number)
{
  *self = (TcpConversation){
    .guest_address = FIRST_GUEST + number / TCP_N_PORTS % TCP_N_ADDRESSES,
    .guest_port = TCP_FIRST_PORT + number % TCP_N_PORTS,
  };
}

static void
write_ip (const TcpConversation *self, gboolean to_guest, gsize size, guint8 *ip)
{
  memset (ip, 0, IP_HEADER);
  ip[0] = IP_VERSION_AND_LENGTH;
  put_u16 (ip + 2, TCP_HEADERS + size);
  put_u16 (ip + 6, IP_DONT_FRAGMENT);
  ip[8] = IP_TTL;
  ip[9] = IP_PROTOCOL_TCP;
  put_u32 (ip + 12, to_guest ? HOST_ADDRESS : self->guest_address);
  put_u32 (ip + 16, to_guest ? self->guest_address : HOST_ADDRESS);
  put_u16 (ip + 10, fold (add_words (0, ip, IP_HEADER)));
}

void
tcp_conversation_write_headers (TcpConversation *self,
                                gboolean to_guest,
                                TcpFlags flags,
                                const guint8 *data,
                                gsize size,
                                guint8 *headers)
{
  guint8 *tcp = headers + IP_HEADER;
  guint64 sum;

  to_guest = !!to_guest;
  write_ip (self, to_guest, size, headers);

  memset (tcp, 0, TCP_HEADER);
  put_u16 (tcp, to_guest ? TCP_HOST_PORT : self->guest_port);
  put_u16 (tcp + 2, to_guest ? self->guest_port : TCP_HOST_PORT);
  put_u32 (tcp + 4, self->next[to_guest]);
  if ((flags & TCP_ACK) != 0)
    put_u32 (tcp + 8, self->next[!to_guest]);
  tcp[12] = TCP_OFFSET;
  tcp[13] = flags;
  put_u16 (tcp + 14, TCP_WINDOW);

  /* The pseudo header: both addresses, the protocol, the length. */
  sum = add_words (IP_PROTOCOL_TCP + TCP_HEADER + size, headers + 12, 8);
  sum = add_words (sum, tcp, TCP_HEADER);
  put_u16 (tcp + 16, fold (add_words (sum, data, size)));

  self->next[to_guest] += size;
  if ((flags & TCP_SYN) != 0)
    self->next[to_guest]++;
  if ((flags & TCP_FIN) != 0)
    {
      self->next[to_guest]++;
      self->finished[to_guest] = TRUE;
    }
}
