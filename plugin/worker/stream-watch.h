/* Whether what the guest sends goes on from before the connection: its daemon has not seen that the
 * port was closed, and is in the middle of something of which the viewer knows no beginning.
 *
 * Pure: counters in, a verdict out; in bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* More than a frame, of which the end may have been left in the device by a program that is no
 * more. If more comes after that, and later, somebody goes on. */
#define STREAM_WATCH_FRAME (256 * 1024)

/* More than any device keeps: somebody goes on, even if nothing comes after it. */
#define STREAM_WATCH_DEVICE (4 * 1024 * 1024)

/**
 * StreamWatch:
 * @claimed: somebody has begun a request since the stream began
 * @goes_on: nobody has, and more came than can have been left
 *
 * All zero is a stream that begins at no bytes.
 */
typedef struct
{
  gboolean claimed;
  gboolean goes_on;

  /*< private >*/
  guint64 begin;
  guint64 seen; /* since then */
} StreamWatch;

/**
 * stream_watch_begin:
 * @bytes: how many have come before
 */
void stream_watch_begin (StreamWatch *self, guint64 bytes);

void stream_watch_claim (StreamWatch *self);

/**
 * stream_watch_look:
 * @bytes: how many have come by now, those before included
 *
 * To be called now and then, with time for a leftover to come to its end in between.
 */
void stream_watch_look (StreamWatch *self, guint64 bytes);

G_END_DECLS
