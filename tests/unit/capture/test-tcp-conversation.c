/* Headers of IPv4 and TCP: fields, checksums, sequence numbers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "capture/tcp-conversation.h"

#include <string.h>

static guint32
u16 (const guint8 *at)
{
  return at[0] << 8 | at[1];
}

static guint32
u32 (const guint8 *at)
{
  return (guint32)u16 (at) << 16 | u16 (at + 2);
}

/* What a receiver does (RFC 1071): with its checksum in it everything adds up to all ones. */
static guint
ones_complement (guint sum, const guint8 *data, gsize size)
{
  for (gsize i = 0; i < size; i++)
    {
      sum += i % 2 == 0 ? data[i] << 8 : data[i];
      sum = (sum & 0xffff) + (sum >> 16);
    }
  return sum;
}

static void
assert_checksums (const guint8 *headers, const guint8 *data, gsize size)
{
  guint sum = ones_complement (6, headers + 12, 8);

  g_assert_cmphex (ones_complement (0, headers, 20), ==, 0xffff);
  sum = ones_complement (sum + 20 + size, headers + 20, 20);
  g_assert_cmphex (ones_complement (sum, data, size), ==, 0xffff);
}

static void
test_fields (void)
{
  static const guint8 expected[] = {
    0x45, 0, 0, 43, 0, 0, 0x40, 0, 64, 6, 0xb6, 0xc9, 192,  0,    2,    2,    192,  0,    2, 1,
    4,    0, 0, 80, 0, 0, 0,    0, 0,  0, 0,    0,    0x50, 0x18, 0xff, 0xff, 0x63, 0x13, 0, 0,
  };
  TcpConversation conversation;
  guint8 headers[TCP_HEADERS];

  tcp_conversation_init (&conversation, 0);
  tcp_conversation_write_headers (&conversation, FALSE, TCP_PSH | TCP_ACK, (const guint8 *)"abc", 3,
                                  headers);
  assert_checksums (headers, (const guint8 *)"abc", 3);
  g_assert_cmpmem (headers, sizeof headers, expected, sizeof expected);
}

static void
test_sequence (void)
{
  TcpConversation conversation;
  guint8 headers[TCP_HEADERS];

  tcp_conversation_init (&conversation, 5);
  tcp_conversation_write_headers (&conversation, FALSE, TCP_SYN, NULL, 0, headers);
  g_assert_cmpuint (u32 (headers + 24), ==, 0);
  g_assert_cmpuint (u32 (headers + 28), ==, 0);
  g_assert_cmphex (headers[33], ==, 0x02);
  tcp_conversation_write_headers (&conversation, TRUE, TCP_SYN | TCP_ACK, NULL, 0, headers);
  g_assert_cmpuint (u32 (headers + 24), ==, 0);
  g_assert_cmpuint (u32 (headers + 28), ==, 1);
  g_assert_cmphex (headers[33], ==, 0x12);
  g_assert_cmpuint (u16 (headers + 20), ==, TCP_HOST_PORT);
  g_assert_cmpuint (u16 (headers + 22), ==, TCP_FIRST_PORT + 5);
  g_assert_cmphex (u32 (headers + 12), ==, 0xc0000201);
  g_assert_cmphex (u32 (headers + 16), ==, 0xc0000202);

  tcp_conversation_write_headers (&conversation, FALSE, TCP_ACK, (const guint8 *)"12345", 5,
                                  headers);
  g_assert_cmpuint (u32 (headers + 24), ==, 1);
  g_assert_cmpuint (u32 (headers + 28), ==, 1);
  tcp_conversation_write_headers (&conversation, TRUE, TCP_FIN | TCP_ACK, NULL, 0, headers);
  g_assert_cmpuint (u32 (headers + 24), ==, 1);
  g_assert_cmpuint (u32 (headers + 28), ==, 6);
  g_assert_true (conversation.finished[TRUE]);
  g_assert_false (conversation.finished[FALSE]);
  tcp_conversation_write_headers (&conversation, FALSE, TCP_ACK, NULL, 0, headers);
  g_assert_cmpuint (u32 (headers + 24), ==, 6);
  g_assert_cmpuint (u32 (headers + 28), ==, 2);
}

/* After 4 GiB they begin again; the largest packet there is has a checksum like any other. */
static void
test_wrap (void)
{
  TcpConversation conversation;
  guint8 headers[TCP_HEADERS];
  g_autofree guint8 *data = g_malloc (TCP_MAX_DATA);

  memset (data, 0xff, TCP_MAX_DATA);
  tcp_conversation_init (&conversation, 0);
  conversation.next[TRUE] = G_MAXUINT32 - 9;
  tcp_conversation_write_headers (&conversation, TRUE, TCP_ACK, data, TCP_MAX_DATA, headers);
  g_assert_cmpuint (u16 (headers + 2), ==, 65535);
  assert_checksums (headers, data, TCP_MAX_DATA);
  g_assert_cmpuint (u32 (headers + 24), ==, G_MAXUINT32 - 9);
  g_assert_cmpuint (conversation.next[TRUE], ==, TCP_MAX_DATA - 10);
}

static void
test_numbers (void)
{
  TcpConversation one, other;

  tcp_conversation_init (&one, TCP_N_PORTS - 1);
  g_assert_cmpuint (one.guest_port, ==, 65535);
  g_assert_cmphex (one.guest_address, ==, 0xc0000202);
  tcp_conversation_init (&other, TCP_N_PORTS);
  g_assert_cmpuint (other.guest_port, ==, TCP_FIRST_PORT);
  g_assert_cmphex (other.guest_address, ==, 0xc0000203);
  /* 192.0.2.255 is the broadcast address of its network: not used. */
  tcp_conversation_init (&one, (guint64)TCP_N_PORTS * TCP_N_ADDRESSES - 1);
  g_assert_cmphex (one.guest_address, ==, 0xc00002fe);
  tcp_conversation_init (&one, (guint64)TCP_N_PORTS * TCP_N_ADDRESSES);
  g_assert_cmphex (one.guest_address, ==, 0xc0000202);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tcp-conversation/fields", test_fields);
  g_test_add_func ("/tcp-conversation/sequence", test_sequence);
  g_test_add_func ("/tcp-conversation/wrap", test_wrap);
  g_test_add_func ("/tcp-conversation/numbers", test_numbers);
  return g_test_run ();
}
