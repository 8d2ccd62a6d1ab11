/* Parts of a file on their way to a client, read ahead a little, in bounded memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-buffer.h"
#include "dav/dav-range.h"
#include "dav/dav-request.h"
#include "share/file.h"

G_BEGIN_DECLS

/* Pieces, each read at once, that one download holds: being written, waiting, and being read. */
#define DAV_DOWNLOAD_PIECES 3

typedef struct _DavDownload DavDownload;

/**
 * dav_download_new:
 * @buffers: (transfer none): what it reads into
 * @file: (transfer full)
 * @stat: of the version that is announced
 *
 * Returns: (transfer full): a download without parts; dav_download_start() takes it
 */
DavDownload *dav_download_new (DavBuffers *buffers, ShareFile *file, const ShareStat *stat);

/**
 * dav_download_add_range:
 * dav_download_add_text:
 * @text: (transfer none)
 *
 * What is sent, in this order.
 */
void dav_download_add_range (DavDownload *self, guint64 offset, guint64 length);
void dav_download_add_text (DavDownload *self, GBytes *text);

/**
 * dav_download_start:
 * @self: (transfer full)
 * @status: 200 or 206
 *
 * Answers @request with it. A file that is no longer what was announced ends the connection before
 * the announced length: what has been sent is all of one version. One that has only grown
 * (share_stat_only_grew()) is sent as long as it was.
 */
void
dav_download_start (DavDownload *self, DavRequest *request, guint status, const char *content_type);

/**
 * dav_download_unref:
 *
 * Frees a download that was not started.
 */
void dav_download_unref (DavDownload *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavDownload, dav_download_unref)

G_END_DECLS
