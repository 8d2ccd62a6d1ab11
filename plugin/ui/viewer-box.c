/* virt-viewer's “Share folder”; see viewer-box.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/viewer-box.h"

#include <gio/gio.h>

#define PROP_SESSION "session"
#define PROP_TICKED "share-folder"
#define PROP_FOLDER "shared-folder"
#define PROP_READ_ONLY "share-folder-ro"

/* How long a box that was ticked by a person stays ticked before sharing has begun. */
#define PATIENCE_US (5 * G_USEC_PER_SEC)

struct _ShareUiViewerBox
{
  GObject parent_instance;

  ShareSteering *steering;

  /* The VirtViewerSession whose box is followed; weak. */
  GObject *session;

  gboolean setting;

  /* Monotonic time at which a person ticked it, 0 = no share is awaited. */
  gint64 ticked_at;
};

G_DEFINE_FINAL_TYPE (ShareUiViewerBox, share_ui_viewer_box, G_TYPE_OBJECT)

static void update (ShareUiViewerBox *self);
static void on_ticked (GObject *session, GParamSpec *pspec, ShareUiViewerBox *self);

ShareUiViewerBox *
share_ui_viewer_box_new (ShareSteering *steering)
{
  ShareUiViewerBox *self = g_object_new (SHARE_UI_TYPE_VIEWER_BOX, NULL);

  self->steering = steering;
  g_signal_connect_object (steering->model, "changed", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  return self;
}

static void
forget_session (ShareUiViewerBox *self)
{
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_func (self->session, on_ticked, self);
  g_clear_weak_pointer (&self->session);
}

static void
share_ui_viewer_box_dispose (GObject *object)
{
  forget_session (SHARE_UI_VIEWER_BOX (object));

  G_OBJECT_CLASS (share_ui_viewer_box_parent_class)->dispose (object);
}

static void
share_ui_viewer_box_class_init (ShareUiViewerBoxClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = share_ui_viewer_box_dispose;
}

static void
share_ui_viewer_box_init (ShareUiViewerBox *self)
{
}

static gboolean
has_property (GObject *object, const char *name, GType type)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (object), name);

  return pspec != NULL && g_type_is_a (G_PARAM_SPEC_VALUE_TYPE (pspec), type);
}

/* The viewer may make its session late, and another one later: looked up each time. */
static void
find_session (ShareUiViewerBox *self)
{
  GApplication *application = g_application_get_default ();
  g_autoptr (GObject) session = NULL;

  if (application != NULL && has_property (G_OBJECT (application), PROP_SESSION, G_TYPE_OBJECT))
    g_object_get (application, PROP_SESSION, &session, NULL);
  if (session == self->session)
    return;

  forget_session (self);
  if (session == NULL || !has_property (session, PROP_TICKED, G_TYPE_BOOLEAN)
      || !has_property (session, PROP_FOLDER, G_TYPE_STRING)
      || !has_property (session, PROP_READ_ONLY, G_TYPE_BOOLEAN))
    return;
  g_set_weak_pointer (&self->session, session);
  g_signal_connect_object (session, "notify::" PROP_TICKED, G_CALLBACK (on_ticked), self, 0);
}

/* What the dialog shows: the session's folder; where that was emptied since, what was shared last.
 */
static char *
dup_folder (ShareUiViewerBox *self, gboolean *read_only)
{
  g_autofree char *dir = NULL;

  g_object_get (self->session, PROP_FOLDER, &dir, PROP_READ_ONLY, read_only, NULL);
  if (dir == NULL || *dir == '\0')
    {
      g_free (dir);
      dir = share_steering_dup_folder (self->steering, read_only);
    }
  return g_steal_pointer (&dir);
}

/* The viewer connects the channel by itself; one that is up already has to be asked. */
static void
on_ticked (GObject *session, GParamSpec *pspec, ShareUiViewerBox *self)
{
  ShareUiModel *model = self->steering->model;
  const ShareSnapshot *snapshot = share_ui_model_get_snapshot (model);
  g_autofree char *dir = NULL;
  gboolean ticked, read_only;

  if (self->setting)
    return;
  g_object_get (session, PROP_TICKED, &ticked, NULL);
  share_ui_model_expect (model);
  self->ticked_at = 0;
  if (!ticked)
    return;

  dir = dup_folder (self, &read_only);
  if (dir == NULL)
    return;
  self->ticked_at = g_get_monotonic_time ();
  if (snapshot->ready && !snapshot->sharing)
    share_ui_model_share (model, dir, read_only);
}

/* virt-viewer connects its handlers with the session as their data, which tells the one that
 * connects and disconnects the channel from the box's own binding. */
static void
set_box (ShareUiViewerBox *self, gboolean ticked)
{
  guint id = g_signal_lookup ("notify", G_TYPE_OBJECT);
  GQuark detail = g_quark_from_static_string (PROP_TICKED);
  const GSignalMatchType match = G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_DETAIL | G_SIGNAL_MATCH_DATA;

  self->setting = TRUE;
  g_signal_handlers_block_matched (self->session, match, id, detail, NULL, NULL, self->session);
  g_object_set (self->session, PROP_TICKED, ticked, NULL);
  g_signal_handlers_unblock_matched (self->session, match, id, detail, NULL, NULL, self->session);
  self->setting = FALSE;
}

static void
update (ShareUiViewerBox *self)
{
  const ShareSnapshot *snapshot = share_ui_model_get_snapshot (self->steering->model);
  gboolean ticked;

  find_session (self);
  if (self->session == NULL || !snapshot->present)
    return;

  if (snapshot->sharing || snapshot->error_at > snapshot->settled_at
      || g_get_monotonic_time () - self->ticked_at > PATIENCE_US)
    self->ticked_at = 0;
  if (self->ticked_at != 0)
    return;

  g_object_get (self->session, PROP_TICKED, &ticked, NULL);
  if (ticked != snapshot->sharing)
    set_box (self, snapshot->sharing);
}
