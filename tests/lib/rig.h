/* The fixture of the integration tests: a temporary folder, a real SPICE server beside the test,
 * a guest on its port, and a watchdog over all of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "rig-child.h"
#include "rig-peer.h"
#include "rig-wait.h"

G_BEGIN_DECLS

/**
 * RigFlags:
 * @RIG_UNIX: the viewer connects by a UNIX socket
 * @RIG_TLS: by TLS, with a ticket
 * @RIG_PTY: the guest's side is a pty with the real spice-webdavd on it, and there is no peer
 * @RIG_OTHER_PORT: the port has another name, so the channel has type 10
 *
 * Without any: TCP without a password.
 */
typedef enum
{
  RIG_TCP = 0,
  RIG_UNIX = 1 << 0,
  RIG_TLS = 1 << 1,
  RIG_PTY = 1 << 2,
  RIG_OTHER_PORT = 1 << 3,
} RigFlags;

#define RIG_TICKET "open sesame"

/* SPICE_CHANNEL_PORT, SPICE_CHANNEL_WEBDAV of spice-protocol, as spice-rig prints them. */
#define RIG_CHANNEL_WEBDAV 11

/**
 * Rig:
 * @dir: (type filename): a temporary folder, removed at the end
 * @share: (type filename): an empty folder in it
 * @uri: what a viewer connects to
 * @tcp_port: of the server (TCP and TLS), 0 otherwise
 * @ca_file: (nullable): certificate of the server (TLS)
 * @password: (nullable): its ticket (TLS)
 * @server: spice-rig
 * @peer: (nullable): the guest; %NULL with RIG_PTY
 * @guest_path: (type filename): the socket or the pty of the guest's side
 * @daemon: (nullable): webdavd-run, with RIG_PTY
 * @url: (nullable): where the guest's programs find the share, with RIG_PTY; no slash at the end
 */
typedef struct
{
  char *dir;
  char *share;
  char *uri;
  guint16 tcp_port;
  char *ca_file;
  const char *password;
  RigChild *server;
  RigPeer *peer;
  char *guest_path;
  RigChild *daemon;
  char *url;
} Rig;

/**
 * RigTest:
 *
 * A test with a rig of its own, made before and taken down after it.
 */
typedef void (*RigTest) (Rig *rig);

/**
 * rig_test_init:
 *
 * g_test_init(), and a HOME and XDG folders of this process's own, removed by rig_test_run().
 */
void rig_test_init (int *argc, char ***argv);

/**
 * rig_test_add:
 * @seconds: when the watchdog aborts the test; at most this, whatever hangs
 */
void rig_test_add (const char *path, RigFlags flags, guint seconds, RigTest test);

int rig_test_run (void);

/**
 * rig_test_allow_warning:
 * @text: (transfer none): a warning of spice-gtk's own, word for word; static
 *
 * Every other warning ends the test (G_DEBUG=fatal-warnings).
 */
void rig_test_allow_warning (const char *text);

/* How often an allowed warning came, in this process. */
guint rig_test_count_warnings (void);

Rig *rig_new (RigFlags flags);
void rig_free (Rig *self);

/* The guest's program ends and another one opens the port: a new peer. */
void rig_reconnect_guest (Rig *self);

/* A file in the share. */
void rig_write_file (Rig *self, const char *name, gconstpointer data, gsize len);

/**
 * rig_make_file:
 * @size: its length; beyond 64 MiB it is a hole, for tests that never come that far
 */
void rig_make_file (Rig *self, const char *name, RigContent content, guint64 size);

/* There is @name in the share, and nothing else, hidden or not. */
void rig_assert_only_file (Rig *self, const char *name);

/* How many times the server said that a channel of this type was up. */
guint rig_count_channel (Rig *self, guint type);

/* Resident memory of the server process, in KiB. */
guint64 rig_get_server_rss_kib (Rig *self);

/**
 * rig_run:
 * @output: (optional) (out): what it printed on standard output
 *
 * Runs a program, as @argv[0] is found in PATH, while the main context goes round.
 *
 * Returns: its exit status; -1 for a death by a signal. Fails the test after @seconds.
 */
int rig_run (const char *const *argv, guint seconds, char **output);

/* Path of a program built with the tests ("spice-rig", "test-viewer"). */
char *rig_program (const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

G_END_DECLS
