/* The process's umask; see umask.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/umask.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UMASK_UNKNOWN 077

static guint
read_umask (void)
{
  static const char field[] = "\nUmask:";
  char status[4096];
  const char *found;
  int fd = open ("/proc/self/status", O_RDONLY | O_CLOEXEC);
  ssize_t size;

  if (fd < 0)
    return UMASK_UNKNOWN;
  size = read (fd, status, sizeof status - 1);
  close (fd);
  if (size <= 0)
    return UMASK_UNKNOWN;
  status[size] = '\0';
  found = strstr (status, field);
  return found ? (guint)strtoul (found + strlen (field), NULL, 8) & 0777 : UMASK_UNKNOWN;
}

/* Plus one, so that 0 is "not read yet". */
static gsize stored;

void
umask_load (void)
{
  if (g_once_init_enter (&stored))
    g_once_init_leave (&stored, (gsize)read_umask () + 1);
}

guint
umask_get (void)
{
  gsize value = (gsize)g_atomic_pointer_get (&stored);

  return value ? (guint)value - 1 : UMASK_UNKNOWN;
}
