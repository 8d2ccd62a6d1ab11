/* Debug output for engineers: off by default, and free when off.
 *
 * Turn on with G_MESSAGES_DEBUG=spice-share. Warnings are for people and go through g_warning().
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * share_debug_enabled:
 *
 * Whether anyone listens to this domain's debug messages. Any thread.
 */
#define share_debug_enabled() (!g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, G_LOG_DOMAIN))

/**
 * share_debug:
 *
 * g_debug() whose arguments are not even evaluated when nobody listens. Any thread.
 */
#define share_debug(...)                                                                           \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (G_UNLIKELY (share_debug_enabled ()))                                                       \
      g_debug (__VA_ARGS__);                                                                       \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
