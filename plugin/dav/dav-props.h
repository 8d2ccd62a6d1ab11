/* Names of properties, and the table of those the server itself knows (live properties).
 *
 * RFC 4918 section 15, RFC 4331. Any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define DAV_NS "DAV:"
#define DAV_NS_MICROSOFT "urn:schemas-microsoft-com:"

/**
 * DavPropFlags:
 *
 * A set of live properties. @DAV_PROP_WIN32_LAST_MODIFIED is the modification time by the name
 * Windows asks for; the other three of Windows are dead properties like any other.
 */
typedef enum
{
  DAV_PROP_CREATION_DATE = 1 << 0,
  DAV_PROP_DISPLAY_NAME = 1 << 1,
  DAV_PROP_CONTENT_LENGTH = 1 << 2,
  DAV_PROP_CONTENT_TYPE = 1 << 3,
  DAV_PROP_ETAG = 1 << 4,
  DAV_PROP_LAST_MODIFIED = 1 << 5,
  DAV_PROP_RESOURCE_TYPE = 1 << 6,
  DAV_PROP_SUPPORTED_LOCK = 1 << 7,
  DAV_PROP_LOCK_DISCOVERY = 1 << 8,
  DAV_PROP_QUOTA_AVAILABLE = 1 << 9,
  DAV_PROP_QUOTA_USED = 1 << 10,
  DAV_PROP_WIN32_LAST_MODIFIED = 1 << 11,
} DavPropFlags;

/* Quota is not part of allprop (RFC 4331 section 2). */
#define DAV_PROP_QUOTA (DAV_PROP_QUOTA_AVAILABLE | DAV_PROP_QUOTA_USED)
#define DAV_PROP_LIVE ((1 << 12) - 1)
#define DAV_PROP_ALL (DAV_PROP_LIVE & ~DAV_PROP_QUOTA)

/**
 * DavLiveProp:
 * @is_protected: PROPPATCH may not change it (403, cannot-modify-protected-property)
 */
typedef struct
{
  DavPropFlags flag;
  const char *ns;
  const char *name;
  gboolean is_protected;
} DavLiveProp;

/**
 * dav_live_props:
 *
 * All of them, in the order they are written; @n_dav_live_props many.
 */
extern const DavLiveProp dav_live_props[];
extern const guint n_dav_live_props;

/**
 * dav_live_prop_find:
 *
 * Returns: (transfer none) (nullable): the live property of that name, in static memory
 */
const DavLiveProp *dav_live_prop_find (const char *ns, const char *name);

/**
 * DavProp:
 * @ns: namespace name, "" for none
 * @name: local name
 * @lang: (nullable): xml:lang in force
 * @xml: (nullable): its content, as XML that stands by itself (every prefix is declared inside);
 *   %NULL: only a name (PROPFIND, PROPPATCH remove)
 *
 * A property that is not live, or the name of any.
 */
typedef struct
{
  char *ns;
  char *name;
  char *lang;
  char *xml;
} DavProp;

/**
 * dav_prop_new:
 * @lang: (nullable)
 * @xml: (nullable)
 *
 * All strings are copied.
 *
 * Returns: (transfer full): a property; see #DavProp
 */
DavProp *dav_prop_new (const char *ns, const char *name, const char *lang, const char *xml);
void dav_prop_free (DavProp *self);
gboolean dav_prop_same_name (const DavProp *a, const DavProp *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavProp, dav_prop_free)

G_END_DECLS
