/* What can be refused by the head of a request alone (DESIGN P14; RFC 9110).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-request.h"

G_BEGIN_DECLS

/**
 * dav_head_is_trusted_origin:
 *
 * Whether the request calls this server by a name of its own: a page in the guest's browser may
 * rebind the page's name to the address the share is served at.
 */
gboolean dav_head_is_trusted_origin (DavRequest *request);

/**
 * dav_head_judge:
 * @request: its method is set already, unless nobody knows it
 *
 * Returns: a status to answer with before the body is read, or 0
 */
guint dav_head_judge (DavRequest *request);

G_END_DECLS
