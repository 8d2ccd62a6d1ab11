/* The cage of a pool thread: Landlock, by its raw system calls.
 *
 * Landlock (linux/landlock.h, Documentation/userspace-api/landlock.rst) takes rights away from the
 * calling thread alone, for good, without privileges. A thread confined here can open, make, rename
 * and remove nothing outside one folder, whatever mistake the code it runs contains. Not governed
 * by Landlock, and left to the resolver: stat, chmod, utimes, extended attributes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LANDLOCK_ABI_MIN:
 *
 * Below it every rename between two folders fails with EXDEV, so it is not used there.
 */
#define LANDLOCK_ABI_MIN 2

/**
 * landlock_get_abi:
 *
 * Asks the kernel. Any thread.
 *
 * Returns: the ABI version, 0 if there is none
 */
int landlock_get_abi (void);

/**
 * landlock_confine_thread:
 * @root: descriptor (O_PATH will do) of the folder, or of the one regular file
 * @is_folder: which of them
 * @read_only: whether nothing in it may be written, made or removed
 *
 * Confines the calling thread, and whatever it should ever start, to @root. Cannot be undone, so
 * never on a thread that goes back to anybody else: GThreadPool passes even the threads of an
 * exclusive pool on to the pools of the whole process when it is freed.
 *
 * Returns: whether the thread is confined; %FALSE if the kernel has no Landlock of at least
 *   LANDLOCK_ABI_MIN, or refused
 */
gboolean landlock_confine_thread (int root, gboolean is_folder, gboolean read_only);

G_END_DECLS
