/* OPTIONS: what may be done here (RFC 9110 section 9.3.7, RFC 4918 section 10.1).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-request.h"

void
dav_options_run (DavRequest *request)
{
  gboolean read_only = share_is_read_only (request->mount->share);
  g_autofree char *allow = dav_method_get_allow (read_only);

  /* Class 2 is locks, which change nothing in a share that cannot be changed. */
  dav_request_set_header (request, "DAV", read_only ? "1, 3" : "1, 2, 3");
  dav_request_set_header (request, "Allow", allow);
  dav_request_set_header (request, "MS-Author-Via", "DAV");
  dav_request_answer (request, SOUP_STATUS_OK, NULL, NULL);
}
