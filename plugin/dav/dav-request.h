/* One request, from its head to the last byte of its response.
 *
 * A method answers a request exactly once, at once or later, by one of the dav_request_…() calls
 * below; whatever it waits for meanwhile is a job on the share. When the connection goes away first
 * the request is over: jobs that wait for a thread are not begun, those under way are told
 * (`unwanted`) and end by themselves, and their callbacks are not called.
 *
 * Worker thread only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>

#include "dav/dav-conditions.h"
#include "dav/dav-method.h"
#include "dav/dav-mime.h"
#include "dav/dav-mount.h"
#include "dav/dav-refusal.h"

G_BEGIN_DECLS

/* A body nobody wants is read and thrown away up to this (bytes): the client then sees the answer
 * where it looks for it. Beyond it the connection is closed with the answer instead. */
#define DAV_MAX_DISCARD (64 * 1024)

typedef enum
{
  DAV_REQUEST_HEAD,     /* only the head has been read */
  DAV_REQUEST_BODY,     /* the body is being read */
  DAV_REQUEST_WHOLE,    /* all of it is there */
  DAV_REQUEST_ANSWERED, /* the response is decided, maybe being sent */
  DAV_REQUEST_OVER,     /* sent, or the client is gone */
} DavRequestState;

typedef enum
{
  DAV_TRANSFER_NONE,
  DAV_TRANSFER_UPLOAD,
  DAV_TRANSFER_DOWNLOAD,
} DavDirection;

/**
 * DavTransfer:
 * @done: bytes of the file that came in, or went to libsoup
 * @total: bytes, G_MAXUINT64: unknown
 *
 * What a person may see of a request that carries a file.
 */
typedef struct
{
  DavDirection direction;
  guint64 done;
  guint64 total;
} DavTransfer;

/**
 * DavRequestOps: what a request asks of the connection it came on
 * @close_with: send @response (a whole one, with its head) instead of libsoup, and close; once the
 *   callbacks under way have returned
 * @abort: close without another byte, likewise
 */
typedef struct
{
  void (*close_with) (DavRequest *request, GBytes *response);
  void (*abort) (DavRequest *request);
} DavRequestOps;

/**
 * DavRequest:
 * @msg: %NULL once the request is over
 * @path: in the share; "" is the root
 * @prefix: (nullable): of the mount to be, while the clipboard is asked
 * @unwanted: (atomic): the request is over; what its jobs may look at meanwhile
 * @n_jobs: its jobs that have not come back
 * @job_back: when the last of them did (monotonic, us); 0: none has
 * @slash: whether the request's path ended in a slash
 * @body: the XML body, of methods that take one
 * @refusal: why it is refused, where that is worth counting
 * @data: the method's own state
 */
struct _DavRequest
{
  guint refs;
  DavRequestState state;
  gint unwanted;
  guint n_jobs;
  gint64 job_back;
  const DavRequestOps *ops;
  gpointer connection;
  SoupServerMessage *msg;
  const DavMethod *method;
  DavMount *mount;
  DavMime *mime;
  char *path;
  char *prefix;
  gboolean slash;
  gboolean paused;
  GByteArray *body;
  guint64 received; /* bytes of the body */
  guint64 id;
  gint64 started;         /* monotonic, us */
  gint64 started_real;    /* since 1970, us */
  guint64 written_before; /* of the stream */
  DavTransfer transfer;
  DavRefusal refusal;
  gpointer data;
  GDestroyNotify free_data;
};

/**
 * dav_request_new:
 * @msg: (transfer none): must live until dav_request_end()
 * @ops: (transfer none): in static memory
 * @connection: (transfer none): for @ops, until dav_request_end()
 *
 * Returns: (transfer full): a request whose head has been read
 */
DavRequest *dav_request_new (SoupServerMessage *msg, const DavRequestOps *ops, gpointer connection);
/**
 * dav_request_ref:
 *
 * Returns: (transfer full): @self
 */
DavRequest *dav_request_ref (DavRequest *self);
void dav_request_unref (DavRequest *self);

/**
 * dav_request_end:
 *
 * The response is sent, or the client is gone: nothing is asked of libsoup any more, the method's
 * state is freed.
 */
void dav_request_end (DavRequest *self);

/**
 * dav_request_is_live:
 *
 * Whether it can still be answered.
 */
gboolean dav_request_is_live (DavRequest *self);

/**
 * dav_request_set_data:
 * @data: (transfer full): the method's own state
 */
void dav_request_set_data (DavRequest *self, gpointer data, GDestroyNotify free_data);

/**
 * DavJobDone:
 *
 * The job has run, and the request still wants to know. In the worker.
 */
typedef void (*DavJobDone) (DavRequest *self, gpointer data);

/**
 * dav_request_run:
 * @job: runs in the share's pool
 * @done: answers, or goes on
 * @data: (transfer full): for both; the job may touch nothing else
 * @free_data: (nullable): in the worker, after @done or instead of it
 *
 * A share that takes no more jobs answers the request with 503. A job that was not begun when the
 * request ends is not run.
 */
void dav_request_run (DavRequest *self,
                      ShareJob job,
                      DavJobDone done,
                      gpointer data,
                      GDestroyNotify free_data);

/**
 * dav_request_run_long:
 *
 * As dav_request_run(), for a job that may take as long as a tree is large (SHARE_RUN_LONG).
 */
void dav_request_run_long (DavRequest *self,
                           ShareJob job,
                           DavJobDone done,
                           gpointer data,
                           GDestroyNotify free_data);

/**
 * dav_request_count_jobs:
 *
 * Returns: how many jobs were begun in this thread and have not come back: each holds its request,
 *   its share and this thread's main context until that is iterated once more
 */
guint dav_request_count_jobs (void);

/**
 * dav_request_get_header:
 *
 * Returns: (transfer none) (nullable): a field of the request
 */
const char *dav_request_get_header (DavRequest *self, const char *name);

/**
 * dav_request_set_header:
 *
 * Sets a field of the response. Not before the body of the request has been read (libsoup forgets
 * it with a 100), nor after the answer.
 */
void dav_request_set_header (DavRequest *self, const char *name, const char *value);

/**
 * dav_request_get_content_length:
 *
 * Returns: bytes the head announces, %G_MAXUINT64 if they come in chunks
 */
guint64 dav_request_get_content_length (DavRequest *self);

/**
 * dav_request_expects_continue:
 *
 * Whether the guest waits to be told before it sends the body.
 */
gboolean dav_request_expects_continue (DavRequest *self);

/**
 * dav_request_answer:
 * @content_type: (nullable): %NULL: no body
 * @body: (nullable) (transfer none)
 *
 * The whole answer. If not all of the request has been read the connection ends with it.
 */
void dav_request_answer (DavRequest *self, guint status, const char *content_type, GBytes *body);

/**
 * dav_request_fail:
 *
 * An answer that is no success, with a line of text.
 */
void dav_request_fail (DavRequest *self, guint status);

/**
 * dav_request_refuse:
 *
 * dav_request_fail(), and counted as refused for @refusal.
 */
void dav_request_refuse (DavRequest *self, guint status, DavRefusal refusal);

/**
 * dav_request_fail_condition:
 * @condition: local name of a condition in DAV:, as "propfind-finite-depth"
 * @lock: (nullable): the lock in the way
 */
void dav_request_fail_condition (DavRequest *self,
                                 guint status,
                                 const char *condition,
                                 const DavLock *lock);

/**
 * dav_request_fail_errno:
 * @error: a negative errno of a share's function
 */
void dav_request_fail_errno (DavRequest *self, int error);

/**
 * dav_request_harden:
 *
 * What a browser in the guest is told about everything it gets from here (DESIGN P14).
 */
void dav_request_harden (DavRequest *self);

/**
 * dav_request_begin_stream:
 * @length: of the body, bytes; %G_MAXUINT64: chunks
 * @wrote: (nullable): called whenever a piece has been written, to give the next
 *
 * The head of an answer whose body follows piece by piece (dav_request_push()).
 */
void dav_request_begin_stream (DavRequest *self,
                               guint status,
                               const char *content_type,
                               guint64 length,
                               void (*wrote) (DavRequest *self));

/**
 * dav_request_push:
 * @bytes: (transfer none): not empty
 *
 * The next piece. With a length, the pieces add up to it.
 */
void dav_request_push (DavRequest *self, GBytes *bytes);

/**
 * dav_request_end_stream:
 *
 * The last piece has been pushed.
 */
void dav_request_end_stream (DavRequest *self);

/**
 * dav_request_abort:
 *
 * The body cannot be finished: closes the connection, which is the one way to say so.
 */
void dav_request_abort (DavRequest *self);

/**
 * dav_request_hold_body:
 *
 * @hold: whether to stop reading the body, because its consumer is behind, or to go on
 */
void dav_request_hold_body (DavRequest *self, gboolean hold);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavRequest, dav_request_unref)

G_END_DECLS
