/* See share-signals.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-signals.h"

void
fake_add_signals (GType type, GCallback share_directory, GCallback stop_sharing)
{
  g_signal_new ("ready", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("sharing-started", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                G_TYPE_STRING, G_TYPE_BOOLEAN);
  g_signal_new ("sharing-stopped", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("share-error", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_ERROR);
  g_signal_new_class_handler ("share-directory", type, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
                              share_directory, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING,
                              G_TYPE_BOOLEAN);
  g_signal_new_class_handler ("stop-sharing", type, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
                              stop_sharing, NULL, NULL, NULL, G_TYPE_NONE, 0);
}
