/* Everything a guest was seen to get away with, or might try: after every single request the
 * outside is the same byte for byte, the share is whole, and an ordinary request is served.
 *
 * One table for the server by itself (test-dav-attack.c) and for the whole way through a SPICE
 * server and a viewer process (tests/integration/test-attack.c).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * DavAttackOps:
 * @ask: sends a request on a connection of its own; appends the content of the response to @body,
 *   and returns its status; fails the test if there is no response
 * @check_alive: fails the test unless whoever serves lives and answers
 */
typedef struct
{
  guint (*ask) (const char *request, gsize length, GString *body, gpointer user_data);
  void (*check_alive) (gpointer user_data);
} DavAttackOps;

/**
 * dav_attacks_make_scene:
 *
 * Fills @base/share, which is to be shared, and @base/outside, which nobody may touch.
 */
void dav_attacks_make_scene (const char *base);

/**
 * dav_attacks_run:
 * @base: with the scene, and base/share being shared
 */
void dav_attacks_run (const char *base, const DavAttackOps *ops, gpointer user_data);

G_END_DECLS
