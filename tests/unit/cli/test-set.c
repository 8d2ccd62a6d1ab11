/* `spice-share set` and `stop`.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "commands-fixture.h"

#include <unistd.h>

#define OTHER_UUID "01234567-89ab-cdef-0123-456789abcdef"

static void
test_set (Fixture *fixture, gconstpointer data)
{
  g_autofree char *keyfile = NULL;
  g_autofree char *setting = g_strdup_printf ("share-dir='%s'", fixture->photos);
  g_autofree char *answer = g_strdup_printf ("web: shares %s (read-only)\n", fixture->photos);
  Run result;

  g_assert_cmpint (run (fixture, &result, "set", "photos", "--ro", NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, answer);
  run_clear (&result);
  g_assert_cmpstr (fake_channel_get_asked_dir (fixture->channel), ==, fixture->photos);
  g_assert_true (fake_channel_get_asked_read_only (fixture->channel));
  keyfile = read_keyfile (fixture);
  assert_contains (keyfile, "[org/spice-space/webdav]");
  assert_contains (keyfile, setting);
  assert_contains (keyfile, "share-dir-ro=true");
  g_free (keyfile);

  g_assert_cmpint (run (fixture, &result, "stop", NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, "web: not shared any more\n");
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_stop (fixture->channel), ==, 1);
  keyfile = read_keyfile (fixture);
  assert_contains (keyfile, "share-dir=''");
  assert_contains (keyfile, "share-dir-ro=true");

  g_assert_cmpint (run (fixture, &result, "set", "nothing-here", NULL), ==, EXIT_STATUS_USAGE);
  assert_contains (result.err, "nothing-here");
  run_clear (&result);
  g_assert_cmpint (run (fixture, &result, "set", NULL), ==, EXIT_STATUS_USAGE);
  run_clear (&result);
  g_assert_cmpint (run (fixture, &result, "set", "", NULL), ==, EXIT_STATUS_USAGE);
  g_assert_cmpstr (result.err, ==, "spice-share: set needs a folder\n");
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 1);
}

static void
test_set_vm (Fixture *fixture, gconstpointer data)
{
  g_autofree char *keyfile = NULL;
  g_autofree char *setting = g_strdup_printf ("share-dir='%s'", fixture->photos);
  g_autofree char *own = g_strdup_printf (
      "web (viewer %d): settings of its own are in effect: share-dir = '%s', share-dir-ro = false",
      (int)getpid (), fixture->photos);
  g_autofree char *answer = g_strdup_printf ("web: shares %s\n", fixture->photos);
  Run result;

  run (fixture, &result, "doctor", NULL);
  g_assert_null (strstr (result.out, "settings of its own"));
  run_clear (&result);
  g_assert_cmpint (run (fixture, &result, "set", "photos", "--vm", "web", NULL), ==,
                   EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, answer);
  run_clear (&result);
  keyfile = read_keyfile (fixture);
  assert_contains (keyfile, "[org/spice-space/webdav/vm/" FAKE_UUID "]");
  assert_contains (keyfile, "override=true");
  assert_contains (keyfile, setting);
  g_assert_null (strstr (keyfile, "[org/spice-space/webdav]"));
  run (fixture, &result, "doctor", NULL);
  assert_contains (result.out, own);
  run_clear (&result);

  /* As a person may write it. */
  write_keyfile (fixture, "[org/spice-space/webdav/vm/" FAKE_UUID "]\n"
                          "override=true\nshare-dir='~'\n");
  run (fixture, &result, "doctor", NULL);
  assert_contains (result.out, "share-dir = '/invalid'"); /* HOME */
  run_clear (&result);
  write_keyfile (fixture, keyfile);

  /* What is for all is not for this one any more. */
  g_assert_cmpint (run (fixture, &result, "set", ".", NULL), ==, EXIT_STATUS_OK);
  assert_contains (result.out, "has settings of its own");
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 1);

  /* Nothing for all is nothing for this one, too. */
  g_assert_cmpint (run (fixture, &result, "stop", NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, "web: not shared any more\n");
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_stop (fixture->channel), ==, 1);
  g_free (keyfile);
  keyfile = read_keyfile (fixture);
  g_assert_null (strstr (keyfile, setting));

  g_assert_cmpint (run (fixture, &result, "stop", "--vm", FAKE_UUID, NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, "web: not shared any more\n");
  run_clear (&result);
  g_assert_cmpint (run (fixture, &result, "set", "photos", "--vm", "nobody", NULL), ==,
                   EXIT_STATUS_FAILED);
  assert_contains (result.err, "nobody");
  run_clear (&result);
}

#define FOR_LATER "No viewer with spice-share was found; set for those started from now on: "
#define FOR_LATER_VM "No viewer shows this virtual machine; set for those that will: "

/* Without a viewer nobody answers; the person learns all the same that it worked. */
static void
test_no_viewer (Fixture *fixture, gconstpointer data)
{
  g_autofree char *all = g_strdup_printf (FOR_LATER "%s (read-only)\n", fixture->photos);
  g_autofree char *one = g_strdup_printf (FOR_LATER_VM "%s\n", fixture->photos);
  Run result;

  /* Who shows another virtual machine is not meant. */
  g_assert_cmpint (run (fixture, &result, "set", "photos", "--vm", OTHER_UUID, NULL), ==,
                   EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, one);
  run_clear (&result);
  g_assert_cmpint (run (fixture, &result, "stop", "--vm", OTHER_UUID, NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, FOR_LATER_VM "no folder\n");
  run_clear (&result);

  close_viewer (fixture);
  g_assert_cmpint (run (fixture, &result, "set", "photos", "--ro", NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, all);
  run_clear (&result);
  g_assert_cmpint (run (fixture, &result, "stop", NULL), ==, EXIT_STATUS_OK);
  g_assert_cmpstr (result.out, ==, FOR_LATER "no folder\n");
  run_clear (&result);

  /* What was not saved is not set. */
  fixture->backend = "memory";
  g_assert_cmpint (run (fixture, &result, "set", "photos", NULL), ==, EXIT_STATUS_FAILED);
  g_assert_cmpstr (result.out, ==, "");
  run_clear (&result);
}

/* Two virtual machines of one name. */
static void
test_ambiguous (Fixture *fixture, gconstpointer data)
{
  static const guint8 other_uuid[16] = { 1 };
  g_autoptr (FakeSession) session = fake_session_new ("web", other_uuid);
  g_autoptr (FakeChannel) channel = fake_channel_new (session);
  Run result;

  share_bus_add_channel (fixture->bus, G_OBJECT (channel));
  g_assert_cmpint (run (fixture, &result, "set", "photos", "--vm", "web", NULL), ==,
                   EXIT_STATUS_FAILED);
  assert_contains (result.err, "UUID");
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 0);
}

static void
on_asked_in_vain (FakeChannel *channel, const char *dir, gboolean read_only, gpointer user_data)
{
  fake_channel_fail (channel, "This viewer cannot.");
}

static void
test_set_fails (Fixture *fixture, gconstpointer data)
{
  Run result;

  g_signal_handlers_disconnect_by_func (fixture->channel, on_asked, NULL);
  g_signal_connect (fixture->channel, "share-directory", G_CALLBACK (on_asked_in_vain), NULL);
  g_assert_cmpint (run (fixture, &result, "set", "photos", NULL), ==, EXIT_STATUS_FAILED);
  g_assert_cmpstr (result.err, ==, "web: This viewer cannot.\n");
  run_clear (&result);
}

/* There is a backend, and it forgets. What is shared ends all the same. */
static void
test_not_kept (Fixture *fixture, gconstpointer data)
{
  Run result;

  fixture->backend = "memory";
  g_assert_cmpint (run (fixture, &result, "set", "photos", NULL), ==, EXIT_STATUS_FAILED);
  assert_contains (result.err, "the setting cannot be written");
  run_clear (&result);
  g_assert_cmpint (run (fixture, &result, "stop", NULL), ==, EXIT_STATUS_FAILED);
  g_assert_cmpstr (result.out, ==, "web: not shared any more\n");
  assert_contains (result.err, "the setting cannot be written");
  run_clear (&result);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 0);
  g_assert_cmpuint (fake_channel_count_stop (fixture->channel), ==, 1);
}

static void
test_no_uuid (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FakeSession) session = fake_session_new ("plain", NULL);
  g_autoptr (FakeChannel) channel = fake_channel_new (session);
  Run result;

  share_bus_add_channel (fixture->bus, G_OBJECT (channel));
  g_assert_cmpint (run (fixture, &result, "set", "photos", "--vm", "plain", NULL), ==,
                   EXIT_STATUS_FAILED);
  assert_contains (result.err, "has no UUID");
  run_clear (&result);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/set/all", test_set);
  ADD ("/set/vm", test_set_vm);
  ADD ("/set/no-viewer", test_no_viewer);
  ADD ("/set/ambiguous", test_ambiguous);
  ADD ("/set/fails", test_set_fails);
  ADD ("/set/not-kept", test_not_kept);
  ADD ("/set/no-uuid", test_no_uuid);
  return g_test_run ();
}
