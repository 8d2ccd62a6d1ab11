/* One client of the mux as a TCP connection that never was: headers for its bytes.
 *
 * Documents: RFC 791, RFC 9293, RFC 1071 (checksums), RFC 5737 (addresses nobody has). Pure, any
 * thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* of IPv4 and of TCP, both without options, in bytes */
#define TCP_HEADERS 40u
/* What one IPv4 packet holds besides, in bytes; a frame of the mux holds up to 65535. */
#define TCP_MAX_DATA (65535u - TCP_HEADERS)

/* The host's port: one that every dissector takes for HTTP. The guest's programs use 9843. */
#define TCP_HOST_PORT 80

/* How many connections have ports (and addresses) of their own; then they come again. */
#define TCP_FIRST_PORT 1024u
#define TCP_N_PORTS (65536u - TCP_FIRST_PORT)
#define TCP_N_ADDRESSES 253u

/**
 * TcpFlags:
 *
 * As in the header (RFC 9293, 3.1).
 */
typedef enum
{
  TCP_FIN = 1 << 0,
  TCP_SYN = 1 << 1,
  TCP_PSH = 1 << 3,
  TCP_ACK = 1 << 4,
} TcpFlags;

/**
 * TcpConversation:
 * @guest_address: IPv4, 192.0.2.2 and up; the host is 192.0.2.1
 * @guest_port: of the client
 * @next: sequence number of the next byte of each side: [FALSE] the guest's, [TRUE] the host's
 * @finished: which side has sent its FIN
 */
typedef struct
{
  guint32 guest_address;
  guint16 guest_port;
  guint32 next[2];
  gboolean finished[2];
} TcpConversation;

/**
 * tcp_conversation_init:
 * @number: the how manieth connection it is, from 0
 */
void tcp_conversation_init (TcpConversation *self, guint64 number);

/**
 * tcp_conversation_write_headers:
 * @to_guest: which way it goes
 * @flags: with %TCP_ACK it acknowledges all that came the other way
 * @data: (nullable) (array length=size): what follows
 * @size: %TCP_MAX_DATA bytes at most
 * @headers: (out caller-allocates): %TCP_HEADERS bytes
 *
 * The sender's sequence number goes on behind what the packet holds.
 */
void tcp_conversation_write_headers (TcpConversation *self,
                                     gboolean to_guest,
                                     TcpFlags flags,
                                     const guint8 *data,
                                     gsize size,
                                     guint8 *headers);

G_END_DECLS
