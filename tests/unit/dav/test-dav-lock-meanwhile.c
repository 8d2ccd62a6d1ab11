/* A lock, and a change that was allowed before there was one: the change is refused, or the lock.
 *
 * The system calls stand here in the place of the C library's, for this program alone, and wait
 * until they are let go on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../../lib/gate.h"
#include "dav-rig.h"
#include "dav/dav-request.h"

#define EXCLUSIVE                                                                                  \
  "<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope><locktype><write/></locktype>"        \
  "</lockinfo>"
#define SHARED                                                                                     \
  "<lockinfo xmlns='DAV:'><lockscope><shared/></lockscope><locktype><write/></locktype>"           \
  "</lockinfo>"
#define PROPPATCH                                                                                  \
  "<propertyupdate xmlns='DAV:'><set><prop><a xmlns='n:'/></prop></set></propertyupdate>"

static Gate changing;

int
unlinkat (int folder, const char *name, int flags)
{
  if (strcmp (name, "x") == 0)
    gate_pass (&changing);
  return (int)syscall (SYS_unlinkat, folder, name, flags);
}

int
mkdirat (int folder, const char *name, mode_t mode)
{
  if (strcmp (name, "new") == 0)
    gate_pass (&changing);
  return (int)syscall (SYS_mkdirat, folder, name, mode);
}

int
renameat2 (int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
  /* What is moved while something else waits is called that. */
  if (strcmp (to, "e") != 0)
    gate_pass (&changing);
  return (int)syscall (SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int
renameat (int from_folder, const char *from, int to_folder, const char *to)
{
  return renameat2 (from_folder, from, to_folder, to, 0);
}

int
setxattr (const char *path, const char *name, const void *value, size_t size, int flags)
{
  gate_pass (&changing);
  return (int)syscall (SYS_setxattr, path, name, value, size, flags);
}

static DavRig *
rig_with_files (void)
{
  DavRig *rig = dav_rig_new (0);

  dav_rig_mkdir (rig, "share/d");
  dav_rig_write (rig, "share/d/x", "old");
  dav_rig_write (rig, "share/d/other", "other");
  dav_rig_write (rig, "share/other", "other");
  return rig;
}

static guint
lock (DavRig *rig, const char *path, const char *depth)
{
  g_autofree char *header = g_strdup_printf ("Depth: %s\r\n", depth);

  return dav_rig_status (rig, "LOCK", path, header, EXCLUSIVE);
}

static void
send_request (DavClient *client,
              const char *method,
              const char *path,
              const char *headers,
              const char *body)
{
  g_autofree char *request
      = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n%s",
                         method, path, headers, strlen (body), body);

  dav_client_send (client, request, -1);
}

static gboolean
is_reached (gpointer data)
{
  /* The main context is not told of it. */
  g_main_context_wakeup (g_main_context_get_thread_default ());
  return gate_get_reached (&changing) > 0;
}

static gboolean
has_no_jobs (gpointer data)
{
  return dav_request_count_jobs () == 0;
}

/* Nobody gets a lock on what is being changed; who locks something else does. */
static void
test_under_way (void)
{
  static const struct
  {
    const char *method;
    const char *path;
    const char *headers;
    const char *body;
    guint status;
    const char *refused[4]; /* path, and depth */
    const char *granted;
  } cases[] = {
    { "PUT", "/d/x", "", "new", 204, { "/d/x", "0", "/", "infinity" }, "/d/other" },
    { "PUT", "/d/new", "", "new", 201, { "/d/new", "0", "/d", "0" }, "/d/x" },
    { "PROPPATCH", "/d/x", "", PROPPATCH, 207, { "/d/x", "0", "/d", "infinity" }, "/d" },
    { "DELETE", "/d/x", "", "", 204, { "/d/x", "0", "/d", "0" }, "/" },
    { "DELETE", "/d", "", "", 204, { "/d/x", "0", "/", "0" }, "/other" },
    { "MKCOL", "/d/new", "", "", 201, { "/d", "0", "/", "infinity" }, "/d/x" },
    { "MOVE", "/d/x", "Destination: /y\r\n", "", 201, { "/d/x", "0", "/", "0" }, "/d/other" },
    { "MOVE",
      "/other",
      "Destination: /d/x\r\n",
      "",
      204,
      { "/d/x", "0", "/other", "0" },
      "/d/other" },
    { "COPY", "/other", "Destination: /d/x\r\n", "", 204, { "/d/x", "0", "/d", "0" }, "/other" },
    { "LOCK", "/d/new", "Depth: 0\r\n", EXCLUSIVE, 201, { "/d", "0", "/d/new", "0" }, "/d/x" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DavRig) rig = rig_with_files ();
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autoptr (DavResponse) response = NULL;
      g_autoptr (DavResponse) granted = NULL;
      g_autofree char *token = NULL;
      g_autofree char *unlock = NULL;

      g_test_message ("%s %s", cases[i].method, cases[i].path);
      gate_close (&changing);
      send_request (client, cases[i].method, cases[i].path, cases[i].headers, cases[i].body);
      dav_rig_wait (rig, is_reached, NULL);
      for (guint j = 0; j < G_N_ELEMENTS (cases[i].refused); j += 2)
        g_assert_cmpuint (lock (rig, cases[i].refused[j], cases[i].refused[j + 1]), ==, 423);
      granted = dav_rig_request (rig, "LOCK", cases[i].granted, "Depth: 0\r\n", EXCLUSIVE);
      g_assert_cmpuint (granted->status, ==, 200);
      token = dav_response_get (granted, "Lock-Token");
      unlock = g_strdup_printf ("Lock-Token: %s\r\n", token);
      g_assert_cmpuint (dav_rig_status (rig, "UNLOCK", cases[i].granted, unlock, NULL), ==, 204);
      gate_open (&changing);
      response = dav_client_receive (client, FALSE);
      g_assert_nonnull (response);
      g_assert_cmpuint (response->status, ==, cases[i].status);
      /* When it is done nothing of it is left. */
      g_assert_cmpuint (lock (rig, "/", "infinity"), ==,
                        strcmp (cases[i].method, "LOCK") == 0 ? 207 : 200);
    }
}

/* A change whose client is gone may still be made. */
static void
test_abandoned (void)
{
  g_autoptr (DavRig) rig = rig_with_files ();
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (GObject) stream = NULL;

  gate_close (&changing);
  send_request (client, "DELETE", "/d/x", "", "");
  dav_rig_wait (rig, is_reached, NULL);
  stream = g_weak_ref_get (&client->server_end);
  g_signal_emit_by_name (stream, "hang-up");
  g_clear_object (&stream);
  g_assert_true (dav_client_is_forgotten (client));
  g_assert_cmpuint (lock (rig, "/d/x", "0"), ==, 423);
  gate_open (&changing);
  dav_rig_wait (rig, has_no_jobs, NULL);
  g_assert_cmpuint (lock (rig, "/d/x", "0") / 100, ==, 2);
}

/* Its own lock is there before, and does not run out meanwhile. */
static void
test_refresh (void)
{
  g_autoptr (DavRig) rig = rig_with_files ();
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) granted
      = dav_rig_request (rig, "LOCK", "/d/x", "Depth: 0\r\n", EXCLUSIVE);
  g_autofree char *value = dav_response_get (granted, "Lock-Token");
  g_autofree char *submitted = g_strdup_printf ("If: (%s)\r\n", value);
  g_autoptr (DavResponse) put = NULL;

  gate_close (&changing);
  send_request (client, "PUT", "/d/x", submitted, "new");
  dav_rig_wait (rig, is_reached, NULL);
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/d/x", submitted, NULL), ==, 200);
  gate_open (&changing);
  put = dav_client_receive (client, FALSE);
  g_assert_cmpuint (put->status, ==, 204);
}

/* Up to where the body is wanted: then the upload is under way. */
static void
begin_upload (DavClient *client, const char *path, gsize size)
{
  g_autofree char *head
      = g_strdup_printf ("PUT %s HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                         "Content-Length: %zu\r\n\r\n",
                         path, size);
  g_autoptr (DavResponse) go_on = NULL;

  dav_client_send (client, head, -1);
  go_on = dav_client_receive (client, FALSE);
  g_assert_cmpuint (go_on->status, ==, 100);
}

/* While the body of an upload comes in there is time for a lock: the file is its owner's then. */
static void
test_upload (void)
{
  static const struct
  {
    const char *path;
    const char *locked;
    gsize size;
    gboolean writes; /* some of it before the lock */
  } cases[] = {
    { "/d/x", "/d/x", 200000, TRUE },  { "/d/x", "/d/x", 200000, FALSE },
    { "/d/x", "/d/x", 10, FALSE },     { "/d/new", "/d", 200000, TRUE },
    { "/d/new", "/d/new", 10, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DavRig) rig = rig_with_files ();
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autofree char *body = g_strnfill (cases[i].size, 'g');
      gsize sent = cases[i].writes ? cases[i].size / 2 : 0;
      g_autoptr (DavResponse) put = NULL;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;

      g_test_message ("case %u", i);
      begin_upload (client, cases[i].path, cases[i].size);
      if (sent > 0)
        {
          dav_client_send (client, body, (gssize)sent);
          dav_rig_wait (rig, dav_rig_is_transferring, rig);
        }
      g_assert_cmpuint (lock (rig, cases[i].locked, "0") / 100, ==, 2);
      before = dav_rig_read (rig, cases[i].path[3] == 'x' ? "share/d/x" : "share/d/new");
      dav_client_send (client, body + sent, (gssize)(cases[i].size - sent));
      put = dav_client_receive (client, FALSE);
      g_assert_nonnull (put);
      g_assert_cmpuint (put->status, ==, 423);
      g_assert_nonnull (strstr (dav_response_text (put), "<D:lock-token-submitted><D:href>"));
      after = dav_rig_read (rig, cases[i].path[3] == 'x' ? "share/d/x" : "share/d/new");
      g_assert_cmpstr (after, ==, before);
    }
}

/* What was to be replaced is gone by the time all of the body is there: then the upload makes a
 * member of a folder that somebody has locked meanwhile. */
static void
test_upload_of_what_is_gone (void)
{
  g_autoptr (DavRig) rig = rig_with_files ();
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autofree char *body = g_strnfill (200000, 'g');
  g_autoptr (DavResponse) put = NULL;

  begin_upload (client, "/d/x", 200000);
  g_assert_cmpuint (dav_rig_status (rig, "DELETE", "/d/x", NULL, NULL), ==, 204);
  g_assert_cmpuint (lock (rig, "/d", "0"), ==, 200);
  dav_client_send (client, body, 200000);
  put = dav_client_receive (client, FALSE);
  g_assert_nonnull (put);
  g_assert_cmpuint (put->status, ==, 423);
  g_assert_nonnull (
      strstr (dav_response_text (put), "<D:lock-token-submitted><D:href>/d/</D:href>"));
  g_assert_false (dav_rig_exists (rig, "share/d/x"));
}

/* What is there may be replaced in a folder that is locked (RFC 4918 section 7.4), whatever it was
 * when the upload began; of two uploads at once too. */
static void
test_upload_into_locked (void)
{
  g_autoptr (DavRig) rig = rig_with_files ();
  g_autofree char *body = g_strnfill (200000, 'g');

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autoptr (DavResponse) put = NULL;
      g_autofree char *after = NULL;

      begin_upload (client, "/d/x", 200000);
      if (i == 0)
        g_assert_cmpuint (lock (rig, "/d", "0"), ==, 200);
      g_assert_cmpuint (dav_rig_status (rig, "PUT", "/d/x", NULL, "meanwhile"), ==, 204);
      dav_client_send (client, body, 200000);
      put = dav_client_receive (client, FALSE);
      g_assert_nonnull (put);
      g_assert_cmpuint (put->status, ==, 204);
      after = dav_rig_read (rig, "share/d/x");
      g_assert_cmpstr (after, ==, body);
    }
}

/* The folder of an upload has another name by the time all of the body is there: what is there now
 * is locked, and not what was asked for. */
static void
test_upload_moved (void)
{
  /* Whether there is a new folder of the old name by then. */
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (DavRig) rig = rig_with_files ();
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autofree char *body = g_strnfill (200000, 'g');
      g_autofree char *after = NULL;
      g_autoptr (DavResponse) put = NULL;

      begin_upload (client, "/d/x", 200000);
      g_assert_cmpuint (dav_rig_status (rig, "MOVE", "/d", "Destination: /e\r\n", NULL), ==, 201);
      g_assert_cmpuint (lock (rig, "/e/x", "0"), ==, 200);
      if (i == 1)
        g_assert_cmpuint (dav_rig_status (rig, "MKCOL", "/d", NULL, NULL), ==, 201);
      dav_client_send (client, body, 200000);
      put = dav_client_receive (client, FALSE);
      g_assert_nonnull (put);
      g_assert_cmpuint (put->status, ==, 409);
      after = dav_rig_read (rig, "share/e/x");
      g_assert_cmpstr (after, ==, "old");
      g_assert_false (dav_rig_exists (rig, "share/d/x"));
    }
}

/* A folder is moved while something is being done in it, which goes on in there: nobody locks it
 * under its new name before that is done. */
static void
test_moved (void)
{
  g_autoptr (DavRig) rig = rig_with_files ();
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) made = NULL;

  gate_close (&changing);
  send_request (client, "MKCOL", "/d/new", "", "");
  dav_rig_wait (rig, is_reached, NULL);
  g_assert_cmpuint (dav_rig_status (rig, "MOVE", "/d", "Destination: /e\r\n", NULL), ==, 201);
  g_assert_cmpuint (lock (rig, "/e", "0"), ==, 423);
  g_assert_cmpuint (lock (rig, "/e/new", "0"), ==, 423);
  g_assert_cmpuint (lock (rig, "/e/x", "0"), ==, 200);
  gate_open (&changing);
  made = dav_client_receive (client, FALSE);
  g_assert_nonnull (made);
  g_assert_cmpuint (made->status, ==, 201);
  g_assert_true (dav_rig_exists (rig, "share/e/new"));
  g_assert_cmpuint (lock (rig, "/e", "0"), ==, 200);
}

/* A shared lock does not forbid what the owner of another shared one does; where that one is not,
 * it does. */
static void
test_shared (void)
{
  g_autoptr (DavRig) rig = rig_with_files ();
  g_autoptr (DavClient) client = dav_client_new (rig);
  g_autoptr (DavResponse) granted = dav_rig_request (rig, "LOCK", "/d/x", "Depth: 0\r\n", SHARED);
  g_autofree char *value = dav_response_get (granted, "Lock-Token");
  g_autofree char *submitted = g_strdup_printf ("If: (%s)\r\n", value);
  g_autoptr (DavResponse) put = NULL;

  gate_close (&changing);
  send_request (client, "PUT", "/d/x", submitted, "new");
  dav_rig_wait (rig, is_reached, NULL);
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/d/x", "Depth: 0\r\n", SHARED), ==, 200);
  g_assert_cmpuint (lock (rig, "/d/x", "0"), ==, 423);
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/d", "Depth: 0\r\n", SHARED), ==, 423);
  gate_open (&changing);
  put = dav_client_receive (client, FALSE);
  g_assert_cmpuint (put->status, ==, 204);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_signal_new ("hang-up", G_TYPE_SOCKET_CONNECTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 0);
  g_test_add_func ("/dav/lock-meanwhile/upload", test_upload);
  g_test_add_func ("/dav/lock-meanwhile/under-way", test_under_way);
  g_test_add_func ("/dav/lock-meanwhile/abandoned", test_abandoned);
  g_test_add_func ("/dav/lock-meanwhile/refresh", test_refresh);
  g_test_add_func ("/dav/lock-meanwhile/gone", test_upload_of_what_is_gone);
  g_test_add_func ("/dav/lock-meanwhile/into-locked", test_upload_into_locked);
  g_test_add_func ("/dav/lock-meanwhile/upload-moved", test_upload_moved);
  g_test_add_func ("/dav/lock-meanwhile/moved", test_moved);
  g_test_add_func ("/dav/lock-meanwhile/shared", test_shared);
  return g_test_run ();
}
