/* What the head of a request alone is enough to refuse (DESIGN P14; RFC 9110).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-request.h"

G_BEGIN_DECLS

/**
 * dav_head_is_trusted_origin:
 *
 * Whether it was meant for this address under its own name: a page in the guest's browser may
 * rebind a name of its own to the address the share is served at.
 */
gboolean dav_head_is_trusted_origin (DavRequest *request);

/**
 * dav_head_judge:
 * @request: whose method is known, if it has one
 *
 * Returns: a status to answer with before the body is read, or 0
 */
guint dav_head_judge (DavRequest *request);

G_END_DECLS
