/* Fuzz target: conversations with the whole mux, the server played by hand.
 *
 * The input is a list of steps {what, who, how much}: the guest sends, closes, pulls; the server
 * reads, writes, is done, closes; the context turns; the port resets. Checked: limits hold, frames
 * come out whole, the server is only shown what a gate lets pass, one request at a time, and never
 * an end of file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "mux/http-gate.h"
#include "mux/mux-client.h"
#include "mux/mux-frame.h"
#include "mux/mux-input.h"
#include "mux/mux-output.h"
#include "mux/mux.h"

#define N_IDS 100

typedef struct
{
  GMainContext *context;
  Mux *mux;
  GPtrArray *streams; /* that the server has not closed */
  GQueue unfed;
  gsize offset;
  gboolean hunted; /* for a frame, after a reset: with ids as short as ours anything may be one */
} World;

/* What a server sees of a stream has to be acceptable to a gate of its own. */
typedef struct
{
  World *world;
  HttpGate *gate;
  gboolean cut; /* answered before the request was read to its end */
} Shadow;

static const char *const texts[] = {
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n",
  "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /",
  " HTTP/1.1\r\nHost: a\r\n\r\n",
  "01234567890123456789",
  "BREW / HTTP/1.1\r\n\r\n",
  "\r\n",
  "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n",
};

static void
shadow_free (gpointer data)
{
  Shadow *shadow = data;

  http_gate_free (shadow->gate);
  g_free (shadow);
}

static void
accepted (GIOStream *stream, gint64 client, gpointer user_data)
{
  World *world = user_data;
  Shadow *shadow = g_new0 (Shadow, 1);

  shadow->world = world;
  shadow->gate = http_gate_new ();
  g_object_set_data_full (G_OBJECT (stream), "shadow", shadow, shadow_free);
  g_ptr_array_add (world->streams, g_object_ref (stream));
}

static void
output_ready (gpointer user_data)
{
}

static void
feed_on (World *world)
{
  while (world->unfed.length > 0)
    {
      GBytes *bytes = world->unfed.head->data;

      world->offset += mux_feed (world->mux, bytes, world->offset);
      if (world->offset < g_bytes_get_size (bytes))
        return;
      g_bytes_unref (g_queue_pop_head (&world->unfed));
      world->offset = 0;
    }
}

static void
input_ready (gpointer user_data)
{
  feed_on (user_data);
}

static void
send (World *world, gint64 id, const void *data, gsize size)
{
  guint8 *frame = g_malloc (MUX_HEADER_SIZE + size);
  gsize cut = size / 2;

  mux_frame_write_header (frame, id, size);
  if (size > 0)
    memcpy (frame + MUX_HEADER_SIZE, data, size);
  /* Cut somewhere. */
  g_queue_push_tail (&world->unfed, g_bytes_new (frame, cut));
  g_queue_push_tail (&world->unfed, g_bytes_new (frame + cut, MUX_HEADER_SIZE + size - cut));
  g_free (frame);
  /* A guest that is held back stops sending: only so much is under way. */
  feed_on (world);
}

static gboolean
held_back (World *world)
{
  return world->unfed.length > 4;
}

static void
pull (World *world)
{
  g_autoptr (GBytes) bytes = mux_pull (world->mux, MUX_MAX_FRAME);
  MuxFrameReader reader = { 0 };
  const guint8 *data;
  gsize size;

  if (bytes == NULL)
    return;

  data = g_bytes_get_data (bytes, &size);
  g_assert (size > 0 && size <= MUX_MAX_FRAME);
  while (size > 0)
    {
      gsize used;

      g_assert (mux_frame_reader_read_header (&reader, data, size, &used));
      g_assert (size - used >= reader.left);
      g_assert (world->hunted || (reader.client >= 0 && reader.client < N_IDS));
      data += used + reader.left;
      size -= used + reader.left;
      reader.left = 0;
    }
}

static void
server_read (GIOStream *stream, gsize count)
{
  Shadow *shadow = g_object_get_data (G_OBJECT (stream), "shadow");
  GInputStream *input = g_io_stream_get_input_stream (stream);
  guint8 buffer[256];
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (
      G_POLLABLE_INPUT_STREAM (input), buffer, MIN (count + 1, sizeof buffer), NULL, &error);

  g_assert (mux_input_get_size (MUX_INPUT (input))
            <= MUX_INPUT_MAX + HTTP_GATE_HEAD_MAX + HTTP_GATE_CHUNK_LINE_MAX);
  /* Never an end of file. */
  g_assert (n != 0);
  if (shadow->cut)
    g_assert (n <= 2);
  for (gssize i = 0; i < n && !shadow->cut;)
    {
      gsize used, out_size;
      const guint8 *out;
      HttpGateResult result
          = http_gate_read (shadow->gate, buffer + i, n - i, &used, &out, &out_size);

      g_assert (result != HTTP_GATE_TOO_MUCH && result != HTTP_GATE_MALFORMED);
      /* The next request is not shown before the response is done, but for the empty line that
       * wakes libsoup. */
      if (result == HTTP_GATE_HELD)
        {
          g_assert (n - i <= 2 && memcmp (buffer + i, "\r\n", n - i) == 0);
          return;
        }
      i += used;
    }
}

static void
server_write (GIOStream *stream, gsize count)
{
  static const guint8 response[MUX_OUTPUT_MAX] = "HTTP/1.1 200 OK\r\n";
  GOutputStream *output = g_io_stream_get_output_stream (stream);

  g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (output), response,
                                              MIN (count * count * 4 + 1, sizeof response), NULL,
                                              NULL);
  g_assert (mux_output_get_size (MUX_OUTPUT (output)) <= MUX_OUTPUT_MAX);
}

static void
server_done (World *world, GIOStream *stream)
{
  Shadow *shadow = g_object_get_data (G_OBJECT (stream), "shadow");

  /* It has read a head at least, and answers once. */
  if (shadow->cut
      || (http_gate_get_state (shadow->gate) != HTTP_GATE_AWAITING
          && http_gate_get_state (shadow->gate) != HTTP_GATE_BODY))
    return;

  shadow->cut |= !http_gate_response_done (shadow->gate);
  mux_request_done (world->mux, stream);
}

static void
server_close (World *world, GIOStream *stream)
{
  g_io_stream_close (stream, NULL, NULL);
  g_ptr_array_remove (world->streams, stream);
}

static void
step (World *world, guint what, guint who, guint amount)
{
  gint64 id = who % N_IDS;
  GIOStream *stream
      = world->streams->len > 0 ? world->streams->pdata[who % world->streams->len] : NULL;
  static const guint8 zeros[MUX_MAX_DATA];

  switch (what % 12)
    {
    case 0:
    case 1:
    case 2:
      if (!held_back (world))
        send (world, id, texts[amount % G_N_ELEMENTS (texts)],
              strlen (texts[amount % G_N_ELEMENTS (texts)]));
      break;
    case 3:
      if (!held_back (world))
        send (world, id, zeros, amount * amount);
      break;
    case 4:
      if (!held_back (world))
        send (world, id, NULL, 0);
      break;
    case 5:
      pull (world);
      break;
    case 6:
      if (stream != NULL)
        server_read (stream, amount);
      break;
    case 7:
      if (stream != NULL)
        server_write (stream, amount);
      break;
    case 8:
      if (stream != NULL)
        server_done (world, stream);
      break;
    case 9:
      if (stream != NULL)
        server_close (world, stream);
      break;
    case 10:
      while (g_main_context_iteration (world->context, FALSE))
        ;
      break;
    case 11:
    default:
      if (amount == 0)
        {
          mux_reset (world->mux);
          world->hunted = TRUE;
          g_queue_clear_full (&world->unfed, (GDestroyNotify)g_bytes_unref);
          world->offset = 0;
          g_assert (mux_get_n_clients (world->mux) == 0);
        }
      break;
    }
  g_assert (mux_get_n_clients (world->mux) <= MUX_MAX_CLIENTS);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  World world = { 0 };
  MuxOps ops = { accepted, output_ready, input_ready };

  world.context = g_main_context_new ();
  g_main_context_push_thread_default (world.context);
  world.mux = mux_new (&ops, &world);
  world.streams = g_ptr_array_new_with_free_func (g_object_unref);

  for (gsize i = 0; i + 3 <= size; i += 3)
    step (&world, data[i], data[i + 1], data[i + 2]);

  mux_free (world.mux);
  g_ptr_array_unref (world.streams);
  g_queue_clear_full (&world.unfed, (GDestroyNotify)g_bytes_unref);
  g_main_context_pop_thread_default (world.context);
  g_main_context_unref (world.context);
  return 0;
}
