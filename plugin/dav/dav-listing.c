/* A folder's entries on their way; see dav-listing.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-listing.h"

/* A listing: of the job while one runs, else of the worker. */
typedef struct
{
  guint refs;
  const DavListingOps *ops;
  gpointer data;
  ShareFolder *folder;
  ShareEntry *entries;
  int n_entries; /* of the batch, or a negative errno */

  /* of the worker alone */
  guint status;
  const char *content_type;
  GString *text;
  gboolean busy;
  gboolean streaming; /* the answer has begun */
  guint n_pushed;     /* pieces libsoup holds */
  gboolean ended;
} DavListing;

static void
dav_listing_unref (gpointer data)
{
  DavListing *self = data;

  if (--self->refs > 0)
    return;

  if (self->ops->free_data != NULL)
    self->ops->free_data (self->data);
  g_clear_pointer (&self->folder, share_folder_free);
  g_free (self->entries);
  if (self->text != NULL)
    g_string_free (self->text, TRUE);
  g_free (self);
}

static void
dav_listing_job (Share *share, gpointer data)
{
  DavListing *self = data;

  self->n_entries
      = share_folder_next (self->folder, self->entries, DAV_LISTING_BATCH, self->ops->with_xattrs);
  if (self->n_entries > 0 && self->ops->read != NULL)
    self->ops->read (self->folder, self->entries, self->n_entries, self->data);
}

static void dav_listing_go_on (DavRequest *request, DavListing *self);

static void
dav_listing_wrote (DavRequest *request)
{
  DavListing *self = request->data;

  self->n_pushed--;
  dav_listing_go_on (request, self);
}

static void
dav_listing_push (DavRequest *request, DavListing *self)
{
  g_autoptr (GBytes) bytes = g_string_free_to_bytes (g_steal_pointer (&self->text));

  if (!self->streaming)
    {
      self->streaming = TRUE;
      dav_request_begin_stream (request, self->status, self->content_type, G_MAXUINT64,
                                dav_listing_wrote);
    }
  self->n_pushed++;
  dav_request_push (request, bytes);
}

static void
dav_listing_have_read (DavRequest *request, gpointer data)
{
  DavListing *self = data;

  self->busy = FALSE;
  if (self->n_entries < 0)
    {
      if (self->streaming)
        dav_request_abort (request);
      else
        dav_request_fail_errno (request, self->n_entries);
      return;
    }

  if (self->text == NULL)
    self->text = g_string_sized_new (DAV_LISTING_CHUNK);
  for (int i = 0; i < self->n_entries; i++)
    self->ops->entry (request, self->text, &self->entries[i], i, self->data);

  if (self->n_entries == 0)
    {
      self->ended = TRUE;
      self->ops->end (request, self->text, self->data);
      if (self->streaming)
        {
          dav_listing_push (request, self);
          dav_request_end_stream (request);
        }
      else
        {
          g_autoptr (GBytes) body = g_string_free_to_bytes (g_steal_pointer (&self->text));

          dav_request_answer (request, self->status, self->content_type, body);
        }
      return;
    }

  if (self->text->len >= DAV_LISTING_CHUNK)
    dav_listing_push (request, self);
  dav_listing_go_on (request, self);
}

static void
dav_listing_go_on (DavRequest *request, DavListing *self)
{
  if (self->busy || self->ended || self->n_pushed >= 2)
    return;

  self->busy = TRUE;
  self->refs++;
  dav_request_run (request, dav_listing_job, dav_listing_have_read, self, dav_listing_unref);
}

void
dav_listing_answer (DavRequest *request,
                    ShareFolder *folder,
                    guint status,
                    const char *content_type,
                    GString *begin,
                    const DavListingOps *ops,
                    gpointer data)
{
  DavListing *self = g_new0 (DavListing, 1);

  self->refs = 1;
  self->ops = ops;
  self->data = data;
  self->folder = folder;
  self->entries = g_new (ShareEntry, DAV_LISTING_BATCH);
  self->status = status;
  self->content_type = content_type;
  self->text = begin;
  dav_request_set_data (request, self, dav_listing_unref);
  dav_listing_go_on (request, self);
}
