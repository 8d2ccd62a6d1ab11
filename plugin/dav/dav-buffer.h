/* Buffers of one size, used again and again: what a download reads into.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _DavBuffers DavBuffers;

/**
 * dav_buffers_new:
 * @size: of each, bytes
 *
 * Returns: (transfer full): none of them yet; dav_buffers_free()
 */
DavBuffers *dav_buffers_new (gsize size);

/**
 * dav_buffers_free:
 *
 * Those still in use stay until they are given back.
 */
void dav_buffers_free (DavBuffers *self);

/**
 * dav_buffers_take:
 *
 * Returns: (transfer full): room for the size; give it to dav_buffers_wrap() or
 *   dav_buffers_give_back()
 */
guint8 *dav_buffers_take (DavBuffers *self);
void dav_buffers_give_back (DavBuffers *self, guint8 *buffer);

/**
 * dav_buffers_wrap:
 * @buffer: (transfer full)
 *
 * Returns: (transfer full): the first @length bytes of it; comes back by itself, in the thread that
 *   lets go of it, which must be the one that uses @self
 */
GBytes *dav_buffers_wrap (DavBuffers *self, guint8 *buffer, gsize length);

G_END_DECLS
