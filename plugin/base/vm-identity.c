/* The name and the UUID of a VM; see vm-identity.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "base/vm-identity.h"

#define UUID_BYTES 16

char *
vm_uuid_format (const guint8 *bytes)
{
  static const guint8 nil[UUID_BYTES] = { 0 };
  GString *text;

  if (memcmp (bytes, nil, UUID_BYTES) == 0)
    return NULL;

  text = g_string_sized_new (36);
  for (guint i = 0; i < UUID_BYTES; i++)
    {
      if (i == 4 || i == 6 || i == 8 || i == 10)
        g_string_append_c (text, '-');
      g_string_append_printf (text, "%02x", bytes[i]);
    }
  return g_string_free (text, FALSE);
}

void
vm_identity_read (GObject *session, char **name, char **uuid)
{
  const guint8 *bytes = NULL;

  *name = NULL;
  *uuid = NULL;
  if (session == NULL)
    return;

  g_object_get (session, "name", name, "uuid", &bytes, NULL);
  if (bytes != NULL)
    *uuid = vm_uuid_format (bytes);
  if (*name != NULL && **name == '\0')
    g_clear_pointer (name, g_free);
}
