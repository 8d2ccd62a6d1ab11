/* The SoupServer of the mux's tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "mux-fixture.h"

G_BEGIN_DECLS

/**
 * mux_server_new:
 * @f: what it does is noted there
 *
 * The remote address of a connection has its stream as data "stream". See #Fixture for the paths.
 *
 * Returns: (transfer full): a server that keeps connections alive
 */
SoupServer *mux_server_new (Fixture *f);

G_END_DECLS
