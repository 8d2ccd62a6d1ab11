/* What every test of plugin/share/ needs: a folder to share, one beside it that nobody may touch,
 * and a way to run a job and wait for it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

#include "../../lib/patience.h"
#include "share/file.h"
#include "share/folder.h"
#include "share/resolver.h"
#include "share/share.h"
#include "share/stat.h"
#include "share/tree.h"
#include "share/upload.h"
#include "share/xattr.h"

G_BEGIN_DECLS

/* Seconds a test may wait for anything before it has failed. */
#define FIXTURE_DEADLINE (60 * patience ())

typedef struct
{
  char *base;    /* holds the other two */
  char *root;    /* base/share */
  char *outside; /* base/outside: a file, a folder with a file */
  char *outside_before;
  Share *share;
} Fixture;

/* Fixture of g_test_add(); user_data is ShareFlags. */
void fixture_set_up (Fixture *self, gconstpointer flags);
void fixture_tear_down (Fixture *self, gconstpointer flags);

/* Opens once more, with other flags; the old share is closed and gone when this returns. */
void fixture_reopen (Fixture *self, ShareFlags flags);
/* Closes the share and waits until its threads have ended. */
void fixture_close (Fixture *self);

Share *fixture_open (const char *path, ShareFlags flags, GError **error);

/* Runs a job in the pool and waits. */
void fixture_run (Fixture *self, ShareJob job, gpointer data);

/* Iterates the main context until @condition, or fails. */
void fixture_wait (gboolean (*condition) (gpointer data), gpointer data);

/* Path of something in the share, from printf's. */
char *fixture_path (Fixture *self, const char *path);
void fixture_write (Fixture *self, const char *path, const char *content);
char *fixture_read (Fixture *self, const char *path);
void fixture_mkdir (Fixture *self, const char *path);
void fixture_symlink (Fixture *self, const char *text, const char *path);
gboolean fixture_exists (Fixture *self, const char *path);

/* A small tree at @top: files "file" and "a/b/file", an empty folder. */
void fixture_make_tree (Fixture *self, const char *top);
/* tree_describe() of something in the share. */
char *fixture_describe (Fixture *self, const char *path);

/* Everything below a path, one line an entry: type, mode, owner, size, link text, attributes,
 * content. */
char *tree_describe (const char *path);
void tree_delete (const char *path);

/* Nothing outside the share has changed. */
void fixture_assert_outside_untouched (Fixture *self);
/* No staging folder is left. */
void fixture_assert_no_debris (Fixture *self);

/* As g_test_init(); a test that hangs ends. */
void share_tests_init (int *argc, char ***argv);
/* In main(), before any thread: what is mounted by this process is nobody else's. */
void enter_mount_namespace (void);
/* A file system of 1 MiB at a new folder of the share. Needs root. */
void fixture_mount_small (Fixture *self, const char *path);
void fixture_unmount (Fixture *self, const char *path);
/* Root no more, for what root may always do. In a subprocess, before any thread. */
void become_user (void);

guint count_threads (void);
guint count_descriptors (void);
/* Until no more than @n are open. */
void fixture_wait_for_descriptors (guint n);

G_END_DECLS
