/* What a client sends, as a GInputStream in memory (pollable; never blocks).
 *
 * One thread. The mux pushes what the gate let pass, libsoup reads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Bytes that wait for libsoup to read them; then the port is held back. */
#define MUX_INPUT_MAX (256 * 1024)

#define MUX_TYPE_INPUT (mux_input_get_type ())
G_DECLARE_FINAL_TYPE (MuxInput, mux_input, MUX, INPUT, GInputStream)

/**
 * mux_input_new:
 * @was_read: called after bytes were read
 *
 * Returns: (transfer full): a stream nothing was pushed to yet
 */
MuxInput *mux_input_new (void (*was_read) (gpointer user_data), gpointer user_data);

/**
 * mux_input_push:
 * @bytes: (transfer none) (nullable): holds @data, so that a large piece need not be copied
 * @data: what comes next
 *
 * The limit is the caller's to keep: mux_input_get_size().
 */
void mux_input_push (MuxInput *self, GBytes *bytes, const guint8 *data, gsize size);

/**
 * mux_input_push_head:
 *
 * The same for a request's head. A read never goes beyond its end.
 */
void mux_input_push_head (MuxInput *self, const guint8 *data, gsize size);

/**
 * mux_input_get_size:
 *
 * Returns: bytes pushed and not yet read
 */
gsize mux_input_get_size (MuxInput *self);

/**
 * mux_input_end_request:
 *
 * The reader has finished with a request; the next byte it reads begins another (even if the stream
 * is broken: then that is an empty line, and the error behind it).
 */
void mux_input_end_request (MuxInput *self);

/**
 * mux_input_break:
 *
 * The peer is lost: what waits is dropped, and reading fails with %G_IO_ERROR_BROKEN_PIPE. Never an
 * end of file: libsoup takes one for the good end of a chunked body (P17).
 */
void mux_input_break (MuxInput *self);

/**
 * mux_input_forget_owner:
 *
 * `was_read` is not called any more.
 */
void mux_input_forget_owner (MuxInput *self);

G_END_DECLS
