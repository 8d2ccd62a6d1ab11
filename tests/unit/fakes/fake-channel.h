/* A stand-in for SpiceShareChannel and SpiceSession: the same properties, signals and action
 * signals by name, all of them set by the test. Action signals are counted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define FAKE_TYPE_SESSION (fake_session_get_type ())
G_DECLARE_FINAL_TYPE (FakeSession, fake_session, FAKE, SESSION, GObject)

#define FAKE_TYPE_CHANNEL (fake_channel_get_type ())
G_DECLARE_FINAL_TYPE (FakeChannel, fake_channel, FAKE, CHANNEL, GObject)

/* A UUID for a session, and how it is written. */
extern const guint8 fake_uuid[16];
#define FAKE_UUID "12345678-9abc-def0-0102-0304050607ff"

FakeSession *fake_session_new (const char *name, const guint8 *uuid);
FakeChannel *fake_channel_new (FakeSession *session);

/* What the last share-directory asked for, and how often each action was asked. */
const char *fake_channel_get_asked_dir (FakeChannel *self);
gboolean fake_channel_get_asked_read_only (FakeChannel *self);
guint fake_channel_count_share (FakeChannel *self);
guint fake_channel_count_stop (FakeChannel *self);

/* What the real one does when a folder is served, or could not be. */
void fake_channel_start (FakeChannel *self, const char *dir, gboolean read_only);
void fake_channel_end (FakeChannel *self);
void fake_channel_fail (FakeChannel *self, const char *message);

G_END_DECLS
