/* What a folder holds; see tree-snapshot.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tree-snapshot.h"

#include <string.h>
#include <sys/stat.h>

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

static void
append_snapshot (GString *out, const char *path, const char *shown)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *link = NULL;
  g_autofree char *content = NULL;
  g_autoptr (GDir) dir = NULL;
  const char *name;
  struct stat st;
  gsize length = 0;

  g_assert_cmpint (lstat (path, &st), ==, 0);
  g_string_append_printf (out, "%s %o", shown, st.st_mode);
  if (S_ISLNK (st.st_mode))
    link = g_file_read_link (path, NULL);
  else if (S_ISREG (st.st_mode))
    g_file_get_contents (path, &content, &length, NULL);
  if (link != NULL)
    g_string_append_printf (out, " -> %s", link);
  if (content != NULL)
    {
      g_autofree char *sum
          = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)content, length);

      g_string_append_printf (out, " %" G_GSIZE_FORMAT " %s", length, sum);
    }
  g_string_append_c (out, '\n');
  if (!S_ISDIR (st.st_mode))
    return;

  dir = g_dir_open (path, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    {
      const char *child_name = g_ptr_array_index (names, i);
      g_autofree char *child = NULL;
      g_autofree char *child_shown = NULL;

      if (g_str_has_prefix (child_name, TREE_SNAPSHOT_IGNORED))
        continue;
      child = g_build_filename (path, child_name, NULL);
      child_shown = g_strconcat (shown, "/", child_name, NULL);
      append_snapshot (out, child, child_shown);
    }
}

char *
tree_snapshot (const char *path)
{
  GString *out = g_string_new (NULL);
  g_autofree char *shown = g_path_get_basename (path);

  append_snapshot (out, path, shown);
  return g_string_free (out, FALSE);
}
