/* `spice-share set` and `spice-share stop`: the settings, and the viewers that run.
 *
 * The setting is what counts from now on; running viewers are asked as well, so that the answer can
 * say whether it worked, and a viewer whose sharing was stopped by hand begins again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/commands.h"

#include "base/home.h"
#include "cli/check-folder.h"
#include "cli/exit-status.h"
#include "cli/printable.h"
#include "cli/status-print.h"
#include "cli/viewers.h"
#include "ui/share-choices.h"

#include <glib/gi18n-lib.h>

/* Viewers on the bus, none without one: settings work all the same. */
static GPtrArray *
list_viewers (void)
{
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  GPtrArray *viewers = bus != NULL ? viewers_list (bus, NULL) : NULL;

  return viewers != NULL ? viewers : g_ptr_array_new ();
}

/* The UUID that @vm is or, as the name of one running virtual machine, has. */
static char *
find_uuid (GPtrArray *viewers, const char *vm)
{
  g_autofree char *found = NULL;
  gboolean is_shown = FALSE;

  if (g_uuid_string_is_valid (vm))
    return g_ascii_strdown (vm, -1);
  for (guint i = 0; i < viewers->len; i++)
    {
      const Viewer *viewer = g_ptr_array_index (viewers, i);
      const char *uuid = share_bus_share1_get_vm_uuid (viewer->proxy);

      if (!viewers_match (viewer, vm))
        continue;
      is_shown = TRUE;
      if (*uuid == '\0')
        continue;
      if (found != NULL && !g_str_equal (found, uuid))
        {
          g_printerr (_ ("spice-share: several virtual machines are called “%s”; use the UUID of "
                         "one, which “spice-share status --json” shows.\n"),
                      vm);
          return NULL;
        }
      g_free (found);
      found = g_strdup (uuid);
    }
  if (found == NULL && is_shown)
    g_printerr (_ ("spice-share: “%s” has no UUID, so it cannot have settings of its own (QEMU: "
                   "-uuid).\n"),
                vm);
  else if (found == NULL)
    g_printerr (_ ("spice-share: no viewer shows a virtual machine called “%s”; start one, or use "
                   "the UUID.\n"),
                vm);
  return g_steal_pointer (&found);
}

static char *
dup_name (const Viewer *viewer)
{
  const char *name = share_bus_share1_get_vm_name (viewer->proxy);
  g_autoptr (GString) printable = g_string_new (NULL);

  append_printable (printable, *name != '\0' ? name : _ ("unnamed virtual machine"));
  return g_string_free (g_steal_pointer (&printable), FALSE);
}

/* Whether this is what a viewer finds that starts now. A backend that cannot write only warns, and
 * an administrator may have locked one key alone. */
static gboolean
is_saved (ShareUiChoices *choices, const char *uuid, const char *dir, gboolean read_only)
{
  g_autofree char *saved = NULL;
  gboolean saved_read_only;

  g_settings_sync ();
  share_ui_choices_get_effective (choices, uuid, &saved, &saved_read_only);
  return share_ui_choices_is_kept () && g_str_equal (saved, dir != NULL ? dir : "")
         && (dir == NULL || saved_read_only == read_only);
}

/* Tells each viewer, and the person what each answered; @n_found is how many there were. Who shares
 * nothing means with nobody: the settings of a single virtual machine are no exception from that.
 */
static gboolean
tell_viewers (ShareUiChoices *choices,
              GPtrArray *viewers,
              const char *vm,
              const char *dir,
              gboolean read_only,
              guint *n_found)
{
  g_autofree char *choice = status_describe_choice (dir != NULL ? dir : "", read_only);
  gboolean ok = TRUE;

  *n_found = 0;
  for (guint i = 0; i < viewers->len; i++)
    {
      const Viewer *viewer = g_ptr_array_index (viewers, i);
      const char *uuid = share_bus_share1_get_vm_uuid (viewer->proxy);
      g_autofree char *name = dup_name (viewer);
      g_autoptr (GError) error = NULL;
      gboolean done;

      if (!viewers_match (viewer, vm))
        continue;
      (*n_found)++;
      if (vm == NULL && *uuid != '\0'
          && share_ui_choices_get_scope (choices, uuid) == SHARE_SCOPE_VM)
        {
          if (dir != NULL)
            {
              g_print (_ ("%s: has settings of its own, use --vm to change them\n"), name);
              continue;
            }
          share_ui_choices_apply (choices, SHARE_SCOPE_VM, uuid, NULL, FALSE);
          if (!is_saved (choices, uuid, NULL, FALSE))
            {
              g_printerr (_ ("%s: its own setting cannot be written; the next viewer shares "
                             "again\n"),
                          name);
              ok = FALSE;
            }
        }
      if (dir != NULL)
        done = share_bus_share1_call_share_sync (viewer->proxy, dir, read_only, NULL, &error);
      else
        done = share_bus_share1_call_stop_sync (viewer->proxy, NULL, &error);
      if (!done)
        {
          g_dbus_error_strip_remote_error (error);
          g_printerr ("%s: %s\n", name, error->message);
          ok = FALSE;
        }
      else if (dir != NULL)
        /* Translators: a virtual machine, a folder */
        g_print (_ ("%s: shares %s\n"), name, choice);
      else
        g_print (_ ("%s: not shared any more\n"), name);
    }
  return ok;
}

/* Where nobody answered: whether it worked all the same. */
static void
say_for_later (const char *vm, const char *dir, gboolean read_only)
{
  g_autofree char *choice = status_describe_choice (dir != NULL ? dir : "", read_only);

  if (vm != NULL)
    g_print (_ ("No viewer shows this virtual machine; set for those that will: %s\n"), choice);
  else
    g_print (_ ("No viewer with spice-share was found; set for those started from now on: %s\n"),
             choice);
}

/* @vm: NULL for all of them. */
static int
apply (const char *vm, const char *dir, gboolean read_only)
{
  g_autoptr (ShareUiChoices) choices = share_ui_choices_new ();
  g_autoptr (GPtrArray) viewers = list_viewers ();
  g_autofree char *uuid = vm != NULL ? find_uuid (viewers, vm) : NULL;
  ShareScope scope = vm != NULL ? SHARE_SCOPE_VM : SHARE_SCOPE_ALL;
  gboolean saved, told = FALSE;
  guint n_found = 0;

  if (vm != NULL && uuid == NULL)
    return EXIT_STATUS_FAILED;
  saved = share_ui_choices_can_write (choices, scope, uuid);
  if (saved)
    {
      share_ui_choices_apply (choices, scope, uuid, dir, read_only);
      saved = is_saved (choices, uuid, dir, read_only);
    }
  /* What is to end ends, even if it may begin again with the next viewer. */
  if (saved || dir == NULL)
    told = tell_viewers (choices, viewers, uuid, dir, read_only, &n_found);
  if (saved && n_found == 0)
    say_for_later (uuid, dir, read_only);
  if (!saved)
    g_printerr (_ ("spice-share: the setting cannot be written; “spice-share doctor” says "
                   "why.\n"));
  return saved && told ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

int
command_set (char **argv)
{
  g_autofree char *vm = NULL;
  gboolean read_only = FALSE;
  const GOptionEntry entries[] = {
    { "ro", 'r', 0, G_OPTION_ARG_NONE, &read_only, N_ ("The guest may only read it"), NULL },
    { "vm", 0, 0, G_OPTION_ARG_STRING, &vm, N_ ("For one virtual machine only"), N_ ("NAME|UUID") },
    { NULL },
  };
  g_auto (GStrv) words = command_parse (
      entries, _ ("DIR"), _ ("Shares a folder with virtual machines, from now on."), 1, argv);
  g_autofree char *expanded = NULL;
  g_autofree char *dir = NULL;
  g_autoptr (GError) error = NULL;

  if (words == NULL)
    return EXIT_STATUS_USAGE;
  /* Of a variable that is not set: not the folder one happens to be in. */
  if (*words[0] == '\0')
    {
      g_printerr ("spice-share: ");
      g_printerr (_ ("%s needs a folder"), "set");
      g_printerr ("\n");
      return EXIT_STATUS_USAGE;
    }
  expanded = share_expand_home (words[0]);
  dir = g_canonicalize_filename (expanded, NULL);
  if (!g_utf8_validate (dir, -1, NULL))
    {
      g_printerr (_ ("spice-share: a folder whose name is no UTF-8 cannot be a setting.\n"));
      return EXIT_STATUS_USAGE;
    }
  if (!check_folder (dir, read_only ? SHARE_READ_ONLY : 0, &error))
    {
      g_printerr ("spice-share: %s\n", error->message);
      return EXIT_STATUS_USAGE;
    }
  return apply (vm, dir, read_only);
}

int
command_stop (char **argv)
{
  g_autofree char *vm = NULL;
  const GOptionEntry entries[] = {
    { "vm", 0, 0, G_OPTION_ARG_STRING, &vm, N_ ("For one virtual machine only"), N_ ("NAME|UUID") },
    { NULL },
  };
  g_auto (GStrv) words = command_parse (
      entries, "", _ ("Shares no folder with virtual machines any more."), 0, argv);

  if (words == NULL)
    return EXIT_STATUS_USAGE;
  return apply (vm, NULL, FALSE);
}
