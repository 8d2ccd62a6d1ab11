/* The errors a user may be shown: domain, codes, and nothing else.
 *
 * Messages of this domain are sentences for people: what happened, to which folder, what to do.
 * They are translated where they are made, those of more than one part here.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define SPICE_SHARE_ERROR (spice_share_error_quark ())

/**
 * SpiceShareError:
 * @SPICE_SHARE_ERROR_NOT_FOUND: the folder to share does not exist
 * @SPICE_SHARE_ERROR_NOT_FOLDER: what was named is not a folder
 * @SPICE_SHARE_ERROR_NOT_READABLE: the folder cannot be read by this user
 * @SPICE_SHARE_ERROR_REFUSED: the folder is never shared unless a person chose it (home, /)
 * @SPICE_SHARE_ERROR_VIEW_ONLY: the session is view-only, so nothing can be shared
 * @SPICE_SHARE_ERROR_PROTOCOL: the SPICE peer broke the protocol; the channel was reset
 * @SPICE_SHARE_ERROR_INCOMPATIBLE: a private fact of spice-gtk does not hold here
 * @SPICE_SHARE_ERROR_FAILED: anything else, named by its message
 */
typedef enum
{
  SPICE_SHARE_ERROR_NOT_FOUND,
  SPICE_SHARE_ERROR_NOT_FOLDER,
  SPICE_SHARE_ERROR_NOT_READABLE,
  SPICE_SHARE_ERROR_REFUSED,
  SPICE_SHARE_ERROR_VIEW_ONLY,
  SPICE_SHARE_ERROR_PROTOCOL,
  SPICE_SHARE_ERROR_INCOMPATIBLE,
  SPICE_SHARE_ERROR_FAILED,
} SpiceShareError;

GQuark spice_share_error_quark (void);

/**
 * spice_share_error_new_view_only:
 *
 * Returns: (transfer full): why nothing is shared in a session in which nothing is sent
 */
GError *spice_share_error_new_view_only (void);

G_END_DECLS
