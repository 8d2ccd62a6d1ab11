/* See clipboard.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "transport/clipboard.h"

#include "base/log.h"

/* spice-gtk: spice-session-priv.h, SPICE_WEBDAV_CLIPBOARD_FOLDER_PATH */
#define CLIPBOARD_FOLDER ".spice-clipboard"

typedef struct
{
  char *path;
  Share *share;
} Item;

struct _Clipboard
{
  GQueue items; /* of Item, the one used last first */
  GCancellable *cancellable;
};

typedef struct
{
  Clipboard *clipboard;
  char *path;
  ClipboardFound found;
  gpointer token;
  gpointer user_data;
} Lookup;

static void
lookup_free (Lookup *lookup)
{
  g_free (lookup->path);
  g_free (lookup);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Lookup, lookup_free)

static void
item_free (gpointer data)
{
  Item *item = data;

  share_close (item->share);
  share_unref (item->share);
  g_free (item->path);
  g_free (item);
}

Clipboard *
clipboard_new (void)
{
  Clipboard *self = g_new0 (Clipboard, 1);

  g_queue_init (&self->items);
  self->cancellable = g_cancellable_new ();
  return self;
}

void
clipboard_free (Clipboard *self)
{
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  g_queue_clear_full (&self->items, item_free);
  g_free (self);
}

static Share *
find_open (Clipboard *self, const char *path)
{
  for (GList *l = self->items.head; l != NULL; l = l->next)
    {
      Item *item = l->data;

      if (g_str_equal (item->path, path))
        {
          g_queue_unlink (&self->items, l);
          g_queue_push_head_link (&self->items, l);
          return item->share;
        }
    }
  return NULL;
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Lookup) lookup = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (Share) share = share_open_finish (result, &error);
  Clipboard *self = lookup->clipboard;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* and the clipboard is gone */

  if (share == NULL)
    {
      share_debug ("copied item %s: %s", lookup->path, error->message);
    }
  else if (find_open (self, lookup->path) == NULL)
    {
      Item *item = g_new (Item, 1);

      *item = (Item){ g_steal_pointer (&lookup->path), share_ref (share) };
      g_queue_push_head (&self->items, item);
      if (self->items.length > CLIPBOARD_MAX_ITEMS)
        item_free (g_queue_pop_tail (&self->items));
    }
  lookup->found (share, lookup->token, lookup->user_data);
}

/* The path of a copied item. spice-gtk's virtual root answers from memory. */
static char *
item_path (SpiceSession *session, const char *id, const char *name)
{
  g_autoptr (GObject) server = NULL;
  g_autoptr (GFile) root = NULL;
  g_autoptr (GFile) file = NULL;
  g_autofree char *shared_dir = NULL;
  g_autofree char *relative = g_build_filename (CLIPBOARD_FOLDER, id, name, NULL);
  g_autofree char *in_share = NULL;
  g_autofree char *path = NULL;

  /* Not every build of spice-gtk has a server of its own. */
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (session), "webdav-server") == NULL)
    return NULL;
  g_object_get (session, "webdav-server", &server, "shared-dir", &shared_dir, NULL);
  if (server == NULL
      || g_object_class_find_property (G_OBJECT_GET_CLASS (server), "root-file") == NULL)
    return NULL;
  g_object_get (server, "root-file", &root, NULL);
  if (root == NULL)
    return NULL;

  file = g_file_resolve_relative_path (root, relative);
  if (file == NULL || !g_file_is_native (file))
    return NULL;
  path = g_file_get_path (file);

  /* What the virtual root does not have, it may look for in the shared folder. */
  in_share = shared_dir == NULL ? NULL : g_build_filename (shared_dir, relative, NULL);
  return g_strcmp0 (path, in_share) == 0 ? NULL : g_steal_pointer (&path);
}

void
clipboard_lookup (Clipboard *self,
                  SpiceSession *session,
                  const char *id,
                  const char *name,
                  ClipboardFound found,
                  gpointer token,
                  gpointer user_data)
{
  g_autofree char *path = item_path (session, id, name);
  Share *open = path == NULL ? NULL : find_open (self, path);
  Lookup *lookup;

  if (path == NULL || open != NULL)
    {
      found (open, token, user_data);
      return;
    }
  lookup = g_new (Lookup, 1);
  *lookup = (Lookup){ self, g_steal_pointer (&path), found, token, user_data };
  share_open_async (lookup->path, SHARE_READ_ONLY | SHARE_FILE_ROOT, self->cancellable, on_opened,
                    lookup);
}
