/* The cage of a pool thread; see landlock.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights younger than the headers of Debian 12 (Linux 6.1). */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

/* All that ABI 1 knows: bits 0 (EXECUTE) to 12 (MAKE_SYM). */
#define RIGHTS_ABI_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

#define RIGHTS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* No MAKE_CHAR, MAKE_BLOCK, MAKE_SOCK, MAKE_FIFO, EXECUTE. MAKE_SYM is for moving a link: nothing
 * here makes one. */
#define RIGHTS_WRITE                                                                               \
  (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE  \
   | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM       \
   | LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE)

/* What a rule on a single file may name. */
#define RIGHTS_FILE                                                                                \
  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

static guint64
rights_of_abi (int abi)
{
  guint64 rights = RIGHTS_ABI_1 | LANDLOCK_ACCESS_FS_REFER;

  if (abi >= 3)
    rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
  if (abi >= 5)
    rights |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
  return rights;
}

int
landlock_get_abi (void)
{
  long abi = syscall (SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

  return abi > 0 ? (int)abi : 0;
}

gboolean
landlock_confine_thread (int root, gboolean is_folder, gboolean read_only)
{
  int abi = landlock_get_abi ();
  struct landlock_ruleset_attr attr = { 0 };
  struct landlock_path_beneath_attr beneath = { 0 };
  gboolean confined;
  int ruleset;

  if (abi < LANDLOCK_ABI_MIN)
    return FALSE;

  attr.handled_access_fs = rights_of_abi (abi);
  ruleset = (int)syscall (SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
  if (ruleset < 0)
    return FALSE;

  beneath.parent_fd = root;
  beneath.allowed_access = RIGHTS_READ | (read_only ? 0 : RIGHTS_WRITE);
  beneath.allowed_access &= attr.handled_access_fs;
  if (!is_folder)
    beneath.allowed_access &= RIGHTS_FILE;

  confined = syscall (SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0
             && prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
             && syscall (SYS_landlock_restrict_self, ruleset, 0) == 0;
  close (ruleset);
  return confined;
}
