/* What Windows' WebClient and macOS' Finder say when a person uses a share, replayed.
 *
 * Sequences as their makers and RFC 4918's interoperability notes describe them: the
 * mini-redirector (MS-WDV: empty files first, LOCK, Win32 times, PUT under the lock) and WebDAVFS
 * (LOCK before each write, chunked PUT with X-Expected-Entity-Length, AppleDouble files, the old
 * quota names).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <sys/stat.h>

#include "dav-rig.h"

#define WINDOWS                                                                                    \
  "User-Agent: Microsoft-WebDAV-MiniRedir/10.0.19045\r\nConnection: Keep-Alive\r\n"                \
  "Cache-Control: no-cache\r\nPragma: no-cache\r\ntranslate: f\r\n"
#define FINDER "User-Agent: WebDAVFS/3.0.0 (03008000) Darwin/22.6.0 (arm64)\r\nAccept: */*\r\n"
#define XML "Content-Type: text/xml; charset=\"utf-8\"\r\n"

typedef struct
{
  DavRig *rig;
  DavClient *client; /* one connection for all of it, as both keep theirs */
  const char *agent;
  char *token; /* (nullable): of the lock that is held */
} Session;

static void
session_begin (Session *self, DavRig *rig, const char *agent)
{
  *self = (Session){ rig, dav_client_new (rig), agent, NULL };
}

static void
session_end (Session *self)
{
  dav_client_free (self->client);
  g_free (self->token);
}

static DavResponse *
say (Session *self,
     const char *method,
     const char *path,
     const char *headers,
     const char *body,
     guint status)
{
  g_autofree char *all = g_strconcat (self->agent, headers, NULL);
  DavResponse *response = dav_client_request (self->client, method, path, all, body);

  g_assert_nonnull (response);
  if (response->status != status)
    g_error ("%s %s: %u, not %u: %s", method, path, response->status, status,
             dav_response_text (response));
  return response;
}

static void
say_only (Session *self,
          const char *method,
          const char *path,
          const char *headers,
          const char *body,
          guint status)
{
  dav_response_free (say (self, method, path, headers, body, status));
}

static void
lock (Session *self, const char *path, const char *owner, const char *timeout)
{
  g_autofree char *body = g_strdup_printf (
      "<?xml version=\"1.0\" encoding=\"utf-8\" ?><D:lockinfo xmlns:D=\"DAV:\"><D:lockscope>"
      "<D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype><D:owner><D:href>%s</D:href>"
      "</D:owner></D:lockinfo>",
      owner);
  g_autofree char *headers = g_strdup_printf (XML "Depth: 0\r\nTimeout: %s\r\n", timeout);
  g_autoptr (DavResponse) response = say (self, "LOCK", path, headers, body, 200);

  g_assert_nonnull (strstr (dav_response_text (response), owner));
  g_free (self->token);
  self->token = dav_response_get (response, "Lock-Token");
  g_assert_nonnull (self->token);
  g_assert_true (g_str_has_prefix (self->token, "<"));
}

static char *
under_lock (Session *self, const char *more)
{
  return g_strdup_printf ("If: (%s)\r\n%s", self->token, more);
}

static void
unlock (Session *self, const char *path)
{
  g_autofree char *headers = g_strdup_printf ("Lock-Token: %s\r\n", self->token);

  say_only (self, "UNLOCK", path, headers, NULL, 204);
}

static void
assert_file (DavRig *rig, const char *name, const char *content)
{
  g_autofree char *got = dav_rig_read (rig, name);

  g_assert_cmpstr (got, ==, content);
}

/* A drive is connected, a file is dropped on it, renamed, read and deleted. */
static void
test_windows (void)
{
  static const char times[]
      = "<?xml version=\"1.0\" encoding=\"utf-8\" ?><D:propertyupdate xmlns:D=\"DAV:\" "
        "xmlns:Z=\"urn:schemas-microsoft-com:\"><D:set><D:prop>"
        "<Z:Win32CreationTime>Mon, 02 Nov 2020 10:20:30 GMT</Z:Win32CreationTime>"
        "<Z:Win32LastAccessTime>Tue, 03 Nov 2020 10:20:30 GMT</Z:Win32LastAccessTime>"
        "<Z:Win32LastModifiedTime>Wed, 04 Nov 2020 10:20:30 GMT</Z:Win32LastModifiedTime>"
        "<Z:Win32FileAttributes>00000020</Z:Win32FileAttributes></D:prop></D:set></"
        "D:propertyupdate>";
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *real = dav_rig_path (rig, "share/New file.txt");
  struct stat st;
  Session session;

  session_begin (&session, rig, WINDOWS);
  {
    g_autoptr (DavResponse) options = say (&session, "OPTIONS", "/", "", NULL, 200);
    g_autofree char *dav = dav_response_get (options, "DAV");
    g_autofree char *author = dav_response_get (options, "MS-Author-Via");
    g_autofree char *allow = dav_response_get (options, "Allow");

    g_assert_nonnull (strstr (dav, "1"));
    g_assert_nonnull (strstr (dav, "2"));
    g_assert_cmpstr (author, ==, "DAV");
    g_assert_nonnull (strstr (allow, "PROPFIND"));
    g_assert_nonnull (strstr (allow, "LOCK"));
  }
  say_only (&session, "PROPFIND", "/", "Depth: 0\r\nContent-Length: 0\r\n", NULL, 207);
  say_only (&session, "PROPFIND", "/", "Depth: 1\r\nContent-Length: 0\r\n", NULL, 207);
  say_only (&session, "PROPFIND", "/New%20file.txt", "Depth: 0\r\nContent-Length: 0\r\n", NULL,
            404);
  /* It asks for what shells look for in any folder. */
  say_only (&session, "PROPFIND", "/desktop.ini", "Depth: 0\r\nContent-Length: 0\r\n", NULL, 404);

  say_only (&session, "PUT", "/New%20file.txt", "Content-Length: 0\r\n", NULL, 201);
  lock (&session, "/New%20file.txt", "HOST\\user", "Second-3600");
  {
    g_autofree char *headers = under_lock (&session, XML);
    g_autofree char *put = under_lock (&session, "");
    g_autoptr (DavResponse) first
        = say (&session, "PROPPATCH", "/New%20file.txt", headers, times, 207);

    g_assert_null (strstr (dav_response_text (first), "HTTP/1.1 4"));
    dav_response_free (dav_client_request (session.client, "PROPFIND", "/New%20file.txt",
                                           WINDOWS "Depth: 0\r\nContent-Length: 0\r\n", NULL));
    /* Somebody else may not. */
    g_assert_cmpuint (dav_rig_status (rig, "PUT", "/New%20file.txt", NULL, "x"), ==, 423);
    say_only (&session, "PUT", "/New%20file.txt", put, "what was in it", 204);
    say_only (&session, "PROPPATCH", "/New%20file.txt", headers, times, 207);
  }
  unlock (&session, "/New%20file.txt");
  assert_file (rig, "share/New file.txt", "what was in it");
  g_assert_cmpint (stat (real, &st), ==, 0);
  g_assert_cmpint (st.st_mtime, ==, 1604485230);
  {
    g_autoptr (DavResponse) found = say (&session, "PROPFIND", "/New%20file.txt",
                                         "Depth: 0\r\nContent-Length: 0\r\n", NULL, 207);
    const char *text = dav_response_text (found);

    g_assert_nonnull (strstr (text, "Mon, 02 Nov 2020 10:20:30 GMT"));
    g_assert_nonnull (strstr (text, "Tue, 03 Nov 2020 10:20:30 GMT"));
    g_assert_nonnull (strstr (text, "Wed, 04 Nov 2020 10:20:30 GMT"));
    g_assert_nonnull (strstr (text, "00000020"));
  }

  say_only (
      &session, "MOVE", "/New%20file.txt",
      "Destination: http://localhost:9843/Report.txt\r\nOverwrite: F\r\nContent-Length: 0\r\n",
      NULL, 201);
  {
    g_autoptr (DavResponse) got = say (&session, "GET", "/Report.txt", "", NULL, 200);

    g_assert_cmpstr (dav_response_text (got), ==, "what was in it");
  }
  say_only (&session, "MKCOL", "/New%20folder", "Content-Length: 0\r\n", NULL, 201);
  say_only (&session, "DELETE", "/Report.txt", "Content-Length: 0\r\n", NULL, 204);
  say_only (&session, "DELETE", "/New%20folder", "Content-Length: 0\r\n", NULL, 204);
  g_assert_false (dav_rig_exists (rig, "share/Report.txt"));
  session_end (&session);
}

/* PUT as WebDAVFS sends it: chunked, with the length it expects beside it. */
static void
put_chunked (Session *self, const char *path, const char *content)
{
  g_autofree char *request = g_strdup_printf (
      "PUT %s HTTP/1.1\r\nHost: localhost:9843\r\n%sX-Expected-Entity-Length: %zu\r\nIf: (%s)\r\n"
      "Transfer-Encoding: Chunked\r\n\r\n%zx\r\n%s\r\n0\r\n\r\n",
      path, self->agent, strlen (content), self->token, strlen (content), content);
  g_autoptr (DavResponse) response = NULL;

  dav_client_send (self->client, request, -1);
  response = dav_client_receive (self->client, FALSE);
  g_assert_nonnull (response);
  g_assert_cmpuint (response->status, ==, 204);
}

static void
finder_write (Session *self, const char *path, const char *content)
{
  say_only (self, "PROPFIND", path, "Depth: 0\r\nContent-Length: 0\r\n", NULL, 404);
  say_only (self, "PUT", path, "Content-Length: 0\r\n", NULL, 201);
  lock (self, path, "http://www.apple.com/webdav_fs/", "Second-600");
  put_chunked (self, path, content);
  unlock (self, path);
}

/* A volume is mounted, a file with a resource fork is copied to it, opened and thrown away. */
static void
test_finder (void)
{
  static const char attributes[]
      = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:propfind xmlns:D=\"DAV:\">\n<D:prop>\n"
        "<D:getlastmodified/>\n<D:getcontentlength/>\n<D:creationdate/>\n<D:resourcetype/>\n"
        "</D:prop>\n</D:propfind>\n";
  static const char quota[]
      = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:propfind xmlns:D=\"DAV:\">\n<D:prop>\n"
        "<D:quota-available-bytes/>\n<D:quota-used-bytes/>\n<D:quota/>\n<D:quotaused/>\n</D:prop>\n"
        "</D:propfind>\n";
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *etag = NULL;
  Session session;

  session_begin (&session, rig, FINDER);
  say_only (&session, "OPTIONS", "/", "Content-Length: 0\r\n", NULL, 200);
  say_only (&session, "PROPFIND", "/", XML "Depth: 0\r\n", attributes, 207);
  {
    g_autoptr (DavResponse) response
        = say (&session, "PROPFIND", "/", XML "Depth: 0\r\n", quota, 207);
    const char *text = dav_response_text (response);

    g_assert_nonnull (strstr (text, "quota-available-bytes>"));
    /* The names of an older draft are not there, and that is said of each. */
    g_assert_nonnull (strstr (text, "HTTP/1.1 404"));
  }
  say_only (&session, "PROPFIND", "/._.", XML "Depth: 0\r\n", attributes, 404);
  say_only (&session, "PROPFIND", "/.DS_Store", XML "Depth: 0\r\n", attributes, 404);
  say_only (&session, "PROPFIND", "/", XML "Depth: 1\r\n", attributes, 207);

  finder_write (&session, "/Bild%20%C3%A4.png", "the picture");
  finder_write (&session, "/._Bild%20%C3%A4.png", "its fork");
  assert_file (rig, "share/Bild \xc3\xa4.png", "the picture");
  assert_file (rig, "share/._Bild \xc3\xa4.png", "its fork");

  {
    g_autoptr (DavResponse) got = say (&session, "GET", "/Bild%20%C3%A4.png", "", NULL, 200);
    g_autofree char *again = NULL;

    g_assert_cmpstr (dav_response_text (got), ==, "the picture");
    etag = dav_response_get (got, "ETag");
    again = g_strdup_printf ("If-None-Match: %s\r\n", etag);
    say_only (&session, "GET", "/Bild%20%C3%A4.png", again, NULL, 304);
    say_only (&session, "GET", "/Bild%20%C3%A4.png", "Range: bytes=4-\r\n", NULL, 206);
  }
  /* It is written again: another lock, no empty file first. */
  lock (&session, "/Bild%20%C3%A4.png", "http://www.apple.com/webdav_fs/", "Second-600");
  put_chunked (&session, "/Bild%20%C3%A4.png", "the picture, cropped");
  unlock (&session, "/Bild%20%C3%A4.png");
  assert_file (rig, "share/Bild \xc3\xa4.png", "the picture, cropped");

  say_only (&session, "DELETE", "/Bild%20%C3%A4.png", "", NULL, 204);
  say_only (&session, "DELETE", "/._Bild%20%C3%A4.png", "", NULL, 204);
  say_only (&session, "PROPFIND", "/Bild%20%C3%A4.png", XML "Depth: 0\r\n", attributes, 404);
  session_end (&session);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav-recorded/windows", test_windows);
  g_test_add_func ("/dav-recorded/finder", test_finder);
  return g_test_run ();
}
