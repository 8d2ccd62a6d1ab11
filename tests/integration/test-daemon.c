/* Programs of the guest through the distribution's spice-webdavd: curl, litmus, cadaver, davfs2,
 * rclone, GVfs.
 *
 * The viewer is a process of its own. What several steps need is a script of sh, run with -eu in a
 * mount namespace of its own, so that a mount ends with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rig.h"

#include <glib/gstdio.h>
#include <string.h>

#define SECONDS 20

static RigChild *
start_viewer (Rig *rig)
{
  g_autofree char *program = rig_program ("test-viewer");
  const char *const argv[]
      = { program, "--share", rig->share, "--compression", "always", rig->uri, NULL };
  RigChild *viewer = rig_child_new (argv, NULL);

  rig_child_wait (viewer, "sharing-started", 1, SECONDS);
  rig_child_wait (viewer, "open", 1, SECONDS);
  return viewer;
}

/* The script finds $URL, $SHARE and a folder $TMP of its own. */
static void
run_script (Rig *rig, const char *script, guint seconds, char **output)
{
  g_autofree char *tmp = g_build_filename (rig->dir, "tmp", NULL);
  g_autofree char *set_tmp = g_strconcat ("TMP=", tmp, NULL);
  g_autofree char *set_url = g_strconcat ("URL=", rig->url, NULL);
  g_autofree char *set_share = g_strconcat ("SHARE=", rig->share, NULL);
  const char *const argv[]
      = { "env", set_tmp, set_url, set_share, "unshare", "-m", "sh", "-euc", script, NULL };
  g_autofree char *said = NULL;
  int status;

  g_mkdir_with_parents (tmp, 0755);
  status = rig_run (argv, seconds, &said);
  if (status != 0)
    g_error ("the script ended with %d and said:\n%s", status, said);
  if (output != NULL)
    *output = g_steal_pointer (&said);
}

static void
test_curl (Rig *rig)
{
  g_autoptr (RigChild) viewer = NULL;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("file%u.bin", i);

      rig_make_file (rig, name, RIG_CONTENT_RANDOM, RIG_CONTENT_BLOCK + i * 4099);
    }
  viewer = start_viewer (rig);
  /* Twenty at a time. */
  run_script (rig,
              "cd $TMP\n"
              "curl -sS --fail -m 60 -Z --parallel-immediate --parallel-max 20"
              " \"$URL/file[0-19].bin\" -o 'file#1.bin'\n"
              "for i in $(seq 0 19); do cmp file$i.bin $SHARE/file$i.bin; done\n",
              90, NULL);
  /* More than 1 MiB: curl asks with Expect. */
  run_script (rig,
              "cd $TMP\n"
              "head -c 30000000 /dev/urandom > up.bin\n"
              "curl -sS --fail -m 60 -T up.bin $URL/up.bin\n"
              "cmp up.bin $SHARE/up.bin\n"
              "curl -sS --fail -m 60 -H 'Transfer-Encoding: chunked' -T up.bin $URL/chunked.bin\n"
              "cmp up.bin $SHARE/chunked.bin\n"
              "curl -sS --fail -m 60 -r 1000000-1999999 $URL/up.bin -o part.bin\n"
              "tail -c +1000001 up.bin | head -c 1000000 | cmp - part.bin\n",
              90, NULL);
  /* Names with spaces and umlauts, and what URLs find special. */
  run_script (rig,
              "cd $TMP\n"
              "put() { printf '%s' \"$1\" > in; curl -sS --fail -m 20 -T in \"$URL/$2\";"
              " cmp in \"$SHARE/$1\"; curl -sS --fail -m 20 \"$URL/$2\" | cmp - in; }\n"
              "put 'Grüße aus Köln.txt' 'Gr%C3%BC%C3%9Fe%20aus%20K%C3%B6ln.txt'\n"
              "put '100% #1?.txt' '100%25%20%231%3F.txt'\n"
              "put 'a&b<c>.txt' 'a%26b%3Cc%3E.txt'\n"
              "curl -sS --fail -m 20 -X PROPFIND -H 'Depth: 1' $URL/ > list.xml\n"
              "grep -q 'Gr%C3%BC%C3%9Fe%20aus%20K%C3%B6ln.txt' list.xml\n"
              "grep -q '100%25%20%231%3F.txt' list.xml\n",
              90, NULL);
}

/* Every test of every suite: litmus says how many; and it has nothing to complain of. */
static void
test_litmus (Rig *rig)
{
  g_autoptr (RigChild) viewer = start_viewer (rig);
  g_autofree char *output = NULL;

  run_script (rig, "cd $TMP && litmus -k $URL/ || true", 90, &output);
  g_assert_nonnull (strstr (output, "summary for `basic': of 16 tests run: 16 passed, 0 failed"));
  g_assert_nonnull (
      strstr (output, "summary for `copymove': of 13 tests run: 13 passed, 0 failed"));
  g_assert_nonnull (strstr (output, "summary for `props': of 30 tests run: 30 passed, 0 failed"));
  g_assert_nonnull (strstr (output, "summary for `locks': of 41 tests run: 41 passed, 0 failed"));
  g_assert_nonnull (strstr (output, "summary for `http': of 4 tests run: 4 passed, 0 failed"));
  g_assert_null (strcasestr (output, "warning"));
  g_assert_null (strcasestr (output, "skipped"));
}

static void
test_cadaver (Rig *rig)
{
  g_autoptr (RigChild) viewer = NULL;

  rig_make_file (rig, "down.bin", RIG_CONTENT_RANDOM, 3 * RIG_CONTENT_BLOCK);
  viewer = start_viewer (rig);
  run_script (
      rig,
      "cd $TMP\n"
      "head -c 2000000 /dev/urandom > up.bin\n"
      "printf 'get down.bin got.bin\\nput up.bin\\nmkcol folder\\ncopy up.bin folder/two.bin\\n"
      "move up.bin folder/moved.bin\\nlock folder/two.bin\\nunlock folder/two.bin\\nls folder\\n"
      "delete folder/two.bin\\nquit\\n' | cadaver $URL/ > said 2>&1\n"
      "cat said\n"
      "cmp got.bin $SHARE/down.bin\n"
      "cmp up.bin $SHARE/folder/moved.bin\n"
      "test ! -e $SHARE/up.bin -a ! -e $SHARE/folder/two.bin\n"
      "! grep -i failed said\n",
      60, NULL);
}

/* Without reading a folder of the mount: readdir of davfs2 1.6.1 fails (EINVAL) on kernel 6.18,
 * with any server. Its look-ups are made of the same PROPFIND. */
static void
test_davfs (Rig *rig)
{
  g_autoptr (RigChild) viewer = NULL;

  rig_make_file (rig, "down.bin", RIG_CONTENT_RANDOM, 3 * RIG_CONTENT_BLOCK);
  viewer = start_viewer (rig);
  run_script (rig,
              "cd $TMP\n"
              "mkdir -p mnt cache\n"
              "printf 'ask_auth 0\\nuse_locks 1\\ndelay_upload 0\\ncache_dir %s/cache\\n"
              "dav_user root\\ndav_group root\\n' $TMP > davfs.conf\n"
              "mount --bind davfs.conf /etc/davfs2/davfs2.conf\n"
              "mount -t tmpfs none /run\n"
              "mkdir -p /var/run/mount.davfs\n"
              "mount.davfs $URL/ mnt\n"
              "cmp mnt/down.bin $SHARE/down.bin\n"
              "mkdir mnt/folder\n"
              "head -c 2000000 /dev/urandom > up.bin\n"
              "cp up.bin 'mnt/folder/ein Gruß.bin'\n"
              "mv mnt/down.bin mnt/folder/moved.bin\n"
              "test -d mnt/folder -a -e mnt/folder/moved.bin -a ! -e mnt/down.bin\n"
              "umount mnt\n"
              "cmp up.bin \"$SHARE/folder/ein Gruß.bin\"\n"
              "test -e $SHARE/folder/moved.bin -a ! -e $SHARE/down.bin\n",
              90, NULL);
}

/* A thousand files up and down, each compared by size and content. */
static void
test_rclone (Rig *rig)
{
  g_autoptr (RigChild) viewer = start_viewer (rig);

  run_script (rig,
              "cd $TMP\n"
              "mkdir -p up down\n"
              "for i in $(seq 0 999); do d=up/d$((i / 100)); mkdir -p $d;"
              " printf '%s %s\\n' $i $i$i$i > \"$d/file $i.txt\"; done\n"
              "export RCLONE_CONFIG=$TMP/rclone.conf\n"
              "printf '[guest]\\ntype = webdav\\nurl = %s\\nvendor = other\\n' $URL > rclone.conf\n"
              "rclone copy -q --transfers 8 up guest:up\n"
              "rclone check -q --download --checkers 8 up guest:up\n"
              "rclone copy -q --transfers 8 guest:up down\n"
              "diff -r up down\n"
              "diff -r up $SHARE/up\n"
              "rclone purge guest:up\n"
              "test ! -e $SHARE/up\n",
              120, NULL);
}

static void
test_gvfs (Rig *rig)
{
  g_autoptr (RigChild) viewer = NULL;

  rig_make_file (rig, "down.bin", RIG_CONTENT_RANDOM, RIG_CONTENT_BLOCK);
  viewer = start_viewer (rig);
  run_script (rig,
              "cd $TMP\n"
              "export DAV=dav${URL#http}\n"
              "export GVFS_DISABLE_FUSE=1 XDG_RUNTIME_DIR=$TMP/run\n"
              "mkdir -m 700 $TMP/run\n"
              "head -c 2000000 /dev/urandom > up.bin\n"
              "dbus-run-session -- sh -euc '\n"
              "gio mount $DAV/\n"
              "gio list $DAV/\n"
              "gio cat $DAV/down.bin | cmp - $SHARE/down.bin\n"
              "gio mkdir $DAV/folder\n"
              "gio copy up.bin $DAV/folder/up.bin\n"
              "gio move $DAV/folder/up.bin $DAV/folder/moved.bin\n"
              "gio info $DAV/folder/moved.bin\n"
              "gio remove $DAV/down.bin\n"
              "gio mount -u $DAV/\n"
              "'\n"
              "cmp up.bin $SHARE/folder/moved.bin\n"
              "test ! -e $SHARE/down.bin\n",
              90, NULL);
}

/* The daemon is started anew (as systemd does it in a guest) and serves as before. */
static void
test_restart (Rig *rig)
{
  g_autoptr (RigChild) viewer = NULL;

  rig_make_file (rig, "down.bin", RIG_CONTENT_RANDOM, RIG_CONTENT_BLOCK);
  viewer = start_viewer (rig);
  for (guint i = 1; i <= 3; i++)
    {
      run_script (rig, "curl -sS --fail -m 20 $URL/down.bin | cmp - $SHARE/down.bin", 30, NULL);
      rig_child_send (rig->daemon, "stop");
      /* A pty that is opened again at once was never closed, for who looks too late. */
      rig_child_wait (rig->server, "guest 0", i, SECONDS);
      rig_child_send (rig->daemon, "start");
      g_free (rig->url);
      rig->url = g_strdup_printf ("http://127.0.0.1:%s",
                                  rig_child_wait (rig->daemon, "port ", i + 1, SECONDS));
      rig_child_wait (rig->server, "guest 1", i + 1, SECONDS);
    }
  run_script (rig, "curl -sS --fail -m 20 $URL/down.bin | cmp - $SHARE/down.bin", 30, NULL);
}

int
main (int argc, char **argv)
{
  rig_test_init (&argc, &argv);
  rig_test_add ("/daemon/curl", RIG_PTY, 150, test_curl);
  rig_test_add ("/daemon/litmus", RIG_PTY, 120, test_litmus);
  rig_test_add ("/daemon/cadaver", RIG_PTY, 120, test_cadaver);
  rig_test_add ("/daemon/davfs2", RIG_PTY, 150, test_davfs);
  rig_test_add ("/daemon/rclone", RIG_PTY, 150, test_rclone);
  rig_test_add ("/daemon/gvfs", RIG_PTY, 150, test_gvfs);
  rig_test_add ("/daemon/restart", RIG_PTY, 120, test_restart);
  return rig_test_run ();
}
