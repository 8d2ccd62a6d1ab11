/* Fuzz target: all that a guest's bytes go through: messages of the port, LZ4, the mux, the gate,
 * libsoup, WebDAV, and files of a folder in the file pool; and back. No network, no SPICE.
 *
 * The input is a list of steps {what, u16le size, data}. Checked: what comes back is whole frames,
 * the limits hold, all comes to rest, and nothing outside of the folder is read or changed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "dav/dav-request.h"
#include "dav/dav-server.h"
#include "mux/mux-frame.h"
#include "mux/mux.h"
#include "worker/feeder.h"
#include "worker/vmc-codec.h"

/* What a guest may leave in the folder before it is emptied. */
#define MAX_ENTRIES 32

#define SECRET "nobody's business"

typedef enum
{
  STEP_MESSAGE,    /* as it is */
  STEP_COMPRESSED, /* the same, and it says that it is COMPRESSED_DATA */
  STEP_FRAME,      /* a whole frame of the client that the first byte says */
  STEP_LONG_FRAME, /* the same again and again until it can be compressed, and compressed */
  STEP_REST,       /* everybody does what there is to do */
  STEP_PORT,       /* closes and opens */
  N_STEPS,
} Step;

typedef struct
{
  GMainContext *context;
  Traffic *traffic;
  VmcEncoder *encoder;
  Feeder *feeder;
  Mux *mux;
  DavServer *dav;
} World;

static char *base; /* of this process: the folder, and beside it what is not shared */
static char *folder;
static char *secret;
static Share *share; /* of @folder */

/* @depth: of what is removed at least; 0: @path itself */
static void
remove_all (const char *path, const char *depth)
{
  const char *const argv[] = { "find", path, "-mindepth", depth, "-delete", NULL };

  g_assert (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                          NULL, NULL));
}

static void
remove_base (void)
{
  remove_all (base, "0");
}

static void
fill_folder (void)
{
  g_autofree char *inner = g_build_filename (folder, "folder", NULL);
  g_autofree char *file = g_build_filename (folder, "file", NULL);
  g_autofree char *out = g_build_filename (folder, "out", NULL);

  g_assert (g_mkdir_with_parents (inner, 0755) == 0);
  g_assert (g_file_set_contents_full (file, "content", -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
  g_assert (symlink ("../secret", out) == 0);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  share = share_open_finish (result, NULL);
  g_assert (share != NULL);
}

/* Once: to start and confine threads takes longer than most inputs. */
static void
make_base (GMainContext *context)
{
  if (base != NULL)
    return;
  base = g_dir_make_tmp ("spice-share-fuzz-XXXXXX", NULL);
  folder = g_build_filename (base, "share", NULL);
  secret = g_build_filename (base, "secret", NULL);
  g_assert (g_file_set_contents (secret, SECRET, -1, NULL));
  fill_folder ();
  atexit (remove_base);
  share_open_async (folder, 0, NULL, on_opened, NULL);
  while (share == NULL)
    g_main_context_iteration (context, TRUE);
}

/* Beside the folder nothing has changed. A folder that has grown begins anew. */
static void
check_base (void)
{
  g_autofree char *content = NULL;
  g_autoptr (GDir) entries = g_dir_open (base, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (entries) != NULL)
    n++;
  g_assert (n == 2);
  g_assert (g_file_get_contents (secret, &content, NULL, NULL) && strcmp (content, SECRET) == 0);

  n = 0;
  g_dir_close (g_steal_pointer (&entries));
  entries = g_dir_open (folder, 0, NULL);
  while (g_dir_read_name (entries) != NULL)
    n++;
  if (n > MAX_ENTRIES)
    {
      remove_all (folder, "1");
      fill_folder ();
    }
}

static void
on_accepted (GIOStream *stream, gint64 client, gpointer user_data)
{
  World *world = user_data;

  dav_server_accept (world->dav, stream, client);
}

static void
on_output_ready (gpointer user_data)
{
}

static void
on_input_ready (gpointer user_data)
{
  World *world = user_data;

  feeder_unblock (world->feeder);
}

static void
on_request_done (GIOStream *stream, gpointer user_data)
{
  World *world = user_data;

  mux_request_done (world->mux, stream);
}

static void
feed (World *world)
{
  g_autoptr (GError) error = NULL;
  FeederResult result;

  do
    result = feeder_run (world->feeder, &error);
  while (result == FEEDER_MORE);
  g_assert ((result == FEEDER_FAILED) == (error != NULL));
  g_assert (mux_get_n_clients (world->mux) <= MUX_MAX_CLIENTS);
}

/* Returns: whether the guest got anything. It never gets the secret. */
static gboolean
pull (World *world)
{
  g_autoptr (GBytes) bytes = mux_pull (world->mux, VMC_MAX_CHUNK);
  const guint8 *data;
  gsize size;

  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &size);
  g_assert (size > 0 && size <= VMC_MAX_CHUNK);
  g_assert (memmem (data, size, SECRET, strlen (SECRET)) == NULL);
  while (size > 0)
    {
      MuxFrameReader reader = { 0 };
      gsize used;

      g_assert (mux_frame_reader_read_header (&reader, data, size, &used));
      g_assert (size - used >= reader.left);
      data += used + reader.left;
      size -= used + reader.left;
    }
  return TRUE;
}

/* Until nobody has anything to do before more comes. */
static void
rest (World *world)
{
  gboolean busy;

  do
    {
      feed (world);
      busy = pull (world);
      busy |= g_main_context_iteration (world->context, !busy && dav_request_count_jobs () > 0);
    }
  while (busy);
}

static void
push (World *world, GBytes *payload, gboolean compressed)
{
  traffic_push (world->traffic, (Inbound){ payload, compressed });
  /* As the channel, which holds the guest back. */
  if (traffic_get_waiting (world->traffic) > TRAFFIC_IN_MAX)
    rest (world);
}

static GBytes *
frame_new (const guint8 *data, gsize size)
{
  const gint64 client = data[0];
  guint8 *frame;

  data++;
  size--;
  frame = g_malloc (MUX_HEADER_SIZE + size);
  mux_frame_write_header (frame, client, size);
  memcpy (frame + MUX_HEADER_SIZE, data, size);
  return g_bytes_new_take (frame, MUX_HEADER_SIZE + size);
}

static void
push_long_frame (World *world, const guint8 *data, gsize size)
{
  g_autoptr (GBytes) frame = frame_new (data, size);
  g_autoptr (GByteArray) frames = g_byte_array_new ();
  GBytes *payload;

  while (frames->len < VMC_MIN_CHUNK)
    g_byte_array_append (frames, g_bytes_get_data (frame, NULL), g_bytes_get_size (frame));
  payload = vmc_encode (world->encoder, frames->data, MIN (frames->len, VMC_MAX_CHUNK));
  if (payload != NULL)
    push (world, payload, TRUE);
}

static void
reset (World *world)
{
  traffic_reset (world->traffic);
  g_assert (traffic_see_reset (world->traffic));
  feeder_reset (world->feeder);
  mux_reset (world->mux);
  g_assert (traffic_get_waiting (world->traffic) == 0);
  g_assert (mux_get_n_clients (world->mux) == 0);
}

static void
step (World *world, Step what, const guint8 *data, gsize size)
{
  switch (what)
    {
    case STEP_MESSAGE:
    case STEP_COMPRESSED:
      push (world, g_bytes_new (data, size), what == STEP_COMPRESSED);
      break;
    case STEP_FRAME:
      if (size > 0)
        push (world, frame_new (data, size), FALSE);
      break;
    case STEP_LONG_FRAME:
      if (size > 0)
        push_long_frame (world, data, size);
      break;
    case STEP_REST:
      rest (world);
      break;
    case STEP_PORT:
      reset (world);
      break;
    case N_STEPS:
    default:
      g_assert_not_reached ();
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const MuxOps mux_ops
      = { .accepted = on_accepted, .output_ready = on_output_ready, .input_ready = on_input_ready };
  const DavServerOps dav_ops = { .request_done = on_request_done };
  World world = { 0 };

  world.context = g_main_context_new ();
  g_main_context_push_thread_default (world.context);
  make_base (world.context);
  world.traffic = traffic_new ();
  world.encoder = vmc_encoder_new ();
  world.mux = mux_new (&mux_ops, &world);
  world.feeder = feeder_new (world.traffic, world.mux);
  world.dav = dav_server_new (&dav_ops, &world);
  dav_server_set_share (world.dav, share);

  while (size >= 3)
    {
      gsize n = data[1] | (gsize)data[2] << 8;

      n = MIN (n, size - 3);
      step (&world, data[0] % N_STEPS, data + 3, n);
      data += 3 + n;
      size -= 3 + n;
    }
  rest (&world);

  mux_reset (world.mux);
  dav_server_free (world.dav);
  feeder_free (world.feeder);
  mux_free (world.mux);
  vmc_encoder_free (world.encoder);
  traffic_free (world.traffic);
  while (dav_request_count_jobs () > 0)
    g_main_context_iteration (world.context, TRUE);
  while (g_main_context_iteration (world.context, FALSE))
    ;
  g_main_context_pop_thread_default (world.context);
  g_main_context_unref (world.context);
  check_base ();
  return 0;
}
