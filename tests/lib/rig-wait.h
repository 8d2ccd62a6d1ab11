/* Waiting in a test: for a condition, with a deadline, while the main context goes round.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#include "patience.h"

G_BEGIN_DECLS

/* Conditions that no event of the main context announces are looked at this often. */
#define RIG_WAIT_TICK_MS 2

static inline gboolean
rig_wait_tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/**
 * rig_wait_until:
 * @condition: an expression, evaluated after each turn of the default main context
 * @seconds: how long, but for patience.h; then the test fails
 */
#define rig_wait_until(condition, seconds)                                                         \
  G_STMT_START                                                                                     \
  {                                                                                                \
    int rig_wait_seconds = (seconds)*patience ();                                                  \
    gint64 rig_wait_end = g_get_monotonic_time () + rig_wait_seconds * G_USEC_PER_SEC;             \
    guint rig_wait_id = g_timeout_add (RIG_WAIT_TICK_MS, rig_wait_tick, NULL);                     \
    while (!(condition))                                                                           \
      {                                                                                            \
        if (g_get_monotonic_time () > rig_wait_end)                                                \
          g_error ("%s:%d: %s: not within %d s", __FILE__, __LINE__, #condition,                   \
                   rig_wait_seconds);                                                              \
        g_main_context_iteration (NULL, TRUE);                                                     \
      }                                                                                            \
    g_source_remove (rig_wait_id);                                                                 \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
