/* The table of methods; see dav-method.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-method.h"

#include <string.h>

static const DavMethod dav_methods[] = {
  { "OPTIONS", 0, NULL, NULL, dav_options_run },
  { "GET", 0, NULL, NULL, dav_get_run },
  { "HEAD", 0, NULL, NULL, dav_get_run },
  { "PROPFIND", DAV_METHOD_XML, NULL, NULL, dav_propfind_run },
  { "PROPPATCH", DAV_METHOD_CHANGES | DAV_METHOD_XML, NULL, NULL, dav_proppatch_run },
  { "PUT", DAV_METHOD_CHANGES | DAV_METHOD_UPLOAD, dav_put_begin, dav_put_chunk, dav_put_run },
  { "DELETE", DAV_METHOD_CHANGES, NULL, NULL, dav_delete_run },
  { "MKCOL", DAV_METHOD_CHANGES | DAV_METHOD_NO_BODY, NULL, NULL, dav_mkcol_run },
  { "COPY", DAV_METHOD_CHANGES, NULL, NULL, dav_copy_run },
  { "MOVE", DAV_METHOD_CHANGES, NULL, NULL, dav_move_run },
  { "LOCK", DAV_METHOD_CHANGES | DAV_METHOD_XML, NULL, NULL, dav_lock_run },
  { "UNLOCK", DAV_METHOD_CHANGES, NULL, NULL, dav_unlock_run },
};

const DavMethod *
dav_method_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (dav_methods); i++)
    if (strcmp (dav_methods[i].name, name) == 0)
      return &dav_methods[i];
  return NULL;
}

char *
dav_method_get_allow (gboolean read_only)
{
  GString *allow = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (dav_methods); i++)
    {
      if (read_only && (dav_methods[i].flags & DAV_METHOD_CHANGES) != 0)
        continue;
      if (allow->len > 0)
        g_string_append (allow, ", ");
      g_string_append (allow, dav_methods[i].name);
    }
  return g_string_free (allow, FALSE);
}
