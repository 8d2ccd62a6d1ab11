/* Finds where a frame begins in a stream that begins anywhere (DESIGN P11).
 *
 * A viewer that connects, and one that stays while the guest's port closes and opens, may get the
 * rest of a frame first: what a guest's program had written stays in the device, and what the
 * server had read for the viewer before is lost. Nothing in a frame marks its beginning. So
 * bytes count as a header if they name a client that was there before, or if a request begins
 * behind them. A wrong guess would misread all that follows, until the guest's program is started
 * anew. A guest can put such bytes into a file, but gains nothing: it could send the same as
 * frames.
 *
 * Pure: bytes in, a place out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "mux/mux-frame.h"

G_BEGIN_DECLS

/* The longest method that is known: PROPPATCH. */
#define FRAME_HUNT_METHOD 9
/* How much of a frame has to be seen: to the first byte of the target. */
#define FRAME_HUNT_WINDOW (MUX_HEADER_SIZE + FRAME_HUNT_METHOD + 2)
/* No first frame of a request is shorter: "GET / HTTP/1.1\r\n". */
#define FRAME_HUNT_MIN_REQUEST 16
/* Clients that are remembered: as many as there can be at once. */
#define FRAME_HUNT_MAX_KNOWN 64

/**
 * FrameHunt:
 *
 * All zero is one that knows no clients and has seen nothing.
 */
typedef struct
{
  /*< private >*/
  gint64 known[FRAME_HUNT_MAX_KNOWN];
  guint n_known;
  guint8 tail[FRAME_HUNT_WINDOW - 1]; /* what may begin a frame, at the end of what was seen */
  guint n_tail;
} FrameHunt;

/**
 * frame_hunt_forget:
 *
 * Forgets the clients known so far; others follow by frame_hunt_know().
 */
void frame_hunt_forget (FrameHunt *self);

/* Beyond %FRAME_HUNT_MAX_KNOWN nothing is remembered. */
void frame_hunt_know (FrameHunt *self, gint64 client);

/* A stream begins, anywhere. */
void frame_hunt_begin (FrameHunt *self);

/**
 * frame_hunt_feed:
 * @frame: (out caller-allocates): room for %FRAME_HUNT_WINDOW bytes: how the frame begins
 * @n_frame: (out): how many of them
 * @used: (out): how many bytes of @data are before the frame or in @frame
 *
 * Returns: whether a frame was found; if not, all of @data was used
 */
gboolean frame_hunt_feed (FrameHunt *self,
                          const guint8 *data,
                          gsize size,
                          guint8 *frame,
                          gsize *n_frame,
                          gsize *used);

G_END_DECLS
