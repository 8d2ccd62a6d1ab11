/* Reads what was recorded, as far as the tests of plugin/capture ask for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint32 interface;
  const guint8 *data;
  guint32 size;
  guint32 original;
  const guint8 *options;
} Packet;

/**
 * Recording:
 * @has_statistics: it was ended in good order
 * @received: and @dropped: of each interface, as the statistics say
 */
typedef struct
{
  guint8 *content;
  gsize size;
  GArray *packets; /* of Packet */
  gboolean has_statistics;
  guint64 received[2];
  guint64 dropped[2];
} Recording;

/* @content: (transfer full): whole blocks, or the test fails. */
Recording *recording_new (guint8 *content, gsize size);
Recording *recording_load (const char *path);
void recording_free (Recording *self);

const Packet *recording_nth (Recording *self, guint n);

/* The TCP flags of a packet of the first interface. */
guint recording_flags (const Packet *packet);

/* What one side of a TCP connection said; the test fails where sequence numbers do not fit. */
GByteArray *recording_reassemble (Recording *self, guint guest_port, gboolean to_guest);

guint32 recording_be32 (const guint8 *at);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Recording, recording_free)

G_END_DECLS
