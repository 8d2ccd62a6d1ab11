/* Which requests count as refused, and what is said of the last one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <unistd.h>

#include "dav-rig.h"

static void
assert_last (DavRig *rig, guint64 n, const char *reason, const char *request)
{
  const DavRefusals *refusals = dav_server_get_refusals (rig->server);
  g_autoptr (GVariant) last = g_variant_ref_sink (dav_refusals_get_last (refusals));
  const char *is_reason;
  const char *is_request;
  gint64 at;

  g_assert_cmpuint (refusals->n, ==, n);
  g_variant_get (last, "(x&s&s)", &at, &is_reason, &is_request);
  g_assert_cmpstr (is_reason, ==, reason);
  g_assert_cmpstr (is_request, ==, request);
  if (n > 0)
    g_assert_cmpint (ABS (g_get_real_time () - at), <, DAV_RIG_SECONDS * G_USEC_PER_SEC);
  else
    g_assert_cmpint (at, ==, 0);
}

static void
test_not_shared (void)
{
  g_autoptr (DavRig) rig = dav_rig_new_unshared ();

  assert_last (rig, 0, "", "");
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/a%20b", NULL, NULL), ==, 503);
  assert_last (rig, 1, "not-shared", "GET /a b");
}

static void
test_read_only (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (SHARE_READ_ONLY);

  dav_rig_write (rig, "share/a", "x");
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/a", NULL, NULL), ==, 200);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/a", NULL, "y"), ==, 403);
  assert_last (rig, 1, "read-only", "PUT /a");
  g_assert_cmpuint (dav_rig_status (rig, "DELETE", "/a", NULL, NULL), ==, 403);
  assert_last (rig, 2, "read-only", "DELETE /a");
}

static void
test_foreign (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);

  g_assert_cmpuint (dav_rig_status (rig, "GET", "/a%20b", "Host: evil.example\r\n", NULL), ==, 403);
  assert_last (rig, 1, "foreign", "GET /a%20b");
  g_assert_cmpuint (
      dav_rig_status (rig, "GET", "/", "Host: localhost\r\nOrigin: http://evil.example\r\n", NULL),
      ==, 403);
  assert_last (rig, 2, "foreign", "GET /");
}

static void
test_outside (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);
  g_autofree char *link = dav_rig_path (rig, "share/link");

  g_assert_cmpint (symlink ("../outside", link), ==, 0);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/link/secret", NULL, NULL), ==, 403);
  assert_last (rig, 1, "outside", "GET /link/secret");
  g_assert_cmpuint (dav_rig_status (rig, "MKCOL", "/link/new", NULL, NULL), ==, 403);
  assert_last (rig, 2, "outside", "MKCOL /link/new");
}

/* What a program asks to find out is no refusal. */
static void
test_ordinary_failures (void)
{
  g_autoptr (DavRig) rig = dav_rig_new (0);

  dav_rig_write (rig, "share/a", "x");
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/missing", NULL, NULL), ==, 404);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/a", "If-None-Match: *\r\n", "y"), ==, 412);
  g_assert_cmpuint (dav_rig_status (rig, "MKCOL", "/a", NULL, NULL), ==, 405);
  g_assert_cmpuint (dav_rig_status (rig, "PROPFIND", "/", "Depth: infinity\r\n", NULL), ==, 403);
  assert_last (rig, 0, "", "");
}

/* The guest decides how long a path is, and of what bytes. */
static void
test_long_and_strange (void)
{
  g_autoptr (DavRig) rig = dav_rig_new_unshared ();
  g_autofree char *name = g_strnfill (DAV_REFUSAL_TARGET_MAX * 2, 'x');
  g_autofree char *path = g_strdup_printf ("/%s", name);
  g_autofree char *kept = NULL;

  g_assert_cmpuint (dav_rig_status (rig, "GET", path, NULL, NULL), ==, 503);
  path[DAV_REFUSAL_TARGET_MAX] = '\0';
  kept = g_strdup_printf ("GET %s", path);
  assert_last (rig, 1, "not-shared", kept);
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/%ff", NULL, NULL), ==, 503);
  assert_last (rig, 2, "not-shared", "GET /\357\277\275");
}

static void
test_errno (void)
{
  g_assert_cmpint (dav_refusal_from_errno (-EACCES), ==, DAV_REFUSAL_PERMISSION);
  g_assert_cmpint (dav_refusal_from_errno (-EROFS), ==, DAV_REFUSAL_PERMISSION);
  g_assert_cmpint (dav_refusal_from_errno (-EDQUOT), ==, DAV_REFUSAL_NO_SPACE);
  g_assert_cmpint (dav_refusal_from_errno (-ENOENT), ==, DAV_REFUSAL_NONE);
  g_assert_cmpint (dav_refusal_from_errno (0), ==, DAV_REFUSAL_NONE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav-refusals/not-shared", test_not_shared);
  g_test_add_func ("/dav-refusals/read-only", test_read_only);
  g_test_add_func ("/dav-refusals/foreign", test_foreign);
  g_test_add_func ("/dav-refusals/outside", test_outside);
  g_test_add_func ("/dav-refusals/ordinary-failures", test_ordinary_failures);
  g_test_add_func ("/dav-refusals/long-and-strange", test_long_and_strange);
  g_test_add_func ("/dav-refusals/errno", test_errno);
  return g_test_run ();
}
