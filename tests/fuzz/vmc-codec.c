/* Fuzz target: the codec of COMPRESSED_DATA. What it reads is as long as it says, and what it makes
 * of anything is read as that again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include "worker/vmc-codec.h"

static void
assert_round_trip (GBytes *bytes)
{
  g_autoptr (VmcEncoder) encoder = vmc_encoder_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GBytes) back = NULL;

  if (size == 0 || size > VMC_MAX_CHUNK)
    return;
  payload = vmc_encode (encoder, data, size);
  if (payload == NULL)
    return;
  g_assert (g_bytes_get_size (payload) < size);
  back = vmc_decode (payload, NULL);
  g_assert (back != NULL && g_bytes_equal (back, bytes));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) input = g_bytes_new_static (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) inflated = vmc_decode (input, &error);

  g_assert ((inflated == NULL) == (error != NULL));
  if (inflated != NULL)
    {
      g_assert (g_bytes_get_size (inflated) <= VMC_MAX_INFLATED);
      g_assert (g_bytes_get_size (inflated) == vmc_declared_size (data, size));
      assert_round_trip (inflated);
    }
  assert_round_trip (input);
  return 0;
}
