/* The buffers that downloads read into: what is kept, how much of it, and for how long.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-buffer.h"

static void
test_again (void)
{
  DavBuffers *buffers = dav_buffers_new ();
  guint8 *buffer = dav_buffers_take (buffers);
  GBytes *bytes = dav_buffers_wrap (buffers, buffer, 10);

  g_assert_cmpuint (dav_buffers_get_n_idle (buffers), ==, 0);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 10);
  g_bytes_unref (bytes);
  g_assert_cmpuint (dav_buffers_get_n_idle (buffers), ==, 1);
  g_assert_true (dav_buffers_take (buffers) == buffer);
  g_assert_cmpuint (dav_buffers_get_n_idle (buffers), ==, 0);
  dav_buffers_give_back (buffers, buffer);
  dav_buffers_unref (buffers);
}

static void
test_limit (void)
{
  DavBuffers *buffers = dav_buffers_new ();
  guint8 *taken[DAV_BUFFER_KEEP + 3];

  for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
    taken[i] = dav_buffers_take (buffers);
  for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
    dav_buffers_give_back (buffers, taken[i]);
  g_assert_cmpuint (dav_buffers_get_n_idle (buffers), ==, DAV_BUFFER_KEEP);
  dav_buffers_unref (buffers);
}

/* The share may go while a piece of its file is still being sent. */
static void
test_outlives_owner (void)
{
  DavBuffers *buffers = dav_buffers_new ();
  g_autoptr (GBytes) bytes = dav_buffers_wrap (buffers, dav_buffers_take (buffers), 3);
  guint8 *data = (guint8 *)g_bytes_get_data (bytes, NULL);

  dav_buffers_unref (buffers);
  data[2] = 7;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dav-buffer/again", test_again);
  g_test_add_func ("/dav-buffer/limit", test_limit);
  g_test_add_func ("/dav-buffer/outlives-owner", test_outlives_owner);
  return g_test_run ();
}
