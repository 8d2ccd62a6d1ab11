#!/bin/sh
# No way to the file system but the share's resolver: what serves the guest calls nothing that takes
# a path, and of the share only those files do that are named here with their reason.
#
# usage: check-file-system.sh LIBRARY.a…
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu

# By a path alone, or by a descriptor and a name.
by_path='(f?open|creat|opendir|scandir|l?stat|access|euidaccess|readlink|realpath|truncate'
by_path="$by_path|unlink|remove|rename|link|symlink|mkdir|mkfifo|mknod|rmdir|l?chown|chmod|chdir|chroot|mount"
by_path="$by_path|utimes?|l?(set|get|list|remove)xattr|statv?fs|glob|nftw|ftw|mkstemp|mkdtemp"
by_path="$by_path|g_file_[a-z_]*|g_dir_[a-z_]*|g_mapped_file_[a-z_]*|g_(f?open|creat|stat|lstat|unlink|remove|rename|mkdir|rmdir|chmod|access)[a-z_]*)(64)?"
by_name='(openat|fstatat|statx|mkdirat|unlinkat|renameat2?|linkat|symlinkat|readlinkat|faccessat'
by_name="$by_name|fchmodat|fchownat|mknodat|mkfifoat|utimensat|syscall)(64)?"

# dav-keep-alive: the name of the socket nobody can reach (DESIGN P7).
# resolver, xattr, xattr-fd, upload: /proc/self/fd/N, of a descriptor from the resolver.
# share-open: the root itself; umask: /proc/self/status; landlock: its system calls.
# The others act on names inside folders the resolver gave them.
allowed='dav-keep-alive|resolver|share-open|umask|xattr-fd'
allowed_names="$allowed|landlock|staging|staging-leftover|stat|tree|tree-copy|tree-install|tree-remove|tree-walk|upload|xattr"

found=$(nm -A --undefined-only "$@" 2>/dev/null \
  | sed -nE 's/^.*[:/]([a-z-]+)\.c\.o: +U ([a-z0-9_]+)(@.*)?$/\1 \2/p' | sort -u)
# Otherwise nothing was looked at.
[ "$(printf '%s\n' "$found" | grep -cE '^(resolver syscall|upload renameat)$')" = 2 ]

status=0
printf '%s\n' "$found" | grep -E " $by_path$" | grep -vE "^($allowed) " && status=1
printf '%s\n' "$found" | grep -E " $by_name$" | grep -vE "^($allowed_names) " && status=1
exit $status
