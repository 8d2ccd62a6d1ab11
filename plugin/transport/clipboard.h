/* Files on the clipboard: what stock spice-gtk offers to the guest below /.spice-clipboard/.
 *
 * spice-gtk keeps the copied files in the virtual root of the session's own WebDAV server, which
 * our channel has replaced. They are looked up there (in memory, main thread) and served like any
 * other folder: read-only, each item a root of its own that no request can leave.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <spice-client.h>

#include "share/share.h"

G_BEGIN_DECLS

/* Items that stay open at once; the one used longest ago is closed for a new one. */
#define CLIPBOARD_MAX_ITEMS 16

typedef struct _Clipboard Clipboard;

/**
 * ClipboardFound:
 * @item: (nullable) (transfer none): the item, or %NULL if there is none of that name
 */
typedef void (*ClipboardFound) (Share *item, gpointer token, gpointer user_data);

/**
 * clipboard_new:
 *
 * Returns: (transfer full): nothing is open yet
 */
Clipboard *clipboard_new (void);

/**
 * clipboard_free:
 *
 * Closes what is open. Lookups under way are not answered any more.
 */
void clipboard_free (Clipboard *self);

/**
 * clipboard_lookup:
 * @session: where the files were copied
 * @id: the folder spice-gtk made for one copied item
 * @name: the item's name
 * @found: called once, now or later, in this thread
 */
void clipboard_lookup (Clipboard *self,
                       SpiceSession *session,
                       const char *id,
                       const char *name,
                       ClipboardFound found,
                       gpointer token,
                       gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Clipboard, clipboard_free)

G_END_DECLS
