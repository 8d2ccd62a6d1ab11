/* See dav-head.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-head.h"

#include <string.h>

#include "dav/dav-host.h"
#include "dav/dav-limits.h"
#include "dav/dav-xml-read.h"

gboolean
dav_head_is_trusted_origin (DavRequest *request)
{
  const char *host = dav_request_get_header (request, "Host");
  const char *origin = dav_request_get_header (request, "Origin");
  const char *uri_host = g_uri_get_host (soup_server_message_get_uri (request->msg));
  g_autofree char *literal = NULL;

  /* An absolute request target overrides Host, so it must be as local. */
  if (uri_host != NULL && strchr (uri_host, ':') != NULL)
    uri_host = literal = g_strdup_printf ("[%s]", uri_host);

  return (host == NULL || dav_host_is_local (host)) && dav_host_is_local (uri_host)
         && (origin == NULL || dav_origin_is_local (origin));
}

guint
dav_head_judge (DavRequest *request)
{
  guint64 length = dav_request_get_content_length (request);

  if (request->method == NULL)
    return SOUP_STATUS_NOT_IMPLEMENTED;
  if ((request->method->flags & DAV_METHOD_NO_BODY) != 0 && length > 0)
    return SOUP_STATUS_UNSUPPORTED_MEDIA_TYPE;
  if ((request->method->flags & DAV_METHOD_UPLOAD) != 0)
    {
      if (dav_request_get_header (request, "Content-Range") != NULL)
        return SOUP_STATUS_BAD_REQUEST;
    }
  else if (length != G_MAXUINT64
           && length > ((request->method->flags & DAV_METHOD_XML) != 0 ? DAV_XML_BODY_MAX
                                                                       : DAV_MAX_DISCARD))
    {
      return SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE;
    }
  return 0;
}
