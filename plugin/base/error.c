/* The error domain; see error.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "base/error.h"

#include <glib/gi18n-lib.h>

/* The formatter takes the hyphens for minus signs. */
/* clang-format off */
G_DEFINE_QUARK (spice-share-error-quark, spice_share_error)
/* clang-format on */

GError *
spice_share_error_new_view_only (void)
{
  return g_error_new_literal (
      SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_VIEW_ONLY,
      _ ("No folder is shared: this is a view-only session. Open the virtual "
         "machine without view-only to share a folder with it."));
}
