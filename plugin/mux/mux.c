/* The mux: one byte stream of the port <-> many HTTP connections of the guest (DESIGN P11).
 *
 * The server reads, writes and closes streams from inside calls of its own; that only puts a client
 * on the list of dirty ones, and a source of ours settles them at the context's next turn (or the
 * next feed or pull does). So the server is never re-entered, and small writes leave together.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux.h"

#include <string.h>

#include "base/log.h"
#include "mux/frame-hunt.h"
#include "mux/mux-block.h"
#include "mux/mux-client.h"
#include "mux/mux-eviction.h"
#include "mux/mux-frame.h"
#include "mux/mux-source.h"
#include "mux/mux-stall.h"
#include "mux/mux-stream.h"

struct _Mux
{
  MuxOps ops;
  gpointer user_data;

  MuxFrameReader reader;
  gboolean hunting; /* for the beginning of a frame */
  FrameHunt hunt;
  GHashTable *clients; /* of MuxClient, by id; each is in one of the next two */
  GQueue live;         /* MUX_MAX_CLIENTS at most, so that looking at all of them is cheap */
  GQueue over;         /* have ended and drained, the least recently heard first */
  GQueue dirty;        /* want to be settled */
  MuxTurns turns;

  GSource *source;
  gboolean pull_waits; /* mux_pull() said that there is nothing */
  MuxStall *stall;     /* mux_feed() could not take everything */
  guint silence_time;  /* in ms */
};

static void
mux_client_accepted (GIOStream *stream, gint64 client, gpointer user_data)
{
  Mux *self = user_data;

  self->ops.accepted (stream, client, self->user_data);
}

static void
mux_client_asked (gpointer user_data)
{
  Mux *self = user_data;

  mux_turns_expect (&self->turns, g_get_monotonic_time ());
}

static void
mux_client_changed (MuxClient *client, gpointer user_data)
{
  Mux *self = user_data;
  MuxClientLinks *links = mux_client_get_links (client);

  if (links->is_dirty)
    return;

  links->is_dirty = TRUE;
  g_queue_push_tail_link (&self->dirty, &links->dirty);
}

static void
mux_client_progress (MuxClient *client, gpointer user_data)
{
  Mux *self = user_data;

  mux_stall_progress (self->stall, client);
}

static const MuxClientFuncs client_funcs = {
  .accepted = mux_client_accepted,
  .asked = mux_client_asked,
  .changed = mux_client_changed,
  .progress = mux_client_progress,
};

/* Whether mux_pull() is to be called, which returned %NULL; the source is ready when it may be. */
static gboolean
mux_has_output (Mux *self)
{
  gint64 again = -1;
  gboolean has_output
      = self->pull_waits && mux_turns_next (&self->turns, g_get_monotonic_time (), &again) != NULL;

  g_source_set_ready_time (self->source, again);
  return has_output;
}

static gboolean
mux_has_work (gpointer data)
{
  Mux *self = data;

  return self->dirty.length > 0 || mux_has_output (self) || mux_stall_is_over (self->stall);
}

static void
mux_tap (Mux *self, MuxClient *client, gboolean to_guest, const guint8 *data, gsize size)
{
  if (self->ops.tap != NULL)
    self->ops.tap (*mux_client_get_id (client), to_guest, data, size, self->user_data);
}

static void
mux_forget (Mux *self, MuxClient *client)
{
  MuxClientLinks *links = mux_client_get_links (client);

  mux_tap (self, client, FALSE, NULL, 0);

  if (links->is_dirty)
    g_queue_unlink (&self->dirty, &links->dirty);
  mux_turns_remove (&links->turn);
  g_queue_unlink (links->is_over ? &self->over : &self->live, &links->place);
  mux_stall_forget (self->stall, client);

  g_hash_table_remove (self->clients, mux_client_get_id (client));
  mux_client_free (client);
}

static void
mux_touch_over (Mux *self, MuxClient *client)
{
  MuxClientLinks *links = mux_client_get_links (client);

  g_queue_unlink (&self->over, &links->place);
  g_queue_push_tail_link (&self->over, &links->place);
}

/* After anything that may have changed what a client has to send or how it counts; @had_turn: also
 * that it has just sent a frame. The client may be gone when this returns. */
static void
mux_review (Mux *self, MuxClient *client, gboolean had_turn)
{
  MuxClientLinks *links = mux_client_get_links (client);
  gsize size;

  if (mux_client_is_finished (client))
    {
      mux_forget (self, client);
      return;
    }

  if (links->turn.queue == NULL && mux_client_peek_frame (client, &size))
    mux_turns_add (&self->turns, &links->turn, !had_turn && size < MUX_OUTPUT_STEAL_MIN);

  if (!links->is_over && !mux_client_is_live (client))
    {
      g_queue_unlink (&self->live, &links->place);
      links->is_over = TRUE;
      g_queue_push_tail_link (&self->over, &links->place);
      if (self->over.length > MUX_MAX_OVER)
        mux_forget (self, self->over.head->data);
    }
}

static void
mux_settle (Mux *self)
{
  GList *link;

  while ((link = g_queue_pop_head_link (&self->dirty)) != NULL)
    {
      MuxClient *client = link->data;

      mux_client_get_links (client)->is_dirty = FALSE;
      mux_client_settle (client);
      mux_review (self, client, FALSE);
    }
}

static gboolean
mux_work (gpointer user_data)
{
  Mux *self = user_data;

  mux_settle (self);

  if (mux_stall_is_over (self->stall))
    {
      mux_stall_end (self->stall);
      self->ops.input_ready (self->user_data);
    }

  if (mux_has_output (self))
    {
      self->pull_waits = FALSE;
      self->ops.output_ready (self->user_data);
    }

  return G_SOURCE_CONTINUE;
}

Mux *
mux_new (const MuxOps *ops, gpointer user_data)
{
  Mux *self = g_new0 (Mux, 1);

  self->ops = *ops;
  self->user_data = user_data;
  self->clients = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_queue_init (&self->live);
  g_queue_init (&self->over);
  g_queue_init (&self->dirty);
  mux_turns_init (&self->turns);
  self->pull_waits = TRUE;
  self->stall = mux_stall_new (MUX_STALL_TIME);
  self->silence_time = MUX_SILENCE_TIME;

  mux_block_hold ();
  self->source = mux_source_new (mux_has_work, self);
  g_source_set_callback (self->source, mux_work, self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());

  return self;
}

void
mux_free (Mux *self)
{
  mux_reset (self);
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_hash_table_unref (self->clients);
  mux_stall_free (self->stall);
  mux_block_release ();
  g_free (self);
}

void
mux_set_stall_time (Mux *self, guint milliseconds)
{
  mux_stall_set_time (self->stall, milliseconds);
}

void
mux_set_silence_time (Mux *self, guint milliseconds)
{
  self->silence_time = milliseconds;
}

/* Makes room for one more client. */
static gboolean
mux_evict (Mux *self)
{
  guint status;
  MuxClient *client = mux_eviction_find (&self->live, self->silence_time, &status);

  if (client == NULL)
    return FALSE;

  mux_client_end (client, status, status != 0);
  mux_review (self, client, FALSE);
  return TRUE;
}

static MuxClient *
mux_admit (Mux *self, gint64 id)
{
  MuxClient *client = mux_client_new (id, &client_funcs, self);
  gboolean welcome = self->live.length < MUX_MAX_CLIENTS || mux_evict (self);

  g_hash_table_insert (self->clients, (gpointer)mux_client_get_id (client), client);
  g_queue_push_tail_link (&self->live, &mux_client_get_links (client)->place);
  if (!welcome)
    {
      mux_client_end (client, 503, TRUE);
      mux_review (self, client, FALSE);
    }

  return client;
}

static void
mux_close_client (Mux *self, gint64 id)
{
  MuxClient *client = g_hash_table_lookup (self->clients, &id);

  /* Nobody is there any more to read what waits, not even a refusal. */
  if (client != NULL)
    mux_forget (self, client);
}

static gsize mux_feed_frames (Mux *self, GBytes *bytes, gsize offset);

/* Returns how many bytes were used. */
static gsize
mux_hunt (Mux *self, const guint8 *data, gsize size)
{
  guint8 begin[FRAME_HUNT_WINDOW];
  gsize n_begin, used;

  if (frame_hunt_feed (&self->hunt, data, size, begin, &n_begin, &used))
    {
      g_autoptr (GBytes) frame = g_bytes_new (begin, n_begin);

      self->hunting = FALSE;
      /* A header and less than a request's first line: there is always room for that. */
      mux_feed_frames (self, frame, 0);
    }

  return used;
}

gsize
mux_feed (Mux *self, GBytes *bytes, gsize offset)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  gsize used = 0;

  mux_settle (self);

  if (self->hunting && offset < size)
    used = mux_hunt (self, data + offset, size - offset);

  return used + mux_feed_frames (self, bytes, offset + used);
}

static gsize
mux_feed_frames (Mux *self, GBytes *bytes, gsize offset)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  gsize start = offset;

  while (offset < size)
    {
      MuxClient *client;
      gsize n, taken;

      if (self->reader.left == 0)
        {
          gsize used;
          gboolean complete
              = mux_frame_reader_read_header (&self->reader, data + offset, size - offset, &used);

          offset += used;
          if (!complete)
            break;
          if (self->reader.left == 0)
            {
              mux_close_client (self, self->reader.client);
              continue;
            }

          /* A frame is of one connection: where it begins is where another may have begun. */
          client = g_hash_table_lookup (self->clients, &self->reader.client);
          if (client != NULL && mux_client_is_reused (client))
            mux_forget (self, client);
          continue;
        }

      client = g_hash_table_lookup (self->clients, &self->reader.client);
      if (client == NULL)
        client = mux_admit (self, self->reader.client);

      n = MIN (size - offset, self->reader.left);
      taken = mux_client_feed (client, bytes, data + offset, n);
      if (taken > 0)
        mux_tap (self, client, FALSE, data + offset, taken);
      mux_frame_reader_advance (&self->reader, taken);
      offset += taken;

      if (taken < n)
        {
          mux_stall_begin (self->stall, client);
          break;
        }
      if (mux_client_get_links (client)->is_over)
        mux_touch_over (self, client);
      mux_review (self, client, FALSE);
    }

  return offset - start;
}

GBytes *
mux_pull (Mux *self, gsize max)
{
  guint8 *frames = NULL; /* small ones, gathered in a block */
  gsize n_frames = 0;    /* bytes of them */
  MuxClient *client;

  max = MIN (max, MUX_BLOCK_SIZE);
  mux_settle (self);

  while ((client = mux_turns_next (&self->turns, g_get_monotonic_time (), NULL)) != NULL)
    {
      MuxClientLinks *links = mux_client_get_links (client);
      GBytes *frame = NULL;
      gsize size;

      if (mux_client_peek_frame (client, &size))
        {
          gboolean steal = size >= MUX_OUTPUT_STEAL_MIN;

          if (n_frames > 0 && (steal || n_frames + MUX_HEADER_SIZE + size > max))
            break;

          if (steal)
            {
              frame = mux_client_steal_frame (client);
              mux_tap (self, client, TRUE,
                       (const guint8 *)g_bytes_get_data (frame, NULL) + MUX_HEADER_SIZE, size);
            }
          else
            {
              if (frames == NULL)
                frames = mux_block_new ();
              mux_client_copy_frame (client, frames + n_frames);
              mux_tap (self, client, TRUE, size > 0 ? frames + n_frames + MUX_HEADER_SIZE : NULL,
                       size);
              n_frames += MUX_HEADER_SIZE + size;
            }
        }

      mux_turns_remove (&links->turn);
      mux_review (self, client, TRUE);
      if (frame != NULL)
        {
          mux_turns_sent (&self->turns, FALSE);
          return frame;
        }
    }

  if (frames == NULL)
    {
      self->pull_waits = TRUE;
      return NULL;
    }

  mux_turns_sent (&self->turns, TRUE);
  if (n_frames < MUX_OUTPUT_STEAL_MIN)
    {
      /* Whoever counts what is under way counts bytes, not what they lie in. */
      GBytes *copy = g_bytes_new (frames, n_frames);

      mux_block_free (frames);
      return copy;
    }

  return g_bytes_new_with_free_func (frames, n_frames, mux_block_free, frames);
}

void
mux_request_done (Mux *self, GIOStream *stream)
{
  MuxClient *client = mux_client_from_stream (stream);

  if (client != NULL)
    mux_client_request_done (client);
  else if (MUX_IS_STREAM (stream))
    mux_input_end_request (mux_stream_get_input (MUX_STREAM (stream)));
}

void
mux_reset (Mux *self)
{
  GHashTableIter iter;
  gpointer value;

  /* Ids that have come through since the last time; a port that closes twice does not unlearn. */
  if (g_hash_table_size (self->clients) > 0)
    frame_hunt_forget (&self->hunt);

  g_hash_table_iter_init (&iter, self->clients);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      if (mux_client_is_live (value))
        frame_hunt_know (&self->hunt, *mux_client_get_id (value));
      mux_forget (self, value);
      g_hash_table_iter_init (&iter, self->clients);
    }

  self->reader = (MuxFrameReader){ 0 };
  self->hunting = TRUE;
  frame_hunt_begin (&self->hunt);
  mux_stall_end (self->stall);
}

gboolean
mux_is_contended (Mux *self)
{
  return mux_turns_is_contended (&self->turns);
}

guint
mux_get_n_clients (Mux *self)
{
  return self->live.length;
}
