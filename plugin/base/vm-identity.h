/* Which VM a session shows: its name and its UUID, read by property name.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * vm_uuid_format:
 * @bytes: 16 bytes, in the order of RFC 9562
 *
 * Returns: (transfer full) (nullable): lower case with dashes; %NULL for the nil UUID, which is
 *   what a server sends (or a client assumes) that does not know
 */
char *vm_uuid_format (const guint8 *bytes);

/**
 * vm_identity_read:
 * @session: (nullable): an object with the properties "name" (string) and "uuid" (pointer to 16
 *   bytes), as SpiceSession has
 * @name: (out) (transfer full) (nullable): %NULL while unknown
 * @uuid: (out) (transfer full) (nullable): %NULL while unknown
 */
void vm_identity_read (GObject *session, char **name, char **uuid);

G_END_DECLS
