/* Dead properties where there is no room for them, and when several requests want the same file's
 * at once.
 *
 * The calls that list and change attributes stand here in the place of the C library's, for this
 * program alone: in the file threads they fail when told to, and let others come between.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "dav-rig.h"

#define MS " xmlns='urn:schemas-microsoft-com:'"
#define SET(inner)                                                                                 \
  "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop>" inner "</D:prop></D:set></D:propertyupdate>"

/* Requests at once: as many as the pool has threads. */
#define N_CLIENTS 8
#define N_ROUNDS 10

/* How long a call takes while all are slow, and how long one that pauses lets others go first,
 * microseconds. */
#define SLOW_US 300
#define PAUSE_US 200000

static GThread *test_thread;
static gint fail_at;          /* (atomic): the call that fails counts it to 1; 0: none */
static gint fail_with;        /* (atomic): errno */
static gint slow;             /* (atomic) */
static gint pause_set;        /* (atomic): a Pause */
static gint pause_list;       /* (atomic): a Pause */
static GMainContext *to_wake; /* of who waits for a pause */
static gint meet;             /* (atomic): wait for another one to be setting, too */
static gint n_setting;        /* (atomic) */
static gint n_setting_most;   /* (atomic) */

typedef enum
{
  PAUSE_NEVER,
  PAUSE_NEXT,
  PAUSE_NOW,
} Pause;

static gboolean
is_file_thread (void)
{
  return g_thread_self () != test_thread;
}

static void
pause_here (gint *pause)
{
  if (g_atomic_int_compare_and_exchange (pause, PAUSE_NEXT, PAUSE_NOW))
    {
      g_main_context_wakeup (to_wake);
      g_usleep (PAUSE_US);
    }
}

static void
wait_for_another (void)
{
  gint64 deadline = g_get_monotonic_time () + DAV_RIG_SECONDS * G_USEC_PER_SEC;

  while (g_atomic_int_get (&n_setting_most) < 2 && g_get_monotonic_time () < deadline)
    g_usleep (100);
}

int
setxattr (const char *path, const char *name, const void *value, size_t size, int flags)
{
  int result;

  if (!is_file_thread ())
    return (int)syscall (SYS_setxattr, path, name, value, size, flags);
  if (g_atomic_int_get (&fail_at) > 0 && g_atomic_int_dec_and_test (&fail_at))
    {
      errno = g_atomic_int_get (&fail_with);
      return -1;
    }
  if (memmem (value, size, "no room", strlen ("no room")) != NULL)
    {
      errno = ENOSPC;
      return -1;
    }

  if (g_atomic_int_add (&n_setting, 1) == 1)
    g_atomic_int_set (&n_setting_most, 2);
  result = (int)syscall (SYS_setxattr, path, name, value, size, flags);
  if (g_atomic_int_get (&slow))
    g_usleep (SLOW_US);
  if (g_atomic_int_get (&meet))
    wait_for_another ();
  pause_here (&pause_set);
  g_atomic_int_add (&n_setting, -1);
  return result;
}

/* What is copied from one file to another is listed first. */
ssize_t
listxattr (const char *path, char *list, size_t size)
{
  ssize_t result = syscall (SYS_listxattr, path, list, size);

  if (is_file_thread () && size > 0)
    pause_here (&pause_list);
  return result;
}

static gboolean
has_paused (gpointer data)
{
  return g_atomic_int_get ((gint *)data) == PAUSE_NOW;
}

/* The next call that @pause is of lets others go first, from when @client has asked for it. */
static void
send_and_pause (DavClient *client, gint *pause, const char *request)
{
  to_wake = client->rig->context;
  g_atomic_int_set (pause, PAUSE_NEXT);
  dav_client_send (client, request, -1);
  dav_rig_wait (client->rig, has_paused, pause);
}

static char *
patch (DavRig *rig, const char *body)
{
  g_autoptr (DavResponse) response = dav_rig_request (rig, "PROPPATCH", "/f", NULL, body);

  g_assert_cmpuint (response->status, ==, 207);
  return g_strdup (dav_response_text (response));
}

static char *
format_patch (const char *path, const char *body)
{
  return g_strdup_printf (
      "PROPPATCH %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s", path,
      strlen (body), body);
}

static void
send_patch (DavClient *client, const char *path, const char *body)
{
  g_autofree char *request = format_patch (path, body);

  dav_client_send (client, request, -1);
}

static void
send_patch_and_pause (DavClient *client, const char *path, const char *body)
{
  g_autofree char *request = format_patch (path, body);

  send_and_pause (client, &pause_set, request);
}

/* Whether what was asked for was done. */
static gboolean
receive_patched (DavClient *client)
{
  g_autoptr (DavResponse) response = dav_client_receive (client, FALSE);

  g_assert_cmpuint (response->status, ==, 207);
  return strstr (dav_response_text (response), "HTTP/1.1 200 OK") != NULL;
}

/* All there is to know of a file. */
static char *
describe (DavRig *rig, const char *path)
{
  g_autoptr (DavResponse) response = dav_rig_request (rig, "PROPFIND", path, "Depth: 0\r\n", NULL);

  g_assert_cmpuint (response->status, ==, 207);
  return g_strdup (dav_response_text (response));
}

static void
assert_has (DavRig *rig, const char *path, const char *xml)
{
  g_autofree char *text = describe (rig, path);

  if (strstr (text, xml) == NULL)
    g_error ("%s not in %s", xml, text);
}

/* The status that a multistatus gives for the property whose empty element is @element. */
static guint
get_status (const char *text, const char *element)
{
  g_auto (GStrv) parts = g_strsplit (text, "<D:propstat>", -1);

  for (guint i = 1; parts[i] != NULL; i++)
    if (strstr (parts[i], element) != NULL)
      {
        const char *status = strstr (parts[i], "<D:status>HTTP/1.1 ");

        g_assert_nonnull (status);
        return g_ascii_strtoull (status + strlen ("<D:status>HTTP/1.1 "), NULL, 10);
      }
  g_error ("%s not in %s", element, text);
}

/* Every property of the request has its status, and the file is what it was. */
static void
test_refused (void)
{
  static const struct
  {
    int error;
    guint status;
  } errors[] = {
    { EOPNOTSUPP, 403 }, { EPERM, 403 }, { EACCES, 403 }, { ENOSPC, 507 },
    { EDQUOT, 507 },     { E2BIG, 507 }, { ERANGE, 507 }, { EIO, 500 },
  };
  static const char body[]
      = "<propertyupdate xmlns='DAV:'><set><prop>"
        "<Win32LastModifiedTime" MS ">Sun, 06 Nov 1994 08:49:37 GMT</Win32LastModifiedTime>"
        "<a xmlns=''>new</a></prop></set><remove><prop><b xmlns=''/></prop></remove>"
        "<set><prop><c xmlns=''>new</c><d xmlns=''>new</d></prop></set></propertyupdate>";
  static const char *const elements[]
      = { "<n:Win32LastModifiedTime xmlns:n=\"urn:schemas-microsoft-com:\"/>", "<a/>", "<b/>",
          "<c/>", "<d/>" };
  /* Which of the elements is set first, second and third. */
  static const guint sets[] = { 1, 3, 4 };
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *before = NULL;
  g_autofree char *done = NULL;

  dav_rig_write (rig, "share/f", "x");
  g_free (patch (rig, SET ("<a>old</a><b>old</b><c>old</c>")));
  before = describe (rig, "/f");
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    for (guint n = 0; n < G_N_ELEMENTS (sets); n++)
      {
        g_autofree char *text = NULL;
        g_autofree char *after = NULL;

        g_atomic_int_set (&fail_with, errors[i].error);
        g_atomic_int_set (&fail_at, (gint)n + 1);
        text = patch (rig, body);
        g_test_message ("%s in the set %u", g_strerror (errors[i].error), n);
        g_assert_cmpint (g_atomic_int_get (&fail_at), ==, 0);
        for (guint k = 0; k < G_N_ELEMENTS (elements); k++)
          g_assert_cmpuint (get_status (text, elements[k]), ==,
                            k == sets[n] ? errors[i].status : 424);
        after = describe (rig, "/f");
        g_assert_cmpstr (after, ==, before);
      }

  done = patch (rig, body);
  for (guint k = 0; k < G_N_ELEMENTS (elements); k++)
    g_assert_cmpuint (get_status (done, elements[k]), ==, 200);
}

/* Many at once, some of which fail at their end: what is there then is one of those that were
 * granted, and all of it. */
static void
test_together (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify)dav_client_free);

  dav_rig_write (rig, "share/f", "x");
  for (guint i = 0; i < N_CLIENTS; i++)
    g_ptr_array_add (clients, dav_client_new (rig));
  g_atomic_int_set (&slow, TRUE);
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      g_autofree char *text = NULL;
      gboolean whole = FALSE;

      for (guint i = 0; i < N_CLIENTS; i++)
        {
          g_autofree char *value = g_strdup_printf ("%u by %u", round, i);
          g_autofree char *body
              = g_strdup_printf (SET ("<a>%s</a><b>%s</b><c>%s</c><d>%s</d><e>%s</e>"), value,
                                 value, value, value, i % 2 == 0 ? value : "no room");

          send_patch (clients->pdata[i], "/f", body);
        }
      for (guint i = 0; i < N_CLIENTS; i++)
        g_assert_cmpint (receive_patched (clients->pdata[i]), ==, i % 2 == 0);

      text = describe (rig, "/f");
      for (guint i = 0; i < N_CLIENTS && !whole; i += 2)
        {
          whole = TRUE;
          for (char name = 'a'; name <= 'e'; name++)
            {
              g_autofree char *xml = g_strdup_printf ("<%c>%u by %u</%c>", name, round, i, name);

              whole &= strstr (text, xml) != NULL;
            }
        }
      if (!whole)
        g_error ("A mixture: %s", text);
    }
  g_atomic_int_set (&slow, FALSE);
}

/* Two files do not wait for each other. */
static void
test_side_by_side (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) one = dav_client_new (rig);
  g_autoptr (DavClient) other = dav_client_new (rig);

  dav_rig_write (rig, "share/f", "x");
  dav_rig_write (rig, "share/g", "x");
  g_atomic_int_set (&n_setting_most, 0);
  g_atomic_int_set (&meet, TRUE);
  send_patch (one, "/f", SET ("<a/>"));
  send_patch (other, "/g", SET ("<a/>"));
  g_assert_true (receive_patched (one));
  g_assert_true (receive_patched (other));
  g_atomic_int_set (&meet, FALSE);
  g_assert_cmpint (g_atomic_int_get (&n_setting_most), ==, 2);
}

/* New content inherits what was set while it was being put in place. */
static void
test_while_replaced (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) putting = dav_client_new (rig);
  g_autoptr (DavClient) patching = dav_client_new (rig);
  g_autoptr (DavResponse) put = NULL;

  dav_rig_write (rig, "share/f", "x");
  g_free (patch (rig, SET ("<a>old</a>")));
  send_and_pause (putting, &pause_list,
                  "PUT /f HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nnew");
  send_patch (patching, "/f", SET ("<b>new</b>"));
  g_assert_true (receive_patched (patching));
  put = dav_client_receive (putting, FALSE);
  g_assert_cmpuint (put->status, ==, 204);
  assert_has (rig, "/f", "<a>old</a>");
  assert_has (rig, "/f", "<b>new</b>");
}

/* A copy, of a file or a folder, has the properties from before a change or after it. */
static void
test_while_copied (void)
{
  static const char *const paths[] = { "/f", "/d/" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (DavRig) rig = dav_rig_new (0);
      g_autoptr (DavClient) copying = dav_client_new (rig);
      g_autoptr (DavClient) patching = dav_client_new (rig);
      g_autoptr (DavResponse) copy = NULL;

      dav_rig_write (rig, "share/f", "x");
      dav_rig_mkdir (rig, "share/d");
      g_assert_cmpuint (
          dav_rig_status (rig, "PROPPATCH", paths[i], NULL, SET ("<a>old</a><b>old</b>")), ==, 207);
      send_patch_and_pause (patching, paths[i], SET ("<a>new</a><b>new</b>"));
      copy = dav_client_request (copying, "COPY", paths[i], "Destination: /copy\r\n", NULL);
      g_assert_cmpuint (copy->status, ==, 201);
      g_assert_true (receive_patched (patching));
      assert_has (rig, "/copy", "<a>new</a>");
      assert_has (rig, "/copy", "<b>new</b>");
    }
}

/* A file that gets another name meanwhile has all of them; and nobody waits for ever. */
static void
test_while_moved (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autoptr (DavClient) patching = dav_client_new (rig);

  dav_rig_write (rig, "share/f", "x");
  send_patch_and_pause (patching, "/f", SET ("<a>new</a><b>new</b>"));
  g_assert_cmpuint (dav_rig_status (rig, "MOVE", "/f", "Destination: /g\r\n", NULL), ==, 201);
  dav_rig_write (rig, "share/f", "another");
  g_assert_true (receive_patched (patching));
  assert_has (rig, "/g", "<a>new</a>");
  assert_has (rig, "/g", "<b>new</b>");
  {
    g_autofree char *text = describe (rig, "/f");

    g_assert_null (strstr (text, "new</"));
  }
}

int
main (int argc, char **argv)
{
  test_thread = g_thread_self ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav-attributes/refused", test_refused);
  g_test_add_func ("/dav-attributes/together", test_together);
  g_test_add_func ("/dav-attributes/side-by-side", test_side_by_side);
  g_test_add_func ("/dav-attributes/while-replaced", test_while_replaced);
  g_test_add_func ("/dav-attributes/while-copied", test_while_copied);
  g_test_add_func ("/dav-attributes/while-moved", test_while_moved);
  return g_test_run ();
}
