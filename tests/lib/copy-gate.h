/* Stand-ins for the system calls that copy a file, for the one program that includes this: each
 * piece waits at a gate. A file system that could share blocks (FICLONE) is not asked.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gate.h"

static Gate copying;

ssize_t
copy_file_range (int from,
                 off64_t *from_offset,
                 int to,
                 off64_t *to_offset,
                 size_t length,
                 unsigned flags)
{
  gate_pass (&copying);
  return syscall (SYS_copy_file_range, from, from_offset, to, to_offset, length, flags);
}

int
ioctl (int fd, unsigned long request, ...)
{
  errno = ENOTTY;
  return -1;
}
