/* The XML bodies of requests: PROPFIND, PROPPATCH, LOCK (RFC 4918 section 14).
 *
 * Elements nobody here knows are skipped with all that is in them (RFC 4918 section 17).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-xml-read.h"

#include <string.h>

#include "dav/dav-xml-sax.h"

guint
dav_xml_result_get_status (DavXmlResult result)
{
  switch (result)
    {
    case DAV_XML_OK:
      return 200;
    case DAV_XML_TOO_LARGE:
      return 413;
    case DAV_XML_INVALID:
      return 422;
    case DAV_XML_MALFORMED:
    default:
      return 400;
    }
}

static gboolean
is_dav (const char *ns, const char *name, const char *wanted)
{
  return strcmp (name, wanted) == 0 && strcmp (ns, DAV_NS) == 0;
}

/* Any document */

typedef struct
{
  const char *ns;
  const char *name;
} CheckParser;

static void
check_start (DavXmlSax *sax, guint depth, const char *ns, const char *name, gpointer user_data)
{
  const CheckParser *parser = user_data;

  if (depth == 1 && (strcmp (name, parser->name) != 0 || strcmp (ns, parser->ns) != 0))
    dav_xml_sax_fail (sax, DAV_XML_INVALID);
}

static void
check_end (DavXmlSax *sax, guint depth, const char *xml, gpointer user_data)
{
}

DavXmlResult
dav_xml_check (const char *data, gsize length, const char *ns, const char *name)
{
  static const DavXmlHandler handler = { check_start, check_end };
  CheckParser parser = { ns, name };

  return dav_xml_sax_parse (data, length, &handler, &parser);
}

/* PROPFIND */

typedef struct
{
  DavPropfind *propfind;
  gboolean has_kind;
  gboolean has_include;
  gboolean in_names;  /* inside prop or include */
  GHashTable *others; /* set of DavProp, of propfind->others */
} PropfindParser;

static guint
prop_hash (gconstpointer prop)
{
  const DavProp *self = prop;

  return g_str_hash (self->ns) ^ g_str_hash (self->name);
}

static gboolean
prop_equal (gconstpointer a, gconstpointer b)
{
  return dav_prop_same_name (a, b);
}

static void
propfind_add_name (PropfindParser *parser, DavXmlSax *sax, const char *ns, const char *name)
{
  DavPropfind *propfind = parser->propfind;
  const DavLiveProp *live = dav_live_prop_find (ns, name);
  g_autoptr (DavProp) prop = NULL;

  if (live != NULL)
    {
      propfind->live |= live->flag;
      return;
    }

  prop = dav_prop_new (ns, name, NULL, NULL);
  if (g_hash_table_contains (parser->others, prop))
    return;
  if (propfind->others->len == DAV_XML_MAX_PROPS)
    {
      dav_xml_sax_fail (sax, DAV_XML_TOO_LARGE);
      return;
    }
  g_hash_table_add (parser->others, prop);
  g_ptr_array_add (propfind->others, g_steal_pointer (&prop));
}

static void
propfind_start (DavXmlSax *sax, guint depth, const char *ns, const char *name, gpointer user_data)
{
  static const struct
  {
    const char *name;
    DavPropfindKind kind;
  } kinds[] = {
    { "allprop", DAV_PROPFIND_ALLPROP },
    { "propname", DAV_PROPFIND_PROPNAME },
    { "prop", DAV_PROPFIND_PROP },
  };
  PropfindParser *parser = user_data;
  guint i;

  if (depth == 1 && !is_dav (ns, name, "propfind"))
    dav_xml_sax_fail (sax, DAV_XML_INVALID);
  else if (depth == 2 && is_dav (ns, name, "include"))
    parser->has_include = parser->in_names = TRUE;
  else if (depth == 2)
    {
      for (i = 0; i < G_N_ELEMENTS (kinds); i++)
        if (is_dav (ns, name, kinds[i].name))
          {
            if (parser->has_kind)
              dav_xml_sax_fail (sax, DAV_XML_INVALID);
            parser->has_kind = TRUE;
            parser->propfind->kind = kinds[i].kind;
            parser->in_names = kinds[i].kind == DAV_PROPFIND_PROP;
          }
    }
  else if (depth == 3 && parser->in_names)
    propfind_add_name (parser, sax, ns, name);
}

static void
propfind_end (DavXmlSax *sax, guint depth, const char *xml, gpointer user_data)
{
  PropfindParser *parser = user_data;

  if (depth == 2)
    parser->in_names = FALSE;
}

DavXmlResult
dav_propfind_parse (const char *data, gsize length, DavPropfind **self)
{
  static const DavXmlHandler handler = { propfind_start, propfind_end };
  g_autoptr (DavPropfind) propfind = g_new0 (DavPropfind, 1);
  g_autoptr (GHashTable) others = g_hash_table_new (prop_hash, prop_equal);
  PropfindParser parser = { .propfind = propfind, .others = others };
  DavXmlResult result;

  propfind->others = g_ptr_array_new_with_free_func ((GDestroyNotify)dav_prop_free);

  if (length > 0)
    {
      result = dav_xml_sax_parse (data, length, &handler, &parser);
      if (result != DAV_XML_OK)
        return result;
      if (!parser.has_kind || (parser.has_include && propfind->kind != DAV_PROPFIND_ALLPROP))
        return DAV_XML_INVALID;
    }

  if (propfind->kind == DAV_PROPFIND_ALLPROP)
    propfind->live |= DAV_PROP_ALL;
  *self = g_steal_pointer (&propfind);
  return DAV_XML_OK;
}

void
dav_propfind_free (DavPropfind *self)
{
  g_ptr_array_unref (self->others);
  g_free (self);
}

/* PROPPATCH */

typedef struct
{
  GPtrArray *updates;
  gboolean in_update; /* inside set or remove */
  gboolean in_prop;   /* inside prop in there */
  gboolean is_remove;
} ProppatchParser;

static void
prop_update_free (gpointer data)
{
  DavPropUpdate *update = data;

  dav_prop_free (update->prop);
  g_free (update);
}

static void
proppatch_start (DavXmlSax *sax, guint depth, const char *ns, const char *name, gpointer user_data)
{
  ProppatchParser *parser = user_data;

  if (depth == 1 && !is_dav (ns, name, "propertyupdate"))
    dav_xml_sax_fail (sax, DAV_XML_INVALID);
  else if (depth == 2)
    {
      parser->is_remove = is_dav (ns, name, "remove");
      parser->in_update = parser->is_remove || is_dav (ns, name, "set");
    }
  else if (depth == 3)
    parser->in_prop = parser->in_update && is_dav (ns, name, "prop");
  else if (depth == 4 && parser->in_prop)
    {
      DavPropUpdate *update;

      if (parser->updates->len == DAV_XML_MAX_PROPS)
        {
          dav_xml_sax_fail (sax, DAV_XML_TOO_LARGE);
          return;
        }
      update = g_new0 (DavPropUpdate, 1);
      update->remove = parser->is_remove;
      update->prop
          = dav_prop_new (ns, name, parser->is_remove ? NULL : dav_xml_sax_get_lang (sax), NULL);
      g_ptr_array_add (parser->updates, update);
      if (!parser->is_remove)
        dav_xml_sax_capture (sax);
    }
}

static void
proppatch_end (DavXmlSax *sax, guint depth, const char *xml, gpointer user_data)
{
  ProppatchParser *parser = user_data;

  if (xml != NULL)
    {
      DavPropUpdate *update = g_ptr_array_index (parser->updates, parser->updates->len - 1);

      update->prop->xml = g_strdup (xml);
    }
}

DavXmlResult
dav_proppatch_parse (const char *data, gsize length, GPtrArray **updates)
{
  static const DavXmlHandler handler = { proppatch_start, proppatch_end };
  g_autoptr (GPtrArray) parsed = g_ptr_array_new_with_free_func (prop_update_free);
  ProppatchParser parser = { .updates = parsed };
  DavXmlResult result;

  result = dav_xml_sax_parse (data, length, &handler, &parser);
  if (result != DAV_XML_OK)
    return result;
  if (parsed->len == 0)
    return DAV_XML_INVALID;

  *updates = g_steal_pointer (&parsed);
  return DAV_XML_OK;
}

/* LOCK */

typedef struct
{
  DavLockInfo *info;
  gboolean in_scope;
  gboolean in_type;
  gboolean has_scope;
  gboolean has_type;
} LockParser;

static void
lock_start (DavXmlSax *sax, guint depth, const char *ns, const char *name, gpointer user_data)
{
  LockParser *parser = user_data;

  if (depth == 1 && !is_dav (ns, name, "lockinfo"))
    dav_xml_sax_fail (sax, DAV_XML_INVALID);
  else if (depth == 2)
    {
      parser->in_scope = is_dav (ns, name, "lockscope");
      parser->in_type = is_dav (ns, name, "locktype");
      if (is_dav (ns, name, "owner"))
        dav_xml_sax_capture (sax);
    }
  else if (depth == 3 && parser->in_scope)
    {
      gboolean is_exclusive = is_dav (ns, name, "exclusive");

      if (parser->has_scope || (!is_exclusive && !is_dav (ns, name, "shared")))
        dav_xml_sax_fail (sax, DAV_XML_INVALID);
      parser->has_scope = TRUE;
      parser->info->is_exclusive = is_exclusive;
    }
  else if (depth == 3 && parser->in_type)
    {
      if (!is_dav (ns, name, "write"))
        dav_xml_sax_fail (sax, DAV_XML_INVALID);
      parser->has_type = TRUE;
    }
}

static void
lock_end (DavXmlSax *sax, guint depth, const char *xml, gpointer user_data)
{
  LockParser *parser = user_data;

  if (xml == NULL)
    return;

  if (parser->info->owner != NULL)
    dav_xml_sax_fail (sax, DAV_XML_INVALID);
  else if (strlen (xml) > DAV_XML_OWNER_MAX)
    dav_xml_sax_fail (sax, DAV_XML_TOO_LARGE);
  else
    parser->info->owner = g_strdup (xml);
}

DavXmlResult
dav_lock_info_parse (const char *data, gsize length, DavLockInfo **self)
{
  static const DavXmlHandler handler = { lock_start, lock_end };
  g_autoptr (DavLockInfo) info = g_new0 (DavLockInfo, 1);
  LockParser parser = { .info = info };
  DavXmlResult result;

  result = dav_xml_sax_parse (data, length, &handler, &parser);
  if (result != DAV_XML_OK)
    return result;
  if (!parser.has_scope || !parser.has_type)
    return DAV_XML_INVALID;

  *self = g_steal_pointer (&info);
  return DAV_XML_OK;
}

void
dav_lock_info_free (DavLockInfo *self)
{
  g_free (self->owner);
  g_free (self);
}
