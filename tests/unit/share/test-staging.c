/* Where uploads wait: made, found, locked, cleared, and never seen.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "share/staging.h"

/* Another name than any test uses, for the helper process. */
#define HOLD_UPLOAD "--hold-upload"

static gboolean
no_staging (gpointer data)
{
  g_autoptr (GPtrArray) staging = find_staging (data, "");

  return staging->len == 0;
}

/* An upload abandoned while the share goes on is removed at once, and its folder soon after. */
static void
test_idle (Fixture *fixture, gconstpointer flags)
{
  Put half = { .path = "file", .content = "half", .keep = TRUE };
  Put whole = { .path = "file", .content = "whole" };

  put (fixture, &half);
  share_upload_free (half.upload);
  fixture_wait (no_staging, fixture);
  g_assert_false (fixture_exists (fixture, "file"));
  put (fixture, &whole);
  g_assert_cmpint (whole.commit, ==, 0);
  assert_content (fixture, "file", "whole");
  fixture_wait (no_staging, fixture);
}

static void
test_other_mount (Fixture *fixture, gconstpointer flags)
{
  Put half = { .path = "small/folder/file", .content = "half", .keep = TRUE };
  Put whole = { .path = "small/folder/other", .content = "whole" };
  g_autoptr (GPtrArray) here = NULL;
  g_autoptr (GPtrArray) there = NULL;
  g_autofree char *bind = fixture_path (fixture, "bind");
  g_autofree char *folder = fixture_path (fixture, "folder");
  Put bound = { .path = "bind/inner/file", .content = "bound" };

  fixture_mount_small (fixture, "small");
  fixture_mkdir (fixture, "small/folder");
  put (fixture, &half);
  g_assert_cmpint (half.write, ==, 0);
  here = find_staging (fixture, "");
  there = find_staging (fixture, "small");
  g_assert_cmpuint (here->len, ==, 0);
  g_assert_cmpuint (there->len, ==, 1);
  put (fixture, &whole);
  g_assert_cmpint (whole.commit, ==, 0);
  put_commit (fixture, &half);
  g_assert_cmpint (half.commit, ==, 0);
  share_upload_free (half.upload);
  assert_content (fixture, "small/folder/file", "half");

  /* The same file system, mounted twice: no rename between the two. */
  fixture_mkdir (fixture, "folder/inner");
  fixture_mkdir (fixture, "bind");
  g_assert_no_errno (mount (folder, bind, "none", MS_BIND, NULL));
  put (fixture, &bound);
  g_assert_cmpint (bound.commit, ==, 0);
  assert_content (fixture, "folder/inner/file", "bound");

  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
  fixture_unmount (fixture, "small");
  fixture_unmount (fixture, "bind");
}

/* Somebody tidies up and removes the staging folder under way. */
static void
test_staging_removed (Fixture *fixture, gconstpointer flags)
{
  Put lost = { .path = "file", .content = "lost", .keep = TRUE };
  Put next = { .path = "file", .content = "next" };
  g_autoptr (GPtrArray) staging = NULL;

  fixture_write (fixture, "file", "old");
  put (fixture, &lost);
  staging = find_staging (fixture, "");
  g_assert_cmpuint (staging->len, ==, 1);
  tree_delete (staging->pdata[0]);
  put_commit (fixture, &lost);
  g_assert_cmpint (lost.commit, <, 0);
  assert_content (fixture, "file", "old");
  put (fixture, &next);
  g_assert_cmpint (next.commit, ==, 0);
  assert_content (fixture, "file", "next");
  share_upload_free (lost.upload);
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
}

/* Run by the tests below: begins an upload into the folder, says so, and waits to be killed. */
static int
hold_upload (const char *root)
{
  Fixture fixture = { .root = (char *)root };
  Put half = { .path = "file", .content = "half", .keep = TRUE };

  fixture.share = fixture_open (root, 0, NULL);
  put (&fixture, &half);
  if (half.write < 0)
    return 1;
  g_assert_cmpint (write (STDOUT_FILENO, "x", 1), ==, 1);
  for (;;)
    pause ();
}

static GPid
start_holder (Fixture *fixture)
{
  /* Its name: under valgrind the link itself is valgrind. */
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  char *arguments[] = { program, (char *)HOLD_UPLOAD, fixture->root, NULL };
  g_autoptr (GError) error = NULL;
  GPid pid;
  int out;
  char byte;

  g_spawn_async_with_pipes (NULL, arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                            NULL, &out, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (read (out, &byte, 1), ==, 1);
  close (out);
  return pid;
}

static void
kill_holder (GPid pid)
{
  int status;

  g_assert_no_errno (kill (pid, SIGKILL));
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status));
  g_spawn_close_pid (pid);
}

static gboolean
one_staging_left (gpointer data)
{
  g_autoptr (GPtrArray) staging = find_staging (data, "");

  return staging->len == 1;
}

static void
test_killed_and_living (Fixture *fixture, gconstpointer flags)
{
  g_autoptr (GPtrArray) staging = NULL;
  GPid dead, living;
  g_autofree char *half = NULL;

  fixture_write (fixture, "file", "old");
  fixture_close (fixture);
  dead = start_holder (fixture);
  living = start_holder (fixture);
  staging = find_staging (fixture, "");
  g_assert_cmpuint (staging->len, ==, 2);
  kill_holder (dead);

  fixture->share = fixture_open (fixture->root, 0, NULL);
  fixture_wait (one_staging_left, fixture);
  fixture_close (fixture);
  g_ptr_array_unref (staging);
  staging = find_staging (fixture, "");
  g_assert_cmpuint (staging->len, ==, 1);
  /* The living one's: with its upload. */
  g_assert_cmpuint (count_in (staging->pdata[0]), ==, 2);
  assert_content (fixture, "file", "old");

  kill_holder (living);
  /* A read-only share clears nothing. */
  fixture->share = fixture_open (fixture->root, SHARE_READ_ONLY, NULL);
  fixture_reopen (fixture, 0);
  fixture_wait (no_staging, fixture);
  assert_content (fixture, "file", "old");
}

static void
write_in (Fixture *fixture, const char *folder, const char *name, const char *content)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  fixture_write (fixture, path, content);
}

#define LEFTOVER(n) STAGING_PREFIX n n n n n n n n
#define MARK "This folder belongs to a running spice-share, which removes it.\n"

static void
test_not_ours (Fixture *fixture, gconstpointer flags)
{
  static const char ours[] = LEFTOVER ("aaaa");
  static const char never_used[] = LEFTOVER ("bbbb");
  static const char unmarked[] = LEFTOVER ("cccc");
  static const char no_owner[] = LEFTOVER ("dddd");
  static const char open_to_all[] = LEFTOVER ("eeee");
  static const char a_file[] = LEFTOVER ("ffff");
  static const char a_link[] = LEFTOVER ("1111");
  static const char of_somebody[] = LEFTOVER ("2222");
  static const char short_name[] = STAGING_PREFIX "33";
  static const char other_name[] = STAGING_PREFIX "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
  static const char *const folders[]
      = { ours, never_used, unmarked, no_owner, open_to_all, of_somebody, short_name, other_name };
  g_autofree char *target = fixture_path (fixture, of_somebody);
  g_autofree char *deep = g_build_filename (ours, "deep", "deeper", NULL);

  fixture_close (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = fixture_path (fixture, folders[i]);

      fixture_mkdir (fixture, folders[i]);
      g_assert_no_errno (chmod (path, folders[i] == open_to_all ? 0777 : 0700));
      if (folders[i] != never_used && folders[i] != no_owner)
        write_in (fixture, folders[i], "owner", folders[i] == unmarked ? "mine" : MARK);
      if (folders[i] != never_used)
        write_in (fixture, folders[i], "content", "content");
    }
  fixture_mkdir (fixture, deep);
  write_in (fixture, deep, "content", "content");
  fixture_write (fixture, a_file, "file");
  fixture_symlink (fixture, "../outside", a_link);
  if (geteuid () == 0)
    g_assert_no_errno (chown (target, 12345, 12345));

  fixture->share = fixture_open (fixture->root, 0, NULL);
  for (int i = 0; i < 2; i++)
    {
      /* Twice, so that at least one start has read all of it before it was closed. */
      ShareStat stat;

      g_assert_cmpint (do_stat (fixture, "", &stat), ==, 0);
      fixture_reopen (fixture, 0);
    }
  while (fixture_exists (fixture, ours) || fixture_exists (fixture, never_used))
    fixture_reopen (fixture, 0);
  fixture_close (fixture);
  g_assert_true (fixture_exists (fixture, unmarked));
  g_assert_true (fixture_exists (fixture, no_owner));
  g_assert_true (fixture_exists (fixture, open_to_all));
  g_assert_cmphex (fixture_mode_of (fixture, open_to_all), ==, 0777);
  g_assert_true (fixture_exists (fixture, a_file));
  g_assert_true (fixture_exists (fixture, a_link));
  g_assert_true (fixture_exists (fixture, short_name));
  g_assert_true (fixture_exists (fixture, other_name));
  if (geteuid () == 0)
    g_assert_true (fixture_exists (fixture, of_somebody));
  fixture_assert_outside_untouched (fixture);
}

/* As another user than root, if we are root: what root may do says nothing. */
static void
in_subprocess_as_user (const char *path)
{
  g_test_trap_subprocess (path, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

static void
test_permissions (void)
{
  in_subprocess_as_user ("/staging/permissions/subprocess");
}

static void
test_permissions_subprocess (void)
{
  Fixture fixture = { 0 };
  Put protected = { .path = "protected", .content = "x" };
  Put closed = { .path = "closed/file", .content = "x" };
  Put below = { .path = "open/file", .content = "below" };
  g_autofree char *path = NULL;
  g_autofree char *folder = NULL;

  become_user ();
  fixture_set_up (&fixture, NULL);
  /* The owner protects a file, a folder, and in the end the root itself. */
  fixture_write (&fixture, "protected", "old");
  path = fixture_path (&fixture, "protected");
  g_assert_no_errno (chmod (path, 0444));
  put (&fixture, &protected);
  g_assert_cmpint (protected.begin, ==, -EACCES);
  assert_content (&fixture, "protected", "old");

  fixture_mkdir (&fixture, "closed");
  folder = fixture_path (&fixture, "closed");
  g_assert_no_errno (chmod (folder, 0555));
  put (&fixture, &closed);
  g_assert_cmpint (closed.begin < 0 ? closed.begin : closed.commit, ==, -EACCES);
  fixture_close (&fixture);
  fixture_assert_no_debris (&fixture);

  fixture_mkdir (&fixture, "open");
  g_assert_no_errno (chmod (fixture.root, 0555));
  fixture.share = fixture_open (fixture.root, 0, NULL);
  put (&fixture, &below);
  g_assert_cmpint (below.commit, ==, 0);
  assert_content (&fixture, "open/file", "below");
  /* What is staged in a folder does not keep it. */
  fixture_close (&fixture);
  fixture.share = fixture_open (fixture.root, 0, NULL);
  fixture_mkdir (&fixture, "open/inner");
  g_assert_cmpint (do_put (&fixture, "open/inner/file", "x"), ==, 0);
  {
    g_autoptr (GPtrArray) staging = find_staging (&fixture, "open/inner");

    g_assert_cmpuint (staging->len, ==, 1);
    g_assert_cmpint (do_remove (&fixture, "open/inner", NULL), ==, 0);
    g_assert_false (fixture_exists (&fixture, "open/inner"));
  }
  /* A folder that cannot go keeps all of its inside. */
  g_assert_cmpint (do_remove (&fixture, "open", NULL), ==, -EACCES);
  g_assert_true (fixture_exists (&fixture, "open/file"));
  fixture_assert_no_debris (&fixture);
  fixture_close (&fixture);
  fixture_assert_no_debris (&fixture);
  g_assert_no_errno (chmod (fixture.root, 0755));
  fixture_tear_down (&fixture, NULL);
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], HOLD_UPLOAD) == 0)
    return hold_upload (argv[2]);

  share_tests_init (&argc, &argv);
  enter_mount_namespace ();

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/staging/idle", test_idle);
  ADD ("/staging/other-mount", test_other_mount);
  ADD ("/staging/staging-removed", test_staging_removed);
  ADD ("/staging/killed-and-living", test_killed_and_living);
  ADD ("/staging/not-ours", test_not_ours);
#undef ADD
  g_test_add_func ("/staging/permissions", test_permissions);
  g_test_add_func ("/staging/permissions/subprocess", test_permissions_subprocess);
  return g_test_run ();
}
