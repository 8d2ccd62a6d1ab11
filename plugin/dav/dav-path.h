/* Request paths and hrefs: from the wire to a path of the share and back.
 *
 * A path of the share is a string of bytes without leading or trailing slash, "" for the root; its
 * segments are names as the file system holds them, in no particular encoding. Escapes are undone
 * here, once, and nowhere else. RFC 3986; RFC 4918 sections 8.3 and 10.3; RFC 9110 section 7.2.
 *
 * Pure functions, any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A path longer than this (in bytes, decoded) names no file of Linux: PATH_MAX with its NUL. */
#define DAV_PATH_MAX 4095

/**
 * DavPathResult:
 * @DAV_PATH_OK: the path is good
 * @DAV_PATH_MALFORMED: no path at all: bad escape, NUL, no slash in front, a query or fragment
 * @DAV_PATH_FORBIDDEN: a segment is `.` or `..`
 * @DAV_PATH_IMPOSSIBLE: no file can have this name: an escaped slash in it, or too long
 * @DAV_PATH_FOREIGN: it names another server
 */
typedef enum
{
  DAV_PATH_OK,
  DAV_PATH_MALFORMED,
  DAV_PATH_FORBIDDEN,
  DAV_PATH_IMPOSSIBLE,
  DAV_PATH_FOREIGN,
} DavPathResult;

/**
 * dav_path_decode:
 * @raw: the path of a request as it came, still escaped, without query
 * @path: (out) (transfer full): on success the path in the share
 * @trailing_slash: (out): whether @raw ended in a slash (the root does)
 *
 * Empty segments (`//`) are skipped, as every Unix does.
 */
DavPathResult dav_path_decode (const char *raw, char **path, gboolean *trailing_slash);

/**
 * dav_path_decode_reference:
 * @reference: an absolute URI or an absolute path: value of Destination, Resource-Tag of If
 * @host: (nullable): the Host header of the request it came with
 *
 * As dav_path_decode(), for a reference that must point into this very server.
 */
DavPathResult dav_path_decode_reference (const char *reference, const char *host, char **path);

/**
 * dav_path_result_get_status:
 *
 * Returns: the HTTP status that answers a request path with this result (400, 403, 404, 502)
 */
guint dav_path_result_get_status (DavPathResult result);

/**
 * dav_path_append_href:
 * @out: appended to
 * @path: a path of the share
 * @is_folder: whether to end in a slash
 *
 * Appends the absolute path reference of @path. All but the unreserved characters of RFC 3986 are
 * escaped, so the result stands as it is in XML, HTML and header values, and dav_path_decode()
 * gives back every byte.
 */
void dav_path_append_href (GString *out, const char *path, gboolean is_folder);

/**
 * dav_path_is_within:
 *
 * Returns: whether @path is @ancestor or lies beneath it
 */
gboolean dav_path_is_within (const char *path, const char *ancestor);

/**
 * dav_path_get_parent:
 *
 * Returns: (transfer full) (nullable): the path of the folder @path is in; %NULL for the root
 */
char *dav_path_get_parent (const char *path);

/**
 * dav_path_get_name:
 *
 * Returns: (transfer none): the last segment of @path; "" for the root
 */
const char *dav_path_get_name (const char *path);

G_END_DECLS
