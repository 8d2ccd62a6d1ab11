/* The XML of answers: multistatus, lock discovery, errors (RFC 4918 section 14).
 *
 * Appended to a string piece by piece, so that a listing of any length needs no tree: the caller
 * sends and empties the string as it goes. Worker thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-lock.h"
#include "dav/dav-props.h"
#include "dav/dav-xml-read.h"
#include "dav/dav-xml-text.h"

G_BEGIN_DECLS

#define DAV_XML_CONTENT_TYPE "application/xml; charset=\"utf-8\""

/**
 * DavResource:
 * @path: a path of the share
 * @inode: for the etag
 * @size: bytes (files)
 * @mtime: seconds since 1970
 * @mtime_ns: its fraction
 * @birth_time: seconds since 1970, %G_MININT64 if the file system has none
 * @content_type: (nullable): of a file
 * @is_read_only: it cannot be locked, so supportedlock is empty
 * @has_quota: the two after it are known
 * @quota_available: bytes this user may still write
 * @quota_used: bytes in use
 * @props: (nullable) (element-type DavProp): dead properties
 * @locks: (nullable) (element-type DavLock): those that cover it
 * @now: monotonic, microseconds: what is left of a lock
 *
 * What a listing says of one file or folder; all borrowed.
 */
typedef struct
{
  const char *path;
  gboolean is_folder;
  gboolean is_read_only;
  guint64 inode;
  guint64 size;
  gint64 mtime;
  guint32 mtime_ns;
  gint64 birth_time;
  const char *content_type;
  gboolean has_quota;
  guint64 quota_available;
  guint64 quota_used;
  const GPtrArray *props;
  const GPtrArray *locks;
  gint64 now;
} DavResource;

/**
 * dav_xml_append_prop:
 * @prop: with a value
 *
 * Appends a property that is not live, as an element that stands by itself.
 */
void dav_xml_append_prop (GString *out, const DavProp *prop);

/**
 * dav_xml_begin_multistatus:
 *
 * Appends all that comes before the first response.
 */
void dav_xml_begin_multistatus (GString *out);
void dav_xml_end_multistatus (GString *out);

/**
 * dav_xml_append_resource:
 *
 * Appends the response element that answers @request for @resource: what it has as 200, what was
 * asked for by name and is not there as 404.
 */
void
dav_xml_append_resource (GString *out, const DavPropfind *request, const DavResource *resource);

/**
 * dav_xml_append_status:
 * @condition: (nullable): local name of a condition in DAV:, as "lock-token-submitted"
 * @lock: (nullable): the lock in the way, whose root becomes the content of that element
 *
 * Appends a response element that is only a status: what failed of a DELETE, COPY, MOVE, or cannot
 * be looked at in a PROPFIND.
 */
void dav_xml_append_status (GString *out,
                            const char *path,
                            gboolean is_folder,
                            guint status,
                            const char *condition,
                            const DavLock *lock);

/**
 * DavPropStatus:
 * @condition: (nullable): as in dav_xml_append_status()
 *
 * What became of one update of a PROPPATCH.
 */
typedef struct
{
  const DavProp *prop;
  guint status;
  const char *condition;
} DavPropStatus;

/**
 * dav_xml_append_prop_statuses:
 *
 * Appends the response element of a PROPPATCH: a propstat for each status that occurs.
 */
void dav_xml_append_prop_statuses (GString *out,
                                   const char *path,
                                   gboolean is_folder,
                                   const DavPropStatus *statuses,
                                   guint n_statuses);

/**
 * dav_xml_append_lock_body:
 *
 * Appends the whole body of an answer to LOCK.
 */
void dav_xml_append_lock_body (GString *out, const DavLock *lock, gint64 now);

/**
 * dav_xml_append_error_body:
 * @condition: local name of a condition in DAV:
 * @lock: (nullable): the lock in the way (lock-token-submitted, no-conflicting-lock)
 *
 * Appends a whole error body (RFC 4918 section 16).
 */
void dav_xml_append_error_body (GString *out, const char *condition, const DavLock *lock);

G_END_DECLS
