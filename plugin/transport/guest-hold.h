/* How long the guest is held back when what it sent waits for the worker (DESIGN P6).
 *
 * Pure: what waits in, a time out; bytes and us.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How many messages may wait beyond a full inbox while the virtual machine moves to another host,
 * of 64 KiB at most as spice-server makes them. */
#define GUEST_HOLD_EXCESS_MAX 1024

/**
 * GuestHold:
 *
 * All zero is one outside any migration.
 */
typedef struct
{
  /*< private >*/
  gboolean migrating;
  guint excess; /* messages taken meanwhile although the inbox was full */
} GuestHold;

/* What is on its way has to be taken within 10 s after the machine stopped (send-pace.h), however
 * slow our disk is: until the end less is held back. */
void guest_hold_begin_migration (GuestHold *self);
void guest_hold_end_migration (GuestHold *self);

/**
 * guest_hold_get:
 * @waiting: what the worker has not consumed, in bytes
 *
 * Returns: how long a message is to hold the guest back, as long as @waiting stays so; 0 if not at
 *   all, %G_MAXINT64 until there is room
 */
gint64 guest_hold_get (const GuestHold *self, gsize waiting);

/* A message was taken with @waiting bytes there, whether or not it held the guest back. */
void guest_hold_taken (GuestHold *self, gsize waiting);

G_END_DECLS
