/* The write locks of one share, in memory: RFC 4918 sections 6 and 7.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-lock.h"

#include <string.h>

#include "dav/dav-path.h"

/* What the table knows of a lock: the public part comes first. */
typedef struct
{
  DavLock lock;
  gboolean is_submitted; /* scratch of dav_lock_table_check(), else %FALSE */
} Entry;

struct _DavLockChange
{
  GPtrArray *paths; /* char *: the one it was begun with, and where that was moved since */
  gboolean is_lost; /* there are too many */
  DavLockCheck check;
  const char *const *tokens;
};

struct _DavLockTable
{
  GHashTable *by_token; /* const char * (the entry's) -> Entry *, owned */
  GHashTable *by_root;  /* char * -> GPtrArray of Entry *, never empty */
  gint64 next_expiry;   /* no lock ends before */
  GHashTable *changes;  /* DavLockChange *, owned */
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->lock.token);
  g_free (entry->lock.root);
  g_free (entry->lock.owner);
  g_free (entry);
}

static void
dav_lock_change_free (gpointer data)
{
  DavLockChange *change = data;

  g_ptr_array_unref (change->paths);
  g_free (change);
}

DavLockTable *
dav_lock_table_new (void)
{
  DavLockTable *self = g_new0 (DavLockTable, 1);

  self->by_token = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  self->by_root
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  self->next_expiry = G_MAXINT64;
  self->changes = g_hash_table_new_full (NULL, NULL, dav_lock_change_free, NULL);

  return self;
}

void
dav_lock_table_free (DavLockTable *self)
{
  g_hash_table_unref (self->changes);
  g_hash_table_unref (self->by_root);
  g_hash_table_unref (self->by_token);
  g_free (self);
}

/* Takes @entry out of the index by root; the caller takes it out of the one by token. */
static void
unlink_entry (DavLockTable *self, Entry *entry)
{
  GPtrArray *entries = g_hash_table_lookup (self->by_root, entry->lock.root);

  g_ptr_array_remove (entries, entry);
  if (entries->len == 0)
    g_hash_table_remove (self->by_root, entry->lock.root);
}

static void
expire (DavLockTable *self, gint64 now)
{
  GHashTableIter iter;
  Entry *entry;

  if (now < self->next_expiry)
    return;

  self->next_expiry = G_MAXINT64;
  g_hash_table_iter_init (&iter, self->by_token);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&entry))
    {
      if (entry->lock.expires <= now)
        {
          unlink_entry (self, entry);
          g_hash_table_iter_remove (&iter);
        }
      else
        self->next_expiry = MIN (self->next_expiry, entry->lock.expires);
    }
}

static gboolean
covers (const char *root, gboolean is_infinite, const char *path)
{
  return is_infinite ? dav_path_is_within (path, root) : strcmp (path, root) == 0;
}

void
dav_lock_table_discover (DavLockTable *self, const char *path, GPtrArray *locks, gint64 now)
{
  g_autofree char *ancestor = NULL;
  gboolean is_self = TRUE;

  expire (self, now);
  if (g_hash_table_size (self->by_token) == 0)
    return;

  ancestor = g_strdup (path);
  while (TRUE)
    {
      const GPtrArray *entries = g_hash_table_lookup (self->by_root, ancestor);
      char *slash;
      guint i;

      for (i = 0; entries != NULL && i < entries->len; i++)
        {
          Entry *entry = g_ptr_array_index (entries, i);

          if (is_self || entry->lock.is_infinite)
            g_ptr_array_add (locks, entry);
        }

      if (ancestor[0] == '\0')
        break;
      slash = strrchr (ancestor, '/');
      *(slash != NULL ? slash : ancestor) = '\0';
      is_self = FALSE;
    }
}

/* The lock in the way of a new one on @path. */
static const DavLock *
find_conflict (DavLockTable *self,
               const char *path,
               gboolean is_exclusive,
               gboolean is_infinite,
               gint64 now)
{
  g_autoptr (GPtrArray) locks = g_ptr_array_new ();
  GHashTableIter iter;
  const DavLock *lock;
  guint i;

  dav_lock_table_discover (self, path, locks, now);
  for (i = 0; i < locks->len; i++)
    {
      lock = g_ptr_array_index (locks, i);
      if (is_exclusive || lock->is_exclusive)
        return lock;
    }

  if (!is_infinite)
    return NULL;

  g_hash_table_iter_init (&iter, self->by_token);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&lock))
    if ((is_exclusive || lock->is_exclusive) && dav_path_is_within (lock->root, path))
      return lock;

  return NULL;
}

static gint64
get_expiry (guint timeout, gint64 now)
{
  return now + (gint64)timeout * G_USEC_PER_SEC;
}

DavLockResult
dav_lock_table_add (DavLockTable *self,
                    const char *path,
                    gboolean is_folder,
                    gboolean is_exclusive,
                    gboolean is_infinite,
                    const char *owner,
                    guint timeout,
                    gint64 now,
                    const DavLock **lock)
{
  g_autofree char *uuid = NULL;
  GPtrArray *siblings;
  Entry *entry;

  *lock = find_conflict (self, path, is_exclusive, is_infinite, now);
  if (*lock != NULL)
    return DAV_LOCK_CONFLICT;

  siblings = g_hash_table_lookup (self->by_root, path);
  if (g_hash_table_size (self->by_token) >= DAV_LOCK_MAX
      || (siblings != NULL && siblings->len >= DAV_LOCK_MAX_PER_RESOURCE))
    return DAV_LOCK_FULL;

  uuid = g_uuid_string_random ();
  entry = g_new0 (Entry, 1);
  entry->lock.token = g_strconcat ("urn:uuid:", uuid, NULL);
  entry->lock.root = g_strdup (path);
  entry->lock.root_is_folder = is_folder;
  entry->lock.is_exclusive = is_exclusive;
  entry->lock.is_infinite = is_infinite;
  entry->lock.owner = g_strdup (owner);
  entry->lock.expires = get_expiry (timeout, now);

  if (siblings == NULL)
    {
      siblings = g_ptr_array_new ();
      g_hash_table_insert (self->by_root, g_strdup (path), siblings);
    }
  g_ptr_array_add (siblings, entry);
  g_hash_table_insert (self->by_token, entry->lock.token, entry);
  self->next_expiry = MIN (self->next_expiry, entry->lock.expires);

  *lock = &entry->lock;
  return DAV_LOCK_OK;
}

static Entry *
find_entry (DavLockTable *self, const char *path, const char *token, gint64 now)
{
  Entry *entry;

  expire (self, now);
  entry = g_hash_table_lookup (self->by_token, token);

  return entry != NULL && covers (entry->lock.root, entry->lock.is_infinite, path) ? entry : NULL;
}

const DavLock *
dav_lock_table_refresh (DavLockTable *self,
                        const char *path,
                        const char *const *tokens,
                        guint timeout,
                        gint64 now)
{
  for (; *tokens != NULL; tokens++)
    {
      Entry *entry = find_entry (self, path, *tokens, now);

      if (entry != NULL)
        {
          entry->lock.expires = get_expiry (timeout, now);
          self->next_expiry = MIN (self->next_expiry, entry->lock.expires);
          return &entry->lock;
        }
    }

  return NULL;
}

gboolean
dav_lock_table_unlock (DavLockTable *self, const char *path, const char *token, gint64 now)
{
  Entry *entry = find_entry (self, path, token, now);

  if (entry == NULL)
    return FALSE;

  unlink_entry (self, entry);
  g_hash_table_remove (self->by_token, entry->lock.token);
  return TRUE;
}

void
dav_lock_table_remove_tree (DavLockTable *self, const char *path)
{
  GHashTableIter iter;
  Entry *entry;

  g_hash_table_iter_init (&iter, self->by_token);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&entry))
    if (dav_path_is_within (entry->lock.root, path))
      {
        unlink_entry (self, entry);
        g_hash_table_iter_remove (&iter);
      }
}

gboolean
dav_lock_table_has_token (DavLockTable *self, const char *path, const char *token, gint64 now)
{
  return find_entry (self, path, token, now) != NULL;
}

/* A resource may change if one of the locks that cover it was submitted: several cover it only if
 * all are shared, and each of those allows it (RFC 4918 section 7). */
static const DavLock *
find_missing (DavLockTable *self, const char *path, gint64 now)
{
  g_autoptr (GPtrArray) locks = g_ptr_array_new ();
  guint i;

  dav_lock_table_discover (self, path, locks, now);
  for (i = 0; i < locks->len; i++)
    {
      const Entry *entry = g_ptr_array_index (locks, i);

      if (entry->is_submitted)
        return NULL;
    }

  return locks->len > 0 ? g_ptr_array_index (locks, 0) : NULL;
}

static const DavLock *
find_missing_below (DavLockTable *self, const char *path, gint64 now)
{
  GHashTableIter iter;
  const char *root;

  g_hash_table_iter_init (&iter, self->by_root);
  while (g_hash_table_iter_next (&iter, (gpointer *)&root, NULL))
    if (dav_path_is_within (root, path))
      {
        const DavLock *missing = find_missing (self, root, now);

        if (missing != NULL)
          return missing;
      }

  return NULL;
}

static void
mark_submitted (DavLockTable *self, const char *const *tokens, gboolean is_submitted)
{
  for (; tokens != NULL && *tokens != NULL; tokens++)
    {
      Entry *entry = g_hash_table_lookup (self->by_token, *tokens);

      if (entry != NULL)
        entry->is_submitted = is_submitted;
    }
}

const DavLock *
dav_lock_table_check (DavLockTable *self,
                      const char *path,
                      DavLockCheck check,
                      const char *const *tokens,
                      gint64 now)
{
  const DavLock *missing;

  /* Once here, so that nothing expires under the iterators below. */
  expire (self, now);
  if (g_hash_table_size (self->by_token) == 0)
    return NULL;

  mark_submitted (self, tokens, TRUE);

  missing = find_missing (self, path, now);
  if (missing == NULL && check != DAV_LOCK_CHECK_CONTENT)
    {
      g_autofree char *parent = dav_path_get_parent (path);

      if (parent != NULL)
        missing = find_missing (self, parent, now);
    }
  if (missing == NULL && check == DAV_LOCK_CHECK_TREE)
    missing = find_missing_below (self, path, now);

  mark_submitted (self, tokens, FALSE);

  return missing;
}

/* Changes under way */

DavLockChange *
dav_lock_table_begin_change (DavLockTable *self,
                             const char *path,
                             DavLockCheck check,
                             const char *const *tokens)
{
  DavLockChange *change = g_new0 (DavLockChange, 1);

  change->paths = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (change->paths, g_strdup (path));
  change->check = check;
  change->tokens = tokens;
  g_hash_table_add (self->changes, change);

  return change;
}

void
dav_lock_table_end_change (DavLockTable *self, DavLockChange *change)
{
  g_hash_table_remove (self->changes, change);
}

/* Whether @path has a lock that is among @tokens: then another shared one makes no difference. */
static gboolean
is_submitted (DavLockTable *self, const char *path, const char *const *tokens, gint64 now)
{
  for (; tokens != NULL && *tokens != NULL; tokens++)
    if (dav_lock_table_has_token (self, path, *tokens, now))
      return TRUE;

  return FALSE;
}

void
dav_lock_table_move_changes (DavLockTable *self, const char *from, const char *to)
{
  GHashTableIter iter;
  DavLockChange *change;

  g_hash_table_iter_init (&iter, self->changes);
  while (g_hash_table_iter_next (&iter, (gpointer *)&change, NULL))
    {
      guint n_paths = change->paths->len;

      for (guint i = 0; i < n_paths; i++)
        {
          const char *path = g_ptr_array_index (change->paths, i);
          g_autofree char *moved = NULL;

          if (!dav_path_is_within (path, from))
            continue;
          moved = g_strconcat (to, path + strlen (from), NULL);
          if (g_ptr_array_find_with_equal_func (change->paths, moved, g_str_equal, NULL))
            continue;
          if (change->paths->len < DAV_LOCK_CHANGE_MAX_PATHS)
            g_ptr_array_add (change->paths, g_steal_pointer (&moved));
          else
            change->is_lost = TRUE;
        }
    }
}

/* Whether a lock would have been in the way of @change, which is @path's: what
 * dav_lock_table_check() asks, the other way round. */
static gboolean
forbids (DavLockTable *self,
         const char *root,
         gboolean is_infinite,
         const DavLockChange *change,
         const char *path,
         gint64 now)
{
  g_autofree char *parent = NULL;

  if (covers (root, is_infinite, path) && !is_submitted (self, path, change->tokens, now))
    return TRUE;
  if (change->check == DAV_LOCK_CHECK_CONTENT)
    return FALSE;
  if (change->check == DAV_LOCK_CHECK_TREE && dav_path_is_within (root, path)
      && !is_submitted (self, root, change->tokens, now))
    return TRUE;

  parent = dav_path_get_parent (path);
  return parent != NULL && covers (root, is_infinite, parent)
         && !is_submitted (self, parent, change->tokens, now);
}

gboolean
dav_lock_table_is_changing (DavLockTable *self, const char *path, gboolean is_infinite, gint64 now)
{
  GHashTableIter iter;
  const DavLockChange *change;

  g_hash_table_iter_init (&iter, self->changes);
  while (g_hash_table_iter_next (&iter, (gpointer *)&change, NULL))
    {
      if (change->is_lost)
        return TRUE;
      for (guint i = 0; i < change->paths->len; i++)
        if (forbids (self, path, is_infinite, change, g_ptr_array_index (change->paths, i), now))
          return TRUE;
    }

  return FALSE;
}
