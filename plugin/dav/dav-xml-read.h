/* The XML bodies of requests: PROPFIND, PROPPATCH, LOCK (RFC 4918 section 14).
 *
 * libxml2's event parser, without a tree, a DTD, an entity, a file or a network: a document that
 * declares a type is refused. Only UTF-8 and UTF-16 are read, so no codec is loaded on a guest's
 * word. Worker thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-props.h"

G_BEGIN_DECLS

/* Limits of a body: bytes, nesting, elements and attributes in all, and properties it may name. */
#define DAV_XML_BODY_MAX (1024 * 1024)
#define DAV_XML_MAX_DEPTH 64
#define DAV_XML_MAX_NODES 16384
#define DAV_XML_MAX_PROPS 256

/* Longest owner of a lock, in bytes of XML: it comes back in every listing below the lock. */
#define DAV_XML_OWNER_MAX 4096

typedef enum
{
  DAV_XML_OK,
  DAV_XML_MALFORMED, /* 400: not well-formed, a DTD, another encoding */
  DAV_XML_TOO_LARGE, /* 413: one of the limits */
  DAV_XML_INVALID,   /* 422: well-formed, but not what this method takes */
} DavXmlResult;

guint dav_xml_result_get_status (DavXmlResult result);

/**
 * dav_xml_check:
 *
 * Returns: %DAV_XML_OK if a request could have @data as its body, and its root is @ns, @name
 */
DavXmlResult dav_xml_check (const char *data, gsize length, const char *ns, const char *name);

typedef enum
{
  DAV_PROPFIND_ALLPROP,
  DAV_PROPFIND_PROPNAME,
  DAV_PROPFIND_PROP,
} DavPropfindKind;

/**
 * DavPropfind:
 * @kind: what is asked
 * @live: the live properties asked for (allprop: #DAV_PROP_ALL and what include adds)
 * @others: (element-type DavProp): names asked for that are not live, each once (allprop: those of
 *   include)
 */
typedef struct
{
  DavPropfindKind kind;
  DavPropFlags live;
  GPtrArray *others;
} DavPropfind;

/**
 * dav_propfind_parse:
 * @data: the body; empty asks for allprop
 * @self: (out) (transfer full): on success
 */
DavXmlResult dav_propfind_parse (const char *data, gsize length, DavPropfind **self);
void dav_propfind_free (DavPropfind *self);

/**
 * DavPropUpdate:
 * @remove: remove it, else set it to @prop's value
 */
typedef struct
{
  gboolean remove;
  DavProp *prop;
} DavPropUpdate;

/**
 * dav_proppatch_parse:
 * @updates: (out) (transfer full) (element-type DavPropUpdate): on success, in the order of the
 *   document, at least one
 */
DavXmlResult dav_proppatch_parse (const char *data, gsize length, GPtrArray **updates);

/**
 * DavLockInfo:
 * @owner: (nullable): the content of `owner`, as XML that stands by itself
 */
typedef struct
{
  gboolean is_exclusive;
  char *owner;
} DavLockInfo;

/**
 * dav_lock_info_parse:
 * @data: the body, not empty (an empty one asks for a refresh: no business of this function)
 */
DavXmlResult dav_lock_info_parse (const char *data, gsize length, DavLockInfo **self);
void dav_lock_info_free (DavLockInfo *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavPropfind, dav_propfind_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavLockInfo, dav_lock_info_free)

G_END_DECLS
