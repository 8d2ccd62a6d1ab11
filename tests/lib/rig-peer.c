/* The guest's end of the port, in a test. See rig-peer.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rig-peer.h"

#include "mux-resync.h"
#include "rig-wait.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_HEADER 10
#define FRAME_MAX 65535
#define READ_BUFFER (256 * 1024)

/* Uploads add to the queue below this many bytes only. */
#define QUEUE_LOW (256 * 1024)

/* How often a limited reader gets its share. */
#define RATE_TICK_MS 10

/* Requests wait this long at most before the test fails. */
#define EXCHANGE_DEADLINE_S 60

typedef struct
{
  gint64 id;
  RigContent content;
  guint64 done;
  guint64 total;
} Upload;

typedef struct
{
  GQueue exchanges; /* (element-type RigExchange) (transfer none): oldest first */
} Client;

struct _RigPeer
{
  int fd;
  GHashTable *clients; /* gint64* -> Client */
  GQueue uploads;      /* Upload, round robin */

  GByteArray *out;
  gsize out_done;
  GSource *source;
  gpointer tag;
  gboolean reading;
  gboolean gone;

  guint64 rate;      /* bytes a second, 0: no limit */
  guint64 rate_left; /* bytes that may be read until the next tick */
  guint rate_source;

  gboolean out_of_step; /* resync looks for where a frame begins */
  MuxResync resync;
  guint8 header[FRAME_HEADER];
  guint header_len;
  gint64 frame_id;
  guint frame_size;
  guint frame_left;

  guint64 bytes_read;
  guint64 bytes_written;
  guint64 stray_bytes;
  guint n_closed;

  guint8 buffer[READ_BUFFER];
};

static void pump_uploads (RigPeer *self);

const guint8 *
rig_content_get (RigContent content)
{
  static guint8 *blocks[2];
  g_autoptr (GRand) rand = g_rand_new_with_seed (4711);
  GString *text;

  if (blocks[content] != NULL)
    return blocks[content];
  text = g_string_sized_new (RIG_CONTENT_BLOCK + 128);
  while (text->len < RIG_CONTENT_BLOCK)
    {
      if (content == RIG_CONTENT_TEXT)
        g_string_append_printf (text, "%08x INFO  request served from cache in %u us, %u bytes\n",
                                g_rand_int (rand), g_rand_int_range (rand, 1, 9999),
                                g_rand_int (rand));
      else
        {
          guint32 word = g_rand_int (rand);

          g_string_append_len (text, (const char *)&word, sizeof word);
        }
    }
  blocks[content] = (guint8 *)g_string_free (text, FALSE);
  return blocks[content];
}

static void
client_free (gpointer data)
{
  Client *client = data;

  g_queue_clear (&client->exchanges);
  g_free (client);
}

static Client *
get_client (RigPeer *self, gint64 id)
{
  Client *client = g_hash_table_lookup (self->clients, &id);

  if (client != NULL)
    return client;
  client = g_new0 (Client, 1);
  g_queue_init (&client->exchanges);
  g_hash_table_insert (self->clients, g_memdup2 (&id, sizeof id), client);
  return client;
}

/* The other side closed the id, or the socket ended. */
static void
end_client (Client *client)
{
  for (GList *l = client->exchanges.head; l != NULL; l = l->next)
    {
      RigExchange *exchange = l->data;

      exchange->closed = TRUE;
      http_reader_end (exchange->reader);
      exchange->finished_at = g_get_monotonic_time ();
    }
  g_queue_clear (&client->exchanges);
}

/* How a frame begins that holds the start of a response. */
static const char response_start[] = "HTTP/1.1 ";

/* The piece [at, at + len) of a frame, for an exchange that does not trust what comes: how many
 * bytes of it are somebody else's. */
static gsize
skip_old (RigExchange *exchange, gsize at, const guint8 *data, gsize len)
{
  gsize used = 0;

  while (used < len && exchange->skip_old)
    {
      if (at + used == exchange->matched && data[used] == (guint8)response_start[exchange->matched])
        exchange->matched++;
      else if (at + used == 0)
        exchange->matched = data[used] == (guint8)response_start[0] ? 1 : 0;
      used++;
      if (exchange->matched == strlen (response_start))
        {
          exchange->skip_old = FALSE;
          http_reader_feed (exchange->reader, (const guint8 *)response_start,
                            strlen (response_start));
        }
    }
  return used;
}

static void
take_data (RigPeer *self, gint64 id, gsize at, const guint8 *data, gsize len)
{
  Client *client = g_hash_table_lookup (self->clients, &id);

  while (client != NULL && len > 0 && !g_queue_is_empty (&client->exchanges))
    {
      RigExchange *exchange = g_queue_peek_head (&client->exchanges);
      gsize n;

      if (exchange->skip_old)
        {
          n = skip_old (exchange, at, data, len);
          if (exchange->skip_old)
            self->stray_bytes += n;
        }
      else
        n = http_reader_feed (exchange->reader, data, len);
      at += n;
      data += n;
      len -= n;
      if (exchange->reader->state == HTTP_READER_DONE
          || exchange->reader->state == HTTP_READER_BROKEN)
        {
          exchange->finished_at = g_get_monotonic_time ();
          g_queue_pop_head (&client->exchanges);
        }
    }
  self->stray_bytes += len;
}

static void
take_closed (RigPeer *self, gint64 id)
{
  Client *client = g_hash_table_lookup (self->clients, &id);

  /* What goes before a compressed message: nobody has this id. */
  if (id == 0)
    return;
  self->n_closed++;
  if (client != NULL)
    end_client (client);
}

static void take_bytes (RigPeer *self, const guint8 *data, gsize len);

/* Of bytes that begin anywhere in a frame. Returns how many were used. */
static gsize
take_old_bytes (RigPeer *self, const guint8 *data, gsize len)
{
  guint8 frame[MUX_RESYNC_MATCH];
  gsize used;

  if (mux_resync_feed (&self->resync, data, len, frame, &used))
    {
      self->out_of_step = FALSE;
      take_bytes (self, frame, sizeof frame);
    }
  return used;
}

static void
take_bytes (RigPeer *self, const guint8 *data, gsize len)
{
  if (self->out_of_step)
    {
      gsize used = take_old_bytes (self, data, len);

      data += used;
      len -= used;
    }
  while (len > 0)
    {
      gsize n;

      if (self->frame_left > 0)
        {
          n = MIN (len, self->frame_left);
          take_data (self, self->frame_id, self->frame_size - self->frame_left, data, n);
          self->frame_left -= n;
        }
      else
        {
          n = MIN (len, FRAME_HEADER - self->header_len);
          memcpy (self->header + self->header_len, data, n);
          self->header_len += n;
          if (self->header_len == FRAME_HEADER)
            {
              guint16 size;

              memcpy (&self->frame_id, self->header, sizeof self->frame_id);
              memcpy (&size, self->header + sizeof self->frame_id, sizeof size);
              self->frame_id = GINT64_FROM_LE (self->frame_id);
              self->frame_left = self->frame_size = GUINT16_FROM_LE (size);
              self->header_len = 0;
              if (self->frame_left == 0)
                take_closed (self, self->frame_id);
            }
        }
      data += n;
      len -= n;
    }
}

static void
update_watch (RigPeer *self)
{
  gboolean may_read = self->reading && (self->rate == 0 || self->rate_left > 0);
  GIOCondition condition
      = (may_read ? G_IO_IN : 0) | (self->out->len > self->out_done ? G_IO_OUT : 0);

  if (!self->gone)
    g_source_modify_unix_fd (self->source, self->tag, condition);
}

static void
peer_gone (RigPeer *self)
{
  GHashTableIter iter;
  gpointer client;

  self->gone = TRUE;
  g_source_destroy (self->source);
  g_hash_table_iter_init (&iter, self->clients);
  while (g_hash_table_iter_next (&iter, NULL, &client))
    end_client (client);
}

static void
read_some (RigPeer *self)
{
  gsize max = self->rate == 0 ? sizeof self->buffer : MIN (sizeof self->buffer, self->rate_left);
  gssize n = recv (self->fd, self->buffer, max, MSG_DONTWAIT);

  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
    {
      peer_gone (self);
      return;
    }
  if (n < 0)
    return;
  self->bytes_read += n;
  if (self->rate != 0)
    self->rate_left -= n;
  take_bytes (self, self->buffer, n);
}

static void
write_some (RigPeer *self)
{
  gssize n = send (self->fd, self->out->data + self->out_done, self->out->len - self->out_done,
                   MSG_DONTWAIT | MSG_NOSIGNAL);

  if (n < 0)
    {
      if (errno != EAGAIN && errno != EINTR)
        peer_gone (self);
      return;
    }
  self->out_done += n;
  self->bytes_written += n;
  if (self->out_done == self->out->len)
    {
      g_byte_array_set_size (self->out, 0);
      self->out_done = 0;
    }
  pump_uploads (self);
}

static gboolean
peer_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static gboolean
peer_ready (gpointer user_data)
{
  RigPeer *self = user_data;
  GIOCondition condition = g_source_query_unix_fd (self->source, self->tag);

  if ((condition & G_IO_OUT) != 0 && self->out->len > self->out_done)
    write_some (self);
  if (!self->gone && (condition & (G_IO_IN | G_IO_HUP | G_IO_ERR)) != 0)
    read_some (self);
  update_watch (self);
  return G_SOURCE_CONTINUE;
}

RigPeer *
rig_peer_new (const char *socket_path)
{
  static GSourceFuncs funcs = { .dispatch = peer_dispatch };
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  RigPeer *self = g_new0 (RigPeer, 1);

  g_strlcpy (address.sun_path, socket_path, sizeof address.sun_path);
  self->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (self->fd < 0 || connect (self->fd, (struct sockaddr *)&address, sizeof address) != 0)
    g_error ("%s: %s", socket_path, g_strerror (errno));
  self->clients = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, client_free);
  self->out = g_byte_array_new ();
  self->reading = TRUE;
  self->source = g_source_new (&funcs, sizeof (GSource));
  self->tag = g_source_add_unix_fd (self->source, self->fd, G_IO_IN);
  g_source_set_callback (self->source, peer_ready, self, NULL);
  /* Not above the idle functions by which spice-gtk's coroutines emit their signals, or a peer that
   * always has something to read starves a viewer in this thread. */
  g_source_set_priority (self->source, G_PRIORITY_DEFAULT_IDLE);
  g_source_attach (self->source, NULL);
  return self;
}

void
rig_peer_free (RigPeer *self)
{
  g_clear_handle_id (&self->rate_source, g_source_remove);
  g_source_destroy (self->source);
  g_source_unref (self->source);
  close (self->fd);
  g_queue_clear_full (&self->uploads, g_free);
  g_hash_table_unref (self->clients);
  g_byte_array_unref (self->out);
  g_free (self);
}

void
rig_peer_write_raw (RigPeer *self, gconstpointer data, gsize len)
{
  if (self->out_done > READ_BUFFER)
    {
      g_byte_array_remove_range (self->out, 0, self->out_done);
      self->out_done = 0;
    }
  g_byte_array_append (self->out, data, len);
  update_watch (self);
}

static void
write_frame (RigPeer *self, gint64 id, gconstpointer data, guint16 len)
{
  gint64 id_le = GINT64_TO_LE (id);
  guint16 len_le = GUINT16_TO_LE (len);
  guint8 header[FRAME_HEADER];

  memcpy (header, &id_le, sizeof id_le);
  memcpy (header + sizeof id_le, &len_le, sizeof len_le);
  rig_peer_write_raw (self, header, sizeof header);
  if (len > 0)
    rig_peer_write_raw (self, data, len);
}

void
rig_peer_write (RigPeer *self, gint64 id, gconstpointer data, gsize len)
{
  const guint8 *bytes = data;

  while (len > 0)
    {
      guint16 n = MIN (len, FRAME_MAX);

      write_frame (self, id, bytes, n);
      bytes += n;
      len -= n;
    }
}

static void
drop_uploads_of (RigPeer *self, gint64 id)
{
  for (GList *l = self->uploads.head, *next; l != NULL; l = next)
    {
      Upload *upload = l->data;

      next = l->next;
      if (upload->id != id)
        continue;
      g_free (upload);
      g_queue_delete_link (&self->uploads, l);
    }
}

void
rig_peer_forget_client (RigPeer *self, gint64 id)
{
  Client *client = g_hash_table_lookup (self->clients, &id);

  drop_uploads_of (self, id);
  if (client != NULL)
    end_client (client);
}

void
rig_peer_close_client (RigPeer *self, gint64 id)
{
  rig_peer_forget_client (self, id);
  write_frame (self, id, NULL, 0);
}

void
rig_peer_resync (RigPeer *self, gint64 id)
{
  self->out_of_step = TRUE;
  self->header_len = 0;
  self->frame_left = 0;
  self->resync = (MuxResync){ .id = id };
}

void
rig_peer_set_reading (RigPeer *self, gboolean reading)
{
  self->reading = reading;
  update_watch (self);
}

static gboolean
rate_tick (gpointer user_data)
{
  RigPeer *self = user_data;

  self->rate_left = MAX (1, self->rate * RATE_TICK_MS / 1000);
  update_watch (self);
  return G_SOURCE_CONTINUE;
}

void
rig_peer_set_read_rate (RigPeer *self, guint64 rate)
{
  g_clear_handle_id (&self->rate_source, g_source_remove);
  self->rate = rate;
  self->rate_left = 0;
  if (rate != 0)
    self->rate_source = g_timeout_add (RATE_TICK_MS, rate_tick, self);
  update_watch (self);
}

gsize
rig_peer_get_queued (RigPeer *self)
{
  return self->out->len - self->out_done;
}

guint64
rig_peer_get_bytes_read (RigPeer *self)
{
  return self->bytes_read;
}

guint64
rig_peer_get_bytes_written (RigPeer *self)
{
  return self->bytes_written;
}

guint64
rig_peer_get_stray_bytes (RigPeer *self)
{
  return self->stray_bytes;
}

guint
rig_peer_get_n_closed (RigPeer *self)
{
  return self->n_closed;
}

static void
pump_uploads (RigPeer *self)
{
  while (rig_peer_get_queued (self) < QUEUE_LOW && !g_queue_is_empty (&self->uploads))
    {
      Upload *upload = g_queue_pop_head (&self->uploads);
      gsize at = upload->done % RIG_CONTENT_BLOCK;
      guint64 n = MIN (upload->total - upload->done, FRAME_MAX);

      n = MIN (n, RIG_CONTENT_BLOCK - at);
      rig_peer_write (self, upload->id, rig_content_get (upload->content) + at, n);
      upload->done += n;
      if (upload->done < upload->total)
        g_queue_push_tail (&self->uploads, upload);
      else
        g_free (upload);
    }
}

static RigExchange *
exchange_new (RigPeer *self, gint64 id, gboolean head_only, gboolean keep_body)
{
  RigExchange *exchange = g_new0 (RigExchange, 1);

  exchange->id = id;
  exchange->clients = g_hash_table_ref (self->clients);
  exchange->reader = http_reader_new (head_only, keep_body);
  exchange->started_at = g_get_monotonic_time ();
  g_queue_push_tail (&get_client (self, id)->exchanges, exchange);
  return exchange;
}

static void
write_head (RigPeer *self,
            gint64 id,
            const char *method,
            const char *path,
            const char *headers,
            gboolean has_body,
            guint64 body_len)
{
  g_autoptr (GString) head = g_string_new (NULL);

  g_string_append_printf (head, "%s %s HTTP/1.1\r\nHost: localhost:9843\r\n", method, path);
  if (has_body)
    g_string_append_printf (head, "Content-Length: %" G_GUINT64_FORMAT "\r\n", body_len);
  if (headers != NULL)
    g_string_append (head, headers);
  g_string_append (head, "\r\n");
  rig_peer_write (self, id, head->str, head->len);
}

RigExchange *
rig_peer_start (RigPeer *self,
                gint64 id,
                const char *method,
                const char *path,
                const char *headers,
                gconstpointer body,
                gsize body_len)
{
  RigExchange *exchange = exchange_new (self, id, strcmp (method, "HEAD") == 0, TRUE);

  write_head (self, id, method, path, headers, body != NULL, body_len);
  if (body != NULL)
    rig_peer_write (self, id, body, body_len);
  return exchange;
}

RigExchange *
rig_peer_await (RigPeer *self, gint64 id)
{
  return exchange_new (self, id, FALSE, TRUE);
}

RigExchange *
rig_peer_start_download (RigPeer *self, gint64 id, const char *path)
{
  RigExchange *exchange = exchange_new (self, id, FALSE, FALSE);

  write_head (self, id, "GET", path, NULL, FALSE, 0);
  return exchange;
}

RigExchange *
rig_peer_start_upload (RigPeer *self,
                       gint64 id,
                       const char *path,
                       const char *headers,
                       RigContent content,
                       guint64 total)
{
  RigExchange *exchange = exchange_new (self, id, FALSE, TRUE);
  Upload *upload = g_new0 (Upload, 1);

  write_head (self, id, "PUT", path, headers, TRUE, total);
  upload->id = id;
  upload->content = content;
  upload->total = total;
  g_queue_push_tail (&self->uploads, upload);
  pump_uploads (self);
  return exchange;
}

RigExchange *
rig_peer_request (RigPeer *self,
                  gint64 id,
                  const char *method,
                  const char *path,
                  const char *headers,
                  gconstpointer body,
                  gsize body_len)
{
  RigExchange *exchange = rig_peer_start (self, id, method, path, headers, body, body_len);

  rig_exchange_wait (exchange);
  return exchange;
}

gboolean
rig_exchange_is_over (RigExchange *self)
{
  return self->closed || self->reader->state == HTTP_READER_DONE
         || self->reader->state == HTTP_READER_BROKEN;
}

void
rig_exchange_wait (RigExchange *self)
{
  rig_wait_until (rig_exchange_is_over (self), EXCHANGE_DEADLINE_S);
}

void
rig_exchange_free (RigExchange *self)
{
  Client *client = g_hash_table_lookup (self->clients, &self->id);

  if (client != NULL)
    g_queue_remove (&client->exchanges, self);
  g_hash_table_unref (self->clients);
  http_reader_free (self->reader);
  g_free (self);
}
