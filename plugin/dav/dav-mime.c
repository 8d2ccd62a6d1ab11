/* Media types by the ending of a name, remembered.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-mime.h"

#include <gio/gio.h>

#include "dav/dav-path.h"

#define UNKNOWN "application/octet-stream"

struct _DavMime
{
  GHashTable *types; /* ending or whole name -> media type, both char * */
};

DavMime *
dav_mime_new (void)
{
  DavMime *self = g_new0 (DavMime, 1);

  self->types = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  return self;
}

void
dav_mime_free (DavMime *self)
{
  g_hash_table_unref (self->types);
  g_free (self);
}

static char *
ask_gio (const char *key)
{
  /* What stands before an ending is always the same, so that a type depends on the ending alone
   * and not on which file was asked for first. */
  g_autofree char *name = g_strconcat (key[0] == '.' ? "name" : "", key, NULL);
  g_autofree char *type = g_content_type_guess (name, NULL, 0, NULL);
  g_autofree char *mime = g_content_type_get_mime_type (type);

  return mime != NULL ? g_steal_pointer (&mime) : g_strdup (UNKNOWN);
}

const char *
dav_mime_guess (DavMime *self, const char *name)
{
  const char *base = dav_path_get_name (name);
  const char *dot = base[0] != '\0' ? strrchr (base + 1, '.') : NULL;
  const char *key = dot != NULL ? dot : base;
  char *type;

  if (!g_utf8_validate (key, -1, NULL))
    return UNKNOWN;

  type = g_hash_table_lookup (self->types, key);
  if (type == NULL)
    {
      if (g_hash_table_size (self->types) == DAV_MIME_CACHE_MAX)
        g_hash_table_remove_all (self->types);
      type = ask_gio (key);
      g_hash_table_insert (self->types, g_strdup (key), type);
    }

  return type;
}
