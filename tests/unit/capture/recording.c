/* See recording.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "recording.h"

#include "capture/pcapng.h"
#include "capture/tcp-conversation.h"

static guint32
le32 (const guint8 *at)
{
  return at[0] | at[1] << 8 | at[2] << 16 | (guint32)at[3] << 24;
}

guint32
recording_be32 (const guint8 *at)
{
  return (guint32)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* The u64 of an option of a statistics block. */
static guint64
read_counter (const guint8 *options, guint wanted)
{
  for (;;)
    {
      guint option = options[0] | options[1] << 8;
      guint size = options[2] | options[3] << 8;

      g_assert_cmpuint (option, !=, 0);
      if (option == wanted)
        return le32 (options + 4) | (guint64)le32 (options + 8) << 32;
      options += 4 + (size + 3) / 4 * 4;
    }
}

Recording *
recording_new (guint8 *content, gsize size)
{
  Recording *self = g_new0 (Recording, 1);

  self->content = content;
  self->size = size;
  self->packets = g_array_new (FALSE, FALSE, sizeof (Packet));
  g_assert_cmpuint (pcapng_whole_blocks (content, size), ==, size);
  for (gsize at = 0; at < size; at += le32 (content + at + 4))
    {
      const guint8 *block = content + at;

      if (le32 (block) == 6)
        {
          Packet packet = { .interface = le32 (block + 8),
                            .data = block + 28,
                            .size = le32 (block + 20),
                            .original = le32 (block + 24) };

          packet.options = packet.data + (packet.size + 3) / 4 * 4;
          g_array_append_val (self->packets, packet);
        }
      else if (le32 (block) == 5)
        {
          guint32 interface = le32 (block + 8);
          const guint8 *options = block + 20;

          self->has_statistics = TRUE;
          self->received[interface] = read_counter (options, 4);
          self->dropped[interface] = read_counter (options, 5);
        }
    }
  return self;
}

Recording *
recording_load (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *content;
  gsize size;

  g_file_get_contents (path, &content, &size, &error);
  g_assert_no_error (error);
  return recording_new ((guint8 *)content, size);
}

void
recording_free (Recording *self)
{
  g_free (self->content);
  g_array_unref (self->packets);
  g_free (self);
}

const Packet *
recording_nth (Recording *self, guint n)
{
  g_assert_cmpuint (n, <, self->packets->len);
  return &g_array_index (self->packets, Packet, n);
}

guint
recording_flags (const Packet *packet)
{
  return packet->data[33];
}

/* What one side of a TCP connection said, put together by sequence numbers. */
GByteArray *
recording_reassemble (Recording *self, guint guest_port, gboolean to_guest)
{
  GByteArray *bytes = g_byte_array_new ();
  guint32 next = 1;

  for (guint i = 0; i < self->packets->len; i++)
    {
      const Packet *packet = recording_nth (self, i);
      const guint8 *tcp = packet->data + 20;
      guint side = to_guest ? 2 : 0;

      if (packet->interface != 0 || (guint)(tcp[side] << 8 | tcp[side + 1]) != guest_port
          || (recording_flags (packet) & TCP_SYN) != 0)
        continue;
      g_assert_cmpuint (packet->size, ==, packet->original);
      g_assert_cmpuint (recording_be32 (tcp + 4), ==, next);
      g_byte_array_append (bytes, packet->data + TCP_HEADERS, packet->size - TCP_HEADERS);
      next += packet->size - TCP_HEADERS;
      if ((recording_flags (packet) & TCP_FIN) != 0)
        next++;
    }
  return bytes;
}
