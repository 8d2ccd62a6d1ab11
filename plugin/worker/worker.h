/* The worker: the one thread of a channel in which LZ4, the mux and the WebDAV server live.
 *
 * The channel (main thread) pushes the payloads of messages in and pops messages out (traffic.h);
 * nothing else passes between the threads but counters and commands. No call here waits for
 * anything but a lock that is held for a few instructions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

#include "capture/capture.h"
#include "share/share.h"
#include "worker/compress-policy.h"
#include "worker/traffic.h"
#include "worker/worker-report.h"

G_BEGIN_DECLS

typedef struct _Worker Worker;

/**
 * WorkerOps:
 * @output: worker_pop() has something again
 * @failed: the peer broke the protocol; the channel is to be reset
 * @changed: worker_get_stats() has news
 * @lookup_clipboard: as DavServerOps; to be answered by worker_clipboard_found()
 *
 * All come in the main context that was the thread's default at worker_new(), never after
 * worker_stop().
 */
typedef struct
{
  void (*output) (gpointer user_data);
  void (*failed) (const GError *error, gpointer user_data);
  void (*changed) (gpointer user_data);
  void (*lookup_clipboard) (const char *id, const char *name, gpointer token, gpointer user_data);
} WorkerOps;

/**
 * worker_new:
 * @ops: (transfer none): copied
 * @user_data: (transfer none): for @ops; must live until worker_stop()
 * @capture: (nullable) (transfer none): what records the clients
 * @error: if no thread can be had
 *
 * Returns: (transfer full) (nullable): a running worker; worker_stop() ends it
 */
Worker *worker_new (const WorkerOps *ops, gpointer user_data, Capture *capture, GError **error);

/**
 * worker_stop:
 * @self: (transfer full): a worker
 *
 * Ends the thread without waiting for it, or for any file system.
 */
void worker_stop (Worker *self);

/**
 * worker_push:
 * @payload: (transfer full): of a message of the port, as it came
 * @compressed: whether it is a payload of COMPRESSED_DATA
 */
void worker_push (Worker *self, GBytes *payload, gboolean compressed);

/**
 * worker_get_inbox:
 *
 * Returns: what waits for the worker, in bytes, with what the messages cost; from %TRAFFIC_IN_MAX
 * on the channel should hold the guest back (it may push all the same; P6)
 */
gsize worker_get_inbox (Worker *self);

/**
 * worker_pop:
 * @message: (out caller-allocates) (transfer full): what to send next
 *
 * Returns: %FALSE if nothing waits; `output` tells when to come back
 */
gboolean worker_pop (Worker *self, Outbound *message);

/**
 * worker_written:
 * @size: of the train of a message that was popped, in bytes
 *
 * The transport is done with it. Also to be called for messages that are given up.
 */
void worker_written (Worker *self, gsize size);

/**
 * worker_reset:
 *
 * The port closed or the connection ended: everything that waits is dropped in both directions, and
 * every client with it.
 */
void worker_reset (Worker *self);

/**
 * worker_set_compression:
 * @mode: of the messages to come; %COMPRESS_NEVER where the peer or this spice-gtk cannot
 */
void worker_set_compression (Worker *self, CompressMode mode);

/**
 * worker_set_share:
 * @share: (nullable) (transfer none): what is served from now on
 */
void worker_set_share (Worker *self, Share *share);

void worker_clipboard_found (Worker *self, gpointer token, Share *share);

/**
 * worker_get_stats:
 * @stats: (out caller-allocates)
 */
void worker_get_stats (Worker *self, WorkerStats *stats);

G_END_DECLS
