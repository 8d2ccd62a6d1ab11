/* From errno to HTTP.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * dav_status_from_errno:
 * @error: a negative errno of a share's function
 *
 * The status to answer with where a method does not know a better one. Any thread.
 */
guint dav_status_from_errno (int error);

G_END_DECLS
