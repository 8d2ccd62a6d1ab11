/* Dead properties in extended attributes; see dav-deadprops.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-deadprops.h"

#include <errno.h>
#include <string.h>

#include "dav/dav-xml-read.h"
#include "dav/dav-xml-write.h"

#define PREFIX "user.spice-share.dav."

/* Fields of a value: namespace, name, language, content. */
#define N_FIELDS 4

/* Where attributes are read: a path of the share, or an entry of an open folder. */
typedef struct
{
  Share *share;
  const char *path;
  ShareFolder *folder;
  const char *name;
} Place;

/* An attribute as it was before it was changed. */
typedef struct
{
  const char *attribute;
  GBytes *value; /* (nullable) */
} Undo;

/* Coding */

static char *
get_attribute (const DavProp *prop)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  /* With the NUL of the namespace, so that no two pairs are the same bytes. */
  g_checksum_update (checksum, (const guchar *)prop->ns, (gssize)strlen (prop->ns) + 1);
  g_checksum_update (checksum, (const guchar *)prop->name, (gssize)strlen (prop->name));

  return g_strconcat (PREFIX, g_checksum_get_string (checksum), NULL);
}

static GBytes *
encode (const DavProp *prop)
{
  const char *const fields[N_FIELDS] = { prop->ns, prop->name, prop->lang, prop->xml };
  GByteArray *value = g_byte_array_new ();

  for (guint i = 0; i < N_FIELDS; i++)
    {
      const char *field = fields[i] != NULL ? fields[i] : "";

      g_byte_array_append (value, (const guint8 *)field,
                           (guint)strlen (field) + (i < N_FIELDS - 1));
    }

  return g_byte_array_free_to_bytes (value);
}

static gboolean
is_sound (const DavProp *prop)
{
  g_autoptr (GString) xml = g_string_new (NULL);

  dav_xml_append_prop (xml, prop);
  return dav_xml_check (xml->str, xml->len, prop->ns, prop->name) == DAV_XML_OK;
}

static DavProp *
decode (GBytes *value)
{
  gsize length;
  const char *data = g_bytes_get_data (value, &length);
  g_autofree char *text = g_malloc (length + 1);
  const char *fields[N_FIELDS];
  gsize offset = 0;
  g_autoptr (DavProp) prop = NULL;

  /* An empty value may have no address. */
  if (length == 0)
    return NULL;
  memcpy (text, data, length);
  text[length] = '\0';
  for (guint i = 0; i < N_FIELDS; i++)
    {
      if (offset > length)
        return NULL;
      fields[i] = text + offset;
      offset += strlen (fields[i]) + 1;
    }
  if (offset != length + 1)
    return NULL;

  prop = dav_prop_new (fields[0], fields[1], fields[2][0] != '\0' ? fields[2] : NULL, fields[3]);
  /* A live one by that name is ours to tell. */
  if (dav_live_prop_find (prop->ns, prop->name) != NULL || !is_sound (prop))
    return NULL;

  return g_steal_pointer (&prop);
}

GPtrArray *
dav_deadprops_decode (const GPtrArray *values)
{
  g_autoptr (GPtrArray) props = NULL;

  if (values == NULL)
    return NULL;

  props = g_ptr_array_new_with_free_func ((GDestroyNotify)dav_prop_free);
  for (guint i = 0; i < values->len; i++)
    {
      DavProp *prop = decode (g_ptr_array_index (values, i));

      if (prop != NULL)
        g_ptr_array_add (props, prop);
    }

  return g_steal_pointer (&props);
}

/* Reading */

static int
place_list (const Place *place, GStrv *attributes)
{
  return place->folder != NULL ? share_folder_list_xattrs (place->folder, place->name, attributes)
                               : share_xattr_list (place->share, place->path, attributes);
}

static int
place_get (const Place *place, const char *attribute, GBytes **value)
{
  return place->folder != NULL
             ? share_folder_get_xattr (place->folder, place->name, attribute, value)
             : share_xattr_get (place->share, place->path, attribute, value);
}

static GPtrArray *
place_read (const Place *place)
{
  g_autoptr (GPtrArray) values = NULL;
  g_auto (GStrv) attributes = NULL;
  gsize size = 0;

  if (place_list (place, &attributes) < 0)
    return NULL;

  for (guint i = 0; attributes[i] != NULL; i++)
    {
      g_autoptr (GBytes) value = NULL;

      if (!g_str_has_prefix (attributes[i], PREFIX) || place_get (place, attributes[i], &value) < 0)
        continue;

      size += g_bytes_get_size (value);
      if (size > DAV_DEADPROPS_MAX_SIZE)
        break;
      if (values == NULL)
        values = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
      if (values->len == DAV_DEADPROPS_MAX)
        break;
      g_ptr_array_add (values, g_steal_pointer (&value));
    }

  return g_steal_pointer (&values);
}

GPtrArray *
dav_deadprops_read (Share *share, const char *path)
{
  const Place place = { .share = share, .path = path };

  return place_read (&place);
}

GPtrArray *
dav_deadprops_read_entry (ShareFolder *folder, const char *name)
{
  const Place place = { .folder = folder, .name = name };

  return place_read (&place);
}

/* Changing */

DavDeadpropChange *
dav_deadprop_change_new (const DavProp *prop, gboolean remove)
{
  DavDeadpropChange *self;

  if (!remove && !is_sound (prop))
    return NULL;

  self = g_new0 (DavDeadpropChange, 1);
  self->attribute = get_attribute (prop);
  self->value = remove ? NULL : encode (prop);

  return self;
}

void
dav_deadprop_change_free (DavDeadpropChange *self)
{
  g_free (self->attribute);
  g_clear_pointer (&self->value, g_bytes_unref);
  g_free (self);
}

static void
undo_clear (gpointer undo)
{
  g_clear_pointer (&((Undo *)undo)->value, g_bytes_unref);
}

/* Sets @attribute to @value, or removes it. That there was nothing to remove is no error (RFC 4918
 * section 14.23), not even where there never can be anything. */
static int
put (ShareAttributes *attributes, const char *attribute, GBytes *value)
{
  int error;

  if (value != NULL)
    return share_attributes_set (attributes, attribute, g_bytes_get_data (value, NULL),
                                 g_bytes_get_size (value));

  error = share_attributes_remove (attributes, attribute);
  return error == -ENODATA || error == -EOPNOTSUPP ? 0 : error;
}

/* Whether @changes keep within our own limits; if not, @failed is the one that does not. */
static int
check_limits (ShareAttributes *attributes, const GPtrArray *changes, guint *failed)
{
  g_autoptr (GHashTable) sizes = g_hash_table_new (g_str_hash, g_str_equal);
  g_auto (GStrv) names = NULL;
  gsize total = 0;
  int error = share_attributes_list (attributes, &names);

  if (error < 0 && error != -EOPNOTSUPP)
    {
      *failed = 0;
      return error;
    }

  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autoptr (GBytes) value = NULL;

      if (!g_str_has_prefix (names[i], PREFIX)
          || share_attributes_get (attributes, names[i], &value) < 0)
        continue;
      total += g_bytes_get_size (value);
      g_hash_table_insert (sizes, names[i], GSIZE_TO_POINTER (g_bytes_get_size (value)));
    }

  for (guint i = 0; i < changes->len; i++)
    {
      const DavDeadpropChange *change = g_ptr_array_index (changes, i);

      total -= GPOINTER_TO_SIZE (g_hash_table_lookup (sizes, change->attribute));
      g_hash_table_remove (sizes, change->attribute);
      if (change->value == NULL)
        continue;

      total += g_bytes_get_size (change->value);
      g_hash_table_insert (sizes, change->attribute,
                           GSIZE_TO_POINTER (g_bytes_get_size (change->value)));
      if (total > DAV_DEADPROPS_MAX_SIZE || g_hash_table_size (sizes) > DAV_DEADPROPS_MAX)
        {
          *failed = i;
          return -ENOSPC;
        }
    }

  return 0;
}

int
dav_deadprops_apply (ShareAttributes *attributes, const GPtrArray *changes, guint *failed)
{
  g_autoptr (GArray) undos = g_array_new (FALSE, FALSE, sizeof (Undo));
  int error = 0;

  g_array_set_clear_func (undos, undo_clear);
  *failed = 0;
  if (changes->len == 0)
    return 0;
  error = check_limits (attributes, changes, failed);

  for (guint i = 0; i < changes->len && error == 0; i++)
    {
      const DavDeadpropChange *change = g_ptr_array_index (changes, i);
      Undo undo = { .attribute = change->attribute };

      *failed = i;
      error = share_attributes_get (attributes, change->attribute, &undo.value);
      if (error < 0 && error != -ENODATA && error != -EOPNOTSUPP)
        break;
      error = put (attributes, change->attribute, change->value);
      if (error == 0)
        g_array_append_val (undos, undo);
      else
        undo_clear (&undo);
    }

  for (guint i = undos->len; i > 0 && error < 0; i--)
    {
      const Undo *undo = &g_array_index (undos, Undo, i - 1);

      /* As good as can be done: it was there a moment ago. */
      put (attributes, undo->attribute, undo->value);
    }

  return error;
}
