/* The threads of one share: they may wait for the file system, so that nobody else has to.
 *
 * Not a GThreadPool: freed, even an exclusive one hands its threads to the other pools of the
 * process (tried with GLib 2.74), and these are confined for good (landlock.h). Ours are started
 * when they are needed and end with the pool. A thread that hangs in a system call (dead network
 * mount) keeps what it holds until it comes back; nobody waits for it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * FILE_POOL_THREADS:
 *
 * Threads of one pool at most. They wait for disks more than they compute; a guest has a few
 * requests at a time, and one slow folder walk must not hold up the others.
 */
#define FILE_POOL_THREADS 8

/**
 * FILE_POOL_MAX_LONG:
 *
 * Of them, those that may be in jobs of FILE_JOB_LONG: others always find a thread.
 */
#define FILE_POOL_MAX_LONG (FILE_POOL_THREADS - 2)

/**
 * FILE_POOL_MAX_QUEUED:
 *
 * Jobs that may wait for a thread. Above it new ones are refused.
 */
#define FILE_POOL_MAX_QUEUED 1024

/**
 * FILE_POOL_IDLE_SECONDS:
 *
 * Without a job for this long, the pool tidies up (FilePoolHooks.idle).
 */
#define FILE_POOL_IDLE_SECONDS 2

/**
 * FileJobKind:
 * @FILE_JOB_SHORT: one thing
 * @FILE_JOB_LONG: as much as there is in a tree
 */
typedef enum
{
  FILE_JOB_SHORT,
  FILE_JOB_LONG,
} FileJobKind;

typedef struct _FilePool FilePool;

/**
 * FilePoolHooks:
 * @enter: called in each thread before its first job
 * @idle: called in one thread when there was no job for FILE_POOL_IDLE_SECONDS
 * @last: called in one thread after file_pool_close(), when the last job has ended; not called if
 *   the pool never had a thread
 */
typedef struct
{
  void (*enter) (gpointer user_data);
  void (*idle) (gpointer user_data);
  void (*last) (gpointer user_data);
} FilePoolHooks;

/**
 * file_pool_new:
 * @hooks: (transfer none): copied
 * @user_data: (transfer none): for @hooks; must outlive the last thread
 *
 * Returns: (transfer full): a pool without threads; file_pool_close() and file_pool_unref() end it
 */
FilePool *file_pool_new (const FilePoolHooks *hooks, gpointer user_data);

/**
 * file_pool_unref:
 *
 * After file_pool_close(). Never waits; the pool's memory goes with its last thread.
 */
void file_pool_unref (FilePool *self);

/**
 * file_pool_push:
 * @work: run in a thread of the pool
 * @drop: called instead if the pool is closed before, in the thread that closes it
 *
 * Any thread.
 *
 * Returns: %FALSE if the pool is closed or full; then neither is called
 */
gboolean file_pool_push (FilePool *self,
                         FileJobKind kind,
                         GDestroyNotify work,
                         GDestroyNotify drop,
                         gpointer data);

/**
 * file_pool_push_from_job:
 *
 * As file_pool_push(), for a thread of the pool: starts no thread, since that would be born
 * confined (landlock.h). The caller's own takes it when no other does.
 */
gboolean file_pool_push_from_job (FilePool *self,
                                  FileJobKind kind,
                                  GDestroyNotify work,
                                  GDestroyNotify drop,
                                  gpointer data);

/**
 * file_pool_push_release:
 *
 * As file_pool_push(), for letting go of something a job has made: accepted without a limit (there
 * are no more of them than things to let go of) and run even after file_pool_close(), as long as
 * @last was not called.
 *
 * Returns: %FALSE if @last was called, or the pool has no thread
 */
gboolean file_pool_push_release (FilePool *self, GDestroyNotify work, gpointer data);

/**
 * file_pool_close:
 *
 * Takes no more jobs and drops those that wait. Never waits. Any thread.
 *
 * Returns: whether @last is going to be called
 */
gboolean file_pool_close (FilePool *self);

G_END_DECLS
