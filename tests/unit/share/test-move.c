/* Copy and move: what happens, what must not, and that nobody sees a half.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_copy (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *before = NULL;
  g_autofree char *copy = NULL;
  g_autofree char *after = NULL;
  g_autofree char *value = NULL;
  g_autofree char *mode = fixture_path (fixture, "tree/a");
  g_autofree char *file = fixture_path (fixture, "tree/file");
  gboolean created;

  fixture_make_tree (fixture, "tree");
  g_assert_no_errno (chmod (mode, 0510));
  g_assert_no_errno (chmod (file, 0604));
  g_assert_cmpint (do_set_xattr (fixture, "tree/file", "user.dead", "property"), ==, 0);
  g_assert_cmpint (do_set_xattr (fixture, "tree", "user.folder", "property"), ==, 0);
  before = fixture_describe (fixture, "tree");
  g_assert_cmpint (do_copy (fixture, "tree", "copy", 0, NULL, &created), ==, 0);
  g_assert_true (created);
  copy = fixture_describe (fixture, "copy");
  g_assert_cmpstr (copy, ==, before);
  after = fixture_describe (fixture, "tree");
  g_assert_cmpstr (after, ==, before);

  g_assert_cmpint (do_copy (fixture, "tree/file", "new", 0, NULL, &created), ==, 0);
  g_assert_cmpint (do_get_xattr (fixture, "new", "user.dead", &value), ==, 0);
  g_assert_cmpstr (value, ==, "property");

  g_assert_cmpint (do_copy (fixture, "tree", "shallow", SHARE_TREE_SHALLOW, NULL, NULL), ==, 0);
  g_assert_true (fixture_exists (fixture, "shallow"));
  g_assert_false (fixture_exists (fixture, "shallow/file"));
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

static void
test_copy_large (Fixture *fixture, gconstpointer flags)
{
  gsize size = 40 * 1024 * 1024 + 12345;
  g_autofree char *content = g_malloc (size);
  g_autofree char *path = fixture_path (fixture, "large");
  g_autofree char *copied = fixture_path (fixture, "copy");
  g_autofree char *found = NULL;
  gsize length;

  for (gsize i = 0; i < size; i++)
    content[i] = (char)(i * 2654435761u >> 13);
  g_assert_true (g_file_set_contents (path, content, (gssize)size, NULL));
  g_assert_cmpint (do_copy (fixture, "large", "copy", 0, NULL, NULL), ==, 0);
  g_assert_true (g_file_get_contents (copied, &found, &length, NULL));
  g_assert_cmpmem (found, length, content, size);
}

/* The copy is what the guest sees: the content of links, and nothing of what it cannot see. */
static void
test_copy_links (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *fifo = NULL;
  g_autofree char *deep = NULL;
  g_autoptr (ShareFailures) failures = share_failures_new ();
  g_autofree char *link = NULL;

  fixture_make_tree (fixture, "tree");
  fixture_make_tree (fixture, "other");
  fixture_symlink (fixture, "file", "tree/to-file");
  fixture_symlink (fixture, "../other", "tree/to-other");
  fixture_symlink (fixture, "../../outside/secret", "tree/to-outside");
  fixture_symlink (fixture, "../../outside", "tree/to-outside-folder");
  fixture_symlink (fixture, "nowhere", "tree/dangling");
  fifo = fixture_path (fixture, "tree/fifo");
  g_assert_no_errno (mkfifo (fifo, 0600));

  g_assert_cmpint (do_copy (fixture, "tree", "copy", 0, failures, NULL), ==, 0);
  g_assert_cmpuint (share_failures_get_size (failures), ==, 0);
  link = fixture_read (fixture, "copy/to-file");
  g_assert_cmpstr (link, ==, "content");
  deep = fixture_read (fixture, "copy/to-other/a/b/file");
  g_assert_cmpstr (deep, ==, "deep content");
  g_assert_false (fixture_exists (fixture, "copy/to-outside"));
  g_assert_false (fixture_exists (fixture, "copy/to-outside-folder"));
  g_assert_false (fixture_exists (fixture, "copy/dangling"));
  g_assert_false (fixture_exists (fixture, "copy/fifo"));
  {
    g_autofree char *path = fixture_path (fixture, "copy/to-other");

    g_assert_false (g_file_test (path, G_FILE_TEST_IS_SYMLINK));
  }

  /* Round and round: refused where it begins to, the rest is copied. */
  fixture_symlink (fixture, "..", "tree/a/up");
  fixture_symlink (fixture, ".", "tree/here");
  fixture_symlink (fixture, "..", "tree/top");
  g_assert_cmpint (do_copy (fixture, "tree", "again", 0, failures, NULL), ==, -ELOOP);
  g_assert_cmpuint (share_failures_get_size (failures), ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (share_failures_get (failures, i)->error, ==, -ELOOP);
      g_assert_true (g_str_has_prefix (share_failures_get (failures, i)->path, "again/"));
    }
  g_assert_true (fixture_exists (fixture, "again/to-other/a/b/file"));
  g_assert_false (fixture_exists (fixture, "again/here"));
  fixture_assert_outside_untouched (fixture);
}

static void
test_move (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *before = NULL;
  g_autofree char *moved = NULL;
  g_autofree char *text = NULL;
  g_autofree char *path = NULL;
  gboolean created;

  fixture_make_tree (fixture, "tree");
  fixture_mkdir (fixture, "into");
  fixture_symlink (fixture, "tree/file", "link");
  before = fixture_describe (fixture, "tree");
  g_assert_cmpint (do_move (fixture, "tree", "into/moved", 0, NULL, &created), ==, 0);
  g_assert_true (created);
  moved = fixture_describe (fixture, "into/moved");
  g_assert_cmpstr (moved, ==, before);
  g_assert_false (fixture_exists (fixture, "tree"));

  /* A link moves as a link; one that leads nowhere is not there. */
  g_assert_cmpint (do_move (fixture, "link", "into/link", 0, NULL, NULL), ==, -ENOENT);
  fixture_symlink (fixture, "into/moved/file", "good");
  g_assert_cmpint (do_move (fixture, "good", "better", 0, NULL, NULL), ==, 0);
  path = fixture_path (fixture, "better");
  text = g_file_read_link (path, NULL);
  g_assert_cmpstr (text, ==, "into/moved/file");
}

/* What must be refused, with the tree as it was. */
static void
test_refused (Fixture *fixture, gconstpointer flags)
{
  static const struct
  {
    const char *source;
    const char *target;
    int copy;
    int move;
  } cases[] = {
    { "tree", "tree", -ELOOP, -ELOOP },
    { "tree/file", "tree/file", -ELOOP, -ELOOP },
    { "tree", "tree/inside", -ELOOP, -ELOOP },
    { "tree", "tree/a/b/inside", -ELOOP, -ELOOP },
    { "tree/a", "tree/a/b", -ELOOP, -ELOOP },
    { "tree/a/b", "tree/a", -ELOOP, -ELOOP },
    { "tree/a/b/file", "tree", -ELOOP, -ELOOP },
    { "tree/file", "tree", -ELOOP, -ELOOP },
    /* The same by other names. */
    { "tree", "to-tree/inside", -ELOOP, -ELOOP },
    { "to-tree/a", "tree/a/b/inside", -ELOOP, -ELOOP },
    { "to-tree/a/b", "tree/a", -ELOOP, -ELOOP },
    { "to-tree/file", "tree/file", -ELOOP, -ELOOP },
    { "tree/file", "to-tree/file", -ELOOP, -ELOOP },
    { "to-file", "tree/file", -ELOOP, 1 },
    { "to-tree", "tree/a/inside", -ELOOP, 1 },
    /* The root. */
    { "", "copy", -EBUSY, -EBUSY },
    { "tree", "", -EBUSY, -EBUSY },
    { "", "", -EBUSY, -EBUSY },
    { "to-here", "copy", -ELOOP, 1 },
    { "to-here/tree", "tree/inside", -ELOOP, -ELOOP },
    /* Nothing there, nowhere to put it. */
    { "nothing", "copy", -ENOENT, -ENOENT },
    { "tree/file/below", "copy", -ENOENT, -ENOENT },
    { "tree/file", "nothing/copy", -ENOTDIR, -ENOTDIR },
    { "tree/file", "tree/file/below", -ENOTDIR, -ENOTDIR },
    { "tree/file", "fifo/below", -ENOTDIR, -ENOTDIR },
    /* What the guest cannot see. */
    { "tree/file", "fifo", -EACCES, -EACCES },
    { "tree/file", "to-outside", -EACCES, -EACCES },
    { "tree/file", "dangling", -EACCES, -EACCES },
    { "tree/file", ".spice-share-x", -EACCES, -EACCES },
    { "fifo", "copy", -EACCES, -EACCES },
    { "to-outside", "copy", -EXDEV, -EXDEV },
    { "dangling", "copy", -ENOENT, -ENOENT },
  };
  g_autofree char *fifo = fixture_path (fixture, "fifo");
  g_autofree char *before = NULL;

  fixture_make_tree (fixture, "tree");
  fixture_symlink (fixture, "tree", "to-tree");
  fixture_symlink (fixture, "tree/file", "to-file");
  fixture_symlink (fixture, ".", "to-here");
  fixture_symlink (fixture, "../outside", "to-outside");
  fixture_symlink (fixture, "nowhere", "dangling");
  g_assert_no_errno (mkfifo (fifo, 0600));
  before = fixture_describe (fixture, "");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      int copy
          = do_copy (fixture, cases[i].source, cases[i].target, SHARE_TREE_OVERWRITE, NULL, NULL);
      int move = cases[i].move == 1 ? 1
                                    : do_move (fixture, cases[i].source, cases[i].target,
                                               SHARE_TREE_OVERWRITE, NULL, NULL);

      if (copy != cases[i].copy || move != cases[i].move)
        g_error ("“%s” to “%s”: copy %s, move %s", cases[i].source, cases[i].target,
                 g_strerror (-copy), g_strerror (-move));
    }
  fixture_close (fixture);
  {
    g_autofree char *after = fixture_describe (fixture, "");

    g_assert_cmpstr (after, ==, before);
  }
}

static void
test_overwrite (Fixture *fixture, gconstpointer flags)
{
  /* What is where: a file or a tree. */
  static const struct
  {
    gboolean source_is_tree;
    gboolean target_is_tree;
  } cases[] = { { FALSE, FALSE }, { FALSE, TRUE }, { TRUE, FALSE }, { TRUE, TRUE } };

  for (guint move = 0; move < 2; move++)
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
      {
        g_autofree char *source = g_strdup_printf ("source-%u-%u", move, i);
        g_autofree char *target = g_strdup_printf ("target-%u-%u", move, i);
        g_autofree char *old = g_build_filename (target, "old", NULL);
        g_autofree char *before = NULL;
        g_autofree char *target_before = NULL;
        g_autofree char *after = NULL;
        gboolean created = TRUE;
        int result;

        if (cases[i].source_is_tree)
          fixture_make_tree (fixture, source);
        else
          fixture_write (fixture, source, "new");
        if (cases[i].target_is_tree)
          {
            fixture_make_tree (fixture, target);
            fixture_write (fixture, old, "old");
          }
        else
          fixture_write (fixture, target, "old");
        before = fixture_describe (fixture, source);
        target_before = fixture_describe (fixture, target);

        result = move ? do_move (fixture, source, target, 0, NULL, NULL)
                      : do_copy (fixture, source, target, 0, NULL, NULL);
        g_assert_cmpint (result, ==, -EEXIST);
        after = fixture_describe (fixture, target);
        g_assert_cmpstr (after, ==, target_before);
        g_clear_pointer (&after, g_free);

        result = move ? do_move (fixture, source, target, SHARE_TREE_OVERWRITE, NULL, &created)
                      : do_copy (fixture, source, target, SHARE_TREE_OVERWRITE, NULL, &created);
        g_assert_cmpint (result, ==, 0);
        g_assert_false (created);
        after = fixture_describe (fixture, target);
        g_assert_cmpstr (after, ==, before);
        g_assert_true (fixture_exists (fixture, source) == !move);
      }
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

/* A link that is overwritten goes; what it led to stays. */
static void
test_overwrite_link (Fixture *fixture, gconstpointer flags)
{
  fixture_make_tree (fixture, "tree");
  fixture_write (fixture, "file", "new");
  fixture_symlink (fixture, "tree", "to-tree");
  fixture_symlink (fixture, "tree/file", "to-file");
  g_assert_cmpint (do_copy (fixture, "file", "to-tree", SHARE_TREE_OVERWRITE, NULL, NULL), ==, 0);
  g_assert_cmpint (do_move (fixture, "file", "to-file", SHARE_TREE_OVERWRITE, NULL, NULL), ==, 0);
  {
    g_autofree char *content = fixture_read (fixture, "tree/file");
    g_autofree char *copied = fixture_read (fixture, "to-tree");

    g_assert_cmpstr (content, ==, "content");
    g_assert_cmpstr (copied, ==, "new");
  }
}

static void
test_hard_links (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *one = fixture_path (fixture, "one");
  g_autofree char *two = fixture_path (fixture, "two");

  fixture_write (fixture, "one", "content");
  g_assert_no_errno (link (one, two));
  g_assert_cmpint (do_move (fixture, "one", "two", SHARE_TREE_OVERWRITE, NULL, NULL), ==, 0);
  g_assert_false (fixture_exists (fixture, "one"));
  {
    g_autofree char *content = fixture_read (fixture, "two");

    g_assert_cmpstr (content, ==, "content");
  }
  g_assert_no_errno (link (two, one));
  g_assert_cmpint (do_copy (fixture, "one", "two", SHARE_TREE_OVERWRITE, NULL, NULL), ==, 0);
  {
    g_autofree char *content = fixture_read (fixture, "two");

    g_assert_cmpstr (content, ==, "content");
  }
}

static void
test_between_mounts (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *before = NULL;
  g_autofree char *moved = NULL;
  g_autofree char *back = NULL;
  g_autofree char *text = NULL;
  g_autofree char *path = NULL;
  g_autofree char *block = g_strnfill (2 * 1024 * 1024, 'x');
  gboolean created;

  fixture_mount_small (fixture, "small");
  fixture_make_tree (fixture, "tree");
  fixture_symlink (fixture, "file", "tree/link");
  fixture_symlink (fixture, "../../outside", "tree/to-outside");
  before = fixture_describe (fixture, "tree");

  g_assert_cmpint (do_move (fixture, "tree", "small/tree", 0, NULL, &created), ==, 0);
  g_assert_true (created);
  g_assert_false (fixture_exists (fixture, "tree"));
  moved = fixture_describe (fixture, "small/tree");
  g_assert_cmpstr (moved, ==, before);
  path = fixture_path (fixture, "small/tree/link");
  text = g_file_read_link (path, NULL);
  g_assert_cmpstr (text, ==, "file");

  /* Onto something, back again. */
  fixture_make_tree (fixture, "tree");
  fixture_write (fixture, "tree/old", "old");
  g_assert_cmpint (do_move (fixture, "small/tree", "tree", 0, NULL, NULL), ==, -EEXIST);
  g_assert_cmpint (do_move (fixture, "small/tree", "tree", SHARE_TREE_OVERWRITE, NULL, &created),
                   ==, 0);
  g_assert_false (created);
  back = fixture_describe (fixture, "tree");
  g_assert_cmpstr (back, ==, before);
  g_assert_false (fixture_exists (fixture, "small/tree"));

  /* What cannot be copied is not moved, and nothing is left of the attempt. */
  path = (g_free (path), fixture_path (fixture, "tree/fifo"));
  g_assert_no_errno (mkfifo (path, 0600));
  g_assert_cmpint (do_move (fixture, "tree", "small/tree", 0, NULL, NULL), ==, -EACCES);
  g_assert_no_errno (g_unlink (path));
  fixture_write (fixture, "tree/a/b/large", block);
  g_assert_cmpint (do_move (fixture, "tree", "small/tree", 0, NULL, NULL), ==, -ENOSPC);
  g_assert_cmpint (do_copy (fixture, "tree", "small/tree", 0, NULL, NULL), ==, -ENOSPC);
  g_assert_false (fixture_exists (fixture, "small/tree"));
  g_assert_true (fixture_exists (fixture, "tree/a/b/large"));

  /* A mount point is no folder to remove, but what is in it is. */
  fixture_write (fixture, "small/file", "x");
  g_assert_cmpint (do_remove (fixture, "small", NULL), ==, -EBUSY);
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
  fixture_unmount (fixture, "small");
}

/* Where a folder cannot be renamed although all is one file system: overlayfs with a lower layer.
 */
static void
test_overlay (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *lower = g_build_filename (fixture->base, "lower", NULL);
  g_autofree char *upper = g_build_filename (fixture->base, "upper", NULL);
  g_autofree char *work = g_build_filename (fixture->base, "work", NULL);
  g_autofree char *options
      = g_strdup_printf ("redirect_dir=off,lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *root = NULL;

  g_assert_no_errno (g_mkdir (lower, 0755));
  g_assert_no_errno (g_mkdir (upper, 0755));
  g_assert_no_errno (g_mkdir (work, 0755));
  fixture_close (fixture);
  root = g_steal_pointer (&fixture->root);
  fixture->root = g_strdup (lower);
  fixture_make_tree (fixture, "tree");
  fixture_make_tree (fixture, "other");
  g_free (fixture->root);
  fixture->root = g_steal_pointer (&root);
  g_assert_no_errno (mount ("overlay", fixture->root, "overlay", 0, options));
  fixture->share = fixture_open (fixture->root, 0, NULL);
  before = fixture_describe (fixture, "tree");
  {
    g_autofree char *from = fixture_path (fixture, "tree");
    g_autofree char *to = fixture_path (fixture, "moved");

    g_assert_cmpint (g_rename (from, to), ==, -1);
    g_assert_cmpint (errno, ==, EXDEV);
  }
  g_assert_cmpint (do_move (fixture, "tree", "moved", 0, NULL, NULL), ==, 0);
  after = fixture_describe (fixture, "moved");
  g_assert_cmpstr (after, ==, before);
  g_assert_false (fixture_exists (fixture, "tree"));
  g_assert_cmpint (do_move (fixture, "moved", "other", SHARE_TREE_OVERWRITE, NULL, NULL), ==, 0);
  g_clear_pointer (&after, g_free);
  after = fixture_describe (fixture, "other");
  g_assert_cmpstr (after, ==, before);
  g_assert_cmpint (do_put (fixture, "other/file", "new"), ==, 0);
  g_assert_cmpint (do_remove (fixture, "other", NULL), ==, 0);
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
  g_assert_no_errno (umount2 (fixture->root, MNT_DETACH));
}

/* A reader of the target, while it is replaced over and over: it is never missing and never a half.
 */
typedef struct
{
  char *file;
  char *folder;
  int stop; /* atomic */
  guint reads;
} Reader;

static gpointer
read_all_the_time (gpointer data)
{
  Reader *self = data;

  while (!g_atomic_int_get (&self->stop))
    {
      g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
      struct stat st;

      g_assert_nonnull (dir);
      g_assert_no_errno (stat (self->file, &st));
      g_assert_cmpint (st.st_size, ==, 7);
      self->reads++;
    }
  return NULL;
}

static void
replace_job (Share *share, gpointer data)
{
  g_autoptr (ShareFailures) failures = share_failures_new ();

  for (int i = 0; i < 300; i++)
    {
      g_assert_cmpint (share_copy (share, "tree", "target", SHARE_TREE_OVERWRITE, failures, NULL),
                       ==, 0);
      g_assert_cmpint (share_copy (share, "tree", "source", 0, failures, NULL), ==, 0);
      g_assert_cmpint (share_move (share, "source", "target", SHARE_TREE_OVERWRITE, failures, NULL),
                       ==, 0);
    }
}

static void
test_no_half (Fixture *fixture, gconstpointer flags)
{
  Reader reader = { 0 };
  GThread *thread;

  fixture_make_tree (fixture, "tree");
  fixture_make_tree (fixture, "target");
  reader.file = fixture_path (fixture, "target/file");
  reader.folder = fixture_path (fixture, "target");
  thread = g_thread_new ("reader", read_all_the_time, &reader);
  fixture_run (fixture, replace_job, NULL);
  g_atomic_int_set (&reader.stop, TRUE);
  g_thread_join (thread);
  g_test_message ("%u reads", reader.reads);
  g_assert_cmpuint (reader.reads, >, 100);
  g_free (reader.file);
  g_free (reader.folder);
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);
  enter_mount_namespace ();

#define ADD(name, flags, test)                                                                     \
  g_test_add (name, Fixture, GUINT_TO_POINTER (flags), fixture_set_up, test, fixture_tear_down)
  ADD ("/move/copy", 0, test_copy);
  ADD ("/move/copy-large", 0, test_copy_large);
  ADD ("/move/copy-links", 0, test_copy_links);
  ADD ("/move/move", 0, test_move);
  ADD ("/move/refused", 0, test_refused);
  ADD ("/move/overwrite", 0, test_overwrite);
  ADD ("/move/overwrite-link", 0, test_overwrite_link);
  ADD ("/move/hard-links", 0, test_hard_links);
  ADD ("/move/between-mounts", 0, test_between_mounts);
  ADD ("/move/overlay", 0, test_overlay);
  ADD ("/move/no-half", 0, test_no_half);
#undef ADD
  return g_test_run ();
}
