/* Buffers of one size, used again and again: what downloads read into.
 *
 * malloc() gives so much back to the kernel at once, and then each page of the next file faults:
 * with several files of some 100 KiB at a time that was two thirds of the work.
 *
 * One thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Of each, bytes. */
#define DAV_BUFFER_SIZE (256 * 1024)
/* Buffers that are kept while nobody uses them: 4 MiB. */
#define DAV_BUFFER_KEEP 16

typedef struct _DavBuffers DavBuffers;

/**
 * dav_buffers_new:
 *
 * Returns: (transfer full): none of them yet
 */
DavBuffers *dav_buffers_new (void);
/**
 * dav_buffers_ref:
 *
 * Returns: (transfer full): @self
 */
DavBuffers *dav_buffers_ref (DavBuffers *self);
/**
 * dav_buffers_unref:
 *
 * Those still in use stay until they are given back.
 */
void dav_buffers_unref (DavBuffers *self);

/**
 * dav_buffers_take:
 *
 * Returns: (transfer full): room for %DAV_BUFFER_SIZE; give it to dav_buffers_wrap() or
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

/**
 * dav_buffers_get_n_idle:
 *
 * Returns: buffers that are kept while nobody uses them
 */
guint dav_buffers_get_n_idle (DavBuffers *self);

G_END_DECLS
