/* The methods, one a file, and the table of them.
 *
 * RFC 9110 section 9, RFC 4918 section 9.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _DavRequest DavRequest;

/**
 * DavMethodFlags:
 * @DAV_METHOD_CHANGES: 403 in a read-only share, before the body
 * @DAV_METHOD_XML: takes an XML body: collected, 413 over DAV_XML_BODY_MAX
 * @DAV_METHOD_UPLOAD: takes a body of any size, piece by piece
 * @DAV_METHOD_NO_BODY: 415 if there is one (the others read and forget a small one)
 */
typedef enum
{
  DAV_METHOD_CHANGES = 1 << 0,
  DAV_METHOD_XML = 1 << 1,
  DAV_METHOD_UPLOAD = 1 << 2,
  DAV_METHOD_NO_BODY = 1 << 3,
} DavMethodFlags;

/**
 * DavMethod:
 * @begin: (nullable): the head has been read; reading the body is held until
 *   dav_request_hold_body() lets it go on
 * @chunk: (nullable): a piece of the body, with @begin
 * @run: all of the request has been read
 */
typedef struct
{
  const char *name;
  DavMethodFlags flags;
  void (*begin) (DavRequest *request);
  void (*chunk) (DavRequest *request, GBytes *bytes);
  void (*run) (DavRequest *request);
} DavMethod;

/**
 * dav_method_find:
 *
 * Returns: (transfer none) (nullable): the method of that name, in static memory
 */
const DavMethod *dav_method_find (const char *name);

/**
 * dav_method_get_allow:
 *
 * Returns: (transfer full): value of Allow
 */
char *dav_method_get_allow (gboolean read_only);

void dav_options_run (DavRequest *request);
void dav_get_run (DavRequest *request);
void dav_put_begin (DavRequest *request);
void dav_put_chunk (DavRequest *request, GBytes *bytes);
void dav_put_run (DavRequest *request);
void dav_delete_run (DavRequest *request);
void dav_mkcol_run (DavRequest *request);
void dav_copy_run (DavRequest *request);
void dav_move_run (DavRequest *request);
void dav_propfind_run (DavRequest *request);
void dav_proppatch_run (DavRequest *request);
void dav_lock_run (DavRequest *request);
void dav_unlock_run (DavRequest *request);

G_END_DECLS
