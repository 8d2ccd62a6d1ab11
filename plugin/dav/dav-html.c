/* A folder as a page; see dav-html.h. Everything in it is escaped, it has no script and no style.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-html.h"

#include "dav/dav-listing.h"
#include "dav/dav-path.h"
#include "dav/dav-xml-write.h"

static void
dav_html_append_link (GString *out, const char *path, const char *name, gboolean is_folder)
{
  g_string_append (out, "<li><a href=\"");
  dav_path_append_href (out, path, is_folder);
  g_string_append (out, "\">");
  dav_xml_append_text (out, name);
  g_string_append (out, is_folder ? "/</a></li>\n" : "</a></li>\n");
}

static void
dav_html_entry (DavRequest *request,
                GString *out,
                const ShareEntry *entry,
                guint index,
                gpointer data)
{
  const char *folder = data;
  g_autofree char *path = g_build_filename (folder, entry->name, NULL);

  dav_html_append_link (out, path, entry->name, entry->stat.type == SHARE_TYPE_FOLDER);
}

static void
dav_html_end (DavRequest *request, GString *out, gpointer data)
{
  g_string_append (out, "</ul>\n</body>\n</html>\n");
}

static const DavListingOps dav_html_ops = {
  .entry = dav_html_entry,
  .end = dav_html_end,
  .free_data = g_free,
};

void
dav_html_answer (DavRequest *request, ShareFolder *folder)
{
  static const char content_type[] = "text/html; charset=utf-8";
  char *shown = dav_mount_show_path (request->mount, request->path);
  GString *begin;

  if (soup_server_message_get_method (request->msg) == SOUP_METHOD_HEAD)
    {
      /* Its length is not known without making it; a HEAD need not say. */
      share_folder_free (folder);
      g_free (shown);
      dav_request_begin_stream (request, SOUP_STATUS_OK, content_type, G_MAXUINT64, NULL);
      dav_request_end_stream (request);
      return;
    }

  begin = g_string_new ("<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"><title>/");
  dav_xml_append_text (begin, shown);
  g_string_append (begin, "</title></head>\n<body>\n<h1>/");
  dav_xml_append_text (begin, shown);
  g_string_append (begin, "</h1>\n<ul>\n");
  if (*request->path != '\0')
    {
      g_autofree char *parent = dav_path_get_parent (shown);

      dav_html_append_link (begin, parent, "..", TRUE);
    }
  dav_listing_answer (request, folder, SOUP_STATUS_OK, content_type, begin, FALSE, &dav_html_ops,
                      shown);
}
