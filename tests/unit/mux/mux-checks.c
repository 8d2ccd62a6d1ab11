/* What the tests of the mux have in common.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux-checks.h"

#include <string.h>

void
check_requests (Fixture *f, const char *expected)
{
  g_autofree char *requests = fixture_requests (f);

  g_assert_cmpstr (requests, ==, expected);
}

/* The body of the one response @client has received. */
const char *
check_body_of (Fixture *f, gint64 client)
{
  const char *end = strstr (fixture_received (f, client), "\r\n\r\n");

  g_assert_nonnull (end);
  return end + 4;
}

void
check_pattern (Fixture *f, gint64 client, gsize size)
{
  const guint8 *body = (const guint8 *)check_body_of (f, client);

  g_assert_cmpuint (fixture_received_size (f, client)
                        - (body - (const guint8 *)fixture_received (f, client)),
                    ==, size);
  for (gsize i = 0; i < size; i++)
    if (body[i] != fixture_pattern (i))
      g_error ("byte %zu differs", i);
}

void
check_sum (Fixture *f, gint64 client, const guint8 *data, gsize size)
{
  g_autofree char *expected = g_strdup_printf ("%u %zu", fixture_sum (data, size), size);

  g_assert_cmpstr (check_body_of (f, client), ==, expected);
}

guint8 *
check_random_bytes (gsize size)
{
  guint8 *bytes = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    bytes[i] = g_test_rand_int ();

  return bytes;
}

/* A client that is known to work: one request, one answer. */
void
check_works (Fixture *f, gint64 client)
{
  fixture_forget (f, client);
  fixture_send (f, client, GET ("/size/3"));
  g_assert_cmpuint (fixture_wait_status (f, client, 1), ==, 200);
  fixture_forget (f, client);
}

void
check_silent (Fixture *f, gint64 client)
{
  fixture_forget (f, client);
  fixture_send (f, client, GET ("/smuggled"));
  fixture_settle (f);
  g_assert_cmpuint (fixture_received_size (f, client), ==, 0);
}
