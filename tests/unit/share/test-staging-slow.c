/* One slow mount inside a share holds up nobody but those who write to it: a folder that takes long
 * to make, and a leftover that takes long to remove.
 *
 * The system calls stand here in the place of the C library's, for this program alone, and wait
 * until they are let go on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../lib/gate.h"
#include "share/file-pool.h"
#include "share/staging.h"

#define MARK "This folder belongs to a running spice-share, which removes it.\n"
#define LEFTOVER "small/" STAGING_PREFIX "0123456789abcdef0123456789abcdef"

static dev_t slow_dev; /* of the mount on which folders are made slowly; 0: there is none */
static Gate making;
static Gate removing; /* of what is named "stuck" */

static gboolean
gate_is_reached (gpointer data)
{
  return gate_get_reached (data) > 0;
}

int
mkdirat (int folder, const char *name, mode_t mode)
{
  struct stat st;

  if (g_str_has_prefix (name, STAGING_PREFIX) && fstat (folder, &st) == 0 && st.st_dev == slow_dev)
    gate_pass (&making);
  return (int)syscall (SYS_mkdirat, folder, name, mode);
}

int
unlinkat (int folder, const char *name, int flags)
{
  if (strcmp (name, "stuck") == 0)
    gate_pass (&removing);
  return (int)syscall (SYS_unlinkat, folder, name, flags);
}

/* Uploads that are begun and not waited for. */
typedef struct
{
  guint n;
  guint done;
} Uploads;

static void
upload_job (Share *share, gpointer data)
{
  ShareUpload *upload = NULL;

  g_assert_cmpint (share_upload_begin (share, "small/file", &upload), ==, 0);
  g_assert_cmpint (share_upload_write (upload, "slow", 4), ==, 0);
  g_assert_cmpint (share_upload_commit (upload, 0, NULL, NULL, NULL), ==, 0);
  share_upload_free (upload);
}

static void
upload_done (Share *share, gboolean ran, gpointer data)
{
  g_assert_true (ran);
  ((Uploads *)data)->done++;
}

static gboolean
all_uploaded (gpointer data)
{
  Uploads *self = data;

  return self->done == self->n;
}

static void
make_slow_mount (Fixture *fixture)
{
  g_autofree char *path = fixture_path (fixture, "small");
  struct stat st;

  fixture_mount_small (fixture, "small");
  g_assert_no_errno (stat (path, &st));
  slow_dev = st.st_dev;
}

static void
leave_slow_mount (Fixture *fixture)
{
  slow_dev = 0;
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
  fixture_unmount (fixture, "small");
}

/* Two who want the same wait for one another; who wants another one does not, neither to write, nor
 * to let go, nor to tidy up. */
static void
test_making (Fixture *fixture, gconstpointer flags)
{
  Put kept = { .path = "kept", .content = "kept", .keep = TRUE };
  Uploads uploads = { .n = FILE_POOL_THREADS - 1 };
  g_autoptr (GPtrArray) staging = NULL;

  make_slow_mount (fixture);
  put (fixture, &kept);
  gate_close (&making);
  for (guint i = 0; i < uploads.n; i++)
    share_run (fixture->share, 0, NULL, upload_job, upload_done, &uploads);
  fixture_wait (gate_is_reached, &making);

  for (int i = 0; i < 20; i++)
    g_assert_cmpint (do_put (fixture, "file", "fast"), ==, 0);
  g_assert_cmpint (do_copy (fixture, "file", "copy", 0, NULL, NULL), ==, 0);
  put_commit (fixture, &kept);
  g_assert_cmpint (kept.commit, ==, 0);
  share_upload_free (kept.upload);
  g_assert_cmpuint (uploads.done, ==, 0);

  gate_open (&making);
  fixture_wait (all_uploaded, &uploads);
  assert_content (fixture, "small/file", "slow");
  g_assert_cmpuint (gate_get_reached (&making), ==, 1);
  leave_slow_mount (fixture);
}

/* The first that finds none could not make one: the next tries for itself. */
static void
test_making_fails (Fixture *fixture, gconstpointer flags)
{
  fixture_mount_small (fixture, "small");
  for (int i = 0; i < 4; i++)
    {
      /* A full disk has no room for the owner's mark either. */
      g_autofree char *filler = fixture_path (fixture, "small/filler");
      int fill = open (filler, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
      g_autofree char *zeros = g_malloc0 (4096);

      g_assert_no_errno (fill);
      while (write (fill, zeros, 4096) == 4096)
        continue;
      close (fill);
      g_assert_cmpint (do_put (fixture, "small/file", "x"), ==, -ENOSPC);
      g_assert_no_errno (unlink (filler));
      g_assert_cmpint (do_put (fixture, "small/file", "x"), ==, 0);
      fixture_reopen (fixture, 0);
    }
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
  fixture_unmount (fixture, "small");
}

static gboolean
leftover_is_gone (gpointer data)
{
  return !fixture_exists (data, LEFTOVER);
}

/* What a killed viewer left takes long to remove: nobody waits for it, on the same mount either. */
static void
test_leftover (Fixture *fixture, gconstpointer flags)
{
  g_autofree char *path = fixture_path (fixture, LEFTOVER);

  make_slow_mount (fixture);
  fixture_mkdir (fixture, LEFTOVER "/deep");
  g_assert_no_errno (chmod (path, 0700));
  fixture_write (fixture, LEFTOVER "/owner", MARK);
  fixture_write (fixture, LEFTOVER "/deep/stuck", "large");
  gate_close (&removing);

  for (int i = 0; i < 4 * FILE_POOL_THREADS; i++)
    {
      g_assert_cmpint (do_put (fixture, "small/file", "x"), ==, 0);
      g_assert_cmpint (do_put (fixture, "file", "x"), ==, 0);
    }
  fixture_wait (gate_is_reached, &removing);
  for (int i = 0; i < 4 * FILE_POOL_THREADS; i++)
    {
      g_assert_cmpint (do_put (fixture, "small/file", "y"), ==, 0);
      g_assert_cmpint (do_put (fixture, "file", "y"), ==, 0);
    }
  g_assert_true (fixture_exists (fixture, LEFTOVER "/deep/stuck"));

  gate_open (&removing);
  fixture_wait (leftover_is_gone, fixture);
  leave_slow_mount (fixture);
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);
  enter_mount_namespace ();

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/staging-slow/making", test_making);
  ADD ("/staging-slow/making-fails", test_making_fails);
  ADD ("/staging-slow/leftover", test_leftover);
#undef ADD
  return g_test_run ();
}
