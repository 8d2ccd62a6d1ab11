/* Permission bits of what we made ourselves, where the file system keeps any.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/**
 * mode_is_not_kept:
 * @error: a negative errno, of an attempt to change mode or times
 *
 * Who made a file may change them, unless the file system knows none, or no owners. Any thread.
 */
gboolean mode_is_not_kept (int error);

/**
 * mode_set:
 * @fd: of something this process made, no O_PATH descriptor
 * @mode: permission bits (07777)
 *
 * A wish: what is served or mounted without modes (gvfs, FUSE, FAT, a mode fixed by a mount option)
 * has the mode it has. In a pool thread.
 *
 * Returns: 0, also where no modes are kept, or a negative errno
 */
int mode_set (int fd, mode_t mode);

/**
 * mode_copy:
 * @source: any descriptor, O_PATH too
 * @target: of something this process made, no O_PATH descriptor
 * @has_group: %FALSE: @target was to have @source's group, and has not: the bits are not for the
 * one it has (acl_leave_group())
 *
 * The mode (0777) as it is now, which may be another than before its content was copied, with the
 * access control list that is behind it, if there is one. Where that cannot be had on @target,
 * nobody may do more than before (acl_narrow_mode()): what the list gave whoever was named in it is
 * lost, and what it denied them is denied to all. In a pool thread.
 *
 * Returns: as mode_set(), or -EAGAIN if the mode of @source was never the same twice
 */
int mode_copy (int source, int target, gboolean has_group);

/**
 * mode_copy_default:
 *
 * The same for the list that is inherited by what is made in @source, a folder. It is on @target or
 * is not: there is no mode behind it. In a pool thread.
 *
 * Returns: as mode_set()
 */
int mode_copy_default (int source, int target);

/**
 * mode_set_new:
 * @folder: any descriptor, O_PATH too: where @target is going to be
 *
 * What open(2) with 0666 gives a new file there: what the folder's default list says (acl(5)), or
 * what the umask leaves. In a pool thread.
 *
 * Returns: as mode_set()
 */
int mode_set_new (int folder, int target);

G_END_DECLS
