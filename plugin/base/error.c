/* The error domain; see error.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "base/error.h"

/* The formatter takes the hyphens for minus signs. */
/* clang-format off */
G_DEFINE_QUARK (spice-share-error-quark, spice_share_error)
/* clang-format on */
