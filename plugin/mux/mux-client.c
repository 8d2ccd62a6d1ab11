/* One client of the mux: an HTTP connection of the guest, its gate and its stream (DESIGN P11).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "mux/mux-client.h"

#include "base/log.h"
#include "mux/http-gate.h"
#include "mux/mux-ending.h"
#include "mux/mux-queue.h"
#include "mux/mux-stream.h"

struct _MuxClient
{
  gint64 id;
  const MuxClientFuncs *funcs;
  gpointer user_data;
  MuxClientLinks links;

  HttpGate *gate;    /* NULL once it has ended */
  MuxStream *stream; /* NULL until the first whole head */
  MuxQueue held;     /* came before the response to the request ahead was done */

  guint64 response_start; /* where in the output the response to the last whole request begins */
  gint64 idle_since;
  gint64 fed_at;          /* when something came last */
  gboolean response_done; /* notes for settle () */
  gboolean cut;           /* the request was answered before it was read to its end */
  gboolean closed;
  MuxEnding ending;
};

MuxClient *
mux_client_new (gint64 id, const MuxClientFuncs *funcs, gpointer user_data)
{
  MuxClient *self = g_new0 (MuxClient, 1);

  self->id = id;
  self->funcs = funcs;
  self->user_data = user_data;
  self->links.place.data = self;
  self->links.dirty.data = self;
  self->links.turn.link.data = self;
  self->gate = http_gate_new ();
  self->idle_since = g_get_monotonic_time ();

  return self;
}

void
mux_client_free (MuxClient *self)
{
  if (self->stream != NULL)
    {
      mux_stream_hang_up (self->stream);
      mux_output_discard (mux_stream_get_output (self->stream));
      g_clear_object (&self->stream);
    }
  mux_queue_clear (&self->held);
  g_clear_pointer (&self->gate, http_gate_free);
  g_free (self);
}

const gint64 *
mux_client_get_id (MuxClient *self)
{
  return &self->id;
}

MuxClientLinks *
mux_client_get_links (MuxClient *self)
{
  return &self->links;
}

static gsize
mux_client_get_output_size (MuxClient *self)
{
  return self->stream != NULL ? mux_output_get_size (mux_stream_get_output (self->stream)) : 0;
}

static HttpGateState
mux_client_get_state (MuxClient *self)
{
  return self->gate != NULL ? http_gate_get_state (self->gate) : HTTP_GATE_REFUSED;
}

static void
mux_client_was_read (gpointer owner)
{
  MuxClient *self = owner;

  self->funcs->progress (self, self->user_data);
  if (self->held.size > 0)
    self->funcs->changed (self, self->user_data);
}

static void
mux_client_wrote (gpointer owner)
{
  MuxClient *self = owner;

  self->funcs->changed (self, self->user_data);
}

static void
mux_client_closed (gpointer owner)
{
  MuxClient *self = owner;

  self->closed = TRUE;
  self->funcs->changed (self, self->user_data);
}

static const MuxStreamFuncs stream_funcs = {
  .was_read = mux_client_was_read,
  .wrote = mux_client_wrote,
  .closed = mux_client_closed,
};

void
mux_client_end (MuxClient *self, guint status, gboolean drop)
{
  if (self->gate == NULL)
    return;

  share_debug ("client %" G_GINT64_FORMAT " ends%s, status %u", self->id,
               drop ? ", the rest is dropped" : "", status);

  g_clear_pointer (&self->gate, http_gate_free);
  mux_queue_clear (&self->held);
  mux_ending_begin (&self->ending, status, drop);
  if (self->stream != NULL)
    {
      mux_stream_hang_up (self->stream);
      if (mux_client_get_output_size (self) == 0)
        g_clear_object (&self->stream);
    }
  self->funcs->changed (self, self->user_data);
}

/* With a request that was passed on, if not to its end: a canned answer only where the guest has no
 * real one yet. */
static void
mux_client_end_in_request (MuxClient *self, guint status)
{
  if (mux_output_has_final (mux_stream_get_output (self->stream)))
    status = 0;

  mux_client_end (self, status, TRUE);
}

void
mux_client_stalled (MuxClient *self)
{
  mux_client_end_in_request (self, 503);
}

/* libsoup gets to know of a client with its first whole head. */
static void
mux_client_begin_request (MuxClient *self, const guint8 *head, gsize size)
{
  if (self->stream == NULL)
    {
      self->stream = mux_stream_new (&stream_funcs, self);
      /* Who has no room for it may answer and close at once. */
      self->funcs->accepted (G_IO_STREAM (self->stream), self->id, self->user_data);
    }
  else
    {
      mux_output_begin_response (mux_stream_get_output (self->stream));
    }

  mux_input_push_head (mux_stream_get_input (self->stream), head, size);
  if (mux_client_get_output_size (self) == 0)
    self->funcs->asked (self->user_data);
}

/* Through the gate. Returns how many bytes were used: all, or up to where the next request begins,
 * or what there is room for. */
static gsize
mux_client_pass (MuxClient *self, GBytes *bytes, const guint8 *data, gsize size)
{
  gsize done = 0;

  while (done < size)
    {
      gsize n = size - done;
      gsize used, out_size;
      const guint8 *out;
      gboolean in_body = http_gate_get_state (self->gate) == HTTP_GATE_BODY;
      HttpGateResult result;

      if (in_body)
        {
          gsize waits = mux_input_get_size (mux_stream_get_input (self->stream));

          if (waits >= MUX_INPUT_MAX)
            break;
          n = MIN (n, MUX_INPUT_MAX - waits);
        }

      result = http_gate_read (self->gate, data + done, n, &used, &out, &out_size);
      done += used;

      switch (result)
        {
        case HTTP_GATE_NEED_MORE:
          continue;

        case HTTP_GATE_PASS_HEAD:
          mux_client_begin_request (self, out, out_size);
          break;

        case HTTP_GATE_PASS_FRAMING:
          mux_input_push (mux_stream_get_input (self->stream), NULL, out, out_size);
          break;

        case HTTP_GATE_PASS_DATA:
          mux_input_push (mux_stream_get_input (self->stream), bytes, out, out_size);
          break;

        case HTTP_GATE_HELD:
          return done;

        case HTTP_GATE_TOO_MUCH:
        case HTTP_GATE_MALFORMED:
        default:
          if (in_body)
            mux_client_end_in_request (self, http_gate_get_status (self->gate));
          else
            mux_client_end (self, http_gate_get_status (self->gate), TRUE);
          return size;
        }

      if (http_gate_get_state (self->gate) == HTTP_GATE_AWAITING)
        self->response_start = mux_output_get_n_written (mux_stream_get_output (self->stream));
    }

  return done;
}

gsize
mux_client_feed (MuxClient *self, GBytes *bytes, const guint8 *data, gsize size)
{
  gsize done = 0;

  if (self->gate == NULL)
    {
      /* It has ended. Between two requests this is the next one, sent before our last response
       * was: nobody will read it, and where it ends nobody counts. */
      self->ending.drop = TRUE;
      return size;
    }

  self->fed_at = g_get_monotonic_time ();

  if (self->held.size == 0)
    done = mux_client_pass (self, bytes, data, size);

  if (done < size && self->gate != NULL
      && (self->held.size > 0 || http_gate_get_state (self->gate) == HTTP_GATE_AWAITING))
    {
      gsize n = MIN (size - done, MUX_HELD_MAX - self->held.size);

      mux_queue_push (&self->held, bytes, data + done, n);
      done += n;
    }

  return done;
}

gboolean
mux_client_is_full (MuxClient *self)
{
  if (self->gate == NULL)
    return FALSE;

  if (self->held.size > 0)
    return self->held.size > MUX_HELD_MAX / 2;

  return http_gate_get_state (self->gate) == HTTP_GATE_BODY
         && mux_input_get_size (mux_stream_get_input (self->stream)) > MUX_INPUT_MAX / 2;
}

gboolean
mux_client_is_reused (MuxClient *self)
{
  MuxOutput *output = self->stream != NULL ? mux_stream_get_output (self->stream) : NULL;
  gboolean being_sent = output != NULL && mux_output_get_n_taken (output) > self->response_start;

  switch (mux_client_get_state (self))
    {
    case HTTP_GATE_REFUSED:
      if (self->ending.drop)
        return FALSE;
      return being_sent
             || (mux_client_get_output_size (self) == 0 && mux_ending_has_answered (&self->ending));

    case HTTP_GATE_AWAITING:
      return self->held.size == 0 && being_sent;

    case HTTP_GATE_IDLE:
      return self->held.size == 0 && being_sent && mux_client_get_output_size (self) > 0;

    case HTTP_GATE_HEAD:
    case HTTP_GATE_BODY:
    default:
      return FALSE;
    }
}

gboolean
mux_client_is_live (MuxClient *self)
{
  return self->gate != NULL || mux_client_get_output_size (self) > 0;
}

gint64
mux_client_get_idle_since (MuxClient *self)
{
  if (mux_client_get_state (self) != HTTP_GATE_IDLE || self->held.size > 0 || self->closed
      || mux_client_get_output_size (self) > 0)
    return 0;

  return self->idle_since;
}

gint64
mux_client_get_silent_since (MuxClient *self)
{
  switch (mux_client_get_state (self))
    {
    case HTTP_GATE_HEAD:
      return mux_client_get_output_size (self) == 0 ? self->fed_at : 0;

    case HTTP_GATE_BODY:
      return mux_input_get_size (mux_stream_get_input (self->stream)) == 0
                     && !mux_output_has_final (mux_stream_get_output (self->stream))
                 ? self->fed_at
                 : 0;

    case HTTP_GATE_IDLE:
    case HTTP_GATE_AWAITING:
    case HTTP_GATE_REFUSED:
    default:
      return 0;
    }
}

gboolean
mux_client_is_finished (MuxClient *self)
{
  gsize size;

  return self->gate == NULL && mux_client_get_output_size (self) == 0 && !self->ending.drop
         && !mux_ending_peek_frame (&self->ending, &size);
}

void
mux_client_request_done (MuxClient *self)
{
  MuxInput *input = mux_stream_get_input (self->stream);

  /* Answered before it was read to its end (Expect, and refused without `Connection: close`): the
   * server must not take the rest for a request, so it finds the stream broken at once. */
  if (http_gate_get_state (self->gate) == HTTP_GATE_BODY || mux_input_get_size (input) > 0)
    self->cut = TRUE;
  mux_input_end_request (input);
  if (self->cut)
    mux_input_break (input);

  self->response_done = TRUE;
  self->funcs->changed (self, self->user_data);
}

static void
mux_client_settle_closed (MuxClient *self)
{
  MuxOutput *output = mux_stream_get_output (self->stream);

  switch (http_gate_get_state (self->gate))
    {
    case HTTP_GATE_IDLE:
    case HTTP_GATE_AWAITING:
      if (self->held.size > 0)
        mux_client_end (self, 503, TRUE);
      else
        mux_client_end (self, mux_output_has_final (output) ? 0 : 500, FALSE);
      break;

    case HTTP_GATE_HEAD:
      mux_client_end (self, 503, TRUE);
      break;

    case HTTP_GATE_BODY:
    case HTTP_GATE_REFUSED:
    default:
      mux_client_end_in_request (self, 500);
      break;
    }
}

void
mux_client_settle (MuxClient *self)
{
  if (self->gate == NULL)
    return;

  if (self->response_done)
    {
      self->response_done = FALSE;

      if (self->cut || !http_gate_response_done (self->gate))
        {
          mux_client_end_in_request (self, 500);
          return;
        }
      self->idle_since = g_get_monotonic_time ();
    }

  if (self->closed)
    {
      mux_client_settle_closed (self);
      return;
    }

  while (self->gate != NULL && self->held.size > 0)
    {
      gsize size, done;
      GBytes *bytes;
      const guint8 *data = mux_queue_peek (&self->held, &size, &bytes);

      done = mux_client_pass (self, bytes, data, size);
      if (done == 0 || self->gate == NULL)
        break;
      mux_queue_skip (&self->held, done);
    }
}

gboolean
mux_client_peek_frame (MuxClient *self, gsize *size)
{
  *size = self->stream != NULL ? mux_output_peek_frame (mux_stream_get_output (self->stream)) : 0;
  if (*size > 0)
    return TRUE;

  return mux_ending_peek_frame (&self->ending, size);
}

/* Notes that output was taken. */
static void
mux_client_took_output (MuxClient *self)
{
  if (mux_client_get_output_size (self) > 0)
    return;

  self->idle_since = g_get_monotonic_time ();
  if (self->gate == NULL)
    g_clear_object (&self->stream);
}

GBytes *
mux_client_steal_frame (MuxClient *self)
{
  GBytes *frame = mux_output_steal_frame (mux_stream_get_output (self->stream), self->id);

  mux_client_took_output (self);
  return frame;
}

void
mux_client_copy_frame (MuxClient *self, guint8 *frame)
{
  if (mux_client_get_output_size (self) > 0)
    {
      mux_output_copy_frame (mux_stream_get_output (self->stream), self->id, frame);
      mux_client_took_output (self);
    }
  else
    {
      mux_ending_copy_frame (&self->ending, self->id, frame);
    }
}

MuxClient *
mux_client_from_stream (GIOStream *stream)
{
  return MUX_IS_STREAM (stream) ? mux_stream_get_owner (MUX_STREAM (stream)) : NULL;
}
