/* Entity tags: making ours, and finding one in a list. RFC 9110 section 8.8.3.
 *
 * Pure functions, any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Room for one of our etags with quotes and NUL, in bytes: four numbers of 16 hex digits at most.
 */
#define DAV_ETAG_SIZE 72

/**
 * DavEtagMatch:
 * @DAV_ETAG_NO_MATCH: a well-formed list, and the etag is not in it
 * @DAV_ETAG_MATCH: it is, or the list is `*`
 * @DAV_ETAG_MALFORMED: no list of etags
 */
typedef enum
{
  DAV_ETAG_NO_MATCH,
  DAV_ETAG_MATCH,
  DAV_ETAG_MALFORMED,
} DavEtagMatch;

/**
 * dav_etag_format:
 * @inode: as `st_ino`
 * @size: bytes
 * @seconds: modification time
 * @nanoseconds: its fraction
 *
 * The strong etag of a file, quotes included.
 */
void dav_etag_format (guint64 inode,
                      guint64 size,
                      gint64 seconds,
                      guint32 nanoseconds,
                      char out[static DAV_ETAG_SIZE]);

/**
 * dav_etag_scan:
 * @cursor: (inout): where an etag must begin; moved behind it on success
 * @is_weak: (out)
 * @opaque: (out) (transfer none): the tag within @cursor's string, quotes included
 * @length: (out): its length in bytes
 *
 * Returns: %FALSE if there is no well-formed etag
 */
gboolean dav_etag_scan (const char **cursor, gboolean *is_weak, const char **opaque, gsize *length);

/**
 * dav_etag_list_match:
 * @list: value of If-Match or If-None-Match
 * @etag: (nullable): the current, strong etag of the resource; %NULL if it has none
 * @weakly: compare weakly (`W/"a"` equals `"a"`), else strongly
 *
 * `*` matches whatever @etag is; whether the resource exists is the caller's to know.
 */
DavEtagMatch dav_etag_list_match (const char *list, const char *etag, gboolean weakly);

G_END_DECLS
