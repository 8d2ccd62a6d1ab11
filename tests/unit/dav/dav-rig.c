/* A DavServer for tests; see dav-rig.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav-rig.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "share/file-pool.h"

typedef struct
{
  DavRig *rig;
  gpointer token;
} RigLookup;

static void
rig_request_done (GIOStream *stream, gpointer user_data)
{
  DavRig *self = user_data;

  self->n_done++;
}

static void
rig_item_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree RigLookup *lookup = user_data;
  g_autoptr (Share) share = share_open_finish (result, NULL);

  dav_server_clipboard_found (lookup->rig->server, lookup->token, share);
}

static void
rig_lookup_clipboard (const char *id, const char *name, gpointer token, gpointer user_data)
{
  DavRig *self = user_data;
  g_autofree char *path = NULL;
  RigLookup *lookup;

  self->n_lookups++;
  g_assert_null (strchr (id, '/'));
  g_assert_null (strchr (name, '/'));
  if (self->hold_lookups)
    {
      g_ptr_array_add (self->held, token);
      return;
    }
  if (!g_str_equal (id, "7"))
    {
      dav_server_clipboard_found (self->server, token, NULL);
      return;
    }
  path = g_build_filename (self->base, "clip", name, NULL);
  lookup = g_new (RigLookup, 1);
  lookup->rig = self;
  lookup->token = token;
  share_open_async (path, SHARE_READ_ONLY | SHARE_FILE_ROOT, NULL, rig_item_opened, lookup);
}

static const DavServerOps rig_ops = {
  .request_done = rig_request_done,
  .lookup_clipboard = rig_lookup_clipboard,
};

DavRig *
dav_rig_new_unshared (void)
{
  DavRig *self = g_new0 (DavRig, 1);
  g_autoptr (GError) error = NULL;

  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  self->base = g_dir_make_tmp ("spice-share-dav-XXXXXX", &error);
  g_assert_no_error (error);
  self->held = g_ptr_array_new ();
  dav_rig_mkdir (self, "share");
  dav_rig_mkdir (self, "outside");
  dav_rig_mkdir (self, "clip");
  dav_rig_write (self, "outside/secret", "a secret");
  self->server = dav_server_new (&rig_ops, self);
  return self;
}

DavRig *
dav_rig_new (ShareFlags flags)
{
  DavRig *self = dav_rig_new_unshared ();

  self->share = dav_rig_open (self, "share", flags);
  dav_server_set_share (self->server, self->share);
  return self;
}

static void
rig_remove (const char *path)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK) && g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_chmod (path, 0700);
      dir = g_dir_open (path, 0, NULL);
      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *child = g_build_filename (path, name, NULL);

          rig_remove (child);
        }
    }
  /* The share's own temporary folder may go at the same time. */
  if (g_remove (path) != 0)
    g_assert_cmpint (errno, ==, ENOENT);
}

void
dav_rig_free (DavRig *self)
{
  dav_server_free (self->server);
  if (self->share != NULL)
    {
      share_close (self->share);
      share_unref (self->share);
    }
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
  rig_remove (self->base);
  g_ptr_array_unref (self->held);
  g_free (self->base);
  g_free (self);
}

static gboolean
rig_timed_out (gpointer data)
{
  g_error ("Nothing happened for %d seconds", DAV_RIG_SECONDS);
  return G_SOURCE_REMOVE;
}

void
dav_rig_wait (DavRig *self, gboolean (*done) (gpointer data), gpointer data)
{
  g_autoptr (GSource) deadline = g_timeout_source_new_seconds (DAV_RIG_SECONDS);

  g_source_set_callback (deadline, rig_timed_out, NULL, NULL);
  g_source_attach (deadline, self->context);
  while (!done (data))
    g_main_context_iteration (self->context, TRUE);
  g_source_destroy (deadline);
}

static void
rig_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  Share **share = user_data;

  *share = share_open_finish (result, &error);
  g_assert_no_error (error);
}

static gboolean
rig_is_set (gpointer data)
{
  return *(gpointer *)data != NULL;
}

Share *
dav_rig_open (DavRig *self, const char *name, ShareFlags flags)
{
  g_autofree char *path = dav_rig_path (self, name);
  Share *share = NULL;

  share_open_async (path, flags, NULL, rig_opened, &share);
  dav_rig_wait (self, rig_is_set, &share);
  return share;
}

/* Files */

char *
dav_rig_path (DavRig *self, const char *name)
{
  return g_build_filename (self->base, name, NULL);
}

void
dav_rig_write (DavRig *self, const char *name, const char *content)
{
  g_autofree char *path = dav_rig_path (self, name);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, content, -1, &error);
  g_assert_no_error (error);
}

void
dav_rig_mkdir (DavRig *self, const char *name)
{
  g_autofree char *path = dav_rig_path (self, name);

  g_assert_cmpint (g_mkdir_with_parents (path, 0755), ==, 0);
}

char *
dav_rig_read (DavRig *self, const char *name)
{
  g_autofree char *path = dav_rig_path (self, name);
  char *content = NULL;

  g_file_get_contents (path, &content, NULL, NULL);
  return content;
}

gboolean
dav_rig_exists (DavRig *self, const char *name)
{
  g_autofree char *path = dav_rig_path (self, name);
  struct stat st;

  return lstat (path, &st) == 0;
}

static gint
rig_compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

static void
rig_snapshot (GString *out, const char *path, const char *shown)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *link = NULL;
  g_autofree char *content = NULL;
  g_autoptr (GDir) dir = NULL;
  const char *name;
  struct stat st;
  gsize length = 0;

  g_assert_cmpint (lstat (path, &st), ==, 0);
  g_string_append_printf (out, "%s %o", shown, st.st_mode);
  if (S_ISLNK (st.st_mode))
    link = g_file_read_link (path, NULL);
  else if (S_ISREG (st.st_mode))
    g_file_get_contents (path, &content, &length, NULL);
  if (link != NULL)
    g_string_append_printf (out, " -> %s", link);
  if (content != NULL)
    {
      g_autofree char *sum
          = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)content, length);

      g_string_append_printf (out, " %" G_GSIZE_FORMAT " %s", length, sum);
    }
  g_string_append_c (out, '\n');
  if (!S_ISDIR (st.st_mode))
    return;

  dir = g_dir_open (path, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, rig_compare_names);
  for (guint i = 0; i < names->len; i++)
    {
      const char *child_name = g_ptr_array_index (names, i);
      g_autofree char *child = NULL;
      g_autofree char *child_shown = NULL;

      /* The staging folder comes and goes by itself. */
      if (g_str_has_prefix (child_name, ".spice-share-"))
        continue;
      child = g_build_filename (path, child_name, NULL);
      child_shown = g_strconcat (shown, "/", child_name, NULL);
      rig_snapshot (out, child, child_shown);
    }
}

char *
dav_rig_snapshot (DavRig *self, const char *name)
{
  GString *out = g_string_new (NULL);
  g_autofree char *path = dav_rig_path (self, name);

  rig_snapshot (out, path, name);
  return g_string_free (out, FALSE);
}

/* The pool */

struct _DavRigBlock
{
  GMutex lock;
  GCond cond;
  guint n_entered;
  guint n_left;
  gboolean released;
};

static void
rig_block_job (Share *share, gpointer data)
{
  DavRigBlock *block = data;

  g_mutex_lock (&block->lock);
  block->n_entered++;
  g_cond_broadcast (&block->cond);
  while (!block->released)
    g_cond_wait (&block->cond, &block->lock);
  g_mutex_unlock (&block->lock);
}

static void
rig_block_done (Share *share, gboolean ran, gpointer data)
{
  DavRigBlock *block = data;

  block->n_left++;
}

DavRigBlock *
dav_rig_block (DavRig *self)
{
  DavRigBlock *block = g_new0 (DavRigBlock, 1);

  g_mutex_init (&block->lock);
  g_cond_init (&block->cond);
  for (guint i = 0; i < FILE_POOL_THREADS; i++)
    share_run (self->share, rig_block_job, rig_block_done, block);
  g_mutex_lock (&block->lock);
  while (block->n_entered < FILE_POOL_THREADS)
    {
      gint64 end = g_get_monotonic_time () + DAV_RIG_SECONDS * G_USEC_PER_SEC;

      g_assert_true (g_cond_wait_until (&block->cond, &block->lock, end));
    }
  g_mutex_unlock (&block->lock);
  return block;
}

static gboolean
rig_all_left (gpointer data)
{
  return ((DavRigBlock *)data)->n_left == FILE_POOL_THREADS;
}

void
dav_rig_release (DavRig *self, DavRigBlock *block)
{
  g_mutex_lock (&block->lock);
  block->released = TRUE;
  g_cond_broadcast (&block->cond);
  g_mutex_unlock (&block->lock);
  dav_rig_wait (self, rig_all_left, block);
  g_mutex_clear (&block->lock);
  g_cond_clear (&block->cond);
  g_free (block);
}

/* Clients */

DavClient *
dav_client_new (DavRig *rig)
{
  DavClient *self = g_new0 (DavClient, 1);
  g_autoptr (GSocket) theirs = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  int pair[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
  self->rig = rig;
  self->in = g_byte_array_new ();
  self->socket = g_socket_new_from_fd (pair[0], &error);
  g_assert_no_error (error);
  g_socket_set_blocking (self->socket, FALSE);
  theirs = g_socket_new_from_fd (pair[1], &error);
  g_assert_no_error (error);
  connection = g_socket_connection_factory_create_connection (theirs);
  g_weak_ref_init (&self->server_end, connection);
  dav_server_accept (rig->server, G_IO_STREAM (connection), 1);
  return self;
}

void
dav_client_free (DavClient *self)
{
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_byte_array_unref (self->in);
  g_weak_ref_clear (&self->server_end);
  g_free (self);
}

/* Reads what there is. */
static gboolean
client_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  DavClient *self = user_data;
  guint8 buffer[65536];
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_receive (socket, (char *)buffer, sizeof buffer, NULL, &error);

  if (n > 0)
    g_byte_array_append (self->in, buffer, n);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    self->eof = TRUE;
  return !self->eof;
}

typedef struct
{
  DavClient *client;
  gboolean (*done) (gpointer data);
  gpointer data;
} ClientWait;

static gboolean
client_wait_done (gpointer data)
{
  ClientWait *wait = data;

  return wait->client->eof || wait->done (wait->data);
}

/* Reads until @done or the end of the connection. */
static void
client_wait (DavClient *self, gboolean (*done) (gpointer data), gpointer data)
{
  ClientWait wait = { self, done, data };
  g_autoptr (GSource) source = g_socket_create_source (self->socket, G_IO_IN, NULL);

  g_source_set_callback (source, G_SOURCE_FUNC (client_readable), self, NULL);
  g_source_attach (source, self->rig->context);
  dav_rig_wait (self->rig, client_wait_done, &wait);
  g_source_destroy (source);
}

static gboolean
client_writable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
client_flag (gpointer data)
{
  return *(gboolean *)data;
}

void
dav_client_send (DavClient *self, const void *data, gssize length)
{
  const char *next = data;

  if (length < 0)
    length = strlen (data);
  while (length > 0)
    {
      g_autoptr (GError) error = NULL;
      gssize n = g_socket_send (self->socket, next, length, NULL, &error);

      if (n >= 0)
        {
          next += n;
          length -= n;
        }
      else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_autoptr (GSource) source = g_socket_create_source (self->socket, G_IO_OUT, NULL);
          gboolean writable = FALSE;

          g_source_set_callback (source, G_SOURCE_FUNC (client_writable), &writable, NULL);
          g_source_attach (source, self->rig->context);
          dav_rig_wait (self->rig, client_flag, &writable);
          g_source_destroy (source);
        }
      else
        return; /* the server has closed: its answer says why */
    }
}

void
dav_client_shutdown (DavClient *self)
{
  g_socket_shutdown (self->socket, FALSE, TRUE, NULL);
}

static gboolean
client_never (gpointer data)
{
  return FALSE;
}

void
dav_client_wait_eof (DavClient *self)
{
  client_wait (self, client_never, NULL);
}

static gboolean
client_forgotten (gpointer data)
{
  DavClient *self = data;
  g_autoptr (GObject) object = g_weak_ref_get (&self->server_end);

  return object == NULL;
}

gboolean
dav_client_is_forgotten (DavClient *self)
{
  dav_rig_wait (self->rig, client_forgotten, self);
  return TRUE;
}

/* Responses */

char *
dav_response_get (DavResponse *self, const char *name)
{
  g_auto (GStrv) lines = g_strsplit (self->head, "\r\n", -1);
  gsize length = strlen (name);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_ascii_strncasecmp (lines[i], name, length) == 0 && lines[i][length] == ':')
      return g_strdup (g_strstrip (lines[i] + length + 1));
  return NULL;
}

const char *
dav_response_text (DavResponse *self)
{
  g_byte_array_append (self->body, (const guint8 *)"", 1);
  self->body->len--;
  return (const char *)self->body->data;
}

/* Takes chunks apart, from @from on, which is moved behind what was complete; whether the last one
 * is there. */
static gboolean
client_unchunk (const GByteArray *in, gsize *from, GByteArray *out)
{
  for (;;)
    {
      const char *line = (const char *)in->data + *from;
      const char *crlf = memmem (line, in->len - *from, "\r\n", 2);
      gsize start;
      gsize size;

      if (crlf == NULL)
        return FALSE;
      size = g_ascii_strtoull (line, NULL, 16);
      start = crlf + 2 - (const char *)in->data;
      if (in->len - start < size + 2)
        return FALSE;
      if (out != NULL)
        g_byte_array_append (out, in->data + start, size);
      *from = start + size + 2;
      if (size == 0)
        return TRUE;
    }
}

static DavResponse *
client_parse (DavClient *self, gboolean is_head)
{
  const char *data = (const char *)self->in->data;
  const char *end = data != NULL ? memmem (data, self->in->len, "\r\n\r\n", 4) : NULL;
  g_autoptr (DavResponse) response = g_new0 (DavResponse, 1);
  g_autofree char *length = NULL;
  g_autofree char *encoding = NULL;
  gsize from;
  gsize to;

  response->body = g_byte_array_new ();
  if (end == NULL)
    return NULL;
  response->head = g_strndup (data, end + 2 - data);
  g_assert_true (g_str_has_prefix (response->head, "HTTP/1."));
  response->status = g_ascii_strtoull (response->head + 9, NULL, 10);
  from = end + 4 - data;

  length = dav_response_get (response, "Content-Length");
  encoding = dav_response_get (response, "Transfer-Encoding");
  if (is_head || response->status == 204 || response->status == 304 || response->status / 100 == 1)
    {
      to = from;
    }
  else if (g_strcmp0 (encoding, "chunked") == 0)
    {
      self->scanned = MAX (self->scanned, from);
      if (!client_unchunk (self->in, &self->scanned, NULL))
        return NULL;
      to = from;
      client_unchunk (self->in, &to, response->body);
      self->scanned = 0;
    }
  else if (length != NULL)
    {
      guint64 n = g_ascii_strtoull (length, NULL, 10);

      if (self->in->len - from < n)
        return NULL;
      g_byte_array_append (response->body, self->in->data + from, n);
      to = from + n;
    }
  else
    {
      if (!self->eof)
        return NULL;
      g_byte_array_append (response->body, self->in->data + from, self->in->len - from);
      to = self->in->len;
    }
  g_byte_array_remove_range (self->in, 0, to);
  return g_steal_pointer (&response);
}

typedef struct
{
  DavClient *client;
  gboolean is_head;
  DavResponse *response;
} ClientReceive;

static gboolean
client_received (gpointer data)
{
  ClientReceive *receive = data;

  receive->response = client_parse (receive->client, receive->is_head);
  return receive->response != NULL;
}

DavResponse *
dav_client_receive (DavClient *self, gboolean is_head)
{
  ClientReceive receive = { self, is_head, NULL };

  client_wait (self, client_received, &receive);
  if (receive.response == NULL)
    receive.response = client_parse (self, is_head);
  return receive.response;
}

void
dav_response_free (DavResponse *self)
{
  g_free (self->head);
  g_byte_array_unref (self->body);
  g_free (self);
}

DavResponse *
dav_client_request (DavClient *self,
                    const char *method,
                    const char *path,
                    const char *headers,
                    const char *body)
{
  g_autoptr (GString) out = g_string_new (NULL);

  g_string_append_printf (out, "%s %s HTTP/1.1\r\n", method, path);
  if (headers == NULL || strstr (headers, "Host:") == NULL)
    g_string_append (out, "Host: localhost:9843\r\n");
  if (headers != NULL)
    g_string_append (out, headers);
  if (body != NULL)
    g_string_append_printf (out, "Content-Length: %" G_GSIZE_FORMAT "\r\n", strlen (body));
  g_string_append (out, "\r\n");
  if (body != NULL)
    g_string_append (out, body);
  dav_client_send (self, out->str, out->len);
  return dav_client_receive (self, g_str_equal (method, "HEAD"));
}

DavResponse *
dav_rig_request (DavRig *self,
                 const char *method,
                 const char *path,
                 const char *headers,
                 const char *body)
{
  g_autoptr (DavClient) client = dav_client_new (self);
  DavResponse *response = dav_client_request (client, method, path, headers, body);

  g_assert_nonnull (response);
  return response;
}

guint
dav_rig_status (DavRig *self,
                const char *method,
                const char *path,
                const char *headers,
                const char *body)
{
  g_autoptr (DavResponse) response = dav_rig_request (self, method, path, headers, body);

  return response->status;
}
