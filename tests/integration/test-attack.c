/* The table of attacks (tests/unit/dav/dav-attacks.c) by a guest on its port, through a SPICE
 * server, to a viewer in a process of its own, whose main loop answers after every single one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav-attacks.h"
#include "rig.h"

#define SECONDS 60

typedef struct
{
  Rig *rig;
  RigChild *viewer;
  gint64 last_id;
} Attacker;

/* Each on a connection of its own, which the guest closes. */
static guint
ask (const char *request, gsize length, GString *body, gpointer user_data)
{
  Attacker *self = user_data;
  gint64 id = ++self->last_id;
  g_autoptr (RigExchange) exchange = rig_peer_await (self->rig->peer, id);
  HttpReader *reader = exchange->reader;

  rig_peer_write (self->rig->peer, id, request, length);
  rig_exchange_wait (exchange);
  g_assert_cmpstr (reader->broken, ==, NULL);
  g_assert_cmpuint (reader->state, ==, HTTP_READER_DONE);
  g_string_append_len (body, (const char *)reader->body->data, reader->body->len);
  rig_peer_close_client (self->rig->peer, id);
  return reader->status;
}

static void
check_alive (gpointer user_data)
{
  Attacker *self = user_data;

  g_assert_true (rig_child_is_running (self->viewer));
  rig_child_ask (self->viewer, "stats", "stats ");
}

static void
test_table (Rig *rig)
{
  static const DavAttackOps ops = { ask, check_alive };
  g_autofree char *program = rig_program ("test-viewer");
  const char *const argv[] = { program, "--share", rig->share, rig->uri, NULL };
  g_autoptr (RigChild) viewer = NULL;
  Attacker attacker = { .rig = rig };

  dav_attacks_make_scene (rig->dir);
  attacker.viewer = viewer = rig_child_new (argv, NULL);
  rig_child_wait (viewer, "sharing-started", 1, SECONDS);
  rig_child_wait (viewer, "open", 1, SECONDS);
  dav_attacks_run (rig->dir, &ops, &attacker);
  /* It ends as one that was asked to. */
  rig_child_send (viewer, "quit");
  g_assert_cmpint (rig_child_wait_exit (viewer, SECONDS), ==, 0);
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  rig_test_add ("/attack/table", RIG_TCP, 60, test_table);
  return rig_test_run ();
}
