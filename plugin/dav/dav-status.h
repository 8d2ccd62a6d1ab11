/* From errno to HTTP.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* RFC 4918 section 11; libsoup has no names for these. */
#define DAV_STATUS_MULTI_STATUS 207
#define DAV_STATUS_UNPROCESSABLE 422
#define DAV_STATUS_LOCKED 423
#define DAV_STATUS_FAILED_DEPENDENCY 424
#define DAV_STATUS_INSUFFICIENT_STORAGE 507

/**
 * dav_status_from_errno:
 * @error: a negative errno of a share's function
 *
 * The status to answer with where a method does not know a better one. Any thread.
 */
guint dav_status_from_errno (int error);

/**
 * dav_status_get_phrase:
 *
 * Returns: (transfer none): the reason phrase of @status, those of WebDAV included
 */
const char *dav_status_get_phrase (guint status);

G_END_DECLS
