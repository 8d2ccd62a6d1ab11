/* How long spice-gtk's coroutine may go on with messages before the main loop gets a turn.
 *
 * spice-gtk lets it go on for as long as there is something to read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MainTurn:
 *
 * A source of the thread's default context, which sees every round of the main loop.
 */
typedef struct _MainTurn MainTurn;

/**
 * main_turn_new:
 *
 * Returns: (transfer full): main_turn_free()
 */
MainTurn *main_turn_new (void);
void main_turn_free (MainTurn *self);

/**
 * main_turn_is_due:
 * @now: monotonic, in us
 *
 * To be asked for every message.
 *
 * Returns: whether 2 ms have passed since the first message after the main loop's last round
 */
gboolean main_turn_is_due (MainTurn *self, gint64 now);

G_END_DECLS
