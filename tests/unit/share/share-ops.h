/* The functions of plugin/share/, each as one job; an upload step by step.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "share-fixture.h"

G_BEGIN_DECLS

int do_stat (Fixture *self, const char *path, ShareStat *stat);
int do_read (Fixture *self, const char *path, char **content);
int do_list (Fixture *self, const char *path, GPtrArray **names);
int do_put (Fixture *self, const char *path, const char *content);
int do_make_folder (Fixture *self, const char *path);
int do_remove (Fixture *self, const char *path, ShareFailures *failures);
int do_copy (Fixture *self,
             const char *source,
             const char *target,
             ShareTreeFlags flags,
             ShareFailures *failures,
             gboolean *created);
int do_move (Fixture *self,
             const char *source,
             const char *target,
             ShareTreeFlags flags,
             ShareFailures *failures,
             gboolean *created);
int do_set_xattr (Fixture *self, const char *path, const char *attribute, const char *value);
int do_get_xattr (Fixture *self, const char *path, const char *attribute, char **value);
int do_list_xattrs (Fixture *self, const char *path, GStrv *attributes);
int do_remove_xattr (Fixture *self, const char *path, const char *attribute);
int do_set_mtime (Fixture *self, const char *path, gint64 mtime, guint32 nsec);

/* One upload, step by step. */
typedef struct
{
  const char *path;
  const char *content;
  gsize size; /* written in pieces of content's length */
  ShareUploadFlags flags;
  const ShareStat *expected;
  ShareStat result;
  gboolean created;
  gboolean keep; /* begin and write only */
  int begin, write, commit;
  ShareUpload *upload;
} Put;

void put (Fixture *fixture, Put *self);
/* For one that was kept; share_upload_free() it then. */
void put_commit (Fixture *fixture, Put *self);

void assert_content (Fixture *fixture, const char *path, const char *expected);
guint fixture_mode_of (Fixture *fixture, const char *path);
/* The staging folders in a folder of the share. */
GPtrArray *find_staging (Fixture *fixture, const char *path);
guint count_in (const char *path);

G_END_DECLS
