/* See worker.h.
 *
 * Two custom sources carry the traffic: `wake` in the worker's context, `notify` in the channel's.
 * Each is made ready by the other side and looks at everything that may have changed, so however
 * much was queued meanwhile costs one wake-up.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "worker/worker.h"

#include "base/log.h"
#include "dav/dav-request.h"
#include "dav/dav-server.h"
#include "mux/mux.h"
#include "worker/busy-context.h"
#include "worker/feeder.h"
#include "worker/ready-source.h"
#include "worker/stream-watch.h"
#include "worker/traffic.h"
#include "worker/vmc-codec.h"

/* How often counters are told to the main thread at most, in us. */
#define STATS_INTERVAL 500000

struct _Worker
{
  gatomicrefcount ref_count;
  WorkerOps ops;
  gpointer user_data;

  GMainContext *context; /* the worker's */
  GMainContext *main_context;
  GSource *wake;        /* in context */
  GSource *notify;      /* in main_context */
  GSource *stats_timer; /* in context */

  Traffic *traffic;
  gint stopped; /* (atomic) */
  gint mode;    /* (atomic) CompressMode */

  WorkerReport report;

  /* the worker's thread only */
  GMainLoop *loop;
  Mux *mux;
  Feeder *feeder;
  DavServer *dav;
  VmcEncoder *encoder;
  CompressPolicy policy;
  Capture *capture; /* (nullable) */
  guint capture_port;
  gint64 last_stats;
  StreamWatch watch;
};

static void
worker_unref (Worker *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  traffic_free (self->traffic);
  g_clear_pointer (&self->capture, capture_unref);
  g_source_unref (self->wake);
  g_source_unref (self->notify);
  g_source_unref (self->stats_timer);
  g_main_context_unref (self->context);
  g_main_context_unref (self->main_context);
  g_main_loop_unref (self->loop);
  worker_report_clear (&self->report);
  g_free (self);
}

/* ---- the worker's thread ---- */

static void
stats_are_stale (Worker *self)
{
  if (g_source_get_ready_time (self->stats_timer) == -1)
    g_source_set_ready_time (self->stats_timer,
                             MAX (self->last_stats + STATS_INTERVAL, g_get_monotonic_time ()));
}

static void
publish_stats (gpointer user_data)
{
  Worker *self = user_data;
  g_autoptr (GVariant) transfers = g_variant_ref_sink (dav_server_get_transfers (self->dav));
  const DavRefusals *refusals = dav_server_get_refusals (self->dav);
  WorkerStats stats;

  stream_watch_look (&self->watch, feeder_get_bytes (self->feeder));
  stats = (WorkerStats){
    .bytes_in = feeder_get_bytes (self->feeder),
    .requests = dav_server_get_n_requests (self->dav),
    .refused = refusals->n,
    .clients = mux_get_n_clients (self->mux),
    .claimed = self->watch.claimed,
    .goes_on = self->watch.goes_on,
    .last_refusal = g_variant_ref_sink (dav_refusals_get_last (refusals)),
  };

  self->last_stats = g_get_monotonic_time ();
  /* Something under way makes progress without anybody telling. */
  if (g_variant_n_children (transfers) > 0)
    g_source_set_ready_time (self->stats_timer, self->last_stats + STATS_INTERVAL);

  stats.transfers = g_steal_pointer (&transfers);
  worker_report_set_stats (&self->report, stats);
  ready_source_signal (self->notify);
}

static void
pump_input (Worker *self)
{
  g_autoptr (GError) error = NULL;

  switch (feeder_run (self->feeder, &error))
    {
    case FEEDER_IDLE:
      break;
    case FEEDER_MORE:
      ready_source_signal (self->wake);
      break;
    case FEEDER_FAILED:
      worker_report_fail (&self->report, g_steal_pointer (&error));
      ready_source_signal (self->notify);
      break;
    }
}

static GBytes *
compress (Worker *self, GBytes *train, gint64 now)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (train, &size);
  GBytes *compressed;

  if (size < VMC_MIN_CHUNK || size > VMC_MAX_CHUNK
      || !compress_policy_wants (&self->policy, size, now))
    return NULL;

  compressed = vmc_encode (self->encoder, data, size);
  compress_policy_result (&self->policy, size,
                          compressed == NULL ? 0 : g_bytes_get_size (compressed),
                          g_get_monotonic_time () - now);
  return compressed;
}

static void
pump_output (Worker *self)
{
  guint64 sent;
  gboolean busy = traffic_sample (self->traffic, &sent);
  CompressMode mode = g_atomic_int_get (&self->mode);

  if (self->policy.mode != mode)
    compress_policy_init (&self->policy, mode);
  compress_policy_sent (&self->policy, sent, busy, g_get_monotonic_time ());
  while (traffic_has_room (self->traffic,
                           mux_is_contended (self->mux) ? TRAFFIC_OUT_CONTENDED : TRAFFIC_OUT_MAX))
    {
      Outbound outbound;

      outbound.train = mux_pull (self->mux, VMC_MAX_CHUNK);
      if (outbound.train == NULL)
        return;
      outbound.compressed = compress (self, outbound.train, g_get_monotonic_time ());
      if (traffic_queue (self->traffic, outbound))
        ready_source_signal (self->notify);
    }
}

static void
on_wake (gpointer user_data)
{
  Worker *self = user_data;
  if (g_atomic_int_get (&self->stopped))
    {
      g_main_loop_quit (self->loop);
      return;
    }
  if (traffic_see_reset (self->traffic))
    {
      feeder_reset (self->feeder);
      mux_reset (self->mux);
      stream_watch_begin (&self->watch, feeder_get_bytes (self->feeder));
    }
  pump_input (self);
  pump_output (self);
  stats_are_stale (self);
}

static void
on_mux_accepted (GIOStream *stream, gint64 client, gpointer user_data)
{
  Worker *self = user_data;

  stream_watch_claim (&self->watch);
  dav_server_accept (self->dav, stream, client);
}

static void
on_mux_output_ready (gpointer user_data)
{
  Worker *self = user_data;

  ready_source_signal (self->wake);
}

static void
on_mux_input_ready (gpointer user_data)
{
  Worker *self = user_data;

  feeder_unblock (self->feeder);
  ready_source_signal (self->wake);
}

static void
on_mux_tap (gint64 client, gboolean to_guest, const guint8 *data, gsize size, gpointer user_data)
{
  Worker *self = user_data;

  if (data == NULL)
    capture_client_close (self->capture, self->capture_port, client, to_guest);
  else
    capture_client_data (self->capture, self->capture_port, client, to_guest, data, size);
}

static void
on_dav_request_done (GIOStream *stream, gpointer user_data)
{
  Worker *self = user_data;

  mux_request_done (self->mux, stream);
  stats_are_stale (self);
}

/* ---- commands, from the one thread to the other ---- */

typedef struct
{
  Worker *worker;
  Share *share;
  gpointer token;
  char *id;
  char *name;
} Command;

static void
command_free (gpointer data)
{
  Command *command = data;

  g_clear_pointer (&command->share, share_unref);
  g_free (command->id);
  g_free (command->name);
  worker_unref (command->worker);
  g_free (command);
}

static Command *
command_new (Worker *self)
{
  Command *command = g_new0 (Command, 1);

  g_atomic_ref_count_inc (&self->ref_count);
  command->worker = self;
  return command;
}

/* Not g_main_context_invoke(): it would run @function here while the other thread has not begun. */
static void
post (Command *command, GMainContext *context, int priority, GSourceFunc function)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, priority);
  g_source_set_callback (source, function, command, command_free);
  g_source_attach (source, context);
}

static gboolean
lookup_in_main (gpointer data)
{
  Command *command = data;
  Worker *self = command->worker;

  /* The source is the only thing that outlives worker_stop(), which was called in this thread. */
  if (!g_source_is_destroyed (self->notify))
    self->ops.lookup_clipboard (command->id, command->name, command->token, self->user_data);
  return G_SOURCE_REMOVE;
}

static void
on_dav_lookup_clipboard (const char *id, const char *name, gpointer token, gpointer user_data)
{
  Worker *self = user_data;
  Command *command = command_new (self);

  command->id = g_strdup (id);
  command->name = g_strdup (name);
  command->token = token;
  post (command, self->main_context, G_PRIORITY_DEFAULT, lookup_in_main);
}

static gboolean
clipboard_found_in_worker (gpointer data)
{
  Command *command = data;

  if (command->worker->dav != NULL)
    dav_server_clipboard_found (command->worker->dav, command->token, command->share);
  return G_SOURCE_REMOVE;
}

void
worker_clipboard_found (Worker *self, gpointer token, Share *share)
{
  Command *command = command_new (self);

  command->token = token;
  command->share = share == NULL ? NULL : share_ref (share);
  post (command, self->context, G_PRIORITY_DEFAULT, clipboard_found_in_worker);
}

static gboolean
set_share_in_worker (gpointer data)
{
  Command *command = data;

  if (command->worker->dav != NULL)
    dav_server_set_share (command->worker->dav, command->share);
  return G_SOURCE_REMOVE;
}

void
worker_set_share (Worker *self, Share *share)
{
  Command *command = command_new (self);

  command->share = share == NULL ? NULL : share_ref (share);
  /* Ahead of the traffic that came after it: a request of a guest that was told of a new share must
   * not meet the end of the old one. */
  post (command, self->context, G_PRIORITY_HIGH, set_share_in_worker);
}

static gpointer
worker_thread (gpointer data)
{
  Worker *self = data;
  const MuxOps mux_ops = {
    .accepted = on_mux_accepted,
    .output_ready = on_mux_output_ready,
    .input_ready = on_mux_input_ready,
    .tap = self->capture != NULL ? on_mux_tap : NULL,
  };
  const DavServerOps dav_ops = {
    .request_done = on_dav_request_done,
    .lookup_clipboard = on_dav_lookup_clipboard,
  };

  g_main_context_push_thread_default (self->context);
  self->encoder = vmc_encoder_new ();
  self->mux = mux_new (&mux_ops, self);
  self->feeder = feeder_new (self->traffic, self->mux);
  self->dav = dav_server_new (&dav_ops, self);

  g_main_loop_run (self->loop);

  mux_reset (self->mux);
  g_clear_pointer (&self->dav, dav_server_free);
  g_clear_pointer (&self->feeder, feeder_free);
  g_clear_pointer (&self->mux, mux_free);
  g_clear_pointer (&self->encoder, vmc_encoder_free);
  g_source_destroy (self->wake);
  g_source_destroy (self->stats_timer);
  /* A job that hangs in a system call comes back to this context, however late, and holds its share
   * until it is heard. Nobody waits for this thread. */
  while (dav_request_count_jobs () > 0)
    g_main_context_iteration (self->context, TRUE);
  /* What was posted before the end is still owed: it holds references. */
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  worker_unref (self);
  return NULL;
}

/* ---- the channel's thread ---- */

static void
on_notify (gpointer user_data)
{
  Worker *self = user_data;
  g_autoptr (GError) failure = worker_report_take_failure (&self->report);
  gboolean changed = worker_report_has_stats (&self->report);

  /* Any of these may stop the worker, but the source in dispatch keeps it until it returns. */
  g_atomic_ref_count_inc (&self->ref_count);
  if (!g_source_is_destroyed (self->notify))
    self->ops.output (self->user_data);
  if (changed && !g_source_is_destroyed (self->notify))
    self->ops.changed (self->user_data);
  if (failure != NULL && !g_source_is_destroyed (self->notify))
    self->ops.failed (failure, self->user_data);
  worker_unref (self);
}

Worker *
worker_new (const WorkerOps *ops, gpointer user_data, Capture *capture, GError **error)
{
  Worker *self = g_new0 (Worker, 1);
  GThread *thread;

  g_atomic_ref_count_init (&self->ref_count);
  self->ops = *ops;
  self->user_data = user_data;
  worker_report_init (&self->report);
  if (capture != NULL)
    {
      self->capture = capture_ref (capture);
      self->capture_port = capture_add_port (capture);
    }
  self->traffic = traffic_new ();
  self->mode = COMPRESS_NEVER;
  compress_policy_init (&self->policy, COMPRESS_NEVER);
  self->context = busy_context_new ();
  self->main_context = g_main_context_ref_thread_default ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->wake = ready_source_new (on_wake, self, self->context);
  self->stats_timer = ready_source_new (publish_stats, self, self->context);
  self->notify = ready_source_new (on_notify, self, self->main_context);

  g_atomic_ref_count_inc (&self->ref_count); /* the thread's */
  thread = g_thread_try_new ("spice-share", worker_thread, self, error);
  if (thread == NULL)
    {
      g_source_destroy (self->wake);
      g_source_destroy (self->stats_timer);
      g_source_destroy (self->notify);
      g_atomic_ref_count_dec (&self->ref_count);
      worker_unref (self);
      return NULL;
    }
  g_thread_unref (thread);
  return self;
}

void
worker_stop (Worker *self)
{
  g_source_destroy (self->notify);
  g_atomic_int_set (&self->stopped, TRUE);
  ready_source_signal (self->wake);
  worker_unref (self);
}

void
worker_push (Worker *self, GBytes *payload, gboolean compressed)
{
  if (traffic_push (self->traffic, (Inbound){ payload, compressed }))
    ready_source_signal (self->wake);
}

gsize
worker_get_inbox (Worker *self)
{
  return traffic_get_waiting (self->traffic);
}

gboolean
worker_pop (Worker *self, Outbound *message)
{
  return traffic_pop (self->traffic, message);
}

void
worker_written (Worker *self, gsize size)
{
  if (traffic_written (self->traffic, size))
    ready_source_signal (self->wake);
}

void
worker_reset (Worker *self)
{
  traffic_reset (self->traffic);
  ready_source_signal (self->wake);
}

void
worker_set_compression (Worker *self, CompressMode mode)
{
  g_atomic_int_set (&self->mode, mode);
}

void
worker_get_stats (Worker *self, WorkerStats *stats)
{
  worker_report_get_stats (&self->report, stats);
}
