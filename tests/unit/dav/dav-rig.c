/* A DavServer for tests; see dav-rig.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav-rig.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/file-pool.h"
#include "tree-snapshot.h"

typedef struct
{
  DavRig *rig;
  gpointer token;
} RigLookup;

static void
rig_request_done (GIOStream *stream, gpointer user_data)
{
  DavRig *self = user_data;

  self->n_done++;
}

static void
rig_item_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree RigLookup *lookup = user_data;
  g_autoptr (Share) share = share_open_finish (result, NULL);

  dav_server_clipboard_found (lookup->rig->server, lookup->token, share);
}

static void
rig_lookup_clipboard (const char *id, const char *name, gpointer token, gpointer user_data)
{
  DavRig *self = user_data;
  g_autofree char *path = NULL;
  RigLookup *lookup;

  self->n_lookups++;
  g_assert_null (strchr (id, '/'));
  g_assert_null (strchr (name, '/'));
  if (self->hold_lookups)
    {
      g_ptr_array_add (self->held, token);
      return;
    }
  if (!g_str_equal (id, "7"))
    {
      dav_server_clipboard_found (self->server, token, NULL);
      return;
    }
  path = g_build_filename (self->base, "clip", name, NULL);
  lookup = g_new (RigLookup, 1);
  lookup->rig = self;
  lookup->token = token;
  share_open_async (path, SHARE_READ_ONLY | SHARE_FILE_ROOT, NULL, rig_item_opened, lookup);
}

static const DavServerOps rig_ops = {
  .request_done = rig_request_done,
  .lookup_clipboard = rig_lookup_clipboard,
};

DavRig *
dav_rig_new_unshared (void)
{
  DavRig *self = g_new0 (DavRig, 1);
  g_autoptr (GError) error = NULL;

  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  self->base = g_dir_make_tmp ("spice-share-dav-XXXXXX", &error);
  g_assert_no_error (error);
  self->held = g_ptr_array_new ();
  dav_rig_mkdir (self, "share");
  dav_rig_mkdir (self, "outside");
  dav_rig_mkdir (self, "clip");
  dav_rig_write (self, "outside/secret", "a secret");
  self->server = dav_server_new (&rig_ops, self);
  return self;
}

DavRig *
dav_rig_new (ShareFlags flags)
{
  DavRig *self = dav_rig_new_unshared ();

  self->share = dav_rig_open (self, "share", flags);
  dav_server_set_share (self->server, self->share);
  return self;
}

/* Returns: whether it is gone: the share's own temporary folder may come or go at the same time */
static gboolean
rig_remove (const char *path)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK) && g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_chmod (path, 0700);
      dir = g_dir_open (path, 0, NULL);
      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *child = g_build_filename (path, name, NULL);

          rig_remove (child);
        }
    }
  return g_remove (path) == 0 || errno == ENOENT;
}

void
dav_rig_free (DavRig *self)
{
  gint64 deadline;

  dav_server_free (self->server);
  if (self->share != NULL)
    {
      share_close (self->share);
      share_unref (self->share);
    }
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
  deadline = g_get_monotonic_time () + DAV_RIG_SECONDS * G_USEC_PER_SEC;
  while (!rig_remove (self->base))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (1000);
    }
  g_ptr_array_unref (self->held);
  g_free (self->base);
  g_free (self);
}

static gboolean
rig_timed_out (gpointer data)
{
  g_error ("Nothing happened for %d seconds", DAV_RIG_SECONDS);
  return G_SOURCE_REMOVE;
}

void
dav_rig_wait (DavRig *self, gboolean (*done) (gpointer data), gpointer data)
{
  g_autoptr (GSource) deadline = g_timeout_source_new_seconds (DAV_RIG_SECONDS);

  g_source_set_callback (deadline, rig_timed_out, NULL, NULL);
  g_source_attach (deadline, self->context);
  while (!done (data))
    g_main_context_iteration (self->context, TRUE);
  g_source_destroy (deadline);
}

gboolean
dav_rig_is_transferring (gpointer rig)
{
  g_autoptr (GVariant) transfers
      = g_variant_ref_sink (dav_server_get_transfers (((DavRig *)rig)->server));
  guint64 done = 0;

  if (g_variant_n_children (transfers) == 1)
    g_variant_get_child (transfers, 0, "(tssttx)", NULL, NULL, NULL, &done, NULL, NULL);
  return done > 0;
}

static void
rig_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  Share **share = user_data;

  *share = share_open_finish (result, &error);
  g_assert_no_error (error);
}

static gboolean
rig_is_set (gpointer data)
{
  return *(gpointer *)data != NULL;
}

Share *
dav_rig_open (DavRig *self, const char *name, ShareFlags flags)
{
  g_autofree char *path = dav_rig_path (self, name);
  Share *share = NULL;

  share_open_async (path, flags, NULL, rig_opened, &share);
  dav_rig_wait (self, rig_is_set, &share);
  return share;
}

/* Files */

char *
dav_rig_path (DavRig *self, const char *name)
{
  return g_build_filename (self->base, name, NULL);
}

void
dav_rig_write (DavRig *self, const char *name, const char *content)
{
  g_autofree char *path = dav_rig_path (self, name);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, content, -1, &error);
  g_assert_no_error (error);
}

void
dav_rig_mkdir (DavRig *self, const char *name)
{
  g_autofree char *path = dav_rig_path (self, name);

  g_assert_cmpint (g_mkdir_with_parents (path, 0755), ==, 0);
}

char *
dav_rig_read (DavRig *self, const char *name)
{
  g_autofree char *path = dav_rig_path (self, name);
  char *content = NULL;

  g_file_get_contents (path, &content, NULL, NULL);
  return content;
}

gboolean
dav_rig_exists (DavRig *self, const char *name)
{
  g_autofree char *path = dav_rig_path (self, name);
  struct stat st;

  return lstat (path, &st) == 0;
}

char *
dav_rig_snapshot (DavRig *self, const char *name)
{
  g_autofree char *path = dav_rig_path (self, name);

  return tree_snapshot (path);
}

/* The pool */

struct _DavRigBlock
{
  GMutex lock;
  GCond cond;
  guint n_entered;
  guint n_left;
  gboolean released;
};

static void
rig_block_job (Share *share, gpointer data)
{
  DavRigBlock *block = data;

  g_mutex_lock (&block->lock);
  block->n_entered++;
  g_cond_broadcast (&block->cond);
  while (!block->released)
    g_cond_wait (&block->cond, &block->lock);
  g_mutex_unlock (&block->lock);
}

static void
rig_block_done (Share *share, gboolean ran, gpointer data)
{
  DavRigBlock *block = data;

  block->n_left++;
}

DavRigBlock *
dav_rig_block (DavRig *self)
{
  DavRigBlock *block = g_new0 (DavRigBlock, 1);

  g_mutex_init (&block->lock);
  g_cond_init (&block->cond);
  for (guint i = 0; i < FILE_POOL_THREADS; i++)
    share_run (self->share, 0, NULL, rig_block_job, rig_block_done, block);
  g_mutex_lock (&block->lock);
  while (block->n_entered < FILE_POOL_THREADS)
    {
      gint64 end = g_get_monotonic_time () + DAV_RIG_SECONDS * G_USEC_PER_SEC;

      g_assert_true (g_cond_wait_until (&block->cond, &block->lock, end));
    }
  g_mutex_unlock (&block->lock);
  return block;
}

static gboolean
rig_all_left (gpointer data)
{
  return ((DavRigBlock *)data)->n_left == FILE_POOL_THREADS;
}

void
dav_rig_release (DavRig *self, DavRigBlock *block)
{
  g_mutex_lock (&block->lock);
  block->released = TRUE;
  g_cond_broadcast (&block->cond);
  g_mutex_unlock (&block->lock);
  dav_rig_wait (self, rig_all_left, block);
  g_mutex_clear (&block->lock);
  g_cond_clear (&block->cond);
  g_free (block);
}
