/* The settings of one VM: read at once, signalled once, and apart from those of another.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "vm-settings.h"

#include <string.h>

#define UUID "12345678-9abc-def0-0102-0304050607ff"
#define OTHER "00000000-0000-0000-0000-000000000001"

static GSettings *
open_keys (const char *uuid)
{
  g_autofree char *path = g_strconcat ("/org/spice-space/webdav/vm/", uuid, "/", NULL);

  return g_settings_new_with_path ("org.spice-space.webdav.vm", path);
}

static void
count (ShareVmSettings *settings, guint *n)
{
  (*n)++;
}

static void
test_changes (void)
{
  g_autoptr (GSettings) keys = open_keys (UUID);
  g_autoptr (ShareVmSettings) settings = share_vm_settings_new (UUID);
  g_autoptr (ShareVmSettings) other = share_vm_settings_new (OTHER);
  guint n = 0, n_other = 0;

  g_signal_connect (settings, "changed", G_CALLBACK (count), &n);
  g_signal_connect (other, "changed", G_CALLBACK (count), &n_other);
  g_assert_false (share_vm_settings_get_override (settings));
  g_assert_null (share_vm_settings_get_dir (settings));
  g_assert_false (share_vm_settings_get_read_only (settings));

  g_settings_delay (keys);
  g_settings_set_boolean (keys, "override", TRUE);
  g_settings_set_string (keys, "share-dir", "~/photos");
  g_settings_set_boolean (keys, "share-dir-ro", TRUE);
  g_settings_apply (keys);
  g_assert_cmpuint (n, ==, 1);
  g_assert_true (share_vm_settings_get_override (settings));
  g_assert_true (g_str_has_suffix (share_vm_settings_get_dir (settings), "/photos"));
  g_assert_true (g_path_is_absolute (share_vm_settings_get_dir (settings)));
  g_assert_true (share_vm_settings_get_read_only (settings));

  g_settings_set_string (keys, "share-dir", "");
  g_settings_apply (keys);
  g_assert_cmpuint (n, ==, 2);
  g_assert_null (share_vm_settings_get_dir (settings));

  g_assert_cmpuint (n_other, ==, 0);
  g_assert_false (share_vm_settings_get_override (other));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vm-settings/changes", test_changes);
  return g_test_run ();
}
