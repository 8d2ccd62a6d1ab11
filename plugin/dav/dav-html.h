/* What a browser in the guest sees of a folder.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "dav/dav-request.h"
#include "share/folder.h"

G_BEGIN_DECLS

/**
 * dav_html_answer:
 * @folder: (transfer full)
 *
 * Answers a GET or HEAD of a folder with a listing: names that link to their files, no more.
 */
void dav_html_answer (DavRequest *request, ShareFolder *folder);

G_END_DECLS
