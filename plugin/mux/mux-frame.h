/* Frames of the mux: {i64le client; u16le size; data}, as spice-webdavd speaks them (DESIGN P11).
 *
 * Pure: bytes in, headers out, no allocation. Every header is valid, so there is no error: an id is
 * any 64 bits, a size any 16, and size 0 closes the client.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define MUX_HEADER_SIZE 10
#define MUX_MAX_DATA 65535
#define MUX_MAX_FRAME (MUX_HEADER_SIZE + MUX_MAX_DATA)

/**
 * MuxFrameReader:
 * @client: whose frame it is, once a header is complete
 * @left: bytes of data still to come in this frame; 0 between two frames
 *
 * All zero is a reader between two frames.
 */
typedef struct
{
  gint64 client;
  guint left;

  /*< private >*/
  guint8 header[MUX_HEADER_SIZE];
  guint n_header;
} MuxFrameReader;

/**
 * mux_frame_reader_read_header:
 * @self: a reader whose `left` is 0
 * @data: what has arrived, cut anywhere
 * @used: (out): how many bytes of @data belonged to the header
 *
 * Returns: %TRUE once the header is complete: `client` and `left` are set, and `left` 0 means that
 *   the client was closed. %FALSE if more is needed (all of @data was used)
 */
gboolean
mux_frame_reader_read_header (MuxFrameReader *self, const guint8 *data, gsize size, gsize *used);

/**
 * mux_frame_reader_advance:
 * @size: bytes of the frame's data that were dealt with, at most `left`
 */
void mux_frame_reader_advance (MuxFrameReader *self, gsize size);

/**
 * mux_frame_write_header:
 * @header: (out caller-allocates): %MUX_HEADER_SIZE bytes
 * @size: bytes of data that follow; 0 closes the client
 */
void mux_frame_write_header (guint8 *header, gint64 client, guint16 size);

G_END_DECLS
