/* GSettings and the overrides of one process, with the memory backend.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "settings.h"

#include <glib/gstdio.h>

typedef struct
{
  GSettings *gsettings; /* somebody else's hand on the same settings */
  ShareSettings *settings;
  guint n_changes;
  guint keys;
} Fixture;

static void
on_changed (ShareSettings *settings, guint keys, Fixture *fixture)
{
  fixture->n_changes++;
  fixture->keys = keys;
}

static void
set_up (Fixture *fixture, gconstpointer overrides)
{
  fixture->gsettings = g_settings_new (SHARE_SETTINGS_SCHEMA);
  for (const char *const *key = (const char *const[]){ "share-dir", "share-dir-ro", "compression",
                                                       "symlinks", "hidden-files", NULL };
       *key != NULL; key++)
    g_settings_reset (fixture->gsettings, *key);

  fixture->settings = share_settings_new (overrides);
  g_signal_connect (fixture->settings, "changed", G_CALLBACK (on_changed), fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer overrides)
{
  g_assert_finalize_object (fixture->settings);
  g_object_unref (fixture->gsettings);
}

static void
test_defaults (Fixture *fixture, gconstpointer overrides)
{
  g_assert_null (share_settings_get_dir (fixture->settings));
  g_assert_false (share_settings_get_read_only (fixture->settings));
  g_assert_cmpint (share_settings_get_compression (fixture->settings), ==,
                   SPICE_SHARE_COMPRESSION_AUTO);
  g_assert_cmpint (share_settings_get_flags (fixture->settings), ==, 0);
}

static void
test_changes (Fixture *fixture, gconstpointer overrides)
{
  GSettings *hand = fixture->gsettings;

  g_settings_set_string (hand, "share-dir", "/data");
  g_assert_cmpuint (fixture->keys, ==, SHARE_SETTINGS_DIR);
  g_assert_cmpstr (share_settings_get_dir (fixture->settings), ==, "/data");

  g_settings_set_boolean (hand, "share-dir-ro", TRUE);
  g_assert_cmpuint (fixture->keys, ==, SHARE_SETTINGS_READ_ONLY);
  g_assert_true (share_settings_get_read_only (fixture->settings));

  g_settings_set_string (hand, "compression", "never");
  g_assert_cmpuint (fixture->keys, ==, SHARE_SETTINGS_COMPRESSION);
  g_assert_cmpint (share_settings_get_compression (fixture->settings), ==,
                   SPICE_SHARE_COMPRESSION_NEVER);

  g_settings_set_string (hand, "symlinks", "deny");
  g_assert_cmpuint (fixture->keys, ==, SHARE_SETTINGS_FLAGS);
  g_settings_set_string (hand, "hidden-files", "deny");
  g_assert_cmpint (share_settings_get_flags (fixture->settings), ==,
                   SHARE_DENY_SYMLINKS | SHARE_DENY_HIDDEN);
  g_settings_set_string (hand, "symlinks", "inside");
  g_assert_cmpint (share_settings_get_flags (fixture->settings), ==, SHARE_DENY_HIDDEN);

  g_assert_cmpuint (fixture->n_changes, ==, 6);

  /* Written again with the same value: no change. */
  g_settings_set_string (hand, "share-dir", "/data");
  g_assert_cmpuint (fixture->n_changes, ==, 6);

  g_settings_set_string (hand, "share-dir", "");
  g_assert_null (share_settings_get_dir (fixture->settings));
}

/* Both values are in force when the first of two changes made together is heard. */
static void
test_together (Fixture *fixture, gconstpointer overrides)
{
  g_settings_delay (fixture->gsettings);
  g_settings_set_string (fixture->gsettings, "share-dir", "/data");
  g_settings_set_boolean (fixture->gsettings, "share-dir-ro", TRUE);
  g_settings_apply (fixture->gsettings);

  g_assert_cmpuint (fixture->n_changes, ==, 1);
  g_assert_cmpuint (fixture->keys, ==, SHARE_SETTINGS_DIR | SHARE_SETTINGS_READ_ONLY);
}

static void
test_home (Fixture *fixture, gconstpointer overrides)
{
  static const struct
  {
    const char *written, *meant;
  } paths[] = {
    { "~/", "/invalid/" },      { "~", "/invalid" },    { "~/a b", "/invalid/a b" },
    { "~other/x", "~other/x" }, { "/x/~/y", "/x/~/y" }, { "relative", "relative" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_settings_set_string (fixture->gsettings, "share-dir", paths[i].written);
      g_assert_cmpstr (share_settings_get_dir (fixture->settings), ==, paths[i].meant);
    }
}

/* An override holds until its own key changes in GSettings. */
static void
test_overrides (Fixture *fixture, gconstpointer overrides)
{
  ShareSettings *settings = fixture->settings;

  g_assert_cmpstr (share_settings_get_dir (settings), ==, "/invalid/over");
  g_assert_true (share_settings_get_read_only (settings));
  g_assert_cmpint (share_settings_get_compression (settings), ==, SPICE_SHARE_COMPRESSION_ALWAYS);

  g_settings_set_string (fixture->gsettings, "symlinks", "deny");
  g_assert_cmpstr (share_settings_get_dir (settings), ==, "/invalid/over");

  g_settings_set_string (fixture->gsettings, "share-dir", "/later");
  g_assert_cmpuint (fixture->keys, ==, SHARE_SETTINGS_DIR);
  g_assert_cmpstr (share_settings_get_dir (settings), ==, "/later");
  g_assert_true (share_settings_get_read_only (settings));
  g_assert_cmpint (share_settings_get_compression (settings), ==, SPICE_SHARE_COMPRESSION_ALWAYS);

  g_settings_set_string (fixture->gsettings, "share-dir", "");
  g_assert_null (share_settings_get_dir (settings));

  g_settings_set_string (fixture->gsettings, "compression", "never");
  g_assert_cmpint (share_settings_get_compression (settings), ==, SPICE_SHARE_COMPRESSION_NEVER);

  g_settings_set_boolean (fixture->gsettings, "share-dir-ro", TRUE);
  g_settings_set_boolean (fixture->gsettings, "share-dir-ro", FALSE);
  g_assert_false (share_settings_get_read_only (settings));
}

static void
test_environment (void)
{
  ShareOverrides *overrides;

  g_unsetenv (SHARE_ENV_DIR);
  g_unsetenv (SHARE_ENV_DIR_RO);
  g_unsetenv (SHARE_ENV_COMPRESSION);
  g_unsetenv (SHARE_ENV_CAPTURE);
  overrides = share_overrides_take_environment ();
  g_assert_cmpint (overrides->keys, ==, 0);
  g_assert_null (overrides->capture);
  share_overrides_free (overrides);

  g_setenv (SHARE_ENV_DIR, "/some/where", TRUE);
  g_setenv (SHARE_ENV_CAPTURE, "/some/file", TRUE);
  g_setenv (SHARE_ENV_DIR_RO, "1", TRUE);
  g_setenv (SHARE_ENV_COMPRESSION, "never", TRUE);
  overrides = share_overrides_take_environment ();
  g_assert_cmpint (overrides->keys, ==,
                   SHARE_SETTINGS_DIR | SHARE_SETTINGS_READ_ONLY | SHARE_SETTINGS_COMPRESSION);
  g_assert_cmpstr (overrides->dir, ==, "/some/where");
  g_assert_true (overrides->read_only);
  g_assert_cmpint (overrides->compression, ==, SPICE_SHARE_COMPRESSION_NEVER);
  g_assert_cmpstr (overrides->capture, ==, "/some/file");
  share_overrides_free (overrides);

  /* Programs that the viewer starts do not inherit them. */
  g_assert_null (g_getenv (SHARE_ENV_DIR));
  g_assert_null (g_getenv (SHARE_ENV_DIR_RO));
  g_assert_null (g_getenv (SHARE_ENV_COMPRESSION));
  g_assert_null (g_getenv (SHARE_ENV_CAPTURE));

  g_setenv (SHARE_ENV_DIR_RO, "0", TRUE);
  overrides = share_overrides_take_environment ();
  g_assert_cmpint (overrides->keys, ==, SHARE_SETTINGS_READ_ONLY);
  g_assert_false (overrides->read_only);
  share_overrides_free (overrides);

  /* What means nothing is said, and never makes a share writable. */
  g_setenv (SHARE_ENV_DIR_RO, "perhaps", TRUE);
  g_setenv (SHARE_ENV_COMPRESSION, "often", TRUE);
  g_test_expect_message ("spice-share", G_LOG_LEVEL_WARNING, "SPICE_SHARE_DIR_RO*perhaps*");
  g_test_expect_message ("spice-share", G_LOG_LEVEL_WARNING, "SPICE_SHARE_COMPRESSION*often*");
  overrides = share_overrides_take_environment ();
  g_test_assert_expected_messages ();
  g_assert_cmpint (overrides->keys, ==, SHARE_SETTINGS_READ_ONLY);
  g_assert_true (overrides->read_only);
  g_assert_null (g_getenv (SHARE_ENV_COMPRESSION));
  share_overrides_free (overrides);
}

static void
test_nicks (void)
{
  for (int i = SPICE_SHARE_COMPRESSION_AUTO; i <= SPICE_SHARE_COMPRESSION_NEVER; i++)
    {
      SpiceShareCompression back;

      g_assert_true (share_compression_from_nick (share_compression_to_nick (i), &back));
      g_assert_cmpint (back, ==, i);
    }
  g_assert_false (share_compression_from_nick ("", &(SpiceShareCompression){ 0 }));
}

/* The default source is read once a process, so each of these is a process of its own. Ours has
 * read its own by now. */
static void
schema_process (const char *test, const char *schema_dir)
{
  g_autofree char *before = g_strdup (g_getenv ("GSETTINGS_SCHEMA_DIR"));

  g_setenv ("GSETTINGS_SCHEMA_DIR", schema_dir, TRUE);
  g_test_trap_subprocess (test, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_setenv ("GSETTINGS_SCHEMA_DIR", before, TRUE);
  g_test_trap_assert_passed ();
}

static void
expect_defaults_only (const char *warning)
{
  g_autoptr (ShareSettings) settings = NULL;
  ShareOverrides overrides = { .keys = SHARE_SETTINGS_DIR, .dir = (char *)"/over" };

  g_test_expect_message ("spice-share", G_LOG_LEVEL_WARNING, warning);
  settings = share_settings_new (&overrides);
  g_test_assert_expected_messages ();
  g_assert_cmpstr (share_settings_get_dir (settings), ==, "/over");
  g_assert_false (share_settings_get_read_only (settings));
  g_assert_cmpint (share_settings_get_compression (settings), ==, SPICE_SHARE_COMPRESSION_AUTO);
}

static void
test_no_schema (void)
{
  if (g_test_subprocess ())
    expect_defaults_only ("*schema org.spice-space.webdav is not installed*");
  else
    schema_process ("/settings/no-schema", "/nonexistent");
}

/* A schema of another version, that lacks a key. */
static void
test_old_schema (void)
{
  if (g_test_subprocess ())
    {
      expect_defaults_only ("*schema org.spice-space.webdav is of another version*hidden-files*");
      return;
    }

  g_autofree char *dir = g_dir_make_tmp ("old-schema-XXXXXX", NULL);
  g_autofree char *installed
      = g_build_filename (SCHEMA_SOURCE_DIR, SHARE_SETTINGS_SCHEMA ".gschema.xml", NULL);
  g_autofree char *old = g_build_filename (dir, SHARE_SETTINGS_SCHEMA ".gschema.xml", NULL);
  g_autofree char *compiled = g_build_filename (dir, "gschemas.compiled", NULL);
  g_autofree char *text = NULL;
  const char *const argv[] = { "glib-compile-schemas", dir, NULL };
  g_autoptr (GSubprocess) compiler = NULL;
  g_autoptr (GError) error = NULL;
  char *key;

  g_assert_true (g_file_get_contents (installed, &text, NULL, NULL));
  key = strstr (text, "<key name=\"hidden-files\"");
  g_assert_nonnull (key);
  memcpy (strstr (key, "hidden-files"), "later-called", strlen ("later-called"));
  g_assert_true (g_file_set_contents (old, text, -1, &error));
  compiler = g_subprocess_newv (argv, 0, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait_check (compiler, NULL, &error));

  schema_process ("/settings/old-schema", dir);

  g_assert_cmpint (g_unlink (old), ==, 0);
  g_assert_cmpint (g_unlink (compiled), ==, 0);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

int
main (int argc, char **argv)
{
  static const ShareOverrides overrides
      = { .keys = SHARE_SETTINGS_DIR | SHARE_SETTINGS_READ_ONLY | SHARE_SETTINGS_COMPRESSION,
          .dir = (char *)"~/over",
          .read_only = TRUE,
          .compression = SPICE_SHARE_COMPRESSION_ALWAYS };

  /* An installation of ours on this machine is none of this test's business. */
  g_setenv ("XDG_DATA_DIRS", "/nonexistent", TRUE);
  g_setenv ("XDG_DATA_HOME", "/nonexistent", TRUE);
  g_test_init (&argc, &argv, NULL);

#define ADD(path, data, test) g_test_add (path, Fixture, data, set_up, test, tear_down)
  ADD ("/settings/defaults", NULL, test_defaults);
  ADD ("/settings/changes", NULL, test_changes);
  ADD ("/settings/together", NULL, test_together);
  ADD ("/settings/home", NULL, test_home);
  ADD ("/settings/overrides", &overrides, test_overrides);
#undef ADD
  g_test_add_func ("/settings/environment", test_environment);
  g_test_add_func ("/settings/nicks", test_nicks);
  g_test_add_func ("/settings/no-schema", test_no_schema);
  g_test_add_func ("/settings/old-schema", test_old_schema);
  return g_test_run ();
}
