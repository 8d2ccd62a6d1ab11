/* The lock table.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "../../../lib/patience.h"
#include "dav/dav-lock.h"

#include <string.h>
#include <time.h>

#define SECOND G_TIME_SPAN_SECOND
#define TIMEOUT 600

static gint64 now = 1000 * SECOND;

/* Adds a lock that must succeed; returns its token. */
static char *
add (DavLockTable *table, const char *path, gboolean is_exclusive, gboolean is_infinite)
{
  const DavLock *lock;

  g_assert_cmpint (
      dav_lock_table_add (table, path, FALSE, is_exclusive, is_infinite, "me", TIMEOUT, now, &lock),
      ==, DAV_LOCK_OK);
  return g_strdup (lock->token);
}

static DavLockResult
try (DavLockTable *table, const char *path, gboolean is_exclusive, gboolean is_infinite)
{
  const DavLock *lock;

  return dav_lock_table_add (table, path, FALSE, is_exclusive, is_infinite, NULL, TIMEOUT, now,
                             &lock);
}

/* Root of the lock in the way of @check on @path with the one token @token. */
static const char *
check (DavLockTable *table, const char *path, DavLockCheck kind, const char *token)
{
  const char *const tokens[] = { token, NULL };
  const DavLock *lock = dav_lock_table_check (table, path, kind, tokens, now);

  return lock != NULL ? lock->root : NULL;
}

static guint
count (DavLockTable *table, const char *path)
{
  g_autoptr (GPtrArray) locks = g_ptr_array_new ();

  dav_lock_table_discover (table, path, locks, now);
  return locks->len;
}

/* Whether not even the removal of everything would need a token. */
static gboolean
is_empty (DavLockTable *table)
{
  return check (table, "", DAV_LOCK_CHECK_TREE, NULL) == NULL;
}

static void
test_add (void)
{
  g_autoptr (DavLockTable) table = dav_lock_table_new ();
  g_autoptr (GPtrArray) locks = g_ptr_array_new ();
  const DavLock *lock;
  const DavLock *other;

  g_assert_true (is_empty (table));
  g_assert_cmpint (
      dav_lock_table_add (table, "a/b", TRUE, TRUE, FALSE, "<o/>", TIMEOUT, now, &lock), ==,
      DAV_LOCK_OK);
  g_assert_false (is_empty (table));
  g_assert_cmpstr (lock->root, ==, "a/b");
  g_assert_cmpstr (lock->owner, ==, "<o/>");
  g_assert_true (lock->root_is_folder);
  g_assert_true (lock->is_exclusive);
  g_assert_false (lock->is_infinite);
  g_assert_cmpint (lock->expires, ==, now + TIMEOUT * SECOND);
  g_assert_true (g_str_has_prefix (lock->token, "urn:uuid:"));
  g_assert_true (g_uuid_string_is_valid (lock->token + strlen ("urn:uuid:")));

  dav_lock_table_discover (table, "a/b", locks, now);
  g_assert_cmpuint (locks->len, ==, 1);
  g_assert_true (g_ptr_array_index (locks, 0) == lock);

  g_assert_cmpint (
      dav_lock_table_add (table, "a/c", FALSE, TRUE, FALSE, NULL, TIMEOUT, now, &other), ==,
      DAV_LOCK_OK);
  g_assert_cmpstr (lock->token, !=, other->token);
  g_assert_null (other->owner);

  g_assert_cmpint (
      dav_lock_table_add (table, "a/b", TRUE, FALSE, FALSE, NULL, TIMEOUT, now, &other), ==,
      DAV_LOCK_CONFLICT);
  g_assert_true (other == lock);
}

static void
test_conflicts (void)
{
  static const struct
  {
    const char *held;
    gboolean held_exclusive;
    gboolean held_infinite;
    const char *wanted;
    gboolean exclusive;
    gboolean infinite;
    DavLockResult result;
  } cases[] = {
    { "a", TRUE, FALSE, "a", TRUE, FALSE, DAV_LOCK_CONFLICT },
    { "a", TRUE, FALSE, "a", FALSE, FALSE, DAV_LOCK_CONFLICT },
    { "a", FALSE, FALSE, "a", TRUE, FALSE, DAV_LOCK_CONFLICT },
    { "a", FALSE, FALSE, "a", FALSE, FALSE, DAV_LOCK_OK },
    { "a", TRUE, FALSE, "b", TRUE, FALSE, DAV_LOCK_OK },
    { "a", TRUE, TRUE, "ab", TRUE, TRUE, DAV_LOCK_OK },
    /* from above */
    { "a", TRUE, TRUE, "a/b", TRUE, FALSE, DAV_LOCK_CONFLICT },
    { "a", TRUE, TRUE, "a/b/c/d", FALSE, FALSE, DAV_LOCK_CONFLICT },
    { "a", FALSE, TRUE, "a/b", TRUE, FALSE, DAV_LOCK_CONFLICT },
    { "a", FALSE, TRUE, "a/b", FALSE, FALSE, DAV_LOCK_OK },
    { "a", TRUE, FALSE, "a/b", TRUE, FALSE, DAV_LOCK_OK },
    { "", TRUE, TRUE, "a/b", FALSE, FALSE, DAV_LOCK_CONFLICT },
    { "", TRUE, FALSE, "a", TRUE, TRUE, DAV_LOCK_OK },
    /* from below */
    { "a/b", TRUE, FALSE, "a", TRUE, TRUE, DAV_LOCK_CONFLICT },
    { "a/b", TRUE, FALSE, "a", FALSE, TRUE, DAV_LOCK_CONFLICT },
    { "a/b", FALSE, FALSE, "a", TRUE, TRUE, DAV_LOCK_CONFLICT },
    { "a/b", FALSE, FALSE, "a", FALSE, TRUE, DAV_LOCK_OK },
    { "a/b", TRUE, FALSE, "a", TRUE, FALSE, DAV_LOCK_OK },
    { "a/b/c", TRUE, TRUE, "", TRUE, TRUE, DAV_LOCK_CONFLICT },
    { "ab", TRUE, TRUE, "a", TRUE, TRUE, DAV_LOCK_OK },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DavLockTable) table = dav_lock_table_new ();
      g_autofree char *token
          = add (table, cases[i].held, cases[i].held_exclusive, cases[i].held_infinite);

      g_test_message ("case %u: %s, %s", i, cases[i].held, cases[i].wanted);
      g_assert_cmpint (try (table, cases[i].wanted, cases[i].exclusive, cases[i].infinite), ==,
                       cases[i].result);
    }
}

static void
test_discover (void)
{
  g_autoptr (DavLockTable) table = dav_lock_table_new ();
  g_autofree char *root = add (table, "", FALSE, FALSE);
  g_autofree char *top = add (table, "a", FALSE, TRUE);
  g_autofree char *one = add (table, "a/b", FALSE, FALSE);
  g_autofree char *two = add (table, "a/b", FALSE, TRUE);

  g_assert_cmpuint (count (table, ""), ==, 1);
  g_assert_cmpuint (count (table, "a"), ==, 1);
  g_assert_cmpuint (count (table, "a/b"), ==, 3);
  g_assert_cmpuint (count (table, "a/b/c"), ==, 2);
  g_assert_cmpuint (count (table, "a/c"), ==, 1);
  g_assert_cmpuint (count (table, "ab"), ==, 0);

  g_assert_true (dav_lock_table_has_token (table, "a/c/d", top, now));
  g_assert_true (dav_lock_table_has_token (table, "a", top, now));
  g_assert_false (dav_lock_table_has_token (table, "", top, now));
  g_assert_false (dav_lock_table_has_token (table, "a/b/c", one, now));
  g_assert_true (dav_lock_table_has_token (table, "a/b/c", two, now));
  g_assert_false (dav_lock_table_has_token (table, "a", root, now));
  g_assert_false (dav_lock_table_has_token (table, "a", "urn:uuid:x", now));
}

static void
test_expiry (void)
{
  g_autoptr (DavLockTable) table = dav_lock_table_new ();
  const gint64 start = now;
  g_autofree char *token = add (table, "a", TRUE, FALSE);
  const char *const tokens[] = { "urn:uuid:x", token, NULL };
  const DavLock *lock;

  now = start + TIMEOUT * SECOND - 1;
  g_assert_cmpuint (count (table, "a"), ==, 1);
  g_assert_cmpint (try (table, "a", TRUE, FALSE), ==, DAV_LOCK_CONFLICT);

  /* A refresh may also shorten it. */
  lock = dav_lock_table_refresh (table, "a", tokens, 5, now);
  g_assert_cmpstr (lock->token, ==, token);
  g_assert_cmpint (lock->expires, ==, now + 5 * SECOND);
  now += 5 * SECOND - 1;
  g_assert_true (dav_lock_table_has_token (table, "a", token, now));
  now += 1;
  g_assert_false (dav_lock_table_has_token (table, "a", token, now));
  g_assert_null (dav_lock_table_refresh (table, "a", tokens, 5, now));
  g_assert_true (is_empty (table));
  g_assert_null (check (table, "a", DAV_LOCK_CHECK_TREE, NULL));
  g_assert_cmpint (try (table, "a", TRUE, FALSE), ==, DAV_LOCK_OK);
}

/* Many with different ends: each goes at its own. */
static void
test_expiry_order (void)
{
  g_autoptr (DavLockTable) table = dav_lock_table_new ();
  const gint64 start = now;
  const DavLock *lock;

  for (guint i = 1; i <= 10; i++)
    {
      const guint timeout = (i * 7) % 11;
      g_autofree char *path = g_strdup_printf ("%u", timeout);

      g_assert_cmpint (
          dav_lock_table_add (table, path, FALSE, TRUE, FALSE, NULL, timeout, start, &lock), ==,
          DAV_LOCK_OK);
    }
  for (guint second = 1; second <= 10; second++)
    {
      g_autofree char *path = g_strdup_printf ("%u", second);

      now = start + second * SECOND - 1;
      g_assert_cmpuint (count (table, path), ==, 1);
      now++;
      g_assert_cmpuint (count (table, path), ==, 0);
    }
  g_assert_true (is_empty (table));
}

static void
test_unlock (void)
{
  g_autoptr (DavLockTable) table = dav_lock_table_new ();
  g_autofree char *token = add (table, "a", TRUE, TRUE);

  g_assert_false (dav_lock_table_unlock (table, "b", token, now));
  g_assert_false (dav_lock_table_unlock (table, "", token, now));
  g_assert_false (dav_lock_table_unlock (table, "a", "urn:uuid:x", now));
  g_assert_cmpuint (count (table, "a"), ==, 1);
  /* Through any resource it covers. */
  g_assert_true (dav_lock_table_unlock (table, "a/b", token, now));
  g_assert_false (dav_lock_table_unlock (table, "a", token, now));
  g_assert_true (is_empty (table));
  g_assert_cmpint (try (table, "a/b", TRUE, FALSE), ==, DAV_LOCK_OK);
}

static void
test_remove_tree (void)
{
  static const char *const paths[] = { "a", "a/b", "a/b/c", "ab", "b" };
  g_autoptr (DavLockTable) table = dav_lock_table_new ();

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autofree char *one = add (table, paths[i], FALSE, FALSE);
      g_autofree char *two = add (table, paths[i], FALSE, FALSE);
    }
  dav_lock_table_remove_tree (table, "a/b");
  g_assert_cmpuint (count (table, "a"), ==, 2);
  g_assert_cmpuint (count (table, "a/b"), ==, 0);
  g_assert_cmpuint (count (table, "a/b/c"), ==, 0);
  dav_lock_table_remove_tree (table, "a");
  g_assert_cmpuint (count (table, "a"), ==, 0);
  g_assert_cmpuint (count (table, "ab"), ==, 2);
  dav_lock_table_remove_tree (table, "");
  g_assert_true (is_empty (table));
}

typedef struct
{
  const char *held;
  gboolean is_infinite;
  const char *path;
  gboolean content; /* refused without the token, by kind of change */
  gboolean member;
  gboolean tree;
} CheckCase;

static const CheckCase check_cases[] = {
  { "a/b", FALSE, "a/b", TRUE, TRUE, TRUE },     { "a/b", FALSE, "a/c", FALSE, FALSE, FALSE },
  { "a/b", FALSE, "a/b/c", FALSE, TRUE, TRUE },  { "a/b", FALSE, "a/b/c/d", FALSE, FALSE, FALSE },
  { "a/b", FALSE, "a", FALSE, FALSE, TRUE },     { "a/b", FALSE, "", FALSE, FALSE, TRUE },
  { "a/b", FALSE, "a/bc", FALSE, FALSE, FALSE }, { "a/b", TRUE, "a/b/c", TRUE, TRUE, TRUE },
  { "a/b", TRUE, "a/b/c/d", TRUE, TRUE, TRUE },  { "a/b", TRUE, "a/bc", FALSE, FALSE, FALSE },
  { "", FALSE, "a", FALSE, TRUE, TRUE },         { "", FALSE, "a/b", FALSE, FALSE, FALSE },
  { "", FALSE, "", TRUE, TRUE, TRUE },           { "", TRUE, "a/b/c", TRUE, TRUE, TRUE },
};

static void
test_check (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (check_cases); i++)
    {
      const CheckCase *test = &check_cases[i];
      const gboolean refused[] = { test->content, test->member, test->tree };

      for (guint exclusive = 0; exclusive < 2; exclusive++)
        {
          g_autoptr (DavLockTable) table = dav_lock_table_new ();
          g_autofree char *token = add (table, test->held, exclusive, test->is_infinite);

          g_test_message ("case %u: %s, %s", i, test->held, test->path);
          for (DavLockCheck kind = DAV_LOCK_CHECK_CONTENT; kind <= DAV_LOCK_CHECK_TREE; kind++)
            {
              const char *expected = refused[kind] ? test->held : NULL;

              g_assert_cmpstr (check (table, test->path, kind, NULL), ==, expected);
              g_assert_cmpstr (check (table, test->path, kind, "urn:uuid:x"), ==, expected);
              g_assert_null (check (table, test->path, kind, token));
              /* The token of one request counts for that one only. */
              g_assert_cmpstr (check (table, test->path, kind, NULL), ==, expected);
            }
        }
    }
}

static void
test_check_several (void)
{
  g_autoptr (DavLockTable) table = dav_lock_table_new ();
  g_autofree char *one = add (table, "a", FALSE, FALSE);
  g_autofree char *other = add (table, "a", FALSE, FALSE);
  g_autofree char *below = add (table, "a/b", TRUE, FALSE);
  const char *const both[] = { below, other, NULL };

  /* Any of the shared ones will do, but each locked resource of a tree needs one. */
  g_assert_null (check (table, "a", DAV_LOCK_CHECK_CONTENT, one));
  g_assert_null (check (table, "a", DAV_LOCK_CHECK_CONTENT, other));
  g_assert_cmpstr (check (table, "a", DAV_LOCK_CHECK_CONTENT, below), ==, "a");
  g_assert_cmpstr (check (table, "a", DAV_LOCK_CHECK_TREE, one), ==, "a/b");
  g_assert_cmpstr (check (table, "a", DAV_LOCK_CHECK_TREE, below), ==, "a");
  g_assert_null (dav_lock_table_check (table, "a", DAV_LOCK_CHECK_TREE, both, now));

  /* Removing a/b changes a as well. */
  g_assert_null (check (table, "a/b", DAV_LOCK_CHECK_CONTENT, below));
  g_assert_cmpstr (check (table, "a/b", DAV_LOCK_CHECK_MEMBER, below), ==, "a");
  g_assert_null (dav_lock_table_check (table, "a/b", DAV_LOCK_CHECK_MEMBER, both, now));
}

static void
test_limits (void)
{
  g_autoptr (DavLockTable) table = dav_lock_table_new ();
  g_autofree char *token = NULL;
  guint n_locks = 0;

  for (guint i = 0; i < DAV_LOCK_MAX_PER_RESOURCE; i++, n_locks++)
    g_assert_cmpint (try (table, "shared", FALSE, FALSE), ==, DAV_LOCK_OK);
  g_assert_cmpint (try (table, "shared", FALSE, FALSE), ==, DAV_LOCK_FULL);

  for (guint i = 0; n_locks < DAV_LOCK_MAX - 1; i++, n_locks++)
    {
      g_autofree char *path = g_strdup_printf ("%u", i);

      g_assert_cmpint (try (table, path, TRUE, FALSE), ==, DAV_LOCK_OK);
    }
  token = add (table, "last", TRUE, FALSE);
  g_assert_cmpint (try (table, "more", TRUE, FALSE), ==, DAV_LOCK_FULL);
  g_assert_cmpint (try (table, "last", TRUE, FALSE), ==, DAV_LOCK_CONFLICT);
  g_assert_true (dav_lock_table_unlock (table, "last", token, now));
  g_assert_cmpint (try (table, "more", TRUE, FALSE), ==, DAV_LOCK_OK);
}

/* CPU time of this thread, in microseconds: how busy the machine is does not matter. */
static gint64
get_cpu_time (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/* The worst a guest can arrange: each folder of a deep path full of shared locks, and a request
 * that submits a thousand tokens. */
static void
test_time (void)
{
  g_autoptr (DavLockTable) table = dav_lock_table_new ();
  g_autoptr (GPtrArray) tokens = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) path = g_string_new ("x");
  gint64 start;

  for (guint depth = 0; depth < DAV_LOCK_MAX / DAV_LOCK_MAX_PER_RESOURCE; depth++)
    {
      for (guint i = 0; i < DAV_LOCK_MAX_PER_RESOURCE; i++)
        {
          g_autofree char *token = add (table, path->str, FALSE, TRUE);
        }
      g_string_append (path, "/x");
    }
  for (guint i = 0; i < 1024; i++)
    g_ptr_array_add (tokens, g_strdup_printf ("urn:uuid:00000000-0000-0000-0000-%012u", i));
  g_ptr_array_add (tokens, NULL);

  start = get_cpu_time ();
  for (guint i = 0; i < 10; i++)
    g_assert_nonnull (dav_lock_table_check (table, "x", DAV_LOCK_CHECK_TREE,
                                            (const char *const *)tokens->pdata, now));
  g_assert_cmpint (get_cpu_time () - start, <, 500 * G_TIME_SPAN_MILLISECOND * patience ());

  /* With the token of the outermost lock nothing is missing, which takes looking at all. */
  g_ptr_array_insert (tokens, 0, NULL);
  {
    g_autoptr (GPtrArray) locks = g_ptr_array_new ();

    dav_lock_table_discover (table, "x", locks, now);
    tokens->pdata[0] = g_strdup (((DavLock *)g_ptr_array_index (locks, 0))->token);
  }
  start = get_cpu_time ();
  for (guint i = 0; i < 10; i++)
    g_assert_null (dav_lock_table_check (table, "x", DAV_LOCK_CHECK_TREE,
                                         (const char *const *)tokens->pdata, now));
  g_assert_cmpint (get_cpu_time () - start, <, 500 * G_TIME_SPAN_MILLISECOND * patience ());
}

/* A lock comes too late for what it would have forbidden, had it been there. */
static void
test_changing (void)
{
  static const char *const paths[] = { "", "a", "a/b", "a/b/c", "a/b/c/d", "a/bc", "x" };

  for (guint i = 0; i < G_N_ELEMENTS (paths) * G_N_ELEMENTS (paths) * 2 * 3; i++)
    {
      const char *locked = paths[i % G_N_ELEMENTS (paths)];
      const char *path = paths[i / G_N_ELEMENTS (paths) % G_N_ELEMENTS (paths)];
      guint rest = i / G_N_ELEMENTS (paths) / G_N_ELEMENTS (paths);
      gboolean is_infinite = rest % 2;
      DavLockCheck kind = rest / 2;
      g_autoptr (DavLockTable) with_lock = dav_lock_table_new ();
      g_autoptr (DavLockTable) table = dav_lock_table_new ();
      g_autofree char *token = add (with_lock, locked, TRUE, is_infinite);
      gboolean forbidden = check (with_lock, path, kind, NULL) != NULL;
      DavLockChange *change = dav_lock_table_begin_change (table, path, kind, NULL);
      DavLockChange *again = dav_lock_table_begin_change (table, path, kind, NULL);

      g_test_message ("lock \"%s\" %d, change \"%s\" %d", locked, is_infinite, path, kind);
      g_assert_true (dav_lock_table_is_changing (table, locked, is_infinite, now) == forbidden);
      dav_lock_table_end_change (table, change);
      g_assert_true (dav_lock_table_is_changing (table, locked, is_infinite, now) == forbidden);
      dav_lock_table_end_change (table, again);
      g_assert_false (dav_lock_table_is_changing (table, locked, is_infinite, now));
    }
}

/* So does a shared one, unless another shared one that the change has submitted covers the same. */
static void
test_changing_shared (void)
{
  static const char *const paths[] = { "", "a", "a/b", "a/b/c", "x" };
  const guint n = G_N_ELEMENTS (paths);
  guint n_granted = 0;

  for (guint i = 0; i < n * n * n * 2 * 2 * 3; i++)
    {
      const char *own = paths[i % n];
      const char *locked = paths[i / n % n];
      const char *path = paths[i / n / n % n];
      guint rest = i / n / n / n;
      DavLockCheck kind = rest / 4;
      g_autoptr (DavLockTable) table = dav_lock_table_new ();
      g_autofree char *token = add (table, own, FALSE, rest % 2);
      const char *tokens[] = { token, NULL };
      DavLockChange *change = dav_lock_table_begin_change (table, path, kind, tokens);
      gboolean is_changing = dav_lock_table_is_changing (table, locked, rest / 2 % 2, now);
      g_autofree char *other = add (table, locked, FALSE, rest / 2 % 2);

      g_test_message ("\"%s\", lock \"%s\", change \"%s\" %u", own, locked, path, rest);
      g_assert_true ((dav_lock_table_check (table, path, kind, tokens, now) != NULL)
                     == is_changing);
      n_granted += !is_changing;
      dav_lock_table_end_change (table, change);
    }
  g_assert_cmpuint (n_granted, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-lock/add", test_add);
  g_test_add_func ("/dav-lock/conflicts", test_conflicts);
  g_test_add_func ("/dav-lock/discover", test_discover);
  g_test_add_func ("/dav-lock/expiry", test_expiry);
  g_test_add_func ("/dav-lock/expiry-order", test_expiry_order);
  g_test_add_func ("/dav-lock/unlock", test_unlock);
  g_test_add_func ("/dav-lock/remove-tree", test_remove_tree);
  g_test_add_func ("/dav-lock/check", test_check);
  g_test_add_func ("/dav-lock/check-several", test_check_several);
  g_test_add_func ("/dav-lock/changing", test_changing);
  g_test_add_func ("/dav-lock/changing-shared", test_changing_shared);
  g_test_add_func ("/dav-lock/limits", test_limits);
  g_test_add_func ("/dav-lock/time", test_time);

  return g_test_run ();
}
