/* getdents64(2), without the hidden buffers and locks of readdir(3).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DIR_BUFFER_SIZE:
 *
 * Bytes of entries fetched at a time; many times the largest one.
 */
#define DIR_BUFFER_SIZE 32768

/**
 * DirBuffer:
 *
 * All zero is a buffer at the start of its folder; nothing to free.
 */
typedef struct
{
  guint64 entries[DIR_BUFFER_SIZE / sizeof (guint64)]; /* struct dirent64 wants to be aligned */
  gsize used;
  gsize at;
} DirBuffer;

/**
 * DirEntry:
 * @name: until the next call
 * @type: DT_REG and the like, DT_UNKNOWN where the file system does not say
 * @position: where to lseek(2) a descriptor of this folder to go on after this entry
 */
typedef struct
{
  const char *name;
  guint8 type;
  gint64 position;
} DirEntry;

/**
 * dir_buffer_next:
 * @fd: the folder, open for reading
 *
 * "." and ".." are left out, and names longer than 255 bytes, which no call could take. In a pool
 * thread.
 *
 * Returns: 1, 0 at the end, or a negative errno
 */
int dir_buffer_next (DirBuffer *self, int fd, DirEntry *entry);

/**
 * dir_buffer_reset:
 *
 * Forgets what was fetched, for another descriptor or position.
 */
void dir_buffer_reset (DirBuffer *self);

G_END_DECLS
