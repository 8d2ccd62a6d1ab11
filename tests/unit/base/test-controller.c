/* GSettings <-> SpiceSession <-> channel, on a real session that is not connected.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "controller.h"

#include "base/error.h"
#include "fake-share-channel.h"

typedef struct
{
  GSettings *gsettings;
  ShareSettings *settings;
  SpiceSession *session;
  SpiceShareChannel *channel;
} Fixture;

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

#define assert_told(channel, expected)                                                             \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *told_ = fake_share_channel_take_log (channel);                                \
                                                                                                   \
    g_assert_cmpstr (told_, ==, expected);                                                         \
  }                                                                                                \
  G_STMT_END

#define assert_session(session, dir, ro)                                                           \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *dir_ = NULL;                                                                  \
    gboolean ro_;                                                                                  \
                                                                                                   \
    g_object_get (session, "shared-dir", &dir_, "share-dir-ro", &ro_, NULL);                       \
    g_assert_cmpstr (dir_, ==, dir);                                                               \
    g_assert_cmpint (ro_, ==, ro);                                                                 \
  }                                                                                                \
  G_STMT_END

static void
set_up (Fixture *fixture, gconstpointer dir)
{
  static const char *const keys[]
      = { "share-dir", "share-dir-ro", "compression", "symlinks", "hidden-files" };

  fixture->gsettings = g_settings_new (SHARE_SETTINGS_SCHEMA);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    g_settings_reset (fixture->gsettings, keys[i]);
  if (dir != NULL)
    g_settings_set_string (fixture->gsettings, "share-dir", dir);

  fixture->settings = share_settings_new (NULL);
  fixture->session = g_object_new (SPICE_TYPE_SESSION, "shared-dir", "/viewer", NULL);
}

static void
attach (Fixture *fixture)
{
  fixture->channel = fake_share_channel_new (fixture->session);
  share_controller_attach (fixture->channel, fixture->settings);
  assert_told (fixture->channel, "compression 0");
  settle ();
}

static void
tear_down (Fixture *fixture, gconstpointer dir)
{
  spice_session_disconnect (fixture->session);
  settle ();
  g_assert_finalize_object (fixture->session);
  g_assert_finalize_object (fixture->settings);
  g_object_unref (fixture->gsettings);
}

static void
test_setting (Fixture *fixture, gconstpointer dir)
{
  attach (fixture);
  assert_told (fixture->channel, "connect");
  assert_session (fixture->session, "/data", FALSE);

  fake_share_channel_come_up (fixture->channel);
  assert_told (fixture->channel, "share /data 0");
  fake_share_channel_opened (fixture->channel);

  g_settings_set_boolean (fixture->gsettings, "share-dir-ro", TRUE);
  assert_told (fixture->channel, "share /data 1");
  fake_share_channel_opened (fixture->channel);
  assert_session (fixture->session, "/data", TRUE);

  g_settings_set_string (fixture->gsettings, "symlinks", "deny");
  assert_told (fixture->channel, "share /data 3");
  fake_share_channel_opened (fixture->channel);

  g_settings_set_string (fixture->gsettings, "share-dir", "/other");
  assert_told (fixture->channel, "share /other 3");
  fake_share_channel_opened (fixture->channel);

  g_settings_set_string (fixture->gsettings, "compression", "never");
  assert_told (fixture->channel, "compression 2");

  g_settings_set_string (fixture->gsettings, "share-dir", "");
  assert_told (fixture->channel, "stop");
  assert_session (fixture->session, "/viewer", TRUE);
}

/* Two changes made together never show the folder with the flag of before. */
static void
test_together (Fixture *fixture, gconstpointer dir)
{
  attach (fixture);
  fake_share_channel_come_up (fixture->channel);
  assert_told (fixture->channel, "connect; share /data 0");

  g_settings_delay (fixture->gsettings);
  g_settings_set_string (fixture->gsettings, "share-dir", "/secret");
  g_settings_set_boolean (fixture->gsettings, "share-dir-ro", TRUE);
  g_settings_apply (fixture->gsettings);
  assert_told (fixture->channel, "share /secret 1");
}

static void
test_nothing_by_default (Fixture *fixture, gconstpointer dir)
{
  attach (fixture);
  assert_told (fixture->channel, "");
  assert_session (fixture->session, "/viewer", FALSE);

  /* A setting that comes later connects. */
  g_settings_set_string (fixture->gsettings, "share-dir", "/late");
  assert_told (fixture->channel, "connect");
}

static void
test_as_stock (Fixture *fixture, gconstpointer dir)
{
  attach (fixture);
  fake_share_channel_come_up (fixture->channel);
  assert_told (fixture->channel, "share /viewer 0");
}

/* The default of the property is what nobody chose, and may be the home folder. */
static void
test_home_is_refused (Fixture *fixture, gconstpointer dir)
{
  GParamSpecString *spec = G_PARAM_SPEC_STRING (
      g_object_class_find_property (G_OBJECT_GET_CLASS (fixture->session), "shared-dir"));
  char *before = spec->default_value;

  spec->default_value = (char *)g_get_home_dir ();
  g_object_set (fixture->session, "shared-dir", g_get_home_dir (), NULL);
  attach (fixture);
  spec->default_value = before;

  fake_share_channel_come_up (fixture->channel);
  assert_told (fixture->channel, "fail 3");

  /* The person at the viewer picks it in the dialog. */
  g_object_set (fixture->session, "shared-dir", g_get_home_dir (), NULL);
  assert_told (fixture->channel, "share /invalid 0");
}

static void
test_dialog (Fixture *fixture, gconstpointer dir)
{
  attach (fixture);
  fake_share_channel_come_up (fixture->channel);
  fake_share_channel_opened (fixture->channel);
  assert_told (fixture->channel, "connect; share /data 0");

  g_object_set (fixture->session, "shared-dir", "/dialog/", NULL);
  assert_told (fixture->channel, "share /dialog 0");
  fake_share_channel_opened (fixture->channel);
  g_object_set (fixture->session, "share-dir-ro", TRUE, NULL);
  assert_told (fixture->channel, "share /dialog 1");
  fake_share_channel_opened (fixture->channel);

  /* Set to what it is: nothing is done, the guest's transfers go on. */
  g_object_set (fixture->session, "shared-dir", "/dialog", NULL);
  assert_told (fixture->channel, "");

  g_settings_set_string (fixture->gsettings, "share-dir", "/again");
  assert_told (fixture->channel, "share /again 0");
  assert_session (fixture->session, "/again", FALSE);
}

static void
test_relative_folder_of_the_viewer (Fixture *fixture, gconstpointer dir)
{
  g_autofree char *here = g_get_current_dir ();
  g_autofree char *expected = g_strdup_printf ("share %s/sub 0", here);

  g_object_set (fixture->session, "shared-dir", "sub", NULL);
  attach (fixture);
  fake_share_channel_come_up (fixture->channel);
  assert_told (fixture->channel, expected);
}

static void
test_untick (Fixture *fixture, gconstpointer dir)
{
  attach (fixture);
  fake_share_channel_come_up (fixture->channel);
  fake_share_channel_opened (fixture->channel);
  assert_told (fixture->channel, "connect; share /data 0");

  fake_share_channel_go_down (fixture->channel, SPICE_CHANNEL_NONE);
  settle ();
  assert_told (fixture->channel, "");
  g_settings_set_boolean (fixture->gsettings, "share-dir-ro", TRUE);
  assert_told (fixture->channel, "");

  /* Ticked again. */
  fake_share_channel_come_up (fixture->channel);
  assert_told (fixture->channel, "share /data 1");

  fake_share_channel_go_down (fixture->channel, SPICE_CHANNEL_CLOSED);
  g_settings_set_string (fixture->gsettings, "share-dir", "/new");
  assert_told (fixture->channel, "connect");
}

/* A connection that fails is not tried again and again. */
static void
test_connection_fails (Fixture *fixture, gconstpointer dir)
{
  attach (fixture);
  assert_told (fixture->channel, "connect");
  fake_share_channel_go_down (fixture->channel, SPICE_CHANNEL_ERROR_CONNECT);
  settle ();
  g_settings_set_string (fixture->gsettings, "compression", "never");
  assert_told (fixture->channel, "compression 2");
  g_settings_set_string (fixture->gsettings, "share-dir", "/new");
  assert_told (fixture->channel, "connect");
}

static void
test_folder_is_bad (Fixture *fixture, gconstpointer dir)
{
  attach (fixture);
  fake_share_channel_come_up (fixture->channel);
  assert_told (fixture->channel, "connect; share /data 0");
  fake_share_channel_not_opened (fixture->channel);

  /* Not tried again by what does not concern it, but when somebody asks again. */
  g_settings_set_string (fixture->gsettings, "compression", "never");
  assert_told (fixture->channel, "compression 2");
  g_object_set (fixture->session, "shared-dir", "/data", NULL);
  assert_told (fixture->channel, "share /data 0");

  /* Asked twice while it is being opened: opened once. */
  g_object_set (fixture->session, "shared-dir", "/data", NULL);
  assert_told (fixture->channel, "");
}

static void
test_relative_setting (Fixture *fixture, gconstpointer dir)
{
  attach (fixture);
  assert_told (fixture->channel, "fail 7");
}

static void
test_view_only (Fixture *fixture, gconstpointer dir)
{
  g_object_set (fixture->session, "read-only", TRUE, NULL);
  attach (fixture);
  assert_told (fixture->channel, "fail 4");

  /* The viewer connects it nevertheless. */
  fake_share_channel_come_up (fixture->channel);
  assert_told (fixture->channel, "fail 4");
  g_settings_set_string (fixture->gsettings, "compression", "never");
  assert_told (fixture->channel, "compression 2");

  g_object_set (fixture->session, "read-only", FALSE, NULL);
  assert_told (fixture->channel, "share /data 0");
  fake_share_channel_opened (fixture->channel);
  g_object_set (fixture->session, "read-only", TRUE, NULL);
  assert_told (fixture->channel, "stop; fail 4");
}

static void
test_action_signals (Fixture *fixture, gconstpointer dir)
{
  g_settings_set_string (fixture->gsettings, "hidden-files", "deny");
  attach (fixture);

  g_signal_emit_by_name (fixture->channel, "share-directory", "/asked", TRUE);
  assert_told (fixture->channel, "connect");
  assert_session (fixture->session, "/asked", TRUE);
  fake_share_channel_come_up (fixture->channel);
  /* With the flags of the settings. */
  assert_told (fixture->channel, "share /asked 5");
  fake_share_channel_opened (fixture->channel);

  g_signal_emit_by_name (fixture->channel, "stop-sharing");
  assert_told (fixture->channel, "stop");
  g_settings_set_string (fixture->gsettings, "compression", "never");
  assert_told (fixture->channel, "compression 2");
}

/* The end of a session is no wish of the viewer's; and what was chosen holds for the next one. */
static void
test_reconnect (Fixture *fixture, gconstpointer dir)
{
  attach (fixture);
  fake_share_channel_come_up (fixture->channel);
  g_object_set (fixture->session, "shared-dir", "/dialog", NULL);
  assert_told (fixture->channel, "connect; share /data 0; share /dialog 0");

  spice_session_disconnect (fixture->session);
  settle ();
  attach (fixture);
  assert_told (fixture->channel, "connect");
  fake_share_channel_come_up (fixture->channel);
  assert_told (fixture->channel, "share /dialog 0");
}

/* While the viewer is making the channel it is only watched. Then it is connected at each wish
 * until it is up: nothing says that the viewer took it down before. */
static void
test_not_too_early (Fixture *fixture, gconstpointer dir)
{
  fixture->channel = fake_share_channel_new (fixture->session);
  share_controller_attach (fixture->channel, fixture->settings);
  g_settings_set_string (fixture->gsettings, "share-dir", "/first");
  assert_told (fixture->channel, "compression 0");
  settle ();
  assert_told (fixture->channel, "connect");
  g_settings_set_boolean (fixture->gsettings, "share-dir-ro", TRUE);
  assert_told (fixture->channel, "");
  g_settings_set_string (fixture->gsettings, "share-dir", "/second");
  assert_told (fixture->channel, "connect");
  fake_share_channel_come_up (fixture->channel);
  assert_told (fixture->channel, "share /second 1");
}

/* A connection of ours that comes up when the wish is over does not share the viewer's folder. */
static void
test_emptied_while_connecting (Fixture *fixture, gconstpointer dir)
{
  attach (fixture);
  assert_told (fixture->channel, "connect");
  g_settings_set_string (fixture->gsettings, "share-dir", "");
  fake_share_channel_come_up (fixture->channel);
  assert_told (fixture->channel, "");
}

/* A channel that goes before its first plan is run leaves nothing behind. */
static void
test_gone_at_once (Fixture *fixture, gconstpointer dir)
{
  SpiceShareChannel *channel = fake_share_channel_new (fixture->session);

  share_controller_attach (channel, fixture->settings);
  g_signal_emit_by_name (fixture->session, "channel-destroy", channel);
  settle ();
  g_settings_set_string (fixture->gsettings, "share-dir", "/later");
  fake_share_channel_come_up (channel);
  assert_told (channel, "compression 0");
}

/* Several channels of one session are told the same, each in its own state. */
static void
test_two_channels (Fixture *fixture, gconstpointer dir)
{
  SpiceShareChannel *first;

  attach (fixture);
  first = fixture->channel;
  assert_told (first, "connect");
  attach (fixture);
  assert_told (fixture->channel, "connect");

  fake_share_channel_come_up (first);
  assert_told (first, "share /data 0");
  assert_told (fixture->channel, "");
  g_settings_set_string (fixture->gsettings, "share-dir", "");
  assert_told (first, "stop");
  assert_told (fixture->channel, "");
  assert_session (fixture->session, "/viewer", FALSE);
}

int
main (int argc, char **argv)
{
  g_setenv ("XDG_DATA_DIRS", "/nonexistent", TRUE);
  g_setenv ("XDG_DATA_HOME", "/nonexistent", TRUE);
  g_test_init (&argc, &argv, NULL);

#define ADD(path, dir, test) g_test_add (path, Fixture, dir, set_up, test, tear_down)
  ADD ("/controller/setting", "/data", test_setting);
  ADD ("/controller/together", "/data", test_together);
  ADD ("/controller/nothing-by-default", NULL, test_nothing_by_default);
  ADD ("/controller/as-stock", NULL, test_as_stock);
  ADD ("/controller/home-is-refused", NULL, test_home_is_refused);
  ADD ("/controller/dialog", "/data", test_dialog);
  ADD ("/controller/relative-folder-of-the-viewer", NULL, test_relative_folder_of_the_viewer);
  ADD ("/controller/untick", "/data", test_untick);
  ADD ("/controller/connection-fails", "/data", test_connection_fails);
  ADD ("/controller/folder-is-bad", "/data", test_folder_is_bad);
  ADD ("/controller/relative-setting", "data", test_relative_setting);
  ADD ("/controller/view-only", "/data", test_view_only);
  ADD ("/controller/action-signals", NULL, test_action_signals);
  ADD ("/controller/reconnect", "/data", test_reconnect);
  ADD ("/controller/gone-at-once", "/data", test_gone_at_once);
  ADD ("/controller/not-too-early", NULL, test_not_too_early);
  ADD ("/controller/emptied-while-connecting", "/data", test_emptied_while_connecting);
  ADD ("/controller/two-channels", "/data", test_two_channels);
#undef ADD
  return g_test_run ();
}
