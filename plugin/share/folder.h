/* The entries of a folder, in batches: a listing of any size in bounded memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#include "share/resolver.h"
#include "share/stat.h"

G_BEGIN_DECLS

typedef struct _ShareFolder ShareFolder;

/**
 * ShareEntry:
 * @name: bytes as the file system has them, ended by a NUL
 * @error: 0, or a negative errno: it is there, but the disk does not say what it is. Of @stat there
 *   is then the type only, as far as it is known
 * @stat: for a link, of what it leads to
 * @has_xattrs: whether share_folder_list_xattrs() may find something (so that a listing need not
 *   ask for each file)
 */
typedef struct
{
  char name[RESOLVER_NAME_MAX + 1];
  int error;
  ShareStat stat;
  gboolean has_xattrs;
} ShareEntry;

/**
 * share_folder_open:
 * @stat: (out caller-allocates) (optional): of the folder itself
 * @folder: (out) (transfer full):
 *
 * Returns: 0, or a negative errno; -ENOTDIR for a file. In a ShareJob.
 */
int share_folder_open (Share *share, const char *path, ShareStat *stat, ShareFolder **folder);

/**
 * share_folder_next:
 * @entries: room for @n_entries
 * @with_xattrs: whether to fill in @has_xattrs (costs a system call an entry)
 *
 * The next entries, in the file system's order, from where the last call (in this job or an earlier
 * one) stopped. Only files and folders the guest can reach: no FIFOs and the like, no links that
 * lead outside or nowhere, no staging folders, no hidden names with SHARE_DENY_HIDDEN; what
 * vanishes while it is listed is left out. In a ShareJob.
 *
 * Returns: number of entries, 0 only at the end, or a negative errno. If reading fails after some
 *   entries, these are returned first, and the error by every later call
 */
int
share_folder_next (ShareFolder *self, ShareEntry *entries, guint n_entries, gboolean with_xattrs);

/**
 * share_folder_list_xattrs:
 * share_folder_get_xattr:
 *
 * share_xattr_list() and share_xattr_get() of the entry @name of this folder, without resolving the
 * folder again. In a ShareJob.
 */
int share_folder_list_xattrs (ShareFolder *self, const char *name, GStrv *attributes);
int
share_folder_get_xattr (ShareFolder *self, const char *name, const char *attribute, GBytes **value);

/**
 * share_folder_free:
 *
 * Any thread, share open or closed: never waits. No job may be using it.
 */
void share_folder_free (ShareFolder *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ShareFolder, share_folder_free)

G_END_DECLS
