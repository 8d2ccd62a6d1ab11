/* What a migration of the virtual machine means to a channel, whatever its kind.
 *
 * Seamless: the connection is exchanged for one to the other server, and the byte stream goes on.
 * Until then little is sent (send-pace.h). If the exchange fails, nobody tells the guest, and the
 * destination waits for ever for what the source held: so the connection that spice-gtk prepared is
 * closed, which the guest's daemon sees, and the user is told.
 *
 * Semi-seamless: the stream breaks off, and what the source held for the guest is lost. spice-gtk
 * exchanges the connection without a word, neither to us nor to the guest, whose daemon may be in
 * the middle of a frame and whose programs would wait for ever. So the channel connects once more:
 * the guest sees its port close and open, the daemon starts anew, and every transfer ends. The
 * viewer does not see it.
 *
 * Switch-host: the session connects anew, with new channels. The machine has run for a while with
 * its port closed, which its daemon sees only if it waits for something to read. While it has an
 * upload it rather writes: poll() says that it may, and write() waits in the kernel until the port
 * is open again. It then goes on in the middle of a frame, and waits for the rest of another one,
 * where the next answers would be lost, or end somebody's old download. After semi-seamless, and
 * when a viewer comes back after its network was gone, it may be the same. So where much comes and
 * no request is in it, the channel connects once more, too, until the daemon has seen it.
 *
 * And so it does when a session is no longer view-only, which drops what it sends and tells nobody.
 *
 * Documents: spice-session.c, channel-main.c of spice-gtk 0.42; spice-webdavd.c of phodav 3.0;
 * port_fops_poll(), port_fops_write() of Linux' virtio_console.c; DESIGN P12, P13.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <spice-client.h>

G_BEGIN_DECLS

/* How often in a row the channel connects once more for a daemon that goes on. Once does while the
 * daemon waits, and every other time while it is busy. */
#define CHANNEL_MIGRATION_GOES_ON_MAX 8

typedef struct _ChannelMigration ChannelMigration;

/**
 * ChannelMigrationFunc:
 * @migrating: whether the machine is being copied to another host
 *
 * Main context.
 */
typedef void (*ChannelMigrationFunc) (gboolean migrating, gpointer user_data);

/**
 * channel_migration_new:
 * @channel: (transfer none): the channel, which owns what is returned
 * @session: its session
 * @changed: called whenever what it says changes
 *
 * Returns: (transfer full): what watches over @channel; channel_migration_free()
 */
ChannelMigration *channel_migration_new (SpiceChannel *channel,
                                         SpiceSession *session,
                                         ChannelMigrationFunc changed,
                                         gpointer user_data);
void channel_migration_free (ChannelMigration *self);

/**
 * channel_migration_moved:
 *
 * In the coroutine: the connection was exchanged, the channel's part of the migration is over.
 */
void channel_migration_moved (ChannelMigration *self);

/**
 * channel_migration_broke:
 * @is_writing: whether the coroutine is in the middle of a write
 *
 * The stream broke off, for a semi-seamless migration; the channel was up. Main context.
 */
void channel_migration_broke (ChannelMigration *self, gboolean is_writing);

/**
 * channel_migration_up:
 *
 * spice-gtk's `channel_up`. Main context if a migration leads to it.
 */
void channel_migration_up (ChannelMigration *self);

/**
 * channel_migration_heard:
 * @claimed: whether a request has begun since the stream of the guest began
 * @goes_on: whether none has, and the guest's daemon goes on with what was before
 *
 * Main context.
 */
void channel_migration_heard (ChannelMigration *self, gboolean claimed, gboolean goes_on);

/**
 * channel_migration_once_more:
 *
 * Closes the connection and makes it anew, unless that is under way or the machine moves: the guest
 * sees its port close and open, nobody else sees anything. Main context.
 */
void channel_migration_once_more (ChannelMigration *self);

/**
 * channel_migration_event:
 * @event: a `channel-event` that is about to be emitted
 *
 * Returns: whether it belongs to the connection being made once more, and nobody else is to know
 */
gboolean channel_migration_event (ChannelMigration *self, SpiceChannelEvent event);

/**
 * channel_migration_lost:
 *
 * The connection is gone.
 *
 * Returns: whether it was lost on the way to another host. What was prepared there is closed then.
 */
gboolean channel_migration_lost (ChannelMigration *self);

/**
 * channel_migration_install:
 *
 * Watches for migrations in the sessions of this process; once, when SpiceMainChannel is there.
 */
void channel_migration_install (void);

G_END_DECLS
