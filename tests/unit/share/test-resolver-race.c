/* The resolver against somebody who swaps folders and links under it, as fast as he can.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const struct
{
  const char *name;
  gboolean forced;
} modes[] = { { "openat2", FALSE }, { "stepwise", TRUE } };

typedef struct
{
  char *place;
  char *good;
  char *bad;
  int stop; /* atomic */
  guint swaps;
} Swapper;

/* A folder and a link that leads outside take turns under one name, as fast as they can. valgrind
 * lets one thread run at a time, and without a pause for long only this one. */
static gpointer
swap (gpointer data)
{
  Swapper *self = data;

  while (!g_atomic_int_get (&self->stop))
    {
      g_assert_no_errno (renameat2 (AT_FDCWD, self->place, AT_FDCWD, self->bad, RENAME_EXCHANGE));
      self->swaps++;
      if (patience () > PATIENCE_FACTOR)
        g_usleep (100);
    }
  return NULL;
}

typedef struct
{
  guint good;
  guint refused;
} Raced;

/* Where a tool looks on, fewer of @most rounds will do, but not before it was a race. */
static gboolean
goes_on (const Raced *raced, int round, int most)
{
  return round < most && (round < most / patience () || raced->good == 0 || raced->refused == 0);
}

static void
race_job (Share *share, gpointer data)
{
  Raced *raced = data;

  for (int i = 0; goes_on (raced, i, 20000); i++)
    {
      g_autoptr (ShareFile) file = NULL;
      char content[16] = "";
      gssize size;

      if (share_file_open (share, "place/folder/inner", NULL, &file) < 0)
        {
          raced->refused++;
          continue;
        }
      size = share_file_read (file, content, sizeof content - 1, 0);
      g_assert_cmpint (size, ==, 4);
      g_assert_cmpstr (content, ==, "mine");
      raced->good++;
    }
}

static void
test_race (Fixture *fixture, gconstpointer flags)
{
  Swapper swapper = { 0 };

  fixture_mkdir (fixture, "place/folder");
  fixture_write (fixture, "place/folder/inner", "mine");
  fixture_symlink (fixture, "../outside", "bad");
  swapper.place = fixture_path (fixture, "place");
  swapper.bad = fixture_path (fixture, "bad");
  for (guint mode = 0; mode < G_N_ELEMENTS (modes); mode++)
    {
      Raced raced = { 0 };
      GThread *thread;

      swapper.stop = FALSE;
      thread = g_thread_new ("swap", swap, &swapper);
      resolver_force_fallback (modes[mode].forced);
      fixture_run (fixture, race_job, &raced);
      g_atomic_int_set (&swapper.stop, TRUE);
      g_thread_join (thread);
      g_test_message ("%s: %u read, %u refused, %u swaps", modes[mode].name, raced.good,
                      raced.refused, swapper.swaps);
      /* Otherwise it was no race. */
      g_assert_cmpuint (raced.good, >, 0);
      g_assert_cmpuint (raced.refused, >, 0);
    }
  g_free (swapper.place);
  g_free (swapper.bad);
}

static void
change_attributes (Share *share, const char *path)
{
  g_autoptr (ShareAttributes) attributes = NULL;
  ShareStat stat;

  if (share_attributes_open (share, path, &stat, &attributes) < 0)
    return;
  share_attributes_set_mtime (attributes, 1000, 0);
  share_attributes_set (attributes, "user.x", "1", 1);
}

/* The same, for what writes: nothing may ever arrive outside. */
static void
race_write_job (Share *share, gpointer data)
{
  Raced *raced = data;

  for (int i = 0; goes_on (raced, i, 2000); i++)
    {
      g_autoptr (ShareUpload) upload = NULL;
      g_autoptr (ShareFailures) failures = share_failures_new ();
      int error = share_upload_begin (share, "place/folder/inner", &upload);

      if (error == 0)
        error = share_upload_write (upload, "mine", 4);
      if (error == 0)
        error = share_upload_commit (upload, SHARE_UPLOAD_DEFAULT, NULL, NULL, NULL);
      if (error == 0)
        raced->good++;
      else
        raced->refused++;
      share_make_folder (share, "place/folder/made");
      change_attributes (share, "place/folder/inner");
      share_remove (share, "place/folder", failures);
      share_make_folder (share, "place/folder");
    }
}

static void
test_race_writing (Fixture *fixture, gconstpointer flags)
{
  Swapper swapper = { 0 };

  fixture_mkdir (fixture, "place/folder");
  fixture_symlink (fixture, "../outside", "bad");
  swapper.place = fixture_path (fixture, "place");
  swapper.bad = fixture_path (fixture, "bad");
  for (guint mode = 0; mode < G_N_ELEMENTS (modes); mode++)
    {
      Raced raced = { 0 };
      GThread *thread;

      swapper.stop = FALSE;
      thread = g_thread_new ("swap", swap, &swapper);
      resolver_force_fallback (modes[mode].forced);
      fixture_run (fixture, race_write_job, &raced);
      g_atomic_int_set (&swapper.stop, TRUE);
      g_thread_join (thread);
      g_test_message ("%s: %u written, %u refused, %u swaps", modes[mode].name, raced.good,
                      raced.refused, swapper.swaps);
      g_assert_cmpuint (raced.good, >, 0);
      g_assert_cmpuint (raced.refused, >, 0);
      fixture_assert_outside_untouched (fixture);
    }
  fixture_close (fixture);
  fixture_assert_no_debris (fixture);
  g_free (swapper.place);
  g_free (swapper.bad);
}

int
main (int argc, char **argv)
{
  share_tests_init (&argc, &argv);

#define ADD(name, test) g_test_add (name, Fixture, 0, fixture_set_up, test, fixture_tear_down)
  ADD ("/resolver-race/race", test_race);
  ADD ("/resolver-race/race-writing", test_race_writing);
#undef ADD
  return g_test_run ();
}
