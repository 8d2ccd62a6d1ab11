/* The guest's program, the port, the viewer and the share come and go while uploads and downloads
 * run; after each time the next request succeeds at once, and nothing is left behind (DESIGN P11).
 *
 * CHAOS_ROUNDS is the number of rounds (60); tests/run.sh --long has 500.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdlib.h>
#include <string.h>

#include <glib/gstdio.h>

#include "process-counters.h"
#include "rig.h"

/* Each scene ten times: each offset of a header. */
#define DEFAULT_ROUNDS 60
/* The first rounds warm up: libraries, pools, buffers that are kept. */
#define WARM_UP_ROUNDS 20

#define SECONDS 20
/* "At once", on a machine that ten other jobs keep busy; a guest's curl would not call it a hang.
 */
#define AT_ONCE_US (5 * G_USEC_PER_SEC * patience ())

/* What a process may hold more after the last round than after the warm-up. Measured over 500
 * rounds: see tests/README.md. */
#define RSS_GROWTH_MAX_KIB (8 * 1024 + PATIENCE_KIB)
#define FDS_GROWTH_MAX 4
#define THREADS_GROWTH_MAX 4
#define SOURCES_GROWTH_MAX 4

#define MUX_HEADER 10
#define BIG_SIZE (G_GUINT64_CONSTANT (1) << 34)

typedef struct
{
  Rig *rig;
  RigChild *viewer;
  GRand *rand;
  gint64 next_id;
  char *other; /* another folder to share */
  guint n_sharing;
  guint n_connected;
  GPtrArray *load; /* of RigExchange */
  guint64 load_before;
  gint64 longest; /* until an answer, in us */
} Chaos;

typedef void (*Scene) (Chaos *self, guint round);

static RigChild *
start_viewer (Rig *rig, const char *compression)
{
  g_autofree char *program = rig_program ("test-viewer");
  const char *const argv[]
      = { program, "--share", rig->share, "--compression", compression, rig->uri, NULL };

  return rig_child_new (argv, NULL);
}

static void
share_folder (Chaos *self, const char *folder)
{
  g_autofree char *command = g_strdup_printf ("share %s", folder);

  rig_child_send (self->viewer, command);
  rig_child_wait (self->viewer, "sharing-started", ++self->n_sharing, SECONDS);
}

/* An id that nothing else on the wire looks like, of 48 bits as a pointer of Linux has. */
static gint64
new_id (Chaos *self)
{
  return G_GINT64_CONSTANT (0x5afe00000000) + self->next_id++;
}

static gboolean
load_runs (Chaos *self)
{
  for (guint i = 0; i < self->load->len; i++)
    {
      RigExchange *exchange = self->load->pdata[i];

      if (exchange->closed)
        g_error ("a transfer ended by itself, status %u", exchange->reader->status);
    }
  return ((RigExchange *)self->load->pdata[0])->reader->body_bytes > RIG_CONTENT_BLOCK / 2
         && ((RigExchange *)self->load->pdata[1])->reader->body_bytes > RIG_CONTENT_BLOCK / 2
         && rig_peer_get_bytes_written (self->rig->peer)
                > self->load_before + RIG_CONTENT_BLOCK / 2;
}

/* Two downloads, one of which shrinks, and two uploads, which would take for ever. */
static void
start_load (Chaos *self)
{
  RigPeer *peer = self->rig->peer;

  self->load_before = rig_peer_get_bytes_written (peer);
  g_ptr_array_add (self->load, rig_peer_start_download (peer, new_id (self), "/big.txt"));
  g_ptr_array_add (self->load, rig_peer_start_download (peer, new_id (self), "/big.bin"));
  g_ptr_array_add (self->load, rig_peer_start_upload (peer, new_id (self), "/up.txt", NULL,
                                                      RIG_CONTENT_TEXT, BIG_SIZE));
  g_ptr_array_add (self->load, rig_peer_start_upload (peer, new_id (self), "/up.bin", NULL,
                                                      RIG_CONTENT_RANDOM, BIG_SIZE));
  rig_wait_until (load_runs (self), SECONDS);
}

/* The guest's programs say no more; what they have said waits to be sent. */
static void
forget_load (Chaos *self)
{
  for (guint i = 0; i < self->load->len; i++)
    rig_peer_forget_client (self->rig->peer, ((RigExchange *)self->load->pdata[i])->id);
}

/* The same, and what they have said is on its way. */
static void
silence_load (Chaos *self)
{
  forget_load (self);
  rig_wait_until (rig_peer_get_queued (self->rig->peer) == 0, SECONDS);
}

static void
next_request (Chaos *self, gint64 id)
{
  g_autoptr (RigExchange) exchange
      = rig_peer_request (self->rig->peer, id, "GET", "/small.txt", NULL, NULL, 0);

  rig_assert_status (exchange, 200);
  g_assert_cmpmem (exchange->reader->body->data, exchange->reader->body->len, "hello", 5);
  g_assert_cmpint (exchange->finished_at - exchange->started_at, <, AT_ONCE_US);
  self->longest = MAX (self->longest, exchange->finished_at - exchange->started_at);
}

/* Whether only what the test put there is in a folder. The staging folder belongs to a share that
 * is open, but nothing waits in it but its owner's mark. */
static gboolean
is_clean (const char *folder)
{
  static const char *const expected[]
      = { "big.txt", "big.bin", "small.txt", "moved", "owner", NULL };
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  /* A staging folder goes while we look. */
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_str_has_prefix (name, ".spice-share-"))
        {
          if (!is_clean (path))
            return FALSE;
        }
      else if (!g_strv_contains (expected, name))
        return FALSE;
    }
  return TRUE;
}

/* ---- scenes ---- */

/* The program of the guest was killed, and another one opens the port. */
static void
new_program (Chaos *self)
{
  gint64 id = new_id (self);

  g_ptr_array_set_size (self->load, 0);
  rig_reconnect_guest (self->rig);
  rig_peer_resync (self->rig->peer, id);
  next_request (self, id);
}

static void
put_header (guint8 *frame, gint64 id, guint16 size)
{
  gint64 id_le = GINT64_TO_LE (id);
  guint16 size_le = GUINT16_TO_LE (size);

  memcpy (frame, &id_le, sizeof id_le);
  memcpy (frame + sizeof id_le, &size_le, sizeof size_le);
}

static void
kill_in_header (Chaos *self, guint round)
{
  gint64 upload = ((RigExchange *)self->load->pdata[2])->id;
  guint8 header[MUX_HEADER];

  silence_load (self);
  put_header (header, upload, 4096);
  rig_peer_write_raw (self->rig->peer, header, round % MUX_HEADER);
  rig_wait_until (rig_peer_get_queued (self->rig->peer) == 0, SECONDS);
  new_program (self);
}

static void
kill_in_body (Chaos *self, guint round)
{
  guint size = g_rand_int_range (self->rand, 2, 65536);
  g_autofree guint8 *frame = g_malloc (MUX_HEADER + size);
  gboolean of_upload = g_rand_boolean (self->rand);

  silence_load (self);
  put_header (frame, of_upload ? ((RigExchange *)self->load->pdata[3])->id : new_id (self), size);
  memcpy (frame + MUX_HEADER, rig_content_get (RIG_CONTENT_TEXT), size);
  if (!of_upload)
    memcpy (frame + MUX_HEADER, "GET /", MIN (size, 5));
  rig_peer_write_raw (self->rig->peer, frame, MUX_HEADER + g_rand_int_range (self->rand, 1, size));
  rig_wait_until (rig_peer_get_queued (self->rig->peer) == 0, SECONDS);
  new_program (self);
}

/* As it is, in the middle of whatever it was writing. */
static void
kill_anywhere (Chaos *self, guint round)
{
  new_program (self);
}

/* The device closes and opens, and the same program goes on, as after a reload of its driver. */
static void
close_port (Chaos *self, guint round)
{
  silence_load (self);
  rig_child_ask (self->rig->server, "close", "done close");
  rig_child_ask (self->rig->server, "open", "done open");
  next_request (self, new_id (self));
}

/* The viewer goes and comes back, and the guest's program has never stopped. */
static void
reconnect_viewer (Chaos *self, guint round)
{
  guint n_stopped = rig_child_count (self->viewer, "sharing-stopped");

  rig_child_send (self->viewer, "disconnect");
  rig_child_wait (self->viewer, "sharing-stopped", n_stopped + 1, SECONDS);
  rig_child_wait (self->rig->server, "client 0", self->n_connected, SECONDS);
  forget_load (self);
  rig_child_send (self->viewer, "connect");
  rig_child_wait (self->rig->server, "client 1", ++self->n_connected, SECONDS);
  share_folder (self, self->rig->share);
  next_request (self, new_id (self));
}

static void
change_share (Chaos *self, guint round)
{
  share_folder (self, self->other);
  next_request (self, new_id (self));
  share_folder (self, self->rig->share);
  next_request (self, new_id (self));
  silence_load (self);
  for (guint i = 0; i < self->load->len; i++)
    rig_peer_close_client (self->rig->peer, ((RigExchange *)self->load->pdata[i])->id);
}

static const Scene scenes[] = {
  kill_in_header, kill_in_body, kill_anywhere, close_port, reconnect_viewer, change_share,
};

/* ---- rounds ---- */

static guint
get_rounds (void)
{
  const char *text = g_getenv ("CHAOS_ROUNDS");

  return text != NULL ? (guint)g_ascii_strtoull (text, NULL, 10) : DEFAULT_ROUNDS;
}

typedef struct
{
  ProcessCounters process;
  guint sources;
} Counters;

static void
read_counters (Chaos *self, Counters *counters)
{
  process_counters_read (&counters->process, rig_child_get_pid (self->viewer));
  counters->sources = atoi (rig_child_ask (self->viewer, "sources", "sources "));
}

static gboolean
is_as_before (Chaos *self, const Counters *counters_before, Counters *counters)
{
  const ProcessCounters *before = &counters_before->process, *now = &counters->process;

  read_counters (self, counters);
  return now->rss_kib <= before->rss_kib + RSS_GROWTH_MAX_KIB
         && now->fds <= before->fds + FDS_GROWTH_MAX
         && now->threads <= before->threads + THREADS_GROWTH_MAX
         && counters->sources <= counters_before->sources + SOURCES_GROWTH_MAX;
}

static void
run_round (Chaos *self, guint round)
{
  g_test_message ("round %u", round);
  start_load (self);
  scenes[round % G_N_ELEMENTS (scenes)](self, round / G_N_ELEMENTS (scenes));
  g_ptr_array_set_size (self->load, 0);
  rig_wait_until (is_clean (self->rig->share) && is_clean (self->other), SECONDS);
}

static void
chaos (Rig *rig, const char *compression, guint rounds)
{
  g_autoptr (RigChild) viewer = start_viewer (rig, compression);
  g_autoptr (GPtrArray) load = g_ptr_array_new_with_free_func ((GDestroyNotify)rig_exchange_free);
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);
  g_autofree char *other = g_build_filename (rig->dir, "other", NULL);
  g_autofree char *small = g_build_filename (other, "small.txt", NULL);
  g_autoptr (GError) error = NULL;
  Counters before = { 0 }, now = { 0 };
  Chaos self = { .rig = rig, .viewer = viewer, .rand = rand, .other = other, .load = load };

  g_assert_cmpint (g_mkdir (other, 0700), ==, 0);
  g_file_set_contents (small, "hello", 5, &error);
  g_assert_no_error (error);
  rig_write_file (rig, "small.txt", "hello", 5);
  rig_make_file (rig, "big.txt", RIG_CONTENT_TEXT, BIG_SIZE);
  rig_make_file (rig, "big.bin", RIG_CONTENT_RANDOM, BIG_SIZE);
  rig_child_wait (viewer, "sharing-started", ++self.n_sharing, SECONDS);
  rig_child_wait (viewer, "open", 1, SECONDS);
  rig_child_wait (rig->server, "client 1", ++self.n_connected, SECONDS);
  next_request (&self, new_id (&self));

  g_assert_cmpuint (rounds, >, WARM_UP_ROUNDS);
  for (guint i = 0; i < rounds; i++)
    {
      run_round (&self, i);
      if (i == WARM_UP_ROUNDS)
        read_counters (&self, &before);
    }
  rig_wait_until (is_as_before (&self, &before, &now), SECONDS);
  g_test_message ("%u rounds, %s: longest answer %" G_GINT64_FORMAT " us; memory %" G_GUINT64_FORMAT
                  " then %" G_GUINT64_FORMAT
                  " KiB, descriptors %u then %u, threads %u then %u, sources %u then %u",
                  rounds, compression, self.longest, before.process.rss_kib, now.process.rss_kib,
                  before.process.fds, now.process.fds, before.process.threads, now.process.threads,
                  before.sources, now.sources);

  rig_child_send (viewer, "quit");
  g_assert_cmpint (rig_child_wait_exit (viewer, SECONDS), ==, 0);
}

static void
test_compressed (Rig *rig)
{
  chaos (rig, "always", get_rounds ());
}

static void
test_plain (Rig *rig)
{
  chaos (rig, "never", get_rounds () / 2);
}

int
main (int argc, char **argv)
{
  guint patience;

  rig_test_init (&argc, &argv);
  patience = 60 + get_rounds () * 2;
  rig_test_add ("/chaos/compressed", RIG_TCP, patience, test_compressed);
  rig_test_add ("/chaos/plain", RIG_TCP, patience, test_plain);
  return rig_test_run ();
}
