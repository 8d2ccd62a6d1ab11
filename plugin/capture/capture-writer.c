/* See capture-writer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "capture/capture-writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "base/log.h"
#include "capture/pcapng.h"

#define STATISTICS_COMMENT_DROPPED                                                                 \
  "packets were dropped: they came faster than they could be written"
#define STATISTICS_COMMENT_FULL "the file has reached its size limit"

struct _CaptureWriter
{
  gatomicrefcount ref_count; /* the owner's and the thread's */
  char *path;
  CaptureLimits limits;
  gint64 started;

  gint over; /* (atomic): nothing is taken any more */

  GMutex lock; /* of the rest of this block */
  GCond wake;  /* the thread has something to do, or is done */
  GByteArray *queue;
  gsize held;     /* bytes: queued, or being written */
  guint64 taken;  /* bytes since the start, the header included */
  gsize reserved; /* bytes that are kept for the end, besides the statistics */
  guint64 received[CAPTURE_WRITER_INTERFACES];
  guint64 dropped[CAPTURE_WRITER_INTERFACES];
  gboolean full;
  gboolean closed; /* the thread is done with the file */

  /* the thread only */
  int fd;
  guint64 written; /* whole blocks, in bytes */
};

static void
writer_unref (CaptureWriter *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_byte_array_unref (self->queue);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->wake);
  g_free (self->path);
  g_free (self);
}

/* ---- the thread ---- */

static gboolean
open_file (CaptureWriter *self)
{
  if (self->fd >= 0)
    return TRUE;

  self->fd = open (self->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (self->fd >= 0)
    return TRUE;

  if (errno == EEXIST)
    g_warning (_ ("Nothing is recorded: the file “%s” exists already. Remove it, or name another."),
               self->path);
  else
    g_warning (_ ("Nothing is recorded: the file “%s” cannot be made: %s"), self->path,
               g_strerror (errno));
  return FALSE;
}

static gboolean
write_blocks (CaptureWriter *self, const guint8 *data, gsize size)
{
  gsize done = 0;

  while (done < size)
    {
      gssize n = write (self->fd, data + done, size - done);
      int failure = n < 0 ? errno : ENOSPC;

      if (n < 0 && failure == EINTR)
        continue;
      if (n <= 0)
        {
          /* What is there stays readable: half a block would not be. */
          self->written += pcapng_whole_blocks (data, done);
          if (ftruncate (self->fd, self->written) != 0)
            share_debug ("%s keeps half a block: %s", self->path, g_strerror (errno));
          g_warning (_ ("The recording in “%s” has ended: %s"), self->path, g_strerror (failure));
          return FALSE;
        }
      done += n;
    }
  self->written += size;
  return TRUE;
}

/* Takes what waits. %FALSE: nothing does, and nothing will. */
static gboolean
take (CaptureWriter *self, GByteArray **batch)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GByteArray *empty = *batch;

  self->held -= empty->len;
  g_byte_array_set_size (empty, 0);
  while (self->queue->len == 0 && !g_atomic_int_get (&self->over))
    g_cond_wait (&self->wake, &self->lock);

  *batch = self->queue;
  self->queue = empty;
  return (*batch)->len > 0;
}

static void
write_trailer (CaptureWriter *self)
{
  g_autoptr (GByteArray) trailer = g_byte_array_new ();
  gint64 now = g_get_real_time ();

  for (guint i = 0; i < CAPTURE_WRITER_INTERFACES; i++)
    {
      g_autofree char *dropped
          = g_strdup_printf ("%" G_GUINT64_FORMAT " " STATISTICS_COMMENT_DROPPED, self->dropped[i]);
      PcapngStatistics statistics = {
        .interface = i,
        .started = self->started,
        .ended = now,
        .received = self->received[i],
        .dropped = self->dropped[i],
        .comment = self->dropped[i] > 0 ? dropped
                   : self->full         ? STATISTICS_COMMENT_FULL
                                        : NULL,
      };

      pcapng_append_statistics (trailer, &statistics);
    }
  write_blocks (self, trailer->data, trailer->len);
}

static void
write_file (CaptureWriter *self)
{
  g_autoptr (GByteArray) batch = g_byte_array_new ();
  gboolean fine = open_file (self);

  while (fine && take (self, &batch))
    fine = write_blocks (self, batch->data, batch->len);
  if (!fine)
    return;

  write_trailer (self);
  if (self->full)
    {
      g_autofree char *size = g_format_size_full (self->limits.file_max, G_FORMAT_SIZE_IEC_UNITS);

      g_message (_ ("The recording in “%s” has ended: it has reached its limit of %s."), self->path,
                 size);
    }
}

static gpointer
writer_thread (gpointer data)
{
  CaptureWriter *self = data;
  sigset_t signals;

  /* A limit of the file size is to be an error here, and not the end of the viewer. */
  sigemptyset (&signals);
  sigaddset (&signals, SIGXFSZ);
  sigaddset (&signals, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);

  write_file (self);
  if (self->fd >= 0)
    close (self->fd);

  g_mutex_lock (&self->lock);
  g_atomic_int_set (&self->over, TRUE);
  g_byte_array_set_size (self->queue, 0);
  self->closed = TRUE;
  g_cond_broadcast (&self->wake);
  g_mutex_unlock (&self->lock);
  writer_unref (self);
  return NULL;
}

/* ---- any thread ---- */

CaptureWriter *
capture_writer_new (int fd,
                    const char *path,
                    const CaptureLimits *limits,
                    const guint8 *header,
                    gsize n_header,
                    GError **error)
{
  CaptureWriter *self = g_new0 (CaptureWriter, 1);
  GThread *thread;

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  self->fd = fd;
  self->path = g_canonicalize_filename (path, NULL);
  self->limits = *limits;
  self->started = g_get_real_time ();
  self->queue = g_byte_array_new ();
  g_byte_array_append (self->queue, header, n_header);
  self->held = self->taken = n_header;

  g_atomic_ref_count_inc (&self->ref_count);
  thread = g_thread_try_new ("spice-capture", writer_thread, self, error);
  if (thread == NULL)
    {
      if (fd >= 0)
        close (fd);
      g_atomic_ref_count_dec (&self->ref_count);
      writer_unref (self);
      return NULL;
    }
  g_thread_unref (thread);
  return self;
}

void
capture_writer_free (CaptureWriter *self)
{
  capture_writer_finish (self, 0);
  writer_unref (self);
}

gboolean
capture_writer_is_over (CaptureWriter *self)
{
  return g_atomic_int_get (&self->over);
}

/* Under the lock. Once something did not fit nothing does: there is no use in a file with holes at
 * its end. */
static gboolean
has_room (CaptureWriter *self, gsize size)
{
  guint64 used = self->taken + self->reserved + CAPTURE_WRITER_TRAILER;

  if (size > self->limits.file_max - MIN (self->limits.file_max, used))
    self->full = TRUE;
  return !self->full;
}

/* Under the lock. */
static void
queue_block (CaptureWriter *self, const guint8 *block, gsize size)
{
  self->held += size;
  self->taken += size;
  g_byte_array_append (self->queue, block, size);
  g_cond_broadcast (&self->wake);
}

gboolean
capture_writer_push (CaptureWriter *self, guint interface, const guint8 *block, gsize size)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (g_atomic_int_get (&self->over))
    return TRUE;

  self->received[interface]++;
  if (!has_room (self, size))
    {
      self->dropped[interface]++;
      return FALSE;
    }
  if (size > self->limits.queue_max - MIN (self->limits.queue_max, self->held))
    self->dropped[interface]++;
  else
    queue_block (self, block, size);
  return TRUE;
}

gboolean
capture_writer_reserve (CaptureWriter *self, gsize size)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (!has_room (self, size))
    return FALSE;
  self->reserved += size;
  return TRUE;
}

void
capture_writer_push_reserved (CaptureWriter *self, guint interface, const guint8 *block, gsize size)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (g_atomic_int_get (&self->over))
    return;

  self->received[interface]++;
  self->reserved -= MIN (size, self->reserved);
  queue_block (self, block, size);
}

void
capture_writer_release (CaptureWriter *self, gsize size)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->reserved -= MIN (size, self->reserved);
}

gboolean
capture_writer_finish (CaptureWriter *self, gint64 timeout)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gint64 deadline = g_get_monotonic_time () + timeout;

  g_atomic_int_set (&self->over, TRUE);
  g_cond_broadcast (&self->wake);
  while (!self->closed)
    if (!g_cond_wait_until (&self->wake, &self->lock, deadline))
      break;
  return self->closed;
}
