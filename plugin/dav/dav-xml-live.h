/* The live properties in XML: their values of one resource, and the locks among them.
 *
 * Part of dav-xml-write.h, whose root elements declare the prefixes D and Z. Worker thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-xml-write.h"

G_BEGIN_DECLS

void dav_xml_append_href (GString *out, const char *path, gboolean is_folder);
void dav_xml_append_active_lock (GString *out, const DavLock *lock, gint64 now);

/**
 * dav_xml_get_live:
 *
 * Returns: the live properties @resource has
 */
DavPropFlags dav_xml_get_live (const DavResource *resource);

/**
 * dav_xml_append_live_props:
 * @live: some that @resource has
 *
 * Appends their elements with values; dav_xml_append_live_names() without.
 */
void dav_xml_append_live_props (GString *out, const DavResource *resource, DavPropFlags live);
void dav_xml_append_live_names (GString *out, DavPropFlags live);

G_END_DECLS
