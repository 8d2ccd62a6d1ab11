/* Finds the first whole frame in what a new program reads from a port whose last reader was killed:
 * the rest of a frame, and whole old ones, come first (README.md, spice-rig). A real program has no
 * such means; a test knows which answer it waits for.
 *
 * Pure: bytes in, a place out. Documents: DESIGN P11.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A frame's header and how its data begins. */
#define MUX_RESYNC_MATCH (10 + 9)

/**
 * MuxResync:
 * @id: what to look for: a frame of this client that begins with "HTTP/1.1 "
 */
typedef struct
{
  gint64 id;
  /*< private >*/
  guint8 tail[MUX_RESYNC_MATCH - 1]; /* what came last and may begin the frame */
  guint n_tail;
} MuxResync;

/**
 * mux_resync_feed:
 * @frame: (out caller-allocates): MUX_RESYNC_MATCH bytes, with which the frame begins, once found
 * @used: (out): how many bytes of @data belong to what was before the frame, or to @frame
 *
 * Returns: whether it was found; if not, all of @data was used
 */
gboolean
mux_resync_feed (MuxResync *self, const guint8 *data, gsize size, guint8 *frame, gsize *used);

G_END_DECLS
