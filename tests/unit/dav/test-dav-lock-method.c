/* LOCK, UNLOCK, and what a lock means for every other method, on a real SoupServer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <string.h>

#include "dav-rig.h"
#include "dav/dav-headers.h"
#include "dav/dav-lock.h"

#define EXCLUSIVE                                                                                  \
  "<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope><locktype><write/></locktype>"        \
  "<owner>me</owner></lockinfo>"
#define EXCLUSIVE_LENGTH "115"

G_STATIC_ASSERT (sizeof EXCLUSIVE - 1 == 115);

#define SHARED                                                                                     \
  "<lockinfo xmlns='DAV:'><lockscope><shared/></lockscope><locktype><write/></locktype>"           \
  "</lockinfo>"
#define PROPPATCH                                                                                  \
  "<propertyupdate xmlns='DAV:'><set><prop><a xmlns='n:'/></prop></set></propertyupdate>"

/* Takes a lock that must be granted with @status; returns its token. */
static char *
lock (DavRig *rig, const char *path, const char *headers, const char *body, guint status)
{
  g_autoptr (DavResponse) response = dav_rig_request (rig, "LOCK", path, headers, body);
  g_autofree char *value = dav_response_get (response, "Lock-Token");

  g_assert_cmpuint (response->status, ==, status);
  g_assert_nonnull (strstr (dav_response_text (response), "<D:lockdiscovery>"));
  return dav_lock_token_parse (value);
}

static char *
header (const char *format, const char *token)
{
  GString *text = g_string_new (format);

  g_string_replace (text, "TOKEN", token, 0);
  return g_string_free (text, FALSE);
}

static guint
unlock (DavRig *rig, const char *path, const char *token)
{
  g_autofree char *field = header ("Lock-Token: <TOKEN>\r\n", token);

  return dav_rig_status (rig, "UNLOCK", path, field, NULL);
}

static void
test_lock (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *token = NULL;
  g_autoptr (DavResponse) refused = NULL;
  g_autoptr (DavResponse) found = NULL;
  g_autofree char *expected = NULL;

  dav_rig_write (rig, "share/f", "x");
  token = lock (rig, "/f", "Depth: 0\r\nTimeout: Second-100\r\n", EXCLUSIVE, 200);
  g_assert_true (g_str_has_prefix (token, "urn:uuid:"));

  refused = dav_rig_request (rig, "LOCK", "/f", "Depth: 0\r\n", SHARED);
  g_assert_cmpuint (refused->status, ==, 423);
  g_assert_nonnull (strstr (dav_response_text (refused),
                            "<D:no-conflicting-lock><D:href>/f</D:href></D:no-conflicting-lock>"));

  found = dav_rig_request (rig, "PROPFIND", "/f", "Depth: 0\r\n",
                           "<propfind xmlns='DAV:'><prop><lockdiscovery/></prop></propfind>");
  expected = header ("<D:depth>0</D:depth><D:owner>me</D:owner><D:timeout>Second-", token);
  g_assert_nonnull (strstr (dav_response_text (found), expected));
  g_assert_nonnull (strstr (dav_response_text (found), token));

  g_assert_cmpuint (unlock (rig, "/f", "urn:uuid:none"), ==, 409);
  g_assert_cmpuint (dav_rig_status (rig, "UNLOCK", "/f", NULL, NULL), ==, 400);
  g_assert_cmpuint (dav_rig_status (rig, "UNLOCK", "/f", "Lock-Token: x\r\n", NULL), ==, 400);
  g_assert_cmpuint (unlock (rig, "/f", token), ==, 204);
  g_assert_cmpuint (unlock (rig, "/f", token), ==, 409);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/f", NULL, "y"), ==, 204);
}

/* What is refused without the token goes through with it. */
static void
test_protects (void)
{
  static const struct
  {
    const char *locked;
    const char *depth;
    const char *method;
    const char *path;
    const char *headers;
    const char *body;
    guint status; /* with the token */
  } cases[] = {
    { "/d/f", "0", "PUT", "/d/f", "", "y", 204 },
    { "/d/f", "0", "PROPPATCH", "/d/f", "", PROPPATCH, 207 },
    { "/d/f", "0", "DELETE", "/d/f", "", NULL, 204 },
    { "/d/f", "0", "DELETE", "/d", "", NULL, 204 },
    { "/d/f", "0", "MOVE", "/d/f", "Destination: /d/g\r\n", NULL, 201 },
    { "/d/f", "0", "MOVE", "/d", "Destination: /e\r\n", NULL, 201 },
    { "/d/f", "0", "MOVE", "/other", "Destination: /d/f\r\n", NULL, 204 },
    { "/d/f", "0", "COPY", "/other", "Destination: /d/f\r\n", NULL, 204 },
    { "/d/f", "0", "COPY", "/other", "Destination: /d\r\n", NULL, 204 },
    { "/d/", "0", "PUT", "/d/new", "", "y", 201 },
    { "/d/", "0", "MKCOL", "/d/new", "", NULL, 201 },
    { "/d/", "0", "DELETE", "/d/f", "", NULL, 204 },
    { "/d/", "0", "PROPPATCH", "/d/", "", PROPPATCH, 207 },
    { "/d/", "0", "LOCK", "/d/new", "Depth: 0\r\n", EXCLUSIVE, 201 },
    { "/d/", "0", "COPY", "/other", "Destination: /d/new\r\n", NULL, 201 },
    { "/d/", "infinity", "PUT", "/d/f", "", "y", 204 },
    { "/d/", "infinity", "PUT", "/d/sub/new", "", "y", 201 },
    { "/d/", "infinity", "MKCOL", "/d/sub/new", "", NULL, 201 },
    { "/", "infinity", "PUT", "/d/sub/g", "", "y", 204 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (DavRig) rig = dav_rig_new (0);
      g_autofree char *depth = g_strdup_printf ("Depth: %s\r\n", cases[i].depth);
      g_autofree char *token = NULL;
      g_autofree char *wrong = NULL;
      g_autofree char *submitted = NULL;
      g_autofree char *tagged = NULL;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      g_autoptr (DavResponse) refused = NULL;

      g_test_message ("%s locked, %s %s", cases[i].locked, cases[i].method, cases[i].path);
      dav_rig_mkdir (rig, "share/d");
      dav_rig_mkdir (rig, "share/d/sub");
      dav_rig_write (rig, "share/d/f", "x");
      dav_rig_write (rig, "share/d/sub/g", "x");
      dav_rig_write (rig, "share/other", "x");
      token = lock (rig, cases[i].locked, depth, EXCLUSIVE, 200);
      before = dav_rig_snapshot (rig, "share");

      refused
          = dav_rig_request (rig, cases[i].method, cases[i].path, cases[i].headers, cases[i].body);
      g_assert_cmpuint (refused->status, ==, 423);
      g_assert_nonnull (strstr (dav_response_text (refused), "<D:lock-token-submitted><D:href>"));

      /* True, but another token than the lock's; and one that makes the condition fail. */
      wrong = g_strconcat (cases[i].headers, "If: (Not <DAV:no-lock>)\r\n", NULL);
      g_assert_cmpuint (dav_rig_status (rig, cases[i].method, cases[i].path, wrong, cases[i].body),
                        ==, 423);
      g_clear_pointer (&wrong, g_free);
      wrong = g_strconcat (cases[i].headers, "If: (<urn:uuid:no>)\r\n", NULL);
      g_assert_cmpuint (
          dav_rig_status (rig, cases[i].method, cases[i].path, wrong, cases[i].body) / 100, ==, 4);
      after = dav_rig_snapshot (rig, "share");
      g_assert_cmpstr (before, ==, after);

      tagged = g_strdup_printf ("%sIf: <%s> (<TOKEN>)\r\n", cases[i].headers, cases[i].locked);
      submitted = header (tagged, token);
      g_assert_cmpuint (
          dav_rig_status (rig, cases[i].method, cases[i].path, submitted, cases[i].body), ==,
          cases[i].status);
    }
}

/* Reading is nobody's to forbid. */
static void
test_allows (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *token = NULL;

  dav_rig_mkdir (rig, "share/d");
  dav_rig_write (rig, "share/d/f", "x");
  token = lock (rig, "/d/", "Depth: infinity\r\n", EXCLUSIVE, 200);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/d/f", NULL, NULL), ==, 200);
  g_assert_cmpuint (dav_rig_status (rig, "PROPFIND", "/d", "Depth: 1\r\n", NULL), ==, 207);
  g_assert_cmpuint (dav_rig_status (rig, "COPY", "/d", "Destination: /e\r\n", NULL), ==, 201);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/e/f", NULL, "y"), ==, 204);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/new", NULL, "y"), ==, 201);
}

static void
test_unmapped (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *token = lock (rig, "/new", "Depth: 0\r\n", EXCLUSIVE, 201);
  g_autofree char *content = dav_rig_read (rig, "share/new");

  dav_rig_write (rig, "share/f", "x");
  g_assert_cmpstr (content, ==, "");
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/new", NULL, "x"), ==, 423);

  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/no/such", "Depth: 0\r\n", EXCLUSIVE), ==, 409);
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/f/x", "Depth: 0\r\n", EXCLUSIVE), ==, 409);
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/folder/", "Depth: 0\r\n", EXCLUSIVE), ==, 409);
  g_assert_false (dav_rig_exists (rig, "share/folder"));

  /* What could not be made is not locked either. */
  dav_rig_mkdir (rig, "share/no");
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/no/such", NULL, "x"), ==, 201);
}

static void
test_refresh (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *token = NULL;
  g_autofree char *good = NULL;
  g_autofree char *good_below = NULL;
  g_autoptr (DavResponse) refreshed = NULL;
  g_autofree char *no_token = NULL;

  dav_rig_mkdir (rig, "share/d");
  dav_rig_write (rig, "share/f", "x");
  token = lock (rig, "/d/", "Timeout: Second-100\r\n", EXCLUSIVE, 200);
  good = header ("If: (<TOKEN>)\r\nTimeout: Second-5000\r\n", token);
  refreshed = dav_rig_request (rig, "LOCK", "/d/", good, NULL);
  g_assert_cmpuint (refreshed->status, ==, 200);
  no_token = dav_response_get (refreshed, "Lock-Token");
  g_assert_null (no_token);
  g_assert_nonnull (strstr (dav_response_text (refreshed), token));
  g_assert_true (strstr (dav_response_text (refreshed), "<D:timeout>Second-5000<") != NULL
                 || strstr (dav_response_text (refreshed), "<D:timeout>Second-4999<") != NULL);

  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/d/", NULL, NULL), ==, 400);
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/d/", "If: ([\"x\"])\r\n", NULL), ==, 400);
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/d/", "If: (<urn:uuid:x>)\r\n", NULL), ==, 412);
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/f", good, NULL), ==, 412);
  good_below = header ("If: <http://localhost/d/> (<TOKEN>)\r\n", token);
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/f", good_below, NULL), ==, 412);
}

static void
test_expires (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *token = NULL;
  gint64 deadline = g_get_monotonic_time () + DAV_RIG_SECONDS * G_TIME_SPAN_SECOND;
  gint64 start;
  guint status;

  dav_rig_write (rig, "share/f", "x");
  start = g_get_monotonic_time ();
  token = lock (rig, "/f", "Timeout: Second-1\r\n", EXCLUSIVE, 200);
  do
    status = dav_rig_status (rig, "PUT", "/f", NULL, "y");
  while (status == 423 && g_get_monotonic_time () < deadline);
  g_assert_cmpuint (status, ==, 204);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, G_TIME_SPAN_SECOND);
}

/* A lock is of the name it was taken on, and ends with what it names. */
static void
test_ends (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;
  g_autofree char *delete = NULL;
  g_autofree char *move = NULL;

  dav_rig_write (rig, "share/f", "x");
  dav_rig_write (rig, "share/g", "x");
  one = lock (rig, "/f", NULL, EXCLUSIVE, 200);
  delete = header ("If: (<TOKEN>)\r\n", one);
  g_assert_cmpuint (dav_rig_status (rig, "DELETE", "/f", delete, NULL), ==, 204);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/f", NULL, "y"), ==, 201);
  g_assert_cmpuint (unlock (rig, "/f", one), ==, 409);

  two = lock (rig, "/g", NULL, EXCLUSIVE, 200);
  move = header ("If: (<TOKEN>)\r\nDestination: /h\r\n", two);
  g_assert_cmpuint (dav_rig_status (rig, "MOVE", "/g", move, NULL), ==, 201);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/h", NULL, "y"), ==, 204);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/g", NULL, "y"), ==, 201);
}

static void
test_shared (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *one = NULL;
  g_autofree char *other = NULL;
  g_autofree char *with_other = NULL;

  dav_rig_write (rig, "share/f", "x");
  one = lock (rig, "/f", NULL, SHARED, 200);
  other = lock (rig, "/f", NULL, SHARED, 200);
  g_assert_cmpstr (one, !=, other);
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/f", NULL, EXCLUSIVE), ==, 423);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/f", NULL, "y"), ==, 423);
  with_other = header ("If: (<TOKEN>)\r\n", other);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/f", with_other, "y"), ==, 204);
  g_assert_cmpuint (unlock (rig, "/f", one), ==, 204);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/f", NULL, "y"), ==, 423);
  g_assert_cmpuint (unlock (rig, "/f", other), ==, 204);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/f", NULL, "y"), ==, 204);
}

/* A member in the way of a lock on all of the folder is named (RFC 4918 section 9.10.9). */
static void
test_member_in_the_way (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *token = NULL;
  g_autoptr (DavResponse) refused = NULL;

  dav_rig_mkdir (rig, "share/d");
  dav_rig_write (rig, "share/d/f", "x");
  token = lock (rig, "/d/f", "Depth: 0\r\n", EXCLUSIVE, 200);
  refused = dav_rig_request (rig, "LOCK", "/d/", "Depth: infinity\r\n", EXCLUSIVE);
  g_assert_cmpuint (refused->status, ==, 207);
  g_assert_nonnull (strstr (dav_response_text (refused),
                            "<D:href>/d/f</D:href><D:status>HTTP/1.1 423 Locked</D:status>"));
  g_assert_nonnull (
      strstr (dav_response_text (refused), "<D:href>/d/</D:href><D:status>HTTP/1.1 424 "));
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/d/", "Depth: 0\r\n", EXCLUSIVE), ==, 200);
}

static void
test_refused (void)
{
  static const struct
  {
    const char *headers;
    const char *body;
    guint status;
  } cases[] = {
    { "Depth: 1\r\n", EXCLUSIVE, 400 },        { "Depth: x\r\n", EXCLUSIVE, 400 },
    { "If: x\r\n", EXCLUSIVE, 400 },           { "If: (<urn:uuid:x>)\r\n", EXCLUSIVE, 412 },
    { "If-Match: \"x\"\r\n", EXCLUSIVE, 412 }, { NULL, "<lockinfo", 400 },
    { NULL, "<lockinfo xmlns='DAV:'/>", 422 }, { NULL, "<!DOCTYPE a>" EXCLUSIVE, 400 },
  };
  g_autoptr (DavRig) rig = dav_rig_new (0);

  dav_rig_write (rig, "share/f", "x");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("case %u", i);
      g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/f", cases[i].headers, cases[i].body), ==,
                        cases[i].status);
    }
  /* None of them left a lock behind. */
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/f", NULL, "y"), ==, 204);
}

static void
test_read_only (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (SHARE_READ_ONLY);

  dav_rig_write (rig, "share/f", "x");
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/f", NULL, EXCLUSIVE), ==, 403);
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/new", NULL, EXCLUSIVE), ==, 403);
  g_assert_cmpuint (unlock (rig, "/f", "urn:uuid:x"), ==, 403);
  g_assert_false (dav_rig_exists (rig, "share/new"));
}

static void
test_limits (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) client = dav_client_new (rig);

  dav_rig_write (rig, "share/f", "x");
  for (guint i = 0; i < DAV_LOCK_MAX_PER_RESOURCE; i++)
    {
      g_autoptr (DavResponse) response = dav_client_request (client, "LOCK", "/f", NULL, SHARED);

      g_assert_cmpuint (response->status, ==, 200);
    }
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/f", NULL, SHARED), ==, 503);

  for (guint i = DAV_LOCK_MAX_PER_RESOURCE; i < DAV_LOCK_MAX; i++)
    {
      g_autofree char *path = g_strdup_printf ("/%u", i);
      g_autoptr (DavResponse) response = dav_client_request (client, "LOCK", path, NULL, EXCLUSIVE);

      g_assert_cmpuint (response->status, ==, 201);
    }
  g_assert_cmpuint (dav_rig_status (rig, "LOCK", "/one-more", NULL, EXCLUSIVE), ==, 503);
  g_assert_false (dav_rig_exists (rig, "share/one-more"));
}

/* The streams of the mux tell by a signal that the client is gone, which the rig's sockets do not
 * have of themselves. */
static void
hang_up (DavClient *client)
{
  g_autoptr (GObject) stream = g_weak_ref_get (&client->server_end);

  g_assert_nonnull (stream);
  g_signal_emit_by_name (stream, "hang-up");
}

/* Whether the lock on @path ends within the deadline. */
static gboolean
becomes_free (DavRig *rig, const char *path)
{
  gint64 deadline = g_get_monotonic_time () + DAV_RIG_SECONDS * G_TIME_SPAN_SECOND;
  guint status;

  do
    status = dav_rig_status (rig, "PUT", path, NULL, "y");
  while (status == 423 && g_get_monotonic_time () < deadline);

  return status / 100 == 2;
}

/* Who is gone before the answer has no lock, wherever the request was: each round takes one more
 * step of the main loop before the pool is stopped, until the answer came first. */
static void
test_abandoned (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  gboolean answered = FALSE;

  g_signal_new ("hang-up", G_TYPE_SOCKET_CONNECTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 0);
  for (guint steps = 0; !answered; steps++)
    {
      g_autoptr (DavClient) client = dav_client_new (rig);
      g_autofree char *path = g_strdup_printf ("/%u", steps);
      g_autofree char *request = g_strdup_printf (
          "LOCK %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: " EXCLUSIVE_LENGTH
          "\r\n\r\n" EXCLUSIVE,
          path);
      DavRigBlock *block;

      dav_client_send (client, request, -1);
      for (guint i = 0; i < steps; i++)
        g_main_context_iteration (rig->context, TRUE);
      block = dav_rig_block (rig);
      while (g_main_context_iteration (rig->context, FALSE))
        ;

      answered = g_socket_get_available_bytes (client->socket) > 0;
      if (!answered)
        {
          hang_up (client);
          g_assert_true (dav_client_is_forgotten (client));
        }
      dav_rig_release (rig, block);
      g_assert_true (answered || becomes_free (rig, path));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/dav-lock-method/lock", test_lock);
  g_test_add_func ("/dav-lock-method/protects", test_protects);
  g_test_add_func ("/dav-lock-method/allows", test_allows);
  g_test_add_func ("/dav-lock-method/unmapped", test_unmapped);
  g_test_add_func ("/dav-lock-method/refresh", test_refresh);
  g_test_add_func ("/dav-lock-method/expires", test_expires);
  g_test_add_func ("/dav-lock-method/ends", test_ends);
  g_test_add_func ("/dav-lock-method/shared", test_shared);
  g_test_add_func ("/dav-lock-method/member-in-the-way", test_member_in_the_way);
  g_test_add_func ("/dav-lock-method/refused", test_refused);
  g_test_add_func ("/dav-lock-method/read-only", test_read_only);
  g_test_add_func ("/dav-lock-method/limits", test_limits);
  g_test_add_func ("/dav-lock-method/abandoned", test_abandoned);

  return g_test_run ();
}
