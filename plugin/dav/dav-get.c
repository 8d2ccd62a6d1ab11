/* GET and HEAD: a file, parts of it, or what is in a folder (RFC 9110 sections 9.3.1, 14).
 *
 * One job opens the file, evaluates the conditions, and reads it if it is small: a small file costs
 * one job and one write.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>

#include "dav/dav-date.h"
#include "dav/dav-download.h"
#include "dav/dav-etag.h"
#include "dav/dav-guard.h"
#include "dav/dav-html.h"
#include "dav/dav-request.h"

/* Files up to this (bytes) are read by the job that opens them. */
#define DAV_GET_SMALL (64 * 1024)

/* How often a small file is read that is written to meanwhile. */
#define DAV_GET_ATTEMPTS 8

typedef struct
{
  DavGuard *guard;
  char *path;
  gboolean read_small;
  int error;
  guint status; /* decided by the guard */
  ShareStat stat;
  ShareFile *file;     /* NULL if it was small, or is a folder */
  ShareFolder *folder; /* NULL if it is a file */
  GBytes *content;
} DavGet;

static void
dav_get_free (gpointer data)
{
  DavGet *self = data;

  dav_guard_free (self->guard);
  g_clear_pointer (&self->file, share_file_free);
  g_clear_pointer (&self->folder, share_folder_free);
  g_clear_pointer (&self->content, g_bytes_unref);
  g_free (self->path);
  g_free (self);
}

/* Returns: whether what was read is all of one version */
static gboolean
dav_get_read_small (DavGet *self)
{
  guint8 *content = g_malloc (MAX (self->stat.size, 1));
  gssize n = share_file_read (self->file, content, self->stat.size, 0);
  gboolean unchanged = FALSE;
  ShareStat now;

  if (n < 0)
    self->error = n;
  else
    self->error = share_file_stat (self->file, &now);
  if (self->error == 0)
    unchanged = (guint64)n == self->stat.size
                && (share_stat_same_version (&self->stat, &now)
                    || share_stat_only_grew (&self->stat, &now));
  if (unchanged)
    self->content = g_bytes_new_take (g_steal_pointer (&content), n);
  g_free (content);
  g_clear_pointer (&self->file, share_file_free);
  return unchanged || self->error < 0;
}

/* Returns: %FALSE to do it again */
static gboolean
dav_get_open (DavGet *self, Share *share)
{
  self->error = share_file_open (share, self->path, &self->stat, &self->file);
  if (self->error == -EISDIR)
    self->error = share_folder_open (share, self->path, &self->stat, &self->folder);
  if (self->error < 0)
    return TRUE;

  self->status = dav_guard_evaluate (self->guard, share, &self->stat);
  if (self->status == 0 && self->file != NULL && self->read_small
      && self->stat.size <= DAV_GET_SMALL)
    return dav_get_read_small (self);
  return TRUE;
}

static void
dav_get_job (Share *share, gpointer data)
{
  DavGet *self = data;

  for (guint i = 0; i < DAV_GET_ATTEMPTS; i++)
    if (dav_get_open (self, share))
      return;
  self->status = SOUP_STATUS_SERVICE_UNAVAILABLE;
}

/* The fields every answer about a file has. */
static void
dav_get_set_headers (DavRequest *request, const ShareStat *stat)
{
  char etag[DAV_ETAG_SIZE];
  char date[DAV_DATE_SIZE];

  dav_stat_format_etag (stat, etag);
  dav_date_format_http (stat->mtime, date);
  dav_request_set_header (request, "ETag", etag);
  dav_request_set_header (request, "Last-Modified", date);
  dav_request_set_header (request, "Accept-Ranges", "bytes");
  dav_request_harden (request);
}

/* The head of what a GET would have got, without its body. */
static void
dav_get_answer_head (DavRequest *request, const char *content_type, guint64 size)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (request->msg);

  soup_message_headers_set_content_length (headers, size);
  dav_request_answer (request, SOUP_STATUS_OK, content_type, NULL);
}

static void
dav_get_send_ranges (DavRequest *request,
                     DavGet *self,
                     const DavRange *ranges,
                     guint n_ranges,
                     const char *content_type)
{
  g_autoptr (DavDownload) download
      = dav_download_new (request->mount->buffers, g_steal_pointer (&self->file), &self->stat);
  g_autofree char *multipart = NULL;
  char boundary[DAV_RANGE_BOUNDARY_SIZE];

  if (n_ranges == 1)
    {
      g_autofree char *value = dav_range_format_content_range (&ranges[0], self->stat.size);

      dav_request_set_header (request, "Content-Range", value);
      dav_download_add_range (download, ranges[0].offset, ranges[0].length);
      dav_download_start (g_steal_pointer (&download), request, SOUP_STATUS_PARTIAL_CONTENT,
                          content_type);
      return;
    }

  dav_range_make_boundary (boundary);
  for (guint i = 0; i <= n_ranges; i++)
    {
      g_autoptr (GBytes) bytes = NULL;
      GString *text = g_string_new (NULL);

      if (i < n_ranges)
        dav_range_append_part_head (text, boundary, content_type, &ranges[i], self->stat.size);
      else
        dav_range_append_end (text, boundary);
      bytes = g_string_free_to_bytes (text);
      dav_download_add_text (download, bytes);
      if (i < n_ranges)
        dav_download_add_range (download, ranges[i].offset, ranges[i].length);
    }
  multipart = g_strdup_printf ("multipart/byteranges; boundary=%s", boundary);
  dav_download_start (g_steal_pointer (&download), request, SOUP_STATUS_PARTIAL_CONTENT, multipart);
}

static void
dav_get_send_file (DavRequest *request, DavGet *self)
{
  /* A root that is a file has its name in the prefix. */
  const char *name = *request->path != '\0' ? request->path : request->mount->prefix;
  const char *content_type = dav_mime_guess (request->mime, name);
  const char *range = dav_request_get_header (request, "Range");
  DavRange ranges[DAV_RANGE_MAX];
  guint n_ranges = 0;

  dav_get_set_headers (request, &self->stat);

  if (soup_server_message_get_method (request->msg) == SOUP_METHOD_HEAD)
    {
      dav_get_answer_head (request, content_type, self->stat.size);
      return;
    }

  if (self->content != NULL)
    {
      request->transfer.done = self->stat.size;
      dav_request_answer (request, SOUP_STATUS_OK, content_type, self->content);
      return;
    }

  if (range != NULL && dav_guard_range_applies (self->guard, &self->stat))
    {
      switch (dav_range_parse (range, self->stat.size, ranges, &n_ranges))
        {
        case DAV_RANGE_UNSATISFIABLE:
          {
            g_autofree char *value = dav_range_format_content_range (NULL, self->stat.size);

            dav_request_set_header (request, "Content-Range", value);
            dav_request_fail (request, SOUP_STATUS_REQUESTED_RANGE_NOT_SATISFIABLE);
            return;
          }
        case DAV_RANGE_PARTIAL:
          dav_get_send_ranges (request, self, ranges, n_ranges, content_type);
          return;
        case DAV_RANGE_IGNORE:
        default:
          break;
        }
    }

  {
    g_autoptr (DavDownload) download
        = dav_download_new (request->mount->buffers, g_steal_pointer (&self->file), &self->stat);

    dav_download_add_range (download, 0, self->stat.size);
    dav_download_start (g_steal_pointer (&download), request, SOUP_STATUS_OK, content_type);
  }
}

static void
dav_get_done (DavRequest *request, gpointer data)
{
  DavGet *self = data;

  if (self->error < 0)
    {
      dav_request_fail_errno (request, self->error);
    }
  else if (self->status == SOUP_STATUS_NOT_MODIFIED)
    {
      /* Its length would be that of what is not sent; none is right as well. */
      soup_message_headers_set_encoding (soup_server_message_get_response_headers (request->msg),
                                         SOUP_ENCODING_NONE);
      if (self->file != NULL)
        dav_get_set_headers (request, &self->stat);
      dav_request_answer (request, self->status, NULL, NULL);
    }
  else if (self->status != 0)
    {
      dav_request_fail (request, self->status);
    }
  else if (self->folder != NULL)
    {
      dav_request_harden (request);
      dav_html_answer (request, g_steal_pointer (&self->folder));
    }
  else
    {
      dav_get_send_file (request, self);
    }
}

void
dav_get_run (DavRequest *request)
{
  g_autoptr (DavGuard) guard = dav_guard_new (request);
  DavGet *self;

  if (guard == NULL)
    return;

  self = g_new0 (DavGet, 1);
  self->guard = g_steal_pointer (&guard);
  self->path = g_strdup (request->path);
  self->read_small = soup_server_message_get_method (request->msg) == SOUP_METHOD_GET
                     && dav_request_get_header (request, "Range") == NULL;
  dav_request_run (request, dav_get_job, dav_get_done, self, dav_get_free);
}
