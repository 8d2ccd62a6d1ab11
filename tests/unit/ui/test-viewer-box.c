/* virt-viewer's “Share folder” box against a stand-in for its application and session: the box
 * tells what is so without the viewer connecting or disconnecting anything, and what a person
 * does with it is carried out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fake-channel.h"

#include "ui/viewer-box.h"

/* VirtViewerSession, as far as it matters. */
#define FAKE_TYPE_VIEWER_SESSION (fake_viewer_session_get_type ())
G_DECLARE_FINAL_TYPE (FakeViewerSession, fake_viewer_session, FAKE, VIEWER_SESSION, GObject)

struct _FakeViewerSession
{
  GObject parent_instance;

  gboolean share_folder;
  char *shared_folder;
  gboolean read_only;
  guint n_connect;
  guint n_disconnect;
};

G_DEFINE_FINAL_TYPE (FakeViewerSession, fake_viewer_session, G_TYPE_OBJECT)

static void
fake_viewer_session_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FakeViewerSession *self = FAKE_VIEWER_SESSION (object);

  if (id == 1)
    g_value_set_boolean (value, self->share_folder);
  else if (id == 2)
    g_value_set_string (value, self->shared_folder);
  else
    g_value_set_boolean (value, self->read_only);
}

static void
fake_viewer_session_set_property (GObject *object, guint id, const GValue *value, GParamSpec *p)
{
  FakeViewerSession *self = FAKE_VIEWER_SESSION (object);

  if (id == 1)
    self->share_folder = g_value_get_boolean (value);
  else if (id == 2)
    {
      g_free (self->shared_folder);
      self->shared_folder = g_value_dup_string (value);
    }
  else
    self->read_only = g_value_get_boolean (value);
}

static void
fake_viewer_session_finalize (GObject *object)
{
  g_free (FAKE_VIEWER_SESSION (object)->shared_folder);
  G_OBJECT_CLASS (fake_viewer_session_parent_class)->finalize (object);
}

static void
fake_viewer_session_class_init (FakeViewerSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = fake_viewer_session_get_property;
  object_class->set_property = fake_viewer_session_set_property;
  object_class->finalize = fake_viewer_session_finalize;
  g_object_class_install_property (object_class, 1,
                                   g_param_spec_boolean ("share-folder", NULL, NULL, FALSE, flags));
  g_object_class_install_property (object_class, 2,
                                   g_param_spec_string ("shared-folder", NULL, NULL, NULL, flags));
  g_object_class_install_property (
      object_class, 3, g_param_spec_boolean ("share-folder-ro", NULL, NULL, FALSE, flags));
}

/* What the viewer does with its channel. */
static void
share_folder_changed (FakeViewerSession *self)
{
  if (self->share_folder)
    self->n_connect++;
  else
    self->n_disconnect++;
}

static void
fake_viewer_session_init (FakeViewerSession *self)
{
  g_signal_connect_object (self, "notify::share-folder", G_CALLBACK (share_folder_changed), self,
                           G_CONNECT_SWAPPED);
}

/* VirtViewerApp, as far as it matters. */
#define FAKE_TYPE_APPLICATION (fake_application_get_type ())
G_DECLARE_FINAL_TYPE (FakeApplication, fake_application, FAKE, APPLICATION, GApplication)

struct _FakeApplication
{
  GApplication parent_instance;

  GObject *session;
};

G_DEFINE_FINAL_TYPE (FakeApplication, fake_application, G_TYPE_APPLICATION)

static void
fake_application_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_object (value, FAKE_APPLICATION (object)->session);
}

static void
fake_application_class_init (FakeApplicationClass *klass)
{
  G_OBJECT_CLASS (klass)->get_property = fake_application_get_property;
  g_object_class_install_property (G_OBJECT_CLASS (klass), 1,
                                   g_param_spec_object ("session", NULL, NULL, G_TYPE_OBJECT,
                                                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
fake_application_init (FakeApplication *self)
{
}

/* The dialog's tick box. */
#define FAKE_TYPE_BOX (fake_box_get_type ())
G_DECLARE_FINAL_TYPE (FakeBox, fake_box, FAKE, BOX, GObject)

struct _FakeBox
{
  GObject parent_instance;

  gboolean active;
};

G_DEFINE_FINAL_TYPE (FakeBox, fake_box, G_TYPE_OBJECT)

static void
fake_box_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_boolean (value, FAKE_BOX (object)->active);
}

static void
fake_box_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  FAKE_BOX (object)->active = g_value_get_boolean (value);
}

static void
fake_box_class_init (FakeBoxClass *klass)
{
  G_OBJECT_CLASS (klass)->get_property = fake_box_get_property;
  G_OBJECT_CLASS (klass)->set_property = fake_box_set_property;
  g_object_class_install_property (
      G_OBJECT_CLASS (klass), 1,
      g_param_spec_boolean ("active", NULL, NULL, FALSE,
                            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
}

static void
fake_box_init (FakeBox *self)
{
}

typedef struct
{
  FakeApplication *application;
  FakeViewerSession *viewer;
  FakeBox *box;
  ShareSteering steering;
  ShareUiViewerBox *tested;
  FakeChannel *channel;
} Fixture;

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->application = g_object_new (FAKE_TYPE_APPLICATION, NULL);
  g_application_set_default (G_APPLICATION (fixture->application));
  fixture->viewer = g_object_new (FAKE_TYPE_VIEWER_SESSION, "shared-folder", "/srv/viewer", NULL);
  fixture->application->session = G_OBJECT (fixture->viewer);
  fixture->box = g_object_new (FAKE_TYPE_BOX, NULL);
  g_object_bind_property (fixture->viewer, "share-folder", fixture->box, "active",
                          G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);

  share_steering_init (&fixture->steering);
  fixture->tested = share_ui_viewer_box_new (&fixture->steering);
  fixture->channel = fake_channel_new (NULL);
  g_object_set (fixture->channel, "ready", TRUE, "port-opened", TRUE, NULL);
  share_ui_model_add_channel (fixture->steering.model, G_OBJECT (fixture->channel));
  settle ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->tested);
  share_steering_clear (&fixture->steering);
  g_assert_finalize_object (fixture->channel);
  g_assert_finalize_object (fixture->box);
  g_assert_finalize_object (fixture->viewer);
  g_application_set_default (NULL);
  g_assert_finalize_object (fixture->application);
}

static void
test_truth (Fixture *fixture, gconstpointer data)
{
  fake_channel_start (fixture->channel, "/srv/photos", FALSE);
  settle ();
  g_assert_true (fixture->viewer->share_folder);
  g_assert_true (fixture->box->active);
  fake_channel_end (fixture->channel);
  settle ();
  g_assert_false (fixture->viewer->share_folder);
  g_assert_false (fixture->box->active);

  /* The viewer noticed nothing, and nobody was asked for anything. */
  g_assert_cmpuint (fixture->viewer->n_connect, ==, 0);
  g_assert_cmpuint (fixture->viewer->n_disconnect, ==, 0);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 0);
  g_assert_cmpuint (fake_channel_count_stop (fixture->channel), ==, 0);
}

static void
test_ticked (Fixture *fixture, gconstpointer data)
{
  g_object_set (fixture->viewer, "share-folder-ro", TRUE, NULL);
  g_object_set (fixture->box, "active", TRUE, NULL);
  g_assert_cmpuint (fixture->viewer->n_connect, ==, 1);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 1);
  g_assert_cmpstr (fake_channel_get_asked_dir (fixture->channel), ==, "/srv/viewer");
  g_assert_true (fake_channel_get_asked_read_only (fixture->channel));

  /* It stays ticked while the folder is being opened, and falls back if that fails. */
  g_object_set (fixture->channel, "requests", (guint64)1, NULL);
  settle ();
  g_assert_true (fixture->box->active);
  fake_channel_fail (fixture->channel, "No.");
  settle ();
  g_assert_false (fixture->box->active);
  g_assert_cmpuint (fixture->viewer->n_disconnect, ==, 0);
}

/* The session's folder was emptied since the dialog read it. */
static void
test_ticked_without_folder (Fixture *fixture, gconstpointer data)
{
  const char *const recent[] = { "/srv/last", "/srv/older", NULL };
  g_autoptr (GSettings) settings = g_settings_new ("org.spice-space.webdav.ui");

  g_object_set (fixture->viewer, "shared-folder", NULL, NULL);
  g_object_set (fixture->box, "active", TRUE, NULL);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 0);
  settle ();
  g_assert_false (fixture->box->active);

  g_settings_set_strv (settings, "recent-dirs", recent);
  g_object_set (fixture->box, "active", TRUE, NULL);
  g_assert_cmpstr (fake_channel_get_asked_dir (fixture->channel), ==, "/srv/last");
  g_settings_reset (settings, "recent-dirs");
}

static void
test_unticked (Fixture *fixture, gconstpointer data)
{
  fake_channel_start (fixture->channel, "/srv/photos", FALSE);
  settle ();
  g_object_set (fixture->box, "active", FALSE, NULL);
  g_assert_cmpuint (fixture->viewer->n_disconnect, ==, 1);

  /* The viewer took the channel down; ticked again, it brings it up itself. */
  fake_channel_end (fixture->channel);
  g_object_set (fixture->channel, "ready", FALSE, NULL);
  settle ();
  g_assert_false (fixture->box->active);
  g_object_set (fixture->box, "active", TRUE, NULL);
  g_assert_cmpuint (fixture->viewer->n_connect, ==, 1);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 0);
  settle ();
  g_assert_true (fixture->box->active);
}

/* A viewer that is another one, and one whose session changes. */
static void
test_other (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FakeViewerSession) second = NULL;
  g_autoptr (FakeBox) no_session = g_object_new (FAKE_TYPE_BOX, NULL);

  fixture->application->session = G_OBJECT (no_session);
  fake_channel_start (fixture->channel, "/srv/photos", FALSE);
  settle ();
  g_assert_false (fixture->viewer->share_folder);

  second = g_object_new (FAKE_TYPE_VIEWER_SESSION, NULL);
  fixture->application->session = G_OBJECT (second);
  g_object_notify (G_OBJECT (fixture->channel), "sharing");
  settle ();
  g_assert_true (second->share_folder);
  g_assert_false (fixture->viewer->share_folder);

  fixture->application->session = NULL;
  g_object_notify (G_OBJECT (fixture->channel), "sharing");
  settle ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/ui/viewer-box/truth", test_truth);
  ADD ("/ui/viewer-box/ticked", test_ticked);
  ADD ("/ui/viewer-box/ticked-without-folder", test_ticked_without_folder);
  ADD ("/ui/viewer-box/unticked", test_unticked);
  ADD ("/ui/viewer-box/other", test_other);
  return g_test_run ();
}
