/* A DavServer on a folder in a temporary place, and a client that speaks to it byte by byte.
 *
 * All of it in the test's own thread and main context; whatever waits, waits for a condition, with
 * a deadline (DAV_RIG_SECONDS) after which the test fails.
 *
 *   base/outside/…   what no request may ever change or show
 *   base/share/…     what is shared
 *   base/clip/…      what /.spice-clipboard/7/… is
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

#include "../../lib/patience.h"
#include "dav/dav-server.h"

#define DAV_RIG_SECONDS (20 * patience ())

typedef struct
{
  GMainContext *context;
  DavServer *server;
  Share *share;
  char *base;
  guint n_done; /* request_done calls */
  guint n_lookups;
  gboolean hold_lookups; /* keep the tokens instead of answering */
  GPtrArray *held;       /* of tokens */
} DavRig;

DavRig *dav_rig_new (ShareFlags flags);
DavRig *dav_rig_new_unshared (void);
void dav_rig_free (DavRig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavRig, dav_rig_free)

/* Iterates until @done says so. */
void dav_rig_wait (DavRig *self, gboolean (*done) (gpointer data), gpointer data);

/* For dav_rig_wait(): whether there is one transfer, some of which is done. */
gboolean dav_rig_is_transferring (gpointer rig);

/* Opens base/@name as a share; what it is opened with stays until dav_rig_free(). */
Share *dav_rig_open (DavRig *self, const char *name, ShareFlags flags);

/* Files, by their path below base. */
char *dav_rig_path (DavRig *self, const char *name);
void dav_rig_write (DavRig *self, const char *name, const char *content);
void dav_rig_mkdir (DavRig *self, const char *name);
char *dav_rig_read (DavRig *self, const char *name); /* (nullable) */
gboolean dav_rig_exists (DavRig *self, const char *name);

/* All that is below base/@name: paths, kinds, modes, contents, links, in one string. */
char *dav_rig_snapshot (DavRig *self, const char *name);

/* Occupies every thread of the share's pool until dav_rig_release(). */
typedef struct _DavRigBlock DavRigBlock;
DavRigBlock *dav_rig_block (DavRig *self);
void dav_rig_release (DavRig *self, DavRigBlock *block);

/* One connection. */
typedef struct
{
  DavRig *rig;
  GSocket *socket;
  GByteArray *in;
  gsize scanned; /* of a chunked response, its complete chunks */
  gboolean eof;
  GWeakRef server_end;
} DavClient;

DavClient *dav_client_new (DavRig *rig);
void dav_client_free (DavClient *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavClient, dav_client_free)

void dav_client_send (DavClient *self, const void *data, gssize length);
void dav_client_shutdown (DavClient *self);
void dav_client_wait_eof (DavClient *self);

/* Whether nothing is left of it in the server. */
gboolean dav_client_is_forgotten (DavClient *self);

typedef struct
{
  guint status;
  char *head;
  GByteArray *body;
} DavResponse;

/* Reads one response; @is_head: it answers a HEAD. NULL if the connection ended before its end. */
DavResponse *dav_client_receive (DavClient *self, gboolean is_head);
void dav_response_free (DavResponse *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DavResponse, dav_response_free)

/* (transfer full) (nullable): the value of a field */
char *dav_response_get (DavResponse *self, const char *name);
/* The body as a string. */
const char *dav_response_text (DavResponse *self);

/* One request on a connection, or on one of its own. @headers: lines, each ended by CRLF; Host is
 * added, and Content-Length where there is a body. */
DavResponse *dav_client_request (DavClient *self,
                                 const char *method,
                                 const char *path,
                                 const char *headers,
                                 const char *body);
DavResponse *dav_rig_request (DavRig *self,
                              const char *method,
                              const char *path,
                              const char *headers,
                              const char *body);
/* Only the status. */
guint dav_rig_status (DavRig *self,
                      const char *method,
                      const char *path,
                      const char *headers,
                      const char *body);
