/* The signals of SpiceShareChannel, as transport/share-channel.h lists them, for stand-ins.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* @share_directory, @stop_sharing: what the type itself does when it is asked. */
void fake_add_signals (GType type, GCallback share_directory, GCallback stop_sharing);

G_END_DECLS
