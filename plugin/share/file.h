/* A regular file of a share, open for reading.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#include "share/stat.h"

G_BEGIN_DECLS

typedef struct _ShareFile ShareFile;

/**
 * share_file_open:
 * @stat: (out caller-allocates) (optional): of the opened inode
 * @file: (out) (transfer full):
 *
 * Opens a regular file, following links. A FIFO, a device or a socket is refused with -EACCES and
 * never opened, a folder with -EISDIR. In a ShareJob.
 */
int share_file_open (Share *share, const char *path, ShareStat *stat, ShareFile **file);

/**
 * share_file_read:
 * @offset: where to read, in bytes
 *
 * Reads until @size bytes, the end of the file or an error; one job at a time. In a ShareJob.
 *
 * Returns: bytes read (less than @size only at the end of the file), or a negative errno if none
 *   could be read
 */
gssize share_file_read (ShareFile *self, void *buffer, gsize size, guint64 offset);

/**
 * share_file_stat:
 *
 * The inode as it is now (it may have grown, shrunk or been replaced under its name). In a
 * ShareJob.
 */
int share_file_stat (ShareFile *self, ShareStat *stat);

/**
 * share_file_free:
 *
 * Any thread, share open or closed: never waits, the descriptor is closed in the pool. No job may
 * be using it.
 */
void share_file_free (ShareFile *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ShareFile, share_file_free)

G_END_DECLS
