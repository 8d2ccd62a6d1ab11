/* Blocks of pcapng, byte by byte.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "capture/pcapng.h"

static void
test_section (void)
{
  static const guint8 expected[] = {
    0x0a, 0x0d, 0x0d, 0x0a, 40,   0,    0,    0,    /* type, length */
    0x4d, 0x3c, 0x2b, 0x1a, 1,    0,    0,    0,    /* byte order, version 1.0 */
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* length of the section: unknown */
    4,    0,    3,    0,    'a',  'b',  'c',  0,    /* who wrote it */
    0,    0,    0,    0,    40,   0,    0,    0,
  };
  g_autoptr (GByteArray) out = g_byte_array_new ();

  pcapng_append_section (out, "abc");
  g_assert_cmpmem (out->data, out->len, expected, sizeof expected);
}

static void
test_interface (void)
{
  static const guint8 expected[] = {
    1,    0, 0, 0, 40,   0,    0,   0,   /* type, length */
    0x65, 0, 0, 0, 0xff, 0xff, 0,   0,   /* link type 101, snap length */
    2,    0, 2, 0, 'i',  'f',  0,   0,   /* name */
    3,    0, 4, 0, 't',  'e',  'x', 't', /* description, that needs no padding */
    0,    0, 0, 0, 40,   0,    0,   0,
  };
  g_autoptr (GByteArray) out = g_byte_array_new ();

  pcapng_append_interface (out, PCAPNG_LINK_RAW, 65535, "if", "text");
  g_assert_cmpmem (out->data, out->len, expected, sizeof expected);
}

static void
test_packet (void)
{
  static const guint8 expected[] = {
    6,    0,    0, 0, 60,   0,    0,    0,    /* type, length */
    1,    0,    0, 0,                         /* interface */
    0x66, 0x55, 0, 0, 0x44, 0x33, 0x22, 0x11, /* time: upper half, lower half */
    5,    0,    0, 0, 9,    0,    0,    0,    /* kept, original */
    1,    2,    3, 4, 5,    0,    0,    0,    /* head, data, padding */
    1,    0,    2, 0, 'h',  'i',  0,    0,    /* comment */
    2,    0,    4, 0, 2,    0,    0,    0,    /* outbound */
    0,    0,    0, 0, 60,   0,    0,    0,
  };
  static const guint8 head[] = { 1, 2 };
  static const guint8 data[] = { 3, 4, 5 };
  const PcapngPacket packet = {
    .interface = 1,
    .time = G_GINT64_CONSTANT (0x556611223344),
    .direction = PCAPNG_OUTBOUND,
    .head = head,
    .n_head = sizeof head,
    .data = data,
    .n_data = sizeof data,
    .original = 9,
    .comment = "hi",
  };
  g_autoptr (GByteArray) out = g_byte_array_new ();

  pcapng_append_packet (out, &packet);
  g_assert_cmpmem (out->data, out->len, expected, sizeof expected);
}

/* No data, no comment; and a comment longer than an option can be. */
static void
test_packet_extremes (void)
{
  g_autofree char *comment = g_strnfill (100000, 'x');
  PcapngPacket packet = { .direction = PCAPNG_INBOUND };
  g_autoptr (GByteArray) out = g_byte_array_new ();

  pcapng_append_packet (out, &packet);
  g_assert_cmpuint (out->len, ==, 44);
  g_assert_cmpuint (pcapng_whole_blocks (out->data, out->len), ==, 44);

  g_byte_array_set_size (out, 0);
  packet.comment = comment;
  packet.original = G_MAXSIZE;
  pcapng_append_packet (out, &packet);
  g_assert_cmpuint (out->len, ==, 44 + 4 + 65536);
  g_assert_cmpuint (pcapng_whole_blocks (out->data, out->len), ==, out->len);
  g_assert_cmpuint (out->data[24] & out->data[27], ==, 0xff);
}

static void
test_statistics (void)
{
  static const guint8 expected[] = {
    5, 0, 0, 0, 76, 0, 0, 0,                /* type, length */
    0, 0, 0, 0,                             /* interface */
    0, 0, 0, 0, 9,  0, 0, 0,                /* time */
    2, 0, 8, 0, 0,  0, 0, 0, 8, 0, 0, 0,    /* started */
    3, 0, 8, 0, 0,  0, 0, 0, 9, 0, 0, 0,    /* ended */
    4, 0, 8, 0, 7,  0, 0, 0, 0, 0, 0, 0,    /* received */
    5, 0, 8, 0, 6,  0, 0, 0, 0, 0, 0, 0x80, /* dropped */
    0, 0, 0, 0, 76, 0, 0, 0,
  };
  const PcapngStatistics statistics = {
    .started = 8, .ended = 9, .received = 7, .dropped = G_GUINT64_CONSTANT (0x8000000000000006)
  };
  g_autoptr (GByteArray) out = g_byte_array_new ();

  pcapng_append_statistics (out, &statistics);
  g_assert_cmpmem (out->data, out->len, expected, sizeof expected);
}

/* Cut at every place: what is whole is what ended before the cut. Lengths that lie end it too. */
static void
test_whole_blocks (void)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autofree guint8 *lying = NULL;
  guint first, all;

  pcapng_append_section (out, "abc");
  first = out->len;
  pcapng_append_interface (out, PCAPNG_LINK_RAW, 65535, "if", NULL);
  all = out->len;
  for (gsize size = 0; size <= all; size++)
    g_assert_cmpuint (pcapng_whole_blocks (out->data, size), ==,
                      size == all     ? all
                      : size >= first ? first
                                      : 0);

  lying = g_memdup2 (out->data, all);
  for (guint i = 0; i < 4; i++)
    lying[first + 4 + i] = 0xff;
  g_assert_cmpuint (pcapng_whole_blocks (lying, all), ==, first);
  for (guint i = 0; i < 4; i++)
    lying[first + 4 + i] = 0;
  g_assert_cmpuint (pcapng_whole_blocks (lying, all), ==, first);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pcapng/section", test_section);
  g_test_add_func ("/pcapng/interface", test_interface);
  g_test_add_func ("/pcapng/packet", test_packet);
  g_test_add_func ("/pcapng/packet/extremes", test_packet_extremes);
  g_test_add_func ("/pcapng/statistics", test_statistics);
  g_test_add_func ("/pcapng/whole-blocks", test_whole_blocks);
  return g_test_run ();
}
