/* A folder's entries on their way to a client, in bounded memory: jobs read them in batches, and a
 * callback makes the text.
 *
 * A short listing becomes one answer with a length; a long one is sent in chunks while the next
 * batch is being read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-request.h"
#include "share/folder.h"

G_BEGIN_DECLS

/* Entries read by one job, and the text (bytes) sent in one piece. A listing holds two such pieces,
 * the one being made, and the batch. */
#define DAV_LISTING_BATCH 128
#define DAV_LISTING_CHUNK (128 * 1024)

/**
 * DavListingOps:
 * @read: (nullable): called in the job after entries were read, to read more about them. May stop
 *   early to save memory. Returns how many of @n_entries it dealt with, at least one
 * @entry: appends what is to be said of @entry, the @index th of its batch. Worker
 * @end: appends what comes after the last one. Worker
 * @free_data: worker
 */
typedef struct
{
  guint (*read) (ShareFolder *folder,
                 const ShareEntry *entries,
                 guint first,
                 guint n_entries,
                 gpointer data);
  void (*entry) (DavRequest *request,
                 GString *out,
                 const ShareEntry *entry,
                 guint index,
                 gpointer data);
  void (*end) (DavRequest *request, GString *out, gpointer data);
  GDestroyNotify free_data;
} DavListingOps;

/**
 * dav_listing_answer:
 * @folder: (transfer full)
 * @content_type: (transfer none): static
 * @begin: (transfer full): text that comes first
 * @with_xattrs: whether @read wants to know which entries may have extended attributes
 * @data: (transfer full)
 *
 * Answers @request. A folder that cannot be read to its end ends the connection, if the answer has
 * begun.
 */
void dav_listing_answer (DavRequest *request,
                         ShareFolder *folder,
                         guint status,
                         const char *content_type,
                         GString *begin,
                         gboolean with_xattrs,
                         const DavListingOps *ops,
                         gpointer data);

G_END_DECLS
