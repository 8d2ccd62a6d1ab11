/* The error domain; see error.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "base/error.h"

/* clang-format off: it takes the hyphens for minus signs */
G_DEFINE_QUARK (spice - share - error - quark, spice_share_error)
/* clang-format on */
