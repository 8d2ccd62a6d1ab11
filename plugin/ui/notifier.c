/* Notifications of the desktop; see notifier.h. org.freedesktop.Notifications is the Desktop
 * Notifications Specification 1.2.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/notifier.h"

#include "base/log.h"

#include <gio/gdesktopappinfo.h>
#include <glib/gi18n-lib.h>

#define FDO_NAME "org.freedesktop.Notifications"
#define FDO_PATH "/org/freedesktop/Notifications"
#define FDO_DEFAULT_TIMEOUT (-1)

struct _ShareUiNotifier
{
  GObject parent_instance;

  ShareSteering *steering;

  /* Monotonic time of the last one of each kind, 0 = none. */
  gint64 sent_at[SHARE_UI_EVENT_COUNT];

  /* What the desktop called the last one of each kind, so that the next takes its place. */
  guint32 ids[SHARE_UI_EVENT_COUNT];
};

/* One notification on its way. */
typedef struct
{
  ShareUiEvent event;
  char *title;
  char *body;
  const char *icon;
} Notice;

G_DEFINE_FINAL_TYPE (ShareUiNotifier, share_ui_notifier, G_TYPE_OBJECT)

static void on_event (ShareUiModel *model, ShareUiEvent event, ShareUiNotifier *self);

ShareUiNotifier *
share_ui_notifier_new (ShareSteering *steering)
{
  ShareUiNotifier *self = g_object_new (SHARE_UI_TYPE_NOTIFIER, NULL);

  self->steering = steering;
  g_signal_connect_object (steering->model, "event", G_CALLBACK (on_event), self, 0);
  return self;
}

static void
share_ui_notifier_class_init (ShareUiNotifierClass *klass)
{
}

static void
share_ui_notifier_init (ShareUiNotifier *self)
{
}

static void
notice_free (Notice *notice)
{
  g_free (notice->title);
  g_free (notice->body);
  g_free (notice);
}

gboolean
share_ui_notifier_is_news (ShareUiEvent event,
                           const ShareSnapshot *snapshot,
                           gint64 now,
                           gboolean expected)
{
  switch (event)
    {
    case SHARE_UI_EVENT_FAILED:
      return TRUE;
    case SHARE_UI_EVENT_STARTED:
      return !expected && now - snapshot->connected_at >= SHARE_UI_NOTIFIER_STARTUP_US;
    case SHARE_UI_EVENT_STOPPED:
      return !expected;
    }
  return FALSE;
}

static Notice *
notice_new (ShareUiEvent event, const ShareSnapshot *snapshot)
{
  Notice *notice = g_new0 (Notice, 1);
  g_autofree char *vm = g_strdup (snapshot->vm_name);

  if (vm == NULL)
    vm = g_strdup (_ ("the virtual machine"));
  notice->event = event;
  switch (event)
    {
    case SHARE_UI_EVENT_FAILED:
      /* Translators: %s is the name of a virtual machine */
      notice->title = g_strdup_printf (_ ("The folder for %s cannot be shared"), vm);
      notice->body = g_strdup (snapshot->error != NULL ? snapshot->error->message : "");
      notice->icon = "dialog-warning";
      break;
    case SHARE_UI_EVENT_STARTED:
      /* Translators: %s is the name of a virtual machine */
      notice->title = g_strdup_printf (_ ("A folder is now shared with %s"), vm);
      notice->body = share_state_describe (snapshot);
      notice->icon = "folder-publicshare";
      break;
    case SHARE_UI_EVENT_STOPPED:
      /* Translators: %s is the name of a virtual machine */
      notice->title = g_strdup_printf (_ ("No folder is shared with %s any more"), vm);
      notice->body = g_strdup ("");
      notice->icon = "folder";
      break;
    }
  return notice;
}

static void
on_notified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ShareUiNotifier *self = g_task_get_source_object (task);
  Notice *notice = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL)
    share_debug ("no notification: %s", error->message);
  else
    g_variant_get (reply, "(u)", &self->ids[notice->event]);
}

static void
on_bus (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ShareUiNotifier *self = g_task_get_source_object (task);
  Notice *notice = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = g_bus_get_finish (result, &error);
  const char *name = g_get_application_name ();
  g_autofree char *body = NULL;

  if (connection == NULL)
    {
      share_debug ("no notification: %s", error->message);
      return;
    }
  /* A server may read the body as markup. */
  body = g_markup_escape_text (notice->body, -1);
  g_dbus_connection_call (connection, FDO_NAME, FDO_PATH, FDO_NAME, "Notify",
                          g_variant_new ("(susssasa{sv}i)", name != NULL ? name : "",
                                         self->ids[notice->event], notice->icon, notice->title,
                                         body, NULL, NULL, FDO_DEFAULT_TIMEOUT),
                          G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_notified,
                          g_steal_pointer (&task));
}

static void
send_by_application (GApplication *application, const Notice *notice)
{
  static const char *const ids[SHARE_UI_EVENT_COUNT] = {
    [SHARE_UI_EVENT_STARTED] = "spice-share-started",
    [SHARE_UI_EVENT_STOPPED] = "spice-share-stopped",
    [SHARE_UI_EVENT_FAILED] = "spice-share-failed",
  };
  g_autoptr (GNotification) notification = g_notification_new (notice->title);
  g_autoptr (GIcon) icon = g_themed_icon_new (notice->icon);

  g_notification_set_body (notification, notice->body);
  g_notification_set_icon (notification, icon);
  g_application_send_notification (application, ids[notice->event], notification);
}

/* The desktop files are read in a thread: this one draws the screen. */
static void
look_up_desktop_file (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GApplication *application = g_application_get_default ();
  const char *id = application != NULL ? g_application_get_application_id (application) : NULL;
  g_autofree char *file = id != NULL ? g_strconcat (id, ".desktop", NULL) : NULL;
  g_autoptr (GDesktopAppInfo) info = file != NULL ? g_desktop_app_info_new (file) : NULL;

  g_task_return_boolean (task, info != NULL);
}

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = G_TASK (result);
  GApplication *application = g_application_get_default ();

  if (g_task_propagate_boolean (task, NULL) && application != NULL
      && g_application_get_is_registered (application))
    send_by_application (application, g_task_get_task_data (task));
  else
    g_bus_get (G_BUS_TYPE_SESSION, NULL, on_bus, g_object_ref (task));
}

static void
on_event (ShareUiModel *model, ShareUiEvent event, ShareUiNotifier *self)
{
  gint64 now = g_get_monotonic_time ();
  g_auto (ShareSnapshot) snapshot = { 0 };
  g_autoptr (GTask) task = NULL;

  if (!share_ui_choices_get_notifications (self->steering->choices)
      || (self->sent_at[event] != 0 && now - self->sent_at[event] < SHARE_UI_NOTIFIER_INTERVAL_US))
    return;
  share_ui_model_read (model, &snapshot);
  if (!share_ui_notifier_is_news (event, &snapshot, g_get_real_time (),
                                  share_ui_model_is_expected (model)))
    return;

  self->sent_at[event] = now;
  task = g_task_new (self, NULL, on_looked_up, NULL);
  g_task_set_task_data (task, notice_new (event, &snapshot), (GDestroyNotify)notice_free);
  g_task_run_in_thread (task, look_up_desktop_file);
}
