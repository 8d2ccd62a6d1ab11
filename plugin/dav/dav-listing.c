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
  gboolean with_xattrs;
  ShareFolder *folder;
  ShareEntry *entries;
  guint n_entries;   /* of the batch at hand */
  guint n_ready;     /* of them, those the job has dealt with */
  gboolean refilled; /* by the last job: the batch at hand is a new one */
  gboolean at_end;
  int error;

  /* of the worker alone */
  guint n_told; /* entries whose text was made */
  guint status;
  const char *content_type;
  GString *text;
  gboolean busy;
  gboolean streaming; /* the answer has begun */
  gboolean ended;     /* it is complete */
  guint n_pushed;     /* pieces libsoup holds */
} DavListing;

static void
dav_listing_unref (gpointer data)
{
  DavListing *self = data;

  if (--self->refs > 0)
    return;

  self->ops->free_data (self->data);
  share_folder_free (self->folder);
  g_free (self->entries);
  if (self->text != NULL)
    g_string_free (self->text, TRUE);
  g_free (self);
}

static void
dav_listing_job (Share *share, gpointer data)
{
  DavListing *self = data;

  self->refilled = self->n_ready == self->n_entries;
  if (self->refilled)
    {
      int n = share_folder_next (self->folder, self->entries, DAV_LISTING_BATCH, self->with_xattrs);

      self->error = MIN (n, 0);
      self->at_end = n == 0;
      self->n_entries = MAX (n, 0);
      self->n_ready = 0;
    }
  if (self->n_ready < self->n_entries)
    {
      if (self->ops->read != NULL)
        self->n_ready += self->ops->read (self->folder, self->entries, self->n_ready,
                                          self->n_entries - self->n_ready, self->data);
      else
        self->n_ready = self->n_entries;
    }
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
dav_listing_finish (DavRequest *request, DavListing *self)
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
}

static void
dav_listing_have_read (DavRequest *request, gpointer data)
{
  DavListing *self = data;

  self->busy = FALSE;
  if (self->error == 0)
    {
      if (self->refilled)
        self->n_told = 0;
      dav_listing_go_on (request, self);
    }
  else if (self->streaming)
    {
      dav_request_abort (request);
    }
  else
    {
      dav_request_fail_errno (request, self->error);
    }
}

/* Makes text of what there is as long as libsoup has room for it, then asks for more. */
static void
dav_listing_go_on (DavRequest *request, DavListing *self)
{
  while (!self->busy && !self->ended && self->n_pushed < 2)
    {
      if (self->text == NULL)
        self->text = g_string_sized_new (DAV_LISTING_CHUNK);

      while (self->n_told < self->n_ready && self->text->len < DAV_LISTING_CHUNK)
        {
          self->ops->entry (request, self->text, &self->entries[self->n_told], self->n_told,
                            self->data);
          self->n_told++;
        }

      if (self->text->len >= DAV_LISTING_CHUNK)
        {
          dav_listing_push (request, self);
        }
      else if (self->at_end)
        {
          dav_listing_finish (request, self);
        }
      else
        {
          self->busy = TRUE;
          self->refs++;
          dav_request_run (request, dav_listing_job, dav_listing_have_read, self,
                           dav_listing_unref);
        }
    }
}

void
dav_listing_answer (DavRequest *request,
                    ShareFolder *folder,
                    guint status,
                    const char *content_type,
                    GString *begin,
                    gboolean with_xattrs,
                    const DavListingOps *ops,
                    gpointer data)
{
  DavListing *self = g_new0 (DavListing, 1);

  self->refs = 1;
  self->ops = ops;
  self->data = data;
  self->with_xattrs = with_xattrs;
  self->folder = folder;
  self->entries = g_new (ShareEntry, DAV_LISTING_BATCH);
  self->status = status;
  self->content_type = content_type;
  self->text = begin;
  dav_request_set_data (request, self, dav_listing_unref);
  dav_listing_go_on (request, self);
}
