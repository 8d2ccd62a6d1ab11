/* Something a job has opened, and that has to be let go of in the pool, whoever drops it and when.
 *
 * Even close(2) may wait for a stalled file system, so no other thread may call it; and an object
 * that its owner drops after the share was closed still has a descriptor or a temporary file. So
 * each registers with its share: dropped, it is let go of by a pool thread; still there when the
 * share's last job has ended, it is let go of then, and its memory goes when it is dropped.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "share/share.h"

G_BEGIN_DECLS

typedef struct _ShareHandle ShareHandle;

typedef enum
{
  SHARE_HANDLE_LIVE,
  SHARE_HANDLE_RELEASING,
  SHARE_HANDLE_RELEASED,
} ShareHandleState;

/**
 * ShareHandle:
 * @release: closes and removes what it holds; in a pool thread, once
 * @destroy: frees the memory; any thread
 *
 * The first member of what embeds it. Private but for @share.
 */
struct _ShareHandle
{
  Share *share;
  void (*release) (ShareHandle *self);
  void (*destroy) (ShareHandle *self);
  GList link;
  ShareHandleState state;
  gboolean dropped;
};

/**
 * share_handle_init:
 *
 * In a ShareJob.
 */
void share_handle_init (ShareHandle *self,
                        Share *share,
                        void (*release) (ShareHandle *self),
                        void (*destroy) (ShareHandle *self));

/**
 * share_handle_drop:
 * @self: (transfer full):
 *
 * Any thread, once; never waits.
 */
void share_handle_drop (ShareHandle *self);

/**
 * share_handle_release_all:
 *
 * For the share, when its last job has ended.
 */
void share_handle_release_all (Share *share);

G_END_DECLS
