/* The If header: lists of state tokens and etags, tagged with a resource or not.
 *
 * RFC 4918 section 10.4. A header is read once (worker), its tokens are settled against the lock
 * table (worker, dav_if_settle_tokens()), and it is then evaluated wherever the etags can be read
 * (any thread, in the job that also acts on the outcome).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-path.h"

G_BEGIN_DECLS

/* What one header may hold; more is refused unread. */
#define DAV_IF_MAX_LISTS 256
#define DAV_IF_MAX_CONDITIONS 1024

typedef enum
{
  DAV_IF_OK,
  DAV_IF_MALFORMED, /* 400 */
  DAV_IF_TOO_LARGE, /* 400 as well: more lists or conditions than any client has locks */
} DavIfResult;

typedef struct _DavIf DavIf;

/**
 * DavIfHasToken:
 *
 * Returns: whether @token is a lock whose scope includes @path
 */
typedef gboolean (*DavIfHasToken) (const char *path, const char *token, gpointer user_data);

/**
 * DavIfGetEtag:
 *
 * Returns: (transfer full) (nullable): the strong etag of @path, quotes included; %NULL: none
 */
typedef char *(*DavIfGetEtag) (const char *path, gpointer user_data);

/**
 * dav_if_parse:
 * @value: the header; several joined by commas are malformed, as the grammar has none
 * @path: the path of the request, which untagged lists are about
 * @host: (nullable): its Host header, which tags must agree with
 * @self: (out) (transfer full): on success
 *
 * A tag that names another server, or nothing a share can hold, is one without state: no token and
 * no etag of it matches.
 */
DavIfResult dav_if_parse (const char *value, const char *path, const char *host, DavIf **self);

void dav_if_free (DavIf *self);

/**
 * dav_if_get_tokens:
 *
 * Returns: (transfer none) (array zero-terminated=1): the state tokens this header submits, which
 *   are all it mentions (RFC 4918 section 10.4.1)
 */
const char *const *dav_if_get_tokens (const DavIf *self);

/**
 * dav_if_settle_tokens:
 *
 * Decides every condition about a token, for dav_if_evaluate(). Worker.
 */
void dav_if_settle_tokens (DavIf *self, DavIfHasToken has_token, gpointer user_data);

/**
 * dav_if_needs_etags:
 *
 * Returns: whether dav_if_evaluate() may ask for one; if not it can run at once
 */
gboolean dav_if_needs_etags (const DavIf *self);

/**
 * dav_if_evaluate:
 * @get_etag: asked once for each list at most
 *
 * Returns: whether one of the lists holds; if not, answer 412. A condition about a token that was
 *   never settled does not hold.
 */
gboolean dav_if_evaluate (const DavIf *self, DavIfGetEtag get_etag, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavIf, dav_if_free)

G_END_DECLS
