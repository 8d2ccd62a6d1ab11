/* Mixed load on one viewer for as long as asked for, and what the viewer's process holds meanwhile.
 *
 *   soak SECONDS TABLE
 *
 * Each round is a new connection of the guest that uploads, lists, downloads and deletes, beside a
 * large download and a large upload. TABLE gets a line a second: seconds, requests, memory in KiB,
 * descriptors, threads. Fails if the last quarter holds more than the second one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "process-counters.h"
#include "rig.h"

#define START_SECONDS 30

/* Between the highest sample of the second quarter of the time and that of the last. */
#define RSS_GROWTH_MAX_KIB (8 * 1024)
#define FDS_GROWTH_MAX 4
#define THREADS_GROWTH_MAX 4

#define LARGE (16 * RIG_CONTENT_BLOCK)
#define SMALL 4096

typedef struct
{
  Rig *rig;
  RigExchange *download;
  RigExchange *upload;
  gint64 next_id;
  guint64 n_requests;
} Soak;

static void
request (Soak *self, gint64 id, const char *method, const char *path, guint status)
{
  const guint8 *content = rig_content_get (RIG_CONTENT_TEXT);
  gboolean is_put = g_str_equal (method, "PUT");
  const char *headers = g_str_equal (method, "PROPFIND") ? "Depth: 1\r\n" : NULL;
  g_autoptr (RigExchange) exchange = rig_peer_request (self->rig->peer, id, method, path, headers,
                                                       is_put ? content : NULL, is_put ? SMALL : 0);

  rig_assert_status (exchange, status);
  if (status == 200)
    g_assert_cmpmem (exchange->reader->body->data, exchange->reader->body->len, content, SMALL);
  self->n_requests++;
}

/* A large transfer that has ended is checked, and the next one begins. */
static void
keep_large (Soak *self)
{
  if (rig_exchange_is_over (self->download))
    {
      rig_assert_status (self->download, 200);
      g_assert_cmpuint (self->download->reader->body_bytes, ==, LARGE);
      rig_peer_close_client (self->rig->peer, self->download->id);
      g_clear_pointer (&self->download, rig_exchange_free);
      self->download = rig_peer_start_download (self->rig->peer, self->next_id++, "/large");
      self->n_requests++;
    }
  if (rig_exchange_is_over (self->upload))
    {
      g_assert_cmpuint (self->upload->reader->status / 100, ==, 2);
      rig_peer_close_client (self->rig->peer, self->upload->id);
      g_clear_pointer (&self->upload, rig_exchange_free);
      self->upload = rig_peer_start_upload (self->rig->peer, self->next_id++, "/up", NULL,
                                            RIG_CONTENT_RANDOM, LARGE);
      self->n_requests++;
    }
}

static void
run_round (Soak *self)
{
  gint64 id = self->next_id++;

  request (self, id, "PUT", "/small", 201);
  request (self, id, "PROPFIND", "/", 207);
  request (self, id, "GET", "/small", 200);
  request (self, id, "DELETE", "/small", 204);
  request (self, id, "GET", "/small", 404);
  rig_peer_close_client (self->rig->peer, id);
  keep_large (self);
}

static void
raise_to (ProcessCounters *highest, const ProcessCounters *now)
{
  highest->rss_kib = MAX (highest->rss_kib, now->rss_kib);
  highest->fds = MAX (highest->fds, now->fds);
  highest->threads = MAX (highest->threads, now->threads);
}

static int
soak (Soak *self, RigChild *viewer, guint seconds, FILE *table)
{
  ProcessCounters early = { 0 }, late = { 0 };
  gint64 start = g_get_monotonic_time ();
  guint sampled = 0;
  guint64 counted = 0;

  self->next_id = 1;
  self->download = rig_peer_start_download (self->rig->peer, self->next_id++, "/large");
  self->upload = rig_peer_start_upload (self->rig->peer, self->next_id++, "/up", NULL,
                                        RIG_CONTENT_RANDOM, LARGE);
  while (sampled < seconds)
    {
      guint elapsed = (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
      ProcessCounters now;

      run_round (self);
      if (elapsed <= sampled)
        continue;
      process_counters_read (&now, rig_child_get_pid (viewer));
      fprintf (table, "%u %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %u %u\n", elapsed,
               (self->n_requests - counted) / (elapsed - sampled), now.rss_kib, now.fds,
               now.threads);
      counted = self->n_requests;
      sampled = elapsed;
      if (sampled > seconds / 4 && sampled <= seconds / 2)
        raise_to (&early, &now);
      else if (sampled > seconds - seconds / 4)
        raise_to (&late, &now);
    }
  g_clear_pointer (&self->download, rig_exchange_free);
  g_clear_pointer (&self->upload, rig_exchange_free);

  g_print ("%" G_GUINT64_FORMAT " requests in %u s; at most, in the second and the last quarter: "
           "memory %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT
           " KiB, descriptors %u and %u, threads %u and %u\n",
           self->n_requests, sampled, early.rss_kib, late.rss_kib, early.fds, late.fds,
           early.threads, late.threads);
  return late.rss_kib <= early.rss_kib + RSS_GROWTH_MAX_KIB
                 && late.fds <= early.fds + FDS_GROWTH_MAX
                 && late.threads <= early.threads + THREADS_GROWTH_MAX
             ? 0
             : 1;
}

int
main (int argc, char **argv)
{
  g_autofree char *program = rig_program ("test-viewer");
  g_autoptr (Rig) rig = NULL;
  g_autoptr (RigChild) viewer = NULL;
  Soak self = { 0 };
  guint seconds = argc == 3 ? atoi (argv[1]) : 0;
  FILE *table = seconds >= 4 ? fopen (argv[2], "w") : NULL;
  int status;

  signal (SIGPIPE, SIG_IGN);
  if (table == NULL)
    {
      g_printerr ("usage: soak SECONDS TABLE (4 seconds at least)\n");
      return 2;
    }
  rig = rig_new (RIG_TCP);
  self.rig = rig;
  rig_make_file (rig, "large", RIG_CONTENT_TEXT, LARGE);
  {
    const char *const viewer_argv[] = { program, "--share", rig->share, rig->uri, NULL };

    viewer = rig_child_new (viewer_argv, NULL);
  }
  rig_child_wait (viewer, "sharing-started", 1, START_SECONDS);
  rig_child_wait (viewer, "open", 1, START_SECONDS);
  status = soak (&self, viewer, seconds, table);
  fclose (table);
  return status;
}
