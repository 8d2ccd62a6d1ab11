/* See main-turn.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "transport/main-turn.h"

/* In us. */
#define TURN_MAX 2000

struct _MainTurn
{
  GSource source;
  gint64 start; /* of the first message since the last round, monotonic, in us; 0: none yet */
};

/* Every round of the main loop begins here, with the coroutine not running. */
static gboolean
prepare (GSource *source, gint *timeout)
{
  ((MainTurn *)source)->start = 0;
  return FALSE;
}

MainTurn *
main_turn_new (void)
{
  static GSourceFuncs funcs = { .prepare = prepare };
  GSource *source = g_source_new (&funcs, sizeof (MainTurn));

  g_source_set_static_name (source, "spice-share turns");
  g_source_attach (source, g_main_context_get_thread_default ());
  return (MainTurn *)source;
}

void
main_turn_free (MainTurn *self)
{
  g_source_destroy (&self->source);
  g_source_unref (&self->source);
}

gboolean
main_turn_is_due (MainTurn *self, gint64 now)
{
  if (self->start == 0)
    self->start = now;
  return now - self->start > TURN_MAX;
}
