/* Dead properties: what clients tell us to remember of a file, in its extended attributes.
 *
 * Each is one attribute `user.spice-share.dav.HASH`, the hash of namespace and name, with the value
 * `namespace NUL name NUL xml:lang NUL content`. So they go where the file goes: the share copies
 * attributes with COPY and MOVE, and keeps them when a file is overwritten. RFC 4918 section 4.
 *
 * Reading and writing happen in a ShareJob, coding in the worker, as libxml2 has no place in a
 * confined thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-props.h"
#include "share/folder.h"
#include "share/xattr.h"

G_BEGIN_DECLS

/* Dead properties of one file or folder: how many, and bytes of all attribute values together.
 * More cannot be set (507), and is not read if something else has put it there. */
#define DAV_DEADPROPS_MAX 256
#define DAV_DEADPROPS_MAX_SIZE 65536

/**
 * DavDeadpropChange:
 * @attribute: its name
 * @value: (nullable): its new value; %NULL: remove it
 *
 * One attribute to be changed.
 */
typedef struct
{
  char *attribute;
  GBytes *value;
} DavDeadpropChange;

/**
 * dav_deadprop_change_new:
 * @remove: forget @prop, else set it
 *
 * Worker.
 *
 * Returns: (transfer full) (nullable): %NULL if the value is beyond what dav_deadprops_decode()
 *   would give back, so that it must not be taken
 */
DavDeadpropChange *dav_deadprop_change_new (const DavProp *prop, gboolean remove);
void dav_deadprop_change_free (DavDeadpropChange *self);

/**
 * dav_deadprops_apply:
 * @changes: (element-type DavDeadpropChange): in order; a later one of the same attribute counts
 * @failed: (out): on error, index of the change that failed
 *
 * All of @changes or none: what was changed before one fails is put back. In a ShareJob.
 *
 * Returns: 0 or a negative errno; -EOPNOTSUPP where the file system has no attributes, -ENOSPC
 *   beyond its limits or ours
 */
int dav_deadprops_apply (ShareAttributes *attributes, const GPtrArray *changes, guint *failed);

/**
 * dav_deadprops_read:
 *
 * In a ShareJob.
 *
 * Returns: (transfer full) (nullable) (element-type GBytes): values of the dead properties of
 *   @path; %NULL if there are none, or they cannot be read
 */
GPtrArray *dav_deadprops_read (Share *share, const char *path);

/**
 * dav_deadprops_read_entry:
 * @name: of an entry of @folder
 *
 * As dav_deadprops_read().
 *
 * Returns: (transfer full) (nullable) (element-type GBytes): likewise
 */
GPtrArray *dav_deadprops_read_entry (ShareFolder *folder, const char *name);

/**
 * dav_deadprops_decode:
 * @values: (nullable): from dav_deadprops_read()
 *
 * Anybody on the host may have written these values, so each is read as the XML it will become; one
 * that would spoil the answer it is put in is left out. Worker.
 *
 * Returns: (transfer full) (nullable) (element-type DavProp): the properties; %NULL if none
 */
GPtrArray *dav_deadprops_decode (const GPtrArray *values);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavDeadpropChange, dav_deadprop_change_free)

G_END_DECLS
