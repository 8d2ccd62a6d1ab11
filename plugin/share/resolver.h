/* The one way to the file system: from a share-relative path to a descriptor beneath the root.
 *
 * A path is the decoded bytes of a request path without its leading slash: "" is the root,
 * otherwise names joined by single slashes ("a/b/c"). Any byte but NUL and '/' may stand in a name;
 * UTF-8 is not assumed. No name may be empty, ".", "..", longer than 255 bytes, or begin with our
 * reserved prefix (staging.h); with SHARE_DENY_HIDDEN none may begin with a dot.
 *
 * A path without symbolic links costs one openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_MAGICLINKS
 * and RESOLVE_NO_SYMLINKS. Where there are links, or no openat2, the resolver walks: name by name
 * with O_NOFOLLOW, reading relative links itself, so that every name inside a link's text obeys the
 * same rules as the guest's, ".." is a step back on the walker's own stack and can never leave the
 * root, and nothing the kernel would follow by itself (magic links) is followed. Absolute links are
 * refused. Either way the result is a descriptor: a path that was checked is never used again.
 *
 * A file system may find a file by a name it does not list (FAT's short names, folded letters).
 * Where that is so, what cannot be seen by its name is not found by another one: the walk asks of
 * each folder whether it is a staging folder, and with SHARE_DENY_HIDDEN of each name with a tilde
 * whether it is listed.
 *
 * Everything here runs in a ShareJob and returns a negative errno:
 *   -ENOENT        no such file, or a name that does not exist for the guest
 *   -ENOTDIR       a file where a folder is needed
 *   -EINVAL        not a path (empty name, ".", "..")
 *   -ENAMETOOLONG  a name over 255 bytes, a path over PATH_MAX
 *   -EXDEV         a link that leads outside, or is absolute
 *   -ELOOP         too many links, or any link with SHARE_DENY_SYMLINKS
 *   -EACCES        the host's permissions, or the cage
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#include "share/share.h"

G_BEGIN_DECLS

/**
 * RESOLVER_MAX_LINKS:
 *
 * Links followed in one resolution; the kernel's own limit.
 */
#define RESOLVER_MAX_LINKS 40

/**
 * RESOLVER_NAME_MAX:
 *
 * Bytes of one name.
 */
#define RESOLVER_NAME_MAX 255

/**
 * resolver_check_path:
 * @path: decoded bytes, not necessarily ended by a NUL
 * @length: their number
 *
 * Whether @path has the form described above. For whoever decodes paths (a decoded "%00" or "%2F"
 * is best refused there: the first is -EINVAL here, the second cannot be told from a real slash).
 * Pure; any thread. Every function of this part that takes a path checks it again.
 *
 * Returns: 0, or -EINVAL, -ENAMETOOLONG, or -ENOENT for a name that does not exist for the guest
 */
int resolver_check_path (const char *path, gsize length, ShareFlags flags);

/**
 * resolver_check_name:
 *
 * The same for one name, ended by a NUL. Pure; any thread.
 */
int resolver_check_name (const char *name, ShareFlags flags);

/**
 * resolver_open:
 *
 * Follows links, a final one too.
 *
 * Returns: (transfer full): an O_PATH descriptor of whatever is there (not opened: a FIFO does not
 *   block, a device is not touched), or a negative errno
 */
int resolver_open (Share *self, const char *path);

/**
 * resolver_open_parent:
 * @name: (out): the last name of @path, a pointer into it
 *
 * For what acts on a name and not on what it stands for (delete, rename, create).
 *
 * Returns: (transfer full): an O_PATH descriptor of the folder that holds (or is to hold) @name;
 * for the root -EBUSY
 */
int resolver_open_parent (Share *self, const char *path, const char **name);

/**
 * resolver_open_target:
 * @name: (out): RESOLVER_NAME_MAX + 1 bytes
 *
 * As resolver_open_parent(), but where @path ends in a link, the folder and the name of the file
 * that it leads to in the end (which need not exist): to write through a link.
 */
int resolver_open_target (Share *self, const char *path, char *name);

/**
 * resolver_open_at:
 * @folder_path: share-relative path that @folder was opened by
 * @folder: a descriptor from here
 * @name: a name inside it, already checked
 *
 * resolver_open() of an entry whose folder is open already: one openat(2) unless it is a link.
 */
int resolver_open_at (Share *self, const char *folder_path, int folder, const char *name);

/**
 * resolver_open_plain:
 * @folder: descriptor of a folder
 * @path: names joined by slashes, beneath @folder; "" is @folder itself
 * @flags: for openat(2): O_PATH, or with O_DIRECTORY (nothing else is opened for use by its name)
 *
 * Opens what is there if no name of @path is a link: otherwise -ELOOP or -ENOTDIR. For walking a
 * tree; the names are those that readdir gave, and are not checked.
 */
int resolver_open_plain (int folder, const char *path, int flags);

/**
 * resolver_reopen:
 * @fd: an O_PATH descriptor of a regular file or folder
 * @flags: O_RDONLY and the like
 *
 * Opens just this inode for use. Anything but a regular file or a folder is refused with -EACCES
 * and not opened.
 */
int resolver_reopen (int fd, int flags);

/**
 * resolver_force_fallback:
 *
 * For tests: as if the kernel had no openat2. The whole process; any thread.
 */
void resolver_force_fallback (gboolean force);

G_END_DECLS
