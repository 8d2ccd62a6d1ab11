/* The one way to the file system, with every trick there is, with openat2 and without.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

static const struct
{
  const char *name;
  gboolean forced;
} modes[] = { { "openat2", FALSE }, { "stepwise", TRUE } };

static void
make_socket (Fixture *fixture, const char *name)
{
  g_autofree char *path = fixture_path (fixture, name);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_no_errno (bind (fd, (struct sockaddr *)&address, sizeof address));
  close (fd);
}

static void
make_node (Fixture *fixture, const char *name, mode_t type, dev_t dev)
{
  g_autofree char *path = fixture_path (fixture, name);

  g_assert_no_errno (mknod (path, type | 0666, dev));
}

/* What the table below speaks of. */
static void
make_tree (Fixture *fixture)
{
  g_autofree char *absolute = g_build_filename (fixture->outside, "secret", NULL);
  g_autofree char *absolute_inside = g_build_filename (fixture->root, "file", NULL);
  g_autofree char *long_name = g_strnfill (255, 'n');
  g_autofree char *staging = fixture_path (fixture, "staging");
  g_autofree char *reserved
      = fixture_path (fixture, ".spice-share-00112233445566778899aabbccddeeff");
  g_autofree char *many = NULL;

  fixture_write (fixture, "file", "file");
  fixture_mkdir (fixture, "folder/deep");
  fixture_write (fixture, "folder/deep/file", "deep");
  fixture_write (fixture, ".hidden", "hidden");
  fixture_mkdir (fixture, ".hidden-folder");
  fixture_write (fixture, ".hidden-folder/file", "hidden inner");
  /* Under its name when it is full: an empty one is a killed viewer's, and the share, which was
   * opened just now, removes it. */
  fixture_mkdir (fixture, "staging");
  fixture_write (fixture, "staging/t", "staged");
  g_assert_no_errno (g_rename (staging, reserved));
  fixture_mkdir (fixture, "folder/.spice-share-x");
  fixture_write (fixture, "folder/.spice-share-x/t", "staged");
  fixture_write (fixture, long_name, "long");
  fixture_write (fixture, "..dots", "dots");
  fixture_write (fixture, "...", "three");

  fixture_symlink (fixture, "file", "to-file");
  fixture_symlink (fixture, "folder/deep", "to-folder");
  fixture_symlink (fixture, "./folder//deep/./file", "to-untidy");
  fixture_symlink (fixture, "deep/../../file", "folder/up");
  fixture_symlink (fixture, "to-chain-2", "to-chain-1");
  fixture_symlink (fixture, "to-folder", "to-chain-2");
  fixture_symlink (fixture, ".", "to-here");
  fixture_symlink (fixture, "..", "folder/to-parent");
  fixture_symlink (fixture, "folder/", "to-folder-slash");
  fixture_symlink (fixture, ".hidden", "to-hidden");
  fixture_symlink (fixture, ".spice-share-00112233445566778899aabbccddeeff/t", "to-staged");

  fixture_symlink (fixture, "..", "to-outside-parent");
  fixture_symlink (fixture, "../outside/secret", "to-outside");
  fixture_symlink (fixture, "../outside", "to-outside-folder");
  fixture_symlink (fixture, "../share/file", "out-and-in");
  fixture_symlink (fixture, "../../outside/secret", "folder/to-outside");
  fixture_symlink (fixture, "folder/../../outside/secret", "to-outside-through");
  fixture_symlink (fixture, absolute, "absolute");
  fixture_symlink (fixture, absolute_inside, "absolute-inside");
  fixture_symlink (fixture, "/proc/self/root/etc/passwd", "magic");
  fixture_symlink (fixture, "nowhere", "dangling");
  fixture_symlink (fixture, "loop-b", "loop-a");
  fixture_symlink (fixture, "loop-a", "loop-b");
  fixture_symlink (fixture, "self", "self");
  fixture_symlink (fixture, "file/../file", "through-file");

  make_node (fixture, "fifo", S_IFIFO, 0);
  make_socket (fixture, "socket");
  if (geteuid () == 0)
    {
      make_node (fixture, "null", S_IFCHR, makedev (1, 3));
      make_node (fixture, "block", S_IFBLK, makedev (7, 0));
    }
  fixture_symlink (fixture, "fifo", "to-fifo");
  many = fixture_path (fixture, "many0");
  fixture_write (fixture, "many0", "many");
  for (int i = 1; i <= RESOLVER_MAX_LINKS + 1; i++)
    {
      g_autofree char *text = g_strdup_printf ("many%d", i - 1);
      g_autofree char *name = g_strdup_printf ("many%d", i);

      fixture_symlink (fixture, text, name);
    }
}

/* Reading @path gives @content, or an error. */
typedef struct
{
  const char *path;
  int error;
  const char *content;
  ShareFlags flags; /* in which shares it is so */
} Reading;

#define ALL 0

static const Reading readings[] = {
  { "file", 0, "file", ALL },
  { "folder/deep/file", 0, "deep", ALL },
  { "..dots", 0, "dots", ALL },
  { "...", 0, "three", ALL },
  { "nothing", -ENOENT, NULL, ALL },
  { "file/below", -ENOTDIR, NULL, ALL },
  { "", -EISDIR, NULL, ALL },
  { "folder", -EISDIR, NULL, ALL },

  { "..", -EINVAL, NULL, ALL },
  { ".", -EINVAL, NULL, ALL },
  { "../outside/secret", -EINVAL, NULL, ALL },
  { "folder/../file", -EINVAL, NULL, ALL },
  { "folder/../../outside/secret", -EINVAL, NULL, ALL },
  { "folder/./deep/file", -EINVAL, NULL, ALL },
  { "/file", -EINVAL, NULL, ALL },
  { "/etc/passwd", -EINVAL, NULL, ALL },
  { "//etc/passwd", -EINVAL, NULL, ALL },
  { "folder//deep/file", -EINVAL, NULL, ALL },
  { "file/", -EINVAL, NULL, ALL },
  { "folder/", -EINVAL, NULL, ALL },
  { "folder/..", -EINVAL, NULL, ALL },
  { "folder/.", -EINVAL, NULL, ALL },

  { ".hidden", 0, "hidden", ALL },
  { ".hidden-folder/file", 0, "hidden inner", ALL },
  { "to-hidden", 0, "hidden", ALL },
  { ".hidden", -ENOENT, NULL, SHARE_DENY_HIDDEN },
  { ".hidden-folder/file", -ENOENT, NULL, SHARE_DENY_HIDDEN },
  { "to-hidden", -ENOENT, NULL, SHARE_DENY_HIDDEN },
  { "..dots", -ENOENT, NULL, SHARE_DENY_HIDDEN },
  { "file", 0, "file", SHARE_DENY_HIDDEN },

  { ".spice-share-00112233445566778899aabbccddeeff", -ENOENT, NULL, ALL },
  { ".spice-share-00112233445566778899aabbccddeeff/t", -ENOENT, NULL, ALL },
  { ".SPICE-Share-00112233445566778899aabbccddeeff/t", -ENOENT, NULL, ALL },
  { "folder/.spice-share-x/t", -ENOENT, NULL, ALL },
  { "to-staged", -ENOENT, NULL, ALL },
  { "to-here/.spice-share-00112233445566778899aabbccddeeff/t", -ENOENT, NULL, ALL },

  { "to-file", 0, "file", ALL },
  { "to-folder/file", 0, "deep", ALL },
  { "to-untidy", 0, "deep", ALL },
  { "folder/up", 0, "file", ALL },
  { "to-chain-1/file", 0, "deep", ALL },
  { "to-here/to-here/to-here/file", 0, "file", ALL },
  { "folder/to-parent/file", 0, "file", ALL },
  { "folder/to-parent/folder/to-parent/file", 0, "file", ALL },
  { "to-folder-slash/deep/file", 0, "deep", ALL },
  { "many40", 0, "many", ALL },
  { "many41", -ELOOP, NULL, ALL },
  { "to-file", -ELOOP, NULL, SHARE_DENY_SYMLINKS },
  { "to-folder/file", -ELOOP, NULL, SHARE_DENY_SYMLINKS },
  { "to-outside", -ELOOP, NULL, SHARE_DENY_SYMLINKS },
  { "folder/deep/file", 0, "deep", SHARE_DENY_SYMLINKS },

  { "to-outside", -EXDEV, NULL, ALL },
  { "to-outside-parent", -EXDEV, NULL, ALL },
  { "to-outside-parent/outside/secret", -EXDEV, NULL, ALL },
  { "to-outside-parent/share/file", -EXDEV, NULL, ALL },
  { "to-outside-folder/secret", -EXDEV, NULL, ALL },
  { "to-outside-folder/folder/inner", -EXDEV, NULL, ALL },
  { "out-and-in", -EXDEV, NULL, ALL },
  { "folder/to-outside", -EXDEV, NULL, ALL },
  { "to-outside-through", -EXDEV, NULL, ALL },
  { "folder/to-parent/to-outside", -EXDEV, NULL, ALL },
  { "absolute", -EXDEV, NULL, ALL },
  { "absolute-inside", -EXDEV, NULL, ALL },
  { "magic", -EXDEV, NULL, ALL },
  { "dangling", -ENOENT, NULL, ALL },
  { "loop-a", -ELOOP, NULL, ALL },
  { "self", -ELOOP, NULL, ALL },

  { "through-file", -ENOTDIR, NULL, ALL },
  { "fifo", -EACCES, NULL, ALL },
  { "to-fifo", -EACCES, NULL, ALL },
  { "socket", -EACCES, NULL, ALL },
};

static void
check_outcome (const char *what, const char *path, int result, int expected)
{
  if (result != expected)
    g_error ("%s “%s”: %s instead of %s", what, path, g_strerror (-result), g_strerror (-expected));
}

static void
test_reading (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  make_tree (fixture);
  before = tree_describe (fixture->base);
  for (guint mode = 0; mode < G_N_ELEMENTS (modes); mode++)
    for (ShareFlags share_flags = 0; share_flags <= SHARE_DENY_HIDDEN; share_flags += 2)
      {
        fixture_reopen (fixture, share_flags | SHARE_READ_ONLY);
        resolver_force_fallback (modes[mode].forced);
        for (guint i = 0; i < G_N_ELEMENTS (readings); i++)
          {
            const Reading *reading = &readings[i];
            g_autofree char *content = NULL;
            ShareStat stat;
            int result;

            if (reading->flags != share_flags)
              continue;
            result = do_read (fixture, reading->path, &content);
            check_outcome (modes[mode].name, reading->path, result, reading->error);
            g_assert_cmpstr (content, ==, reading->content);
            result = do_stat (fixture, reading->path, &stat);
            check_outcome ("stat", reading->path, result,
                           reading->error == -EISDIR ? 0 : reading->error);
            fixture_assert_outside_untouched (fixture);
          }
      }
  after = tree_describe (fixture->base);
  g_assert_cmpstr (after, ==, before);
}

static void
test_devices (Fixture *fixture, gconstpointer flags)
{
  make_tree (fixture);
  for (guint mode = 0; mode < G_N_ELEMENTS (modes); mode++)
    {
      resolver_force_fallback (modes[mode].forced);
      g_assert_cmpint (do_read (fixture, "null", NULL), ==, -EACCES);
      g_assert_cmpint (do_read (fixture, "block", NULL), ==, -EACCES);
      g_assert_cmpint (do_stat (fixture, "null", NULL), ==, -EACCES);
      g_assert_cmpint (do_put (fixture, "null", "x"), ==, -EACCES);
      g_assert_cmpint (do_put (fixture, "fifo", "x"), ==, -EACCES);
      g_assert_cmpint (do_put (fixture, "to-fifo", "x"), ==, -EACCES);
    }
}

/* /proc inside the share: its links are the kernel's own and lead anywhere. */
static void
test_magic_links (Fixture *fixture, gconstpointer flags)
{
  static const char *const paths[] = { "proc/self/root/etc/passwd",
                                       "proc/self/cwd/x",
                                       "proc/1/root/etc/passwd",
                                       "proc/self/exe",
                                       "proc/self/fd/0",
                                       "proc/thread-self/root/etc/passwd",
                                       "proc/self/ns/mnt",
                                       "to-proc/root/etc",
                                       "proc/self/root",
                                       "proc/self/map_files/x",
                                       "proc/mounts/../root" };
  g_autofree char *path = NULL;

  g_assert_cmpuint (geteuid (), ==, 0); /* or it could not mount */
  fixture_mkdir (fixture, "proc");
  fixture_symlink (fixture, "proc/self", "to-proc");
  path = fixture_path (fixture, "proc");
  g_assert_no_errno (mount ("proc", path, "proc", 0, NULL));
  for (guint mode = 0; mode < G_N_ELEMENTS (modes); mode++)
    {
      resolver_force_fallback (modes[mode].forced);
      for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
        g_assert_cmpint (do_read (fixture, paths[i], NULL), <, 0);
      g_assert_cmpint (do_read (fixture, "proc/self/root/etc/passwd", NULL), ==, -EXDEV);
      /* An ordinary file of that file system, so the mount itself is not what refuses. */
      g_assert_cmpint (do_stat (fixture, "proc/self/status", NULL), ==, 0);
    }
  g_assert_no_errno (umount2 (path, MNT_DETACH));
}

/* Every change through every way out. */
static void
test_writing (Fixture *fixture, gconstpointer flags)
{
  static const char *const bad[] = {
    "..",
    "../outside/secret",
    "../outside/new",
    "folder/../../outside/new",
    "/etc/spice-share-test",
    "to-outside",
    "to-outside/new",
    "to-outside-folder",
    "to-outside-folder/new",
    "to-outside-folder/secret",
    "to-outside-folder/folder",
    "to-outside-parent/outside/new",
    "folder/to-outside",
    "absolute",
    "absolute-inside",
    "folder/to-parent/to-outside-folder/new",
    ".spice-share-00112233445566778899aabbccddeeff/t",
    ".spice-share-new",
    "folder/.spice-share-x/t",
    "loop-a",
    "loop-a/new",
    "",
  };
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  make_tree (fixture);
  before = tree_describe (fixture->base);
  for (guint mode = 0; mode < G_N_ELEMENTS (modes); mode++)
    {
      resolver_force_fallback (modes[mode].forced);
      for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
        {
          g_assert_cmpint (do_put (fixture, bad[i], "evil"), <, 0);
          g_assert_cmpint (do_make_folder (fixture, bad[i]), <, 0);
          g_assert_cmpint (do_remove (fixture, bad[i], NULL), <, 0);
          g_assert_cmpint (do_copy (fixture, "file", bad[i], SHARE_TREE_OVERWRITE, NULL, NULL), <,
                           0);
          g_assert_cmpint (do_move (fixture, "file", bad[i], SHARE_TREE_OVERWRITE, NULL, NULL), <,
                           0);
          g_assert_cmpint (do_move (fixture, "folder", bad[i], SHARE_TREE_OVERWRITE, NULL, NULL), <,
                           0);
          g_assert_cmpint (do_move (fixture, bad[i], "moved", SHARE_TREE_OVERWRITE, NULL, NULL), <,
                           0);
          if (*bad[i])
            {
              g_assert_cmpint (do_copy (fixture, bad[i], "copied", 0, NULL, NULL), <, 0);
              g_assert_cmpint (do_set_xattr (fixture, bad[i], "user.evil", "1"), <, 0);
              g_assert_cmpint (do_set_mtime (fixture, bad[i], 1, 0), <, 0);
            }
          fixture_assert_outside_untouched (fixture);
        }
    }
  fixture_close (fixture);
  after = tree_describe (fixture->base);
  g_assert_cmpstr (after, ==, before);
}

static void
test_check_path (void)
{
  static const struct
  {
    const char *path;
    gsize length;
    int result;
  } paths[] = {
    { "", 0, 0 },
    { "a", 1, 0 },
    { "a/b", 3, 0 },
    { "a\0b", 3, -EINVAL },
    { "\0", 1, -EINVAL },
    { "a/\0", 3, -EINVAL },
    { "/", 1, -EINVAL },
    { "a/", 2, -EINVAL },
    { "/a", 2, -EINVAL },
    { "a//b", 4, -EINVAL },
    { ".", 1, -EINVAL },
    { "..", 2, -EINVAL },
    { "a/..", 4, -EINVAL },
    { "...", 3, 0 },
    { ".a", 2, 0 },
    { "\xff\x01%\\", 4, 0 },
    { "a/.spice-share-", 15, -ENOENT },
    { ".spice-share", 12, 0 },
  };
  g_autofree char *name = g_strnfill (256, 'x');
  g_autofree char *path = g_strnfill (4096, 'x');

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    g_assert_cmpint (resolver_check_path (paths[i].path, paths[i].length, 0), ==, paths[i].result);
  g_assert_cmpint (resolver_check_path (name, 255, 0), ==, 0);
  g_assert_cmpint (resolver_check_path (name, 256, 0), ==, -ENAMETOOLONG);
  for (gsize i = 100; i < 4096; i += 100)
    path[i] = '/';
  g_assert_cmpint (resolver_check_path (path, 4095, 0), ==, 0);
  g_assert_cmpint (resolver_check_path (path, 4096, 0), ==, -ENAMETOOLONG);
  g_assert_cmpint (resolver_check_path (".a", 2, SHARE_DENY_HIDDEN), ==, -ENOENT);
  g_assert_cmpint (resolver_check_name ("a/b", 0), ==, -EINVAL);
  g_assert_cmpint (resolver_check_name ("", 0), ==, -EINVAL);
  g_assert_cmpint (resolver_check_name ("a", 0), ==, 0);
}

/* As deep as a path can be, without a descriptor for each level. Under valgrind, which does not
 * know openat2, each level is walked to from the top, step by step: a quarter of the depth. */
static void
test_deep (Fixture *fixture, gconstpointer flags)
{
  g_autoptr (GString) path = g_string_new ("d");
  const gsize most = patience () > PATIENCE_FACTOR ? 1024 : 4096;
  guint before;
  int fd = open (fixture->root, O_PATH | O_DIRECTORY | O_CLOEXEC);

  /* All but the last, which takes the share as long as all of them. */
  while (path->len + 2 < most)
    {
      int below;

      g_assert_no_errno (mkdirat (fd, "d", 0755));
      below = openat (fd, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
      g_assert_no_errno (below);
      close (fd);
      fd = below;
      g_string_append (path, "/d");
    }
  close (fd);
  g_assert_cmpint (do_make_folder (fixture, path->str), ==, 0);
  before = count_descriptors ();
  resolver_force_fallback (TRUE);
  g_assert_cmpint (do_stat (fixture, path->str, NULL), ==, 0);
  resolver_force_fallback (FALSE);
  g_assert_cmpint (do_stat (fixture, path->str, NULL), ==, 0);
  g_assert_cmpint (count_descriptors (), ==, before);
  g_assert_cmpint (do_remove (fixture, "d", NULL), ==, 0);
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  g_test_add_func ("/resolver/check-path", test_check_path);
  ADD ("/resolver/reading", test_reading);
  ADD ("/resolver/writing", test_writing);
  ADD ("/resolver/devices", test_devices);
  ADD ("/resolver/magic-links", test_magic_links);
  ADD ("/resolver/deep", test_deep);
#undef ADD
  return g_test_run ();
}
