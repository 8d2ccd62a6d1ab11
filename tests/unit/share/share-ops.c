/* The functions of plugin/share/, each as one job; see share-ops.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share-ops.h"

#include <string.h>
#include <sys/stat.h>

#include "share/staging.h"

/* One call of a function of plugin/share/. */
typedef struct
{
  const char *path;
  const char *target;
  const char *content;
  ShareTreeFlags flags;
  ShareFailures *failures;
  gboolean *created;
  ShareStat *stat;
  GPtrArray *names;
  GString *text;
  GBytes *bytes;
  GStrv attributes;
  gint64 mtime;
  guint32 nsec;
  int result;
} Op;

static int
run_op (Fixture *self, ShareJob job, Op *op)
{
  fixture_run (self, job, op);
  return op->result;
}

static void
stat_job (Share *share, gpointer data)
{
  Op *op = data;

  op->result = share_stat (share, op->path, op->stat);
}

int
do_stat (Fixture *self, const char *path, ShareStat *stat)
{
  ShareStat ignored;
  Op op = { .path = path, .stat = stat ? stat : &ignored };

  return run_op (self, stat_job, &op);
}

static void
read_job (Share *share, gpointer data)
{
  Op *op = data;
  g_autoptr (ShareFile) file = NULL;
  char buffer[1000];
  gssize size;

  op->result = share_file_open (share, op->path, NULL, &file);
  if (op->result < 0)
    return;
  while ((size = share_file_read (file, buffer, sizeof buffer, op->text->len)) > 0)
    g_string_append_len (op->text, buffer, size);
  op->result = (int)size;
}

int
do_read (Fixture *self, const char *path, char **content)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Op op = { .path = path, .text = text };

  run_op (self, read_job, &op);
  if (content && op.result == 0)
    *content = g_string_free (g_steal_pointer (&text), FALSE);
  return op.result;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static void
list_job (Share *share, gpointer data)
{
  Op *op = data;
  g_autoptr (ShareFolder) folder = NULL;
  ShareEntry entries[7];
  int n;

  op->result = share_folder_open (share, op->path, NULL, &folder);
  if (op->result < 0)
    return;
  while ((n = share_folder_next (folder, entries, G_N_ELEMENTS (entries), FALSE)) > 0)
    for (int i = 0; i < n; i++)
      g_ptr_array_add (op->names, g_strdup (entries[i].name));
  op->result = n;
}

int
do_list (Fixture *self, const char *path, GPtrArray **names)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  Op op = { .path = path, .names = found };

  run_op (self, list_job, &op);
  g_ptr_array_sort (found, compare_names);
  if (names && op.result == 0)
    *names = g_steal_pointer (&found);
  return op.result;
}

static void
do_put_job (Share *share, gpointer data)
{
  Op *op = data;
  g_autoptr (ShareUpload) upload = NULL;

  op->result = share_upload_begin (share, op->path, &upload);
  if (op->result == 0)
    op->result = share_upload_write (upload, op->content, strlen (op->content));
  if (op->result == 0)
    op->result = share_upload_commit (upload, SHARE_UPLOAD_DEFAULT, NULL, NULL, NULL);
}

int
do_put (Fixture *self, const char *path, const char *content)
{
  Op op = { .path = path, .content = content };

  return run_op (self, do_put_job, &op);
}

static void
make_folder_job (Share *share, gpointer data)
{
  Op *op = data;

  op->result = share_make_folder (share, op->path);
}

int
do_make_folder (Fixture *self, const char *path)
{
  Op op = { .path = path };

  return run_op (self, make_folder_job, &op);
}

static void
remove_job (Share *share, gpointer data)
{
  Op *op = data;

  op->result = share_remove (share, op->path, op->failures);
}

int
do_remove (Fixture *self, const char *path, ShareFailures *failures)
{
  g_autoptr (ShareFailures) ignored = share_failures_new ();
  Op op = { .path = path, .failures = failures ? failures : ignored };

  return run_op (self, remove_job, &op);
}

static int
carry (Fixture *self,
       ShareJob job,
       const char *source,
       const char *target,
       ShareTreeFlags flags,
       ShareFailures *failures,
       gboolean *created)
{
  g_autoptr (ShareFailures) ignored = share_failures_new ();
  Op op = { .path = source,
            .target = target,
            .flags = flags,
            .failures = failures ? failures : ignored,
            .created = created };

  return run_op (self, job, &op);
}

static void
copy_job (Share *share, gpointer data)
{
  Op *op = data;

  op->result = share_copy (share, op->path, op->target, op->flags, op->failures, op->created);
}

int
do_copy (Fixture *self,
         const char *source,
         const char *target,
         ShareTreeFlags flags,
         ShareFailures *failures,
         gboolean *created)
{
  return carry (self, copy_job, source, target, flags, failures, created);
}

static void
move_job (Share *share, gpointer data)
{
  Op *op = data;

  op->result = share_move (share, op->path, op->target, op->flags, op->failures, op->created);
}

int
do_move (Fixture *self,
         const char *source,
         const char *target,
         ShareTreeFlags flags,
         ShareFailures *failures,
         gboolean *created)
{
  return carry (self, move_job, source, target, flags, failures, created);
}

static ShareAttributes *
open_attributes (Share *share, Op *op)
{
  ShareAttributes *attributes = NULL;
  ShareStat stat;

  op->result = share_attributes_open (share, op->path, &stat, &attributes);
  return attributes;
}

static void
set_xattr_job (Share *share, gpointer data)
{
  Op *op = data;
  g_autoptr (ShareAttributes) attributes = open_attributes (share, op);

  if (attributes != NULL)
    op->result = share_attributes_set (attributes, op->target, op->content, strlen (op->content));
}

int
do_set_xattr (Fixture *self, const char *path, const char *attribute, const char *value)
{
  Op op = { .path = path, .target = attribute, .content = value };

  return run_op (self, set_xattr_job, &op);
}

static void
get_xattr_job (Share *share, gpointer data)
{
  Op *op = data;

  op->result = share_xattr_get (share, op->path, op->target, &op->bytes);
}

int
do_get_xattr (Fixture *self, const char *path, const char *attribute, char **value)
{
  Op op = { .path = path, .target = attribute };

  run_op (self, get_xattr_job, &op);
  if (op.result == 0)
    {
      gsize size;
      gconstpointer bytes = g_bytes_get_data (op.bytes, &size);

      if (value)
        *value = g_strndup (bytes, size);
      g_bytes_unref (op.bytes);
    }
  return op.result;
}

static void
list_xattrs_job (Share *share, gpointer data)
{
  Op *op = data;

  op->result = share_xattr_list (share, op->path, &op->attributes);
}

int
do_list_xattrs (Fixture *self, const char *path, GStrv *attributes)
{
  Op op = { .path = path };

  run_op (self, list_xattrs_job, &op);
  if (op.result == 0)
    *attributes = op.attributes;
  return op.result;
}

static void
remove_xattr_job (Share *share, gpointer data)
{
  Op *op = data;
  g_autoptr (ShareAttributes) attributes = open_attributes (share, op);

  if (attributes != NULL)
    op->result = share_attributes_remove (attributes, op->target);
}

int
do_remove_xattr (Fixture *self, const char *path, const char *attribute)
{
  Op op = { .path = path, .target = attribute };

  return run_op (self, remove_xattr_job, &op);
}

static void
set_mtime_job (Share *share, gpointer data)
{
  Op *op = data;
  g_autoptr (ShareAttributes) attributes = open_attributes (share, op);

  if (attributes != NULL)
    op->result = share_attributes_set_mtime (attributes, op->mtime, op->nsec);
}

int
do_set_mtime (Fixture *self, const char *path, gint64 mtime, guint32 nsec)
{
  Op op = { .path = path, .mtime = mtime, .nsec = nsec };

  return run_op (self, set_mtime_job, &op);
}

static void
put_step_job (Share *share, gpointer data)
{
  Put *put = data;
  gsize length = strlen (put->content);

  put->write = put->commit = 1;
  put->begin = share_upload_begin (share, put->path, &put->upload);
  if (put->begin < 0)
    return;
  put->write = 0;
  for (gsize done = 0; done < MAX (put->size, length) && put->write == 0; done += length)
    put->write = share_upload_write (put->upload, put->content, length);
  if (put->write < 0 || put->keep)
    return;
  put->commit
      = share_upload_commit (put->upload, put->flags, put->expected, &put->result, &put->created);
}

static void
commit_step_job (Share *share, gpointer data)
{
  Put *put = data;

  put->commit
      = share_upload_commit (put->upload, put->flags, put->expected, &put->result, &put->created);
}

void
put (Fixture *fixture, Put *self)
{
  fixture_run (fixture, put_step_job, self);
  if (!self->keep)
    g_clear_pointer (&self->upload, share_upload_free);
}

void
put_commit (Fixture *fixture, Put *self)
{
  fixture_run (fixture, commit_step_job, self);
}

guint
fixture_mode_of (Fixture *fixture, const char *path)
{
  g_autofree char *whole = fixture_path (fixture, path);
  struct stat st;

  g_assert_no_errno (stat (whole, &st));
  return st.st_mode & 07777;
}

void
assert_content (Fixture *fixture, const char *path, const char *expected)
{
  g_autofree char *content = fixture_read (fixture, path);

  g_assert_cmpstr (content, ==, expected);
}

/* The staging folders in a folder of the share. */
GPtrArray *
find_staging (Fixture *fixture, const char *path)
{
  g_autofree char *whole = fixture_path (fixture, path);
  g_autoptr (GDir) dir = g_dir_open (whole, 0, NULL);
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)))
    if (staging_is_reserved (name, strlen (name)))
      g_ptr_array_add (found, g_build_filename (whole, name, NULL));
  return found;
}

guint
count_in (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir))
    n++;
  return n;
}
