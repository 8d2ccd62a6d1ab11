/* Access control lists outlive what replaces a file, and nobody gets more than they gave.
 *
 * The system calls stand here in the place of the C library's, for this program alone: a file
 * system that takes no lists, and somebody who removes one during a copy.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "share/acl.h"

#define ACCESS "system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"
#define NOBODY 65534
#define SOME_GROUP 12345

static gint acl_errno; /* (atomic): what is said to whoever gives a list; 0: it is taken */

int
setxattr (const char *path, const char *name, const void *value, size_t size, int flags)
{
  if (g_atomic_int_get (&acl_errno) && g_str_has_prefix (name, "system."))
    {
      errno = g_atomic_int_get (&acl_errno);
      return -1;
    }
  return (int)syscall (SYS_setxattr, path, name, value, size, flags);
}

static GByteArray *stripped; /* what is left of the list during the next copy */
static char *stripped_path;

/* The copy of a file begins with it. */
int
ioctl (int fd, unsigned long request, ...)
{
  if (request == FICLONE && stripped)
    {
      g_assert_no_errno (setxattr (stripped_path, ACCESS, stripped->data, stripped->len, 0));
      stripped = NULL;
    }
  errno = EOPNOTSUPP;
  return -1;
}

static gint chown_errno; /* (atomic): what is said to whoever gives a file to a group */

int
fchown (int fd, uid_t owner, gid_t group)
{
  if (g_atomic_int_get (&chown_errno))
    {
      errno = g_atomic_int_get (&chown_errno);
      return -1;
    }
  return (int)syscall (SYS_fchown, fd, owner, group);
}

/* Permissions of the five entries; negative: it is not there. */
typedef struct
{
  int user, nobody, group, mask, other;
} Acl;

static GByteArray *
build_acl (const Acl *acl)
{
  const int permissions[] = { acl->user, acl->nobody, acl->group, acl->mask, acl->other };
  static const guint16 tags[] = { ACL_USER_OBJ, ACL_USER, ACL_GROUP_OBJ, ACL_MASK, ACL_OTHER };
  struct posix_acl_xattr_header header = { GUINT32_TO_LE (POSIX_ACL_XATTR_VERSION) };
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_append (bytes, (const guint8 *)&header, sizeof header);
  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
    {
      struct posix_acl_xattr_entry entry
          = { GUINT16_TO_LE (tags[i]), GUINT16_TO_LE ((guint16)permissions[i]),
              GUINT32_TO_LE (tags[i] == ACL_USER ? NOBODY : (guint32)ACL_UNDEFINED_ID) };

      if (permissions[i] >= 0)
        g_byte_array_append (bytes, (const guint8 *)&entry, sizeof entry);
    }
  return bytes;
}

static void
give_acl (Fixture *fixture, const char *path, const char *name, const Acl *acl)
{
  g_autofree char *whole = fixture_path (fixture, path);
  g_autoptr (GByteArray) bytes = build_acl (acl);

  g_assert_no_errno (setxattr (whole, name, bytes->data, bytes->len, 0));
}

/* NULL: there is none. */
static GBytes *
get_acl (Fixture *fixture, const char *path, const char *name)
{
  g_autofree char *whole = fixture_path (fixture, path);
  char value[1024];
  ssize_t size = getxattr (whole, name, value, sizeof value);

  if (size < 0)
    g_assert_cmpint (errno, ==, ENODATA);
  return size < 0 ? NULL : g_bytes_new (value, (gsize)size);
}

static void
assert_same_acl (Fixture *fixture, const char *a, const char *b, const char *name)
{
  g_autoptr (GBytes) first = get_acl (fixture, a, name);
  g_autoptr (GBytes) second = get_acl (fixture, b, name);

  g_assert_true ((first == NULL) == (second == NULL));
  g_assert_true (first == NULL || g_bytes_equal (first, second));
  g_assert_cmphex (fixture_mode_of (fixture, a), ==, fixture_mode_of (fixture, b));
}

/* The group may read; the mask, which is what the mode shows, may write. */
static const Acl one_more_writes = { 6, 6, 4, 6, 0 };
static const Acl one_more_enters = { 7, 7, 5, 7, 0 };
static const Acl nobody_is_named = { 6, -1, 4, -1, 0 };
static const Acl all_but_one_read = { 6, 0, 4, 4, 4 };

static void
test_kept (Fixture *fixture, gconstpointer flags)
{
  fixture_make_tree (fixture, "tree");
  fixture_write (fixture, "as-before", "x");
  fixture_write (fixture, "file", "old");
  give_acl (fixture, "as-before", ACCESS, &one_more_writes);
  give_acl (fixture, "file", ACCESS, &one_more_writes);
  give_acl (fixture, "tree", ACCESS, &one_more_enters);
  give_acl (fixture, "tree/a", ACCESS, &one_more_enters);
  g_assert_cmphex (fixture_mode_of (fixture, "file"), ==, 0660);

  g_assert_cmpint (do_put (fixture, "file", "new"), ==, 0);
  assert_content (fixture, "file", "new");
  assert_same_acl (fixture, "file", "as-before", ACCESS);
  g_assert_cmpint (do_copy (fixture, "file", "copy", 0, NULL, NULL), ==, 0);
  assert_same_acl (fixture, "copy", "as-before", ACCESS);
  g_assert_cmpint (do_copy (fixture, "tree", "copied", 0, NULL, NULL), ==, 0);
  assert_same_acl (fixture, "copied", "tree", ACCESS);
  assert_same_acl (fixture, "copied/a", "tree/a", ACCESS);
  assert_same_acl (fixture, "copied/file", "tree/file", ACCESS);
}

/* setfacl -b, while the content is copied: the mask is the owning group's no more. */
static void
test_removed (Fixture *fixture, gconstpointer flags)
{
  g_autoptr (GByteArray) bytes = build_acl (&nobody_is_named);

  fixture_write (fixture, "file", "x");
  give_acl (fixture, "file", ACCESS, &one_more_writes);
  stripped_path = fixture_path (fixture, "file");
  stripped = bytes;
  g_assert_cmpint (do_copy (fixture, "file", "copy", 0, NULL, NULL), ==, 0);
  g_assert_null (stripped);
  g_assert_null (get_acl (fixture, "copy", ACCESS));
  g_assert_cmphex (fixture_mode_of (fixture, "copy"), ==, 0640);
  g_clear_pointer (&stripped_path, g_free);
}

/* Where it cannot be kept, nobody is let in who was not. */
static void
test_not_kept (Fixture *fixture, gconstpointer flags)
{
  static const int errnos[] = { EOPNOTSUPP, EPERM, EINVAL };

  for (guint i = 0; i < G_N_ELEMENTS (errnos); i++)
    {
      fixture_make_tree (fixture, "tree");
      fixture_write (fixture, "file", "old");
      give_acl (fixture, "file", ACCESS, &one_more_writes);
      give_acl (fixture, "tree", ACCESS, &one_more_enters);
      fixture_write (fixture, "tree/file", "not for nobody");
      give_acl (fixture, "tree/file", ACCESS, &all_but_one_read);
      g_atomic_int_set (&acl_errno, errnos[i]);
      g_assert_cmpint (do_copy (fixture, "file", "copy", 0, NULL, NULL), ==, 0);
      g_assert_cmpint (do_copy (fixture, "tree", "copied", 0, NULL, NULL), ==, 0);
      g_assert_cmpint (do_put (fixture, "file", "new"), ==, 0);
      g_atomic_int_set (&acl_errno, 0);
      g_assert_cmphex (fixture_mode_of (fixture, "file"), ==, 0640);
      g_assert_cmphex (fixture_mode_of (fixture, "copy"), ==, 0640);
      g_assert_cmphex (fixture_mode_of (fixture, "copied"), ==, 0750);
      g_assert_cmphex (fixture_mode_of (fixture, "copied/file"), ==, 0600);
      g_assert_cmpint (do_remove (fixture, "copy", NULL), ==, 0);
      g_assert_cmpint (do_remove (fixture, "copied", NULL), ==, 0);
    }
}

/* A new file in a folder with a default list is as open(2) makes it; another is not touched by the
 * list of where it waited. */
static void
test_default (Fixture *fixture, gconstpointer flags)
{
  static const Acl defaults[] = {
    { 7, 7, 5, 7, 0 },   { 7, 6, 7, 4, 5 },   { 6, 2, 4, 7, 4 },
    { 7, -1, 7, -1, 5 }, { 5, -1, 0, -1, 0 },
  };

  fixture_mkdir (fixture, "plain/inner");
  give_acl (fixture, "", DEFAULT, &defaults[0]);
  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    {
      g_autofree char *folder = g_strdup_printf ("team-%u", i);
      g_autofree char *copied = g_strdup_printf ("copied-%u", i);
      g_autofree char *ours = g_build_filename (folder, "ours", NULL);
      g_autofree char *theirs = g_build_filename (folder, "theirs", NULL);
      g_autofree char *path = fixture_path (fixture, theirs);
      int fd;

      fixture_mkdir (fixture, folder);
      give_acl (fixture, folder, DEFAULT, &defaults[i]);
      fd = open (path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
      g_assert_cmpint (fd, >=, 0);
      close (fd);
      g_assert_cmpint (do_put (fixture, ours, "x"), ==, 0);
      assert_same_acl (fixture, ours, theirs, ACCESS);

      g_assert_cmpint (do_copy (fixture, folder, copied, 0, NULL, NULL), ==, 0);
      assert_same_acl (fixture, copied, folder, ACCESS);
      assert_same_acl (fixture, copied, folder, DEFAULT);
    }

  g_assert_cmpint (do_put (fixture, "plain/new", "x"), ==, 0);
  g_assert_null (get_acl (fixture, "plain/new", ACCESS));
  g_assert_cmphex (fixture_mode_of (fixture, "plain/new"), ==, 0640);
  g_assert_cmpint (do_copy (fixture, "plain", "plain-copy", 0, NULL, NULL), ==, 0);
  g_assert_null (get_acl (fixture, "plain-copy/inner", ACCESS));
  g_assert_null (get_acl (fixture, "plain-copy/inner", DEFAULT));

  g_atomic_int_set (&acl_errno, EOPNOTSUPP);
  g_assert_cmpint (do_put (fixture, "team-0/late", "x"), ==, 0);
  g_assert_cmpint (do_copy (fixture, "team-0", "late", 0, NULL, NULL), ==, 0);
  g_atomic_int_set (&acl_errno, 0);
  g_assert_cmphex (fixture_mode_of (fixture, "team-0/late"), ==, 0640);
}

/* What is none stays as it is. */
static void
test_restrict (void)
{
  g_autoptr (GByteArray) whole = build_acl (&one_more_enters);
  const Acl restricted = { 6, 7, 5, 6, 0 };
  g_autoptr (GByteArray) expected = build_acl (&restricted);

  for (guint size = 0; size < whole->len; size++)
    {
      g_autofree guint8 *cut = g_memdup2 (whole->data, size);

      g_assert_false (acl_restrict (cut, size, 0));
      g_assert_true (size == 0 || memcmp (cut, whole->data, size) == 0);
    }
  g_assert_true (acl_restrict (whole->data, whole->len, 0666));
  g_assert_cmpmem (whole->data, whole->len, expected->data, expected->len);
  whole->data[0]++;
  g_assert_false (acl_restrict (whole->data, whole->len, 0));
}

/* What is left of a mode without its list. */
static void
test_narrow_mode (void)
{
  static const struct
  {
    struct
    {
      guint16 tag, permissions;
    } named[3]; /* tag 0: no more of them */
    int group, mask, other;
    guint mode, expected;
  } cases[] = {
    /* Somebody is let in, and is let in no more; the mask was not the group's. */
    { { { ACL_USER, 6 } }, 4, 6, 0, 0660, 0640 },
    { { { ACL_GROUP, 7 } }, 5, 7, 0, 0770, 0750 },
    { { { ACL_USER, 7 } }, 6, 4, 4, 0644, 0644 },
    { { { ACL_USER, 7 } }, 7, 2, 7, 0727, 0722 },
    /* Somebody is kept out, and may be anybody. */
    { { { ACL_USER, 0 } }, 4, 4, 4, 0644, 0600 },
    { { { ACL_USER, 6 }, { ACL_USER, 0 } }, 4, 6, 4, 0664, 0600 },
    { { { ACL_USER, 0 }, { ACL_USER, 6 } }, 4, 6, 4, 0664, 0600 },
    { { { ACL_USER, 4 } }, 6, 6, 6, 0666, 0644 },
    { { { ACL_USER, 5 }, { ACL_USER, 6 } }, 7, 7, 7, 0777, 0744 },
    /* Of a group: it is not the owning one. */
    { { { ACL_GROUP, 0 } }, 4, 4, 4, 0644, 0640 },
    { { { ACL_GROUP, 6 }, { ACL_GROUP, 5 } }, 6, 7, 7, 0777, 0764 },
    /* By the mask. */
    { { { ACL_USER, 7 } }, 7, 0, 7, 0707, 0700 },
    { { { ACL_GROUP, 7 } }, 7, 4, 7, 0747, 0744 },
    /* The owning group itself. */
    { { { ACL_USER, 7 } }, 0, 7, 7, 0777, 0700 },
    /* The mode became less since, or the list did. */
    { { { ACL_USER, 6 } }, 6, 6, 6, 0600, 0600 },
    { { { ACL_USER, 6 } }, 6, 6, 0, 0666, 0660 },
    /* Nobody is named, and there is no mask. */
    { { { 0, 0 } }, 5, -1, 4, 0754, 0754 },
  };
  g_autoptr (GByteArray) whole = build_acl (&one_more_writes);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Acl plain = { 7, -1, cases[i].group, cases[i].mask, cases[i].other };
      g_autoptr (GByteArray) acl = build_acl (&plain);

      for (guint k = 0; k < G_N_ELEMENTS (cases[i].named) && cases[i].named[k].tag; k++)
        {
          struct posix_acl_xattr_entry entry
              = { GUINT16_TO_LE (cases[i].named[k].tag),
                  GUINT16_TO_LE (cases[i].named[k].permissions), GUINT32_TO_LE (NOBODY + k) };

          g_byte_array_append (acl, (const guint8 *)&entry, sizeof entry);
        }
      g_test_message ("%u", i);
      g_assert_cmphex (acl_narrow_mode (acl->data, acl->len, cases[i].mode), ==, cases[i].expected);
    }
  /* Cut off, and of another version. */
  for (guint size = 0; size < whole->len; size++)
    {
      g_autofree guint8 *cut = g_memdup2 (whole->data, size);

      /* Whole entries, of which the third is the group's. */
      g_assert_cmphex (acl_narrow_mode (cut, size, 0664), ==,
                       size >= 4 + 3 * 8 && (size - 4) % 8 == 0 ? 0644 : 0600);
    }
  whole->data[0]++;
  g_assert_cmphex (acl_narrow_mode (whole->data, whole->len, 0664), ==, 0600);
}

static void
give_to_group (Fixture *fixture, const char *path, guint mode, const Acl *acl)
{
  g_autofree char *whole = fixture_path (fixture, path);

  fixture_write (fixture, path, "old");
  g_assert_no_errno (chown (whole, (uid_t)-1, SOME_GROUP));
  g_assert_no_errno (chmod (whole, mode));
  if (acl)
    give_acl (fixture, path, ACCESS, acl);
}

/* A file is replaced by who is not of its group: that group's bits are not for another one, and who
 * was of it is one of all others. */
static void
test_group_lost (Fixture *fixture, gconstpointer flags)
{
  static const struct
  {
    guint before, kept, lost;
  } modes[] = {
    { 0660, 0660, 0600 },
    { 0664, 0664, 0644 },
    { 0604, 0604, 0600 },
    { 0666, 0666, 0666 },
  };
  static const Acl before = { 6, 6, 6, 6, 4 }, after = { 6, 6, 4, 6, 4 };
  static const Acl denied = { 6, 6, 2, 4, 6 }, denied_after = { 6, 6, 0, 4, 0 };

  give_to_group (fixture, "named", 0, &after);
  give_to_group (fixture, "denied", 0, &denied_after);
  for (guint lost = 0; lost < 2; lost++)
    {
      g_atomic_int_set (&chown_errno, lost ? EPERM : 0);
      for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
        {
          give_to_group (fixture, "file", modes[i].before, NULL);
          g_assert_cmpint (do_put (fixture, "file", "new"), ==, 0);
          assert_content (fixture, "file", "new");
          g_assert_cmphex (fixture_mode_of (fixture, "file"), ==,
                           lost ? modes[i].lost : modes[i].kept);
        }
    }
  give_to_group (fixture, "listed", 0, &before);
  g_assert_cmpint (do_put (fixture, "listed", "new"), ==, 0);
  assert_same_acl (fixture, "listed", "named", ACCESS);
  give_to_group (fixture, "listed", 0, &denied);
  g_assert_cmpint (do_put (fixture, "listed", "new"), ==, 0);
  assert_same_acl (fixture, "listed", "denied", ACCESS);
  /* And where no list can be had either. */
  give_to_group (fixture, "listed", 0, &before);
  g_atomic_int_set (&acl_errno, EOPNOTSUPP);
  g_assert_cmpint (do_put (fixture, "listed", "new"), ==, 0);
  g_atomic_int_set (&acl_errno, 0);
  g_assert_cmphex (fixture_mode_of (fixture, "listed"), ==, 0644);
  g_atomic_int_set (&chown_errno, 0);
}

static void
test_leave_group (void)
{
  g_autoptr (GByteArray) whole = build_acl (&one_more_writes);

  /* Without the entry for all others it is no list. */
  for (guint size = 0; size < whole->len; size++)
    {
      g_autofree guint8 *cut = g_memdup2 (whole->data, size);

      g_assert_false (acl_leave_group (cut, size));
      g_assert_true (size == 0 || memcmp (cut, whole->data, size) == 0);
    }
  g_assert_true (acl_leave_group (whole->data, whole->len));
  whole->data[0]++;
  g_assert_false (acl_leave_group (whole->data, whole->len));
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);
  umask (027);

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/acl/kept", test_kept);
  ADD ("/acl/removed", test_removed);
  ADD ("/acl/not-kept", test_not_kept);
  ADD ("/acl/group-lost", test_group_lost);
  ADD ("/acl/default", test_default);
#undef ADD
  g_test_add_func ("/acl/leave-group", test_leave_group);
  g_test_add_func ("/acl/narrow-mode", test_narrow_mode);
  g_test_add_func ("/acl/restrict", test_restrict);
  return g_test_run ();
}
