/* A walk through a tree: depth first, with one descriptor and bounded memory, whatever its shape.
 *
 * Only one folder is open at a time, so that a deep tree does not eat the viewer's descriptors; of
 * a wide folder only so many names are kept, and the rest is read again from where it stopped.
 * Recursion, where it is wanted, is asked for entry by entry. In a pool thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TREE_WALK_MAX_PENDING:
 *
 * Bytes of names of folders still to be entered. Beyond it only one name a level is kept.
 */
#define TREE_WALK_MAX_PENDING (1024 * 1024)

/**
 * TREE_WALK_MAX_DEPTH:
 *
 * Levels. No path a guest can name is deeper (PATH_MAX).
 */
#define TREE_WALK_MAX_DEPTH 2048

typedef struct _TreeWalk TreeWalk;

/**
 * TreeWalkOpen:
 * @path: relative to the top, "" for the top itself
 *
 * Returns: (transfer full): the folder, open for reading, or a negative errno
 */
typedef int (*TreeWalkOpen) (gpointer user_data, const char *path);

/**
 * TreeEventType:
 * @TREE_ENTRY: an entry of a folder; tree_walk_descend() to enter it later
 * @TREE_LEAVE: all of a folder was dealt with; not for the top
 * @TREE_FAILED: a folder could not be opened or read to its end; it is left at once
 */
typedef enum
{
  TREE_ENTRY,
  TREE_LEAVE,
  TREE_FAILED,
} TreeEventType;

/**
 * TreeEvent:
 * @folder: the folder that holds @name. Stays the walk's; -1 for TREE_FAILED
 * @name: of the entry, or of the folder that is entered, left or failed ("" for the top)
 * @path: the same, relative to the top
 * @d_type: TREE_ENTRY: what readdir said, possibly DT_UNKNOWN
 * @error: TREE_FAILED: a negative errno
 * @spoilt: TREE_LEAVE: whether tree_walk_spoil() was called anywhere inside
 */
typedef struct
{
  TreeEventType type;
  int folder;
  const char *name;
  const char *path;
  guint8 d_type;
  int error;
  gboolean spoilt;
} TreeEvent;

/**
 * tree_event_get_folder:
 *
 * Returns: (transfer full): the path of the folder that holds the event's entry, relative to the
 * top
 */
char *tree_event_get_folder (const TreeEvent *event);

/**
 * tree_walk_new:
 * @open: opens a folder, whenever one is entered
 * @user_data: (transfer none): for @open; must outlive the walk
 *
 * Returns: (transfer full): a walk before its first event
 */
TreeWalk *tree_walk_new (TreeWalkOpen open, gpointer user_data);
void tree_walk_free (TreeWalk *self);

/**
 * tree_walk_next:
 * @event: (out): valid until the next call
 *
 * Returns: 1, 0 at the end, or a negative errno that ends the walk
 */
int tree_walk_next (TreeWalk *self, TreeEvent *event);

/**
 * tree_walk_descend:
 *
 * After a TREE_ENTRY: enter it, once this folder was read far enough. After a TREE_LEAVE: enter it
 * once more.
 */
void tree_walk_descend (TreeWalk *self);

/**
 * tree_walk_spoil:
 *
 * Remembers of the folder of this event, and of all above it, that something in it went wrong.
 *
 * Returns: whether nothing had gone wrong in it before
 */
gboolean tree_walk_spoil (TreeWalk *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TreeWalk, tree_walk_free)

G_END_DECLS
