/* The channel as a type: it takes the stock one's place, and goes as it should. No connection.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "base/error.h"
#include "transport/share-channel.h"

static guint n_created;
static SpiceShareChannel *last_created;

static void
on_created (SpiceShareChannel *channel, gpointer user_data)
{
  n_created++;
  last_created = channel;
}

static void
install (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (spice_share_channel_install (on_created, NULL, &error));
  g_assert_no_error (error);
  n_created = 0;
}

static SpiceChannel *
new_channel (SpiceSession *session)
{
  return spice_channel_new (session, SPICE_CHANNEL_WEBDAV, 3);
}

static void
end_session (SpiceSession *session)
{
  spice_session_disconnect (session);
  g_object_unref (session);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_takes_the_place (void)
{
  SpiceSession *session = spice_session_new ();
  SpiceChannel *channel;
  gint id, type;

  install ();
  channel = new_channel (session);
  g_assert_true (SPICE_IS_SHARE_CHANNEL (channel));
  g_assert_true (SPICE_IS_WEBDAV_CHANNEL (channel));
  g_assert_true (SPICE_IS_PORT_CHANNEL (channel));
  g_assert_cmpuint (n_created, ==, 1);
  g_assert_true ((gpointer)last_created == (gpointer)channel);
  g_object_get (channel, "channel-id", &id, "channel-type", &type, NULL);
  g_assert_cmpint (id, ==, 3);
  g_assert_cmpint (type, ==, SPICE_CHANNEL_WEBDAV);
  g_assert_true (spice_session_has_channel_type (session, SPICE_CHANNEL_WEBDAV));

  /* Twice is once. */
  install ();
  new_channel (session);
  g_assert_cmpuint (n_created, ==, 1);
  end_session (session);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, gpointer user_data)
{
  *(GType *)user_data = G_OBJECT_TYPE (channel);
}

/* A viewer sees the channel for the first time in the middle of its construction. */
static void
test_is_announced_as_ours (void)
{
  SpiceSession *session = spice_session_new ();
  GType type = 0;

  install ();
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), &type);
  new_channel (session);
  g_assert_true (g_type_is_a (type, SPICE_TYPE_SHARE_CHANNEL));
  end_session (session);
}

static void
test_initial_state (void)
{
  SpiceSession *session = spice_session_new ();
  gboolean ready, sharing, read_only;
  g_autofree char *dir = NULL;
  gint64 connected_at, error_at;
  guint64 in, out, wire_in, wire_out, requests, refused;
  guint clients;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) transfers = NULL;

  install ();
  g_object_get (new_channel (session), "ready", &ready, "sharing", &sharing, "read-only",
                &read_only, "shared-dir", &dir, "connected-at", &connected_at, "last-error", &error,
                "last-error-at", &error_at, "bytes-in", &in, "bytes-out", &out, "wire-bytes-in",
                &wire_in, "wire-bytes-out", &wire_out, "clients", &clients, "requests", &requests,
                "refused", &refused, "transfers", &transfers, NULL);
  g_assert_false (ready || sharing || read_only);
  g_assert_null (dir);
  g_assert_null (error);
  g_assert_cmpint (connected_at, ==, 0);
  g_assert_cmpint (error_at, ==, 0);
  g_assert_cmpuint (in + out + wire_in + wire_out + requests + refused + clients, ==, 0);
  end_session (session);
}

static void
on_error (SpiceShareChannel *channel, const GError *error, gpointer user_data)
{
  *(GError **)user_data = g_error_copy (error);
}

static void
test_fail (void)
{
  SpiceSession *session = spice_session_new ();
  g_autoptr (GError) made
      = g_error_new (SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_REFUSED, "not the home folder");
  g_autoptr (GError) seen = NULL;
  g_autoptr (GError) last = NULL;
  SpiceChannel *channel;
  gint64 at, before = g_get_real_time ();

  install ();
  channel = new_channel (session);
  g_signal_connect (channel, "share-error", G_CALLBACK (on_error), &seen);
  spice_share_channel_report_error (SPICE_SHARE_CHANNEL (channel), made);
  g_assert_error (seen, SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_REFUSED);
  g_object_get (channel, "last-error", &last, "last-error-at", &at, NULL);
  g_assert_cmpstr (last->message, ==, "not the home folder");
  g_assert_cmpint (at, >=, before);
  end_session (session);
}

/* Asked for before there is a connection, nothing happens yet, and nothing is left behind. */
static void
test_share_before_connection (void)
{
  SpiceSession *session = spice_session_new ();
  SpiceChannel *channel;
  gboolean sharing;

  install ();
  channel = new_channel (session);
  g_signal_emit_by_name (channel, "share-directory", "/tmp", TRUE);
  g_object_get (channel, "sharing", &sharing, NULL);
  g_assert_false (sharing);
  g_signal_emit_by_name (channel, "share-directory", "", TRUE);
  g_signal_emit_by_name (channel, "stop-sharing");
  spice_share_channel_share (SPICE_SHARE_CHANNEL (channel), "/tmp", 0);
  end_session (session);
}

static void
test_dispose_twice (void)
{
  SpiceSession *session = spice_session_new ();
  SpiceChannel *channel;
  gpointer weak;

  install ();
  weak = channel = new_channel (session);
  g_object_add_weak_pointer (G_OBJECT (channel), &weak);
  g_object_ref (channel);
  end_session (session);
  g_object_run_dispose (G_OBJECT (channel));
  g_object_run_dispose (G_OBJECT (channel));
  g_object_unref (channel);
  g_assert_null (weak);
}

static void
test_compression (void)
{
  SpiceSession *session = spice_session_new ();
  SpiceChannel *channel;
  int mode;

  install ();
  channel = new_channel (session);
  for (int i = 0; i < 2; i++)
    {
      g_object_set (channel, "compression", SPICE_SHARE_COMPRESSION_NEVER, NULL);
      g_object_get (channel, "compression", &mode, NULL);
      g_assert_cmpint (mode, ==, SPICE_SHARE_COMPRESSION_NEVER);
      g_object_set (channel, "compression", SPICE_SHARE_COMPRESSION_ALWAYS, NULL);
    }
  end_session (session);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/share-channel/takes-the-place", test_takes_the_place);
  g_test_add_func ("/share-channel/is-announced-as-ours", test_is_announced_as_ours);
  g_test_add_func ("/share-channel/initial-state", test_initial_state);
  g_test_add_func ("/share-channel/fail", test_fail);
  g_test_add_func ("/share-channel/share-before-connection", test_share_before_connection);
  g_test_add_func ("/share-channel/dispose-twice", test_dispose_twice);
  g_test_add_func ("/share-channel/compression", test_compression);
  return g_test_run ();
}
