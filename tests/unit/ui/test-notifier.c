/* What is news, and how often it is told, to a stand-in for the desktop's notification service on
 * a bus of the test's own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fake-channel.h"
#include "rig-wait.h"

#include "base/error.h"
#include "ui/notifier.h"

#define wait_for(condition) rig_wait_until (condition, 10)

typedef struct
{
  GTestDBus *daemon;
  GDBusConnection *connection;
  guint registration;
  guint n;
  char *title;
  char *body;
  guint32 replaces;

  ShareSteering steering;
  ShareUiNotifier *notifier;
  FakeSession *session;
  FakeChannel *channel;
} Fixture;

static void
on_call (GDBusConnection *connection,
         const char *sender,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *parameters,
         GDBusMethodInvocation *invocation,
         gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_cmpstr (method, ==, "Notify");
  g_free (fixture->title);
  g_free (fixture->body);
  g_variant_get (parameters, "(&su&sssasa{sv}i)", NULL, &fixture->replaces, NULL, &fixture->title,
                 &fixture->body, NULL, NULL, NULL);
  fixture->n++;
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(u)", 40 + fixture->n));
}

static void
own_notifications (Fixture *fixture)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call };
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (
      "<node><interface name='org.freedesktop.Notifications'><method name='Notify'>"
      "<arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>"
      "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='as' direction='in'/>"
      "<arg type='a{sv}' direction='in'/><arg type='i' direction='in'/>"
      "<arg type='u' direction='out'/></method></interface></node>",
      &error);

  g_assert_no_error (error);
  fixture->connection = g_dbus_connection_new_for_address_sync (
      g_test_dbus_get_bus_address (fixture->daemon),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
          | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, &error);
  g_assert_no_error (error);
  fixture->registration
      = g_dbus_connection_register_object (fixture->connection, "/org/freedesktop/Notifications",
                                           node->interfaces[0], &vtable, fixture, NULL, &error);
  g_assert_no_error (error);
  reply = g_dbus_connection_call_sync (
      fixture->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "RequestName", g_variant_new ("(su)", "org.freedesktop.Notifications", 0), NULL,
      G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->daemon = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (fixture->daemon);
  own_notifications (fixture);
  share_steering_init (&fixture->steering);
  fixture->notifier = share_ui_notifier_new (&fixture->steering);
  fixture->session = fake_session_new ("web", NULL);
  fixture->channel = fake_channel_new (fixture->session);
  g_object_set (fixture->channel, "ready", TRUE, "port-opened", TRUE, NULL);
  share_ui_model_add_channel (fixture->steering.model, G_OBJECT (fixture->channel));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  /* Notices on their way hold the notifier. */
  wait_for (G_OBJECT (fixture->notifier)->ref_count == 1);
  g_assert_finalize_object (fixture->notifier);
  share_steering_clear (&fixture->steering);
  g_assert_finalize_object (fixture->channel);
  g_assert_finalize_object (fixture->session);
  g_dbus_connection_unregister_object (fixture->connection, fixture->registration);
  g_dbus_connection_close_sync (fixture->connection, NULL, NULL);
  g_clear_object (&fixture->connection);
  g_free (fixture->title);
  g_free (fixture->body);
  g_test_dbus_down (fixture->daemon);
  g_clear_object (&fixture->daemon);
}

static void
test_is_news (void)
{
  const gint64 s = G_USEC_PER_SEC;
  ShareSnapshot snapshot = { .connected_at = 100 * s };

  g_assert_true (share_ui_notifier_is_news (SHARE_UI_EVENT_FAILED, &snapshot, 100 * s, FALSE));
  g_assert_true (share_ui_notifier_is_news (SHARE_UI_EVENT_FAILED, &snapshot, 100 * s, TRUE));
  g_assert_true (share_ui_notifier_is_news (SHARE_UI_EVENT_STOPPED, &snapshot, 100 * s, FALSE));
  g_assert_false (share_ui_notifier_is_news (SHARE_UI_EVENT_STOPPED, &snapshot, 100 * s, TRUE));
  g_assert_false (share_ui_notifier_is_news (SHARE_UI_EVENT_STARTED, &snapshot, 101 * s, FALSE));
  g_assert_true (share_ui_notifier_is_news (SHARE_UI_EVENT_STARTED, &snapshot, 105 * s, FALSE));
  g_assert_false (share_ui_notifier_is_news (SHARE_UI_EVENT_STARTED, &snapshot, 105 * s, TRUE));
}

static void
test_told (Fixture *fixture, gconstpointer data)
{
  fake_channel_fail (fixture->channel, "The folder <gone> is gone.");
  wait_for (fixture->n == 1);
  g_assert_cmpstr (fixture->title, ==, "The folder for web cannot be shared");
  g_assert_cmpstr (fixture->body, ==, "The folder &lt;gone&gt; is gone.");
  g_assert_cmpuint (fixture->replaces, ==, 0);

  /* Not twice in ten seconds; another kind is another matter. */
  for (guint i = 0; i < 5; i++)
    fake_channel_fail (fixture->channel, "Again.");
  fake_channel_end (fixture->channel);
  wait_for (fixture->n == 2);
  g_assert_cmpstr (fixture->title, ==, "No folder is shared with web any more");

  /* The end of the connection is no news. */
  wait_for (G_OBJECT (fixture->notifier)->ref_count == 1);
  g_assert_cmpuint (fixture->n, ==, 2);
}

static void
test_disconnected (Fixture *fixture, gconstpointer data)
{
  g_object_set (fixture->channel, "ready", FALSE, NULL);
  fake_channel_end (fixture->channel);
  /* What the person at the window asked for. */
  g_object_set (fixture->channel, "ready", TRUE, NULL);
  share_ui_model_stop (fixture->steering.model);
  fake_channel_end (fixture->channel);
  g_assert_cmpuint (G_OBJECT (fixture->notifier)->ref_count, ==, 1);
  fake_channel_fail (fixture->channel, "The only one.");
  wait_for (fixture->n == 1);
  g_assert_cmpstr (fixture->body, ==, "The only one.");
}

static void
test_unwanted (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSettings) settings = g_settings_new ("org.spice-space.webdav.ui");

  g_settings_set_boolean (settings, "notifications", FALSE);
  fake_channel_fail (fixture->channel, "Not told.");
  g_assert_cmpuint (G_OBJECT (fixture->notifier)->ref_count, ==, 1);
  g_settings_reset (settings, "notifications");
  fake_channel_fail (fixture->channel, "Told.");
  wait_for (fixture->n == 1);
  g_assert_cmpstr (fixture->body, ==, "Told.");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  g_test_add_func ("/ui/notifier/is-news", test_is_news);
  ADD ("/ui/notifier/told", test_told);
  ADD ("/ui/notifier/disconnected", test_disconnected);
  ADD ("/ui/notifier/unwanted", test_unwanted);
  return g_test_run ();
}
