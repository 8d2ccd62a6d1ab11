/* The viewers that run; see doctor-checks.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cli/doctor-checks.h"

#include "cli/viewers.h"
#include "ui/share-choices.h"
#include "ui/share-refusal.h"
#include "ui/share-text.h"

#include <glib/gi18n-lib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CORE_FILE "libspice-share-core.so"
#define SPICE_CLIENT_FILE "libspice-client-glib-2.0.so"
#define MODULE_FILE "libspice-share.so"
#define SOUP2_FILE "libsoup-2.4.so"
#define GTK_FILE "libgtk-3.so"

#define PORT_HELP                                                                                  \
  N_ ("QEMU: -device virtio-serial-pci\n"                                                          \
      "      -chardev spiceport,id=webdav,name=org.spice-space.webdav.0\n"                         \
      "      -device virtserialport,chardev=webdav,name=org.spice-space.webdav.0\n"                \
      "libvirt: <channel type='spiceport'>\n"                                                      \
      "           <source channel='org.spice-space.webdav.0'/>\n"                                  \
      "           <target type='virtio' name='org.spice-space.webdav.0'/>\n"                       \
      "         </channel>")

static void
check_refusals (Report *report, const char *vm, guint pid, const ShareSnapshot *snapshot)
{
  g_auto (ShareRefusal) refusal = { 0 };
  g_autofree char *refused = g_strdup_printf ("%" G_GUINT64_FORMAT, snapshot->refused);
  g_autofree char *requests = g_strdup_printf ("%" G_GUINT64_FORMAT, snapshot->requests);
  g_autofree char *clock = NULL;
  g_autofree char *finding = NULL;

  if (!share_refusal_read (snapshot, &refusal))
    return;
  clock = share_text_clock (refusal.at);
  /* Translators: a virtual machine, a process, two numbers, a time of day, “PUT /file” */
  finding = g_strdup_printf (_ ("%s (viewer %u): requests refused: %s of %s, the last at %s: %s"),
                             vm, pid, refused, requests, clock, refusal.request);
  report_add (report, FINDING_NOTE, finding, refusal.advice);
}

void
check_channel (Report *report, guint pid, const ShareSnapshot *snapshot, gboolean wanted)
{
  const char *vm = snapshot->vm_name != NULL ? snapshot->vm_name : "-";
  ShareState state = share_state_from_snapshot (snapshot);
  g_autofree char *finding = NULL;

  if (state == SHARE_STATE_ERROR)
    {
      finding = g_strdup_printf (_ ("%s (viewer %u): the last attempt to share failed"), vm, pid);
      report_add (report, FINDING_BAD, finding, snapshot->error->message);
    }
  else if (!snapshot->ready && wanted)
    {
      finding = g_strdup_printf (_ ("%s (viewer %u): the channel is not connected"), vm, pid);
      report_add (report, FINDING_BAD, finding,
                  _ ("Tick “Share folder” in the viewer's preferences, or use “spice-share set”."));
    }
  else if (!snapshot->sharing)
    {
      finding = g_strdup_printf (_ ("%s (viewer %u): no folder is shared"), vm, pid);
      report_add (report, FINDING_NOTE, finding,
                  _ ("Use the button in the viewer's header bar, or “spice-share set FOLDER”."));
    }
  else if (!snapshot->guest_open)
    {
      finding = g_strdup_printf (
          _ ("%s (viewer %u): the guest has not opened its side of the port"), vm, pid);
      report_add (
          report, FINDING_BAD, finding,
          _ ("In a Linux guest install spice-webdavd (it needs avahi-daemon running) and start "
             "it:\n"
             "  systemctl start spice-webdavd\n"
             "In a Windows guest install spice-webdavd from spice-space.org, and start the "
             "service “Spice webdav proxy”."));
    }
  else if (snapshot->requests == 0)
    {
      finding = g_strdup_printf (
          _ ("%s (viewer %u): ready, but no program of the guest has asked yet"), vm, pid);
      report_add (report, FINDING_NOTE, finding,
                  _ ("In the guest open http://localhost:9843/ with a browser, "
                     "dav://localhost:9843/ with the file manager, or run map-drive.bat in "
                     "Windows."));
    }
  else
    {
      finding = g_strdup_printf (snapshot->read_only
                                     ? _ ("%s (viewer %u): “%s” is shared read-only and used")
                                     : _ ("%s (viewer %u): “%s” is shared and used"),
                                 vm, pid, snapshot->dir != NULL ? snapshot->dir : "");
      report_add (report, FINDING_GOOD, finding, NULL);
    }
  check_refusals (report, vm, pid, snapshot);
}

/* Whether the settings ask for a folder; and where they do so for this virtual machine alone. */
static gboolean
check_wanted (Report *report, ShareUiChoices *choices, guint pid, const ShareSnapshot *snapshot)
{
  g_autofree char *dir = NULL;
  gboolean read_only;

  share_ui_choices_get_effective (choices, snapshot->vm_uuid, &dir, &read_only);
  if (share_ui_choices_get_scope (choices, snapshot->vm_uuid) == SHARE_SCOPE_VM)
    {
      g_autofree char *finding = g_strdup_printf (
          _ ("%s (viewer %u): settings of its own are in effect: share-dir = '%s', "
             "share-dir-ro = %s"),
          snapshot->vm_name != NULL ? snapshot->vm_name : "-", pid, dir,
          read_only ? "true" : "false");

      report_add (report, FINDING_NOTE, finding, NULL);
    }
  return *dir != '\0';
}

/* What a process of this user has loaded; NULL where that cannot be read. */
static char *
read_maps (guint pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/maps", pid);
  char *maps = NULL;

  return g_file_get_contents (path, &maps, NULL, NULL) ? maps : NULL;
}

static gboolean
is_ours (guint pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u", pid);
  struct stat info;

  return stat (path, &info) == 0 && info.st_uid == geteuid ();
}

/* Viewers that the bus does not know: without the module, or without a channel. */
static guint
check_others (Report *report, GDBusConnection *bus, GHashTable *known)
{
  g_autoptr (GDir) proc = g_dir_open ("/proc", 0, NULL);
  const char *name;
  guint n = 0;

  while (proc != NULL && (name = g_dir_read_name (proc)) != NULL)
    {
      guint64 pid;
      g_autofree char *maps = NULL;
      g_autofree char *finding = NULL;

      if (!g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT32, &pid, NULL)
          || pid == (guint64)getpid () || g_hash_table_contains (known, GUINT_TO_POINTER (pid))
          || !is_ours ((guint)pid) || (maps = read_maps ((guint)pid)) == NULL
          || strstr (maps, SPICE_CLIENT_FILE) == NULL || strstr (maps, GTK_FILE) == NULL)
        continue;
      n++;
      if (strstr (maps, CORE_FILE) == NULL && strstr (maps, MODULE_FILE) != NULL
          && strstr (maps, SOUP2_FILE) == NULL)
        {
          finding
              = g_strdup_printf (_ ("Viewer %u loaded SPICE too late for the module"), (guint)pid);
          report_add (report, FINDING_BAD, finding,
                      _ ("So does virt-manager's own window. Open the virtual machine with "
                         "“virt-viewer NAME”."));
        }
      else if (strstr (maps, CORE_FILE) == NULL)
        {
          finding = g_strdup_printf (_ ("Viewer %u runs without the module"), (guint)pid);
          report_add (report, FINDING_BAD, finding,
                      _ ("Start it again, by “spice-share VIEWER …” or after “spice-share enable” "
                         "and a new login."));
        }
      else if (!viewers_is_spice (bus, (guint)pid))
        {
          finding
              = g_strdup_printf (_ ("Viewer %u shows no SPICE virtual machine (yet)"), (guint)pid);
          report_add (report, FINDING_NOTE, finding,
                      _ ("Folders are shared through SPICE only, not through VNC."));
        }
      else
        {
          finding = g_strdup_printf (
              _ ("Viewer %u has the module, but its virtual machine has no port for it"),
              (guint)pid);
          report_add (report, FINDING_BAD, finding, _ (PORT_HELP));
        }
    }
  return n;
}

void
check_running (Report *report, GDBusConnection *bus)
{
  g_autoptr (GHashTable) known = g_hash_table_new (NULL, NULL);
  g_autoptr (ShareUiChoices) choices = share_ui_choices_new ();
  g_autoptr (GPtrArray) viewers = NULL;
  guint n = 0;

  if (bus != NULL)
    viewers = viewers_list (bus, NULL);
  if (viewers == NULL)
    {
      report_add (report, FINDING_NOTE,
                  _ ("The session bus cannot be reached, so running viewers cannot be asked"),
                  _ ("Run “spice-share doctor” in a terminal of your desktop, without sudo."));
      return;
    }
  for (guint i = 0; i < viewers->len; i++)
    {
      const Viewer *viewer = g_ptr_array_index (viewers, i);
      g_auto (ShareSnapshot) snapshot = { 0 };

      g_hash_table_add (known, GUINT_TO_POINTER (viewer->pid));
      viewer_get_snapshot (viewer, &snapshot);
      check_channel (report, viewer->pid, &snapshot,
                     check_wanted (report, choices, viewer->pid, &snapshot));
      n++;
    }
  n += check_others (report, bus, known);
  if (n == 0)
    report_add (report, FINDING_NOTE, _ ("No viewer is running"),
                _ ("Start one and run “spice-share doctor” again: it then looks at the virtual "
                   "machine as well."));
}
