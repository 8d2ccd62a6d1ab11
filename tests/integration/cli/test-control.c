/* Who decides what is shared, end to end: settings, session and viewer on a real channel, and what
 * the guest gets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rig.h"
#include "viewer.h"

#include <glib/gstdio.h>

#include "controller.h"

#define SECONDS 20

typedef struct
{
  Rig *rig;
  GSettings *gsettings;
  ShareSettings *settings;
  Viewer *viewer;
  GPtrArray *events; /* of all channels, in their order */
  char *other;       /* another folder; it has the file "other.txt" */
  gint64 next_id;
} Test;

/* The channels of the test that runs are the controller's, as those of a viewer are. */
static Test *running;

static void
note (Test *test, char *event)
{
  g_test_message ("%s", event);
  g_ptr_array_add (test->events, event);
}

static void
on_ready (SpiceShareChannel *channel, Test *test)
{
  note (test, g_strdup ("ready"));
}

static void
on_started (SpiceShareChannel *channel, const char *path, gboolean ro, Test *test)
{
  note (test, g_strdup_printf ("started %s %d", path, ro));
}

static void
on_stopped (SpiceShareChannel *channel, Test *test)
{
  note (test, g_strdup ("stopped"));
}

static void
on_error (SpiceShareChannel *channel, const GError *error, Test *test)
{
  note (test, g_strdup_printf ("error %d", error->code));
}

static void
on_created (SpiceShareChannel *channel, gpointer user_data)
{
  g_signal_connect (channel, "ready", G_CALLBACK (on_ready), running);
  g_signal_connect (channel, "sharing-started", G_CALLBACK (on_started), running);
  g_signal_connect (channel, "sharing-stopped", G_CALLBACK (on_stopped), running);
  g_signal_connect (channel, "share-error", G_CALLBACK (on_error), running);
  share_controller_attach (channel, running->settings);
}

static guint
count (Test *test, const char *event)
{
  guint n = 0;

  for (guint i = 0; i < test->events->len; i++)
    n += g_str_equal (test->events->pdata[i], event);
  return n;
}

static guint
count_started (Test *test, const char *path, gboolean ro)
{
  g_autofree char *event = g_strdup_printf ("started %s %d", path, ro);

  return count (test, event);
}

/* What the guest gets for GET; each time from a new client. */
static guint
get (Test *test, const char *path)
{
  g_autoptr (RigExchange) exchange
      = rig_peer_request (test->rig->peer, ++test->next_id, "GET", path, NULL, NULL, 0);

  g_assert_cmpuint (exchange->reader->state, ==, HTTP_READER_DONE);
  return exchange->reader->status;
}

/* The folder that was shared is gone: every client that the guest had is closed. */
static void
wait_clients_closed (Test *test)
{
  rig_wait_until (rig_peer_get_n_closed (test->rig->peer) == test->next_id, SECONDS);
}

static Test *
test_new (Rig *rig, const char *share_dir)
{
  Test *test = g_new0 (Test, 1);
  g_autofree char *file = NULL;

  test->rig = rig;
  test->events = g_ptr_array_new_with_free_func (g_free);
  test->other = g_build_filename (rig->dir, "other", NULL);
  g_assert_cmpint (g_mkdir (test->other, 0700), ==, 0);
  file = g_build_filename (test->other, "other.txt", NULL);
  g_assert_true (g_file_set_contents (file, "other", 5, NULL));
  rig_write_file (rig, "a.txt", "hello", 5);

  test->gsettings = g_settings_new (SHARE_SETTINGS_SCHEMA);
  g_settings_reset (test->gsettings, "share-dir-ro");
  g_settings_reset (test->gsettings, "hidden-files");
  g_settings_set_string (test->gsettings, "share-dir", share_dir);
  test->settings = share_settings_new (NULL);
  running = test;
  return test;
}

static void
test_connect (Test *test, const ViewerSetup *setup)
{
  test->viewer = viewer_new (test->rig->uri, setup);
}

static void
test_free (Test *test)
{
  g_autofree char *file = g_build_filename (test->other, "other.txt", NULL);

  viewer_free (test->viewer);
  g_assert_finalize_object (test->settings);
  g_object_unref (test->gsettings);
  g_assert_cmpint (g_unlink (file), ==, 0);
  g_assert_cmpint (g_rmdir (test->other), ==, 0);
  g_free (test->other);
  g_ptr_array_unref (test->events);
  g_free (test);
  running = NULL;
}

/* The viewer leaves the channel alone; the setting connects it, once. */
static void
test_setting_connects (Rig *rig)
{
  Test *test = test_new (rig, rig->share);

  test_connect (test, &(ViewerSetup){ .keep_webdav_closed = TRUE });
  rig_wait_until (count_started (test, rig->share, FALSE) == 1, SECONDS);
  g_assert_cmpstr (test->events->pdata[0], ==, "ready");
  viewer_wait_open (test->viewer);
  g_assert_cmpuint (get (test, "/a.txt"), ==, 200);
  g_assert_cmpuint (rig_count_channel (rig, RIG_CHANNEL_WEBDAV), ==, 1);

  g_settings_set_string (test->gsettings, "share-dir", test->other);
  rig_wait_until (count_started (test, test->other, FALSE) == 1, SECONDS);
  wait_clients_closed (test);
  g_assert_cmpuint (get (test, "/other.txt"), ==, 200);
  g_assert_cmpuint (get (test, "/a.txt"), ==, 404);

  /* Emptied: 503, and never an empty folder; the channel stays up. */
  g_settings_set_string (test->gsettings, "share-dir", "");
  rig_wait_until (count (test, "stopped") == 2, SECONDS);
  wait_clients_closed (test);
  g_assert_cmpuint (get (test, "/"), ==, 503);
  g_assert_true (test->viewer->connected);

  g_settings_set_string (test->gsettings, "share-dir", rig->share);
  rig_wait_until (count_started (test, rig->share, FALSE) == 2, SECONDS);
  g_assert_cmpuint (get (test, "/a.txt"), ==, 200);
  g_assert_cmpuint (rig_count_channel (rig, RIG_CHANNEL_WEBDAV), ==, 1);
  test_free (test);
}

/* The viewer connects as well, as spicy does: one connection. */
static void
test_both_connect (Rig *rig)
{
  Test *test = test_new (rig, rig->share);

  test_connect (test, &(ViewerSetup){ .shared_dir = test->other });
  rig_wait_until (count_started (test, rig->share, FALSE) == 1, SECONDS);
  viewer_wait_open (test->viewer);
  g_assert_cmpuint (get (test, "/a.txt"), ==, 200);
  g_assert_cmpuint (get (test, "/other.txt"), ==, 404);
  g_assert_cmpuint (rig_count_channel (rig, RIG_CHANNEL_WEBDAV), ==, 1);
  g_assert_cmpuint (count (test, "ready"), ==, 1);
  g_assert_cmpuint (test->events->len, ==, 2);
  test_free (test);
}

/* No setting: nothing is connected, and the viewer's folder is shared when the viewer connects. */
static void
test_as_stock (Rig *rig)
{
  Test *test = test_new (rig, "");

  test_connect (test, &(ViewerSetup){ .shared_dir = test->other, .keep_webdav_closed = TRUE });
  rig_wait_until (test->viewer->webdav != NULL, SECONDS);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (rig_count_channel (rig, RIG_CHANNEL_WEBDAV), ==, 0);

  spice_channel_connect (test->viewer->webdav);
  rig_wait_until (count_started (test, test->other, FALSE) == 1, SECONDS);
  viewer_wait_open (test->viewer);
  g_assert_cmpuint (get (test, "/other.txt"), ==, 200);

  /* The viewer's dialog. */
  g_object_set (test->viewer->session, "shared-dir", rig->share, "share-dir-ro", TRUE, NULL);
  rig_wait_until (count_started (test, rig->share, TRUE) == 1, SECONDS);
  wait_clients_closed (test);
  g_assert_cmpuint (get (test, "/a.txt"), ==, 200);
  test_free (test);
}

/* The viewer's box is unticked. spice-server refuses a second connection while it has not noticed
 * the end of the first. */
static void
untick (Test *test, guint n)
{
  spice_channel_disconnect (test->viewer->webdav, SPICE_CHANNEL_NONE);
  rig_wait_until (count (test, "stopped") == n && !test->viewer->connected, SECONDS);
  rig_child_wait (test->rig->server, "client 0", n, SECONDS);
}

/* "Share folder" is unticked: nobody but the viewer, or a change of the setting, brings it back. */
static void
test_untick (Rig *rig)
{
  Test *test = test_new (rig, rig->share);

  test_connect (test, &(ViewerSetup){ .keep_webdav_closed = TRUE });
  viewer_wait_open (test->viewer);
  rig_wait_until (count_started (test, rig->share, FALSE) == 1, SECONDS);

  untick (test, 1);
  g_settings_set_boolean (test->gsettings, "share-dir-ro", TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (rig_count_channel (rig, RIG_CHANNEL_WEBDAV), ==, 1);

  /* Ticked. */
  spice_channel_connect (test->viewer->webdav);
  rig_wait_until (count_started (test, rig->share, TRUE) == 1, SECONDS);
  viewer_wait_open (test->viewer);
  g_assert_cmpuint (get (test, "/a.txt"), ==, 200);

  /* Unticked again, and another folder is set. */
  untick (test, 2);
  g_settings_set_string (test->gsettings, "share-dir", test->other);
  rig_wait_until (count_started (test, test->other, TRUE) == 1, SECONDS);
  viewer_wait_open (test->viewer);
  g_assert_cmpuint (get (test, "/other.txt"), ==, 200);
  test_free (test);
}

/* What nobody chose is the default of the session's property; here it is made to be the home
 * folder, as for a user without a public folder. */
static void
test_home (Rig *rig)
{
  Test *test = test_new (rig, "");
  g_autoptr (GTypeClass) klass = g_type_class_ref (SPICE_TYPE_SESSION);
  GParamSpecString *spec
      = G_PARAM_SPEC_STRING (g_object_class_find_property (G_OBJECT_CLASS (klass), "shared-dir"));
  char *before = spec->default_value;
  g_autofree char *home = g_strdup (g_get_home_dir ());

  spec->default_value = home;
  test_connect (test, &(ViewerSetup){ .shared_dir = home });
  viewer_wait_open (test->viewer);
  rig_wait_until (count (test, "error 3") == 1, SECONDS);
  g_assert_cmpuint (get (test, "/"), ==, 503);

  g_settings_set_string (test->gsettings, "share-dir", "~/");
  rig_wait_until (count_started (test, home, FALSE) == 1, SECONDS);
  spec->default_value = before;
  test_free (test);
}

static void
test_view_only (Rig *rig)
{
  Test *test = test_new (rig, rig->share);

  test_connect (test, &(ViewerSetup){ .read_only = TRUE, .keep_webdav_closed = TRUE });
  rig_wait_until (count (test, "error 4") == 1, SECONDS);
  g_assert_cmpuint (rig_count_channel (rig, RIG_CHANNEL_WEBDAV), ==, 0);
  g_assert_cmpuint (test->events->len, ==, 1);
  test_free (test);
}

static gboolean
last_refusal_is (Test *test, const char *reason, const char *request)
{
  g_autoptr (GVariant) last = NULL;
  const char *is_reason;
  const char *is_request;

  g_object_get (test->viewer->webdav, "last-refusal", &last, NULL);
  g_variant_get (last, "(x&s&s)", NULL, &is_reason, &is_request);
  return g_str_equal (is_reason, reason) && g_str_equal (is_request, request);
}

static guint64
get_refused (Test *test)
{
  guint64 refused;

  g_object_get (test->viewer->webdav, "refused", &refused, NULL);
  return refused;
}

/* A wish on the channel itself is judged as the settings say, and the session knows of it. */
static void
test_actions (Rig *rig)
{
  Test *test = test_new (rig, "");
  g_autofree char *dir = NULL;

  rig_write_file (rig, ".hidden", "x", 1);
  g_settings_set_string (test->gsettings, "hidden-files", "deny");
  test_connect (test, &(ViewerSetup){ .keep_webdav_closed = TRUE });
  rig_wait_until (test->viewer->webdav != NULL, SECONDS);
  g_signal_emit_by_name (test->viewer->webdav, "share-directory", rig->share, TRUE);
  rig_wait_until (count_started (test, rig->share, TRUE) == 1, SECONDS);
  viewer_wait_open (test->viewer);
  g_assert_cmpuint (get (test, "/a.txt"), ==, 200);
  g_assert_cmpuint (get (test, "/.hidden"), ==, 404);
  g_object_get (test->viewer->session, "shared-dir", &dir, NULL);
  g_assert_cmpstr (dir, ==, rig->share);

  g_signal_emit_by_name (test->viewer->webdav, "stop-sharing");
  rig_wait_until (count (test, "stopped") == 1, SECONDS);
  wait_clients_closed (test);
  g_assert_cmpuint (get_refused (test), ==, 0);
  g_assert_cmpuint (get (test, "/a.txt"), ==, 503);
  rig_wait_until (get_refused (test) == 1, SECONDS);
  g_assert_true (last_refusal_is (test, "not-shared", "GET /a.txt"));
  test_free (test);
}

/* A folder that goes bad while others are asked for: each wish has its own answer. */
static void
test_bad_folder (Rig *rig)
{
  g_autofree char *missing = g_build_filename (rig->dir, "missing", NULL);
  Test *test = test_new (rig, missing);

  test_connect (test, &(ViewerSetup){ .keep_webdav_closed = TRUE });
  viewer_wait_open (test->viewer);
  rig_wait_until (count (test, "error 0") == 1, SECONDS);
  g_assert_cmpuint (get (test, "/"), ==, 503);

  /* It comes into being, and is asked for once more. */
  g_assert_cmpint (g_mkdir (missing, 0700), ==, 0);
  g_signal_emit_by_name (test->viewer->webdav, "share-directory", missing, FALSE);
  rig_wait_until (count_started (test, missing, FALSE) == 1, SECONDS);
  g_assert_cmpuint (get (test, "/"), !=, 503);
  g_settings_set_string (test->gsettings, "share-dir", rig->share);
  rig_wait_until (count_started (test, rig->share, FALSE) == 1, SECONDS);
  g_assert_cmpint (g_rmdir (missing), ==, 0);
  test_free (test);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  rig_test_init (&argc, &argv);
  spice_share_channel_install (on_created, NULL, &error);
  g_assert_no_error (error);

  rig_test_add ("/control/setting-connects", RIG_TCP, 60, test_setting_connects);
  rig_test_add ("/control/both-connect", RIG_TCP, 60, test_both_connect);
  rig_test_add ("/control/as-stock", RIG_TCP, 60, test_as_stock);
  rig_test_add ("/control/untick", RIG_TCP, 60, test_untick);
  rig_test_add ("/control/home", RIG_TCP, 60, test_home);
  rig_test_add ("/control/view-only", RIG_TCP, 60, test_view_only);
  rig_test_add ("/control/actions", RIG_TCP, 60, test_actions);
  rig_test_add ("/control/bad-folder", RIG_TCP, 60, test_bad_folder);
  return rig_test_run ();
}
