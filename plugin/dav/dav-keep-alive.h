/* Makes libsoup keep alive the connections that it is handed (DESIGN P7).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/**
 * dav_keep_alive_enable:
 *
 * libsoup keeps a connection alive only if it listens somewhere: so it listens on a socket that
 * nobody can reach. In the worker; makes file system calls.
 *
 * Returns: %FALSE if there is no place for such a socket: then every connection ends with its first
 *   response
 */
gboolean dav_keep_alive_enable (SoupServer *soup);

G_END_DECLS
