/* The recording of what passes between the guest's programs and the share, as a pcapng file.
 *
 * Interface 0 is what the mux sees: each of its clients as a TCP connection to port 80 of the host,
 * with made-up addresses and headers and real times, so that Wireshark shows HTTP at once.
 * Interface 1 is what SPICE carries: the messages of the port as they are on the wire, with a
 * comment such as `COMPRESSED_DATA wire=812 payload=65545`.
 *
 * It holds whatever the guest and the host say to each other: the contents of files, and passwords.
 *
 * Nobody waits for the disk (capture-writer.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

#include "capture/capture-writer.h"

G_BEGIN_DECLS

/* How large the file may become, in bytes. */
#define CAPTURE_FILE_MAX (G_GUINT64_CONSTANT (1) << 30)
/* What may wait for the disk, in bytes; then packets are left out, and counted. */
#define CAPTURE_QUEUE_MAX (16u * 1024 * 1024)
/* How long the end of the process waits for the disk, in us. */
#define CAPTURE_FINISH_TIME (2 * G_USEC_PER_SEC)

typedef struct _Capture Capture;

/**
 * CaptureMessage:
 *
 * Type of a message of the port, the same number both ways (spice/enums.h).
 */
typedef enum
{
  CAPTURE_DATA = 101,
  CAPTURE_COMPRESSED_DATA = 102,
} CaptureMessage;

/**
 * capture_check_path:
 * @path: (type filename): where to record
 * @error: a sentence for people (%SPICE_SHARE_ERROR)
 *
 * Whether capture_new() could make that file, as far as can be told without making it. For a
 * command line: makes system calls.
 */
gboolean capture_check_path (const char *path, GError **error);

/**
 * capture_new:
 * @path: (type filename): the file to make, in a thread, for this user alone. One that exists is
 *   left alone: a warning says so, and nothing is recorded
 * @error: if no thread can be had
 *
 * To be ended by capture_finish().
 *
 * Returns: (transfer full) (nullable)
 */
Capture *capture_new (const char *path, GError **error);

/**
 * capture_new_for_fd:
 * @fd: (transfer full): what to write to: a file that has been made, a pipe, a device
 * @name: what warnings call it
 *
 * Returns: (transfer full) (nullable): as capture_new()
 */
Capture *capture_new_for_fd (int fd, const char *name, const CaptureLimits *limits, GError **error);

/**
 * capture_ref:
 *
 * Any thread, as capture_unref().
 *
 * Returns: (transfer full): @self
 */
Capture *capture_ref (Capture *self);
void capture_unref (Capture *self);

/**
 * capture_finish:
 * @timeout: how long to wait for the disk, in us
 *
 * Ends all conversations and the file. What is told later is ignored. Any thread; idempotent.
 *
 * Returns: whether the file was closed in time
 */
gboolean capture_finish (Capture *self, gint64 timeout);

/**
 * capture_add_port:
 *
 * Returns: the number of one more port, whose clients are told apart from those of all others. Any
 *   thread
 */
guint capture_add_port (Capture *self);

/**
 * capture_client_data:
 * @port: from capture_add_port()
 * @client: as the mux calls it; a new one connects first
 * @to_guest: which way it goes
 *
 * Any thread, but all of one @port from the same one.
 */
void capture_client_data (Capture *self,
                          guint port,
                          gint64 client,
                          gboolean to_guest,
                          const guint8 *data,
                          gsize size);

/**
 * capture_client_close:
 * @to_guest: %TRUE: the host sends nothing more. %FALSE: it is over, both ways
 *
 * As capture_client_data(). A client nobody has heard of is no error.
 */
void capture_client_close (Capture *self, guint port, gint64 client, gboolean to_guest);

/**
 * capture_message:
 * @data: (array length=size): the message without SPICE's own header, as it is on the wire
 * @payload: how many bytes of the port's stream it holds: @size unless it is compressed
 *
 * Any thread; takes no lock for longer than it takes to copy @data, or once, when the file is full,
 * to end all conversations.
 */
void capture_message (Capture *self,
                      gboolean to_guest,
                      CaptureMessage type,
                      const guint8 *data,
                      gsize size,
                      gsize payload);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Capture, capture_unref)

G_END_DECLS
