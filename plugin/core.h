/* The one entry point of libspice-share-core.so, for module.c, which looks it up by name.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

/**
 * spice_share_core_init:
 *
 * Takes the place of the viewer's webdav channel and feeds the new one from GSettings and from the
 * environment of `spice-share` (settings.h). Where that is not possible the viewer keeps its own
 * channel, and one warning says why. Main thread, before the first session. Idempotent, also
 * when the core is loaded a second time from another file.
 */
__attribute__ ((visibility ("default"))) void spice_share_core_init (void);
