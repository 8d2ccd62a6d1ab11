/* What becomes of work whose client is gone: it does not keep the threads from those who are there,
 * and leaves nothing that is neither old nor new.
 *
 * The system calls stand here in the place of the C library's, for this program alone, and wait
 * until they are let go on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../lib/copy-gate.h"
#include "dav-rig.h"
#include "share/file-pool.h"

#define N_FILES 40

static Gate removing;

/* Of the files of the tree. */
int
unlinkat (int folder, const char *name, int flags)
{
  if (g_str_has_prefix (name, "member-"))
    gate_pass (&removing);
  return (int)syscall (SYS_unlinkat, folder, name, flags);
}

/* The tree is on another file system than all the rest. */
int
renameat2 (int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
  if (strcmp (from, "tree") == 0)
    {
      errno = EXDEV;
      return -1;
    }
  return (int)syscall (SYS_renameat2, from_folder, from, to_folder, to, flags);
}

static DavRig *
rig_with_tree (void)
{
  DavRig *rig = dav_rig_new (0);

  dav_rig_mkdir (rig, "share/tree");
  for (guint i = 0; i < N_FILES; i++)
    {
      g_autofree char *name = g_strdup_printf ("share/tree/member-%02u", i);

      dav_rig_write (rig, name, name);
    }
  dav_rig_write (rig, "share/file", "file");
  return rig;
}

static guint
count_members (DavRig *rig, const char *folder)
{
  g_autofree char *path = dav_rig_path (rig, folder);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static DavClient *
begin (DavRig *rig, const char *method, const char *target)
{
  DavClient *client = dav_client_new (rig);
  g_autofree char *request = g_strdup_printf ("%s /tree HTTP/1.1\r\nHost: localhost:9843\r\n"
                                              "Destination: http://localhost:9843/%s\r\n\r\n",
                                              method, target);

  dav_client_send (client, request, -1);
  return client;
}

static gboolean
is_reached (gpointer data)
{
  /* The main context is not told of it. */
  g_main_context_wakeup (g_main_context_get_thread_default ());
  return gate_get_reached (data) > 0;
}

static gboolean
is_reached_by_all_long (gpointer data)
{
  g_main_context_wakeup (g_main_context_get_thread_default ());
  return gate_get_reached (data) == FILE_POOL_MAX_LONG;
}

/* The streams of the mux tell by a signal that the client is gone, which the rig's sockets do not
 * have of themselves. */
static void
emit_hang_up (DavClient *client)
{
  g_autoptr (GObject) stream = g_weak_ref_get (&client->server_end);

  g_assert_nonnull (stream);
  g_signal_emit_by_name (stream, "hang-up");
}

static void
hang_up (DavClient *client)
{
  emit_hang_up (client);
  g_assert_true (dav_client_is_forgotten (client));
}

/* Until every thread of the share has ended what it was doing. */
static void
wait_for_threads (DavRig *rig)
{
  dav_rig_release (rig, dav_rig_block (rig));
}

/* Copies that fill all the threads there are for them, and more that wait. */
static void
test_copy (void)
{
  g_autoptr (DavRig) rig = rig_with_tree ();
  DavClient *clients[2 * FILE_POOL_THREADS];

  gate_close (&copying);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_autofree char *target = g_strdup_printf ("copy-%u", i);

      clients[i] = begin (rig, "COPY", target);
    }
  dav_rig_wait (rig, is_reached_by_all_long, &copying);

  /* Whoever asks for something small does not wait for them. */
  g_assert_cmpuint (dav_rig_status (rig, "GET", "/file", NULL, NULL), ==, 200);
  g_assert_cmpuint (dav_rig_status (rig, "PUT", "/new", NULL, "new"), ==, 201);
  g_assert_cmpuint (dav_rig_status (rig, "PROPFIND", "/", "Depth: 1\r\n", NULL), ==, 207);
  g_assert_cmpuint (gate_get_reached (&copying), ==, FILE_POOL_MAX_LONG);

  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      hang_up (clients[i]);
      dav_client_free (clients[i]);
    }
  gate_open (&copying);
  wait_for_threads (rig);
  /* None went on to another file, none that had waited was begun. */
  g_assert_cmpuint (gate_get_reached (&copying), ==, FILE_POOL_MAX_LONG);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_autofree char *target = g_strdup_printf ("share/copy-%u", i);

      g_assert_false (dav_rig_exists (rig, target));
    }
  g_assert_cmpuint (count_members (rig, "share/tree"), ==, N_FILES);
}

/* What a DELETE has not come to stays, and can be deleted again. */
static void
test_delete (void)
{
  g_autoptr (DavRig) rig = rig_with_tree ();
  g_autoptr (DavClient) client = NULL;

  gate_close (&removing);
  client = begin (rig, "DELETE", "");
  dav_rig_wait (rig, is_reached, &removing);
  hang_up (client);
  gate_open (&removing);
  wait_for_threads (rig);
  g_assert_cmpuint (count_members (rig, "share/tree"), ==, N_FILES - 1);

  g_assert_cmpuint (dav_rig_status (rig, "DELETE", "/tree", NULL, NULL), ==, 204);
  g_assert_false (dav_rig_exists (rig, "share/tree"));
}

/* Between two file systems: as long as the copy is not in place nothing has happened. */
static void
test_move_copying (void)
{
  g_autoptr (DavRig) rig = rig_with_tree ();
  g_autoptr (DavClient) client = NULL;

  gate_close (&copying);
  client = begin (rig, "MOVE", "moved");
  dav_rig_wait (rig, is_reached, &copying);
  hang_up (client);
  gate_open (&copying);
  wait_for_threads (rig);
  g_assert_cmpuint (gate_get_reached (&copying), ==, 1);
  g_assert_false (dav_rig_exists (rig, "share/moved"));
  g_assert_cmpuint (count_members (rig, "share/tree"), ==, N_FILES);
}

/* When it is, the move is gone on with, or there would be one tree and a half. */
static void
test_move_removing (void)
{
  g_autoptr (DavRig) rig = rig_with_tree ();
  g_autoptr (DavClient) client = NULL;

  gate_close (&removing);
  client = begin (rig, "MOVE", "moved");
  dav_rig_wait (rig, is_reached, &removing);
  g_assert_cmpuint (count_members (rig, "share/moved"), ==, N_FILES);
  hang_up (client);
  gate_open (&removing);
  wait_for_threads (rig);
  g_assert_cmpuint (count_members (rig, "share/moved"), ==, N_FILES);
  g_assert_false (dav_rig_exists (rig, "share/tree"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_signal_new ("hang-up", G_TYPE_SOCKET_CONNECTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 0);
  g_test_add_func ("/dav/orphans/copy", test_copy);
  g_test_add_func ("/dav/orphans/delete", test_delete);
  g_test_add_func ("/dav/orphans/move-copying", test_move_copying);
  g_test_add_func ("/dav/orphans/move-removing", test_move_removing);
  return g_test_run ();
}
