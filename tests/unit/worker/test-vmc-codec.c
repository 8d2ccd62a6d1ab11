/* COMPRESSED_DATA as bytes: what is made can be read, and nothing else is taken for it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include <lz4.h>

#include "base/error.h"
#include "worker/vmc-codec.h"

static GBytes *
payload_new (guint8 type, guint32 declared, const void *block, gsize size)
{
  GByteArray *array = g_byte_array_new ();
  guint32 le = GUINT32_TO_LE (declared);

  g_byte_array_append (array, &type, 1);
  g_byte_array_append (array, (const guint8 *)&le, 4);
  g_byte_array_append (array, block, size);
  return g_byte_array_free_to_bytes (array);
}

static void
assert_refused (GBytes *payload)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) data = vmc_decode (payload, &error);

  g_assert_null (data);
  g_assert_error (error, SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_PROTOCOL);
}

static void
fill_text (guint8 *data, gsize size)
{
  for (gsize i = 0; i < size; i++)
    data[i] = "the quick brown fox "[(i * i / 7 + i) % 20];
}

static void
test_round_trip (void)
{
  static const gsize sizes[]
      = { 7, 8, 100, 1000, 1001, 65535, 65536, VMC_MAX_CHUNK - 1, VMC_MAX_CHUNK };
  g_autoptr (VmcEncoder) encoder = vmc_encoder_new ();
  g_autofree guint8 *data = g_malloc (VMC_MAX_CHUNK);
  guint n_encoded = 0;

  fill_text (data, VMC_MAX_CHUNK);
  memset (data + 1000, 'x', 3000);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) payload = vmc_encode (encoder, data, sizes[i]);
      g_autoptr (GBytes) back = NULL;

      if (payload == NULL)
        continue;
      n_encoded++;
      g_assert_cmpuint (g_bytes_get_size (payload), <, sizes[i]);
      back = vmc_decode (payload, &error);
      g_assert_no_error (error);
      g_assert_cmpmem (g_bytes_get_data (back, NULL), g_bytes_get_size (back), data, sizes[i]);
    }
  g_assert_cmpuint (n_encoded, >=, 6);
}

static void
test_random_does_not_shrink (void)
{
  g_autoptr (VmcEncoder) encoder = vmc_encoder_new ();
  g_autofree guint8 *data = g_malloc (VMC_MAX_CHUNK);

  for (gsize i = 0; i < VMC_MAX_CHUNK; i++)
    data[i] = g_test_rand_int ();
  g_assert_null (vmc_encode (encoder, data, VMC_MAX_CHUNK));
  g_assert_null (vmc_encode (encoder, data, 0));
  g_assert_null (vmc_encode (encoder, data, 1));
  /* And it is none the worse for it. */
  memset (data, 0, VMC_MAX_CHUNK);
  g_bytes_unref (vmc_encode (encoder, data, VMC_MAX_CHUNK));
}

static void
test_none_type (void)
{
  g_autoptr (GBytes) payload = g_bytes_new ("\0hello", 6);
  g_autoptr (GBytes) empty = g_bytes_new ("\0", 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) data = vmc_decode (payload, &error);
  g_autoptr (GBytes) nothing = vmc_decode (empty, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (data, NULL), g_bytes_get_size (data), "hello", 5);
  g_assert_cmpuint (g_bytes_get_size (nothing), ==, 0);
}

static void
test_refused (void)
{
  guint8 raw[4096] = { 0 }, block[4096];
  int size = LZ4_compress_default ((char *)raw, (char *)block, sizeof raw, sizeof block);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) type = payload_new (2, sizeof raw, block, size);
  g_autoptr (GBytes) type_255 = payload_new (255, sizeof raw, block, size);
  g_autoptr (GBytes) smaller = payload_new (1, sizeof raw - 1, block, size);
  g_autoptr (GBytes) larger = payload_new (1, sizeof raw + 1, block, size);
  g_autoptr (GBytes) cut = payload_new (1, sizeof raw, block, size - 1);
  g_autoptr (GBytes) no_block = payload_new (1, sizeof raw, block, 0);
  g_autoptr (GBytes) huge = payload_new (1, G_MAXUINT32, block, size);
  g_autoptr (GBytes) negative = payload_new (1, 0x80000000u, block, size);

  assert_refused (empty);
  assert_refused (type);
  assert_refused (type_255);
  assert_refused (smaller);
  assert_refused (larger);
  assert_refused (cut);
  assert_refused (no_block);
  assert_refused (huge);
  assert_refused (negative);
  for (gsize n = 1; n < VMC_LZ4_HEADER; n++)
    {
      g_autoptr (GBytes) header = g_bytes_new ("\1\0\0\0", n);

      assert_refused (header);
    }
}

static void
test_cap (void)
{
  gsize max = VMC_MAX_INFLATED;
  g_autofree char *raw = g_malloc0 (max + 1);
  int bound = LZ4_compressBound (max + 1);
  g_autofree char *block = g_malloc (bound);
  int size = LZ4_compress_default (raw, block, max, bound);
  g_autoptr (GBytes) at_cap = payload_new (1, max, block, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) data = vmc_decode (at_cap, &error);
  g_autoptr (GBytes) over = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (data), ==, max);

  size = LZ4_compress_default (raw, block, max + 1, bound);
  over = payload_new (1, max + 1, block, size);
  assert_refused (over);
}

static void
test_garbage (void)
{
  for (guint i = 0; i < 20000; i++)
    {
      guint8 data[64];
      gsize size = g_test_rand_int_range (0, sizeof data);
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GBytes) inflated = NULL;
      guint32 declared = GUINT32_TO_LE (g_test_rand_int_range (0, 2000));

      for (gsize k = 0; k < size; k++)
        data[k] = g_test_rand_int ();
      if (size >= VMC_LZ4_HEADER)
        {
          data[0] = 1;
          memcpy (data + 1, &declared, 4);
        }
      payload = g_bytes_new (data, size);
      inflated = vmc_decode (payload, NULL);
      if (inflated != NULL && size >= VMC_LZ4_HEADER)
        g_assert_cmpuint (g_bytes_get_size (inflated), ==, GUINT32_FROM_LE (declared));
    }
}

/* What a message says about itself, without reading it. */
static void
test_declared_size (void)
{
  static const guint8 none[] = { 0, 'a', 'b' };
  static const guint8 lz4[] = { 1, 0xff, 0xff, 0xff, 0xff };

  g_assert_cmpuint (vmc_declared_size (none, 3), ==, 2);
  g_assert_cmpuint (vmc_declared_size (none, 1), ==, 0);
  g_assert_cmpuint (vmc_declared_size (none, 0), ==, 0);
  g_assert_cmpuint (vmc_declared_size (lz4, 5), ==, G_MAXUINT32);
  g_assert_cmpuint (vmc_declared_size (lz4, 4), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vmc-codec/round-trip", test_round_trip);
  g_test_add_func ("/vmc-codec/random-does-not-shrink", test_random_does_not_shrink);
  g_test_add_func ("/vmc-codec/none-type", test_none_type);
  g_test_add_func ("/vmc-codec/refused", test_refused);
  g_test_add_func ("/vmc-codec/declared-size", test_declared_size);
  g_test_add_func ("/vmc-codec/cap", test_cap);
  g_test_add_func ("/vmc-codec/garbage", test_garbage);
  return g_test_run ();
}
