/* Requests that were refused, and why, for a person who wonders what the guest runs into.
 *
 * Only what a person can do something about is counted. A name that does not exist, a lock or a
 * failed condition is an answer like any other.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _DavRequest DavRequest;

/**
 * DavRefusal:
 * @DAV_REFUSAL_NONE: it was not refused
 * @DAV_REFUSAL_NOT_SHARED: no folder is shared (503)
 * @DAV_REFUSAL_READ_ONLY: a change, of a folder that is shared read-only (403)
 * @DAV_REFUSAL_FOREIGN: Host or Origin is not the guest itself (403; DESIGN P14)
 * @DAV_REFUSAL_OUTSIDE: the path, or a link on it, leaves the folder (403)
 * @DAV_REFUSAL_PERMISSION: this user may not do that on the host (403)
 * @DAV_REFUSAL_NO_SPACE: the host's disk, or this user's quota, is full (507)
 */
typedef enum
{
  DAV_REFUSAL_NONE,
  DAV_REFUSAL_NOT_SHARED,
  DAV_REFUSAL_READ_ONLY,
  DAV_REFUSAL_FOREIGN,
  DAV_REFUSAL_OUTSIDE,
  DAV_REFUSAL_PERMISSION,
  DAV_REFUSAL_NO_SPACE,
} DavRefusal;

/* What of a refused request's target is kept, in bytes. */
#define DAV_REFUSAL_TARGET_MAX 1024

/**
 * DavRefusals:
 * @n: how many there were
 * @at: when the last one was, unix time in us
 * @request: (nullable) (owned): its method and target, UTF-8
 */
typedef struct
{
  guint64 n;
  DavRefusal reason;
  gint64 at;
  char *request;
} DavRefusals;

/**
 * dav_refusal_from_errno:
 * @error: a negative errno of a share's function
 */
DavRefusal dav_refusal_from_errno (int error);

/**
 * dav_refusals_note:
 * @request: one that is over; counted if it has a #DavRefusal
 */
void dav_refusals_note (DavRefusals *self, const DavRequest *request);

/**
 * dav_refusals_get_last:
 *
 * Returns: (transfer full): a floating GVariant (xss), as SpiceShareChannel:last-refusal
 */
GVariant *dav_refusals_get_last (const DavRefusals *self);

void dav_refusals_clear (DavRefusals *self);

G_END_DECLS
