/* The small header fields of WebDAV: Depth, Overwrite, Timeout, Lock-Token.
 *
 * RFC 4918 section 10. Pure functions, any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How long a lock lives, in seconds: what a client asks for is kept within these bounds;
 * "Infinite" becomes the longest, and who does not ask gets the default. */
#define DAV_TIMEOUT_MIN 1
#define DAV_TIMEOUT_DEFAULT 600
#define DAV_TIMEOUT_MAX (24 * 60 * 60)

/* Longest lock token (in bytes) anything here reads or compares. */
#define DAV_TOKEN_MAX 256

typedef enum
{
  DAV_DEPTH_0,
  DAV_DEPTH_1,
  DAV_DEPTH_INFINITY,
  DAV_DEPTH_INVALID, /* answer 400 */
} DavDepth;

/**
 * dav_depth_parse:
 * @value: (nullable): the header; without it every method takes infinity for meant
 */
DavDepth dav_depth_parse (const char *value);

/**
 * dav_overwrite_parse:
 * @value: (nullable): the header; absent means yes
 *
 * Returns: %FALSE if it is neither T nor F (answer 400)
 */
gboolean dav_overwrite_parse (const char *value, gboolean *overwrite);

/**
 * dav_timeout_parse:
 * @value: (nullable): the header, a list: the first entry that is understood counts
 *
 * Returns: seconds, within #DAV_TIMEOUT_MIN and #DAV_TIMEOUT_MAX
 */
guint dav_timeout_parse (const char *value);

/**
 * dav_lock_token_parse:
 * @value: (nullable): a Lock-Token header: `<` absolute URI `>`
 *
 * Returns: (transfer full) (nullable): the URI; %NULL if absent or malformed
 */
char *dav_lock_token_parse (const char *value);

G_END_DECLS
