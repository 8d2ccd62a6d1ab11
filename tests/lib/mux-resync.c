/* See mux-resync.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux-resync.h"

#include <string.h>

#define ID_SIZE 8
#define HEADER_SIZE 10

static const char response_start[] = "HTTP/1.1 ";

gboolean
mux_resync_feed (MuxResync *self, const guint8 *data, gsize size, guint8 *frame, gsize *used)
{
  gint64 id_le = GINT64_TO_LE (self->id);
  g_autoptr (GByteArray) all = g_byte_array_sized_new (self->n_tail + size);
  guint n_tail = self->n_tail;

  g_byte_array_append (all, self->tail, n_tail);
  g_byte_array_append (all, data, size);
  for (gsize at = 0; at + MUX_RESYNC_MATCH <= all->len; at++)
    if (memcmp (all->data + at, &id_le, ID_SIZE) == 0
        && memcmp (all->data + at + HEADER_SIZE, response_start, strlen (response_start)) == 0)
      {
        memcpy (frame, all->data + at, MUX_RESYNC_MATCH);
        *used = at + MUX_RESYNC_MATCH - n_tail;
        return TRUE;
      }

  self->n_tail = MIN (all->len, sizeof self->tail);
  memcpy (self->tail, all->data + all->len - self->n_tail, self->n_tail);
  *used = size;
  return FALSE;
}
