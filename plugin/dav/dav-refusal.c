/* Why requests were refused; see dav-refusal.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-refusal.h"

#include <errno.h>

#include "dav/dav-request.h"

/* transport/share-channel.h lists them. */
static const char *const dav_refusal_nicks[] = {
  [DAV_REFUSAL_NONE] = "",
  [DAV_REFUSAL_NOT_SHARED] = "not-shared",
  [DAV_REFUSAL_READ_ONLY] = "read-only",
  [DAV_REFUSAL_FOREIGN] = "foreign",
  [DAV_REFUSAL_OUTSIDE] = "outside",
  [DAV_REFUSAL_PERMISSION] = "permission",
  [DAV_REFUSAL_NO_SPACE] = "no-space",
};

DavRefusal
dav_refusal_from_errno (int error)
{
  switch (-error)
    {
    case EXDEV:
    case ELOOP:
      return DAV_REFUSAL_OUTSIDE;
    case EACCES:
    case EPERM:
    case EROFS:
      return DAV_REFUSAL_PERMISSION;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return DAV_REFUSAL_NO_SPACE;
    default:
      return DAV_REFUSAL_NONE;
    }
}

/* As it came: the path may not have been decoded, or not be one. */
static char *
dav_refusal_describe (const DavRequest *request)
{
  const char *method = soup_server_message_get_method (request->msg);
  g_autofree char *target = NULL;
  g_autofree char *valid = NULL;

  if (request->path != NULL)
    {
      g_autofree char *shown = request->mount != NULL
                                   ? dav_mount_show_path (request->mount, request->path)
                                   : g_strdup (request->path);

      target = g_strconcat ("/", shown, NULL);
    }
  else
    {
      target = g_strdup (g_uri_get_path (soup_server_message_get_uri (request->msg)));
    }
  valid = g_utf8_make_valid (target, (gssize)MIN (strlen (target), DAV_REFUSAL_TARGET_MAX));
  return g_strconcat (method, " ", valid, NULL);
}

void
dav_refusals_note (DavRefusals *self, const DavRequest *request)
{
  if (request->refusal == DAV_REFUSAL_NONE)
    return;

  self->n++;
  self->reason = request->refusal;
  self->at = g_get_real_time ();
  g_free (self->request);
  self->request = dav_refusal_describe (request);
}

GVariant *
dav_refusals_get_last (const DavRefusals *self)
{
  return g_variant_new ("(xss)", self->at, dav_refusal_nicks[self->reason],
                        self->request != NULL ? self->request : "");
}

void
dav_refusals_clear (DavRefusals *self)
{
  g_free (self->request);
  *self = (DavRefusals){ 0 };
}
