/* The port is held back: the client whose bytes come next can hold no more. It goes on when that
 * client has room again or is gone; one whose server reads nothing for too long is ended.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "mux/mux-client.h"

G_BEGIN_DECLS

typedef struct _MuxStall MuxStall;

/**
 * mux_stall_new:
 * @time: how long a server may read nothing, in ms
 *
 * Returns: (transfer full): nothing is held back yet
 */
MuxStall *mux_stall_new (guint time);
void mux_stall_free (MuxStall *self);

/**
 * mux_stall_set_time:
 * @time: in ms, from the next mux_stall_begin() on
 */
void mux_stall_set_time (MuxStall *self, guint time);

/**
 * mux_stall_begin:
 * @client: (transfer none): a full one; call mux_stall_forget() before it is freed
 *
 * The port is held back because of @client. From now on time runs, in the thread-default main
 * context; if the port was held back already, it does not start again.
 */
void mux_stall_begin (MuxStall *self, MuxClient *client);

/**
 * mux_stall_is_over:
 *
 * Returns: whether the port is held back and need not be any more: call mux_stall_end() and go on
 */
gboolean mux_stall_is_over (MuxStall *self);

/**
 * mux_stall_end:
 *
 * The port is not held back (any more).
 */
void mux_stall_end (MuxStall *self);

/**
 * mux_stall_progress:
 * @client: its server has read something; if the port waits for this client, time starts again
 */
void mux_stall_progress (MuxStall *self, MuxClient *client);

/**
 * mux_stall_forget:
 * @client: is gone, and holds nothing back
 */
void mux_stall_forget (MuxStall *self, MuxClient *client);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MuxStall, mux_stall_free)

G_END_DECLS
