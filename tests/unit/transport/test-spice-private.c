/* What is believed of spice-gtk's inside: true of the library here, and noticed when it is not.
 *
 * The queue is looked for in a copy of a real channel's memory, so that it can be made to lie.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <spice/enums.h>
#include <spice/protocol.h>

#include "base/error.h"
#include "transport/spice-private.h"

static void
ours (SpiceChannel *channel, SpiceMsgIn *message)
{
}

/* ---- reading what may not be there ---- */

static void
test_read (void)
{
  gsize page = sysconf (_SC_PAGESIZE);
  char *map = mmap (NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char buffer[8];

  g_assert_true (map != MAP_FAILED);
  munmap (map + page, page);
  memcpy (map + page - 8, "8 bytes.", 8);
  g_assert_true (spice_private_read (map + page - 8, buffer, 8));
  g_assert_cmpmem (buffer, 8, "8 bytes.", 8);
  g_assert_false (spice_private_read (map + page - 7, buffer, 8));
  g_assert_false (spice_private_read (map + page, buffer, 8));
  g_assert_false (spice_private_read (NULL, buffer, 8));
  g_assert_false (spice_private_read (GSIZE_TO_POINTER (1), buffer, 8));
  munmap (map, page);
}

/* ---- the table of handlers ---- */

typedef struct
{
  GArray *handlers;
} FakePriv;

static SpiceChannelClass *
port_class (void)
{
  return SPICE_CHANNEL_CLASS (g_type_class_ref (SPICE_TYPE_PORT_CHANNEL));
}

static GArray *
stock_table (void)
{
  FakePriv *priv = (FakePriv *)port_class ()->priv;

  return g_array_copy (priv->handlers);
}

static void
test_handlers (void)
{
  SpicePrivateHandlers handlers;
  SpiceChannelClass klass = *port_class ();
  g_autoptr (GArray) stock = stock_table ();
  g_autoptr (GError) error = NULL;

  g_assert_true (spice_private_handlers_init (&handlers, &klass, ours, ours, ours, &error));
  g_assert_no_error (error);
  g_assert_true ((gpointer)klass.priv == (gpointer)&handlers);
  g_assert_cmpuint (handlers.array->len, ==, stock->len);
  g_assert_true (handlers.stock_data
                 == g_array_index (stock, spice_msg_handler, SPICE_MSG_SPICEVMC_DATA));
  for (guint i = 0; i < stock->len; i++)
    {
      spice_msg_handler expected = g_array_index (stock, spice_msg_handler, i);

      if (i == SPICE_MSG_SPICEVMC_DATA || i == SPICE_MSG_SPICEVMC_COMPRESSED_DATA
          || i == SPICE_MSG_MIGRATE)
        expected = ours;
      /* Those that only say what comes have one each (test-scripted.c). */
      if (expected == NULL || expected == ours)
        g_assert_true (g_array_index (handlers.array, spice_msg_handler, i) == expected);
      else
        g_assert_nonnull (g_array_index (handlers.array, spice_msg_handler, i));
    }
  g_array_unref (handlers.array);
}

static void
assert_handlers_refused (gpointer priv)
{
  SpicePrivateHandlers handlers;
  SpiceChannelClass klass = *port_class ();
  g_autoptr (GError) error = NULL;

  klass.priv = priv;
  g_assert_false (spice_private_handlers_init (&handlers, &klass, ours, ours, ours, &error));
  g_assert_error (error, SPICE_SHARE_ERROR, SPICE_SHARE_ERROR_INCOMPATIBLE);
  g_assert_true ((gpointer)klass.priv == priv);
}

static void
test_handlers_elsewhere (void)
{
  FakePriv priv = { NULL };
  GArray empty = { NULL, 0 }, nowhere = { (char *)64, 300 };

  assert_handlers_refused (NULL);
  assert_handlers_refused (GSIZE_TO_POINTER (64));
  assert_handlers_refused (&priv);
  priv.handlers = GSIZE_TO_POINTER (64);
  assert_handlers_refused (&priv);
  priv.handlers = &empty;
  assert_handlers_refused (&priv);
  priv.handlers = &nowhere;
  assert_handlers_refused (&priv);
}

static void
test_handlers_changed (void)
{
  static const guint needed[]
      = { SPICE_MSG_SET_ACK, SPICE_MSG_PING, SPICE_MSG_SPICEVMC_DATA, SPICE_MSG_PORT_INIT };

  for (guint i = 0; i < G_N_ELEMENTS (needed); i++)
    {
      g_autoptr (GArray) table = stock_table ();
      FakePriv priv = { table };

      g_array_index (table, spice_msg_handler, needed[i]) = NULL;
      assert_handlers_refused (&priv);
      g_array_index (table, spice_msg_handler, needed[i]) = ours; /* not spice-gtk's code */
      assert_handlers_refused (&priv);
    }
  {
    /* A spice-gtk that can do it by itself. */
    g_autoptr (GArray) table = stock_table ();
    FakePriv priv = { table };

    g_array_index (table, spice_msg_handler, SPICE_MSG_SPICEVMC_COMPRESSED_DATA)
        = g_array_index (table, spice_msg_handler, SPICE_MSG_SPICEVMC_DATA);
    assert_handlers_refused (&priv);
  }
}

/* ---- the size of a message ---- */

typedef struct
{
  int refcount;
  SpiceChannel *channel;
  guint8 header[18];
  guint8 *data;
  int size;
} FakeMsgIn;

static void
test_message_size (void)
{
  SpiceSession *session = spice_session_new ();
  SpiceChannel *channel = spice_channel_new (session, SPICE_CHANNEL_WEBDAV, 0);
  /* A channel that is not connected has the long header: serial, type, size. */
  FakeMsgIn in
      = { 1, channel, { 1, 0, 0, 0, 0, 0, 0, 0, SPICE_MSG_PING, 0, 12, 1, 0, 0 }, NULL, 0 };
  SpiceMsgIn *message = (gpointer)&in;
  guint32 size;

  g_assert_true (spice_private_message_size (channel, message, SPICE_MSG_PING, &size));
  g_assert_cmpuint (size, ==, 256 + 12);
  g_assert_false (spice_private_message_size (channel, message, SPICE_MSG_NOTIFY, &size));
  in.channel = (SpiceChannel *)(gpointer)session;
  g_assert_false (spice_private_message_size (channel, message, SPICE_MSG_PING, &size));
  g_assert_false (
      spice_private_message_size (channel, GSIZE_TO_POINTER (64), SPICE_MSG_PING, &size));
  spice_session_disconnect (session);
  g_object_unref (session);
}

/* ---- capabilities ---- */

static void
test_caps (void)
{
  g_autoptr (GObject) session = G_OBJECT (spice_session_new ());
  SpiceChannel *channel = spice_channel_new (SPICE_SESSION (session), SPICE_CHANNEL_WEBDAV, 0);
  SpicePrivateCaps caps;

  spice_private_caps_init (&caps);
  /* What was never announced cannot be found, and need not be taken back. */
  g_assert_false (spice_private_caps_withdraw_lz4 (&caps, channel));

  for (int i = 0; i < 3; i++)
    {
      spice_private_caps_announce_lz4 (&caps, channel);
      g_assert_cmpint (caps.offset, >=, 0);
      g_assert_true (spice_private_caps_withdraw_lz4 (&caps, channel));
      g_assert_false (spice_private_caps_withdraw_lz4 (&caps, channel));
    }

  /* Somebody else has announced something of his own: hands off. */
  spice_private_caps_announce_lz4 (&caps, channel);
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  spice_channel_set_capability (channel, 5);
  G_GNUC_END_IGNORE_DEPRECATIONS
  g_assert_false (spice_private_caps_withdraw_lz4 (&caps, channel));
  spice_session_disconnect (SPICE_SESSION (session));
}

/* ---- the queue ---- */

typedef struct
{
  int refcount;
  SpiceChannel *channel;
  gpointer marshallers, marshaller;
  guint8 *header;
  gboolean ro_check;
} FakeMsgOut;

typedef struct
{
  SpiceSession *session;
  guint8 *memory;        /* a copy of SpiceChannelPrivate and SpiceChannel */
  SpiceChannel *channel; /* in it */
  GQueue *queue;         /* in it: where we decided it is */
  guint8 header[18];
  FakeMsgOut message;
  SpicePrivateQueue found;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  SpiceChannel *real;
  gsize extent;

  self->session = spice_session_new ();
  real = spice_channel_new (self->session, SPICE_CHANNEL_WEBDAV, 0);
  extent = (gsize)((char *)real - (char *)real->priv);
  g_assert_cmpuint (extent, <=, SPICE_PRIVATE_MAX);

  self->memory = g_malloc (extent + sizeof (SpiceChannel));
  memcpy (self->memory, real->priv, extent + sizeof (SpiceChannel));
  self->channel = (SpiceChannel *)(gpointer)(self->memory + extent);
  self->channel->priv = (gpointer)self->memory;

  /* Somewhere it is not in this build: nothing may depend on where it is. */
  self->queue = (GQueue *)(gpointer)(self->memory + 200);
  g_queue_init (self->queue);
  /* Not a mini header, as the channel is not connected: the type stands at 8. */
  self->header[8] = SPICE_MSGC_SPICEVMC_DATA;
  self->message = (FakeMsgOut){ 1, self->channel, NULL, NULL, self->header, FALSE };
  spice_private_queue_init (&self->found);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_queue_clear (self->queue);
  g_free (self->memory);
  spice_session_disconnect (self->session);
  g_object_unref (self->session);
}

static SpicePrivateWrite
write_one (Fixture *self, gpointer message)
{
  spice_private_queue_before_write (&self->found, self->channel);
  if (message != NULL)
    g_queue_push_tail (self->queue, message);
  return spice_private_queue_after_write (&self->found, self->channel);
}

static void
test_queue_found (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (write_one (self, &self->message), ==, SPICE_PRIVATE_WRITE_QUEUED);
  g_assert_cmpint (self->found.offset, ==, 200);
  /* Known now; and every later write is looked at again. */
  g_assert_cmpint (write_one (self, &self->message), ==, SPICE_PRIVATE_WRITE_QUEUED);
  spice_private_queue_mark_compressed (&self->found, self->channel);
  g_assert_cmpuint (self->header[8], ==, SPICE_MSGC_SPICEVMC_COMPRESSED_DATA);
}

static void
test_queue_dropped (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (write_one (self, &self->message), ==, SPICE_PRIVATE_WRITE_QUEUED);
  g_assert_cmpint (write_one (self, NULL), ==, SPICE_PRIVATE_WRITE_DROPPED);
  g_assert_cmpint (write_one (self, &self->message), ==, SPICE_PRIVATE_WRITE_QUEUED);
}

/* A first write that is dropped does not end the search. */
static void
test_queue_found_late (Fixture *self, gconstpointer data)
{
  for (int i = 0; i < 3; i++)
    g_assert_cmpint (write_one (self, NULL), ==, SPICE_PRIVATE_WRITE_UNKNOWN);
  g_assert_cmpint (write_one (self, &self->message), ==, SPICE_PRIVATE_WRITE_QUEUED);
}

static void
test_queue_absent (Fixture *self, gconstpointer data)
{
  for (int i = 0; i < 100; i++)
    g_assert_cmpint (write_one (self, NULL), ==, SPICE_PRIVATE_WRITE_UNKNOWN);
  g_assert_cmpuint (self->found.tries_left, ==, 0);
  /* Given up: it is not taken for one later, when something happens to look like it. */
  g_assert_cmpint (write_one (self, &self->message), ==, SPICE_PRIVATE_WRITE_UNKNOWN);
}

typedef void (*Spoil) (Fixture *self);

static void
spoil_refcount (Fixture *self)
{
  self->message.refcount = 2;
}

static void
spoil_channel (Fixture *self)
{
  self->message.channel = NULL;
}

static void
spoil_header (Fixture *self)
{
  self->message.header = (guint8 *)64;
}

static void
spoil_no_header (Fixture *self)
{
  self->message.header = NULL;
}

static void
spoil_type (Fixture *self)
{
  self->header[8] = 1;
}

static void
spoil_type_high (Fixture *self)
{
  self->header[9] = 1;
}

static const Spoil spoils[]
    = { spoil_refcount, spoil_channel, spoil_header, spoil_no_header, spoil_type, spoil_type_high };

/* Each member of a message that is not as we know it keeps the queue from being found. */
static void
test_queue_other_message (Fixture *self, gconstpointer data)
{
  spoils[GPOINTER_TO_UINT (data)](self);
  g_assert_cmpint (write_one (self, &self->message), ==, SPICE_PRIVATE_WRITE_UNKNOWN);
  g_assert_cmpint (self->found.offset, ==, -1);
}

/* And where it was found, keeps a message from being changed. */
static void
test_queue_changes (Fixture *self, gconstpointer data)
{
  Spoil spoil = spoils[GPOINTER_TO_UINT (data)];

  g_assert_cmpint (write_one (self, &self->message), ==, SPICE_PRIVATE_WRITE_QUEUED);
  spoil (self);
  g_assert_cmpint (write_one (self, &self->message), ==, SPICE_PRIVATE_WRITE_UNKNOWN);
}

static void
test_queue_message_nowhere (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (write_one (self, GSIZE_TO_POINTER (64)), ==, SPICE_PRIVATE_WRITE_UNKNOWN);
}

static void
test_queue_grew_by_two (Fixture *self, gconstpointer data)
{
  spice_private_queue_before_write (&self->found, self->channel);
  g_queue_push_tail (self->queue, &self->message);
  g_queue_push_tail (self->queue, &self->message);
  g_assert_cmpint (spice_private_queue_after_write (&self->found, self->channel), ==,
                   SPICE_PRIVATE_WRITE_UNKNOWN);

  g_assert_cmpint (write_one (self, &self->message), ==, SPICE_PRIVATE_WRITE_QUEUED);
  spice_private_queue_before_write (&self->found, self->channel);
  g_queue_push_tail (self->queue, &self->message);
  g_queue_push_tail (self->queue, &self->message);
  g_assert_cmpint (spice_private_queue_after_write (&self->found, self->channel), ==,
                   SPICE_PRIVATE_WRITE_UNKNOWN);
}

/* Two places that look alike: rather none. */
static void
test_queue_twice (Fixture *self, gconstpointer data)
{
  GQueue *second = (GQueue *)(gpointer)(self->memory + 240);

  g_queue_init (second);
  spice_private_queue_before_write (&self->found, self->channel);
  g_queue_push_tail (self->queue, &self->message);
  g_queue_push_tail (second, &self->message);
  g_assert_cmpint (spice_private_queue_after_write (&self->found, self->channel), ==,
                   SPICE_PRIVATE_WRITE_UNKNOWN);
  g_assert_cmpint (write_one (self, &self->message), ==, SPICE_PRIVATE_WRITE_UNKNOWN);
  g_queue_clear (second);
}

/* ---- messages that came ---- */

static const char content[] = "content";

/* Full headers, as the channel is not connected: the type stands at 8, the size at 10. */
static FakeMsgIn
message_in (SpiceChannel *channel)
{
  FakeMsgIn message = { 1, channel, { 0 }, (guint8 *)content, sizeof content };

  message.header[8] = SPICE_MSG_SPICEVMC_DATA;
  message.header[10] = sizeof content;
  return message;
}

static void
watch (SpicePrivateMessages *messages, Fixture *self, FakeMsgIn *message)
{
  spice_private_messages_watch (messages, self->channel, (SpiceMsgIn *)message,
                                SPICE_MSG_SPICEVMC_DATA, content, sizeof content);
}

static gboolean
look (SpicePrivateMessages *messages, Fixture *self, FakeMsgIn *message)
{
  gconstpointer data;
  gsize size;

  if (!spice_private_messages_look (messages, self->channel, (SpiceMsgIn *)message,
                                    SPICE_MSG_SPICEVMC_DATA, &data, &size))
    return FALSE;
  g_assert_true (data == content);
  g_assert_cmpuint (size, ==, sizeof content);
  return TRUE;
}

static void
test_messages_known (Fixture *self, gconstpointer data)
{
  SpicePrivateMessages messages = { 0 };
  FakeMsgIn message = message_in (self->channel);

  for (guint i = 0; i < SPICE_PRIVATE_WATCH; i++)
    {
      g_assert_false (look (&messages, self, &message));
      watch (&messages, self, &message);
    }
  g_assert_true (look (&messages, self, &message));
}

static void
spoil_in_refcount (FakeMsgIn *message)
{
  message->refcount = 0;
}

static void
spoil_in_channel (FakeMsgIn *message)
{
  message->channel = NULL;
}

static void
spoil_in_size (FakeMsgIn *message)
{
  message->size--;
}

static void
spoil_in_header_size (FakeMsgIn *message)
{
  message->header[13] = 0x80;
}

static void
spoil_in_type (FakeMsgIn *message)
{
  message->header[9] = 1;
}

static void
spoil_in_data (FakeMsgIn *message)
{
  message->data++;
}

typedef void (*SpoilIn) (FakeMsgIn *message);

/* The last shows only while what spice-gtk emits is there to compare with. */
static const SpoilIn spoils_in[] = { spoil_in_refcount,    spoil_in_channel, spoil_in_size,
                                     spoil_in_header_size, spoil_in_type,    spoil_in_data };
#define SPOILS_SEEN_LATER 5

static void
test_messages_other (Fixture *self, gconstpointer data)
{
  SpicePrivateMessages messages = { 0 };
  FakeMsgIn good = message_in (self->channel);
  FakeMsgIn bad = message_in (self->channel);

  spoils_in[GPOINTER_TO_UINT (data)](&bad);
  watch (&messages, self, &bad);
  for (guint i = 0; i < 2 * SPICE_PRIVATE_WATCH; i++)
    watch (&messages, self, &good);
  g_assert_false (look (&messages, self, &good));
}

static void
test_messages_nowhere (Fixture *self, gconstpointer data)
{
  SpicePrivateMessages messages = { 0 };

  watch (&messages, self, GSIZE_TO_POINTER (64));
  g_assert_true (messages.wrong);
}

static void
test_messages_change (Fixture *self, gconstpointer data)
{
  SpicePrivateMessages messages = { 0 };
  FakeMsgIn good = message_in (self->channel);
  FakeMsgIn bad = message_in (self->channel);

  for (guint i = 0; i < SPICE_PRIVATE_WATCH; i++)
    watch (&messages, self, &good);
  spoils_in[GPOINTER_TO_UINT (data)](&bad);
  g_assert_false (look (&messages, self, &bad));
  g_assert_false (look (&messages, self, &good));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spice-private/read", test_read);
  g_test_add_func ("/spice-private/handlers/here", test_handlers);
  g_test_add_func ("/spice-private/handlers/elsewhere", test_handlers_elsewhere);
  g_test_add_func ("/spice-private/handlers/changed", test_handlers_changed);
  g_test_add_func ("/spice-private/message-size", test_message_size);
  g_test_add_func ("/spice-private/caps", test_caps);
#define ADD(path, data, func)                                                                      \
  g_test_add ("/spice-private/queue/" path, Fixture, data, set_up, func, tear_down)
  ADD ("found", NULL, test_queue_found);
  ADD ("found-late", NULL, test_queue_found_late);
  ADD ("dropped", NULL, test_queue_dropped);
  ADD ("absent", NULL, test_queue_absent);
  ADD ("message-nowhere", NULL, test_queue_message_nowhere);
  ADD ("grew-by-two", NULL, test_queue_grew_by_two);
  ADD ("twice", NULL, test_queue_twice);
  for (guint i = 0; i < G_N_ELEMENTS (spoils); i++)
    {
      g_autofree char *other = g_strdup_printf ("/spice-private/queue/other-message/%u", i);
      g_autofree char *changes = g_strdup_printf ("/spice-private/queue/changes/%u", i);

      g_test_add (other, Fixture, GUINT_TO_POINTER (i), set_up, test_queue_other_message,
                  tear_down);
      /* A header that is not mapped is caught when the queue is found. */
      if (spoils[i] != spoil_header)
        g_test_add (changes, Fixture, GUINT_TO_POINTER (i), set_up, test_queue_changes, tear_down);
    }
#undef ADD
#define ADD(path, data, func)                                                                      \
  g_test_add ("/spice-private/messages/" path, Fixture, data, set_up, func, tear_down)
  ADD ("known", NULL, test_messages_known);
  ADD ("nowhere", NULL, test_messages_nowhere);
#undef ADD
  for (guint i = 0; i < G_N_ELEMENTS (spoils_in); i++)
    {
      g_autofree char *other = g_strdup_printf ("/spice-private/messages/other/%u", i);
      g_autofree char *change = g_strdup_printf ("/spice-private/messages/change/%u", i);

      g_test_add (other, Fixture, GUINT_TO_POINTER (i), set_up, test_messages_other, tear_down);
      if (i < SPOILS_SEEN_LATER)
        g_test_add (change, Fixture, GUINT_TO_POINTER (i), set_up, test_messages_change, tear_down);
    }
  return g_test_run ();
}
