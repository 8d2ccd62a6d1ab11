/* The write locks of one share, in memory: RFC 4918 sections 6 and 7.
 *
 * Worker thread. Every function takes the time, so that expiry needs no timer and tests no
 * patience:
 * @now is monotonic, in microseconds (g_get_monotonic_time()). Paths are those of dav-path.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Locks at one time: in a share, and (shared ones) with the same root. */
#define DAV_LOCK_MAX 1024
#define DAV_LOCK_MAX_PER_RESOURCE 16

/* Paths that one change under way is known by; if more is moved below it, no lock is granted at all
 * until it ends. */
#define DAV_LOCK_CHANGE_MAX_PATHS 16

/**
 * DavLock:
 * @token: `urn:uuid:…`
 * @root: the path it was taken on
 * @root_is_folder: for the href
 * @is_infinite: covers all below @root, else @root alone
 * @owner: (nullable): XML that stands by itself
 * @expires: monotonic, microseconds
 *
 * Owned by the table; valid until the table is called again with something that may end it.
 */
typedef struct
{
  char *token;
  char *root;
  gboolean root_is_folder;
  gboolean is_exclusive;
  gboolean is_infinite;
  char *owner;
  gint64 expires;
} DavLock;

typedef struct _DavLockTable DavLockTable;

typedef enum
{
  DAV_LOCK_OK,
  DAV_LOCK_CONFLICT, /* 423, no-conflicting-lock */
  DAV_LOCK_FULL,     /* 503: one of the limits */
} DavLockResult;

/**
 * DavLockCheck: what a request is about to do to a path
 * @DAV_LOCK_CHECK_CONTENT: changes its content or dead properties (PUT on what exists, PROPPATCH)
 * @DAV_LOCK_CHECK_MEMBER: creates or removes it, which changes the folder it is in as well
 * @DAV_LOCK_CHECK_TREE: as @DAV_LOCK_CHECK_MEMBER, and all that is below it (DELETE, MOVE, an
 *   overwritten destination)
 */
typedef enum
{
  DAV_LOCK_CHECK_CONTENT,
  DAV_LOCK_CHECK_MEMBER,
  DAV_LOCK_CHECK_TREE,
} DavLockCheck;

/**
 * DavLockChange:
 *
 * Something that is being done, or waits for its turn, and was allowed before.
 */
typedef struct _DavLockChange DavLockChange;

/**
 * dav_lock_table_new:
 *
 * Returns: (transfer full): a table without locks
 */
DavLockTable *dav_lock_table_new (void);
void dav_lock_table_free (DavLockTable *self);

/**
 * dav_lock_table_add:
 * @owner: (nullable)
 * @timeout: seconds, from dav_timeout_parse()
 * @lock: (out) (transfer none): the new lock; on %DAV_LOCK_CONFLICT the one in the way
 */
DavLockResult dav_lock_table_add (DavLockTable *self,
                                  const char *path,
                                  gboolean is_folder,
                                  gboolean is_exclusive,
                                  gboolean is_infinite,
                                  const char *owner,
                                  guint timeout,
                                  gint64 now,
                                  const DavLock **lock);

/**
 * dav_lock_table_refresh:
 * @tokens: (array zero-terminated=1): submitted ones
 *
 * The lock that covers @path and has one of @tokens gets its whole time again.
 *
 * Returns: (transfer none) (nullable): it; %NULL: there is none (412)
 */
const DavLock *dav_lock_table_refresh (DavLockTable *self,
                                       const char *path,
                                       const char *const *tokens,
                                       guint timeout,
                                       gint64 now);

/**
 * dav_lock_table_unlock:
 *
 * Returns: whether the lock @token covered @path and is now gone; else 409,
 *   lock-token-matches-request-uri
 */
gboolean
dav_lock_table_unlock (DavLockTable *self, const char *path, const char *token, gint64 now);

/**
 * dav_lock_table_remove_tree:
 *
 * Ends every lock whose root is @path or below it: what they locked is gone.
 */
void dav_lock_table_remove_tree (DavLockTable *self, const char *path);

/**
 * dav_lock_table_has_token:
 *
 * Returns: whether @token is a lock that covers @path (a state token of @path, for If)
 */
gboolean
dav_lock_table_has_token (DavLockTable *self, const char *path, const char *token, gint64 now);

/**
 * dav_lock_table_discover:
 * @locks: (element-type DavLock): appended to: the locks that cover @path, borrowed
 */
void dav_lock_table_discover (DavLockTable *self, const char *path, GPtrArray *locks, gint64 now);

/**
 * dav_lock_table_check:
 * @tokens: (array zero-terminated=1) (nullable): submitted with the request
 *
 * Returns: (transfer none) (nullable): a lock whose token is missing (423, lock-token-submitted
 *   with its root as href); %NULL if the request may go on
 */
const DavLock *dav_lock_table_check (DavLockTable *self,
                                     const char *path,
                                     DavLockCheck check,
                                     const char *const *tokens,
                                     gint64 now);

/**
 * dav_lock_table_begin_change:
 * @tokens: (array zero-terminated=1) (nullable): as there; to live as long as the change
 *
 * What dav_lock_table_check() has allowed is begun: until dav_lock_table_end_change() no lock that
 * would have forbidden it is to be granted (dav_lock_table_is_changing()).
 *
 * There are two for each request with a job at most, so what bounds jobs bounds them.
 *
 * Returns: (transfer none): to end it by, before the table is freed
 */
DavLockChange *dav_lock_table_begin_change (DavLockTable *self,
                                            const char *path,
                                            DavLockCheck check,
                                            const char *const *tokens);
void dav_lock_table_end_change (DavLockTable *self, DavLockChange *change);

/**
 * dav_lock_table_move_changes:
 *
 * @from has become @to: what is being done in there may go on there, since a job that has opened a
 * folder keeps it. One that was to come to it later still finds what is at @from by then: either
 * path is taken for changing.
 */
void dav_lock_table_move_changes (DavLockTable *self, const char *from, const char *to);

/**
 * dav_lock_table_is_changing:
 *
 * Returns: whether a new lock on @path would come too late for a change under way (423)
 */
gboolean
dav_lock_table_is_changing (DavLockTable *self, const char *path, gboolean is_infinite, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavLockTable, dav_lock_table_free)

G_END_DECLS
