/* COMPRESSED_DATA of the VMC channels (spice-protocol, SpiceMsgCompressedData), as bytes.
 *
 * u8 type (0 none, 1 LZ4); then, unless none, u32le size of what was compressed; then the data:
 * for LZ4 one raw block (no frame, no size of its own). Pure functions, any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The largest inflated message that is accepted, in bytes. */
#define VMC_MAX_INFLATED (64u * 1024 * 1024)

/* The largest piece that is compressed into one message, in bytes: a compressed message escapes
 * the server's flow control, so it must not stand for much (DESIGN P5). */
#define VMC_MAX_CHUNK (128u * 1024)

/* Smaller messages are not worth the header, in bytes (the server does the same). */
#define VMC_MIN_CHUNK 1000u

/* type and size before the LZ4 block, in bytes */
#define VMC_LZ4_HEADER 5u

typedef struct _VmcEncoder VmcEncoder;

/**
 * vmc_encoder_new:
 *
 * Returns: (transfer full): LZ4's working memory, kept between messages; for one thread at a time
 */
VmcEncoder *vmc_encoder_new (void);
void vmc_encoder_free (VmcEncoder *self);

/**
 * vmc_encode:
 * @self: working memory
 * @data: (array length=size): what to send
 * @size: %VMC_MAX_CHUNK bytes at most
 *
 * Returns: (transfer full) (nullable): a payload of COMPRESSED_DATA smaller than @size; %NULL if
 *   @data does not shrink
 */
GBytes *vmc_encode (VmcEncoder *self, const guint8 *data, gsize size);

/**
 * vmc_decode:
 * @payload: (transfer none): a payload of COMPRESSED_DATA, from the wire
 * @error: what is wrong with it (%SPICE_SHARE_ERROR_PROTOCOL)
 *
 * Returns: (transfer full) (nullable): the data; never more than %VMC_MAX_INFLATED bytes
 */
GBytes *vmc_decode (GBytes *payload, GError **error);

/**
 * vmc_declared_size:
 * @data: (array length=size): a payload of COMPRESSED_DATA, from the wire
 *
 * Returns: how many bytes it says it holds, true or not; 0 if it says nothing
 */
gsize vmc_declared_size (const guint8 *data, gsize size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmcEncoder, vmc_encoder_free)

G_END_DECLS
