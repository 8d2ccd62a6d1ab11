/* See vmc-codec.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "worker/vmc-codec.h"

#include <string.h>

#include <glib/gi18n-lib.h>
#include <lz4.h>
#include <spice/enums.h>

#include "base/error.h"
#include "base/log.h"

struct _VmcEncoder
{
  /* Where a block is compressed to before its size is known; then only what it takes is kept. */
  guint8 scratch[VMC_LZ4_HEADER + LZ4_COMPRESSBOUND (VMC_MAX_CHUNK)];
  guint64 state[]; /* LZ4_sizeofState () bytes; guint64 for its alignment */
};

VmcEncoder *
vmc_encoder_new (void)
{
  return g_malloc (sizeof (VmcEncoder) + LZ4_sizeofState ());
}

void
vmc_encoder_free (VmcEncoder *self)
{
  g_free (self);
}

GBytes *
vmc_encode (VmcEncoder *self, const guint8 *data, gsize size)
{
  guint32 declared;
  int written;

  g_return_val_if_fail (size <= VMC_MAX_CHUNK, NULL);
  if (size <= VMC_LZ4_HEADER + 1)
    return NULL;

  /* Room for one byte less than it was: what does not fit is not worth sending. */
  written = LZ4_compress_fast_extState (self->state, (const char *)data,
                                        (char *)self->scratch + VMC_LZ4_HEADER, size,
                                        size - VMC_LZ4_HEADER - 1, 1);
  if (written <= 0)
    return NULL;

  declared = GUINT32_TO_LE ((guint32)size);
  self->scratch[0] = SPICE_DATA_COMPRESSION_TYPE_LZ4;
  memcpy (self->scratch + 1, &declared, sizeof declared);
  return g_bytes_new (self->scratch, VMC_LZ4_HEADER + written);
}

static GBytes *
malformed (GError **error, const char *detail)
{
  share_debug ("compressed message: %s", detail);
  g_set_error_literal (
      error, SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_PROTOCOL,
      _ ("The virtual machine's server sent a compressed message that cannot be read. "
         "The shared folder was disconnected; connect again to go on."));
  return NULL;
}

gsize
vmc_declared_size (const guint8 *data, gsize size)
{
  guint32 declared;

  if (size > 0 && data[0] == SPICE_DATA_COMPRESSION_TYPE_NONE)
    return size - 1;
  if (size < VMC_LZ4_HEADER)
    return 0;
  memcpy (&declared, data + 1, sizeof declared);
  return GUINT32_FROM_LE (declared);
}

GBytes *
vmc_decode (GBytes *payload, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (payload, &size);
  g_autofree guint8 *inflated = NULL;
  guint32 declared;

  if (size < 1)
    return malformed (error, "empty");
  if (data[0] == SPICE_DATA_COMPRESSION_TYPE_NONE)
    return g_bytes_new_from_bytes (payload, 1, size - 1);
  if (data[0] != SPICE_DATA_COMPRESSION_TYPE_LZ4)
    return malformed (error, "type");
  if (size < VMC_LZ4_HEADER)
    return malformed (error, "truncated");

  memcpy (&declared, data + 1, sizeof declared);
  declared = GUINT32_FROM_LE (declared);
  if (declared > VMC_MAX_INFLATED || size - VMC_LZ4_HEADER > VMC_MAX_INFLATED)
    return malformed (error, "size");

  /* LZ4 never expands more than 255 times, so the peer cannot make us reserve much for little. */
  if (declared / 255 > size - VMC_LZ4_HEADER)
    return malformed (error, "size");

  inflated = g_try_malloc (MAX (declared, 1u));
  if (inflated == NULL)
    {
      g_set_error_literal (error, SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_FAILED,
                           _ ("There is not enough memory for what the virtual machine sent. "
                              "The shared folder was disconnected; connect again to go on."));
      return NULL;
    }
  if (LZ4_decompress_safe ((const char *)data + VMC_LZ4_HEADER, (char *)inflated,
                           (int)(size - VMC_LZ4_HEADER), (int)declared)
      != (int)declared)
    return malformed (error, "LZ4");
  return g_bytes_new_take (g_steal_pointer (&inflated), declared);
}
