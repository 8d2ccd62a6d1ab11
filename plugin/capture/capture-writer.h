/* A file that grows in a thread of its own: nobody else waits for the disk.
 *
 * What is pushed waits in memory, up to a limit; beyond it is dropped and counted. The file ends
 * when it is finished, when it has reached its size, or when it cannot be written: then nothing
 * else ends with it. Knows what blocks and interfaces of pcapng are, and nothing of what is in
 * them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is kept for the end of the file, in bytes: the statistics of all interfaces. */
#define CAPTURE_WRITER_TRAILER 1024u
#define CAPTURE_WRITER_INTERFACES 2u

/**
 * CaptureLimits:
 * @file_max: how large the file may become, in bytes
 * @queue_max: what may wait to be written or is being written, in bytes
 */
typedef struct
{
  guint64 file_max;
  gsize queue_max;
} CaptureLimits;

typedef struct _CaptureWriter CaptureWriter;

/**
 * capture_writer_new:
 * @fd: (transfer full): where to write; -1 to make the file
 * @path: (type filename): the file to make, for this user alone; one that exists is left alone.
 * With
 *   @fd only a name for it
 * @header: (array length=n_header): what the file begins with
 * @error: if no thread can be had
 *
 * Whatever goes wrong with the file is said later, by one warning in the thread.
 *
 * Returns: (transfer full) (nullable)
 */
CaptureWriter *capture_writer_new (int fd,
                                   const char *path,
                                   const CaptureLimits *limits,
                                   const guint8 *header,
                                   gsize n_header,
                                   GError **error);

/**
 * capture_writer_free:
 *
 * As capture_writer_finish() that waits for nothing. No other call may be under way.
 */
void capture_writer_free (CaptureWriter *self);

/**
 * capture_writer_push:
 * @interface: of the packet, below %CAPTURE_WRITER_INTERFACES
 * @block: (array length=size): the packet as a block
 *
 * Any thread. Takes a lock that nobody holds while writing.
 *
 * Returns: %FALSE if the file is full: @block is not in it, and only what was reserved goes there
 *   now
 */
gboolean
capture_writer_push (CaptureWriter *self, guint interface, const guint8 *block, gsize size);

/**
 * capture_writer_reserve:
 * @size: bytes to keep of the file, for blocks that must not be missing at its end
 *
 * Returns: %FALSE if the file is full
 */
gboolean capture_writer_reserve (CaptureWriter *self, gsize size);

/**
 * capture_writer_push_reserved:
 *
 * As capture_writer_push(), but of what was reserved; whatever waits for the disk.
 */
void capture_writer_push_reserved (CaptureWriter *self,
                                   guint interface,
                                   const guint8 *block,
                                   gsize size);

/**
 * capture_writer_release:
 * @size: bytes that were reserved and are not needed
 */
void capture_writer_release (CaptureWriter *self, gsize size);

/**
 * capture_writer_is_over:
 *
 * Returns: whether nothing is taken any more. Any thread; no lock
 */
gboolean capture_writer_is_over (CaptureWriter *self);

/**
 * capture_writer_finish:
 * @timeout: how long to wait for the disk, in us
 *
 * Nothing is taken any more; what waits is written, then the statistics. Any thread.
 *
 * Returns: whether the file was closed in time
 */
gboolean capture_writer_finish (CaptureWriter *self, gint64 timeout);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CaptureWriter, capture_writer_free)

G_END_DECLS
