/* Names of hosts: who may ask for the share, and whether two authorities are the same.
 *
 * Any page in the guest's browser can rebind its name to 127.0.0.1 and read http://localhost:9843
 * (DESIGN P14). RFC 9110 sections 4.2 and 7.2. Pure functions, any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * dav_host_is_local:
 * @host: (nullable): a Host header: name or address, maybe a port
 *
 * Returns: whether it is one that nobody outside can own: a loopback address, localhost, a single
 *   label that is no number, or a name in .local. A dot at the end is not accepted: it turns a
 *   label into a top-level domain.
 */
gboolean dav_host_is_local (const char *host);

/**
 * dav_origin_is_local:
 * @origin: an Origin header
 *
 * Returns: whether it is http or https and its host is one dav_host_is_local() accepts; `null` is
 *   not
 */
gboolean dav_origin_is_local (const char *origin);

/**
 * dav_host_equal:
 * @a: authority of an http URI, @a_length bytes
 * @b: (nullable): a Host header
 *
 * Returns: whether they are the same host and port; the default is 80
 */
gboolean dav_host_equal (const char *a, gsize a_length, const char *b);

G_END_DECLS
