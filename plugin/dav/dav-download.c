/* Parts of a file on their way; see dav-download.h.
 *
 * libsoup holds at most two pieces (one it writes, one that waits) while a job reads the third.
 * When it has written one (`wrote-chunk`) there is room again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-download.h"

#include <errno.h>

/* A part of the answer: @text, or a part of the file. */
typedef struct
{
  GBytes *text;
  guint64 offset;
  guint64 length;
} DavPart;

struct _DavDownload
{
  guint refs;
  ShareFile *file;
  GArray *parts;
  guint part; /* at hand */
  guint64 total;
  DavBuffers *buffers;
  guint n_pushed; /* pieces libsoup holds */

  /* while a job runs, its own */
  gboolean busy;
  ShareStat stat; /* the version whose content is sent */
  guint8 *buffer;
  guint64 offset;
  gsize wanted;
  gssize got;
};

static void
dav_part_clear (gpointer data)
{
  g_clear_pointer (&((DavPart *)data)->text, g_bytes_unref);
}

DavDownload *
dav_download_new (DavBuffers *buffers, ShareFile *file, const ShareStat *stat)
{
  DavDownload *self = g_new0 (DavDownload, 1);

  self->refs = 1;
  self->file = file;
  self->stat = *stat;
  self->parts = g_array_new (FALSE, FALSE, sizeof (DavPart));
  g_array_set_clear_func (self->parts, dav_part_clear);
  self->buffers = dav_buffers_ref (buffers);
  return self;
}

void
dav_download_unref (DavDownload *self)
{
  if (--self->refs > 0)
    return;

  if (self->buffer != NULL)
    dav_buffers_give_back (self->buffers, self->buffer);
  dav_buffers_unref (self->buffers);
  g_array_unref (self->parts);
  share_file_free (self->file);
  g_free (self);
}

void
dav_download_add_range (DavDownload *self, guint64 offset, guint64 length)
{
  DavPart part = { NULL, offset, length };

  self->total += length;
  g_array_append_val (self->parts, part);
}

void
dav_download_add_text (DavDownload *self, GBytes *text)
{
  DavPart part = { g_bytes_ref (text), 0, g_bytes_get_size (text) };

  self->total += part.length;
  g_array_append_val (self->parts, part);
}

/* Whether what has been read so far is all of one version. Asked after a read: whoever writes
 * between the read and the question is found out needlessly, but nobody is missed. */
static gboolean
dav_download_is_unchanged (DavDownload *self)
{
  ShareStat now;

  if (share_file_stat (self->file, &now) < 0)
    return FALSE;
  if (share_stat_only_grew (&self->stat, &now))
    self->stat = now;
  return share_stat_same_version (&self->stat, &now);
}

static void
dav_download_read_job (Share *share, gpointer data)
{
  DavDownload *self = data;

  self->got = share_file_read (self->file, self->buffer, self->wanted, self->offset);
  if (self->got >= 0 && !dav_download_is_unchanged (self))
    self->got = -ESTALE;
}

static void dav_download_go_on (DavRequest *request, DavDownload *self);

static void
dav_download_have_read (DavRequest *request, gpointer data)
{
  DavDownload *self = data;
  DavPart *part = &g_array_index (self->parts, DavPart, self->part);
  guint8 *buffer = g_steal_pointer (&self->buffer);
  g_autoptr (GBytes) bytes = NULL;

  self->busy = FALSE;
  if (self->got != (gssize)self->wanted)
    {
      /* The file was changed, or cannot be read. The length was announced. */
      dav_buffers_give_back (self->buffers, buffer);
      dav_request_abort (request);
      return;
    }

  bytes = dav_buffers_wrap (self->buffers, buffer, self->wanted);
  part->offset += self->wanted;
  part->length -= self->wanted;
  request->transfer.done += self->wanted;
  self->n_pushed++;
  dav_request_push (request, bytes);
  dav_download_go_on (request, self);
}

static void
dav_download_go_on (DavRequest *request, DavDownload *self)
{
  while (!self->busy && self->n_pushed + 1 < DAV_DOWNLOAD_PIECES && self->part < self->parts->len)
    {
      DavPart *part = &g_array_index (self->parts, DavPart, self->part);

      if (part->text != NULL)
        {
          self->n_pushed++;
          self->part++;
          dav_request_push (request, part->text);
        }
      else if (part->length == 0)
        {
          self->part++;
        }
      else
        {
          self->busy = TRUE;
          self->buffer = dav_buffers_take (self->buffers);
          self->offset = part->offset;
          self->wanted = MIN (part->length, DAV_BUFFER_SIZE);
          self->refs++;
          dav_request_run (request, dav_download_read_job, dav_download_have_read, self,
                           (GDestroyNotify)dav_download_unref);
        }
    }
}

static void
dav_download_wrote (DavRequest *request)
{
  DavDownload *self = request->data;

  self->n_pushed--;
  dav_download_go_on (request, self);
}

void
dav_download_start (DavDownload *self, DavRequest *request, guint status, const char *content_type)
{
  request->transfer.direction = DAV_TRANSFER_DOWNLOAD;
  request->transfer.total = self->total;
  dav_request_set_data (request, self, (GDestroyNotify)dav_download_unref);
  dav_request_begin_stream (request, status, content_type, self->total, dav_download_wrote);
  dav_download_go_on (request, self);
}
