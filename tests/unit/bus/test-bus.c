/* org.spice_space.Share1 on a session bus of the test's own, seen from a second connection.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fake-channel.h"
#include "rig-wait.h"

#include "bus/channel-object.h"
#include "bus/share-bus.h"

#include <unistd.h>

#define wait_for(condition) rig_wait_until (condition, 10)

typedef struct
{
  GTestDBus *daemon;
  ShareBus *bus;
  FakeSession *session;
  FakeChannel *channel;
  GDBusConnection *connection;
  GDBusObjectManager *manager;
  ShareBusShare1 *proxy;
} Fixture;

static char *
own_name (void)
{
  return g_strdup_printf ("org.spice_space.Share1.p%d", (int)getpid ());
}

static ShareBusShare1 *
find_proxy (Fixture *fixture)
{
  g_autolist (GDBusObject) objects = g_dbus_object_manager_get_objects (fixture->manager);
  g_autoptr (GDBusInterface) interface = NULL;

  if (objects == NULL)
    return NULL;
  g_assert_cmpuint (g_list_length (objects), ==, 1);
  interface = g_dbus_object_get_interface (objects->data, "org.spice_space.Share1");
  if (interface == NULL)
    return NULL;
  return SHARE_BUS_SHARE1 (g_steal_pointer (&interface));
}

static void
got_manager (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GError) error = NULL;

  fixture->manager = share_bus_object_manager_client_new_finish (result, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = own_name ();
  g_autoptr (GError) error = NULL;

  fixture->daemon = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (fixture->daemon);
  fixture->connection = g_dbus_connection_new_for_address_sync (
      g_test_dbus_get_bus_address (fixture->daemon),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
          | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, &error);
  g_assert_no_error (error);

  fixture->bus = share_bus_new ();
  fixture->session = fake_session_new ("web", fake_uuid);
  fixture->channel = fake_channel_new (fixture->session);
  share_bus_add_channel (fixture->bus, G_OBJECT (fixture->channel));

  share_bus_object_manager_client_new (fixture->connection, G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_NONE,
                                       name, "/org/spice_space/Share1", NULL, got_manager, fixture);
  wait_for (fixture->manager != NULL);
  wait_for ((fixture->proxy = find_proxy (fixture)) != NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->proxy);
  g_clear_object (&fixture->manager);
  g_assert_finalize_object (fixture->bus);
  g_clear_object (&fixture->channel);
  g_assert_finalize_object (fixture->session);
  g_dbus_connection_close_sync (fixture->connection, NULL, NULL);
  g_clear_object (&fixture->connection);
  g_test_dbus_down (fixture->daemon);
  g_clear_object (&fixture->daemon);
}

static gint64
get_refused_at (ShareBusShare1 *proxy)
{
  gint64 at;

  g_variant_get (share_bus_share1_get_last_refusal (proxy), "(xss)", &at, NULL, NULL);
  return at;
}

static void
test_properties (Fixture *fixture, gconstpointer data)
{
  ShareBusShare1 *proxy = fixture->proxy;

  g_assert_cmpstr (share_bus_share1_get_vm_name (proxy), ==, "web");
  g_assert_cmpstr (share_bus_share1_get_vm_uuid (proxy), ==, FAKE_UUID);
  g_assert_false (share_bus_share1_get_sharing (proxy));
  g_assert_cmpstr (share_bus_share1_get_shared_dir (proxy), ==, "");
  g_assert_cmpstr (share_bus_share1_get_last_error (proxy), ==, "");
  g_assert_cmpint (get_refused_at (proxy), ==, 0);

  g_object_set (fixture->channel, "port-opened", TRUE, "bytes-in", (guint64)1 << 40, "requests",
                (guint64)7, "clients", 3, "refused", (guint64)2, "last-refusal",
                g_variant_new ("(xss)", (gint64)5, "outside", "GET /link"), NULL);
  /* A name that is no UTF-8 gets through. */
  fake_channel_start (fixture->channel, "/srv/\377x", TRUE);
  wait_for (share_bus_share1_get_sharing (proxy) && share_bus_share1_get_requests (proxy) == 7);
  g_assert_cmpstr (share_bus_share1_get_shared_dir (proxy), ==, "/srv/\377x");
  g_assert_true (share_bus_share1_get_read_only (proxy));
  g_assert_true (share_bus_share1_get_guest_open (proxy));
  g_assert_cmpuint (share_bus_share1_get_bytes_in (proxy), ==, (guint64)1 << 40);
  g_assert_cmpuint (share_bus_share1_get_clients (proxy), ==, 3);
  g_assert_cmpuint (share_bus_share1_get_refused (proxy), ==, 2);
  g_assert_cmpint (get_refused_at (proxy), ==, 5);

  fake_channel_fail (fixture->channel, "Gone.");
  wait_for (share_bus_share1_get_last_error_at (proxy) != 0);
  g_assert_cmpstr (share_bus_share1_get_last_error (proxy), ==, "Gone.");
}

static void
on_transfers (ShareBusShare1 *proxy, GVariant *transfers, GVariant **seen)
{
  g_clear_pointer (seen, g_variant_unref);
  *seen = g_variant_ref (transfers);
}

static void
on_got_transfers (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  share_bus_share1_call_get_transfers_finish (SHARE_BUS_SHARE1 (source), user_data, result, &error);
  g_assert_no_error (error);
}

static void
test_transfers (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) seen = NULL;
  g_autoptr (GVariant) none = NULL;
  g_autoptr (GVariant) got = NULL;
  g_autoptr (GVariant) set = g_variant_ref_sink (
      g_variant_new_parsed ("[(uint64 1, 'a.iso', 'upload', uint64 10, uint64 20, int64 5)]"));

  share_bus_share1_call_get_transfers (fixture->proxy, NULL, on_got_transfers, &none);
  wait_for (none != NULL);
  g_assert_cmpuint (g_variant_n_children (none), ==, 0);

  g_signal_connect (fixture->proxy, "transfers-changed", G_CALLBACK (on_transfers), &seen);
  g_object_set (fixture->channel, "transfers", set, NULL);
  wait_for (seen != NULL);
  g_assert_true (g_variant_equal (seen, set));
  share_bus_share1_call_get_transfers (fixture->proxy, NULL, on_got_transfers, &got);
  wait_for (got != NULL);
  g_assert_true (g_variant_equal (got, set));
}

typedef struct
{
  gboolean done;
  char *failure;
} Answer;

static void
on_shared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  g_autoptr (GError) error = NULL;
  gboolean ok = share_bus_share1_call_share_finish (SHARE_BUS_SHARE1 (source), result, &error);

  answer->done = TRUE;
  g_clear_pointer (&answer->failure, g_free);
  if (!ok)
    {
      g_autofree char *name = g_dbus_error_get_remote_error (error);

      g_assert_cmpstr (name, ==, CHANNEL_OBJECT_ERROR_FAILED);
      g_dbus_error_strip_remote_error (error);
      answer->failure = g_strdup (error->message);
    }
}

static void
ask (Fixture *fixture, const char *dir, gboolean read_only, Answer *answer)
{
  *answer = (Answer){ 0 };
  share_bus_share1_call_share (fixture->proxy, dir, read_only, NULL, on_shared, answer);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  share_bus_share1_call_stop_finish (SHARE_BUS_SHARE1 (source), result, &error);
  g_assert_no_error (error);
  *(gboolean *)user_data = TRUE;
}

static void
test_share (Fixture *fixture, gconstpointer data)
{
  Answer answer;
  gboolean stopped = FALSE;

  ask (fixture, "/srv/a", TRUE, &answer);
  wait_for (fake_channel_count_share (fixture->channel) == 1);
  g_assert_false (answer.done);
  g_assert_cmpstr (fake_channel_get_asked_dir (fixture->channel), ==, "/srv/a");
  g_assert_true (fake_channel_get_asked_read_only (fixture->channel));
  fake_channel_start (fixture->channel, "/srv/a", TRUE);
  wait_for (answer.done);
  g_assert_cmpstr (answer.failure, ==, NULL);

  /* What is shared already is not asked for again. */
  ask (fixture, "/srv/a", TRUE, &answer);
  wait_for (answer.done);
  g_assert_cmpstr (answer.failure, ==, NULL);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 1);

  ask (fixture, "/srv/b", FALSE, &answer);
  wait_for (fake_channel_count_share (fixture->channel) == 2);
  fake_channel_fail (fixture->channel, "“b” does not exist.");
  wait_for (answer.done);
  g_assert_cmpstr (answer.failure, ==, "“b” does not exist.");
  g_clear_pointer (&answer.failure, g_free);

  ask (fixture, "b", FALSE, &answer);
  wait_for (answer.done);
  g_assert_nonnull (answer.failure);
  g_clear_pointer (&answer.failure, g_free);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, 2);

  share_bus_share1_call_stop (fixture->proxy, NULL, on_stopped, &stopped);
  wait_for (stopped);
  g_assert_cmpuint (fake_channel_count_stop (fixture->channel), ==, 1);
}

/* More callers than may wait: those are refused, the others are answered. */
static void
test_share_many (Fixture *fixture, gconstpointer data)
{
  Answer answers[CHANNEL_OBJECT_MAX_WAITING + 3];
  guint n_refused = 0;

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    ask (fixture, "/srv/a", FALSE, &answers[i]);
  wait_for (answers[G_N_ELEMENTS (answers) - 1].done);
  fake_channel_start (fixture->channel, "/srv/a", FALSE);
  wait_for (answers[0].done);
  wait_for (answers[CHANNEL_OBJECT_MAX_WAITING - 1].done);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    if (answers[i].failure != NULL)
      {
        n_refused++;
        g_free (answers[i].failure);
      }
  g_assert_cmpuint (n_refused, ==, 3);
  g_assert_cmpuint (fake_channel_count_share (fixture->channel), ==, CHANNEL_OBJECT_MAX_WAITING);
}

/* The channel goes: whoever waits is told, and the object leaves the bus. */
static void
test_gone (Fixture *fixture, gconstpointer data)
{
  Answer answer;

  ask (fixture, "/srv/a", FALSE, &answer);
  wait_for (fake_channel_count_share (fixture->channel) == 1);
  g_assert_finalize_object (fixture->channel);
  fixture->channel = NULL;
  wait_for (answer.done);
  g_assert_nonnull (answer.failure);
  g_clear_pointer (&answer.failure, g_free);
  g_clear_object (&fixture->proxy);
  wait_for (find_proxy (fixture) == NULL);

  /* The next one has a path of its own. */
  fixture->channel = fake_channel_new (fixture->session);
  share_bus_add_channel (fixture->bus, G_OBJECT (fixture->channel));
  share_bus_add_channel (fixture->bus, G_OBJECT (fixture->channel));
  wait_for ((fixture->proxy = find_proxy (fixture)) != NULL);
  g_assert_cmpstr (g_dbus_proxy_get_object_path (G_DBUS_PROXY (fixture->proxy)), ==,
                   "/org/spice_space/Share1/channel2");
}

static void
on_no_bus (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GDBusConnection) connection = g_bus_get_finish (result, user_data);

  g_assert_null (connection);
}

/* Without a bus nothing happens, and nothing is said (warnings are fatal here). Last of the tests:
 * whoever asks for the bus while an attempt to reach it goes on shares how that ends. */
static void
test_no_bus (void)
{
  ShareBus *bus;
  FakeChannel *channel = fake_channel_new (NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", TRUE));
  bus = share_bus_new ();
  share_bus_add_channel (bus, G_OBJECT (channel));
  g_bus_get (G_BUS_TYPE_SESSION, NULL, on_no_bus, &error);
  wait_for (error != NULL);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  fake_channel_start (channel, "/srv/a", FALSE);
  g_assert_finalize_object (channel);
  g_assert_finalize_object (bus);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/bus/properties", test_properties);
  ADD ("/bus/transfers", test_transfers);
  ADD ("/bus/share", test_share);
  ADD ("/bus/share/many", test_share_many);
  ADD ("/bus/gone", test_gone);
  g_test_add_func ("/no-bus/silent", test_no_bus);
  return g_test_run ();
}
