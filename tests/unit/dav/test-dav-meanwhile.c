/* What the host does to files while a guest reads, lists and writes them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dav-rig.h"

static gboolean
has_transfer (gpointer data)
{
  g_autoptr (GVariant) transfers
      = g_variant_ref_sink (dav_server_get_transfers (((DavRig *)data)->server));

  return g_variant_n_children (transfers) == 1;
}

/* Bytes of an upload that is opened before all of it is here, and the size of one that is not: both
 * are only as good as what is there when they are put in place. */
static const gsize upload_sizes[] = { 200000, 10 };

/* Sends all of an upload but its last byte, and waits until it has begun. */
static void
send_most (DavClient *client, const char *headers, const char *body)
{
  g_autofree char *head
      = g_strdup_printf ("PUT /a HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n",
                         headers, strlen (body));

  dav_client_send (client, head, -1);
  dav_client_send (client, body, (gssize)strlen (body) - 1);
  dav_rig_wait (client->rig, has_transfer, client->rig);
}

/* The host writes a file between the check of If-Match and the last byte: the host's stands. */
static void
test_lost_update (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (upload_sizes); i++)
    {
      g_autoptr (DavRig) rig = dav_rig_new (0);
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autoptr (DavResponse) get = NULL;
      g_autoptr (DavResponse) put = NULL;
      g_autofree char *body = g_strnfill (upload_sizes[i], 'g');
      g_autofree char *etag = NULL;
      g_autofree char *header = NULL;
      g_autofree char *content = NULL;

      dav_rig_write (rig, "share/a", "old");
      get = dav_rig_request (rig, "GET", "/a", NULL, NULL);
      etag = dav_response_get (get, "ETag");
      header = g_strdup_printf ("If-Match: %s\r\n", etag);
      send_most (client, header, body);
      dav_rig_write (rig, "share/a", "the host's");
      dav_client_send (client, "g", 1);
      put = dav_client_receive (client, FALSE);
      g_assert_cmpuint (put->status, ==, 412);
      content = dav_rig_read (rig, "share/a");
      g_assert_cmpstr (content, ==, "the host's");
    }
}

/* Two uploads that both want to be the first. */
static void
test_two_creators (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (upload_sizes); i++)
    {
      g_autoptr (DavRig) rig = dav_rig_new (0);
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autoptr (DavResponse) put = NULL;
      g_autofree char *body = g_strnfill (upload_sizes[i], 'g');
      g_autofree char *content = NULL;

      send_most (client, "If-None-Match: *\r\n", body);
      g_assert_cmpuint (dav_rig_status (rig, "PUT", "/a", "If-None-Match: *\r\n", "first"), ==,
                        201);
      dav_client_send (client, "g", 1);
      put = dav_client_receive (client, FALSE);
      g_assert_cmpuint (put->status, ==, 412);
      content = dav_rig_read (rig, "share/a");
      g_assert_cmpstr (content, ==, "first");
    }
}

#define DURING_SIZE (8 * 1024 * 1024)

/* What becomes of a file while it is sent. */
typedef enum
{
  DURING_REPLACED,
  DURING_REMOVED,
  DURING_MODE,
  DURING_APPENDED,
  DURING_REWRITTEN,
  DURING_REWRITTEN_LONGER,
  DURING_REWRITTEN_AND_BACKDATED,
} During;

static void
change_during (DavRig *rig, During during)
{
  const gboolean longer = during == DURING_REWRITTEN_LONGER;
  const gsize size = DURING_SIZE + (longer ? 1000 : 0);
  const struct timespec times[2] = { { .tv_sec = 500 }, { .tv_sec = 500 } };
  g_autofree char *path = dav_rig_path (rig, "share/a");
  g_autofree char *new = g_strnfill (size, 'b');
  int fd;

  switch (during)
    {
    case DURING_REPLACED:
      dav_rig_write (rig, "share/a", "replaced");
      break;
    case DURING_REMOVED:
      g_assert_cmpint (g_unlink (path), ==, 0);
      break;
    case DURING_MODE:
      g_assert_cmpint (g_chmod (path, 0600), ==, 0);
      break;
    case DURING_APPENDED:
      fd = g_open (path, O_WRONLY | O_APPEND, 0);
      g_assert_cmpint (write (fd, new, 1000), ==, 1000);
      g_assert_cmpint (close (fd), ==, 0);
      break;
    case DURING_REWRITTEN:
    case DURING_REWRITTEN_LONGER:
    case DURING_REWRITTEN_AND_BACKDATED:
      fd = g_open (path, O_WRONLY, 0);
      g_assert_cmpint (write (fd, new, size), ==, (gssize)size);
      if (during != DURING_REWRITTEN)
        g_assert_cmpint (futimens (fd, times), ==, 0);
      g_assert_cmpint (close (fd), ==, 0);
      break;
    }
}

/* A file that is replaced while it is sent goes out as it was, and one that grows as long as it
 * was; of one that is written to nothing goes out that was not in it when its ETag was told, and
 * the end of the connection says that this was not all. */
static void
test_changes_during_get (void)
{
  static const struct
  {
    During during;
    gboolean whole;
  } cases[] = {
    { DURING_REPLACED, TRUE },
    { DURING_REMOVED, TRUE },
    { DURING_MODE, TRUE },
    { DURING_APPENDED, TRUE },
    { DURING_REWRITTEN, FALSE },
    { DURING_REWRITTEN_LONGER, FALSE },
    { DURING_REWRITTEN_AND_BACKDATED, FALSE },
  };
  static const char *const ranges[]
      = { "", "Range: bytes=1-\r\n", "Range: bytes=0-4000000,4000010-\r\n" };
  const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *data = g_strnfill (DURING_SIZE, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (cases) * G_N_ELEMENTS (ranges); i++)
    {
      const gboolean whole = cases[i / G_N_ELEMENTS (ranges)].whole;
      const char *range = ranges[i % G_N_ELEMENTS (ranges)];
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autoptr (DavResponse) get = NULL;
      g_autofree char *path = dav_rig_path (rig, "share/a");
      g_autofree char *head
          = g_strdup_printf ("GET /a HTTP/1.1\r\nHost: localhost\r\n%s\r\n", range);

      g_test_message ("change %u, %s", cases[i / G_N_ELEMENTS (ranges)].during, range);
      dav_rig_write (rig, "share/a", data);
      g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
      dav_client_send (client, head, -1);
      dav_rig_wait (rig, dav_rig_is_transferring, rig);
      change_during (rig, cases[i / G_N_ELEMENTS (ranges)].during);
      get = dav_client_receive (client, FALSE);
      if (whole)
        {
          g_assert_cmpuint (get->status, ==, *range != '\0' ? 206 : 200);
          if (*range == '\0')
            g_assert_cmpmem (get->body->data, get->body->len, data, DURING_SIZE);
          g_assert_null (memmem (get->body->data, get->body->len, "bbbb", 4));
        }
      else
        {
          g_assert_null (get);
          g_assert_true (client->eof);
          g_assert_nonnull (memmem (client->in->data, client->in->len, "aaaa", 4));
          g_assert_null (memmem (client->in->data, client->in->len, "bbbb", 4));
          g_assert_true (dav_client_is_forgotten (client));
        }
    }
}

/* What goes while it is listed is left out, or told; the listing is whole. */
static void
test_changes_during_listing (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) list = NULL;

  for (guint i = 0; i < 4000; i++)
    {
      g_autofree char *name = g_strdup_printf ("share/f%04u", i);

      dav_rig_write (rig, name, "");
    }
  dav_client_send (client, "PROPFIND / HTTP/1.1\r\nHost: localhost\r\nDepth: 1\r\n\r\n", -1);
  /* By the time another request was answered the listing has begun; its client reads nothing. */
  dav_rig_status (rig, "GET", "/f0001", NULL, NULL);
  for (guint i = 0; i < 4000; i++)
    {
      g_autofree char *name = g_strdup_printf ("share/f%04u", i);
      g_autofree char *path = dav_rig_path (rig, name);

      if (i % 4 != 0)
        g_assert_cmpint (g_unlink (path), ==, 0);
    }
  list = dav_client_receive (client, FALSE);
  g_assert_nonnull (list);
  g_assert_cmpuint (list->status, ==, 207);
  g_assert_true (g_str_has_suffix (dav_response_text (list), "</D:multistatus>\n"));
  for (guint i = 0; i < 4000; i += 4)
    {
      g_autofree char *href = g_strdup_printf ("<D:href>/f%04u</D:href>", i);

      g_assert_nonnull (strstr (dav_response_text (list), href));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav/meanwhile/lost-update", test_lost_update);
  g_test_add_func ("/dav/meanwhile/two-creators", test_two_creators);
  g_test_add_func ("/dav/meanwhile/get", test_changes_during_get);
  g_test_add_func ("/dav/meanwhile/listing", test_changes_during_listing);
  return g_test_run ();
}
