/* A file system that finds a file by names it does not list, as FAT and folders with folded letters
 * do: what the guest cannot see by its name it cannot see by another one.
 *
 * No such file system can be mounted everywhere, so the system calls that take names stand here in
 * the place of the C library's, for this program alone, and look for other spellings (Unicode's
 * folding) and short names (six letters, a tilde, a one) where there is no file of just this name.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "share/staging.h"

typedef char Name[PATH_MAX];

static gboolean
is_other_spelling (const char *name, const char *entry)
{
  g_autofree char *a = g_utf8_casefold (name, -1);
  g_autofree char *b = g_utf8_casefold (entry, -1);

  return strcmp (a, b) == 0;
}

static gboolean
is_short_name (const char *name, const char *entry)
{
  const char *tilde = strstr (name, "~1");

  entry += strspn (entry, ".");
  return tilde != NULL && tilde[2] == '\0' && (gsize)(tilde - name) <= strlen (entry)
         && g_ascii_strncasecmp (name, entry, (gsize)(tilde - name)) == 0;
}

/* The name under which @folder lists what it finds by @name; @name itself if it finds nothing. */
static const char *
find_true_name (int folder, const char *name, Name found)
{
  struct stat st;
  struct dirent *entry;
  DIR *dir;

  if (!*name || strchr (name, '/') != NULL
      || syscall (SYS_newfstatat, folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
    return name;
  dir = fdopendir ((int)syscall (SYS_openat, folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  if (dir == NULL)
    return name;
  while ((entry = readdir (dir)) != NULL)
    if (is_other_spelling (name, entry->d_name) || is_short_name (name, entry->d_name))
      {
        strcpy (found, entry->d_name);
        name = found;
        break;
      }
  closedir (dir);
  return name;
}

int openat64 (int folder, const char *name, int flags, ...);
int fstatat64 (int folder, const char *name, struct stat64 *st, int flags);

int
openat64 (int folder, const char *name, int flags, ...)
{
  mode_t mode = 0;
  Name found;

  if (flags & O_CREAT)
    {
      va_list arguments;

      va_start (arguments, flags);
      mode = va_arg (arguments, mode_t);
      va_end (arguments);
    }
  return (int)syscall (SYS_openat, folder, find_true_name (folder, name, found), flags, mode);
}

int
fstatat64 (int folder, const char *name, struct stat64 *st, int flags)
{
  Name found;

  return (int)syscall (SYS_newfstatat, folder, find_true_name (folder, name, found), st, flags);
}

int
statx (int folder, const char *name, int flags, unsigned mask, struct statx *stx)
{
  Name found;

  return (int)syscall (SYS_statx, folder, find_true_name (folder, name, found), flags, mask, stx);
}

int
mkdirat (int folder, const char *name, mode_t mode)
{
  Name found;

  return (int)syscall (SYS_mkdirat, folder, find_true_name (folder, name, found), mode);
}

int
unlinkat (int folder, const char *name, int flags)
{
  Name found;

  return (int)syscall (SYS_unlinkat, folder, find_true_name (folder, name, found), flags);
}

int
renameat2 (int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
  Name found_from, found_to;

  return (int)syscall (SYS_renameat2, from_folder, find_true_name (from_folder, from, found_from),
                       to_folder, find_true_name (to_folder, to, found_to), flags);
}

int
renameat (int from_folder, const char *from, int to_folder, const char *to)
{
  return renameat2 (from_folder, from, to_folder, to, 0);
}

/* That the file system of this program is what it is said to be. */
static void
test_finds (Fixture *fixture, gconstpointer flags)
{
  fixture_write (fixture, "File", "content");
  fixture_write (fixture, ".hidden", "hidden");
  assert_content (fixture, "File", "content");
  {
    static const char *const names[] = { "File", "fILE", "\357\254\201le", "FILE~1" };

    for (guint i = 0; i < G_N_ELEMENTS (names); i++)
      {
        g_autofree char *content = NULL;

        g_assert_cmpint (do_read (fixture, names[i], &content), ==, 0);
        g_assert_cmpstr (content, ==, "content");
      }
  }
  {
    g_autofree char *content = NULL;

    g_assert_cmpint (do_read (fixture, "HIDDEN~1", &content), ==, 0);
  }
  g_assert_cmpint (do_make_folder (fixture, "FILE"), ==, -EEXIST);
}

static void
assert_out_of_reach (Fixture *fixture, const char *path)
{
  ShareStat stat;
  g_autofree char *content = NULL;
  g_autofree char *inside = g_strconcat (path, "/owner", NULL);
  g_autofree char *new = g_strconcat (path, "/new", NULL);

  g_test_message ("%s", path);
  g_assert_cmpint (do_stat (fixture, path, &stat), ==, -ENOENT);
  g_assert_cmpint (do_stat (fixture, inside, &stat), ==, -ENOENT);
  g_assert_cmpint (do_read (fixture, inside, &content), ==, -ENOENT);
  g_assert_cmpint (do_list (fixture, path, NULL), <, 0);
  g_assert_cmpint (do_put (fixture, path, "evil"), <, 0);
  g_assert_cmpint (do_put (fixture, new, "evil"), <, 0);
  g_assert_cmpint (do_put (fixture, inside, "evil"), <, 0);
  g_assert_cmpint (do_make_folder (fixture, path), <, 0);
  g_assert_cmpint (do_make_folder (fixture, new), <, 0);
  g_assert_cmpint (do_remove (fixture, path, NULL), <, 0);
  g_assert_cmpint (do_remove (fixture, inside, NULL), <, 0);
  g_assert_cmpint (do_copy (fixture, path, "stolen", 0, NULL, NULL), <, 0);
  g_assert_cmpint (do_move (fixture, path, "stolen", 0, NULL, NULL), <, 0);
  g_assert_cmpint (do_move (fixture, inside, "stolen", 0, NULL, NULL), <, 0);
  g_assert_cmpint (do_copy (fixture, "file", path, SHARE_TREE_OVERWRITE, NULL, NULL), <, 0);
  g_assert_cmpint (do_move (fixture, "file", path, SHARE_TREE_OVERWRITE, NULL, NULL), <, 0);
  g_assert_cmpint (do_move (fixture, "file", new, 0, NULL, NULL), <, 0);
  g_assert_cmpint (do_set_xattr (fixture, path, "user.x", "evil"), <, 0);
  g_assert_false (fixture_exists (fixture, "stolen"));
  g_assert_true (fixture_exists (fixture, "file"));
}

static void
test_staging (Fixture *fixture, gconstpointer flags)
{
  Put half = { .path = "upload", .content = "half", .keep = TRUE };
  g_autoptr (GPtrArray) staging = NULL;
  g_autofree char *name = NULL;
  g_autofree char *upper = NULL;
  g_autofree char *folded = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  fixture_write (fixture, "file", "file");
  put (fixture, &half);
  staging = find_staging (fixture, "");
  g_assert_cmpuint (staging->len, ==, 1);
  name = g_path_get_basename (staging->pdata[0]);
  upper = g_ascii_strup (name, -1);
  folded = g_strconcat (".\305\277pice", name + strlen (".spice"), NULL);
  before = tree_describe (fixture->root);

  assert_out_of_reach (fixture, name);
  assert_out_of_reach (fixture, upper);
  assert_out_of_reach (fixture, folded);
  assert_out_of_reach (fixture, "SPICE-~1");
  assert_out_of_reach (fixture, "spice-~1");
  {
    g_autofree char *link = fixture_path (fixture, "link");
    ShareStat stat;

    /* Nor by a link that says so. */
    fixture_symlink (fixture, "SPICE-~1", "link");
    g_assert_cmpint (do_stat (fixture, "link", &stat), ==, -ENOENT);
    g_assert_cmpint (do_stat (fixture, "link/owner", &stat), ==, -ENOENT);
    g_assert_cmpint (do_put (fixture, "link/new", "evil"), <, 0);
    g_assert_no_errno (unlink (link));
  }
  after = tree_describe (fixture->root);
  g_assert_cmpstr (before, ==, after);

  put_commit (fixture, &half);
  g_assert_cmpint (half.commit, ==, 0);
  share_upload_free (half.upload);
  assert_content (fixture, "upload", "half");
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

static void
test_hidden (Fixture *fixture, gconstpointer flags)
{
  ShareStat stat;

  fixture_write (fixture, "file", "file");
  fixture_write (fixture, "backup~1", "backup");
  fixture_mkdir (fixture, ".hidden");
  fixture_write (fixture, ".hidden/owner", "hidden");
  assert_out_of_reach (fixture, "HIDDEN~1");
  assert_out_of_reach (fixture, "hidden~1");
  g_assert_cmpint (do_stat (fixture, "backup~1", &stat), ==, 0);
  g_assert_cmpint (do_put (fixture, "new~1", "new"), ==, 0);
  g_assert_cmpint (do_put (fixture, "new~1", "newer"), ==, 0);
  assert_content (fixture, "new~1", "newer");
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);
  /* By openat(), which stands here. */
  resolver_force_fallback (TRUE);

#define ADD(name, flags, test)                                                                     \
  g_test_add (name, Fixture, GUINT_TO_POINTER (flags), fixture_set_up, test, fixture_tear_down)
  ADD ("/alias/finds", 0, test_finds);
  ADD ("/alias/staging", 0, test_staging);
  ADD ("/alias/hidden", SHARE_DENY_HIDDEN, test_hidden);
#undef ADD
  return g_test_run ();
}
