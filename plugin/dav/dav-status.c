/* From errno to HTTP; see dav-status.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-status.h"

#include <errno.h>
#include <libsoup/soup.h>

static const struct
{
  int error;
  guint status;
} dav_errnos[] = {
  { -ENOENT, SOUP_STATUS_NOT_FOUND },
  { -ENOTDIR, SOUP_STATUS_NOT_FOUND },
  { -EINVAL, SOUP_STATUS_NOT_FOUND },
  { -ENAMETOOLONG, SOUP_STATUS_NOT_FOUND },
  { -EXDEV, SOUP_STATUS_FORBIDDEN },
  { -ELOOP, SOUP_STATUS_FORBIDDEN },
  { -EACCES, SOUP_STATUS_FORBIDDEN },
  { -EPERM, SOUP_STATUS_FORBIDDEN },
  { -EROFS, SOUP_STATUS_FORBIDDEN },
  { -EBUSY, SOUP_STATUS_FORBIDDEN },
  { -ENOTEMPTY, SOUP_STATUS_FORBIDDEN },
  { -EISDIR, SOUP_STATUS_METHOD_NOT_ALLOWED },
  { -EEXIST, SOUP_STATUS_PRECONDITION_FAILED },
  { -ESTALE, SOUP_STATUS_PRECONDITION_FAILED },
  { -ENOSPC, DAV_STATUS_INSUFFICIENT_STORAGE },
  { -EDQUOT, DAV_STATUS_INSUFFICIENT_STORAGE },
  { -EFBIG, DAV_STATUS_INSUFFICIENT_STORAGE },
  { -ECANCELED, SOUP_STATUS_SERVICE_UNAVAILABLE },
  { -EAGAIN, SOUP_STATUS_SERVICE_UNAVAILABLE },
  { -EMFILE, SOUP_STATUS_SERVICE_UNAVAILABLE },
  { -ENFILE, SOUP_STATUS_SERVICE_UNAVAILABLE },
  { -ENOMEM, SOUP_STATUS_SERVICE_UNAVAILABLE },
};

guint
dav_status_from_errno (int error)
{
  for (guint i = 0; i < G_N_ELEMENTS (dav_errnos); i++)
    if (dav_errnos[i].error == error)
      return dav_errnos[i].status;
  return SOUP_STATUS_INTERNAL_SERVER_ERROR;
}

const char *
dav_status_get_phrase (guint status)
{
  switch (status)
    {
    case DAV_STATUS_MULTI_STATUS:
      return "Multi-Status";
    case DAV_STATUS_UNPROCESSABLE:
      return "Unprocessable Entity";
    case DAV_STATUS_LOCKED:
      return "Locked";
    case DAV_STATUS_FAILED_DEPENDENCY:
      return "Failed Dependency";
    case DAV_STATUS_INSUFFICIENT_STORAGE:
      return "Insufficient Storage";
    default:
      return soup_status_get_phrase (status);
    }
}
