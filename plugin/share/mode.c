/* Permission bits of what we made ourselves; see mode.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/mode.h"

#include <errno.h>
#include <sys/stat.h>

int
mode_set (int fd, mode_t mode)
{
  if (fchmod (fd, mode) == 0 || errno == EOPNOTSUPP || errno == ENOSYS)
    return 0;
  /* Who made a file may change its mode, unless the file system knows neither owners nor modes. */
  return errno == EPERM ? 0 : -errno;
}
