/* The command as a person runs it, with a stand-in channel on a session bus of the test's own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "fake-channel.h"
#include "rig-wait.h"

#include "bus/share-bus.h"
#include "cli/exit-status.h"

#include <string.h>

#define wait_for(condition) rig_wait_until (condition, 20)

typedef struct
{
  GTestDBus *daemon;
  ShareBus *bus;
  FakeSession *session;
  FakeChannel *channel;
  char *folder;
  char *photos;
  const char *command; /* (nullable): to run; the built one */
  const char *backend; /* (nullable): of GSettings; a keyfile */
} Fixture;

typedef struct
{
  GSubprocess *process;
  char *out;
  char *err;
  gboolean done;
} Run;

void set_up (Fixture *fixture, gconstpointer data);
void tear_down (Fixture *fixture, gconstpointer data);

/* Until somebody has @name on the session bus. */
void wait_for_name (const char *name);

/* The viewer ends its connection; the program stays on the bus. */
void close_viewer (Fixture *fixture);

/* Runs it with words up to NULL, while this process plays the viewer; returns its exit status. */
int run (Fixture *fixture, Run *result, ...) G_GNUC_NULL_TERMINATED;
void run_clear (Run *result);

/* What the real channel does when it is asked. */
void on_asked (FakeChannel *channel, const char *dir, gboolean read_only, gpointer user_data);

/* What GSettings has written. */
char *read_keyfile (Fixture *fixture);
/* What it finds; there has to be something already. */
void write_keyfile (Fixture *fixture, const char *text);

#define assert_contains(text, part)                                                                \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (strstr (text, part) == NULL)                                                               \
      g_error ("%s:%d: “%s” is not in “%s”", __FILE__, __LINE__, part, text);                      \
  }                                                                                                \
  G_STMT_END
